//! TI ADS131M04 and ADS131M08: four or eight 24-bit converters that sample at once, with a checksum on every frame
//! (SBAS950 for the M08, SBAS890 for the M04).
//!
//! [`registers`] and [`frame`] are pure: bytes to meaning and back. [`settings`] says how a chip is set up, [`driver`] brings
//! it about over SPI, [`model`] is the other end of the SPI bus. None of them knows of boards.
//!
//! Facts were compared with the public Linux driver ti-ads131m02.c, which cites the datasheet's sections.

pub mod driver;
pub mod frame;
pub mod model;
pub mod registers;
pub mod settings;

pub use driver::Ads131m0x;
pub use model::Model;
pub use settings::Settings;

/// Frequency of the clock in Hz that the data rates are given for (SBAS950, CLOCK register).
pub const CLOCK_HZ: u32 = 8_192_000;

/// Full scale in volts at gain 1: the internal reference (SBAS950, section 8.3.4; Linux takes the same 1.2 V).
pub const VREF: f64 = 1.2;

/// The fastest SCLK in Hz (SBAS950, section 6.6, timing requirements: tc(SC) of 40 ns).
pub const MAX_SPEED_HZ: u32 = 25_000_000;

/// Channels of the larger part.
pub const MAX_CHANNELS: usize = 8;

/// The test level in volts at gain 1, 2/15 of the reference (SBAS950, section 8.3.9), and how far it may be off (electrical
/// characteristics; not confirmed from a second source).
pub const TEST_VOLTS: f64 = 0.160;
/// See [`TEST_VOLTS`].
pub const TEST_TOLERANCE: f64 = 0.08;

/// Which member of the family.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Part {
    /// Four channels.
    M04,
    /// Eight channels.
    M08,
}

impl Part {
    /// As its maker writes it.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::M04 => "ADS131M04",
            Self::M08 => "ADS131M08",
        }
    }

    /// Channels.
    #[must_use]
    pub const fn channels(self) -> usize {
        match self {
            Self::M04 => 4,
            Self::M08 => 8,
        }
    }

    /// The high byte of the ID register, which is also the low byte of the answer to RESET.
    #[must_use]
    pub const fn id(self) -> u8 {
        0x20 | self.channels() as u8
    }

    /// The answer to a RESET that was carried out: FF24, FF28 (SBAS950, table of command responses).
    #[must_use]
    pub const fn reset_done(self) -> u16 {
        0xFF00 | self.id() as u16
    }

    /// Words of a frame: response, channels, checksum.
    #[must_use]
    pub const fn frame_words(self) -> usize {
        self.channels() + 2
    }

    /// Bytes of a frame.
    #[must_use]
    pub const fn frame_bytes(self) -> usize {
        self.frame_words() * frame::WORD_BYTES
    }
}

/// What the host can send (SBAS950, section 8.5.1.10, table of commands).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Command {
    /// Nothing: the answer is STATUS.
    Null,
    /// All registers to their reset values. Wants a whole frame.
    Reset,
    /// Stops converting and saves power.
    Standby,
    /// Leaves standby.
    Wakeup,
    /// Takes no commands but NULL, RREG and UNLOCK any more.
    Lock,
    /// Takes all commands again.
    Unlock,
    /// Reads registers.
    Read {
        /// The first one.
        address: u8,
        /// How many, 1 to 128.
        count: u8,
    },
    /// Writes registers, which follow.
    Write {
        /// The first one.
        address: u8,
        /// How many, 1 to 128.
        count: u8,
    },
}

impl Command {
    /// As it goes over the wire.
    #[must_use]
    pub const fn to_word(self) -> u16 {
        match self {
            Self::Null => 0x0000,
            Self::Reset => 0x0011,
            Self::Standby => 0x0022,
            Self::Wakeup => 0x0033,
            Self::Lock => 0x0555,
            Self::Unlock => 0x0655,
            Self::Read { address, count } => 0xA000 | place(address, count),
            Self::Write { address, count } => 0x6000 | place(address, count),
        }
    }

    /// From the wire; `None` for what is no command.
    #[must_use]
    pub const fn from_word(word: u16) -> Option<Self> {
        let address = (word >> 7 & 0x3F) as u8;
        let count = (word & 0x7F) as u8 + 1;
        match (word, word >> 13) {
            (0x0000, _) => Some(Self::Null),
            (0x0011, _) => Some(Self::Reset),
            (0x0022, _) => Some(Self::Standby),
            (0x0033, _) => Some(Self::Wakeup),
            (0x0555, _) => Some(Self::Lock),
            (0x0655, _) => Some(Self::Unlock),
            (_, 0b101) => Some(Self::Read { address, count }),
            (_, 0b011) => Some(Self::Write { address, count }),
            _ => None,
        }
    }

    /// The answer to a write, in the frame behind it: `010a aaaa ammm mmmm`.
    #[must_use]
    pub const fn written(address: u8, count: u8) -> u16 {
        0x4000 | place(address, count)
    }

    /// The answer to a read of several registers, before them: `111a aaaa annn nnnn`. One register alone is its own answer.
    #[must_use]
    pub const fn several(address: u8, count: u8) -> u16 {
        0xE000 | place(address, count)
    }
}

const fn place(address: u8, count: u8) -> u16 {
    (address as u16 & 0x3F) << 7 | (count.saturating_sub(1) as u16 & 0x7F)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_those_of_the_datasheet_and_lead_back() {
        assert_eq!(Command::Read { address: 0x00, count: 1 }.to_word(), 0xA000);
        assert_eq!(Command::Write { address: 0x03, count: 1 }.to_word(), 0x6180);
        assert_eq!(Command::Write { address: 0x3E, count: 128 }.to_word(), 0x6000 | 0x3E << 7 | 0x7F);
        // ti-ads131m02.c: the answer to a write of one register is 4000 | address << 7.
        assert_eq!(Command::written(0x02, 1), 0x4100);
        let mut known = 0;
        for word in 0..=u16::MAX {
            if let Some(command) = Command::from_word(word) {
                assert_eq!(command.to_word(), word);
                known += 1;
            }
        }
        assert_eq!(known, 6 + 2 * 64 * 128);
    }
}
