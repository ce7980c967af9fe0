//! The registers of the ADS131M0x that a driver needs, as types (SBAS950, section 8.6).
//!
//! Each type parses from and emits 16 bits; fixed bits are emitted as the datasheet wants them. Must never know of SPI.

use super::CLOCK_HZ;

/// Addresses of the registers, by their names in the datasheet.
pub mod address {
    #![allow(missing_docs)]
    pub const ID: u8 = 0x00;
    pub const STATUS: u8 = 0x01;
    pub const MODE: u8 = 0x02;
    pub const CLOCK: u8 = 0x03;
    pub const GAIN1: u8 = 0x04;
    pub const GAIN2: u8 = 0x05;
    pub const CFG: u8 = 0x06;
    /// The first channel's; the next one's is [`CHANNEL_STRIDE`] behind.
    pub const CH0_CFG: u8 = 0x09;
    pub const CHANNEL_STRIDE: u8 = 5;
    pub const REGMAP_CRC: u8 = 0x3E;
}

/// Bits of a word's length, in STATUS and in MODE at the same place: 24 bits.
const WORD_LENGTH_24: u16 = 0b01 << 8;
const WORD_LENGTH_MASK: u16 = 0b11 << 8;

/// STATUS (01), which is also the answer to NULL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Status(pub u16);

impl Status {
    /// Its value after a reset.
    pub const RESET: Self = Self(0x0500);
    /// The chip takes no commands.
    pub const LOCKED: u16 = 1 << 15;
    /// The checksum of what the host sent was wrong: the command was not carried out.
    pub const INPUT_CRC_ERROR: u16 = 1 << 12;
    /// The checksum is the ANSI one.
    pub const ANSI_CRC: u16 = 1 << 11;
    /// The chip was reset since MODE was last written.
    pub const WAS_RESET: u16 = 1 << 10;

    /// Whether a chip that was set up can say so: words of 24 bits, CCITT, not locked, no input error, and no reset since.
    #[must_use]
    pub const fn is_sound(self) -> bool {
        let wrong = Self::LOCKED | Self::INPUT_CRC_ERROR | Self::ANSI_CRC | Self::WAS_RESET;
        self.0 & (wrong | WORD_LENGTH_MASK) == WORD_LENGTH_24
    }

    /// Channels with a sample that was not read, bit 0 is channel 0.
    #[must_use]
    pub const fn ready(self) -> u8 {
        (self.0 & 0xFF) as u8
    }
}

/// MODE (02). Words of 24 bits, CCITT checksum, DRDY low until it was read; RESET is cleared by writing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Mode {
    /// The chip checks the checksum of what it gets, and ignores what does not fit.
    pub input_crc: bool,
    /// A frame that takes longer than 2^15 tCLK is given up.
    pub timeout: bool,
}

impl Mode {
    /// Its value after a reset.
    pub const RESET: u16 = 0x0510;
    const INPUT_CRC: u16 = 1 << 12;
    const TIMEOUT: u16 = 1 << 4;

    /// As written to the chip.
    #[must_use]
    pub const fn to_bits(self) -> u16 {
        WORD_LENGTH_24 | if self.input_crc { Self::INPUT_CRC } else { 0 } | if self.timeout { Self::TIMEOUT } else { 0 }
    }

    /// From the register.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self { input_crc: bits & Self::INPUT_CRC != 0, timeout: bits & Self::TIMEOUT != 0 }
    }
}

/// Oversampling ratio, CLOCK bits 4:2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Oversampling {
    X128 = 0,
    X256 = 1,
    X512 = 2,
    /// After a reset.
    X1024 = 3,
    X2048 = 4,
    X4096 = 5,
    X8192 = 6,
    /// Not a power of two.
    X16256 = 7,
}

impl Oversampling {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 8] =
        [Self::X128, Self::X256, Self::X512, Self::X1024, Self::X2048, Self::X4096, Self::X8192, Self::X16256];

    /// Cycles of the modulator, each of two tCLK, in a conversion.
    #[must_use]
    pub const fn ratio(self) -> u32 {
        match self {
            Self::X16256 => 16256,
            _ => 128 << self as u8,
        }
    }

    /// tCLK between two conversions.
    #[must_use]
    pub const fn clocks(self) -> u32 {
        2 * self.ratio()
    }

    /// Frames in a second at 8.192 MHz: 32000 down to 500, and 251.97.
    #[must_use]
    pub fn hz(self) -> f64 {
        f64::from(CLOCK_HZ) / f64::from(self.clocks())
    }

    /// The one with so many frames in a second.
    #[must_use]
    pub fn from_hz(hz: f64) -> Option<Self> {
        Self::ALL.into_iter().find(|ratio| ratio.hz() == hz)
    }

    /// From CLOCK.
    #[must_use]
    pub const fn from_bits(clock: u16) -> Self {
        match clock >> 2 & 0b111 {
            0 => Self::X128,
            1 => Self::X256,
            2 => Self::X512,
            3 => Self::X1024,
            4 => Self::X2048,
            5 => Self::X4096,
            6 => Self::X8192,
            _ => Self::X16256,
        }
    }
}

/// CLOCK (03), in high-resolution mode, which is the one for 8.192 MHz.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Clock {
    /// Channels that convert, bit 0 is channel 0.
    pub enabled: u8,
    /// The oscillator for a crystal is off: the clock comes from outside.
    pub external: bool,
    /// Oversampling ratio.
    pub oversampling: Oversampling,
}

impl Clock {
    const HIGH_RESOLUTION: u16 = 0b10;
    const EXTERNAL: u16 = 1 << 7;

    /// As written to the chip.
    #[must_use]
    pub const fn to_bits(self) -> u16 {
        (self.enabled as u16) << 8
            | if self.external { Self::EXTERNAL } else { 0 }
            | (self.oversampling as u16) << 2
            | Self::HIGH_RESOLUTION
    }

    /// From the register.
    #[must_use]
    pub const fn from_bits(bits: u16) -> Self {
        Self {
            enabled: (bits >> 8) as u8,
            external: bits & Self::EXTERNAL != 0,
            oversampling: Oversampling::from_bits(bits),
        }
    }
}

/// Gain of a channel, three bits in GAIN1 and GAIN2: 2 to the power of the code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
#[allow(missing_docs)]
pub enum Gain {
    X1 = 0,
    X2 = 1,
    X4 = 2,
    X8 = 3,
    X16 = 4,
    X32 = 5,
    X64 = 6,
    X128 = 7,
}

impl Gain {
    /// All of them, in the order of their codes.
    pub const ALL: [Self; 8] = [Self::X1, Self::X2, Self::X4, Self::X8, Self::X16, Self::X32, Self::X64, Self::X128];

    /// What it multiplies by.
    #[must_use]
    pub const fn factor(self) -> u8 {
        1 << self as u8
    }

    /// The one that multiplies by `factor`.
    #[must_use]
    pub fn from_factor(factor: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|g| g.factor() == factor)
    }

    /// Of one of the four channels of GAIN1 or GAIN2.
    #[must_use]
    pub fn from_bits(gains: u16, place: usize) -> Self {
        Self::ALL.get(usize::from(gains >> (4 * (place % 4)) & 0b111)).copied().unwrap_or(Self::X1)
    }

    /// Four channels' gains as written to GAIN1 or GAIN2.
    #[must_use]
    pub fn to_bits(gains: &[Self]) -> u16 {
        gains.iter().take(4).rev().fold(0, |bits, gain| bits << 4 | *gain as u16)
    }
}

/// What a channel measures, CHn_CFG bits 1:0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Mux {
    /// The pins.
    Normal = 0,
    /// Both inputs shorted, the pins off.
    Shorted = 1,
    /// The positive test level.
    TestPositive = 2,
    /// The negative test level.
    TestNegative = 3,
}

impl Mux {
    /// From CHn_CFG.
    #[must_use]
    pub const fn from_bits(channel: u16) -> Self {
        match channel & 0b11 {
            0 => Self::Normal,
            1 => Self::Shorted,
            2 => Self::TestPositive,
            _ => Self::TestNegative,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_after_reset_are_the_datasheets() {
        let clock = Clock { enabled: 0xFF, external: false, oversampling: Oversampling::X1024 };
        assert_eq!((clock.to_bits(), Clock::from_bits(0xFF0E)), (0xFF0E, clock));
        assert_eq!(Mode::from_bits(Mode::RESET), Mode { input_crc: false, timeout: true });
        assert_eq!(Mode { input_crc: true, timeout: true }.to_bits(), 0x1110);
        assert!(!Status::RESET.is_sound() && Status(0x01FF).is_sound() && Status(0x41FF).is_sound());
        assert!(!Status(0x11FF).is_sound() && !Status(0x00FF).is_sound() && !Status(0xFFFF).is_sound());
    }

    #[test]
    fn rates_are_those_of_the_datasheet() {
        let rates = Oversampling::ALL.map(|o| o.hz() as u32);
        assert_eq!(rates, [32000, 16000, 8000, 4000, 2000, 1000, 500, 251]);
        assert_eq!(Oversampling::from_hz(4000.0), Some(Oversampling::X1024));
    }

    #[test]
    fn gains_sit_in_nibbles() {
        let gains = [Gain::X1, Gain::X2, Gain::X128, Gain::X16];
        assert_eq!(Gain::to_bits(&gains), 0x4710);
        for (place, gain) in gains.into_iter().enumerate() {
            assert_eq!(Gain::from_bits(0x4710, place), gain);
        }
    }
}
