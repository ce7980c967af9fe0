//! A sample as a number of its own kind: the one place where bytes become numbers by their type, and numbers bytes.
//!
//! Knows neither where samples come from nor what becomes of them.

use axismirror_core::dtype::DType;

use super::half::{f16_to_f32, f32_to_f16};

/// What a sample is.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Number {
    /// `?`
    Bool(bool),
    /// A whole number with a sign, of any width.
    Signed(i64),
    /// One without.
    Unsigned(u64),
    /// Single or half precision.
    Single(f32),
    /// Double precision.
    Double(f64),
    /// Real and imaginary part in single precision.
    ComplexSingle(f32, f32),
    /// And in double precision.
    ComplexDouble(f64, f64),
}

impl Number {
    /// Of a sample's bytes, little-endian; `None` when they are not as many as the type has.
    #[must_use]
    pub fn of(dtype: DType, bytes: &[u8]) -> Option<Self> {
        macro_rules! number {
            ($t:ty) => {
                <$t>::from_le_bytes(bytes.try_into().ok()?)
            };
        }
        macro_rules! pair {
            ($t:ty) => {{
                let (re, im) = bytes.split_at_checked(size_of::<$t>())?;
                (<$t>::from_le_bytes(re.try_into().ok()?), <$t>::from_le_bytes(im.try_into().ok()?))
            }};
        }
        Some(match dtype {
            DType::Bool => Self::Bool(number!(u8) != 0),
            DType::I8 => Self::Signed(number!(i8).into()),
            DType::U8 => Self::Unsigned(number!(u8).into()),
            DType::I16 => Self::Signed(number!(i16).into()),
            DType::U16 => Self::Unsigned(number!(u16).into()),
            DType::I32 => Self::Signed(number!(i32).into()),
            DType::U32 => Self::Unsigned(number!(u32).into()),
            DType::I64 | DType::LongLong => Self::Signed(number!(i64)),
            DType::U64 | DType::ULongLong => Self::Unsigned(number!(u64)),
            DType::F16 => Self::Single(f16_to_f32(number!(u16))),
            DType::F32 => Self::Single(number!(f32)),
            DType::F64 => Self::Double(number!(f64)),
            DType::C64 => {
                let (re, im) = pair!(f32);
                Self::ComplexSingle(re, im)
            }
            DType::C128 => {
                let (re, im) = pair!(f64);
                Self::ComplexDouble(re, im)
            }
        })
    }

    /// A whole number that stands for a sample of a type, as codes do. `step`: what one is in a floating-point type. Of a narrower type than it
    /// needs, the lower bytes of two's complement remain.
    #[must_use]
    pub fn of_whole(whole: i64, dtype: DType, step: f64) -> Self {
        match dtype {
            DType::F64 => Self::Double(whole as f64 * step),
            DType::F32 | DType::F16 => Self::Single((whole as f64 * step) as f32),
            DType::C64 => Self::ComplexSingle((whole as f64 * step) as f32, 0.0),
            DType::C128 => Self::ComplexDouble(whole as f64 * step, 0.0),
            _ => Self::Signed(whole),
        }
    }

    /// Adds the bytes of a sample of a type that holds such a number.
    pub fn put(self, dtype: DType, out: &mut Vec<u8>) {
        let mut whole = |bytes: [u8; 8]| out.extend_from_slice(bytes.get(..dtype.size()).unwrap_or(&bytes));
        match self {
            Self::Bool(b) => out.push(b.into()),
            Self::Signed(n) => whole(n.to_le_bytes()),
            Self::Unsigned(n) => whole(n.to_le_bytes()),
            Self::Single(x) if dtype == DType::F16 => out.extend_from_slice(&f32_to_f16(x).to_le_bytes()),
            Self::Single(x) => out.extend_from_slice(&x.to_le_bytes()),
            Self::Double(x) => out.extend_from_slice(&x.to_le_bytes()),
            Self::ComplexSingle(re, im) => [re, im].iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes())),
            Self::ComplexDouble(re, im) => [re, im].iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes())),
        }
    }

    /// The nearest `f64`: exact but for whole numbers beyond 2^53. A boolean is 0 or 1, a complex number its magnitude.
    #[must_use]
    pub fn value(self) -> f64 {
        match self {
            Self::Bool(b) => f64::from(u8::from(b)),
            Self::Signed(n) => n as f64,
            Self::Unsigned(n) => n as f64,
            Self::Single(x) => x.into(),
            Self::Double(x) => x,
            Self::ComplexSingle(re, im) => f64::from(re).hypot(im.into()),
            Self::ComplexDouble(re, im) => re.hypot(im),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_type_leads_back_to_its_bytes_and_takes_no_other_number_of_them() {
        for dtype in DType::ALL {
            let bytes: Vec<u8> = if dtype == DType::Bool { vec![1] } else { (1..=dtype.size() as u8).collect() };
            let mut out = Vec::new();
            Number::of(dtype, &bytes).unwrap().put(dtype, &mut out);
            assert_eq!(out, bytes, "{dtype:?}");
            let longer = [bytes.as_slice(), &[0]].concat();
            assert_eq!([Number::of(dtype, &bytes[1..]), Number::of(dtype, &longer)], [None, None], "{dtype:?}");
        }
    }

    #[test]
    fn whole_numbers_stand_for_samples() {
        let whole = |number, dtype, step| {
            let mut out = Vec::new();
            Number::of_whole(number, dtype, step).put(dtype, &mut out);
            out
        };
        assert_eq!(whole(-3, DType::I16, 1.0), (-3_i16).to_le_bytes());
        assert_eq!(whole(200, DType::U8, 1.0), [200]);
        assert_eq!(whole(5, DType::F32, 0.1), ((5.0 * 0.1_f64) as f32).to_le_bytes());
        assert_eq!(whole(-2, DType::F16, 1.0), [0, 0xC0]);
        assert_eq!(whole(1, DType::C128, 1.0).len(), 16);
    }
}
