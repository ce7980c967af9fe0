//! TI ADS1299: 8-channel, 24-bit converter for biopotentials (SBAS499).
//!
//! [`registers`] and [`frame`] are pure: bytes to meaning and back. [`settings`] says how a chip is set up, [`driver`]
//! brings it about over SPI, [`model`] is the other end of the SPI bus. None of them knows of boards.

pub mod driver;
pub mod frame;
pub mod model;
pub mod registers;
pub mod settings;

pub use driver::Ads1299;
pub use model::Model;
pub use settings::Settings;

/// Channels of the chip. (Its relatives ADS1299-6 and ADS1299-4 have fewer; the ID register tells them apart.)
pub const CHANNELS: usize = 8;

/// Frequency of the chip's clock in Hz, internal oscillator (SBAS499, electrical characteristics, clock).
pub const CLOCK_HZ: u32 = 2_048_000;

/// The internal reference in volts (SBAS499, electrical characteristics, reference).
pub const VREF: f64 = 4.5;

/// The one-byte commands, and the opcodes of the two that carry an address (SBAS499, table of SPI commands).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Command {
    /// Leaves standby.
    Wakeup = 0x02,
    /// Saves power until `Wakeup`.
    Standby = 0x04,
    /// All registers to their reset values.
    Reset = 0x06,
    /// Begins conversions.
    Start = 0x08,
    /// Ends conversions.
    Stop = 0x0A,
    /// Every frame is shifted out without being asked for: the state after power-up and reset.
    ReadContinuously = 0x10,
    /// Ends it. Registers can be reached only now.
    StopReadingContinuously = 0x11,
    /// Asks for one frame.
    ReadData = 0x12,
}

impl Command {
    /// All one-byte commands.
    pub const ALL: [Self; 8] = [
        Self::Wakeup,
        Self::Standby,
        Self::Reset,
        Self::Start,
        Self::Stop,
        Self::ReadContinuously,
        Self::StopReadingContinuously,
        Self::ReadData,
    ];

    /// From its opcode.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|c| *c as u8 == byte)
    }
}

/// RREG: reads registers; the first one's address is in the low five bits.
pub const READ_REGISTERS: u8 = 0x20;
/// WREG: writes registers; the first one's address is in the low five bits.
pub const WRITE_REGISTERS: u8 = 0x40;
/// The bits of RREG, WREG and their second byte (count - 1) that hold address and count.
pub const ADDRESS_MASK: u8 = 0x1F;

/// tCLK that the chip takes to decode a byte of a command (SBAS499, SPI timing, tSDECODE).
pub const DECODE_CLOCKS: u32 = 4;
/// tCLK from power-up until the chip listens (SBAS499, power-up timing, tPOR): 2 to the power of 18.
pub const POWER_UP_CLOCKS: u32 = 1 << 18;
/// tCLK that a reset takes (SBAS499, power-up timing).
pub const RESET_CLOCKS: u32 = 18;
/// Milliseconds until the internal reference has settled (SBAS499, reference: start-up time).
pub const REFERENCE_SETTLING_MS: u32 = 150;

/// Volts for one step of the code at a gain (SBAS499, data format): VREF / gain / (2^23 - 1).
#[must_use]
pub fn volts_per_code(vref: f64, gain: registers::Gain) -> f64 {
    vref / f64::from(gain.factor()) / f64::from(frame::CODE_MAX)
}
