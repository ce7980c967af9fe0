//! GPIO, MISC1 and CONFIG4: pins, reference electrode, single shot, comparators (SBAS499, register maps).

use super::{bit, is_set};

/// GPIO (14): four pins, bit 0 is GPIO1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Gpio {
    /// Levels.
    pub data: u8,
    /// Which pins are inputs.
    pub inputs: u8,
}

impl Gpio {
    /// As written to the chip.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        self.data << 4 | self.inputs & 0b1111
    }

    /// From the register.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        Self { data: byte >> 4, inputs: byte & 0b1111 }
    }
}

/// MISC1 (15).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Misc1 {
    /// SRB1 is the negative input of all channels: one reference electrode for all.
    pub srb1: bool,
}

impl Misc1 {
    /// As written to the chip.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        bit(self.srb1, 5)
    }

    /// From the register.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        Self { srb1: is_set(byte, 5) }
    }
}

/// CONFIG4 (17).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Config4 {
    /// One conversion for each START.
    pub single_shot: bool,
    /// The lead-off comparators are on.
    pub lead_off_comparators: bool,
}

impl Config4 {
    /// As written to the chip.
    #[must_use]
    pub const fn to_byte(self) -> u8 {
        bit(self.single_shot, 3) | bit(self.lead_off_comparators, 1)
    }

    /// From the register.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Self {
        Self { single_shot: is_set(byte, 3), lead_off_comparators: is_set(byte, 1) }
    }
}
