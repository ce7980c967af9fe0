//! TI ADS1256: one 24-bit converter behind a multiplexer of eight inputs (SBAS288).
//!
//! A frame is one scan of the inputs: each conversion has a DRDY of its own, at which the driver fetches the result and
//! switches to the next input ([`driver`]). [`registers`] and [`frame`] are pure, [`settings`] says how a chip is set up, [`model`]
//! is the other end of the SPI bus. None of them knows of boards.
//!
//! # The rate of frames
//! It follows from DRATE, but is not DRATE. Behind every switch the digital filter settles anew, which takes t18 (SBAS288,
//! table 13: 0.21 ms at 30000 SPS, 1.18 ms at 1000 SPS), and before it fetching and switching take the bus for
//! [`SWITCH_CLOCKS`], 56 us. So the inputs of a scan come at 3759 a second at 30000 SPS, 809 at 1000 SPS, 98 at 100 SPS; divided
//! by the inputs that is [`Settings::rate`]. (Table 14 has 4374, 837 and 98: it fetches while the next conversion runs, which
//! [`driver`] does not, and says why.) A host that takes its time between DRDY and the commands, and a slower SCLK, make the
//! rate lower: what holds is the measured one.

pub mod driver;
pub mod frame;
pub mod model;
pub mod registers;
pub mod settings;

pub use driver::Ads1256;
pub use model::Model;
pub use settings::Settings;

/// Frequency of the clock in Hz that all figures are given for (SBAS288, electrical characteristics).
pub const CLOCK_HZ: u32 = 7_680_000;

/// The fastest SCLK in Hz: a quarter of the clock (SBAS288, timing characteristics, t1).
pub const MAX_SPEED_HZ: u32 = CLOCK_HZ / 4;

/// Inputs besides the common one.
pub const INPUTS: u8 = 8;

/// tCLKIN between RREG or RDATA and their data (SBAS288, timing characteristics, t6).
pub const DATA_CLOCKS: u32 = 50;
/// tCLKIN behind WREG, RREG and RDATA before the next command (SBAS288, timing characteristics, t11).
pub const COMMAND_CLOCKS: u32 = 4;
/// tCLKIN behind SYNC and RESET before the next command (SBAS288, timing characteristics, t11).
pub const SYNC_CLOCKS: u32 = 24;

/// tCLKIN from DRDY until the next conversion begins, with a host that is never late and the fastest SCLK: ten bytes of 32, and
/// the pauses in between (two behind SYNC, one before data, three behind other commands). See [`driver`].
pub const SWITCH_CLOCKS: u32 = 10 * 32 + 2 * SYNC_CLOCKS + DATA_CLOCKS + 3 * COMMAND_CLOCKS;

/// The commands, and the opcodes of the two that carry an address (SBAS288, table of command definitions).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum Command {
    /// Ends SYNC and standby.
    Wakeup = 0x00,
    /// Asks for the latest result.
    ReadData = 0x01,
    /// Sends every result without being asked.
    ReadContinuously = 0x03,
    /// Ends that.
    StopReadingContinuously = 0x0F,
    /// Offset and gain calibration.
    SelfCalibrate = 0xF0,
    /// The digital filter begins anew at WAKEUP.
    Sync = 0xFC,
    /// Saves power until WAKEUP.
    Standby = 0xFD,
    /// Registers to their reset values, and a calibration.
    Reset = 0xFE,
}

impl Command {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Wakeup,
        Self::ReadData,
        Self::ReadContinuously,
        Self::StopReadingContinuously,
        Self::SelfCalibrate,
        Self::Sync,
        Self::Standby,
        Self::Reset,
    ];

    /// From its opcode. FF is WAKEUP too.
    #[must_use]
    pub fn from_byte(byte: u8) -> Option<Self> {
        if byte == 0xFF { Some(Self::Wakeup) } else { Self::ALL.into_iter().find(|c| *c as u8 == byte) }
    }
}

/// RREG: reads registers; the first one's address is in the low four bits.
pub const READ_REGISTERS: u8 = 0x10;
/// WREG: writes registers; the first one's address is in the low four bits.
pub const WRITE_REGISTERS: u8 = 0x50;
