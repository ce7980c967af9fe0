//! A simulated device, the time that it lives in, and its DRDY line.
//!
//! Must never know of sockets or of a particular chip.

use std::fmt;

use axismirror_boards::board::Board;
use axismirror_boards::drdy::Level;
use axismirror_boards::sim::device::Device;
use axismirror_boards::sim::{SimBoard, SimSettings};

use crate::falls::Falls;
use crate::protocol::{Event, Reply, Request};

/// What the device has seen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    selects: u64,
    bytes: u64,
    falls: u64,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "selects={} bytes={} falls={}", self.selects, self.bytes, self.falls)
    }
}

/// The device behind the wires.
pub(crate) struct World<'a> {
    board: SimBoard<'a>,
    chip: usize,
    /// The line as it is driven.
    level: Level,
    seen: Seen,
    falls: Falls,
}

impl<'a> World<'a> {
    /// A chip of a board that gets its power when the guest does.
    pub(crate) fn new(board: &Board, settings: SimSettings<'a>, chip: usize) -> Self {
        let board = SimBoard::new(board, settings);
        Self { board, chip, level: Level::High, seen: Seen::default(), falls: Falls::default() }
    }

    /// The host will ask for so many frames a second.
    pub(crate) fn set_rate(&mut self, rate: f64) {
        self.board.set_pace(rate);
    }

    /// What happened on the wires up to now.
    pub(crate) const fn seen(&self) -> Seen {
        self.seen
    }

    /// When that was.
    pub(crate) const fn falls(&self) -> &Falls {
        &self.falls
    }

    fn device(&mut self) -> Option<&mut (dyn Device + 'a)> {
        self.board.chips().get_mut(self.chip).map(|c| c.device())
    }

    /// Carries an event to the device, and what the device does back.
    pub(crate) fn answer(&mut self, request: Request) -> Reply {
        self.board.advance_to(request.time_ns);
        // The conversions up to now come before what happens now.
        let before = self.drdy();
        let mut miso = 0;
        match request.event {
            Event::Start | Event::Time => {}
            Event::Select => {
                self.seen.selects += 1;
                self.falls.select(request.time_ns);
                self.device().into_iter().for_each(Device::select);
            }
            Event::Deselect => self.device().into_iter().for_each(Device::deselect),
            Event::Transfer(mosi) => {
                self.seen.bytes += 1;
                miso = self.device().map_or(0xFF, |d| d.transfer(mosi));
            }
        }
        let edges = before.saturating_add(self.drdy());
        let next_ns = self.device().and_then(|d| d.next_conversion_ns());
        self.seen.falls += u64::from(edges);
        Reply { miso, edges, high: self.level == Level::High, next_ns }
    }

    /// Brings the line up to date; how often it fell. It falls by edges alone: one that the host is to miss does not happen on the
    /// wire, and the line stays high.
    fn drdy(&mut self) -> u8 {
        let mut edges = 0_u8;
        while let Some(edge) = self.device().and_then(|d| d.pop_edge()) {
            if let Some(chip) = self.board.chips().get(self.chip) {
                self.falls.data_ready(chip, edge.time_ns);
            }
            edges = edges.saturating_add(1);
            self.level = Level::Low;
        }
        if self.device().is_none_or(|d| d.level() == Level::High) {
            self.level = Level::High;
        }
        edges
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axismirror_boards::signal::Signal;
    use axismirror_boards::sim::{Fault, ScheduledFault};

    /// tCLK at 2.048 MHz, and the commands of SBAS499.
    const START: u8 = 0x08;
    const MS: i64 = 1_000_000;

    fn world(faults: &[Fault]) -> World<'static> {
        let mut settings = SimSettings::new(Signal::Counter);
        settings.drift_ppm = [0.0; _];
        for fault in faults {
            let fault = ScheduledFault { fault: *fault, chip: 0, after_frame: 1, frames: 1 };
            settings = settings.with_fault(fault).unwrap();
        }
        World::new(Board::find("pieeg8").unwrap(), settings, 0)
    }

    fn ask(world: &mut World<'_>, event: Event, time_ns: i64) -> Reply {
        world.answer(Request { event, time_ns })
    }

    /// Starts the chip 200 ms after its power-up and goes on to its first conversion.
    fn first_conversion(world: &mut World<'_>) -> i64 {
        assert_eq!(ask(world, Event::Start, 0).next_ns, None);
        ask(world, Event::Select, 200 * MS);
        let reply = ask(world, Event::Transfer(START), 200 * MS);
        assert!(reply.high && reply.edges == 0);
        ask(world, Event::Deselect, 200 * MS);
        let next = reply.next_ns.unwrap();
        let reply = ask(world, Event::Time, next);
        assert_eq!((reply.edges, reply.high), (1, false));
        // Reset value of CONFIG1 is 250 SPS.
        assert_eq!(reply.next_ns, Some(next + 4 * MS));
        next
    }

    #[test]
    fn drdy_falls_with_a_conversion_and_rises_when_it_is_read() {
        let mut world = world(&[]);
        let first = first_conversion(&mut world);
        assert!(!ask(&mut world, Event::Select, first + MS).high);
        let reply = ask(&mut world, Event::Transfer(0), first + MS);
        assert_eq!((reply.miso, reply.high), (0xC0, true));
    }

    #[test]
    fn conversions_that_nobody_read_are_edges_too() {
        let mut world = world(&[]);
        let first = first_conversion(&mut world);
        let reply = ask(&mut world, Event::Select, first + 13 * MS);
        assert_eq!((reply.edges, reply.high), (3, false));
    }

    #[test]
    fn a_missed_edge_is_no_edge_on_the_wire() {
        let mut world = world(&[Fault::MissedEdge]);
        let first = first_conversion(&mut world);
        ask(&mut world, Event::Select, first + MS);
        ask(&mut world, Event::Transfer(0), first + MS);
        let reply = ask(&mut world, Event::Time, first + 4 * MS);
        assert_eq!((reply.edges, reply.high), (0, true));
        let reply = ask(&mut world, Event::Time, first + 8 * MS);
        assert_eq!((reply.edges, reply.high), (1, false));
    }
}
