//! The host's clocks: what time it is, and waiting for a time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axismirror_boards::drdy::Pace;
use rustix::thread::{ClockId, clock_nanosleep_absolute};
use rustix::time::{Timespec, clock_gettime};

const NS_PER_S: i64 = 1_000_000_000;
/// The longest sleep: how long a stop may go unnoticed.
const LONGEST_SLEEP: i64 = 50_000_000;

/// Nanoseconds of `CLOCK_MONOTONIC`: since boot, never set back.
#[must_use]
pub fn monotonic_ns() -> i64 {
    ns(clock_gettime(rustix::time::ClockId::Monotonic))
}

/// Nanoseconds of `CLOCK_REALTIME`: since 1970 UTC.
#[must_use]
pub fn realtime_ns() -> i64 {
    ns(clock_gettime(rustix::time::ClockId::Realtime))
}

const fn ns(t: Timespec) -> i64 {
    t.tv_sec.saturating_mul(NS_PER_S).saturating_add(t.tv_nsec)
}

/// How a simulated ADC's time passes.
#[derive(Clone, Debug)]
pub struct HostPace {
    stop: Arc<AtomicBool>,
    fast: bool,
}

impl HostPace {
    /// With the host's monotonic clock, or as fast as it can; until `stop` is set.
    #[must_use]
    pub const fn new(stop: Arc<AtomicBool>, fast: bool) -> Self {
        Self { stop, fast }
    }
}

impl Pace for HostPace {
    fn until(&mut self, time_ns: i64) -> bool {
        loop {
            // Relaxed: a flag alone, nothing is published with it.
            if self.stop.load(Ordering::Relaxed) {
                return false;
            }
            let now = monotonic_ns();
            if self.fast || now >= time_ns {
                return true;
            }
            let wake = time_ns.min(now + LONGEST_SLEEP);
            let wake = Timespec { tv_sec: wake / NS_PER_S, tv_nsec: wake % NS_PER_S };
            // Interrupted by a signal: look again, as after any other sleep.
            let _ = clock_nanosleep_absolute(ClockId::Monotonic, &wake);
        }
    }
}
