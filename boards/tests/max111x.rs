//! MAX1110 and MAX1111: the driver against transactions of the data sheet, the simulated chip clock by clock, both together.

mod frames;

use std::cell::RefCell;

use axismirror_boards::acquisition::{Acquisition, Limits};
use axismirror_boards::adc::{Adc, AdcError, FrameStatus, Input};
use axismirror_boards::board::Board;
use axismirror_boards::drdy::NoPace;
use axismirror_boards::max111x::{Max111x, Model, Part, Settings, VREF};
use axismirror_boards::signal::{Recording, Signal};
use axismirror_boards::sim::device::Device;
use axismirror_boards::sim::{self, Fault, Faults, ScheduledFault, SimBoard, SimSettings};
use axismirror_core::health::Health;
use embedded_hal_mock::eh1::spi::{Mock, Transaction as Spi};
use frames::Frames;

fn word(control: u8, answer: [u8; 3]) -> [Spi<u8>; 3] {
    let transfer = Spi::transfer_in_place(vec![control, 0, 0], answer.to_vec());
    [Spi::transaction_start(), transfer, Spi::transaction_end()]
}

fn read(
    settings: Settings,
    expected: &[Spi<u8>],
    codes: &mut [i32],
) -> Result<FrameStatus, AdcError<embedded_hal::spi::ErrorKind>> {
    let mut spi = Mock::new(expected);
    let mut adc = Max111x::new(spi.clone(), settings, VREF, 100.0, Input::Normal);
    let result = adc.read_frame(codes);
    spi.done();
    result
}

#[test]
fn a_frame_is_a_transaction_for_each_channel() {
    // 1 SEL2 SEL1 SEL0 UNI SGL PD1 PD0; CH1 is SEL2, CH2 is SEL1.
    let answers = [[0xFF, 0x00, 0x40], [0, 0x3F, 0xC0], [0, 0x20, 0x00], [0, 0x1F, 0xC0]];
    let controls = [0b1000_1111, 0b1100_1111, 0b1010_1111, 0b1110_1111];
    let expected: Vec<_> = controls.into_iter().zip(answers).flat_map(|(c, a)| word(c, a)).collect();
    let mut codes = [0; 4];
    assert_eq!(read(Settings::new(Part::Max1111), &expected, &mut codes), Ok(FrameStatus::default()));
    assert_eq!(codes, [1, 255, 128, 127]);
    let mut bipolar = Settings::new(Part::Max1111);
    bipolar.bipolar = true;
    let controls = controls.map(|c| c & !0b1000);
    let expected: Vec<_> = controls.into_iter().zip(answers).flat_map(|(c, a)| word(c, a)).collect();
    assert_eq!(read(bipolar, &expected, &mut codes), Ok(FrameStatus::default()));
    assert_eq!(codes, [1, -1, -128, 127]);
    let undriven = read(Settings::new(Part::Max1111), &word(0x8F, [0xFF; 3]), &mut codes);
    assert_eq!(undriven, Err(AdcError::BadStatus { bytes: [0xFF; 3] }));
    let short = read(Settings::new(Part::Max1110), &[], &mut codes);
    assert_eq!(short, Err(AdcError::FrameBuffer { channels: 8, given: 4 }));
}

/// 100 mV more on each input.
struct Ladder;

impl Recording for Ladder {
    fn volts(&self, channel: usize, _: f64) -> f64 {
        0.1 * (channel as f64 + 1.0)
    }
}

fn exchange(model: &mut Model<'_>, bytes: &[u8]) -> Vec<u8> {
    model.select();
    let answer = bytes.iter().map(|b| model.transfer(*b)).collect();
    model.deselect();
    answer
}

#[test]
fn the_kernels_words_are_answered() {
    // max1111.c of Linux: (v1 & C0) and (v2 & 3F) are zero, the value is v1 << 2 | v2 >> 6, 8 mV a step.
    let mut model = Model::new(Part::Max1111, VREF, Signal::Recording(&Ladder), 0, Faults::new());
    // Its inputs 1 and 2 are CH2 and CH1.
    for (input, millivolts) in [(0_u8, 100_u16), (1, 300), (2, 200), (3, 400)] {
        let answer = exchange(&mut model, &[input << 5 | 0x8F, 0, 0]);
        assert_eq!((answer[1] & 0xC0, answer[2] & 0x3F), (0, 0));
        let value = u16::from(answer[1]) << 2 | u16::from(answer[2]) >> 6;
        assert_eq!(value, (millivolts + 4) / 8, "input {input}");
    }
    let mut model = Model::new(Part::Max1110, VREF, Signal::Recording(&Ladder), 0, Faults::new());
    let select = [0b000, 0b100, 0b001, 0b101, 0b010, 0b110, 0b011, 0b111];
    for (channel, select) in (1..).zip(select) {
        let answer = exchange(&mut model, &[select << 4 | 0x8F, 0, 0]);
        assert_eq!(u16::from(answer[1]) << 2 | u16::from(answer[2]) >> 6, (100 * channel + 4) / 8);
    }
}

#[test]
fn the_start_bit_may_come_late_and_the_chip_may_be_off() {
    for zeros in 0..8 {
        let mut model = Model::new(Part::Max1111, VREF, Signal::Recording(&Ladder), 0, Faults::new());
        let sent = (0x8F_u32 << (24 - zeros)).to_be_bytes();
        let answer = u32::from_be_bytes(exchange(&mut model, &sent).try_into().unwrap());
        assert_eq!(answer << (8 + zeros) >> 16, 13 << 6, "{zeros}");
    }
    let mut model = Model::new(Part::Max1111, VREF, Signal::Recording(&Ladder), 0, Faults::new());
    assert_eq!(exchange(&mut model, &[0x8D, 0, 0]), [0xFF, 0, 0]);
    assert_eq!(model.conversions(), 0);
}

fn run(settings: SimSettings<'_>) -> (Frames, Health) {
    let board = Board::find("max1111").unwrap();
    let world = RefCell::new(SimBoard::new(board, settings));
    let mut adcs = sim::adcs(&world, board, 250.0, 1, Input::Normal).unwrap();
    let mut drdys = sim::data_ready(&world, 0, || NoPace);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
    acquisition.start().unwrap();
    let mut sink = Frames::of(4);
    for _ in 0..100 {
        acquisition.step(&mut sink).unwrap();
    }
    let health = Health { measured_rate: 0.0, ..*acquisition.health() };
    (sink, health)
}

fn fault(fault: Fault) -> SimSettings<'static> {
    let fault = ScheduledFault { fault, chip: 0, after_frame: 40, frames: 3 };
    SimSettings::new(Signal::Counter).with_fault(fault).unwrap()
}

#[test]
fn the_counter_runs_modulo_256_and_faults_are_counted_as_what_they_are() {
    let good = |frames: &Frames| {
        frames.0.iter().all(|(k, _, codes)| (0..4).zip(codes).all(|(c, code)| *code as u64 == (8 * k + c) % 256))
    };
    let (frames, health) = run(SimSettings::new(Signal::Counter));
    assert!(good(&frames) && health == Health::default() && frames.0.len() == 100);
    for bad in [Fault::StatusBit(1), Fault::MisoHigh] {
        let (frames, health) = run(fault(bad));
        assert_eq!(health, Health { bad_frames: 3, frames_lost: 3, ..Health::default() }, "{bad:?}");
        assert!(good(&frames));
    }
    let (frames, health) = run(fault(Fault::BusError));
    assert_eq!(health, Health { bus_errors: 3, frames_lost: 3, ..Health::default() });
    assert!(good(&frames));
    let (frames, health) = run(fault(Fault::DataBit(7)));
    assert_eq!((health, frames.0[41].2[0]), (Health::default(), (8 * 41 % 256) + 1));
}
