//! From the samples of a file to those that are wanted: other channels, another type, another unit.

use axismirror_core::dtype::DType;

use super::content::{Content, Scaling};
use super::unit;

/// What becomes of frames.
#[derive(Clone, Debug)]
pub struct Converter {
    from: DType,
    frame_bytes: usize,
    picks: Vec<Pick>,
}

/// One channel that is wanted.
#[derive(Clone, Copy, Debug)]
struct Pick {
    /// Where its sample begins in a frame, in bytes.
    at: usize,
    scaling: Scaling,
}

impl Converter {
    /// Channels of a recording in volts where they are voltages, else in their own unit.
    #[must_use]
    pub fn scaled(content: &Content, channels: &[usize]) -> Self {
        Self::new(content, channels, |index| {
            let Some(channel) = content.channels.get(index) else { return Scaling::default() };
            let volts = unit::volts(&channel.unit).unwrap_or(1.0);
            let Scaling { scale, zero } = channel.scaling;
            Scaling { scale: scale * volts, zero: zero * volts }
        })
    }

    fn new(content: &Content, channels: &[usize], scaling: impl Fn(usize) -> Scaling) -> Self {
        let size = content.dtype.size();
        let pick = |&i: &usize| Pick { at: i * size, scaling: scaling(i) };
        let picks = channels.iter().map(pick).collect();
        Self { from: content.dtype, frame_bytes: content.channels.len() * size, picks }
    }

    /// Each frame's values.
    pub fn frames<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = impl Iterator<Item = f64> + 'a> + 'a {
        let size = self.from.size();
        bytes.chunks_exact(self.frame_bytes.max(1)).map(move |frame| {
            self.picks.iter().map(move |pick| {
                let sample = frame.get(pick.at..pick.at + size).unwrap_or_default();
                number(self.from, sample) * pick.scaling.scale + pick.scaling.zero
            })
        })
    }

    /// Adds frames as samples of another type, [`DType::F32`] or [`DType::F64`].
    pub fn scale(&self, bytes: &[u8], to: DType, out: &mut Vec<u8>) {
        for value in self.frames(bytes).flatten() {
            if to == DType::F64 {
                out.extend_from_slice(&value.to_le_bytes());
            } else {
                out.extend_from_slice(&(value as f32).to_le_bytes());
            }
        }
    }

    /// Adds frames of the chosen channels, sample by sample as they are.
    pub fn pick(&self, bytes: &[u8], out: &mut Vec<u8>) {
        let size = self.from.size();
        for frame in bytes.chunks_exact(self.frame_bytes.max(1)) {
            for pick in &self.picks {
                out.extend_from_slice(frame.get(pick.at..pick.at + size).unwrap_or_default());
            }
        }
    }
}

/// A sample as a number; of a complex one the real part, NaN for what is none.
fn number(dtype: DType, bytes: &[u8]) -> f64 {
    fn of<const N: usize>(bytes: &[u8]) -> [u8; N] {
        bytes.first_chunk().copied().unwrap_or([0; N])
    }
    match dtype {
        DType::Bool | DType::U8 => f64::from(u8::from_le_bytes(of(bytes))),
        DType::I8 => f64::from(i8::from_le_bytes(of(bytes))),
        DType::I16 => f64::from(i16::from_le_bytes(of(bytes))),
        DType::U16 => f64::from(u16::from_le_bytes(of(bytes))),
        DType::I32 => f64::from(i32::from_le_bytes(of(bytes))),
        DType::U32 => f64::from(u32::from_le_bytes(of(bytes))),
        DType::I64 | DType::LongLong => i64::from_le_bytes(of(bytes)) as f64,
        DType::U64 | DType::ULongLong => u64::from_le_bytes(of(bytes)) as f64,
        DType::F32 | DType::C64 => f64::from(f32::from_le_bytes(of(bytes))),
        DType::F64 | DType::C128 => f64::from_le_bytes(of(bytes)),
        DType::F16 => half(u16::from_le_bytes(of(bytes))),
    }
}

/// IEEE 754 half precision: 1 sign, 5 exponent, 10 fraction bits.
fn half(bits: u16) -> f64 {
    let fraction = f64::from(bits & 0x3ff);
    let magnitude = match (bits >> 10) & 0x1f {
        0 => fraction * 2f64.powi(-24),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        exponent => (1024.0 + fraction) * 2f64.powi(i32::from(exponent) - 25),
    };
    if bits >> 15 == 1 { -magnitude } else { magnitude }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn halves_are_numpys() {
        // numpy.frombuffer(bits, "<f2")
        for (bits, value) in [(0x3c00, 1.0), (0xc000, -2.0), (0x7bff, 65_504.0), (0x0001, 5.960_464_477_539_063e-8)] {
            assert!((half(bits) - value).abs() <= value.abs() * 1e-15, "{bits:x}");
        }
        assert!(half(0x7c00).is_infinite() && half(0x7e00).is_nan());
        assert_eq!(half(0x8000).to_bits(), (-0.0_f64).to_bits());
    }

    #[test]
    fn numbers_of_all_types() {
        assert_eq!(number(DType::I16, &(-3_i16).to_le_bytes()), -3.0);
        assert_eq!(number(DType::U64, &u64::MAX.to_le_bytes()), 18_446_744_073_709_551_615.0);
        assert_eq!(number(DType::Bool, &[1]), 1.0);
    }
}
