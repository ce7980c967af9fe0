//! A simulated board: its chips, the SPI bus, the DRDY lines and time, in one cell that the caller owns.
//!
//! Time is virtual nanoseconds from 0, and passes only while somebody waits: in [`SimDelay`], in pauses on the bus, and
//! in [`SimDrdy`], where a [`Pace`] holds it back to the host's clock. A late host finds the world
//! waiting, so only faults lose frames; but when it is late by seconds (it was stopped) the world has gone on. Must never know of
//! a driver's inside.

pub mod asked;
pub mod clock;
pub mod device;
pub mod edges;
pub mod fault;
mod handles;

use core::cell::RefCell;

use heapless::Vec;

pub use fault::{Fault, Faults, MAX_FAULTS, ScheduledFault};
pub use handles::{SimBusError, SimClock, SimDelay, SimDrdy, SimSpi};

use self::device::Device;
use crate::adc::Input;
use crate::board::{Board, BoardError, ChipKind, MAX_CHIPS, Pacing};
use crate::drdy::Pace;
use crate::driver::Driver;
use crate::signal::Signal;
use crate::{ads131m0x, ads1256, ads1299, max111x, mcp320x};

/// How much faster each chip's oscillator is than that of the chip before it, in parts in a million, unless told otherwise.
pub const DRIFT_PPM: f64 = 20.0;

/// Nanoseconds that a byte's eight bits take at 1 Hz.
const BYTE_NS_AT_1_HZ: u64 = 8_000_000_000;

/// What a simulated board does.
#[derive(Clone, Debug)]
pub struct SimSettings<'a> {
    /// What is at the pins.
    pub signal: Signal<'a>,
    /// How much too fast each chip's oscillator is, in parts in a million.
    pub drift_ppm: [f64; MAX_CHIPS],
    /// Virtual time that a byte takes on the bus, in nanoseconds. 0, the default, is a bus that never is too slow for
    /// the rate, and the board's SPI speed where a scan waits for the bus; 2250 is the BCM2835's nine clocks at 4 MHz.
    pub byte_ns: u32,
    /// What goes wrong.
    pub faults: Faults,
}

impl<'a> SimSettings<'a> {
    /// A board on which nothing goes wrong.
    #[must_use]
    pub const fn new(signal: Signal<'a>) -> Self {
        Self { signal, drift_ppm: [0.0, DRIFT_PPM, 2.0 * DRIFT_PPM, 3.0 * DRIFT_PPM], byte_ns: 0, faults: Vec::new() }
    }

    /// With one more fault.
    ///
    /// # Errors
    /// Gives the fault back when there are [`MAX_FAULTS`] already.
    pub fn with_fault(mut self, fault: ScheduledFault) -> Result<Self, ScheduledFault> {
        self.faults.push(fault)?;
        Ok(self)
    }
}

/// A simulated chip of any kind.
#[derive(Clone, Debug)]
#[allow(clippy::large_enum_variant, reason = "there is no allocator to put the larger ones into a box")]
pub enum SimChip<'a> {
    /// ADS1299
    Ads1299(ads1299::Model<'a>),
    /// ADS1256
    Ads1256(ads1256::Model<'a>),
    /// ADS131M04, ADS131M08
    Ads131m0x(ads131m0x::Model<'a>),
    /// MAX1110, MAX1111
    Max111x(max111x::Model<'a>),
    /// MCP3008, MCP3208
    Mcp320x(mcp320x::Model<'a>),
}

impl<'a> SimChip<'a> {
    /// What all chips can do.
    pub fn device(&mut self) -> &mut (dyn Device + 'a) {
        match self {
            Self::Ads1299(model) => model,
            Self::Ads1256(model) => model,
            Self::Ads131m0x(model) => model,
            Self::Max111x(model) => model,
            Self::Mcp320x(model) => model,
        }
    }
}

/// A simulated board and its time. Lives in a [`RefCell`] that the handles share.
#[derive(Clone, Debug)]
pub struct SimBoard<'a> {
    now_ns: i64,
    byte_ns: u32,
    chips: Vec<SimChip<'a>, MAX_CHIPS>,
    pacing: Pacing,
    /// Frames a second that the host asks for.
    pace: f64,
}

impl<'a> SimBoard<'a> {
    /// A board that gets its power now.
    #[must_use]
    pub fn new(board: &Board, settings: SimSettings<'a>) -> Self {
        let mut first_channel = 0;
        let chip = |(index, slot): (usize, &crate::board::ChipSlot)| {
            let drift = settings.drift_ppm.get(index).copied().unwrap_or_default();
            let faults = settings.faults.iter().filter(|f| f.chip == index).copied().collect();
            let (signal, first) = (settings.signal, first_channel);
            first_channel += slot.kind.channels();
            match slot.kind {
                ChipKind::Ads1299(_) => SimChip::Ads1299(ads1299::Model::new(signal, first, drift, faults)),
                ChipKind::Ads1256(_) => SimChip::Ads1256(ads1256::Model::new(board.vref, signal, first, drift, faults)),
                ChipKind::Ads131m0x(chip) => {
                    SimChip::Ads131m0x(ads131m0x::Model::new(chip.part, signal, first, drift, faults))
                }
                ChipKind::Max111x(chip) => {
                    SimChip::Max111x(max111x::Model::new(chip.part, board.vref, signal, first, faults))
                }
                ChipKind::Mcp320x(chip) => {
                    SimChip::Mcp320x(mcp320x::Model::new(chip.part, board.vref, signal, first, faults))
                }
            }
        };
        let chips = board.chips.iter().take(MAX_CHIPS).enumerate().map(chip).collect();
        let pace = board.default_rate.into();
        // A converter that scans begins the next conversion when the host has fetched the last one: the bus is part of its rate.
        let scans = board.chips.iter().any(|slot| matches!(slot.kind, ChipKind::Ads1256(_)));
        let byte_ns = match settings.byte_ns {
            0 if scans => u32::try_from(BYTE_NS_AT_1_HZ / u64::from(board.spi.speed_hz.max(1))).unwrap_or(u32::MAX),
            given => given,
        };
        Self { now_ns: 0, byte_ns, chips, pacing: board.pacing, pace }
    }

    /// Virtual time since power-up in nanoseconds.
    #[must_use]
    pub const fn now_ns(&self) -> i64 {
        self.now_ns
    }

    /// The chips, to look into or to disturb.
    pub fn chips(&mut self) -> &mut [SimChip<'a>] {
        &mut self.chips
    }

    /// Tells how many frames a second the host asks for, where its clock paces.
    pub fn set_pace(&mut self, rate: f64) {
        self.pace = rate;
        for chip in &mut self.chips {
            chip.device().set_pace(rate);
        }
    }

    /// Lets time pass.
    pub fn advance_to(&mut self, time_ns: i64) {
        self.now_ns = self.now_ns.max(time_ns);
        for chip in &mut self.chips {
            let device = chip.device();
            device.advance_to(self.now_ns);
            if device.is_unplugged() {
                device.lose_power();
            }
        }
    }

    fn advance_by(&mut self, ns: u64) {
        self.advance_to(self.now_ns.saturating_add_unsigned(ns));
    }

    fn device(&mut self, chip: usize) -> Option<&mut (dyn Device + 'a)> {
        self.chips.get_mut(chip).map(SimChip::device)
    }
}

/// A driver for each chip of the simulated board, as a shell makes them over real SPI. Where the host's clock paces, the
/// world learns the rate from it.
///
/// # Errors
/// [`BoardError`] when the board has no such rate or gain.
pub fn adcs<'s, 'a>(
    world: &'s RefCell<SimBoard<'a>>,
    board: &Board,
    rate: f64,
    gain: u8,
    input: Input,
) -> Result<Vec<Driver<SimSpi<'s, 'a>, SimDelay<'s, 'a>>, MAX_CHIPS>, BoardError> {
    world.borrow_mut().set_pace(rate);
    (0..board.chips.len())
        .map(|chip| board.driver(chip, rate, gain, input, SimSpi::new(world, chip), SimDelay::new(world)))
        .collect()
}

/// The DRDY line of each chip, or ticks of the host's clock at the rate of [`adcs`] where that paces. Time 0 of the simulation is `origin_ns` of the host's clock; `pace` holds it to that.
pub fn data_ready<'s, 'a, P: Pace>(
    world: &'s RefCell<SimBoard<'a>>,
    origin_ns: i64,
    mut pace: impl FnMut() -> P,
) -> Vec<SimDrdy<'s, 'a, P>, MAX_CHIPS> {
    let chips = world.borrow().chips.len();
    (0..chips).map(|chip| SimDrdy::new(world, chip, origin_ns, pace())).collect()
}
