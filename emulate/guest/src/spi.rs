//! spidev as embedded-hal's SpiDevice: one ioctl a transaction, pauses included.
//!
//! Must never know what is transferred.

use std::io;
use std::path::Path;
use std::thread::sleep;
use std::time::Duration;

use embedded_hal::delay::DelayNs;
use embedded_hal::spi::{self, ErrorKind, ErrorType, Operation, SpiDevice};
use spidev::{SpiModeFlags, Spidev, SpidevOptions, SpidevTransfer};

/// An SPI device of the kernel.
pub(crate) struct SpiDev(Spidev);

/// A transfer that the kernel refused.
#[derive(Debug)]
pub(crate) struct TransferError(#[allow(dead_code, reason = "for Debug")] io::Error);

impl spi::Error for TransferError {
    fn kind(&self) -> ErrorKind {
        ErrorKind::Other
    }
}

impl SpiDev {
    /// Opens it with a mode of 0 to 3 and a speed in Hz.
    pub(crate) fn open(path: &Path, mode: u8, speed_hz: u32) -> io::Result<Self> {
        let mut device = Spidev::open(path)?;
        let mode = SpiModeFlags::from_bits_truncate(mode.into());
        device.configure(&SpidevOptions::new().bits_per_word(8).max_speed_hz(speed_hz).mode(mode).build())?;
        Ok(Self(device))
    }
}

impl ErrorType for SpiDev {
    type Error = TransferError;
}

impl SpiDevice for SpiDev {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), TransferError> {
        // The ioctl wants two buffers for a transfer in place.
        let sent: Vec<Vec<u8>> = operations
            .iter()
            .map(|o| if let Operation::TransferInPlace(bytes) = o { bytes.to_vec() } else { Vec::new() })
            .collect();
        let mut transfers: Vec<SpidevTransfer<'_, '_>> = Vec::new();
        for (operation, sent) in operations.iter_mut().zip(&sent) {
            match operation {
                Operation::Read(into) => transfers.push(SpidevTransfer::read(into)),
                Operation::Write(from) => transfers.push(SpidevTransfer::write(from)),
                Operation::Transfer(into, from) => transfers.push(SpidevTransfer::read_write(from, into)),
                Operation::TransferInPlace(bytes) => transfers.push(SpidevTransfer::read_write(sent, bytes)),
                Operation::DelayNs(ns) => {
                    if let Some(last) = transfers.last_mut() {
                        last.delay_usecs = u16::try_from(ns.div_ceil(1000)).unwrap_or(u16::MAX);
                    }
                }
            }
        }
        self.0.transfer_multiple(&mut transfers).map_err(TransferError)
    }
}

/// Lets the guest sleep.
pub(crate) struct Sleep;

impl DelayNs for Sleep {
    fn delay_ns(&mut self, ns: u32) {
        sleep(Duration::from_nanos(ns.into()));
    }
}
