//! Samples as text, whatever their type, and fields of CSV.

use std::borrow::Cow;

use axismirror_core::dtype::DType;

use crate::mirror::value::f16_to_f32;

/// One sample, little-endian, as a number that reads back to the same value.
#[must_use]
pub fn text(dtype: DType, bytes: &[u8]) -> String {
    macro_rules! as_number {
        ($t:ty) => {
            bytes.try_into().map_or_else(|_| String::new(), |b| <$t>::from_le_bytes(b).to_string())
        };
    }
    match dtype {
        DType::Bool => (bytes.first() != Some(&0)).to_string(),
        DType::I8 => as_number!(i8),
        DType::U8 => as_number!(u8),
        DType::I16 => as_number!(i16),
        DType::U16 => as_number!(u16),
        DType::I32 => as_number!(i32),
        DType::U32 => as_number!(u32),
        DType::I64 | DType::LongLong => as_number!(i64),
        DType::U64 | DType::ULongLong => as_number!(u64),
        DType::F16 => {
            bytes.try_into().map_or_else(|_| String::new(), |b| f16_to_f32(u16::from_le_bytes(b)).to_string())
        }
        DType::F32 => float(bytes.try_into().map_or(f32::NAN, f32::from_le_bytes)),
        DType::F64 => float(bytes.try_into().map_or(f64::NAN, f64::from_le_bytes)),
        DType::C64 | DType::C128 => {
            let part = if dtype == DType::C64 { DType::F32 } else { DType::F64 };
            let (re, im) = bytes.split_at(bytes.len() / 2);
            let im = text(part, im);
            let sign = if im.starts_with('-') { "" } else { "+" };
            format!("{}{sign}{im}j", text(part, re))
        }
    }
}

/// As [`text()`], but for columns: floating-point numbers are rounded to six digits.
#[must_use]
pub fn short(dtype: DType, bytes: &[u8]) -> String {
    let number = match dtype {
        DType::F32 => bytes.try_into().map_or(f64::NAN, |b| f64::from(f32::from_le_bytes(b))),
        DType::F64 => bytes.try_into().map_or(f64::NAN, f64::from_le_bytes),
        _ => return text(dtype, bytes),
    };
    let size = number.abs();
    if size == 0.0 || !size.is_finite() {
        number.to_string()
    } else if (1e-3..1e6).contains(&size) {
        // Six digits, wherever the point is.
        format!("{number:.*}", (5 - size.log10().floor() as i32).max(0) as usize)
    } else {
        format!("{number:.5e}")
    }
}

/// Small and large ones with an exponent: volts of an EEG are around 1e-5.
fn float<T: std::fmt::Display + std::fmt::LowerExp + Into<f64> + Copy>(x: T) -> String {
    let size = x.into().abs();
    if size == 0.0 || (1e-3..1e7).contains(&size) || !size.is_finite() { x.to_string() } else { format!("{x:e}") }
}

/// A field of a CSV line (RFC 4180): in quotes where it has to be. So is an empty one: at the end of a line it would be none to many readers.
#[must_use]
pub fn quoted(field: &str) -> Cow<'_, str> {
    if field.is_empty() || field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\"")).into()
    } else {
        field.into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_type_as_numpy_would_say_it() {
        assert_eq!(text(DType::I32, &(-7i32).to_le_bytes()), "-7");
        assert_eq!(text(DType::F32, &2.5e-5f32.to_le_bytes()), "2.5e-5");
        assert_eq!(text(DType::F64, &0.25f64.to_le_bytes()), "0.25");
        assert_eq!(text(DType::F16, &0xC000u16.to_le_bytes()), "-2");
        assert_eq!(text(DType::Bool, &[1]), "true");
        let complex = [1.5f32.to_le_bytes(), (-2f32).to_le_bytes()].concat();
        assert_eq!(text(DType::C64, &complex), "1.5-2j");
        assert_eq!(text(DType::I32, &[1]), "");
    }

    #[test]
    fn short_ones_have_six_digits() {
        let short = |x: f64| short(DType::F64, &x.to_le_bytes());
        assert_eq!([short(-1.448_393_05e-5), short(0.0), short(0.123_456_78)], ["-1.44839e-5", "0", "0.123457"]);
        assert_eq!([short(12_345.678), short(999_999.4), short(1e9)], ["12345.7", "999999", "1.00000e9"]);
    }

    #[test]
    fn fields_are_in_quotes_where_they_have_to_be() {
        assert_eq!([quoted("Fp1"), quoted("a,b"), quoted("\""), quoted("")], ["Fp1", "\"a,b\"", "\"\"\"\"", "\"\""]);
    }
}
