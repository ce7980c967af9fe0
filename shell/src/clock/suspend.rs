//! Whether the machine was suspended, and for how long.
//!
//! `CLOCK_MONOTONIC` stands still in suspend and `CLOCK_BOOTTIME` does not (clock_gettime(2)): between two looks the one gains on the other by the
//! time that the machine slept. Pure: clocks in, nanoseconds out. Must never read a clock.

/// Less than this is the time between the looks at the two clocks, in nanoseconds.
const SHORTEST_NS: i64 = 10_000_000;
/// Looks that are further apart, because the process had to wait in between, tell nothing.
const WIDEST_NS: i64 = SHORTEST_NS / 2;

/// Compares the two clocks again and again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct SuspendWatch {
    /// By how much boottime was ahead of monotonic.
    ahead_ns: Option<i64>,
}

impl SuspendWatch {
    /// For how many nanoseconds the machine slept since the last look; `None` when it did not. The first look tells nothing. `boottime_ns` was read
    /// between the two times of `CLOCK_MONOTONIC`.
    pub fn look(&mut self, monotonic_ns: i64, boottime_ns: i64, monotonic_after_ns: i64) -> Option<i64> {
        if monotonic_after_ns.saturating_sub(monotonic_ns) > WIDEST_NS {
            return None;
        }
        let ahead = boottime_ns.saturating_sub(monotonic_ns);
        let slept = ahead.saturating_sub(*self.ahead_ns.get_or_insert(ahead));
        // What is too short to tell is kept, so that many short ones are not lost.
        let slept = (slept >= SHORTEST_NS).then_some(slept)?;
        self.ahead_ns = Some(ahead);
        Some(slept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const S: i64 = 1_000_000_000;

    #[test]
    fn a_suspend_is_told_once_and_with_its_length() {
        let mut watch = SuspendWatch::default();
        // It slept before the service began.
        let mut look = |boottime, monotonic| watch.look(monotonic, boottime, monotonic + 100);
        assert_eq!(look(500 * S, 100 * S), None);
        assert_eq!(look(501 * S, 101 * S), None);
        assert_eq!(look(3502 * S, 102 * S), Some(3000 * S));
        assert_eq!(look(3503 * S, 103 * S), None);
        assert_eq!(look(3504 * S + 20_000_000, 104 * S), Some(20_000_000));
    }

    #[test]
    fn the_time_between_the_two_looks_is_no_suspend() {
        let mut watch = SuspendWatch::default();
        // Preempted between the clocks, for a while or for long, before boottime was read or behind it.
        for (n, (before, behind)) in [(0, 0), (4, 0), (0, 4), (22, 0), (0, 900), (2, 2), (0, 0)].into_iter().enumerate()
        {
            let now = n as i64 * S;
            let boottime = now + before * 1_000_000;
            assert_eq!(watch.look(now, boottime, boottime + behind * 1_000_000), None, "{n}");
        }
    }
}
