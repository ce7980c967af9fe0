//! SPI as the drivers want it, through the kernel or through the controller's own registers.
//!
//! [`kernel`] goes through `/dev/spidevB.C`. [`mapped`] drives the Raspberry Pi's SPI0 without the kernel. Neither knows
//! which chip answers.

pub mod kernel;
pub mod mapped;

use embedded_hal::spi::{ErrorKind, ErrorType, Operation, SpiDevice};

use self::kernel::{KernelSpi, KernelSpiError};
use self::mapped::{MappedSpi, MappedSpiError};

/// An SPI device on either way, so that a board's chips have one type.
#[derive(Debug)]
pub enum HostSpi {
    /// Through the kernel.
    Kernel(KernelSpi),
    /// Through the controller's registers.
    Mapped(MappedSpi),
}

/// Why a transaction failed.
#[derive(thiserror::Error)]
pub enum SpiError {
    /// In the kernel.
    #[error(transparent)]
    Kernel(#[from] KernelSpiError),
    /// At the registers.
    #[error(transparent)]
    Mapped(#[from] MappedSpiError),
}

/// As it is displayed: drivers pass on the errors of their bus by `Debug`, and a person reads them.
impl core::fmt::Debug for SpiError {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        core::fmt::Display::fmt(self, f)
    }
}

impl embedded_hal::spi::Error for SpiError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl ErrorType for HostSpi {
    type Error = SpiError;
}

impl SpiDevice for HostSpi {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), SpiError> {
        match self {
            Self::Kernel(spi) => Ok(spi.transaction(operations)?),
            Self::Mapped(spi) => Ok(spi.transaction(operations)?),
        }
    }
}
