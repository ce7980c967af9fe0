//! Electrodes that are off, from two ADS1299's status words to the stream's health.

use std::cell::RefCell;
use std::convert::Infallible;

use axismirror_boards::acquisition::{Acquisition, Chunk, Limits, Sink, Step};
use axismirror_boards::adc::Input;
use axismirror_boards::ads1299::registers::{LeadOff as How, LeadOffCurrent, LeadOffFrequency};
use axismirror_boards::board::{Board, ChipKind, ChipSlot};
use axismirror_boards::drdy::NoPace;
use axismirror_boards::signal::Signal;
use axismirror_boards::sim::{self, Fault, ScheduledFault, SimBoard, SimChip, SimSettings};
use axismirror_core::health::LeadOff;

struct Nowhere;

impl Sink for Nowhere {
    type Error = Infallible;

    fn chunk(&mut self, _: &Chunk<'_>) -> Result<(), Infallible> {
        Ok(())
    }
}

/// A PiEEG-16 whose electrodes are all watched; the first chip's frames have two more channels when asked for.
fn watched(lead_off_channels: bool) -> Board {
    let board = Board::find("pieeg16").unwrap();
    let how = How { threshold: 0, current: LeadOffCurrent::Na6, frequency: LeadOffFrequency::Dc };
    let slot = |(place, slot): (usize, &ChipSlot)| {
        let ChipKind::Ads1299(settings) = slot.kind else { panic!("an ADS1299") };
        let mut settings = settings.with_lead_off(how, 0xFF, 0xFF);
        settings.lead_off_channels = lead_off_channels && place == 0;
        ChipSlot { kind: ChipKind::Ads1299(settings), ..*slot }
    };
    let chips: Vec<ChipSlot> = board.chips.iter().enumerate().map(slot).collect();
    Board { chips: chips.leak(), ..*board }
}

#[test]
fn health_has_the_electrodes_of_all_chips_by_the_frames_channels() {
    for (extra, second) in [(false, 8), (true, 10)] {
        let board = watched(extra);
        let bad = ScheduledFault { fault: Fault::StatusBit(1), chip: 0, after_frame: 20, frames: 5 };
        let settings = SimSettings::new(Signal::Counter).with_fault(bad).unwrap();
        let world = RefCell::new(SimBoard::new(&board, settings));
        let mut adcs = sim::adcs(&world, &board, 250.0, 1, Input::Normal).unwrap();
        let mut drdys = sim::data_ready(&world, 0, || NoPace);
        let (mut codes, mut times) = (vec![0; board.channels()], [0]);
        let mut acquisition =
            Acquisition::new(&mut adcs, &mut drdys, &mut codes, &mut times, Limits::default()).unwrap();
        acquisition.start().unwrap();
        let set = |chip: usize, positive, negative| {
            let mut world = world.borrow_mut();
            let SimChip::Ads1299(model) = &mut world.chips()[chip] else { panic!("an ADS1299") };
            model.set_lead_off(positive, negative);
        };
        let mut until = |number: u64, step: Step| {
            for _ in 0..number {
                assert_eq!(acquisition.step(&mut Nowhere).unwrap(), step);
            }
            acquisition.health().lead_off
        };
        assert_eq!(until(5, Step::Frame), LeadOff::default());
        set(0, 0b1000_0001, 0);
        set(1, 0b0000_0001, 0b1000_0000);
        let off = LeadOff { positive: 0b1000_0001 | 1 << second, negative: 1 << (second + 7) };
        // One frame more may have been converted already.
        assert_eq!(until(5, Step::Frame), off);
        set(1, 0, 0);
        let on = LeadOff { positive: 0b1000_0001, negative: 0 };
        assert_eq!(until(10, Step::Frame), on);
        // What a bad frame says is not believed.
        set(0, 0xFF, 0xFF);
        assert_eq!(until(5, Step::Lost), on);
        assert_eq!(until(5, Step::Frame), LeadOff { positive: 0xFF, negative: 0xFF });
    }
}
