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
}

impl<T: DataReady + ?Sized> DataReady for &mut T {
    type Error = T::Error;

    fn wait(&mut self, timeout_ns: i64) -> Result<Wait, T::Error> {
        (**self).wait(timeout_ns)
    }

    fn level(&mut self) -> Result<Option<Level>, T::Error> {
        (**self).level()
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
/// Ticks that went by while the host was busy are skipped, and show as a jump of `seqno`: nobody converted then.
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

    fn time_of(&self, tick: u64) -> i64 {
        self.start_ns.saturating_add((tick as f64 * 1e9 / self.rate) as i64)
    }
}

impl<C: Clock> DataReady for ClockPaced<C> {
    type Error = Infallible;

    fn wait(&mut self, timeout_ns: i64) -> Result<Wait, Infallible> {
        let now = self.clock.now_ns();
        let passed = (now.saturating_sub(self.start_ns) as f64 * self.rate / 1e9) as u64;
        self.tick = self.tick.max(passed);
        let due = self.time_of(self.tick);
        let deadline = now.saturating_add(timeout_ns.max(0));
        if due > deadline {
            let stopped = timeout_ns > 0 && !self.clock.until(deadline);
            return Ok(if stopped { Wait::Stopped } else { Wait::Timeout });
        }
        if due > now && !self.clock.until(due) {
            return Ok(Wait::Stopped);
        }
        let seqno = Some(self.tick as u32);
        self.tick += 1;
        Ok(Wait::Edge(Edge { time_ns: due, seqno }))
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
}
