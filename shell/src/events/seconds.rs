//! Times in seconds with nine decimals, to the nanosecond: an f64 of seconds since 1970 is a quarter of a microsecond coarse.
//!
//! Knows no clock.

use std::fmt;

const NS_PER_S: i128 = 1_000_000_000;

/// Nanoseconds, shown in seconds.
///
/// ```
/// use axismirror::events::Seconds;
/// assert_eq!(Seconds(1_500_000_000).to_string(), "1.500000000");
/// assert_eq!(Seconds(-1).to_string(), "-0.000000001");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seconds(pub i64);

impl fmt::Display for Seconds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let ns = i128::from(self.0).abs();
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(f, "{sign}{}.{:09}", ns / NS_PER_S, ns % NS_PER_S)
    }
}

/// Nanoseconds of a number of seconds such as `12`, `12.5`, `-0.25`; digits behind the ninth decimal are left out. `None` when it is no such number,
/// or does not fit.
///
/// ```
/// use axismirror::events::parse_seconds;
/// assert_eq!(parse_seconds("1700000000.123456789"), Some(1_700_000_000_123_456_789));
/// assert_eq!(parse_seconds("1e3"), None);
/// ```
#[must_use]
pub fn parse_seconds(text: &str) -> Option<i64> {
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => (-1, digits),
        None => (1, text),
    };
    let (whole, decimals) = digits.split_once('.').unwrap_or((digits, "0"));
    let is_number = |s: &str| !s.is_empty() && s.bytes().all(|b| b.is_ascii_digit());
    if !is_number(whole) || !is_number(decimals) {
        return None;
    }
    let nanoseconds = decimals.bytes().chain(std::iter::repeat(b'0')).take(9);
    let nanoseconds = nanoseconds.fold(0, |ns, digit| 10 * ns + i128::from(digit - b'0'));
    let whole: i128 = whole.parse::<i64>().ok()?.into();
    i64::try_from(sign * (whole * NS_PER_S + nanoseconds)).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_plain_decimal_numbers_are_seconds() {
        let good = [("0", 0), ("12.5", 12_500_000_000), ("-0.25", -250_000_000), ("3.0000000019", 3_000_000_001)];
        for (text, ns) in good {
            assert_eq!(parse_seconds(text), Some(ns), "{text}");
        }
        for text in
            ["", "-", ".", "1.", ".5", "+1", "1,5", " 1", "1 ", "nan", "inf", "--1", "1.-5", "9223372037", "1.2.3"]
        {
            assert_eq!(parse_seconds(text), None, "{text}");
        }
    }

    #[test]
    fn what_is_shown_is_read() {
        let shifts = (0..63).map(|n| i64::MAX >> n);
        for ns in shifts.flat_map(|ns| [ns, -ns, ns / 3, ns / -7]).chain([0, i64::MIN]) {
            assert_eq!(parse_seconds(&Seconds(ns).to_string()), Some(ns), "{ns}");
        }
    }
}
