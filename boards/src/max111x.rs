//! Maxim MAX1110 (eight inputs) and MAX1111 (four inputs): eight bits, an internal reference, no registers (19-1194).
//!
//! The chip converts when it is asked, one input behind the other: the host's clock paces it
//! ([`ClockPaced`](crate::drdy::ClockPaced)). [`frame`] is pure: bytes to meaning and back. [`driver`] reads over SPI, [`model`]
//! is the other end of the bus. None of them knows of boards.

pub mod driver;
pub mod frame;
pub mod model;

pub use driver::Max111x;
pub use model::Model;

use crate::scan::{Pair, Scan};

/// The internal reference in volts (19-1194, general description).
pub const VREF: f64 = 2.048;

/// The fastest SCLK in Hz in external clock mode (19-1194, electrical characteristics: 50 to 500 kHz; the same follows from
/// its first page: 50 ksps of 10 clocks).
pub const MAX_SPEED_HZ: u32 = 500_000;

/// Which of the two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Part {
    /// Eight inputs.
    Max1110,
    /// Four inputs.
    Max1111,
}

impl Part {
    /// As its maker writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Max1110 => "MAX1110",
            Self::Max1111 => "MAX1111",
        }
    }

    /// Inputs.
    #[must_use]
    pub const fn inputs(self) -> u8 {
        match self {
            Self::Max1110 => 8,
            Self::Max1111 => 4,
        }
    }
}

/// Part, inputs and range.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Settings {
    /// Which of the two.
    pub part: Part,
    /// Codes from -128 to 127 for half the reference either way, instead of 0 to 255 for all of it.
    pub bipolar: bool,
    scan: Scan,
}

impl Settings {
    /// All inputs against COM, 0 to 255.
    #[must_use]
    pub const fn new(part: Part) -> Self {
        Self { part, bipolar: false, scan: Scan::single_ended(part.inputs()) }
    }

    /// With other inputs; `None` when the chip cannot measure one of them: a differential pair is made of neighbours
    /// (0 and 1, 2 and 3, and so on, either way round).
    #[must_use]
    pub fn with_scan(mut self, scan: Scan) -> Option<Self> {
        self.scan = scan;
        scan.pairs().iter().all(|pair| frame::control(self.part, *pair, self.bipolar).is_some()).then_some(self)
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

    /// The least and the greatest code.
    #[must_use]
    pub const fn code_range(&self) -> (i32, i32) {
        if self.bipolar { (-128, 127) } else { (0, 255) }
    }
}

/// Volts for one step of the code: VREF / 256, unipolar and bipolar (19-1194, transfer functions).
#[must_use]
pub fn volts_per_code(vref: f64) -> f64 {
    vref / 256.0
}
