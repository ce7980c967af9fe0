//! The host's clocks: what time it is, and waiting for a time.
//!
//! [`fit`] makes a rate of frames and their jitter of the times of DRDY, [`suspend`] tells that the machine slept.

pub mod fit;
pub mod suspend;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use axismirror_boards::drdy::{Clock, Pace};
use axismirror_core::extension::Clock as StreamClock;
use embedded_hal::delay::DelayNs;
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

/// As [`monotonic_ns`], a few milliseconds coarse, and cheaper to ask for.
#[must_use]
pub fn coarse_ns() -> i64 {
    ns(clock_gettime(rustix::time::ClockId::MonotonicCoarse))
}

/// Nanoseconds of `CLOCK_BOOTTIME`: since boot, and those in suspend too.
#[must_use]
pub fn boottime_ns() -> i64 {
    ns(clock_gettime(rustix::time::ClockId::Boottime))
}

/// Nanoseconds of `CLOCK_REALTIME`: since 1970 UTC.
#[must_use]
pub fn realtime_ns() -> i64 {
    ns(clock_gettime(rustix::time::ClockId::Realtime))
}

/// Both clocks that a stream's times can be of, at one instant: ns of each.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Readings {
    /// As [`monotonic_ns`].
    pub monotonic_ns: i64,
    /// As [`realtime_ns`].
    pub realtime_ns: i64,
}

impl Readings {
    /// Of now.
    #[must_use]
    pub fn now() -> Self {
        Self { monotonic_ns: monotonic_ns(), realtime_ns: realtime_ns() }
    }

    /// What the clock of a stream shows; of one that is unknown, as of `CLOCK_MONOTONIC`.
    #[must_use]
    pub const fn of(self, clock: StreamClock) -> i64 {
        match clock {
            StreamClock::Realtime => self.realtime_ns,
            StreamClock::Monotonic | StreamClock::Unknown => self.monotonic_ns,
        }
    }
}

const fn ns(t: Timespec) -> i64 {
    t.tv_sec.saturating_mul(NS_PER_S).saturating_add(t.tv_nsec)
}

/// Pauses up to this are waited out awake: a sleep takes longer than that.
const LONGEST_SPIN: u32 = 100_000;

/// Waits at least so many nanoseconds without giving up the processor.
pub fn spin_ns(ns: u32) {
    let end = monotonic_ns() + i64::from(ns);
    while monotonic_ns() < end {
        core::hint::spin_loop();
    }
}

/// Pauses of the host: the short ones awake, the long ones asleep.
#[derive(Clone, Copy, Debug, Default)]
pub struct HostDelay;

impl DelayNs for HostDelay {
    fn delay_ns(&mut self, ns: u32) {
        if ns <= LONGEST_SPIN {
            return spin_ns(ns);
        }
        let end = monotonic_ns() + i64::from(ns);
        while monotonic_ns() < end {
            sleep_until(end);
        }
    }
}

/// Returns at `time_ns` or, interrupted by a signal, before.
fn sleep_until(time_ns: i64) {
    let wake = Timespec { tv_sec: time_ns / NS_PER_S, tv_nsec: time_ns % NS_PER_S };
    let _ = clock_nanosleep_absolute(ClockId::Monotonic, &wake);
}

/// How the time of a simulated ADC passes, and of one that is paced by the host.
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
            sleep_until(time_ns.min(now + LONGEST_SLEEP));
        }
    }

    fn now(&mut self) -> Option<i64> {
        (!self.fast).then(monotonic_ns)
    }
}

impl Clock for HostPace {
    fn now_ns(&mut self) -> i64 {
        monotonic_ns()
    }
}
