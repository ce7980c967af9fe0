//! A sample as a number, whatever its type.

use axismirror_core::dtype::DType;

/// One sample, little-endian, as the nearest `f64`: exact but for integers beyond 2^53. `?` is 0 or 1, complex numbers are their magnitude; NaN
/// when the bytes are not as many as the type has.
#[must_use]
pub fn value(dtype: DType, bytes: &[u8]) -> f64 {
    macro_rules! number {
        ($t:ty) => {
            bytes.try_into().map_or(f64::NAN, |b| <$t>::from_le_bytes(b) as f64)
        };
    }
    match dtype {
        DType::Bool => bytes.first().map_or(f64::NAN, |b| f64::from(u8::from(*b != 0))),
        DType::I8 => number!(i8),
        DType::U8 => number!(u8),
        DType::I16 => number!(i16),
        DType::U16 => number!(u16),
        DType::I32 => number!(i32),
        DType::U32 => number!(u32),
        DType::I64 | DType::LongLong => number!(i64),
        DType::U64 | DType::ULongLong => number!(u64),
        DType::F16 => bytes.try_into().map_or(f64::NAN, |b| f64::from(f16_to_f32(u16::from_le_bytes(b)))),
        DType::F32 => number!(f32),
        DType::F64 => number!(f64),
        DType::C64 | DType::C128 => {
            let part = if dtype == DType::C64 { DType::F32 } else { DType::F64 };
            let (re, im) = bytes.split_at(bytes.len() / 2);
            value(part, re).hypot(value(part, im))
        }
    }
}

/// The value of an IEEE 754 binary16 from its bits: exact.
#[must_use]
pub fn f16_to_f32(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let fraction = f32::from(bits & 0x3FF);
    sign * match bits >> 10 & 0x1F {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        e => (fraction + 1024.0) * 2f32.powi(i32::from(e) - 25),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_as_numpy_would_give_it() {
        let exact = |dtype, bytes: &[u8], is: f64| assert_eq!(value(dtype, bytes).to_bits(), is.to_bits(), "{dtype:?}");
        exact(DType::Bool, &[7], 1.0);
        exact(DType::I8, &[0x80], -128.0);
        exact(DType::U16, &[0xFF, 0xFF], 65535.0);
        exact(DType::I32, &(-8_388_608i32).to_le_bytes(), -8_388_608.0);
        exact(DType::LongLong, &(-3i64).to_le_bytes(), -3.0);
        // Half precision: 1/3 is 0x3555, the smallest positive number 2^-24, the largest 65504.
        exact(DType::F16, &[0x55, 0x35], 0.333_251_953_125);
        exact(DType::F16, &[1, 0], 5.960_464_477_539_063e-8);
        exact(DType::F16, &[0xFF, 0x7B], 65504.0);
        exact(DType::C64, &[3f32.to_le_bytes(), (-4f32).to_le_bytes()].concat(), 5.0);
        assert!(value(DType::F64, &[1]).is_nan() && value(DType::Bool, &[]).is_nan());
    }
}
