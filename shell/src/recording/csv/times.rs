//! A column of times: seconds as numbers, or dates with their times as pandas and others write them.
//!
//! Dates count from the whole second of the first one on, so that nanoseconds are kept: seconds since 1970 alone have no room for them. Knows no line.

use chrono::{DateTime, FixedOffset, NaiveDateTime};

/// The column of times of a file.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct TimeColumn {
    /// Which, from 0.
    pub(super) at: usize,
    pub(super) kind: TimeKind,
}

/// What its fields are.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum TimeKind {
    /// Numbers; the seconds in their unit.
    Number(f64),
    /// Dates with times, in seconds since this one: whole seconds since 1970.
    Date(i64),
}

impl TimeKind {
    /// What a field should be.
    pub(super) const fn possible(self) -> &'static str {
        match self {
            Self::Number(_) => "a number, nor a time such as 2026-11-29T01:02:03.5",
            Self::Date(_) => "a date with its time, as in the first row (2026-11-29T01:02:03.5, with Z or an offset)",
        }
    }
}

/// Whole seconds since 1970 and nanoseconds, of a date with its time: ISO 8601 as RFC 3339 has it, with a blank or `T`, and with an offset, `Z` or none. Without
/// one it is UTC, for want of anything else.
pub(super) fn date(field: &str) -> Option<(i64, u32)> {
    if !field.starts_with(|c: char| c.is_ascii_digit()) || !field.contains(':') {
        return None;
    }
    let local = |format| NaiveDateTime::parse_from_str(field, format).ok();
    let with_offset = || field.parse::<DateTime<FixedOffset>>().ok().map(|date| date.naive_utc());
    let date = local("%Y-%m-%dT%H:%M:%S%.f").or_else(|| local("%Y-%m-%d %H:%M:%S%.f")).or_else(with_offset)?.and_utc();
    Some((date.timestamp(), date.timestamp_subsec_nanos()))
}

/// A date in seconds since another one.
pub(super) fn since(origin: i64, field: &str) -> Option<f64> {
    let (seconds, nanos) = date(field)?;
    Some(seconds.checked_sub(origin)? as f64 + f64::from(nanos) / 1e9)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dates_are_those_of_the_calendar() {
        // date -u -d '2026-11-29 01:02:03' +%s
        let at = 1_795_914_123;
        for (field, seconds) in [
            ("2026-11-29T01:02:03.5", at),
            ("2026-11-29 01:02:03.500000", at),
            ("2026-11-29T01:02:03.5Z", at),
            ("2026-11-29 01:02:03.5+00:00", at),
            ("2026-11-29 03:02:03.5+02:00", at),
            ("2026-11-28T20:32:03.5-04:30", at),
        ] {
            assert_eq!(date(field), Some((seconds, 500_000_000)), "{field}");
        }
        assert_eq!(date("2026-11-29 01:02:03"), Some((at, 0)));
        assert_eq!(since(at - 1, "2026-11-29T01:02:03.000000004"), Some(1.000_000_004));
        for none in ["", "1", "1.5", "2026-11-29", "2026-13-29T01:02:03", "01:02:03", "Fp1", "2026-11-29T01:02:03.5 x"]
        {
            assert_eq!(date(none), None, "{none}");
        }
    }
}
