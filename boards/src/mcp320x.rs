//! Microchip MCP3008 (10 bit, DS21295) and MCP3208 (12 bit, DS21298): eight inputs, no DRDY, no registers.
//!
//! The chip converts when it is asked, one input behind the other: the host's clock paces it
//! ([`ClockPaced`](crate::drdy::ClockPaced)). [`frame`] is pure: bytes to meaning and back. [`driver`] reads over SPI, [`model`]
//! is the other end of the bus. None of them knows of boards.

pub mod driver;
pub mod frame;
pub mod model;

pub use driver::Mcp320x;
pub use model::Model;

use crate::scan::{Pair, Scan};

/// Inputs of the chip.
pub const INPUTS: u8 = 8;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Part {
    /// Ten bits.
    Mcp3008,
    /// Twelve bits.
    Mcp3208,
}

impl Part {
    /// As its maker writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Mcp3008 => "MCP3008",
            Self::Mcp3208 => "MCP3208",
        }
    }

    /// Bits of a code.
    #[must_use]
    pub const fn bits(self) -> u8 {
        match self {
            Self::Mcp3008 => 10,
            Self::Mcp3208 => 12,
        }
    }

    /// The greatest code; the least is 0.
    #[must_use]
    pub const fn code_max(self) -> i32 {
        (1 << self.bits()) - 1
    }

    /// The fastest SCLK in Hz at a supply. The datasheets (electrical specifications, timing parameters) give it at 5 V
    /// and 2.7 V only: 3.6 and 1.35 MHz for the MCP3008, 2.0 and 1.0 MHz for the MCP3208. In between the line between the
    /// two is taken, as the curves of the datasheets suggest. (The same follows from their first pages: 200 and 75 ksps of
    /// 18 clocks, 100 and 50 ksps of 20 clocks.)
    #[must_use]
    pub const fn max_speed_hz(self, supply_volts: f64) -> u32 {
        let (low, high) = match self {
            Self::Mcp3008 => (1_350_000.0, 3_600_000.0),
            Self::Mcp3208 => (1_000_000.0, 2_000_000.0),
        };
        let part = (supply_volts - 2.7) / (5.0 - 2.7);
        let part = if part < 0.0 {
            0.0
        } else if part > 1.0 {
            1.0
        } else {
            part
        };
        (low + part * (high - low)) as u32
    }

    /// Volts for one step of the code: VREF / 2^bits (DS21295 and DS21298, section 4, digital output code).
    #[must_use]
    pub fn volts_per_code(self, vref: f64) -> f64 {
        vref / f64::from(self.code_max() + 1)
    }
}

/// Part and inputs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Settings {
    /// Which of the two.
    pub part: Part,
    scan: Scan,
}

impl Settings {
    /// All eight inputs against ground.
    #[must_use]
    pub const fn new(part: Part) -> Self {
        Self { part, scan: Scan::single_ended(INPUTS) }
    }

    /// With other inputs; `None` when the chip cannot measure one of them: a differential pair is made of neighbours
    /// (0 and 1, 2 and 3, and so on, either way round).
    #[must_use]
    pub fn with_scan(mut self, scan: Scan) -> Option<Self> {
        self.scan = scan;
        scan.pairs().iter().all(|pair| frame::select(*pair).is_some()).then_some(self)
    }

    /// What a frame holds.
    #[must_use]
    pub const fn scan(&self) -> &Scan {
        &self.scan
    }

    /// What a channel measures.
    #[must_use]
    pub fn pair(&self, channel: usize) -> Option<Pair> {
        self.scan.pairs().get(channel).copied()
    }
}
