//! CONFIG1, CONFIG2 and CONFIG3: rate of frames, test signal, reference and bias (SBAS499, register maps).

use super::{bit, is_set};
use crate::ads1299::CLOCK_HZ;

/// Rate of frames, CONFIG1 bits 2:0, at a clock of 2.048 MHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum DataRate {
    /// 16000 SPS
    Sps16000 = 0,
    /// 8000 SPS
    Sps8000 = 1,
    /// 4000 SPS
    Sps4000 = 2,
    /// 2000 SPS
    Sps2000 = 3,
    /// 1000 SPS
    Sps1000 = 4,
    /// 500 SPS
    Sps500 = 5,
    /// 250 SPS
    Sps250 = 6,
}

impl DataRate {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 7] =
        [Self::Sps16000, Self::Sps8000, Self::Sps4000, Self::Sps2000, Self::Sps1000, Self::Sps500, Self::Sps250];

    /// tCLK between two conversions.
    #[must_use]
    pub const fn clocks(self) -> u32 {
        128 << self as u8
    }

    /// tCLK from START, or from a write to CONFIG1, to the first conversion: the digital filter settles
    /// (SBAS499, settling time; four conversions and nine tCLK).
    #[must_use]
    pub const fn settling_clocks(self) -> u32 {
        4 * self.clocks() + 9
    }

    /// Frames in a second.
    #[must_use]
    pub const fn hz(self) -> u32 {
        CLOCK_HZ / self.clocks()
    }

    /// The one with so many frames in a second.
    #[must_use]
    pub fn from_hz(hz: f64) -> Option<Self> {
        Self::ALL.into_iter().find(|rate| f64::from(rate.hz()) == hz)
    }

    /// From CONFIG1; 7 is reserved.
    #[must_use]
    pub fn from_byte(config1: u8) -> Option<Self> {
        Self::ALL.get(usize::from(config1 & 0b111)).copied()
    }
}

/// CONFIG1 (01).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config1 {
    /// Several chips are read one by one (true) or in a daisy chain (false, also for a single chip).
    pub multiple_readback: bool,
    /// The oscillator's clock comes out at the CLK pin.
    pub clock_output: bool,
    /// Rate of frames.
    pub rate: DataRate,
}

impl Config1 {
    const FIXED: u8 = 0x90;

    /// As written to the chip.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        Self::FIXED | bit(self.multiple_readback, 6) | bit(self.clock_output, 5) | self.rate as u8
    }

    /// From the register; `None` for the reserved rate.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        let rate = DataRate::from_byte(byte)?;
        Some(Self { multiple_readback: is_set(byte, 6), clock_output: is_set(byte, 5), rate })
    }
}

/// Frequency of the test signal, CONFIG2 bits 1:0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum TestFrequency {
    /// fCLK / 2^21, 0.977 Hz.
    Slow = 0b00,
    /// fCLK / 2^20, 1.953 Hz.
    Fast = 0b01,
    /// Constant.
    Dc = 0b11,
}

impl TestFrequency {
    /// tCLK of a whole period; `None` when it is constant.
    #[must_use]
    pub const fn period_clocks(self) -> Option<u32> {
        match self {
            Self::Slow => Some(1 << 21),
            Self::Fast => Some(1 << 20),
            Self::Dc => None,
        }
    }
}

/// CONFIG2 (02): the test signal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config2 {
    /// The chip makes the test signal itself.
    pub internal_test: bool,
    /// Twice the amplitude.
    pub double_amplitude: bool,
    /// Its frequency.
    pub frequency: TestFrequency,
}

impl Config2 {
    const FIXED: u8 = 0xC0;
    /// The test signal's amplitude is VREF divided by this (SBAS499, CONFIG2).
    pub const AMPLITUDE_DIVISOR: f64 = 2400.0;

    /// As written to the chip.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        Self::FIXED | bit(self.internal_test, 4) | bit(self.double_amplitude, 2) | self.frequency as u8
    }

    /// From the register; `None` for the reserved frequency.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        let frequency = match byte & 0b11 {
            0b00 => TestFrequency::Slow,
            0b01 => TestFrequency::Fast,
            0b11 => TestFrequency::Dc,
            _ => return None,
        };
        Some(Self { internal_test: is_set(byte, 4), double_amplitude: is_set(byte, 2), frequency })
    }

    /// Volts from the middle to either level of the test signal.
    #[must_use]
    pub fn amplitude(self, vref: f64) -> f64 {
        vref / Self::AMPLITUDE_DIVISOR * if self.double_amplitude { 2.0 } else { 1.0 }
    }
}

/// CONFIG3 (03): reference and bias.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config3 {
    /// The internal reference is on.
    pub reference: bool,
    /// BIAS_IN goes to the channels whose mux says so.
    pub bias_measurement: bool,
    /// The bias reference is made inside.
    pub bias_reference_internal: bool,
    /// The bias amplifier is on.
    pub bias: bool,
    /// The bias electrode is watched.
    pub bias_lead_off: bool,
}

impl Config3 {
    const FIXED: u8 = 0x60;

    /// As written to the chip. Bit 0 is read-only and goes out as 0.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        Self::FIXED
            | bit(self.reference, 7)
            | bit(self.bias_measurement, 4)
            | bit(self.bias_reference_internal, 3)
            | bit(self.bias, 2)
            | bit(self.bias_lead_off, 1)
    }

    /// From the register.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        Self {
            reference: is_set(byte, 7),
            bias_measurement: is_set(byte, 4),
            bias_reference_internal: is_set(byte, 3),
            bias: is_set(byte, 2),
            bias_lead_off: is_set(byte, 1),
        }
    }
}
