//! A real board: opens its SPI devices, its DRDY lines and the pins that hold it in reset, by what the board's data say.
//!
//! No board was tried by this project. Must never know of a chip's registers or of what is published.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

use axismirror_boards::adc::Input;
use axismirror_boards::board::{Board, BoardError, ChipSlot, GpioLine, Pacing};
use axismirror_boards::drdy::{ClockPaced, DataReady, Level, Wait};
use axismirror_boards::driver::Driver;

use crate::clock::{HostDelay, HostPace};
use crate::config::SpiAccess;
use crate::gpio::{self, DrdyLine, GpioChip, GpioError, OutputLine};
use crate::spi::HostSpi;
use crate::spi::kernel::{KernelSpi, KernelSpiOpenError};
use crate::spi::mapped::{MappedSpi, MappedSpiOpenError};

/// How long a chip is held in reset: longer than any of the boards' chips asks for (the ADS131M0x, 2048 clocks of 8.192 MHz, is
/// the slowest).
const RESET: Duration = Duration::from_millis(1);

/// Why a board cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum HardwareError {
    /// A rate, gain or chip that it has not.
    #[error(transparent)]
    Board(#[from] BoardError),
    /// SPI through the kernel.
    #[error(transparent)]
    Kernel(#[from] KernelSpiOpenError),
    /// SPI through the controller's registers.
    #[error(transparent)]
    Mapped(#[from] MappedSpiOpenError),
    /// A pin.
    #[error("{what} of chip {chip}: {source}")]
    Gpio {
        /// Which chip, from 0.
        chip: usize,
        /// What the pin is for.
        what: &'static str,
        /// What is wrong with it.
        source: GpioError,
    },
    /// A board that is paced by DRDY, without DRDY.
    #[error("board {board} names no DRDY line for its first chip")]
    NoDataReady {
        /// Board id.
        board: String,
    },
}

impl HardwareError {
    /// How to mend it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Kernel(e) => e.hint(),
            Self::Mapped(e) => e.hint(),
            Self::Gpio { source, .. } => source.hint(),
            Self::Board(_) | Self::NoDataReady { .. } => None,
        }
    }
}

/// When a frame is due: a line that falls, or the host's clock.
#[derive(Debug)]
#[allow(clippy::large_enum_variant, reason = "a board has one or two of them, and they stay where they are")]
pub enum HostDataReady {
    /// A DRDY line.
    Line(DrdyLine<gpio::WatchedLine>),
    /// The host's clock, for chips that convert when they are asked.
    Clock(ClockPaced<HostPace>),
}

impl DataReady for HostDataReady {
    type Error = GpioError;

    fn wait(&mut self, timeout_ns: i64) -> Result<Wait, GpioError> {
        match self {
            Self::Line(line) => line.wait(timeout_ns),
            Self::Clock(clock) => clock.wait(timeout_ns).map_err(|never| match never {}),
        }
    }

    fn level(&mut self) -> Result<Option<Level>, GpioError> {
        match self {
            Self::Line(line) => line.level(),
            Self::Clock(clock) => clock.level().map_err(|never| match never {}),
        }
    }

    fn now_ns(&mut self) -> Option<i64> {
        match self {
            Self::Line(line) => line.now_ns(),
            Self::Clock(clock) => clock.now_ns(),
        }
    }
}

/// A board that is open.
#[derive(Debug)]
pub struct Hardware {
    /// A driver for each chip.
    pub adcs: Vec<Driver<HostSpi, HostDelay>>,
    /// What paces the first chip, and the DRDY lines of those behind it.
    pub data_ready: Vec<HostDataReady>,
    /// Reset and power-down pins: a line that is let go may fall.
    _held: Vec<OutputLine>,
}

/// How a board is to be opened.
#[derive(Clone, Debug)]
pub struct Wanted {
    /// Frames per second in Hz.
    pub rate: f64,
    /// Gain.
    pub gain: u8,
    /// What the channels measure.
    pub input: Input,
    /// Through the kernel or not.
    pub spi: SpiAccess,
    /// Ends every wait.
    pub stop: Arc<AtomicBool>,
}

impl Hardware {
    /// Opens the board: powers its chips up, takes them through their reset pins, and makes a driver for each. Nothing is sent to them yet.
    ///
    /// # Errors
    /// [`HardwareError`].
    pub fn open(board: &Board, wanted: &Wanted) -> Result<Self, HardwareError> {
        board.check(wanted.rate, wanted.gain)?;
        let pins = Pins { board, chips: gpio::chips() };
        let mut adcs = Vec::new();
        for (chip, slot) in board.chips.iter().enumerate() {
            let spi = pins.spi(chip, slot, wanted.spi)?;
            adcs.push(board.driver(chip, wanted.rate, wanted.gain, wanted.input, spi, HostDelay)?);
        }
        let held = pins.reset()?;
        let data_ready = match board.pacing {
            Pacing::Clock => {
                vec![HostDataReady::Clock(ClockPaced::new(HostPace::new(wanted.stop.clone(), false), wanted.rate))]
            }
            Pacing::DataReady => pins.data_ready(&wanted.stop)?,
        };
        Ok(Self { adcs, data_ready, _held: held })
    }
}

/// The board's pins among the host's.
struct Pins<'b> {
    board: &'b Board,
    chips: Vec<GpioChip>,
}

impl Pins<'_> {
    fn find(&self, chip: usize, what: &'static str, line: &GpioLine) -> Result<gpio::Found, HardwareError> {
        gpio::find(&self.chips, line, self.board.gpio_chips).map_err(|source| HardwareError::Gpio {
            chip,
            what,
            source,
        })
    }

    fn output(
        &self,
        chip: usize,
        what: &'static str,
        line: &GpioLine,
        high: bool,
    ) -> Result<OutputLine, HardwareError> {
        let found = self.find(chip, what, line)?;
        OutputLine::open(&found, high).map_err(|source| HardwareError::Gpio { chip, what, source })
    }

    fn spi(&self, chip: usize, slot: &ChipSlot, access: SpiAccess) -> Result<HostSpi, HardwareError> {
        let by_hand = slot.select_line.as_ref().map(|line| self.select(chip, line)).transpose()?.flatten();
        Ok(match access {
            SpiAccess::Kernel => HostSpi::Kernel(KernelSpi::open(slot.bus, slot.select, self.board.spi, by_hand)?),
            SpiAccess::Mapped => HostSpi::Mapped(MappedSpi::open(slot.bus, slot.select, self.board.spi, by_hand)?),
        })
    }

    /// A chip-select on a pin of its own: driven by us, unless an overlay (`spi0-2cs,cs1_pin=`) gave it to the kernel's driver.
    fn select(&self, chip: usize, line: &GpioLine) -> Result<Option<OutputLine>, HardwareError> {
        const WHAT: &str = "chip-select";
        let found = self.find(chip, WHAT, line)?;
        if found.consumer.as_deref().is_some_and(|c| c.starts_with("spi")) {
            return Ok(None);
        }
        OutputLine::open(&found, true).map(Some).map_err(|source| HardwareError::Gpio { chip, what: WHAT, source })
    }

    /// Power-down high, then reset low and high; the lines have to be kept.
    fn reset(&self) -> Result<Vec<OutputLine>, HardwareError> {
        let mut held = Vec::new();
        let mut resets = Vec::new();
        for (chip, slot) in self.board.chips.iter().enumerate() {
            if let Some(line) = &slot.power_down {
                held.push(self.output(chip, "power-down", line, true)?);
            }
            if let Some(line) = &slot.reset {
                resets.push((chip, self.output(chip, "reset", line, false)?));
            }
        }
        if !resets.is_empty() {
            std::thread::sleep(RESET);
        }
        for (chip, line) in resets {
            line.set(true).map_err(|source| HardwareError::Gpio { chip, what: "reset", source })?;
            held.push(line);
        }
        Ok(held)
    }

    fn data_ready(&self, stop: &Arc<AtomicBool>) -> Result<Vec<HostDataReady>, HardwareError> {
        const WHAT: &str = "DRDY";
        let mut all = Vec::new();
        // Behind a chip without a line nobody counts slips.
        for (chip, line) in self.board.chips.iter().map_while(|slot| slot.data_ready.as_ref()).enumerate() {
            let found = self.find(chip, WHAT, line)?;
            let source = gpio::watch(&found).map_err(|source| HardwareError::Gpio { chip, what: WHAT, source })?;
            all.push(HostDataReady::Line(DrdyLine::new(source, stop.clone())));
        }
        if all.is_empty() {
            return Err(HardwareError::NoDataReady { board: self.board.id.to_owned() });
        }
        Ok(all)
    }
}
