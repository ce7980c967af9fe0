//! CH1SET to CH8SET: what a channel measures, and its gain (SBAS499, register maps).

use super::{bit, is_set};

/// Gain of a channel's amplifier, CHnSET bits 6:4.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Gain {
    /// 1
    X1 = 0,
    /// 2
    X2 = 1,
    /// 4
    X4 = 2,
    /// 6
    X6 = 3,
    /// 8
    X8 = 4,
    /// 12
    X12 = 5,
    /// 24
    X24 = 6,
}

impl Gain {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 7] = [Self::X1, Self::X2, Self::X4, Self::X6, Self::X8, Self::X12, Self::X24];

    /// What it multiplies by.
    #[must_use]
    pub const fn factor(self) -> u8 {
        match self {
            Self::X1 => 1,
            Self::X2 => 2,
            Self::X4 => 4,
            Self::X6 => 6,
            Self::X8 => 8,
            Self::X12 => 12,
            Self::X24 => 24,
        }
    }

    /// The one that multiplies by `factor`.
    #[must_use]
    pub fn from_factor(factor: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.factor() == factor)
    }
}

/// What a channel measures, CHnSET bits 2:0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Mux {
    /// The pins.
    Normal = 0,
    /// Both inputs shorted.
    Shorted = 1,
    /// BIAS_IN.
    BiasMeasurement = 2,
    /// Supply voltage.
    Supply = 3,
    /// Temperature sensor.
    Temperature = 4,
    /// Test signal.
    TestSignal = 5,
    /// The positive pin is the bias driver.
    BiasPositive = 6,
    /// The negative pin is the bias driver.
    BiasNegative = 7,
}

impl Mux {
    /// From CHnSET.
    #[must_use]
    pub const fn from_byte(channel: u8) -> Self {
        match channel & 0b111 {
            0 => Self::Normal,
            1 => Self::Shorted,
            2 => Self::BiasMeasurement,
            3 => Self::Supply,
            4 => Self::Temperature,
            5 => Self::TestSignal,
            6 => Self::BiasPositive,
            _ => Self::BiasNegative,
        }
    }
}

/// CH1SET to CH8SET (05 to 0C).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Channel {
    /// The channel is off.
    pub power_down: bool,
    /// Gain of its amplifier.
    pub gain: Gain,
    /// Connected to SRB2.
    pub srb2: bool,
    /// What it measures.
    pub mux: Mux,
}

impl Channel {
    /// As written to the chip.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        bit(self.power_down, 7) | (self.gain as u8) << 4 | bit(self.srb2, 3) | self.mux as u8
    }

    /// From the register; `None` for the reserved gain.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        let gain = Gain::ALL.get(usize::from(byte >> 4 & 0b111)).copied()?;
        Some(Self { power_down: is_set(byte, 7), gain, srb2: is_set(byte, 3), mux: Mux::from_byte(byte) })
    }
}
