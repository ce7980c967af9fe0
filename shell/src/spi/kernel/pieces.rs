//! A transaction of embedded-hal as the list of transfers that spidev carries out under one chip-select.
//!
//! Pauses ride on the transfer before them (`delay_usecs`, which the kernel waits out before it deselects), rounded up to whole
//! microseconds: a driver's pause is a minimum. Pure; allocates nothing. Must never touch a device.

use embedded_hal::spi::Operation;
use heapless::Vec;
use spidev::SpidevTransfer;

/// Transfers of one transaction; an ioctl's length field has room for 511.
pub const MAX_PIECES: usize = 128;

/// The transfers of one transaction.
pub type Pieces<'a> = Vec<Piece<'a>, MAX_PIECES>;

/// Bytes that go one way or both, and the pause behind them.
#[derive(Debug, PartialEq, Eq)]
pub struct Piece<'a> {
    bytes: Bytes<'a>,
    delay_us: u16,
}

#[derive(Debug, PartialEq, Eq)]
enum Bytes<'a> {
    None,
    Write(&'a [u8]),
    Read(&'a mut [u8]),
    InPlace(&'a mut [u8]),
    /// Of one length.
    Both(&'a [u8], &'a mut [u8]),
}

impl<'a> Piece<'a> {
    const fn new(bytes: Bytes<'a>) -> Self {
        Self { bytes, delay_us: 0 }
    }

    /// Bytes on the bus.
    #[must_use]
    pub fn len(&self) -> usize {
        match &self.bytes {
            Bytes::None => 0,
            Bytes::Write(tx) | Bytes::Both(tx, _) => tx.len(),
            Bytes::Read(rx) | Bytes::InPlace(rx) => rx.len(),
        }
    }

    /// Whether it is a pause alone.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// As spidev wants it.
    pub(super) fn transfer(&mut self) -> SpidevTransfer<'_, '_> {
        let mut transfer = match &mut self.bytes {
            Bytes::None => SpidevTransfer::delay(0),
            Bytes::Write(tx) => SpidevTransfer::write(tx),
            Bytes::Read(rx) => SpidevTransfer::read(rx),
            Bytes::InPlace(both) => SpidevTransfer::read_write_in_place(both),
            Bytes::Both(tx, rx) => SpidevTransfer::read_write(tx, rx),
        };
        transfer.delay_usecs = self.delay_us;
        transfer
    }
}

/// The transfers; `None` when there are more than [`MAX_PIECES`].
pub fn of<'a>(operations: &'a mut [Operation<'_, u8>]) -> Option<Pieces<'a>> {
    let mut pieces = Pieces::new();
    for operation in operations {
        match operation {
            Operation::Read(rx) => push(&mut pieces, Bytes::Read(rx))?,
            Operation::Write(tx) => push(&mut pieces, Bytes::Write(tx))?,
            Operation::TransferInPlace(both) => push(&mut pieces, Bytes::InPlace(both))?,
            Operation::Transfer(rx, tx) => {
                // The shorter side ends first: zeros go out, or what comes in is dropped.
                let common = rx.len().min(tx.len());
                let (rx, rx_rest) = rx.split_at_mut(common);
                let (tx, tx_rest) = tx.split_at(common);
                push(&mut pieces, Bytes::Both(tx, rx))?;
                push(&mut pieces, Bytes::Read(rx_rest))?;
                push(&mut pieces, Bytes::Write(tx_rest))?;
            }
            Operation::DelayNs(ns) => pause(&mut pieces, ns.div_ceil(1000))?,
        }
    }
    Some(pieces)
}

fn push<'a>(pieces: &mut Pieces<'a>, bytes: Bytes<'a>) -> Option<()> {
    let piece = Piece::new(bytes);
    if piece.is_empty() { Some(()) } else { pieces.push(piece).ok() }
}

/// Behind the last piece, and behind empty ones where it is too long for one.
fn pause(pieces: &mut Pieces<'_>, us: u32) -> Option<()> {
    let mut left = us;
    loop {
        if let Some(last) = pieces.last_mut() {
            let taken = left.min(u32::from(u16::MAX - last.delay_us));
            last.delay_us += taken as u16;
            left -= taken;
        }
        if left == 0 {
            return Some(());
        }
        pieces.push(Piece::new(Bytes::None)).ok()?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shape(pieces: &Pieces<'_>) -> std::vec::Vec<(usize, u16)> {
        pieces.iter().map(|p| (p.len(), p.delay_us)).collect()
    }

    #[test]
    fn pauses_are_never_shorter_than_asked() {
        let mut operations = [
            Operation::Write(&[0x20]),
            // 4 tCLK of an ADS1299 whose oscillator is slow.
            Operation::DelayNs(2_100),
            Operation::Write(&[0x00]),
            Operation::DelayNs(1_000),
            Operation::DelayNs(1),
        ];
        assert_eq!(shape(&of(&mut operations).unwrap()), [(1, 3), (1, 2)]);
    }

    #[test]
    fn long_and_leading_pauses_take_transfers_of_their_own() {
        let mut operations =
            [Operation::DelayNs(5_000), Operation::Write(&[1, 2]), Operation::DelayNs(65_535_000 + 2_000)];
        assert_eq!(shape(&of(&mut operations).unwrap()), [(0, 5), (2, u16::MAX), (0, 2)]);
        assert_eq!(shape(&of(&mut [Operation::Write(&[]), Operation::DelayNs(0)]).unwrap()), []);
    }

    #[test]
    fn the_shorter_side_of_a_transfer_ends_first() {
        let (mut long, mut short) = ([0; 5], [0; 1]);
        let mut operations = [Operation::Transfer(&mut long, &[1, 2]), Operation::Transfer(&mut short, &[1, 2, 3])];
        let pieces = of(&mut operations).unwrap();
        assert!(matches!(&pieces[0].bytes, Bytes::Both([1, 2], rx) if rx.len() == 2));
        assert!(matches!(&pieces[1].bytes, Bytes::Read(rx) if rx.len() == 3));
        assert!(matches!(&pieces[2].bytes, Bytes::Both([1], _)));
        assert!(matches!(&pieces[3].bytes, Bytes::Write([2, 3])));
    }

    #[test]
    fn a_frame_is_one_transfer() {
        let mut frame = [0; 27];
        assert_eq!(shape(&of(&mut [Operation::TransferInPlace(&mut frame)]).unwrap()), [(27, 0)]);
    }

    #[test]
    fn too_many_are_refused() {
        let mut operations: std::vec::Vec<_> = (0..=MAX_PIECES).map(|_| Operation::Write(&[0])).collect();
        assert_eq!(of(&mut operations), None);
    }
}
