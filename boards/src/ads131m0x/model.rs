//! A simulated ADS131M04 or ADS131M08: the chip's side of SPI and DRDY, frame by frame (SBAS950).
//!
//! Answers in the frame behind a command, keeps two unread samples, checks what it gets when it was told to, and puts a checksum
//! on everything it sends. It has a clock of its own, which may drift. Must never know of the driver; it shares no code
//! with it but [`super::frame`], [`super::registers`] and the table of commands.

mod protocol;

use heapless::{Deque, Vec};

use super::frame::{self, CODE_MAX, CODE_MIN};
use super::registers::{Clock, Gain, Mode, Mux, Oversampling, address};
use super::{CLOCK_HZ, MAX_CHANNELS, Part, TEST_VOLTS, VREF};
use crate::drdy::{Edge, Level};
use crate::signal::{Scale, Signal};
use crate::sim::clock::ChipClock;
use crate::sim::device::Device;
use crate::sim::edges::EdgeQueue;
use crate::sim::fault::{self, Fault, Faults};

/// Registers of the map, reserved ones included.
const REGISTERS: usize = 64;
/// Bytes that a frame can have in either direction: 128 registers at once are more than there are.
const MAX_FRAME: usize = (REGISTERS + 3) * frame::WORD_BYTES;
/// Samples that the chip keeps until they are read.
const FIFO: usize = 2;
/// Conversions until the sinc3 filter has settled (SBAS950, section 8.3.7.1). The chip's fast-settling filter, which has first
/// results earlier, is not simulated.
const SETTLING: u64 = 3;
/// tCLK from power-up until it listens: 250 us.
const POWER_UP_CLOCKS: u64 = 2048;
/// tCLK that a reset takes: 5 us.
const RESET_CLOCKS: u64 = 41;

/// A conversion that waits to be read.
#[derive(Clone, Copy, Debug, Default)]
struct Conversion {
    /// Index from the first one on, by the chip's clock.
    index: u64,
    /// tCLK since power-up.
    clocks: u64,
}

/// Where the count of conversions began, and at which rate.
#[derive(Clone, Copy, Debug)]
struct Origin {
    clocks: u64,
    rate: Oversampling,
}

/// A simulated ADS131M04 or ADS131M08.
#[derive(Clone, Debug)]
pub struct Model<'a> {
    part: Part,
    clock: ChipClock,
    now_ns: i64,
    registers: [u16; REGISTERS],
    deaf_until: u64,
    standby: bool,
    locked: bool,
    input_crc_error: bool,
    next: Option<u64>,
    origin: Option<Origin>,
    fifo: Deque<Conversion, FIFO>,
    latest: Option<Conversion>,
    overwritten: u64,
    selected: bool,
    edges: EdgeQueue,
    /// What the next frame begins with.
    response: Response,
    sent: Vec<u8, MAX_FRAME>,
    position: usize,
    received: Vec<u8, MAX_FRAME>,
    signal: Signal<'a>,
    first_channel: usize,
    faults: Faults,
}

/// The answer to a command.
#[derive(Clone, Copy, Debug)]
enum Response {
    /// STATUS as it is when the frame begins.
    Status,
    /// One word.
    Word(u16),
    /// Several registers, instead of samples.
    Registers { address: u8, count: u8 },
}

impl<'a> Model<'a> {
    /// A chip that gets its power now (at time 0), whose clock is `drift_ppm` parts in a million too fast. It measures the
    /// channels of `signal` from `first_channel` on.
    #[must_use]
    pub fn new(part: Part, signal: Signal<'a>, first_channel: usize, drift_ppm: f64, faults: Faults) -> Self {
        let mut model = Self {
            part,
            clock: ChipClock::new(CLOCK_HZ, drift_ppm),
            now_ns: 0,
            registers: [0; REGISTERS],
            deaf_until: POWER_UP_CLOCKS,
            standby: false,
            locked: false,
            input_crc_error: false,
            next: None,
            origin: None,
            fifo: Deque::new(),
            latest: None,
            overwritten: 0,
            selected: false,
            edges: EdgeQueue::default(),
            response: Response::Word(part.reset_done()),
            sent: Vec::new(),
            position: 0,
            received: Vec::new(),
            signal,
            first_channel,
            faults,
        };
        model.reset_registers();
        model.restart_filter(POWER_UP_CLOCKS);
        model
    }

    /// A register as the chip holds it.
    #[must_use]
    pub fn register(&self, at: u8) -> Option<u16> {
        self.registers.get(usize::from(at)).copied()
    }

    /// Index of the latest conversion, counted from the first one by the chip's clock.
    #[must_use]
    pub fn conversion(&self) -> Option<u64> {
        self.latest.map(|c| c.index)
    }

    /// Conversions that were overwritten before anybody read them.
    #[must_use]
    pub const fn overwritten(&self) -> u64 {
        self.overwritten
    }

    fn at(&self, at: u8) -> u16 {
        self.register(at).unwrap_or_default()
    }

    fn set(&mut self, at: u8, value: u16) {
        if let Some(register) = self.registers.get_mut(usize::from(at)) {
            *register = value;
        }
    }

    fn clocks(&self) -> u64 {
        self.clock.clocks(self.now_ns)
    }

    fn clock_register(&self) -> Clock {
        Clock::from_bits(self.at(address::CLOCK))
    }

    fn has(&self, fault: Fault, frame: u64) -> bool {
        fault::has(&self.faults, frame, fault)
    }

    /// The frame that the clock has come to, which faults are planned by.
    fn frame_now(&self) -> u64 {
        match self.origin {
            Some(o) => self.clocks().saturating_sub(o.clocks) / u64::from(o.rate.clocks()),
            None => 0,
        }
    }

    fn reset_registers(&mut self) {
        self.registers = [0; REGISTERS];
        let channels = self.part.channels();
        self.set(address::ID, u16::from(self.part.id()) << 8);
        self.set(address::MODE, Mode::RESET);
        self.set(address::CLOCK, ((1 << channels) - 1) << 8 | 0x0E);
        self.set(address::CFG, 0x0600);
    }

    /// The digital filter begins anew at a tCLK.
    fn restart_filter(&mut self, from: u64) {
        let period = u64::from(self.clock_register().oversampling.clocks());
        let on = !self.standby && self.clock_register().enabled != 0;
        self.next = on.then_some(from + SETTLING * period);
        self.fifo.clear();
    }

    fn convert(&mut self, clocks: u64) {
        let rate = self.clock_register().oversampling;
        let origin = match self.origin {
            Some(origin) if origin.rate == rate => origin,
            _ => Origin { clocks, rate },
        };
        self.origin = Some(origin);
        let period = u64::from(rate.clocks());
        // To the nearest: after a restart the conversions lie between those of before.
        let index = (clocks.saturating_sub(origin.clocks) + period / 2) / period;
        let conversion = Conversion { index, clocks };
        // DRDY is low already while a read is under way, and has no pulse then.
        let blocked = self.selected && !self.fifo.is_empty();
        if self.fifo.is_full() {
            self.fifo.pop_front();
            self.overwritten += 1;
        }
        // Cannot fail: there is room now.
        let _ = self.fifo.push_back(conversion);
        self.latest = Some(conversion);
        self.next = Some(clocks + period);
        if !blocked {
            self.edges.conversion(&self.faults, index, self.clock.ns(clocks));
        }
    }

    fn gain(&self, channel: usize) -> Gain {
        let register = if channel < 4 { address::GAIN1 } else { address::GAIN2 };
        Gain::from_bits(self.at(register), channel)
    }

    fn code(&self, channel: usize, conversion: Conversion) -> i32 {
        if self.clock_register().enabled >> channel & 1 == 0 {
            return 0;
        }
        let volts_per_code = VREF / f64::from(self.gain(channel).factor()) / 8_388_608.0;
        let scale = Scale { volts_per_code, min: CODE_MIN, max: CODE_MAX };
        let test = TEST_VOLTS / f64::from(self.gain(channel).factor());
        let at = usize::from(address::CH0_CFG) + channel * usize::from(address::CHANNEL_STRIDE);
        match Mux::from_bits(self.registers.get(at).copied().unwrap_or_default()) {
            Mux::Normal => {
                let origin = self.origin.map_or(conversion.clocks, |o| o.clocks);
                let time_s = (self.clock.ns(conversion.clocks) - self.clock.ns(origin)) as f64 * 1e-9;
                self.signal.code(self.first_channel + channel, conversion.index, time_s, scale)
            }
            Mux::Shorted => 0,
            Mux::TestPositive => scale.code(test),
            Mux::TestNegative => scale.code(-test),
        }
    }

    /// Samples of the oldest unread conversion, or of the latest one again.
    fn samples(&self) -> [i32; MAX_CHANNELS] {
        let mut codes = [0; MAX_CHANNELS];
        if let Some(conversion) = self.fifo.front().copied().or(self.latest) {
            for (channel, code) in codes.iter_mut().enumerate().take(self.part.channels()) {
                *code = self.code(channel, conversion);
            }
        }
        codes
    }
}

impl Device for Model<'_> {
    fn advance_to(&mut self, time_ns: i64) {
        while let Some(next) = self.next.filter(|n| self.clock.ns(*n) <= time_ns) {
            self.now_ns = self.now_ns.max(self.clock.ns(next));
            self.convert(next);
        }
        self.now_ns = self.now_ns.max(time_ns);
    }

    fn next_conversion_ns(&self) -> Option<i64> {
        self.next.map(|n| self.clock.ns(n))
    }

    fn select(&mut self) {
        self.begin_frame();
    }

    fn transfer(&mut self, mosi: u8) -> u8 {
        let miso = self.exchange(mosi);
        fault::on_miso(&self.faults, self.frame_now(), miso)
    }

    fn deselect(&mut self) {
        self.end_frame();
    }

    fn bus_fails(&self) -> bool {
        self.has(Fault::BusError, self.frame_now())
    }

    fn is_unplugged(&self) -> bool {
        self.has(Fault::Unplugged, self.frame_now())
    }

    fn lose_power(&mut self) {
        self.reset_registers();
        (self.standby, self.locked, self.input_crc_error) = (false, false, false);
        self.fifo.clear();
        self.response = Response::Word(self.part.reset_done());
        // It would convert at once, at the rate of its reset; the host is expected to reset it again.
        self.next = None;
        self.deaf_until = self.clocks() + POWER_UP_CLOCKS;
    }

    fn level(&self) -> Level {
        fault::level(&self.faults, self.frame_now(), !self.fifo.is_empty())
    }

    fn pop_edge(&mut self) -> Option<Edge> {
        self.edges.pop()
    }
}
