//! Samples as text, whatever their type, and fields of CSV; and back.
//!
//! | in | is |
//! |---|---|
//! | `number` | a sample as a [`Number`], from its bytes and back |
//! | `half` | half precision |
//!
//! Knows no file and no stream: what is printed or written, and what was read, comes here sample by sample.

mod half;
mod number;

use std::borrow::Cow;
use std::ops::Range;

use axismirror_core::dtype::DType;

pub use self::half::{f16_to_f32, f32_to_f16};
pub use self::number::Number;

/// One sample, little-endian, as a number that reads back to the same value; empty when the bytes are not as many as the type has.
#[must_use]
pub fn text(dtype: DType, bytes: &[u8]) -> String {
    fn complex(re: &str, im: &str) -> String {
        let sign = if im.starts_with('-') { "" } else { "+" };
        format!("{re}{sign}{im}j")
    }
    match Number::of(dtype, bytes) {
        None => String::new(),
        Some(Number::Bool(b)) => b.to_string(),
        Some(Number::Signed(n)) => n.to_string(),
        Some(Number::Unsigned(n)) => n.to_string(),
        Some(Number::Single(x)) => float(x),
        Some(Number::Double(x)) => float(x),
        Some(Number::ComplexSingle(re, im)) => complex(&float(re), &float(im)),
        Some(Number::ComplexDouble(re, im)) => complex(&float(re), &float(im)),
    }
}

/// The sample that such a text is, or `None`.
#[must_use]
pub fn parse(dtype: DType, text: &str) -> Option<Number> {
    Some(match dtype {
        DType::Bool => Number::Bool(text.parse().ok()?),
        DType::I8 | DType::I16 | DType::I32 | DType::I64 | DType::LongLong => {
            let unused = 64 - 8 * dtype.size();
            Number::Signed(text.parse().ok().filter(|n: &i64| n << unused >> unused == *n)?)
        }
        DType::U8 | DType::U16 | DType::U32 | DType::U64 | DType::ULongLong => {
            let unused = 64 - 8 * dtype.size();
            Number::Unsigned(text.parse().ok().filter(|n: &u64| n << unused >> unused == *n)?)
        }
        DType::F16 | DType::F32 => Number::Single(text.parse().ok()?),
        DType::F64 => Number::Double(text.parse().ok()?),
        DType::C64 => {
            let (re, im) = parts(text)?;
            Number::ComplexSingle(re.parse().ok()?, im.parse().ok()?)
        }
        DType::C128 => {
            let (re, im) = parts(text)?;
            Number::ComplexDouble(re.parse().ok()?, im.parse().ok()?)
        }
    })
}

/// The parts of `1.5e-7-2000j`.
fn parts(text: &str) -> Option<(&str, &str)> {
    let text = text.strip_suffix('j')?;
    // The sign between the parts is none of an exponent.
    let sign = text.char_indices().skip(1).filter(|(at, c)| {
        matches!(c, '+' | '-') && !text.get(..*at).is_some_and(|before| before.ends_with(['e', 'E']))
    });
    let (re, im) = text.split_at_checked(sign.last()?.0)?;
    Some((re, im.strip_prefix('+').unwrap_or(im)))
}

/// As [`text()`], but for columns: floating-point numbers are rounded to six digits.
#[must_use]
pub fn short(dtype: DType, bytes: &[u8]) -> String {
    let number = match Number::of(dtype, bytes) {
        Some(number @ (Number::Single(_) | Number::Double(_))) => number.value(),
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
    plain_in(1e-3..1e7, x)
}

/// Any other number, such as a rate or a time, that reads back to the same value: with an exponent where it would be mostly zeros.
#[must_use]
pub fn number(x: f64) -> String {
    plain_in(1e-9..ONLY_WHOLE, x)
}

/// Any other number with so many decimals; where numbers have none any more, as [`number`].
#[must_use]
pub fn fixed(x: f64, decimals: usize) -> String {
    // What is not finite has no digits.
    if x.abs() >= ONLY_WHOLE { number(x) } else { format!("{x:.decimals$}") }
}

/// From here on an f64 has no decimals: 2^53.
const ONLY_WHOLE: f64 = 9_007_199_254_740_992.0;

/// Without an exponent in a range.
fn plain_in<T: std::fmt::Display + std::fmt::LowerExp + Into<f64> + Copy>(range: Range<f64>, x: T) -> String {
    let size = x.into().abs();
    if size == 0.0 || range.contains(&size) || !size.is_finite() { x.to_string() } else { format!("{x:e}") }
}

/// A field of a CSV line (RFC 4180): in quotes where it has to be. So is an empty one: at the end of a line it would be none to many readers. And what has
/// the sign of our comments: readers that leave those out take the rest of the line for one.
#[must_use]
pub fn quoted(field: &str) -> Cow<'_, str> {
    if field.is_empty() || field.contains([',', '"', '\n', '\r', '#']) {
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
        // Of another length they are none, whatever the type.
        for (dtype, bytes) in [(DType::I32, &[1][..]), (DType::Bool, &[]), (DType::F32, &[0; 3]), (DType::C64, &[0; 4])]
        {
            assert_eq!((text(dtype, bytes), short(dtype, bytes)), (String::new(), String::new()), "{dtype:?}");
        }
    }

    #[test]
    fn texts_become_samples_again() {
        let read = |text: &str, dtype| {
            let mut out = Vec::new();
            parse(dtype, text).map(|number| number.put(dtype, &mut out)).map(|()| out)
        };
        assert_eq!(read("-2.5e-5", DType::F32), Some((-2.5e-5_f32).to_le_bytes().to_vec()));
        assert_eq!(read("18446744073709551615", DType::U64), Some(vec![0xff; 8]));
        assert_eq!((read("-128", DType::I8), read("65535", DType::U16)), (Some(vec![0x80]), Some(vec![0xff, 0xff])));
        assert_eq!(read("true", DType::Bool), Some(vec![1]));
        let complex = [1.5e-7_f64.to_le_bytes(), (-2.0e3_f64).to_le_bytes()].concat();
        assert_eq!(read("1.5e-7-2000j", DType::C128), Some(complex));
        assert_eq!(read("1+2j", DType::C64), Some([1f32.to_le_bytes(), 2f32.to_le_bytes()].concat()));
        for (wrong, dtype) in [
            ("1.5", DType::I32),
            ("300", DType::U8),
            ("128", DType::I8),
            ("-1", DType::U64),
            ("1", DType::Bool),
            ("x", DType::F64),
            ("1+2", DType::C64),
            ("j", DType::C64),
        ] {
            assert_eq!(read(wrong, dtype), None, "{wrong}");
        }
    }

    #[test]
    fn short_ones_have_six_digits() {
        let short = |x: f64| short(DType::F64, &x.to_le_bytes());
        assert_eq!([short(-1.448_393_05e-5), short(0.0), short(0.123_456_78)], ["-1.44839e-5", "0", "0.123457"]);
        assert_eq!([short(12_345.678), short(999_999.4), short(1e9)], ["12345.7", "999999", "1.00000e9"]);
    }

    #[test]
    fn numbers_of_any_size_are_short_and_read_back() {
        let all = [0.0, 250.0, -1760.184471, 1e-6, 16e6, 1e15, 9e15, 1e16, 1e308, f64::MAX, f64::MIN_POSITIVE, -5e-324];
        for x in all {
            let text = number(x);
            assert!(text.len() <= 24 && text.parse() == Ok(x), "{text}");
            assert!(fixed(x, 6).len() <= 24, "{}", fixed(x, 6));
        }
        assert_eq!(
            [number(250.0), number(16e6), number(1e308), number(5e-324)],
            ["250", "16000000", "1e308", "5e-324"]
        );
        assert_eq!([fixed(1.5, 3), fixed(5e-324, 3), fixed(-1e308, 3)], ["1.500", "0.000", "-1e308"]);
        assert_eq!([fixed(f64::NAN, 1), fixed(f64::INFINITY, 1)], ["NaN", "inf"]);
    }

    #[test]
    fn fields_are_in_quotes_where_they_have_to_be() {
        assert_eq!([quoted("Fp1"), quoted("a,b"), quoted("\""), quoted("")], ["Fp1", "\"a,b\"", "\"\"\"\"", "\"\""]);
        assert_eq!(quoted("Ch#1"), "\"Ch#1\"");
    }
}
