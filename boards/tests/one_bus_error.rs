//! One SPI transfer that fails, at each place of a frame, of every kind of chip: counted as one, and the frames that are lost as what they are.

mod frames;

use std::cell::RefCell;

use axismirror_boards::acquisition::{Acquisition, Limits};
use axismirror_boards::adc::Input;
use axismirror_boards::board::Board;
use axismirror_boards::drdy::NoPace;
use axismirror_boards::signal::Signal;
use axismirror_boards::sim::{self, SimBoard, SimDelay, SimSettings, SimSpi};
use embedded_hal::spi::{ErrorKind, ErrorType, Operation, SpiDevice};
use frames::Frames;

/// A bus whose n-th transfer from now on fails, before the chip has seen anything of it or behind it.
struct FailsOnce<'c, S> {
    spi: S,
    left: &'c RefCell<Option<u32>>,
    reaches_chip: bool,
}

impl<S> ErrorType for FailsOnce<'_, S> {
    type Error = ErrorKind;
}

impl<S: SpiDevice> SpiDevice for FailsOnce<'_, S> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), ErrorKind> {
        let mut left = self.left.borrow_mut();
        let fails = *left == Some(0);
        *left = left.and_then(|n| n.checked_sub(1));
        if !fails || self.reaches_chip {
            self.spi.transaction(operations).map_err(|_| ErrorKind::Other)?;
        }
        if fails { Err(ErrorKind::Other) } else { Ok(()) }
    }
}

/// Errors, lost frames, frames that are missing between the first and the last that came, and whether a frame was made up of two.
fn run(board: &str, rate: f64, at: u32, reaches_chip: bool) -> (u64, u64, u64, bool) {
    let board = Board::find(board).unwrap();
    let settings = SimSettings::new(Signal::Counter);
    let world = RefCell::new(SimBoard::new(board, settings));
    world.borrow_mut().set_pace(rate);
    let left = RefCell::new(None);
    let mut adcs: Vec<_> = (0..board.chips.len())
        .map(|chip| {
            let spi = FailsOnce { spi: SimSpi::new(&world, chip), left: &left, reaches_chip };
            board.driver(chip, rate, 1, Input::Normal, spi, SimDelay::new(&world)).unwrap()
        })
        .collect();
    let mut drdys = sim::data_ready(&world, 0, || NoPace);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
    acquisition.start().unwrap();
    let channels = acquisition.channels();
    let (mut sink, mut is_planned) = (Frames::of(channels), false);
    while sink.0.len() < 60 {
        if sink.0.len() == 20 && !std::mem::replace(&mut is_planned, true) {
            *left.borrow_mut() = Some(at);
        }
        acquisition.step(&mut sink).unwrap();
    }
    let health = *acquisition.health();
    let (first, last) = (&sink.0[0], &sink.0[sink.0.len() - 1]);
    let missing = last.0 - first.0 + 1 - sink.0.len() as u64;
    let whole = sink.0.iter().all(|f| f.2.windows(2).all(|c| c[1] == c[0] + 1));
    (health.bus_errors, health.frames_lost, missing, whole)
}

#[test]
fn one_transfer_that_fails_is_one_bus_error_and_one_frame() {
    for (board, rate) in [("pieeg8", 250.0), ("waveshare-adda", 469.0), ("ads131m08", 500.0), ("mcp3208", 100.0)] {
        // The ADS1256 has nine in a frame: one for each input, and a look whether it is as it was set up.
        for at in 0..30 {
            for reaches_chip in [false, true] {
                assert_eq!(run(board, rate, at, reaches_chip), (1, 1, 1, true), "{board} {at} {reaches_chip}");
            }
        }
    }
}

#[test]
fn a_transfer_that_fails_in_the_start_counts_too() {
    let board = Board::find("waveshare-adda").unwrap();
    let world = RefCell::new(SimBoard::new(board, SimSettings::new(Signal::Counter)));
    let left = RefCell::new(Some(0));
    let spi = FailsOnce { spi: SimSpi::new(&world, 0), left: &left, reaches_chip: false };
    let mut adcs = [board.driver(0, 469.0, 1, Input::Normal, spi, SimDelay::new(&world)).unwrap()];
    let mut drdys = sim::data_ready(&world, 0, || NoPace);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
    assert!(acquisition.start().is_err());
    assert_eq!(acquisition.health().bus_errors, 1);
    acquisition.start().unwrap();
    assert_eq!(acquisition.health().bus_errors, 1);
}
