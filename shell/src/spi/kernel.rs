//! SPI through the kernel: `/dev/spidevB.C`, one system call a transaction.
//!
//! Must never know of chips; what a transaction becomes is [`super::kernel::pieces`]' business.

pub mod pieces;

use std::io;
use std::path::{Path, PathBuf};

use axismirror_boards::board::SpiSettings;
use embedded_hal::spi::{ErrorKind, ErrorType, Operation, SpiDevice};
use heapless::Vec;
use spidev::{SpiModeFlags, Spidev, SpidevOptions, SpidevTransfer};

use self::pieces::{MAX_PIECES, Piece, Pieces};
use crate::gpio::{GpioError, OutputLine};

/// Bytes that spidev takes at once unless its module is told otherwise.
pub const DEFAULT_BUFSIZ: usize = 4096;
/// Where spidev says what it takes.
const BUFSIZ: &str = "/sys/module/spidev/parameters/bufsiz";
/// Linux' number for "Message too long".
const EMSGSIZE: i32 = 90;

/// An SPI device of the kernel.
#[derive(Debug)]
pub struct KernelSpi {
    device: Spidev,
    path: PathBuf,
    /// A chip-select that is driven by hand.
    select: Option<OutputLine>,
}

/// Why an SPI device cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum KernelSpiOpenError {
    /// There is no such device node.
    #[error(
        "there is no {path}{}: SPI is off, or this chip-select has no device",
        if others.is_empty() { String::new() } else { format!(" (there is {})", others.join(", ")) },
        path = path.display()
    )]
    Missing {
        /// The device node.
        path: PathBuf,
        /// Those that there are.
        others: std::vec::Vec<String>,
    },
    /// Not for this user.
    #[error("{path} is not open to this user", path = path.display())]
    Denied {
        /// The device node.
        path: PathBuf,
    },
    /// It cannot be opened.
    #[error("{path} cannot be opened", path = path.display())]
    Open {
        /// The device node.
        path: PathBuf,
        /// What the kernel says.
        source: io::Error,
    },
    /// The controller does not do what the chip needs.
    #[error("{path} refuses SPI mode {mode} at {speed_hz} Hz", path = path.display())]
    Configure {
        /// The device node.
        path: PathBuf,
        /// 0 to 3.
        mode: u8,
        /// Hz.
        speed_hz: u32,
        /// What the kernel says.
        source: io::Error,
    },
}

impl KernelSpiOpenError {
    /// How to mend it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Missing { .. } => Some(
                "on a Raspberry Pi put `dtparam=spi=on` into /boot/firmware/config.txt and reboot; `axismirror doctor` says more; without a \
                 board use --simulate"
                    .to_owned(),
            ),
            Self::Denied { .. } => Some("sudo usermod -aG spi,gpio \"$USER\", then log in again".to_owned()),
            _ => None,
        }
    }
}

/// Why a transaction failed.
#[derive(Debug, thiserror::Error)]
pub enum KernelSpiError {
    /// More than spidev's buffer takes.
    #[error(
        "{bytes} bytes in {transfers} transfers are more than spidev's buffer of {limit} bytes takes (each transfer fills it up to a \
         multiple of 128): put spidev.bufsiz=65536 on the kernel's command line"
    )]
    TooLong {
        /// Bytes of the transaction.
        bytes: usize,
        /// Transfers that they are in.
        transfers: usize,
        /// What spidev takes.
        limit: usize,
    },
    /// More operations than are prepared for.
    #[error("a transaction of more than {MAX_PIECES} transfers")]
    TooManyOperations,
    /// The transfer itself.
    #[error("{path}: {source}", path = path.display())]
    Transfer {
        /// The device node.
        path: PathBuf,
        /// What the kernel says.
        source: io::Error,
    },
    /// The chip-select that is driven by hand.
    #[error("chip-select: {0}")]
    Select(#[from] GpioError),
}

impl embedded_hal::spi::Error for KernelSpiError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Select(_) => ErrorKind::ChipSelectFault,
            _ => ErrorKind::Other,
        }
    }
}

impl KernelSpi {
    /// Opens `/dev/spidev{bus}.{select}`. With a line, the chip-select is driven by hand around each transaction, and the
    /// controller is asked to leave its own alone.
    ///
    /// # Errors
    /// [`KernelSpiOpenError`].
    pub fn open(
        bus: u8,
        select: u8,
        settings: SpiSettings,
        line: Option<OutputLine>,
    ) -> Result<Self, KernelSpiOpenError> {
        Self::open_in(Path::new("/dev"), bus, select, settings, line)
    }

    fn open_in(
        dev: &Path,
        bus: u8,
        select: u8,
        settings: SpiSettings,
        line: Option<OutputLine>,
    ) -> Result<Self, KernelSpiOpenError> {
        let path = dev.join(format!("spidev{bus}.{select}"));
        let mut device = Spidev::open(&path).map_err(|source| match source.kind() {
            io::ErrorKind::NotFound => KernelSpiOpenError::Missing { path: path.clone(), others: nodes(dev) },
            io::ErrorKind::PermissionDenied => KernelSpiOpenError::Denied { path: path.clone() },
            _ => KernelSpiOpenError::Open { path: path.clone(), source },
        })?;
        let SpiSettings { mode, speed_hz, .. } = settings;
        let bits = SpiModeFlags::from_bits_truncate(u32::from(mode) & 0b11);
        let mut options = SpidevOptions::new();
        options.bits_per_word(8).max_speed_hz(speed_hz).lsb_first(false).mode(bits);
        device.configure(&options).map_err(|source| KernelSpiOpenError::Configure {
            path: path.clone(),
            mode,
            speed_hz,
            source,
        })?;
        if line.is_some() {
            // Where the controller cannot do without, its own select falls too, at a pin that nobody uses.
            let mut none = SpidevOptions::new();
            none.mode(bits | SpiModeFlags::SPI_NO_CS);
            if let Err(error) = device.configure(&none) {
                tracing::warn!("{}: the controller's own chip-select moves as well: {error}", path.display());
            }
        }
        Ok(Self { device, path, select: line })
    }

    fn carry_out(&self, pieces: &mut Pieces<'_>) -> Result<(), KernelSpiError> {
        let bytes = pieces.iter().map(Piece::len).sum();
        let transfers = pieces.len();
        let mut list: Vec<SpidevTransfer<'_, '_>, MAX_PIECES> = Vec::new();
        for piece in pieces.iter_mut() {
            // Cannot fail: there are as many places as pieces.
            let _ = list.push(piece.transfer());
        }
        self.device.transfer_multiple(&mut list).map_err(|source| match source.raw_os_error() {
            Some(EMSGSIZE) => KernelSpiError::TooLong { bytes, transfers, limit: bufsiz() },
            _ => KernelSpiError::Transfer { path: self.path.clone(), source },
        })
    }
}

/// The device nodes that there are.
fn nodes(dev: &Path) -> std::vec::Vec<String> {
    let Ok(entries) = std::fs::read_dir(dev) else { return Default::default() };
    let names = entries.filter_map(|e| Some(e.ok()?.file_name().to_str()?.to_owned()));
    let mut names: std::vec::Vec<_> = names.filter(|n| n.starts_with("spidev")).collect();
    names.sort();
    names
}

fn bufsiz() -> usize {
    std::fs::read_to_string(BUFSIZ).ok().and_then(|t| t.trim().parse().ok()).unwrap_or(DEFAULT_BUFSIZ)
}

impl ErrorType for KernelSpi {
    type Error = KernelSpiError;
}

impl SpiDevice for KernelSpi {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), KernelSpiError> {
        let mut pieces = pieces::of(operations).ok_or(KernelSpiError::TooManyOperations)?;
        if pieces.is_empty() {
            return Ok(());
        }
        let Some(line) = &self.select else { return self.carry_out(&mut pieces) };
        line.set(false)?;
        let result = self.carry_out(&mut pieces);
        // Deselected whatever happened: the next chip on the bus needs it.
        line.set(true)?;
        result
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SETTINGS: SpiSettings = SpiSettings { mode: 1, speed_hz: 4_000_000, max_speed_hz: 20_000_000 };

    #[test]
    fn a_missing_node_says_what_there_is_and_what_to_do() {
        let dev = std::env::temp_dir().join(format!("axismirror-spi-{}", std::process::id()));
        std::fs::create_dir_all(&dev).unwrap();
        std::fs::write(dev.join("spidev1.0"), "").unwrap();
        let error = KernelSpi::open_in(&dev, 0, 0, SETTINGS, None).unwrap_err();
        assert!(error.to_string().contains("spidev0.0 (there is spidev1.0)"), "{error}");
        assert!(error.hint().unwrap().contains("dtparam=spi=on"));
        // A plain file takes no SPI settings.
        let error = KernelSpi::open_in(&dev, 1, 0, SETTINGS, None).unwrap_err();
        assert!(matches!(error, KernelSpiOpenError::Configure { mode: 1, .. }), "{error}");
        std::fs::remove_dir_all(&dev).unwrap();
    }
}
