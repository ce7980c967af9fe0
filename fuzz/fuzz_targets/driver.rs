//! Every chip's driver against an SPI bus that answers anything, or fails.
//!
//! Input: board (u8), chip (u8), input of the ADC (u8), and what the bus answers, over and over.
#![no_main]

use axismirror_boards::adc::{Adc as _, Input};
use axismirror_boards::board::Board;
use embedded_hal::delay::DelayNs;
use embedded_hal::spi::{ErrorKind, ErrorType, Operation, SpiDevice};
use libfuzzer_sys::fuzz_target;

struct Bus<'a> {
    answers: std::iter::Cycle<std::slice::Iter<'a, u8>>,
}

impl ErrorType for Bus<'_> {
    type Error = ErrorKind;
}

impl SpiDevice for Bus<'_> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), ErrorKind> {
        for operation in operations {
            match operation {
                Operation::Read(target) | Operation::Transfer(target, _) | Operation::TransferInPlace(target) => {
                    target.iter_mut().for_each(|byte| *byte = self.answers.next().copied().unwrap_or(0xFF));
                }
                Operation::Write(_) | Operation::DelayNs(_) => {}
            }
        }
        // One transaction in some fails.
        if self.answers.next() == Some(&0xEE) { Err(ErrorKind::Other) } else { Ok(()) }
    }
}

struct NoDelay;

impl DelayNs for NoDelay {
    fn delay_ns(&mut self, _: u32) {}
}

fuzz_target!(|input: &[u8]| {
    let Some((&[board, chip, what], answers)) = input.split_first_chunk::<3>() else { return };
    let all = Board::all();
    let board = &all[usize::from(board) % all.len()];
    let chip = usize::from(chip) % board.chips.len();
    let inputs = [Input::Normal, Input::Shorted, Input::TestSignal];
    let bus = Bus { answers: answers.iter().cycle() };
    let rate = f64::from(board.default_rate);
    let made = board.driver(chip, rate, board.default_gain, inputs[usize::from(what) % 3], bus, NoDelay);
    let mut driver = made.expect("a board's defaults are possible");
    let _ = driver.initialise().map_err(|e| e.to_string());
    let _ = driver.start();
    let (least, greatest) = driver.code_range();
    let mut codes = vec![0; driver.channels()];
    for _ in 0..4 {
        codes.fill(0);
        let mut good = true;
        for _ in 0..driver.conversions_per_frame() {
            good &= driver.read_frame(&mut codes[..]).map_err(|e| e.to_string()).is_ok();
        }
        assert!(!good || codes.iter().all(|c| (least..=greatest).contains(c)), "{codes:?}");
        driver.skip_unread();
    }
    let _ = driver.set_input(inputs[usize::from(what) / 3 % 3]);
    let _ = driver.read_frame(&mut codes[1..]);
    let _ = driver.stop();
});
