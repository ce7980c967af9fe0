//! What a chip can do, whatever board it is on: to hold a board's data against.
//!
//! Must never know of a board.

use heapless::Vec;

use super::ChipKind;
use crate::{ads131m0x, ads1256, ads1299, max111x};

/// Rates or gains that a chip can have.
pub(super) const MAX_STEPS: usize = 16;

impl ChipKind {
    /// Rates of frames in Hz that can be written as whole numbers, the least first. Empty when the chip converts when it is
    /// asked.
    #[must_use]
    pub fn rates(&self) -> Vec<u32, MAX_STEPS> {
        let mut rates: Vec<u32, MAX_STEPS> = match self {
            Self::Ads1299(_) => ads1299::registers::DataRate::ALL.iter().map(|r| r.hz()).collect(),
            Self::Ads131m0x(_) => {
                let all = ads131m0x::registers::Oversampling::ALL.iter().map(|o| o.hz());
                all.filter(|hz| libm::floor(*hz) == *hz).map(|hz| hz as u32).collect()
            }
            Self::Ads1256(settings) => {
                let all =
                    ads1256::registers::DataRate::ALL.iter().map(|rate| settings.with_data_rate(*rate).rate() as u32);
                all.filter(|hz| *hz > 0).collect()
            }
            Self::Mcp320x(_) | Self::Max111x(_) => Vec::new(),
        };
        rates.sort_unstable();
        let mut before = 0;
        rates.retain(|rate| core::mem::replace(&mut before, *rate) != *rate);
        rates
    }

    /// Gains, the least first.
    #[must_use]
    pub fn gains(&self) -> Vec<u8, MAX_STEPS> {
        match self {
            Self::Ads1299(_) => ads1299::registers::Gain::ALL.iter().map(|g| g.factor()).collect(),
            Self::Ads131m0x(_) => ads131m0x::registers::Gain::ALL.iter().map(|g| g.factor()).collect(),
            Self::Ads1256(_) => ads1256::registers::Gain::ALL.iter().map(|g| g.factor()).collect(),
            Self::Mcp320x(_) | Self::Max111x(_) => [1].into_iter().collect(),
        }
    }

    /// SPI modes.
    #[must_use]
    pub const fn modes(&self) -> &'static [u8] {
        match self {
            Self::Ads1299(_) | Self::Ads131m0x(_) | Self::Ads1256(_) => &[1],
            Self::Mcp320x(_) => &[0, 3],
            Self::Max111x(_) => &[0],
        }
    }

    /// The fastest SCLK in Hz at the highest supply.
    #[must_use]
    pub const fn max_speed_hz(&self) -> u32 {
        match self {
            Self::Ads1299(_) => 20_000_000,
            Self::Ads131m0x(_) => ads131m0x::MAX_SPEED_HZ,
            Self::Ads1256(_) => ads1256::MAX_SPEED_HZ,
            Self::Mcp320x(settings) => settings.part.max_speed_hz(5.0),
            Self::Max111x(_) => max111x::MAX_SPEED_HZ,
        }
    }

    /// Whether it has a DRDY line.
    #[must_use]
    pub const fn has_data_ready(&self) -> bool {
        !matches!(self, Self::Mcp320x(_) | Self::Max111x(_))
    }

    /// Whether it makes a test signal for itself.
    #[must_use]
    pub const fn has_test_signal(&self) -> bool {
        matches!(self, Self::Ads1299(_) | Self::Ads131m0x(_))
    }

    /// Whether a frame is a scan, one conversion behind the other: such a chip must be alone on its board.
    #[must_use]
    pub const fn scans(&self) -> bool {
        matches!(self, Self::Ads1256(_))
    }

    /// The reference in volts that it has inside and that cannot be another one.
    #[must_use]
    pub const fn fixed_vref(&self) -> Option<f64> {
        match self {
            Self::Ads1299(_) => Some(ads1299::VREF),
            Self::Ads131m0x(_) => Some(ads131m0x::VREF),
            Self::Ads1256(_) | Self::Mcp320x(_) | Self::Max111x(_) => None,
        }
    }

    /// The highest external reference in volts: the highest supply (ADS1256: 5 V and 5 %, SBAS288, electrical characteristics; the others 5.5 V, first
    /// pages of DS21295, DS21298 and 19-1194).
    #[must_use]
    pub const fn max_vref(&self) -> f64 {
        match self {
            Self::Ads1299(_) => ads1299::VREF,
            Self::Ads131m0x(_) => ads131m0x::VREF,
            Self::Ads1256(_) => 5.25,
            Self::Mcp320x(_) | Self::Max111x(_) => 5.5,
        }
    }
}
