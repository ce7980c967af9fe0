//! A simulated MCP3008 or MCP3208: the chip's side of the SPI bus, clock by clock (DS21295 and DS21298, section 5).
//!
//! Waits for the start bit behind any number of zeros, takes its sample when the select bits are over, and sends what
//! [`frame::bit`] says, for as long as the host clocks. Before the result nobody drives the line, which is pulled up here. Must
//! never know of the driver; it shares no code with it but [`super::frame`].

use super::{Part, frame};
use crate::signal::{Scale, Signal};
use crate::sim::asked::Asked;
use crate::sim::device::Device;
use crate::sim::fault::{self, Fault, Faults};

/// Bits of the select: single-ended or differential, D2 to D0.
const SELECT_BITS: u32 = 4;

/// Where in a conversion the chip is.
#[derive(Clone, Copy, Debug)]
enum State {
    /// No start bit since chip-select fell.
    Idle,
    /// So many bits of the select are in.
    Selecting { bits: u32, select: u8 },
    /// The sample is taken; clocks since the start bit.
    Sending { code: u16, clock: u32 },
}

/// A simulated MCP3008 or MCP3208.
#[derive(Clone, Debug)]
pub struct Model<'a> {
    part: Part,
    vref: f64,
    signal: Signal<'a>,
    first_channel: usize,
    faults: Faults,
    asked: Asked,
    state: State,
    conversions: u64,
}

impl<'a> Model<'a> {
    /// A chip at a reference in volts that measures the channels of `signal` from `first_channel` on.
    #[must_use]
    pub fn new(part: Part, vref: f64, signal: Signal<'a>, first_channel: usize, faults: Faults) -> Self {
        let (asked, state) = (Asked::default(), State::Idle);
        Self { part, vref, signal, first_channel, faults, asked, state, conversions: 0 }
    }

    /// Conversions that it was asked for.
    #[must_use]
    pub const fn conversions(&self) -> u64 {
        self.conversions
    }

    fn sample(&mut self, select: u8) -> u16 {
        let pair = frame::pair(select);
        if pair.positive == 0 {
            self.asked.begin();
        }
        self.conversions += 1;
        let scale = Scale { volts_per_code: self.part.volts_per_code(self.vref), min: 0, max: self.part.code_max() };
        let (index, time_s) = (self.asked.frame(), self.asked.time_s());
        let at = |pin: u8| self.first_channel + usize::from(pin);
        let code = match pair.negative.and_then(|pin| self.signal.volts(at(pin), index, time_s)) {
            // A pseudo-differential input does not go below zero.
            Some(below) => scale.code(self.signal.volts(at(pair.positive), index, time_s).unwrap_or_default() - below),
            None => self.signal.code(at(pair.positive), index, time_s, scale),
        };
        let (_, flipped) = fault::flipped(&self.faults, index);
        let flipped = flipped.map_or(0, |bit| 1 << (self.part.bits() - 1 - bit % self.part.bits()));
        u16::try_from(code).unwrap_or_default() ^ flipped
    }

    /// One clock: DOUT as it is while the host's bit is taken in.
    fn clock(&mut self, mosi: bool) -> bool {
        let (state, out) = match self.state {
            State::Idle if mosi => (State::Selecting { bits: 0, select: 0 }, None),
            State::Idle => (State::Idle, None),
            State::Selecting { bits, select } => {
                let select = select << 1 | u8::from(mosi);
                if bits + 1 < SELECT_BITS {
                    (State::Selecting { bits: bits + 1, select }, None)
                } else {
                    (State::Sending { code: self.sample(select), clock: SELECT_BITS }, None)
                }
            }
            State::Sending { code, clock } => {
                let clock = clock.saturating_add(1);
                (State::Sending { code, clock }, frame::bit(self.part, code, clock).map(|bit| (bit, clock)))
            }
        };
        self.state = state;
        match out {
            Some((bit, clock)) => bit ^ (clock == SELECT_BITS + 2 && self.null_bit_is_wrong()),
            None => true,
        }
    }

    fn null_bit_is_wrong(&self) -> bool {
        fault::flipped(&self.faults, self.asked.frame()).0.is_some()
    }
}

impl Device for Model<'_> {
    fn set_pace(&mut self, rate: f64) {
        self.asked.set_pace(rate);
    }

    fn advance_to(&mut self, time_ns: i64) {
        self.asked.advance_to(time_ns);
    }

    fn select(&mut self) {
        self.state = State::Idle;
    }

    fn transfer(&mut self, mosi: u8) -> u8 {
        let miso = (0..8).rev().fold(0, |miso, bit| miso << 1 | u8::from(self.clock(mosi >> bit & 1 == 1)));
        fault::on_miso(&self.faults, self.asked.frame_now(), miso)
    }

    fn deselect(&mut self) {
        self.state = State::Idle;
    }

    fn bus_fails(&self) -> bool {
        fault::has(&self.faults, self.asked.frame_now(), Fault::BusError)
    }

    fn is_unplugged(&self) -> bool {
        fault::has(&self.faults, self.asked.frame_now(), Fault::Unplugged)
    }

    fn lose_power(&mut self) {
        self.state = State::Idle;
    }
}
