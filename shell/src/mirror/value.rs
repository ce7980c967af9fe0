//! A sample as an `f64`, whatever its type: what a program that calculates wants. How bytes become numbers is said at
//! [`sample`](crate::sample).

use axismirror_core::dtype::DType;

use crate::sample::Number;
pub use crate::sample::f16_to_f32;

/// One sample, little-endian, as the nearest `f64`: exact but for integers beyond 2^53. `?` is 0 or 1, complex numbers are their magnitude; NaN
/// when the bytes are not as many as the type has.
#[must_use]
pub fn value(dtype: DType, bytes: &[u8]) -> f64 {
    Number::of(dtype, bytes).map_or(f64::NAN, Number::value)
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
