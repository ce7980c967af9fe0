//! A simulated ADS1299: the chip's side of SPI and DRDY, bit for bit (SBAS499).
//!
//! Answers byte by byte as the chip does, mistakes of the host included: it powers up in RDATAC, ignores register
//! access there, is deaf while it powers up or resets, and drops commands whose bytes come too fast. It has a clock of its
//! own, which may drift. Must never know of the driver; it shares no code with it but [`super::frame`] and [`super::registers`].

mod protocol;

use self::protocol::{Parser, Reply};
use super::frame::{self, CODE_MAX, FRAME_BYTES, STATUS_BYTES, StatusWord};
use super::registers::{COUNT, Channel, Config2, Config3, Config4, DataRate, Gain, Gpio, Mux, REGISTERS, address};
use super::{CHANNELS, CLOCK_HZ, POWER_UP_CLOCKS, REFERENCE_SETTLING_MS, VREF, volts_per_code};
use crate::drdy::{Edge, Level};
use crate::signal::{Scale, Signal};
use crate::sim::clock::ChipClock;
use crate::sim::device::Device;
use crate::sim::edges::EdgeQueue;
use crate::sim::fault::{self, Fault, Faults};

/// Volts of the temperature sensor at 25 degrees Celsius (SBAS499, temperature sensor).
const TEMPERATURE_VOLTS: f64 = 0.1453;

/// A conversion whose data is in the chip's output register.
#[derive(Clone, Copy, Debug)]
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
    rate: DataRate,
}

/// A simulated ADS1299.
#[derive(Clone, Debug)]
pub struct Model<'a> {
    clock: ChipClock,
    now_ns: i64,
    registers: [u8; COUNT],
    continuous: bool,
    standby: bool,
    /// tCLK from which on it listens: power-up, reset.
    deaf_until: u64,
    /// tCLK from which on the reference is good; `None` while it is off.
    reference_from: Option<u64>,
    /// START was given and not STOP.
    started: bool,
    /// tCLK of the next conversion.
    next: Option<u64>,
    latest: Option<Conversion>,
    origin: Option<Origin>,
    ready: bool,
    overwritten: u64,
    dropped_commands: u64,
    edges: EdgeQueue,
    lead_off: (u8, u8),
    parser: Parser,
    reply: Reply,
    frame: [u8; FRAME_BYTES],
    byte_clocks: u64,
    signal: Signal<'a>,
    first_channel: usize,
    faults: Faults,
}

impl<'a> Model<'a> {
    /// A chip that gets its power now (at time 0), whose clock is `drift_ppm` parts in a million too fast. It measures
    /// the channels of `signal` from `first_channel` on.
    #[must_use]
    pub fn new(signal: Signal<'a>, first_channel: usize, drift_ppm: f64, faults: Faults) -> Self {
        Self {
            clock: ChipClock::new(CLOCK_HZ, drift_ppm),
            now_ns: 0,
            registers: REGISTERS.map(|r| r.reset),
            continuous: true,
            standby: false,
            deaf_until: POWER_UP_CLOCKS.into(),
            reference_from: None,
            started: false,
            next: None,
            latest: None,
            origin: None,
            ready: false,
            overwritten: 0,
            dropped_commands: 0,
            edges: EdgeQueue::default(),
            lead_off: (0, 0),
            parser: Parser::Opcode,
            reply: Reply::Nothing,
            frame: [0; FRAME_BYTES],
            byte_clocks: 0,
            signal,
            first_channel,
            faults,
        }
    }

    /// A register as the chip holds it.
    #[must_use]
    pub fn register(&self, at: u8) -> Option<u8> {
        self.registers.get(usize::from(at)).copied()
    }

    /// Index of the latest conversion, counted from the first one by the chip's clock.
    #[must_use]
    pub fn conversion(&self) -> Option<u64> {
        self.latest.map(|c| c.index)
    }

    /// Conversions that were overwritten before anybody clocked them out.
    #[must_use]
    pub const fn overwritten(&self) -> u64 {
        self.overwritten
    }

    /// Commands that were not understood because their bytes came faster than the chip decodes them.
    #[must_use]
    pub const fn dropped_commands(&self) -> u64 {
        self.dropped_commands
    }

    /// Electrodes that are off, a bit for each channel: positive side, negative side.
    pub const fn set_lead_off(&mut self, positive: u8, negative: u8) {
        self.lead_off = (positive, negative);
    }

    fn clocks(&self) -> u64 {
        self.clock.clocks(self.now_ns)
    }

    fn at(&self, at: u8) -> u8 {
        self.register(at).unwrap_or_default()
    }

    fn rate(&self) -> DataRate {
        // The reserved code behaves as the slowest rate here; the datasheet does not say.
        DataRate::from_byte(self.at(address::CONFIG1)).unwrap_or(DataRate::Sps250)
    }

    /// The frame that the clock has come to, which faults are planned by.
    fn frame_now(&self) -> u64 {
        match self.origin {
            Some(o) => self.clocks().saturating_sub(o.clocks) / u64::from(o.rate.clocks()),
            None => 0,
        }
    }

    fn has(&self, fault: Fault, frame: u64) -> bool {
        fault::has(&self.faults, frame, fault)
    }

    /// The digital filter begins anew; its first result comes when it has settled.
    fn restart_filter(&mut self) {
        self.next = (self.started && !self.standby).then(|| self.clocks() + u64::from(self.rate().settling_clocks()));
    }

    fn convert(&mut self, clocks: u64) {
        let rate = self.rate();
        let origin = match self.origin {
            Some(origin) if origin.rate == rate => origin,
            _ => Origin { clocks, rate },
        };
        self.origin = Some(origin);
        let period = u64::from(rate.clocks());
        // To the nearest: after a restart the conversions lie between those of before.
        let index = (clocks.saturating_sub(origin.clocks) + period / 2) / period;
        self.overwritten += u64::from(self.ready);
        self.latest = Some(Conversion { index, clocks });
        self.ready = true;
        let single = Config4::from_byte(self.at(address::CONFIG4)).single_shot;
        self.next = (!single).then_some(clocks + period);
        self.edges.conversion(&self.faults, index, self.clock.ns(clocks));
    }

    fn status_word(&self) -> StatusWord {
        let (mut positive, mut negative) = (0, 0);
        if Config4::from_byte(self.at(address::CONFIG4)).lead_off_comparators {
            positive = self.lead_off.0 & self.at(address::LOFF_SENSP);
            negative = self.lead_off.1 & self.at(address::LOFF_SENSN);
        }
        // Pins that are inputs are not connected and read low.
        let gpio = Gpio::from_byte(self.at(address::GPIO));
        StatusWord::new(positive, negative, gpio.data & !gpio.inputs)
    }

    fn code(&self, channel: usize, conversion: Conversion) -> i32 {
        // Without a reference there is nothing to compare with, and the converter saturates.
        if self.reference_from.is_none_or(|from| conversion.clocks < from) {
            return CODE_MAX;
        }
        let byte = self.registers.get(usize::from(address::CH1SET) + channel).copied().unwrap_or_default();
        let gain = Channel::from_byte(byte).map_or(Gain::X24, |c| c.gain);
        if Channel::from_byte(byte).is_some_and(|c| c.power_down) {
            return 0;
        }
        let scale = Scale { volts_per_code: volts_per_code(VREF, gain), min: frame::CODE_MIN, max: frame::CODE_MAX };
        match Mux::from_byte(byte) {
            Mux::Normal => {
                let origin = self.origin.map_or(conversion.clocks, |o| o.clocks);
                let time_s = (self.clock.ns(conversion.clocks) - self.clock.ns(origin)) as f64 * 1e-9;
                self.signal.code(self.first_channel + channel, conversion.index, time_s, scale)
            }
            Mux::TestSignal => scale.code(self.test_volts(conversion.clocks)),
            Mux::Temperature => scale.code(TEMPERATURE_VOLTS),
            // Shorted, and what this board leaves unconnected or symmetrical to ground.
            Mux::Shorted | Mux::BiasMeasurement | Mux::Supply | Mux::BiasPositive | Mux::BiasNegative => 0,
        }
    }

    /// The internal square wave, which the same clock makes as the conversions.
    fn test_volts(&self, clocks: u64) -> f64 {
        match Config2::from_byte(self.at(address::CONFIG2)) {
            Some(test) if test.internal_test => {
                let amplitude = test.amplitude(VREF);
                let period = test.frequency.period_clocks().map(u64::from);
                if period.is_some_and(|p| clocks % p >= p / 2) { -amplitude } else { amplitude }
            }
            _ => 0.0,
        }
    }

    /// Puts the latest conversion into the shift register.
    fn load_frame(&mut self) {
        self.frame = [0; FRAME_BYTES];
        if let Some(conversion) = self.latest {
            let mut codes = [0; CHANNELS];
            for (channel, code) in codes.iter_mut().enumerate() {
                *code = self.code(channel, conversion);
            }
            self.frame = frame::encode(self.status_word(), &codes);
            let (status, data) = fault::flipped(&self.faults, conversion.index);
            let (word, samples) = self.frame.split_at_mut(STATUS_BYTES);
            fault::flip(word, status);
            fault::flip(samples, data);
        }
    }

    fn write_register(&mut self, at: u8, value: u8) {
        let Some(register) = REGISTERS.get(usize::from(at)) else { return };
        if let Some(held) = self.registers.get_mut(usize::from(at)) {
            *held = *held & !register.writable | value & register.writable;
        }
        match at {
            address::CONFIG1 => self.restart_filter(),
            address::CONFIG3 if !Config3::from_byte(value).reference => self.reference_from = None,
            address::CONFIG3 => {
                let settling = u64::from(REFERENCE_SETTLING_MS) * u64::from(CLOCK_HZ) / 1000;
                self.reference_from = self.reference_from.or(Some(self.clocks() + settling));
            }
            _ => {}
        }
    }

    fn read_register(&self, at: u8) -> u8 {
        let word = self.status_word().status();
        match at {
            address::ID => {
                let wrong = |f| if let Fault::WrongId(id) = f { Some(id) } else { None };
                fault::pick(&self.faults, self.frame_now(), wrong).unwrap_or(self.at(at))
            }
            address::LOFF_STATP => word.lead_off_positive as u8,
            address::LOFF_STATN => word.lead_off_negative as u8,
            address::GPIO => word.gpio << 4 | self.at(at) & 0b1111,
            _ => self.at(at),
        }
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
        self.parser = Parser::Opcode;
        self.reply = if self.continuous { Reply::Frame { position: 0 } } else { Reply::Nothing };
    }

    fn transfer(&mut self, mosi: u8) -> u8 {
        let miso = self.exchange(mosi);
        fault::on_miso(&self.faults, self.frame_now(), miso)
    }

    fn deselect(&mut self) {
        self.parser = Parser::Opcode;
        self.reply = Reply::Nothing;
    }

    fn bus_fails(&self) -> bool {
        self.has(Fault::BusError, self.frame_now())
    }

    fn is_unplugged(&self) -> bool {
        self.has(Fault::Unplugged, self.frame_now())
    }

    fn lose_power(&mut self) {
        self.registers = REGISTERS.map(|r| r.reset);
        (self.continuous, self.standby, self.started) = (true, false, false);
        (self.next, self.ready, self.reference_from) = (None, false, None);
        self.deaf_until = self.clocks() + u64::from(POWER_UP_CLOCKS);
    }

    fn level(&self) -> Level {
        fault::level(&self.faults, self.frame_now(), self.ready)
    }

    fn pop_edge(&mut self) -> Option<Edge> {
        self.edges.pop()
    }
}
