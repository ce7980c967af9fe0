//! What a chip has on its wires: clocks of a frame, bits of status and samples, an ID, DRDY. To hold an SPI speed and planned faults against.
//!
//! Must never know of a board.

use super::ChipKind;
use crate::sim::Fault;
use crate::{ads131m0x, ads1256, ads1299, max111x, mcp320x};

/// Bits of a byte.
const BYTE: usize = 8;

/// The ID that a chip's driver asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ChipId {
    /// What it reads.
    pub value: u8,
    /// The bits that are the same on every chip.
    pub mask: u8,
    /// The greatest number that there is room for.
    pub max: u8,
}

impl ChipKind {
    /// Clocks of SCLK that the driver makes for a frame, without pauses.
    #[must_use]
    pub const fn frame_clocks(&self) -> usize {
        let bytes = match self {
            Self::Ads1299(_) => ads1299::frame::FRAME_BYTES,
            Self::Ads131m0x(settings) => settings.part.frame_bytes(),
            // SYNC, WAKEUP, RDATA, the result, WREG, SYNC, WAKEUP for each; RREG with two registers behind the last one.
            Self::Ads1256(settings) => (8 + ads1256::frame::SAMPLE_BYTES) * settings.scan().channels() + 4,
            Self::Max111x(settings) => max111x::frame::BYTES * settings.scan().channels(),
            Self::Mcp320x(settings) => mcp320x::frame::BYTES * settings.scan().channels(),
        };
        bytes * BYTE
    }

    /// Bits that tell whether a frame is one: the status word, ADS1256: the status register, or the zeros before a result.
    #[must_use]
    pub const fn status_bits(&self) -> usize {
        match self {
            Self::Ads1299(_) => ads1299::frame::STATUS_BYTES * BYTE,
            Self::Ads131m0x(_) => 16,
            Self::Ads1256(_) => BYTE,
            Self::Max111x(_) => 2,
            Self::Mcp320x(_) => 1,
        }
    }

    /// Bits of the samples that come with one status; of one sample, where each comes alone.
    #[must_use]
    pub const fn sample_bits(&self) -> usize {
        match self {
            Self::Ads1299(_) => ads1299::CHANNELS * ads1299::frame::SAMPLE_BYTES * BYTE,
            Self::Ads131m0x(settings) => settings.part.channels() * ads131m0x::frame::WORD_BYTES * BYTE,
            Self::Ads1256(_) => ads1256::frame::SAMPLE_BYTES * BYTE,
            Self::Max111x(_) => BYTE,
            Self::Mcp320x(settings) => settings.part.bits() as usize,
        }
    }

    /// Its ID, if it has one.
    #[must_use]
    pub const fn id(&self) -> Option<ChipId> {
        match self {
            // REV_ID and bit 4 of the register may differ (SBAS499, ID register): device and channels count.
            Self::Ads1299(_) => Some(ChipId { value: 0x1E, mask: 0x1F, max: u8::MAX }),
            Self::Ads131m0x(settings) => Some(ChipId { value: settings.part.id(), mask: u8::MAX, max: u8::MAX }),
            Self::Ads1256(_) => Some(ChipId { value: ads1256::registers::Status::ID, mask: 0x0F, max: 0x0F }),
            Self::Max111x(_) | Self::Mcp320x(_) => None,
        }
    }

    /// Whether it has a pin that resets it.
    #[must_use]
    pub const fn has_reset(&self) -> bool {
        !matches!(self, Self::Mcp320x(_) | Self::Max111x(_))
    }

    /// Whether it has a pin that takes it out of service: PWDN, SYNC/PDWN, SHDN. The ADS131M's only such pin is SYNC/RESET (SBAS950, pin functions); the
    /// MCP3008's and MCP3208's is chip-select.
    #[must_use]
    pub const fn has_power_down(&self) -> bool {
        matches!(self, Self::Ads1299(_) | Self::Ads1256(_) | Self::Max111x(_))
    }

    /// Whether the chip can show a fault.
    #[must_use]
    pub fn shows(&self, fault: Fault) -> bool {
        match fault {
            Fault::MissedEdge | Fault::DroppedEdge | Fault::DrdyLow | Fault::DrdyHigh => self.has_data_ready(),
            Fault::StatusBit(bit) => usize::from(bit) < self.status_bits(),
            Fault::DataBit(bit) => usize::from(bit) < self.sample_bits(),
            Fault::WrongId(given) => self.id().is_some_and(|id| given <= id.max && given & id.mask != id.value),
            Fault::BusError | Fault::MisoLow | Fault::MisoHigh | Fault::Unplugged => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use core::convert::Infallible;

    use embedded_hal::delay::DelayNs;
    use embedded_hal::spi::{ErrorType, Operation, SpiDevice};

    use super::*;
    use crate::adc::{Adc, Input};
    use crate::board::Board;

    /// Counts bytes; MISO is low.
    struct Counting<'a>(&'a core::cell::Cell<usize>);

    impl ErrorType for Counting<'_> {
        type Error = Infallible;
    }

    impl SpiDevice for Counting<'_> {
        fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), Infallible> {
            for operation in operations {
                let bytes = match operation {
                    Operation::Read(bytes) | Operation::TransferInPlace(bytes) => {
                        bytes.fill(0);
                        bytes.len()
                    }
                    Operation::Write(bytes) => bytes.len(),
                    Operation::Transfer(read, write) => read.len().max(write.len()),
                    Operation::DelayNs(_) => 0,
                };
                self.0.set(self.0.get() + bytes);
            }
            Ok(())
        }
    }

    struct NoDelay;

    impl DelayNs for NoDelay {
        fn delay_ns(&mut self, _: u32) {}
    }

    #[test]
    fn a_frame_has_the_clocks_that_its_driver_makes() {
        for board in Board::all() {
            let bytes = core::cell::Cell::new(0);
            let (rate, gain) = (board.default_rate.into(), board.default_gain);
            let mut driver = board.driver(0, rate, gain, Input::Normal, Counting(&bytes), NoDelay).unwrap();
            let mut codes = [0; 8];
            let codes = &mut codes[..driver.channels()];
            // The first frame of an ADS131M may be fetched twice.
            for _ in 0..2 {
                bytes.set(0);
                for _ in 0..driver.conversions_per_frame() {
                    let _ = driver.read_frame(codes);
                }
            }
            assert_eq!(board.chips[0].kind.frame_clocks(), bytes.get() * 8, "{}", board.id);
        }
    }

    #[test]
    fn what_a_chip_shows_is_what_its_datasheet_has() {
        let shows = |board: &str, fault| Board::find(board).unwrap().chips[0].kind.shows(fault);
        for (board, status, samples, id) in [
            ("pieeg8", 24, 192, Some(0x1E)),
            ("ads131m04", 16, 96, Some(0x24)),
            ("ads131m08", 16, 192, Some(0x28)),
            ("waveshare-adda", 8, 24, Some(3)),
            ("mcp3008", 1, 10, None),
            ("mcp3208", 1, 12, None),
            ("max1111", 2, 8, None),
        ] {
            assert!(shows(board, Fault::StatusBit(status - 1)) && !shows(board, Fault::StatusBit(status)), "{board}");
            assert!(shows(board, Fault::DataBit(samples - 1)) && !shows(board, Fault::DataBit(samples)), "{board}");
            assert_eq!(shows(board, Fault::WrongId(0)), id.is_some(), "{board}");
            assert!(id.is_none_or(|id| !shows(board, Fault::WrongId(id))), "{board}: the right one is not wrong");
            for edge in [Fault::MissedEdge, Fault::DroppedEdge, Fault::DrdyLow, Fault::DrdyHigh] {
                assert_eq!(shows(board, edge), id.is_some(), "{board}");
            }
            for wire in [Fault::BusError, Fault::MisoLow, Fault::MisoHigh, Fault::Unplugged] {
                assert!(shows(board, wire), "{board}");
            }
        }
        assert!(!shows("waveshare-adda", Fault::WrongId(0x13)), "four bits");
        // Another revision of the chip (SBAS499: REV_ID is not the same on all).
        assert!(!shows("pieeg8", Fault::WrongId(0x3E)) && shows("pieeg8", Fault::WrongId(0x3D)));
    }
}
