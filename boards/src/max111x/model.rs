//! A simulated MAX1110 or MAX1111: the chip's side of the SPI bus, clock by clock (19-1194).
//!
//! Waits for the start bit behind any number of zeros, takes its sample when the control byte is over, and sends two zeros, the
//! result and zeros. Before that nobody drives the line, which is pulled up here. The next start bit is heard when chip-select
//! was high in between. Must never know of the driver; it shares no code with it but [`super::frame`].

use super::{Part, frame, volts_per_code};
use crate::signal::{Scale, Signal};
use crate::sim::asked::Asked;
use crate::sim::device::Device;
use crate::sim::fault::{self, Fault, Faults};

/// Where in a conversion the chip is.
#[derive(Clone, Copy, Debug)]
enum State {
    /// No start bit since chip-select fell.
    Idle,
    /// So many bits of the control byte are in.
    Control { bits: u32, byte: u8 },
    /// 16 bits behind the control byte, of which the highest is the next to go.
    Sending { word: u16 },
}

/// A simulated MAX1110 or MAX1111.
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

    fn sample(&mut self, control: u8) -> u16 {
        let Some((pair, bipolar)) = frame::asked(self.part, control) else { return 0 };
        if pair.positive == 0 {
            self.asked.begin();
        }
        self.conversions += 1;
        let (min, max) = if bipolar { (-128, 127) } else { (0, 255) };
        let scale = Scale { volts_per_code: volts_per_code(self.vref), min, max };
        let (index, time_s) = (self.asked.frame(), self.asked.time_s());
        let at = |pin: u8| self.first_channel + usize::from(pin);
        let code = match pair.negative.and_then(|pin| self.signal.volts(at(pin), index, time_s)) {
            Some(below) => scale.code(self.signal.volts(at(pair.positive), index, time_s).unwrap_or_default() - below),
            None => self.signal.code(at(pair.positive), index, time_s, scale),
        };
        let (zero, data) = fault::flipped(&self.faults, index);
        let data = data.map_or(0, |bit| 0x2000 >> (bit % 8));
        let zero = zero.map_or(0, |bit| 0x8000 >> (bit % 2));
        frame::encode(code) ^ data ^ zero
    }

    /// One clock: DOUT as it is while the host's bit is taken in.
    fn clock(&mut self, mosi: bool) -> bool {
        let (state, out) = match self.state {
            State::Idle if mosi => (State::Control { bits: 1, byte: 1 }, true),
            State::Idle => (State::Idle, true),
            State::Control { bits, byte } => {
                let (bits, byte) = (bits + 1, byte << 1 | u8::from(mosi));
                let over = bits == u8::BITS;
                let state =
                    if over { State::Sending { word: self.sample(byte) } } else { State::Control { bits, byte } };
                (state, true)
            }
            State::Sending { word } => (State::Sending { word: word << 1 }, word & 0x8000 != 0),
        };
        self.state = state;
        out
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
