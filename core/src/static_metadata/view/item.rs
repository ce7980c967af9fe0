//! One element of a decoded array, read from its little-endian bytes at any alignment.
//!
//! Knows element types. Knows nothing of shapes, fields or the arena.

use super::array::ElementView;
use crate::dtype::DType;

/// Bytes of a code point in numpy's UCS-4.
pub(super) const UCS4: usize = 4;

/// One element of an array.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Item<'b> {
    /// `?`
    Bool(bool),
    /// A signed integer of any width.
    Int(i64),
    /// An unsigned integer of any width.
    UInt(u64),
    /// `f2` and `f4`
    F32(f32),
    /// `f8`
    F64(f64),
    /// `c8` and `c16`: real, imaginary.
    Complex(f64, f64),
    /// `U` and `S`, without their padding.
    Text(Text<'b>),
    /// Anything else.
    Opaque(&'b [u8]),
}

impl<'b> Item<'b> {
    pub(super) fn read(element: ElementView<'_, '_>, bytes: &'b [u8]) -> Option<Self> {
        Some(match element {
            ElementView::Plain(dtype) => Self::number(dtype, bytes)?,
            ElementView::Unicode(_) => Self::Text(Text::new(bytes, UCS4)),
            ElementView::Bytes(_) => Self::Text(Text::new(bytes, 1)),
            ElementView::Opaque { .. } | ElementView::Structured { .. } => Self::Opaque(bytes),
        })
    }

    fn number(dtype: DType, bytes: &[u8]) -> Option<Self> {
        let signed = |n: i64| Some(Self::Int(n));
        let unsigned = |n: u64| Some(Self::UInt(n));
        match dtype {
            DType::Bool => Some(Self::Bool(*bytes.first()? != 0)),
            DType::I8 => signed(i64::from(i8::from_le_bytes(head(bytes)?))),
            DType::I16 => signed(i64::from(i16::from_le_bytes(head(bytes)?))),
            DType::I32 => signed(i64::from(i32::from_le_bytes(head(bytes)?))),
            DType::I64 | DType::LongLong => signed(i64::from_le_bytes(head(bytes)?)),
            DType::U8 => unsigned(u64::from(*bytes.first()?)),
            DType::U16 => unsigned(u64::from(u16::from_le_bytes(head(bytes)?))),
            DType::U32 => unsigned(u64::from(u32::from_le_bytes(head(bytes)?))),
            DType::U64 | DType::ULongLong => unsigned(u64::from_le_bytes(head(bytes)?)),
            DType::F16 => Some(Self::F32(half(u16::from_le_bytes(head(bytes)?)))),
            DType::F32 => Some(Self::F32(f32::from_le_bytes(head(bytes)?))),
            DType::F64 => Some(Self::F64(f64::from_le_bytes(head(bytes)?))),
            DType::C64 => {
                let [re, im] = [head(bytes)?, head(bytes.get(4..)?)?].map(f32::from_le_bytes);
                Some(Self::Complex(f64::from(re), f64::from(im)))
            }
            DType::C128 => {
                let [re, im] = [head(bytes)?, head(bytes.get(8..)?)?].map(f64::from_le_bytes);
                Some(Self::Complex(re, im))
            }
        }
    }

    /// A real number as `f64`; integers beyond 2^53 are rounded.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match *self {
            Self::Bool(b) => Some(f64::from(u8::from(b))),
            Self::Int(n) => Some(n as f64),
            Self::UInt(n) => Some(n as f64),
            Self::F32(x) => Some(f64::from(x)),
            Self::F64(x) => Some(x),
            Self::Complex(..) | Self::Text(_) | Self::Opaque(_) => None,
        }
    }

    /// An integer that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match *self {
            Self::Bool(b) => Some(i64::from(b)),
            Self::Int(n) => Some(n),
            Self::UInt(n) => i64::try_from(n).ok(),
            _ => None,
        }
    }
}

fn head<const N: usize>(bytes: &[u8]) -> Option<[u8; N]> {
    bytes.first_chunk().copied()
}

/// IEEE 754 half precision: 1 sign, 5 exponent, 10 fraction bits.
fn half(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (u32::from(bits >> 15), u32::from(bits >> 10 & 0x1f), u32::from(bits & 0x3ff));
    let magnitude = match exponent {
        // Subnormal: fraction * 2^-24, which single precision holds exactly.
        0 => fraction as f32 * f32::from_bits((127 - 24) << 23),
        0x1f => f32::from_bits(0xff << 23 | fraction << 13),
        _ => f32::from_bits((exponent + 127 - 15) << 23 | fraction << 13),
    };
    f32::from_bits(magnitude.to_bits() | sign << 31)
}

/// A text of fixed length without its padding. Compares with `str`, prints its characters.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Text<'b> {
    bytes: &'b [u8],
    /// Bytes of a character.
    width: usize,
}

impl<'b> Text<'b> {
    fn new(bytes: &'b [u8], width: usize) -> Self {
        let padding = bytes.rchunks_exact(width).take_while(|c| c.iter().all(|b| *b == 0)).count() * width;
        Self { bytes: bytes.get(..bytes.len() - padding).unwrap_or_default(), width }
    }

    /// Whether this was `bytes` (`S`), whose characters are bytes.
    #[must_use]
    pub const fn is_bytes(&self) -> bool {
        self.width == 1
    }

    /// The characters; what is no code point comes as U+FFFD, a byte of an `S` as the code point of the same number.
    pub fn chars(&self) -> impl Iterator<Item = char> + Clone + use<'b> {
        let width = self.width;
        self.bytes.chunks_exact(width).map(move |chunk| {
            let mut code_point = [0; UCS4];
            for (to, from) in code_point.iter_mut().zip(chunk) {
                *to = *from;
            }
            char::from_u32(u32::from_le_bytes(code_point)).unwrap_or(char::REPLACEMENT_CHARACTER)
        })
    }
}

impl PartialEq<str> for Text<'_> {
    fn eq(&self, other: &str) -> bool {
        self.chars().eq(other.chars())
    }
}

impl PartialEq<&str> for Text<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == **other
    }
}

impl core::fmt::Display for Text<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.chars().try_for_each(|c| core::fmt::Write::write_char(f, c))
    }
}

impl core::fmt::Debug for Text<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "\"{self}\"")
    }
}
