//! SPI without the kernel: SPI0 of BCM2835, 2836, 2837 and 2711 (Raspberry Pi 0 to 4) through `/dev/mem`.
//!
//! For what the kernel's driver costs a transfer. [`protocol`] speaks to the registers, [`block`] is the unsafe room, [`machine`] finds out
//! what machine this is. Not tried on a real board. Must never know of chips.

pub mod block;
pub mod machine;
pub mod protocol;

use std::io;
use std::path::Path;

use axismirror_boards::board::SpiSettings;
use embedded_hal::spi::{ErrorKind, ErrorType, Operation, SpiDevice};

use self::block::Block;
use self::machine::{Machine, MachineError};
use self::protocol::{Bus, NO_SELECT, Setup, Stuck};
use crate::gpio::{GpioError, OutputLine};

/// Physical memory as a file (`mem(4)`).
const MEMORY: &str = "/dev/mem";
/// The GPIO registers alone, on kernels of the Raspberry Pi.
const GPIO_MEMORY: &str = "/dev/gpiomem";
/// Bytes of a register block that are mapped.
const BLOCK: usize = 0x1000;

/// An SPI device on SPI0.
#[derive(Debug)]
pub struct MappedSpi {
    bus: Bus<Block>,
    /// A chip-select that is driven by hand.
    select: Option<OutputLine>,
}

/// Why SPI0 cannot be driven without the kernel.
#[derive(Debug, thiserror::Error)]
pub enum MappedSpiOpenError {
    /// Not this machine, or not now.
    #[error(transparent)]
    Machine(#[from] MachineError),
    /// Another bus than SPI0.
    #[error("SPI{bus} select {select}: only SPI0 with its selects 0 and 1 can be driven through its registers")]
    NotSpi0 {
        /// Number of the bus.
        bus: u8,
        /// Number of the select.
        select: u8,
    },
    /// No access to physical memory.
    #[error("{MEMORY} cannot be opened")]
    Memory(#[source] io::Error),
    /// The kernel does not give this piece of memory away.
    #[error("the registers at {at:#x} cannot be mapped")]
    Map {
        /// Physical address.
        at: u64,
        /// What the kernel says.
        source: io::Error,
    },
}

impl MappedSpiOpenError {
    /// How to mend it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Machine(e) => return e.hint(),
            Self::NotSpi0 { .. } => "use spi = \"kernel\"",
            Self::Memory(_) => "run it as root (CAP_SYS_RAWIO), or use spi = \"kernel\"",
            Self::Map { .. } => {
                "add iomem=relaxed to /boot/firmware/cmdline.txt and reboot, or use spi = \"kernel\"; a locked-down kernel (secure boot) never allows it"
            }
        };
        Some(text.to_owned())
    }
}

/// Why a transaction failed.
#[derive(Debug, thiserror::Error)]
pub enum MappedSpiError {
    /// The controller stopped.
    #[error(transparent)]
    Stuck(#[from] Stuck),
    /// The chip-select that is driven by hand.
    #[error("chip-select: {0}")]
    Select(#[from] GpioError),
}

impl embedded_hal::spi::Error for MappedSpiError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Select(_) => ErrorKind::ChipSelectFault,
            Self::Stuck(_) => ErrorKind::Other,
        }
    }
}

impl MappedSpi {
    /// Takes SPI0, with one of its own selects or with a line that is driven by hand.
    ///
    /// # Errors
    /// [`MappedSpiOpenError`]: on a machine without SPI0 of this kind, while the kernel's driver has it, and without permission.
    pub fn open(
        bus: u8,
        select: u8,
        settings: SpiSettings,
        line: Option<OutputLine>,
    ) -> Result<Self, MappedSpiOpenError> {
        if bus != 0 || select > 1 {
            return Err(MappedSpiOpenError::NotSpi0 { bus, select });
        }
        let machine = Machine::look(Path::new("/"))?;
        let memory =
            std::fs::OpenOptions::new().read(true).write(true).open(MEMORY).map_err(MappedSpiOpenError::Memory)?;
        let map = |at| Block::map(&memory, at, BLOCK).map_err(|source| MappedSpiOpenError::Map { at, source });
        let registers = map(machine.spi0())?;
        let hardware_select = line.is_none().then_some(select);
        match gpio_registers().or_else(|_| map(machine.gpio())) {
            Ok(mut gpio) => protocol::take_pins(&mut gpio, hardware_select),
            // Where the kernel is strict its pin controller keeps them to itself; the firmware can do it at the start.
            Err(_) => tracing::warn!(
                "the pins of SPI0 are taken to be set up: put gpio=7-11=a0 into config.txt if no chip answers"
            ),
        }
        let setup = Setup::new(settings, hardware_select.unwrap_or(NO_SELECT), machine.core_hz);
        tracing::debug!("SPI0 at {:#x}, {} Hz", machine.spi0(), setup.speed_hz(machine.core_hz));
        Ok(Self { bus: Bus::new(registers, setup), select: line })
    }
}

/// The GPIO registers as the Raspberry Pi's own kernel gives them away, at offset 0 of a file.
fn gpio_registers() -> io::Result<Block> {
    Block::map(&std::fs::OpenOptions::new().read(true).write(true).open(GPIO_MEMORY)?, 0, BLOCK)
}

impl ErrorType for MappedSpi {
    type Error = MappedSpiError;
}

impl SpiDevice for MappedSpi {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), MappedSpiError> {
        let Some(line) = &self.select else { return Ok(self.bus.transaction(operations)?) };
        line.set(false)?;
        let result = self.bus.transaction(operations);
        // Deselected whatever happened: the next chip on the bus needs it.
        line.set(true)?;
        Ok(result?)
    }
}
