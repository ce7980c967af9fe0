//! A simulated ADS1256: the chip's side of SPI and DRDY, byte for byte (SBAS288).
//!
//! Converts what MUX says, settles anew behind SYNC and WAKEUP, goes on converting the same input until it is switched, and has
//! data ready only 50 tCLKIN after they were asked for. It has a clock of its own, which may drift. Must never know of the
//! driver; it shares no code with it but [`super::frame`], [`super::registers`] and the table of commands.

mod protocol;

use self::protocol::{Parser, Reply};
use super::frame::{self, CODE_MAX, CODE_MIN};
use super::registers::{COUNT, DataRate, Gain, Status, address, inputs};
use super::{CLOCK_HZ, INPUTS, SWITCH_CLOCKS};
use crate::drdy::{Edge, Level};
use crate::signal::{Scale, Signal};
use crate::sim::clock::ChipClock;
use crate::sim::device::Device;
use crate::sim::edges::EdgeQueue;
use crate::sim::fault::{self, Fault, Faults};

/// tCLKIN from power-up until the crystal swings: 30 ms.
const POWER_UP_CLOCKS: u64 = CLOCK_HZ as u64 * 30 / 1000;
/// tCLKIN in a microsecond, times 100.
const CLOCKS_PER_100_US: u64 = CLOCK_HZ as u64 / 10_000;

/// Scans since the first one.
#[derive(Clone, Copy, Debug, Default)]
struct Scans {
    /// Number of the present one, those left out included.
    index: u64,
    /// tCLKIN of its begin.
    begin: u64,
    /// tCLKIN of the begin of the first.
    first: u64,
    /// The input that was switched to last.
    input: Option<u8>,
    /// MUX was written since the last conversion began.
    switched: bool,
    /// Conversions since the begin, and of the longest scan up to now; some were given up.
    conversions: u64,
    longest: Option<u64>,
}

/// A simulated ADS1256.
#[derive(Clone, Debug)]
pub struct Model<'a> {
    clock: ChipClock,
    now_ns: i64,
    vref: f64,
    registers: [u8; COUNT],
    deaf_until: u64,
    standby: bool,
    synchronising: bool,
    next: Option<u64>,
    scans: Scans,
    /// The result in the output register.
    result: i32,
    result_scan: u64,
    ready: bool,
    edges: EdgeQueue,
    parser: Parser,
    reply: Reply,
    continuous: bool,
    dropped_commands: u64,
    signal: Signal<'a>,
    first_channel: usize,
    faults: Faults,
}

impl<'a> Model<'a> {
    /// A chip at a reference in volts that gets its power now (at time 0), whose clock is `drift_ppm` parts in a million too
    /// fast. Its input n measures channel `first_channel + n` of `signal`.
    ///
    /// [`Signal::Counter`] counts scans: one begins when the host writes to MUX an input that is not higher than the one
    /// before, and synchronises. Scans that it left out by time are counted too.
    #[must_use]
    pub fn new(vref: f64, signal: Signal<'a>, first_channel: usize, drift_ppm: f64, faults: Faults) -> Self {
        let mut model = Self {
            clock: ChipClock::new(CLOCK_HZ, drift_ppm),
            now_ns: 0,
            vref,
            registers: [0; COUNT],
            deaf_until: POWER_UP_CLOCKS,
            standby: false,
            synchronising: false,
            next: None,
            scans: Scans::default(),
            result: 0,
            result_scan: 0,
            ready: false,
            edges: EdgeQueue::default(),
            parser: Parser::Opcode,
            reply: Reply::Nothing,
            continuous: false,
            dropped_commands: 0,
            signal,
            first_channel,
            faults,
        };
        model.reset(POWER_UP_CLOCKS);
        model
    }

    /// A register as the chip holds it.
    #[must_use]
    pub fn register(&self, at: u8) -> Option<u8> {
        self.registers.get(usize::from(at)).copied()
    }

    /// Number of the present scan.
    #[must_use]
    pub const fn scan(&self) -> u64 {
        self.scans.index
    }

    /// Commands and data that were lost because the host did not wait.
    #[must_use]
    pub const fn dropped_commands(&self) -> u64 {
        self.dropped_commands
    }

    fn at(&self, at: u8) -> u8 {
        self.register(at).unwrap_or_default()
    }

    fn clocks(&self) -> u64 {
        self.clock.clocks(self.now_ns)
    }

    fn rate(&self) -> DataRate {
        DataRate::from_byte(self.at(address::DRATE)).unwrap_or(DataRate::ALL[0])
    }

    fn settling(&self) -> u64 {
        u64::from(self.rate().settling_us) * CLOCKS_PER_100_US / 100
    }

    /// tCLKIN of a whole scan, of all inputs until one was seen, with a host that is never late.
    fn scan_clocks(&self) -> u64 {
        let conversions = self.scans.longest.unwrap_or(INPUTS.into());
        conversions * (self.settling() + u64::from(SWITCH_CLOCKS))
    }

    fn has(&self, fault: Fault, frame: u64) -> bool {
        fault::has(&self.faults, frame, fault)
    }

    /// The scan that the clock has come to, which faults are planned by.
    fn frame_now(&self) -> u64 {
        if self.scans.input.is_none() {
            return 0;
        }
        // A host that is a little late is not a scan behind.
        let scan = self.scan_clocks().max(1);
        let since = self.clocks().saturating_sub(self.scans.begin);
        self.scans.index + since.saturating_sub(scan / 4) / scan
    }

    /// The scan that the result in the output register belongs to, or the one that the clock has come to when the host left
    /// off: what faults on the wires are planned by.
    fn frame_on_wire(&self) -> u64 {
        let now = self.frame_now();
        if now > self.scans.index { now } else { self.result_scan }
    }

    fn reset(&mut self, from: u64) {
        // STATUS x1, MUX 01, ADCON 20, DRATE F0, IO E0; the calibration sets the others.
        self.registers = [Status::ID << 4 | 1, 0x01, 0x20, 0xF0, 0xE0, 0, 0, 0, 0x08, 0xAC, 0x44];
        self.continuous = false;
        self.standby = false;
        self.synchronising = false;
        self.calibrate(from);
    }

    /// The chip hears nothing until it is done and a settled result is ready.
    fn calibrate(&mut self, from: u64) {
        self.deaf_until = from + 3 * self.settling() + CLOCKS_PER_100_US * 26 / 10;
        self.ready = false;
        self.next = (!self.standby).then_some(self.deaf_until);
    }

    /// The filter begins anew with what MUX says.
    fn restart(&mut self) {
        let now = self.clocks();
        self.ready = false;
        self.next = (!self.standby).then(|| now + self.settling());
        if !core::mem::take(&mut self.scans.switched) {
            return;
        }
        let [positive, _] = inputs(self.at(address::MUX));
        let input = positive.unwrap_or_default();
        if self.scans.input.is_none_or(|before| input <= before) {
            self.begin_scan(now);
        }
        self.scans.input = Some(input);
        self.scans.conversions += 1;
    }

    fn begin_scan(&mut self, now: u64) {
        if self.scans.input.is_none() {
            self.scans.first = now;
        } else {
            let periods = now.saturating_sub(self.scans.begin) as f64 / self.scan_clocks().max(1) as f64;
            // One that takes longer is one; what is left out had its whole time, but for what clocks and hosts are off.
            self.scans.index += (libm::floor(periods + 0.25) as u64).max(1);
            self.scans.longest = self.scans.longest.max(Some(self.scans.conversions));
        }
        self.scans.begin = now;
        self.scans.conversions = 0;
    }

    fn convert(&mut self, clocks: u64) {
        self.result = self.code(clocks);
        self.result_scan = self.scans.index;
        self.ready = true;
        let period = (f64::from(CLOCK_HZ) / self.rate().hz) as u64;
        self.next = Some(clocks + period);
        let frame = self.scans.index;
        self.edges.conversion(&self.faults, frame, self.clock.ns(clocks));
    }

    fn code(&self, clocks: u64) -> i32 {
        let gain = f64::from(Gain::from_adcon(self.at(address::ADCON)).factor());
        let volts_per_code = 2.0 * self.vref / gain / f64::from(CODE_MAX);
        let scale = Scale { volts_per_code, min: CODE_MIN, max: CODE_MAX };
        let index = self.scans.index;
        let time_s = (self.clock.ns(clocks) - self.clock.ns(self.scans.first)) as f64 * 1e-9;
        let [positive, negative] = inputs(self.at(address::MUX));
        if positive == negative {
            return 0;
        }
        let at = |input: u8| self.first_channel + usize::from(input);
        // The common input is at ground.
        let volts = |input: Option<u8>| input.map_or(Some(0.0), |i| self.signal.volts(at(i), index, time_s));
        match (volts(positive), volts(negative)) {
            (Some(positive), Some(negative)) => scale.code(positive - negative),
            _ => self.signal.code(at(positive.unwrap_or_default()), index, time_s, scale),
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
        self.begin();
    }

    fn transfer(&mut self, mosi: u8) -> u8 {
        let miso = self.exchange(mosi);
        fault::on_miso(&self.faults, self.frame_on_wire(), miso)
    }

    fn deselect(&mut self) {
        self.begin();
    }

    fn bus_fails(&self) -> bool {
        self.has(Fault::BusError, self.frame_on_wire())
    }

    fn is_unplugged(&self) -> bool {
        self.has(Fault::Unplugged, self.frame_now())
    }

    fn lose_power(&mut self) {
        self.reset(self.clocks());
        self.next = None;
        self.deaf_until = self.clocks() + POWER_UP_CLOCKS;
    }

    fn level(&self) -> Level {
        fault::level(&self.faults, self.frame_now(), self.ready)
    }

    fn pop_edge(&mut self) -> Option<Edge> {
        self.edges.pop()
    }
}

/// A result as it goes over the wire, with what goes wrong on the way.
fn sent(model: &Model<'_>) -> [u8; frame::SAMPLE_BYTES] {
    let mut bytes = frame::encode_sample(model.result);
    let (_, data) = fault::flipped(&model.faults, model.frame_on_wire());
    fault::flip(&mut bytes, data);
    bytes
}
