//! How long nothing new has come, by a clock that is asked the less often the faster a reader polls: asking takes longer than a look at the stream.
//!
//! Knows nothing of streams.

use std::time::Duration;

/// The most polls in a row for which the clock is not asked.
const MOST_POLLS: u32 = 31;

/// Polls that found nothing new.
#[derive(Debug, Default)]
pub(super) struct Idle {
    /// Since when, once the clock was asked, in nanoseconds.
    since: Option<i64>,
    /// What the clock said last.
    asked: i64,
    /// Polls between the last two times that it was asked, and how many are left until the next.
    pause: u32,
    left: u32,
}

impl Idle {
    /// Something new has come.
    pub(super) const fn end(&mut self) {
        self.since = None;
        self.left = 0;
    }

    /// Nothing new has come; whether that has been so for `long`, or for as long since the last time that it had. `now_ns` is a clock that ticks in
    /// milliseconds: when it has not moved, a reader polls faster than that, and the clock is asked half as often from then on.
    #[inline]
    pub(super) fn lasts(&mut self, long: Duration, now_ns: impl FnOnce() -> i64) -> bool {
        if let Some(left) = self.left.checked_sub(1) {
            self.left = left;
            return false;
        }
        self.lasts_until(now_ns(), long)
    }

    #[cold]
    fn lasts_until(&mut self, now: i64, long: Duration) -> bool {
        self.pause = if now == self.asked { (2 * self.pause + 1).min(MOST_POLLS) } else { 0 };
        (self.asked, self.left) = (now, self.pause);
        let since = *self.since.get_or_insert(now);
        let lasts = u128::try_from(now - since).is_ok_and(|ns| ns > long.as_nanos());
        if lasts {
            self.since = Some(now);
        }
        lasts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONG: Duration = Duration::from_millis(200);

    #[test]
    fn a_reader_that_polls_slowly_is_told_each_time_that_it_is_due() {
        let mut idle = Idle::default();
        // Every 50 ms: more than 200 ms after the first poll, at 250 ms, and again at 500 ms.
        let told: Vec<i64> = (0..11).map(|i| i * 50).filter(|ms| idle.lasts(LONG, || ms * 1_000_000)).collect();
        assert_eq!(told, [250, 500]);
    }

    #[test]
    fn what_comes_begins_it_anew() {
        let mut idle = Idle::default();
        assert!(!idle.lasts(LONG, || 0));
        idle.end();
        assert!(!idle.lasts(LONG, || 250_000_000));
        assert!(idle.lasts(LONG, || 500_000_000));
    }

    #[test]
    fn a_reader_that_spins_asks_the_clock_rarely_and_is_told_all_the_same() {
        let (mut idle, mut asked) = (Idle::default(), 0);
        // A microsecond a poll by a clock that ticks every 4 ms, for 0.3 s.
        let told = (0..300_000_i64).filter(|poll| {
            idle.lasts(LONG, || {
                asked += 1;
                poll / 4000 * 4_000_000
            })
        });
        let told: Vec<i64> = told.collect();
        assert_eq!(told.len(), 1);
        // The first tick behind 200 ms is that of 204 ms.
        assert!((204_000..204_100).contains(&told[0]), "{told:?}");
        assert!(asked < 12_000, "{asked}");
    }
}
