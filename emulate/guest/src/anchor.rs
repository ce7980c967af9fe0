//! Selects the chip a few times, and says between which times of this machine's clock each was.
//!
//! The byte that is clocked out means nothing to a chip that is to be set up yet.

use std::error::Error;

use axismirror::board_file;
use axismirror::clock::monotonic_ns;
use axismirror::spi::kernel::KernelSpi;
use embedded_hal::spi::SpiDevice;

/// The first ones are slow: nothing of it is in a cache yet.
const TIMES: usize = 12;

/// `ANCHOR before after` in nanoseconds, a line each.
pub(crate) fn run(board: &str) -> Result<(), Box<dyn Error>> {
    let board = board_file::find(board)?;
    let slot = board.chips.first().ok_or("a board without chips")?;
    let mut spi = KernelSpi::open(slot.bus, slot.select, board.spi, None)?;
    let mut times = Vec::new();
    for _ in 0..TIMES {
        let before = monotonic_ns();
        spi.write(&[0])?;
        times.push((before, monotonic_ns()));
    }
    times.iter().for_each(|(before, after)| println!("ANCHOR {before} {after}"));
    Ok(())
}
