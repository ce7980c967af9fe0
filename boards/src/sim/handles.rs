//! The host's ends of the simulated wires: SPI, delay and DRDY over one shared cell.
//!
//! The cell is borrowed within a call only, never while the host waits.

use core::cell::RefCell;
use core::convert::Infallible;

use embedded_hal::delay::DelayNs;
use embedded_hal::spi::{self, ErrorKind, ErrorType, Operation, SpiDevice};

use super::SimBoard;
use crate::board::Pacing;
use crate::drdy::{Clock, ClockPaced, DataReady, Edge, Level, Pace, Wait};

/// A host that is so late was stopped, and the world was not.
const STOPPED_NS: i64 = 3_000_000_000;

/// A transfer that failed because it was told to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[error("the simulated SPI bus failed")]
pub struct SimBusError;

impl spi::Error for SimBusError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

/// SPI bus and chip-select of one chip.
#[derive(Clone, Copy, Debug)]
pub struct SimSpi<'s, 'a> {
    world: &'s RefCell<SimBoard<'a>>,
    chip: usize,
}

impl<'s, 'a> SimSpi<'s, 'a> {
    /// The select of a chip by its place on the board. Where there is none, MISO floats high.
    #[must_use]
    pub const fn new(world: &'s RefCell<SimBoard<'a>>, chip: usize) -> Self {
        Self { world, chip }
    }
}

impl SimBoard<'_> {
    fn byte(&mut self, chip: usize, mosi: u8) -> u8 {
        // Each chip would work out anew whether a conversion is over; a bus that takes no time is the usual one.
        if self.byte_ns > 0 {
            self.advance_by(self.byte_ns.into());
        }
        self.device(chip).filter(|d| !d.is_unplugged()).map_or(0xFF, |d| d.transfer(mosi))
    }
}

impl ErrorType for SimSpi<'_, '_> {
    type Error = SimBusError;
}

impl SpiDevice for SimSpi<'_, '_> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), SimBusError> {
        let mut world = self.world.borrow_mut();
        let chip = self.chip;
        if world.device(chip).is_some_and(|d| d.bus_fails()) {
            return Err(SimBusError);
        }
        if let Some(device) = world.device(chip) {
            device.select();
        }
        for operation in operations {
            match operation {
                Operation::Read(into) => into.iter_mut().for_each(|b| *b = world.byte(chip, 0)),
                Operation::Write(from) => from.iter().for_each(|b| {
                    world.byte(chip, *b);
                }),
                Operation::Transfer(into, from) => {
                    for i in 0..into.len().max(from.len()) {
                        let miso = world.byte(chip, from.get(i).copied().unwrap_or(0));
                        if let Some(byte) = into.get_mut(i) {
                            *byte = miso;
                        }
                    }
                }
                Operation::TransferInPlace(bytes) => bytes.iter_mut().for_each(|b| *b = world.byte(chip, *b)),
                Operation::DelayNs(ns) => world.advance_by(u64::from(*ns)),
            }
        }
        if let Some(device) = world.device(chip) {
            device.deselect();
        }
        Ok(())
    }
}

/// Lets virtual time pass at once.
#[derive(Clone, Copy, Debug)]
pub struct SimDelay<'s, 'a> {
    world: &'s RefCell<SimBoard<'a>>,
}

impl<'s, 'a> SimDelay<'s, 'a> {
    /// Over the board's time.
    #[must_use]
    pub const fn new(world: &'s RefCell<SimBoard<'a>>) -> Self {
        Self { world }
    }
}

impl DelayNs for SimDelay<'_, '_> {
    fn delay_ns(&mut self, ns: u32) {
        self.world.borrow_mut().advance_by(ns.into());
    }
}

/// The host's clock over the board's time, held back by a [`Pace`].
#[derive(Clone, Debug)]
pub struct SimClock<'s, 'a, P> {
    world: &'s RefCell<SimBoard<'a>>,
    origin_ns: i64,
    pace: P,
}

impl<P: Pace> Pace for SimClock<'_, '_, P> {
    fn until(&mut self, time_ns: i64) -> bool {
        let reached = self.pace.until(time_ns);
        if reached {
            self.world.borrow_mut().advance_to(time_ns.saturating_sub(self.origin_ns));
        }
        reached
    }
}

impl<P: Pace> SimClock<'_, '_, P> {
    /// The host's time of a time of the simulation.
    fn host_ns(&self, virtual_ns: i64) -> i64 {
        self.origin_ns.saturating_add(virtual_ns)
    }

    /// Lets the world go on to the host's time when it is behind by more than `late_ns`.
    fn catch_up(&mut self, late_ns: i64) {
        let Some(now) = self.pace.now() else { return };
        let mut world = self.world.borrow_mut();
        let now = now.saturating_sub(self.origin_ns);
        if now.saturating_sub(world.now_ns()) > late_ns {
            world.advance_to(now);
        }
    }
}

impl<P: Pace> Clock for SimClock<'_, '_, P> {
    fn now_ns(&mut self) -> i64 {
        self.host_ns(self.world.borrow().now_ns())
    }
}

/// What tells that a frame of one chip is due: its DRDY line, or the host's clock where the board has none.
#[derive(Clone, Debug)]
pub struct SimDrdy<'s, 'a, P>(Source<'s, 'a, P>);

#[derive(Clone, Debug)]
enum Source<'s, 'a, P> {
    Line(Line<'s, 'a, P>),
    Clock(ClockPaced<SimClock<'s, 'a, P>>),
}

#[derive(Clone, Debug)]
struct Line<'s, 'a, P> {
    clock: SimClock<'s, 'a, P>,
    chip: usize,
}

impl<'s, 'a, P: Pace> SimDrdy<'s, 'a, P> {
    /// For a chip. Time 0 of the simulation is `origin_ns` of the clock that `pace` waits on.
    pub fn new(world: &'s RefCell<SimBoard<'a>>, chip: usize, origin_ns: i64, pace: P) -> Self {
        let (pacing, rate) = (world.borrow().pacing, world.borrow().pace);
        let clock = SimClock { world, origin_ns, pace };
        Self(match pacing {
            Pacing::DataReady => Source::Line(Line { clock, chip }),
            Pacing::Clock => Source::Clock(ClockPaced::new(clock, rate)),
        })
    }

    fn clock(&mut self) -> &mut SimClock<'s, 'a, P> {
        match &mut self.0 {
            Source::Line(line) => &mut line.clock,
            Source::Clock(paced) => paced.clock_mut(),
        }
    }
}

impl<P: Pace> DataReady for SimDrdy<'_, '_, P> {
    type Error = Infallible;

    fn wait(&mut self, timeout_ns: i64) -> Result<Wait, Infallible> {
        self.clock().catch_up(STOPPED_NS);
        match &mut self.0 {
            Source::Line(line) => line.wait(timeout_ns),
            Source::Clock(clock) => clock.wait(timeout_ns),
        }
    }

    fn level(&mut self) -> Result<Option<Level>, Infallible> {
        match &mut self.0 {
            Source::Line(line) => line.level(),
            Source::Clock(clock) => clock.level(),
        }
    }

    fn now_ns(&mut self) -> Option<i64> {
        match &self.0 {
            Source::Line(line) => Some(line.clock.host_ns(line.clock.world.borrow().now_ns())),
            Source::Clock(_) => None,
        }
    }

    fn resume(&mut self) {
        self.clock().catch_up(0);
    }
}

impl<P: Pace> Line<'_, '_, P> {
    fn pop(&self) -> Option<Edge> {
        self.clock.world.borrow_mut().device(self.chip)?.pop_edge()
    }

    fn wait(&mut self, timeout_ns: i64) -> Result<Wait, Infallible> {
        let world = self.clock.world;
        let deadline = world.borrow().now_ns().saturating_add(timeout_ns.max(0));
        loop {
            if let Some(edge) = self.pop() {
                let time_ns = self.clock.host_ns(edge.time_ns);
                let reached = timeout_ns <= 0 || self.clock.pace.until(time_ns);
                return Ok(if reached { Wait::Edge(Edge { time_ns, ..edge }) } else { Wait::Stopped });
            }
            let now = world.borrow().now_ns();
            if now >= deadline {
                return Ok(Wait::Timeout);
            }
            let next = world.borrow_mut().device(self.chip).and_then(|d| d.next_conversion_ns());
            // Past conversions are in the queue already; at least a nanosecond passes, so that this ends.
            let target = next.map_or(deadline, |n| n.clamp(now + 1, deadline));
            let host_ns = self.clock.host_ns(target);
            if !self.clock.pace.until(host_ns) {
                return Ok(Wait::Stopped);
            }
            world.borrow_mut().advance_to(target);
        }
    }

    fn level(&mut self) -> Result<Option<Level>, Infallible> {
        Ok(self.clock.world.borrow_mut().device(self.chip).map(|d| d.level()))
    }
}
