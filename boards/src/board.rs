//! Boards as data: which chips, on which wires, with which rates, gains and channel names.
//!
//! A new board is a new constant, or a file that a shell reads. Must never open a device: the shell does, by what is written here.

mod ads131m;
mod chip;
mod error;
mod max1111;
mod mcp;
mod pieeg;
mod waveshare;
mod wires;

use embedded_hal::delay::DelayNs;
use embedded_hal::spi::SpiDevice;
use heapless::String;

pub use self::error::{BoardError, MAX_NAME};
pub use self::wires::ChipId;

use self::error::distance;
use crate::adc::Input;
use crate::ads1299::{self, registers::DataRate, registers::Gain};
use crate::driver::Driver;
use crate::{ads131m0x, ads1256, max111x, mcp320x};

/// Chips that a board can have.
pub const MAX_CHIPS: usize = 4;

/// Labels of the gpiochips with the 40-pin header: Raspberry Pi 5, 4, and 3.
const PI_GPIO_CHIPS: &[&str] = &["pinctrl-rp1", "pinctrl-bcm2711", "pinctrl-bcm2835"];

/// A board.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Board {
    /// What settings and command line call it.
    pub id: &'static str,
    /// What its maker calls it.
    pub title: &'static str,
    /// Its chips. The first one's DRDY paces all of them.
    pub chips: &'static [ChipSlot],
    /// How the host speaks to them.
    pub spi: SpiSettings,
    /// What tells that a frame is due.
    pub pacing: Pacing,
    /// Rates in Hz, the least first. With [`Pacing::Clock`] any rate up to the greatest of them is possible.
    pub rates: &'static [u32],
    /// The rate unless told otherwise, in Hz.
    pub default_rate: u32,
    /// Gains, the least first.
    pub gains: &'static [u8],
    /// The gain unless told otherwise.
    pub default_gain: u8,
    /// Reference in volts.
    pub vref: f64,
    /// A name for each channel; as many as there are channels.
    pub labels: &'static [&'static str],
    /// Where each channel is; empty when nobody said.
    pub positions: &'static [Position],
    /// Labels of the gpiochips that its pins can be on, one for each kind of host. Never go by a gpiochip's number.
    pub gpio_chips: &'static [&'static str],
    /// Lines for the Raspberry Pi's config.txt.
    pub config_txt: &'static [&'static str],
    /// What a user has to know.
    pub notes: &'static [&'static str],
}

/// Where a channel's electrode or sensor is.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Position {
    /// To the right, in the unit of the montage.
    pub x: f64,
    /// To the front, in the unit of the montage.
    pub y: f64,
}

/// A chip and its wires.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ChipSlot {
    /// What it is, and how it is set up.
    pub kind: ChipKind,
    /// The kernel's SPI bus and chip-select: `/dev/spidev{bus}.{select}`.
    pub bus: u8,
    /// See `bus`.
    pub select: u8,
    /// The pin of the chip-select where it is not the controller's own.
    pub select_line: Option<GpioLine>,
    /// DRDY, falling when a frame is ready.
    pub data_ready: Option<GpioLine>,
    /// Reset, low for reset.
    pub reset: Option<GpioLine>,
    /// Power-down, low for down.
    pub power_down: Option<GpioLine>,
}

/// A chip with its settings on the board; rate, gain and input are put in by [`Board::driver`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ChipKind {
    /// TI ADS1299
    Ads1299(ads1299::Settings),
    /// TI ADS1256
    Ads1256(ads1256::Settings),
    /// TI ADS131M04, ADS131M08
    Ads131m0x(ads131m0x::Settings),
    /// Maxim MAX1110, MAX1111
    Max111x(max111x::Settings),
    /// Microchip MCP3008, MCP3208
    Mcp320x(mcp320x::Settings),
}

impl ChipKind {
    /// The name that its maker gave it.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        match self {
            Self::Ads1299(_) => "ADS1299",
            Self::Ads1256(_) => "ADS1256",
            Self::Ads131m0x(settings) => settings.part.name(),
            Self::Max111x(settings) => settings.part.name(),
            Self::Mcp320x(settings) => settings.part.name(),
        }
    }

    /// Channels of the chip.
    #[must_use]
    pub const fn channels(&self) -> usize {
        match self {
            Self::Ads1299(settings) => settings.frame_channels(),
            Self::Ads1256(settings) => settings.scan().channels(),
            Self::Ads131m0x(settings) => settings.part.channels(),
            Self::Max111x(settings) => settings.scan().channels(),
            Self::Mcp320x(settings) => settings.scan().channels(),
        }
    }
}

/// A pin of the host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct GpioLine {
    /// The line's name in the device tree.
    pub name: &'static str,
    /// Its offset on the gpiochip, for kernels that name no lines.
    pub offset: u32,
    /// Its place on the 40-pin header.
    pub header_pin: u8,
}

/// How the host speaks SPI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SpiSettings {
    /// 0 to 3: CPOL * 2 + CPHA.
    pub mode: u8,
    /// Hz.
    pub speed_hz: u32,
    /// More than this the chip does not take, in Hz.
    pub max_speed_hz: u32,
}

/// What tells that a frame is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Pacing {
    /// The DRDY line of the first chip.
    DataReady,
    /// The host's clock: the chip converts when it is asked.
    Clock,
}

impl Board {
    const ALL: [Self; 8] = [
        pieeg::PIEEG8,
        pieeg::PIEEG16,
        waveshare::WAVESHARE_ADDA,
        ads131m::ADS131M04,
        ads131m::ADS131M08,
        mcp::MCP3008,
        mcp::MCP3208,
        max1111::MAX1111,
    ];

    /// All boards.
    #[must_use]
    pub const fn all() -> &'static [Self] {
        const { &Self::ALL }
    }

    /// The board with an id.
    ///
    /// ```
    /// use axismirror_boards::board::Board;
    /// assert_eq!(Board::find("pieeg16")?.channels(), 16);
    /// let error = Board::find("pieg8").unwrap_err();
    /// assert_eq!(error.to_string(), r#"there is no board "pieg8"; the nearest is "pieeg8""#);
    /// # Ok::<(), axismirror_boards::board::BoardError>(())
    /// ```
    ///
    /// # Errors
    /// [`BoardError::UnknownBoard`].
    pub fn find(id: &str) -> Result<&'static Self, BoardError> {
        let all = Self::all();
        all.iter().find(|b| b.id == id).ok_or_else(|| {
            let nearest = all.iter().min_by_key(|b| distance(b.id, id)).map_or("", |b| b.id);
            let mut given = String::new();
            for c in id.chars() {
                if given.push(c).is_err() {
                    break;
                }
            }
            BoardError::UnknownBoard { given, nearest }
        })
    }

    /// Channels of all chips together.
    #[must_use]
    pub fn channels(&self) -> usize {
        self.chips.iter().map(|c| c.kind.channels()).sum()
    }

    /// Whether the board has a rate and a gain.
    ///
    /// # Errors
    /// [`BoardError::Rate`], [`BoardError::Gain`]; they name the nearest.
    pub fn check(&self, rate: f64, gain: u8) -> Result<(), BoardError> {
        let highest = self.rates.last().copied().map_or(0.0, f64::from);
        let possible = match self.pacing {
            Pacing::DataReady => self.rates.iter().any(|r| f64::from(*r) == rate),
            Pacing::Clock => rate > 0.0 && rate <= highest,
        };
        if !possible {
            let far = |r: &&u32| (f64::from(**r) - rate).abs();
            let nearest = self.rates.iter().min_by(|a, b| far(a).total_cmp(&far(b)));
            let nearest = nearest.copied().unwrap_or(self.default_rate);
            return Err(BoardError::Rate { board: self.id, given: rate, nearest, all: self.rates });
        }
        if !self.gains.contains(&gain) {
            let nearest = self.gains.iter().min_by_key(|g| g.abs_diff(gain)).copied().unwrap_or(self.default_gain);
            return Err(BoardError::Gain { board: self.id, given: gain, nearest, all: self.gains });
        }
        Ok(())
    }

    /// The driver of a chip, set up for a rate (Hz), gain and input, over its SPI device.
    ///
    /// # Errors
    /// [`BoardError`] when the board has no such rate, gain or chip.
    pub fn driver<SPI: SpiDevice, D: DelayNs>(
        &self,
        chip: usize,
        rate: f64,
        gain: u8,
        input: Input,
        spi: SPI,
        delay: D,
    ) -> Result<Driver<SPI, D>, BoardError> {
        self.check(rate, gain)?;
        let error = BoardError::Chip { board: self.id, given: chip, chips: self.chips.len() };
        match self.chips.get(chip).ok_or(error)?.kind {
            ChipKind::Ads1299(settings) => {
                // A test holds that the boards' rates and gains are the chip's: these cannot miss.
                let rate = DataRate::from_hz(rate).unwrap_or(settings.config1.rate);
                let gain = Gain::from_factor(gain).unwrap_or(Gain::X1);
                let settings = settings.with_rate(rate).with_gain(gain);
                // The pins are what the board's own settings say.
                let settings = if input == Input::Normal { settings } else { settings.with_input(input) };
                Ok(Driver::Ads1299(ads1299::Ads1299::new(spi, delay, settings)))
            }
            ChipKind::Ads1256(settings) => {
                let settings = settings.with_frame_rate(rate).unwrap_or(settings);
                let gain = ads1256::registers::Gain::from_factor(gain).unwrap_or(ads1256::registers::Gain::X1);
                let driver = ads1256::Ads1256::new(spi, delay, settings.with_gain(gain), self.vref);
                Ok(Driver::Ads1256(driver.with_input(input)))
            }
            ChipKind::Ads131m0x(settings) => {
                let rate = ads131m0x::registers::Oversampling::from_hz(rate).unwrap_or(settings.oversampling);
                let gain = ads131m0x::registers::Gain::from_factor(gain).unwrap_or(ads131m0x::registers::Gain::X1);
                let settings = settings.with_oversampling(rate).with_gain(gain);
                let settings = if input == Input::Normal { settings } else { settings.with_input(input) };
                Ok(Driver::Ads131m0x(ads131m0x::Ads131m0x::new(spi, delay, settings)))
            }
            ChipKind::Max111x(settings) => {
                Ok(Driver::Max111x(max111x::Max111x::new(spi, settings, self.vref, rate, input)))
            }
            ChipKind::Mcp320x(settings) => {
                Ok(Driver::Mcp320x(mcp320x::Mcp320x::new(spi, settings, self.vref, rate, input)))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boards_agree_with_themselves() {
        for board in Board::all() {
            assert_eq!(board.labels.len(), board.channels(), "{}", board.id);
            assert!(board.chips.len() <= MAX_CHIPS && !board.chips.is_empty());
            assert!(board.check(board.default_rate.into(), board.default_gain).is_ok());
            assert!(board.rates.is_sorted() && board.gains.is_sorted());
            assert_eq!(board.pacing == Pacing::DataReady, board.chips[0].data_ready.is_some());
            for chip in board.chips.iter().map(|c| c.kind) {
                let (rates, gains) = (chip.rates(), chip.gains());
                assert!(board.pacing == Pacing::Clock || board.rates.iter().all(|r| rates.contains(r)), "{}", board.id);
                assert!(board.gains.iter().all(|g| gains.contains(g)));
                assert!(chip.modes().contains(&board.spi.mode) && board.spi.max_speed_hz <= chip.max_speed_hz());
                assert!(board.spi.speed_hz <= board.spi.max_speed_hz);
                assert!(chip.fixed_vref().is_none_or(|v| v == board.vref) && board.vref <= chip.max_vref());
            }
            // The frames of all chips go over one bus.
            let clocks: usize = board.chips.iter().map(|c| c.kind.frame_clocks()).sum();
            let highest = board.rates[board.rates.len() - 1];
            assert!(clocks as u64 * u64::from(highest) <= board.spi.speed_hz.into(), "{}", board.id);
        }
    }

    #[test]
    fn what_is_wrong_is_named_with_what_is_near() {
        let board = Board::find("pieeg8").unwrap();
        assert!(matches!(board.check(300.0, 24), Err(BoardError::Rate { nearest: 250, .. })));
        assert!(matches!(board.check(f64::NAN, 24), Err(BoardError::Rate { .. })));
        assert!(matches!(board.check(250.0, 20), Err(BoardError::Gain { nearest: 24, .. })));
        assert!(matches!(Board::find("PIEEG-16"), Err(BoardError::UnknownBoard { nearest: "pieeg16", .. })));
        assert!(Board::find(&"x".repeat(1000)).is_err());
    }
}
