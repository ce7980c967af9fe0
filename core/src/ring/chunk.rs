//! A chunk that is about to be written: its frames, in whatever order the message has them, and their times.

use crate::axis_array::{Array, Element};
use crate::dtype::DType;

/// Samples with one dimension that runs over frames, in C order.
///
/// The bytes of frame `i` are `outer` runs of `inner` bytes, `frames * inner` bytes apart. A frame is contiguous when the buffered
/// dimension comes first (`outer == 1`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Frames<'a> {
    bytes: &'a [u8],
    frames: usize,
    outer: usize,
    inner: usize,
}

impl<'a> Frames<'a> {
    /// So many frames one behind the other; `None` when the bytes are not just that.
    #[must_use]
    #[inline]
    pub fn contiguous(bytes: &'a [u8], frames: usize, frame_bytes: usize) -> Option<Self> {
        (frames.checked_mul(frame_bytes) == Some(bytes.len())).then_some(Self {
            bytes,
            frames,
            outer: 1,
            inner: frame_bytes,
        })
    }

    /// Frames along dimension `dim` of an array; `None` when shape and bytes disagree or there is no such dimension.
    #[must_use]
    pub fn along(bytes: &'a [u8], shape: &[usize], dim: usize, sample_bytes: usize) -> Option<Self> {
        let (before, rest) = shape.split_at_checked(dim)?;
        let (&frames, behind) = rest.split_first()?;
        let product = |dims: &[usize]| dims.iter().try_fold(1usize, |n, &d| n.checked_mul(d));
        let outer = product(before)?;
        let inner = product(behind)?.checked_mul(sample_bytes)?;
        let len = outer.checked_mul(frames)?.checked_mul(inner)?;
        (len == bytes.len()).then_some(Self { bytes, frames, outer, inner })
    }

    /// How many.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.frames
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// Bytes of one frame.
    #[must_use]
    pub const fn frame_bytes(&self) -> usize {
        self.outer * self.inner
    }

    /// Frames `first .. first + len` as one slice, when they lie one behind the other.
    #[inline]
    pub(super) fn as_slice(&self, first: usize, len: usize) -> Option<&'a [u8]> {
        if self.outer != 1 {
            return None;
        }
        self.bytes.get(first * self.inner..(first + len) * self.inner)
    }

    /// The runs of bytes that make up frame `i`, in order.
    pub(super) fn runs(&self, i: usize) -> impl Iterator<Item = &'a [u8]> {
        let (bytes, frames, inner) = (self.bytes, self.frames, self.inner);
        (0..self.outer).map(move |o| {
            let at = (o * frames + i) * inner;
            bytes.get(at..at + inner).unwrap_or(&[])
        })
    }
}

/// The times of a chunk's frames, in the unit of the buffered axis (seconds for a time axis).
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Times<'a> {
    /// Frame `i` is at `offset + i * gain`.
    Linear {
        /// Of frame 0.
        offset: f64,
        /// From one frame to the next.
        gain: f64,
    },
    /// Each frame's own.
    Each(&'a [f64]),
    /// Each frame's own, as a coordinate axis' values: any real numbers, 1-D.
    Values(Array<'a>),
}

impl Times<'_> {
    /// Time of frame `i`; NaN when there is none.
    #[must_use]
    pub fn at(&self, i: usize) -> f64 {
        match self {
            // As numpy computes `offset + arange(n) * gain`.
            Self::Linear { offset, gain } => offset + i as f64 * gain,
            Self::Each(times) => times.get(i).copied().unwrap_or(f64::NAN),
            Self::Values(array) => value_at(array, i).unwrap_or(f64::NAN),
        }
    }

    /// Times `first .. first + len` as they are stored, when they lie there one behind the other.
    #[inline]
    pub(super) fn as_slice(&self, first: usize, len: usize) -> Option<&[f64]> {
        if let Self::Each(times) = self { times.get(first..first + len) } else { None }
    }

    /// How many there are; `None` when there are as many as anybody asks for.
    #[must_use]
    pub fn len(&self) -> Option<usize> {
        match self {
            Self::Linear { .. } => None,
            Self::Each(times) => Some(times.len()),
            Self::Values(array) => Some(array.shape.first().copied().unwrap_or(0)),
        }
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == Some(0)
    }
}

/// Element `i` of a 1-D array of real numbers as f64.
#[must_use]
pub(crate) fn value_at(array: &Array<'_>, i: usize) -> Option<f64> {
    let Element::Plain(dtype) = array.element else { return None };
    let size = dtype.size();
    let b = array.bytes.get(i.checked_mul(size)?..)?.get(..size)?;
    Some(match (dtype, b) {
        (DType::Bool | DType::U8, &[a]) => f64::from(a),
        (DType::I8, &[a]) => f64::from(a.cast_signed()),
        (DType::I16, &[a, b]) => f64::from(i16::from_le_bytes([a, b])),
        (DType::U16, &[a, b]) => f64::from(u16::from_le_bytes([a, b])),
        (DType::F16, &[a, b]) => half_to_f64(u16::from_le_bytes([a, b])),
        (DType::I32, &[a, b, c, d]) => f64::from(i32::from_le_bytes([a, b, c, d])),
        (DType::U32, &[a, b, c, d]) => f64::from(u32::from_le_bytes([a, b, c, d])),
        (DType::F32, &[a, b, c, d]) => f64::from(f32::from_le_bytes([a, b, c, d])),
        (_, &[a, b, c, d, e, f, g, h]) => {
            let eight = [a, b, c, d, e, f, g, h];
            match dtype {
                DType::I64 | DType::LongLong => i64::from_le_bytes(eight) as f64,
                DType::U64 | DType::ULongLong => u64::from_le_bytes(eight) as f64,
                DType::F64 => f64::from_le_bytes(eight),
                _ => return None,
            }
        }
        _ => return None,
    })
}

/// IEEE 754 binary16: 1 sign, 5 exponent, 10 fraction bits.
fn half_to_f64(bits: u16) -> f64 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let exponent = i32::from(bits >> 10 & 0x1F);
    let fraction = f64::from(bits & 0x3FF);
    sign * match exponent {
        0 => libm::scalbn(fraction, -24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        e => libm::scalbn(fraction + 1024.0, e - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_as_ieee_754_defines_them() {
        for (bits, value) in [
            (0x3C00, 1.0),
            (0xC000, -2.0),
            (0x7BFF, 65504.0),
            (0x0001, 5.960_464_477_539_063e-8),
            (0x3555, 0.333_251_953_125),
        ] {
            assert_eq!(half_to_f64(bits), value);
        }
        assert!(half_to_f64(0x7E00).is_nan());
        assert_eq!(half_to_f64(0xFC00), f64::NEG_INFINITY);
    }

    #[test]
    fn a_frame_from_the_middle_dimension() {
        // shape (2, 3, 2) of u8, buffered along dimension 1: frame 1 is [[2, 3], [8, 9]].
        let bytes: [u8; 12] = core::array::from_fn(|i| i as u8);
        let f = Frames::along(&bytes, &[2, 3, 2], 1, 1).unwrap();
        assert_eq!((f.len(), f.frame_bytes()), (3, 4));
        let frame: std::vec::Vec<u8> = f.runs(1).flatten().copied().collect();
        assert_eq!(frame, [2, 3, 8, 9]);
        assert!(Frames::along(&bytes, &[2, 3, 2], 3, 1).is_none());
        assert!(Frames::along(&bytes, &[2, 3, 3], 1, 1).is_none());
    }
}
