//! When a frame is due: a data-ready line that falls, or a clock where the chip has no such line.
//!
//! Knows of times and edges only. Must never know of chips, and never decide what a late edge means.

use core::convert::Infallible;

/// One falling edge of a DRDY line, or one tick of a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Edge {
    /// When it fell, in nanoseconds of the host's clock. From the interrupt, not from when it was read.
    pub time_ns: i64,
    /// The line's count of edges (`line_seqno` of the Linux GPIO uAPI v2). A jump means that edges were dropped.
    pub seqno: Option<u32>,
}

/// How waiting for an edge ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Wait {
    /// With an edge, the oldest that was not handed out yet.
    Edge(Edge),
    /// Without one.
    Timeout,
    /// Somebody asked to stop.
    Stopped,
}

/// Level of a DRDY line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Level {
    /// Active: a frame is ready and nobody has read it.
    Low,
    /// No new frame since the last one was read.
    High,
}

/// A source of edges.
pub trait DataReady {
    /// What can go wrong with the line.
    type Error: core::fmt::Debug;

    /// Waits at most `timeout_ns` nanoseconds for the next edge. With 0 it only looks whether there is one.
    ///
    /// # Errors
    /// When the line cannot be watched any more.
    fn wait(&mut self, timeout_ns: i64) -> Result<Wait, Self::Error>;

    /// The line's level now. `None` when there is no line.
    ///
    /// # Errors
    /// When the line cannot be read.
    fn level(&mut self) -> Result<Option<Level>, Self::Error>;

    /// The time now, on the clock of [`Edge::time_ns`]. `None` where nobody can tell.
    fn now_ns(&mut self) -> Option<i64> {
        None
    }
}

impl<T: DataReady + ?Sized> DataReady for &mut T {
    type Error = T::Error;

    fn wait(&mut self, timeout_ns: i64) -> Result<Wait, T::Error> {
        (**self).wait(timeout_ns)
    }

    fn level(&mut self) -> Result<Option<Level>, T::Error> {
        (**self).level()
    }

    fn now_ns(&mut self) -> Option<i64> {
        (**self).now_ns()
    }
}

/// Lets time pass on the host.
pub trait Pace {
    /// Returns `true` when the host's clock has reached `time_ns` (at once when it is past), `false` when somebody
    /// asked to stop before.
    fn until(&mut self, time_ns: i64) -> bool;
}

/// No pacing: a simulation as fast as it can.
#[derive(Clone, Copy, Debug, Default)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NoPace;

impl Pace for NoPace {
    fn until(&mut self, _time_ns: i64) -> bool {
        true
    }
}

impl<T: Pace + ?Sized> Pace for &mut T {
    fn until(&mut self, time_ns: i64) -> bool {
        (**self).until(time_ns)
    }
}

/// The host's clock.
pub trait Clock: Pace {
    /// Nanoseconds of the clock that [`Pace::until`] waits on.
    fn now_ns(&mut self) -> i64;
}

/// Ticks of the host's clock, for chips that convert when they are asked (MCP320x).
///
/// Ticks that went by while the host was busy are skipped, and show as a jump of `seqno`: nobody converted then. A tick is kept
/// when the host is late by half a period at most, so that a conversion is never further from its time.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ClockPaced<C> {
    clock: C,
    start_ns: i64,
    rate: f64,
    tick: u64,
}

impl<C: Clock> ClockPaced<C> {
    /// Ticks from now on, `rate` of them in a second. A rate that is not a positive number ticks once in a second.
    pub fn new(mut clock: C, rate: f64) -> Self {
        let start_ns = clock.now_ns();
        let rate = if rate.is_finite() && rate > 0.0 { rate } else { 1.0 };
        Self { clock, start_ns, rate, tick: 0 }
    }

    /// The first tick that is not more than half a period ago.
    fn nearest(&self, now_ns: i64) -> u64 {
        let ticks = now_ns.saturating_sub(self.start_ns) as f64 * self.rate / 1e9;
        // `as` makes 0 of what is negative.
        libm::ceil(ticks - 0.5) as u64
    }

    fn time_of(&self, tick: u64) -> i64 {
        self.start_ns.saturating_add((tick as f64 * 1e9 / self.rate) as i64)
    }
}

impl<C: Clock> DataReady for ClockPaced<C> {
    type Error = Infallible;

    fn wait(&mut self, timeout_ns: i64) -> Result<Wait, Infallible> {
        let mut now = self.clock.now_ns();
        let deadline = now.saturating_add(timeout_ns.max(0));
        loop {
            self.tick = self.tick.max(self.nearest(now));
            let due = self.time_of(self.tick);
            if due > deadline {
                let stopped = timeout_ns > 0 && !self.clock.until(deadline);
                return Ok(if stopped { Wait::Stopped } else { Wait::Timeout });
            }
            if due > now && !self.clock.until(due) {
                return Ok(Wait::Stopped);
            }
            // The host may have slept far longer than it was told to.
            now = self.clock.now_ns();
            if self.nearest(now) <= self.tick {
                let seqno = Some(self.tick as u32);
                self.tick += 1;
                return Ok(Wait::Edge(Edge { time_ns: due, seqno }));
            }
        }
    }

    fn level(&mut self) -> Result<Option<Level>, Infallible> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Virtual(i64);

    impl Pace for Virtual {
        fn until(&mut self, time_ns: i64) -> bool {
            self.0 = self.0.max(time_ns);
            true
        }
    }

    impl Clock for Virtual {
        fn now_ns(&mut self) -> i64 {
            self.0
        }
    }

    const MS: i64 = 1_000_000;

    #[test]
    fn a_clock_ticks_at_its_rate_and_skips_what_it_was_late_for() {
        let mut ticks = ClockPaced::new(Virtual(7), 1000.0);
        let edge = |tick: i64| Ok(Wait::Edge(Edge { time_ns: 7 + tick * MS, seqno: Some(tick as u32) }));
        assert_eq!(ticks.wait(2 * MS), edge(0));
        assert_eq!(ticks.wait(2 * MS), edge(1));
        assert_eq!(ticks.wait(0), Ok(Wait::Timeout));
        assert_eq!(ticks.wait(MS / 2), Ok(Wait::Timeout));
        assert_eq!(ticks.wait(MS), edge(2));
        ticks.clock.0 += 3 * MS + MS / 2;
        assert_eq!(ticks.wait(0), edge(5));
        assert_eq!(ticks.wait(0), Ok(Wait::Timeout));
        assert_eq!(ticks.wait(MS), edge(6));
    }

    /// Sleeps too long, once.
    struct Oversleeps(i64, i64);

    impl Pace for Oversleeps {
        fn until(&mut self, time_ns: i64) -> bool {
            self.0 = self.0.max(time_ns) + core::mem::take(&mut self.1);
            true
        }
    }

    impl Clock for Oversleeps {
        fn now_ns(&mut self) -> i64 {
            self.0
        }
    }

    #[test]
    fn no_tick_is_kept_that_is_more_than_half_a_period_ago() {
        let edge = |tick: i64| Ok(Wait::Edge(Edge { time_ns: tick * MS, seqno: Some(tick as u32) }));
        // Asleep for tick 1 until 10.4 and 10.6 periods: the nearest is kept, or waited for.
        for (late, tick) in [(MS / 4, 1), (9 * MS + MS * 4 / 10, 10), (9 * MS + MS * 6 / 10, 11)] {
            let mut ticks = ClockPaced::new(Oversleeps(0, 0), 1000.0);
            assert_eq!(ticks.wait(20 * MS), edge(0));
            ticks.clock.1 = late;
            assert_eq!(ticks.wait(20 * MS), edge(tick));
            assert!((ticks.clock.0 - tick * MS).abs() <= MS / 2);
            assert_eq!(ticks.wait(20 * MS), edge(tick + 1));
        }
        // What lies behind the deadline is not waited for.
        let mut ticks = ClockPaced::new(Oversleeps(0, 0), 1000.0);
        assert_eq!(ticks.wait(MS), edge(0));
        ticks.clock.1 = 3 * MS + MS * 6 / 10;
        assert_eq!(ticks.wait(2 * MS), Ok(Wait::Timeout));
        assert_eq!(ticks.wait(2 * MS), edge(5));
    }
}
