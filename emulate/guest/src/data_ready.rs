//! When a frame is due: edges of a GPIO line with the kernel's timestamps, or ticks of the clock.
//!
//! Must never know what is read then.

use std::collections::VecDeque;
use std::fmt::{self, Display};
use std::time::Duration;

use axismirror_boards::drdy::{Clock, ClockPaced, DataReady, Edge, Level, Pace, Wait};
use gpiocdev::line::{EdgeDetection, Value};
use gpiocdev::{Request, chip};
use rustix::thread::{ClockId, clock_nanosleep_absolute};
use rustix::time::{Timespec, clock_gettime};

/// CLOCK_MONOTONIC, which the kernel stamps edges with.
pub(crate) struct Monotonic;

impl Monotonic {
    /// Nanoseconds since boot.
    pub(crate) fn ns(&self) -> i64 {
        let now = clock_gettime(rustix::time::ClockId::Monotonic);
        now.tv_sec * 1_000_000_000 + now.tv_nsec
    }
}

impl Pace for Monotonic {
    fn until(&mut self, time_ns: i64) -> bool {
        let time = Timespec { tv_sec: time_ns / 1_000_000_000, tv_nsec: time_ns % 1_000_000_000 };
        clock_nanosleep_absolute(ClockId::Monotonic, &time).is_ok()
    }
}

impl Clock for Monotonic {
    fn now_ns(&mut self) -> i64 {
        self.ns()
    }
}

/// Edges that were seen.
#[derive(Default)]
pub(crate) struct Seen {
    edges: u64,
    seqno_gaps: u64,
    last: Option<u32>,
}

impl Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "edges={} seqno_gaps={}", self.edges, self.seqno_gaps)
    }
}

/// A DRDY line.
pub(crate) struct Line {
    request: Request,
    offset: u32,
    waiting: VecDeque<Edge>,
    seen: Seen,
}

impl Line {
    /// Watches a line for falling edges. The chip is found by its label: numbers change from boot to boot.
    pub(crate) fn request(label: &str, offset: u32) -> Result<Self, Box<dyn std::error::Error>> {
        for path in chip::chips()? {
            if chip::Chip::from_path(&path)?.info()?.label == label {
                let request = Request::builder()
                    .on_chip(&path)
                    .with_consumer("axismirror-drdy")
                    .with_line(offset)
                    .as_input()
                    .with_edge_detection(EdgeDetection::FallingEdge)
                    .request()?;
                return Ok(Self { request, offset, waiting: VecDeque::new(), seen: Seen::default() });
            }
        }
        Err(format!("no GPIO chip has the label {label:?}").into())
    }

    /// Takes all that the kernel has. (`Request::read_edge_event` of gpiocdev 0.8.0 reads several and returns one.)
    fn take(&mut self) -> Result<(), gpiocdev::Error> {
        let mut buffer = self.request.new_edge_event_buffer(16);
        while self.request.has_edge_event()? || !buffer.is_empty() {
            let event = buffer.read_event()?;
            self.seen.edges += 1;
            self.seen.seqno_gaps += u64::from(self.seen.last.is_some_and(|last| event.line_seqno != last + 1));
            self.seen.last = Some(event.line_seqno);
            let time_ns = i64::try_from(event.timestamp_ns).unwrap_or(i64::MAX);
            self.waiting.push_back(Edge { time_ns, seqno: Some(event.line_seqno) });
        }
        Ok(())
    }
}

impl DataReady for Line {
    type Error = gpiocdev::Error;

    fn wait(&mut self, timeout_ns: i64) -> Result<Wait, Self::Error> {
        self.take()?;
        if self.waiting.is_empty()
            && timeout_ns > 0
            && self.request.wait_edge_event(Duration::from_nanos(timeout_ns.unsigned_abs()))?
        {
            self.take()?;
        }
        Ok(self.waiting.pop_front().map_or(Wait::Timeout, Wait::Edge))
    }

    fn level(&mut self) -> Result<Option<Level>, Self::Error> {
        let high = self.request.value(self.offset)? == Value::Active;
        Ok(Some(if high { Level::High } else { Level::Low }))
    }
}

/// What paces.
pub(crate) enum Source {
    /// A DRDY line.
    Line(Line),
    /// The clock, where the emulated board has no GPIO inputs.
    Clock(ClockPaced<Monotonic>),
}

impl Source {
    /// Edges that were seen.
    pub(crate) fn seen(&self) -> String {
        match self {
            Self::Line(line) => line.seen.to_string(),
            Self::Clock(_) => Seen::default().to_string(),
        }
    }
}

impl DataReady for Source {
    type Error = gpiocdev::Error;

    fn wait(&mut self, timeout_ns: i64) -> Result<Wait, Self::Error> {
        match self {
            Self::Line(line) => line.wait(timeout_ns),
            Self::Clock(clock) => clock.wait(timeout_ns).map_err(|never| match never {}),
        }
    }

    fn level(&mut self) -> Result<Option<Level>, Self::Error> {
        match self {
            Self::Line(line) => line.level(),
            Self::Clock(clock) => clock.level().map_err(|never| match never {}),
        }
    }
}
