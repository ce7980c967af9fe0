//! UTC for the times of a stream, and the calendar.
//!
//! A stream's times are of `CLOCK_MONOTONIC` or `CLOCK_REALTIME` of this machine; files want a date.

use axismirror_core::extension::Clock;

use crate::clock;

const NS_PER_S: i64 = 1_000_000_000;

/// How UTC is made of a stream's times.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Mapping {
    /// Seconds to add; `None` when nobody knows what the times count from.
    pub offset_s: Option<f64>,
    /// By how many seconds the two readings of the clocks may be apart. The machine's own error against UTC is not in it.
    pub error_s: f64,
}

impl Mapping {
    /// As the clocks are now.
    #[must_use]
    pub fn now(clock: Clock) -> Self {
        match clock {
            Clock::Realtime => Self { offset_s: Some(0.0), error_s: 0.0 },
            Clock::Unknown => Self { offset_s: None, error_s: 0.0 },
            // The best of a few: whoever is interrupted between two readings has a bad one.
            Clock::Monotonic => {
                (0..8).map(|_| Self::once()).min_by(|a, b| a.error_s.total_cmp(&b.error_s)).unwrap_or_else(Self::once)
            }
        }
    }

    fn once() -> Self {
        let before = clock::monotonic_ns();
        let utc = clock::realtime_ns();
        let after = clock::monotonic_ns();
        let middle = before + (after - before) / 2;
        // An f64 has 53 bits: to a quarter of a microsecond at today's dates.
        Self { offset_s: Some((utc - middle) as f64 / 1e9), error_s: (after - before) as f64 / 2e9 + 2.5e-7 }
    }

    /// UTC in ns since 1970 of a time of the stream; of now when there is none.
    #[must_use]
    pub fn utc_ns(&self, time: Option<f64>) -> i64 {
        match (self.offset_s, time) {
            // `as` saturates.
            (Some(offset), Some(time)) => ((offset + time) * 1e9) as i64,
            _ => clock::realtime_ns(),
        }
    }
}

/// A date and time of day in UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Civil {
    /// Years of our era.
    pub year: i64,
    /// From 1.
    pub month: i64,
    /// From 1.
    pub day: i64,
    /// Hours.
    pub hour: i64,
    /// Minutes.
    pub minute: i64,
    /// Whole seconds.
    pub second: i64,
    /// And ns.
    pub ns: i64,
}

const MONTHS: [&str; 12] = ["JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"];

impl Civil {
    /// Of ns since 1970.
    #[must_use]
    pub const fn of_ns(ns: i64) -> Self {
        let seconds = ns.div_euclid(NS_PER_S);
        let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        // Years from March on end with the leap day: 146,097 days are 400 years, months have 153 days in five.
        let days = days + 719_468;
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let from_march = (5 * day + 2) / 153;
        let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
        Self {
            year: era * 400 + year + if month <= 2 { 1 } else { 0 },
            month,
            day: day - (153 * from_march + 2) / 5 + 1,
            hour: rest / 3600,
            minute: rest / 60 % 60,
            second: rest % 60,
            ns: ns.rem_euclid(NS_PER_S),
        }
    }

    /// `2026-11-28T17:38:05.250000000Z`
    #[must_use]
    pub fn rfc3339(&self) -> String {
        let Self { year, month, day, hour, minute, second, ns } = self;
        format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{ns:09}Z")
    }

    /// `NOV`
    #[must_use]
    pub fn month_name(&self) -> &'static str {
        usize::try_from(self.month - 1).ok().and_then(|m| MONTHS.get(m)).copied().unwrap_or("X")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What `date -u -d @N --rfc-3339=ns` says.
    #[test]
    fn dates_are_those_of_the_calendar() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00.000000001Z"),
            (951_782_399, "2000-02-28T23:59:59.000000001Z"),
            (951_782_400, "2000-02-29T00:00:00.000000001Z"),
            (1_709_251_200, "2024-03-01T00:00:00.000000001Z"),
            (1_795_887_485, "2026-11-28T17:38:05.000000001Z"),
            (4_107_542_399, "2100-02-28T23:59:59.000000001Z"),
            (4_107_542_400, "2100-03-01T00:00:00.000000001Z"),
            (-1, "1969-12-31T23:59:59.000000001Z"),
        ] {
            assert_eq!(Civil::of_ns(seconds * NS_PER_S + 1).rfc3339(), text);
        }
    }

    #[test]
    fn monotonic_times_become_the_time_of_day() {
        let mapping = Mapping::now(Clock::Monotonic);
        let (mono, real) = (clock::monotonic_ns(), clock::realtime_ns());
        let utc = mapping.utc_ns(Some(mono as f64 / 1e9));
        // Both readings lie within a moment of one another, but a loaded machine may take long over it.
        assert!((utc - real).abs() < NS_PER_S, "{utc} {real}");
        assert_eq!(Mapping::now(Clock::Realtime).utc_ns(Some(1.5)), 1_500_000_000);
    }
}
