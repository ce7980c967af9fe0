//! MCP3008 and MCP3208: the driver against transactions of the datasheet, the simulated chip clock by clock, both together.

mod frames;

use std::cell::RefCell;

use axismirror_boards::acquisition::{Acquisition, Limits, Step};
use axismirror_boards::adc::{Adc, AdcError, FrameStatus, Input};
use axismirror_boards::board::{Board, BoardError};
use axismirror_boards::drdy::NoPace;
use axismirror_boards::mcp320x::{Mcp320x, Model, Part, Settings};
use axismirror_boards::scan::{Pair, Scan};
use axismirror_boards::signal::{Recording, Signal};
use axismirror_boards::sim::device::Device;
use axismirror_boards::sim::{self, Fault, Faults, ScheduledFault, SimBoard, SimSettings};
use axismirror_core::health::Health;
use embedded_hal_mock::eh1::spi::{Mock, Transaction as Spi};
use frames::Frames;

fn word(sent: [u8; 3], answer: [u8; 3]) -> Vec<Spi<u8>> {
    vec![Spi::transaction_start(), Spi::transfer_in_place(sent.to_vec(), answer.to_vec()), Spi::transaction_end()]
}

fn read(
    settings: Settings,
    expected: &[Spi<u8>],
    codes: &mut [i32],
) -> Result<FrameStatus, AdcError<embedded_hal::spi::ErrorKind>> {
    let mut spi = Mock::new(expected);
    let mut adc = Mcp320x::new(spi.clone(), settings, 3.3, 100.0, Input::Normal);
    let result = adc.read_frame(codes);
    spi.done();
    result
}

#[test]
fn a_frame_is_a_transaction_for_each_channel() {
    // 06|ch>>2, (ch&3)<<6; the answers with what a floating line may leave before the zero.
    let mcp3208: Vec<_> =
        (0..8_u8).flat_map(|ch| word([0x06 | ch >> 2, (ch & 3) << 6, 0], [0xFF, 0xE0 | ch, 0x10 + ch])).collect();
    let mut codes = [0; 8];
    assert_eq!(read(Settings::new(Part::Mcp3208), &mcp3208, &mut codes), Ok(FrameStatus::default()));
    assert_eq!(codes, [0x010, 0x111, 0x212, 0x313, 0x414, 0x515, 0x616, 0x717]);
    let mcp3008: Vec<_> =
        (0..8_u8).flat_map(|ch| word([0x01, 0x80 | ch << 4, 0], [0, 0xF8 | ch & 3, 0xA0 + ch])).collect();
    assert_eq!(read(Settings::new(Part::Mcp3008), &mcp3008, &mut codes), Ok(FrameStatus::default()));
    assert_eq!(codes, [0x0A0, 0x1A1, 0x2A2, 0x3A3, 0x0A4, 0x1A5, 0x2A6, 0x3A7]);
}

#[test]
fn differential_pairs_and_a_part_of_the_inputs() {
    let scan = Scan::new(&[Pair::differential(1, 0), Pair::single(7)]).unwrap();
    let settings = Settings::new(Part::Mcp3208).with_scan(scan).unwrap();
    let expected = [word([0x04, 0x40, 0], [0, 0x0F, 0xFF]), word([0x07, 0xC0, 0], [0, 0, 1])].concat();
    let mut codes = [0; 2];
    assert_eq!(read(settings, &expected, &mut codes), Ok(FrameStatus::default()));
    assert_eq!(codes, [4095, 1]);
    assert_eq!(read(settings, &[], &mut [0; 8]), Err(AdcError::FrameBuffer { channels: 2, given: 8 }));
    let across = Scan::new(&[Pair::differential(1, 2)]).unwrap();
    assert_eq!(Settings::new(Part::Mcp3208).with_scan(across), None);
}

#[test]
fn a_line_that_nobody_drives_is_a_bad_frame() {
    let result = read(Settings::new(Part::Mcp3208), &word([0x06, 0, 0], [0xFF; 3]), &mut [0; 8]);
    assert_eq!(result, Err(AdcError::BadStatus { bytes: [0xFF; 3] }));
    let result = read(Settings::new(Part::Mcp3008), &word([0x01, 0x80, 0], [0, 0x04, 0]), &mut [0; 8]);
    assert_eq!(result, Err(AdcError::BadStatus { bytes: [0, 4, 0] }));
}

/// One code for all channels.
struct Level(f64);

impl Recording for Level {
    fn volts(&self, channel: usize, _: f64) -> f64 {
        self.0 * (channel + 1) as f64
    }
}

fn exchange(model: &mut Model<'_>, bytes: &[u8]) -> Vec<u8> {
    model.select();
    let answer = bytes.iter().map(|b| model.transfer(*b)).collect();
    model.deselect();
    answer
}

fn bits(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:08b}")).collect()
}

#[test]
fn the_chip_answers_wherever_the_start_bit_is() {
    // Channel 0 has 0x1A5 LSB of 4096/4096 V.
    let level = Level(f64::from(0x1A5) / 1000.0);
    for zeros in 0..12 {
        let mut model = Model::new(Part::Mcp3208, 4.096, Signal::Recording(&level), 0, Faults::new());
        // Start, single-ended, channel 0, behind so many zeros.
        let sent = (0b11000_u64 << (64 - 5 - zeros)).to_be_bytes();
        let answer = bits(&exchange(&mut model, &sent));
        let undriven = "1".repeat(zeros + 6);
        let result = "0".to_owned() + "000110100101" + "01001011000" + "000";
        assert!(answer.starts_with(&(undriven + &result)), "{zeros}: {answer}");
        assert_eq!(model.conversions(), 1);
    }
}

#[test]
fn the_kernels_words_are_answered_too() {
    // mcp320x.c of Linux: one byte with start in bit 6, then as many bytes as the code needs.
    let level = Level(0.0125);
    let mut model = Model::new(Part::Mcp3008, 1.024, Signal::Recording(&level), 0, Faults::new());
    for channel in 0..8_u8 {
        let answer = exchange(&mut model, &[1 << 6 | 1 << 5 | channel << 2, 0, 0]);
        let value = u16::from(answer[1]) << 2 | u16::from(answer[2]) >> 6;
        assert_eq!(value, (u16::from(channel) + 1) * 25 / 2 + (u16::from(channel) + 1) % 2);
    }
    let mut model = Model::new(Part::Mcp3208, 4.096, Signal::Recording(&level), 0, Faults::new());
    let answer = exchange(&mut model, &[1 << 6 | 1 << 5 | 7 << 2, 0, 0]);
    assert_eq!(u16::from(answer[1]) << 4 | u16::from(answer[2]) >> 4, 100);
}

#[test]
fn a_differential_pair_does_not_go_below_zero() {
    let level = Level(0.5);
    let mut model = Model::new(Part::Mcp3208, 4.096, Signal::Recording(&level), 0, Faults::new());
    // CH1 is 0.5 V above CH0.
    let up = exchange(&mut model, &[0x04, 0x40, 0]);
    let down = exchange(&mut model, &[0x04, 0x00, 0]);
    assert_eq!((u16::from(up[1] & 0xF) << 8 | u16::from(up[2]), down[1] & 0xF, down[2]), (500, 0, 0));
}

fn run(board: &str, rate: f64, frames: usize, settings: SimSettings<'_>) -> (Frames, Health) {
    let board = Board::find(board).unwrap();
    let world = RefCell::new(SimBoard::new(board, settings));
    let mut adcs = sim::adcs(&world, board, rate, 1, Input::Normal).unwrap();
    let mut drdys = sim::data_ready(&world, 0, || NoPace);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
    acquisition.start().unwrap();
    let mut sink = Frames::of(8);
    for _ in 0..frames {
        assert!(matches!(acquisition.step(&mut sink), Ok(Step::Frame | Step::Lost | Step::Restarted)));
    }
    let health = Health { measured_rate: 0.0, ..*acquisition.health() };
    (sink, health)
}

fn fault(fault: Fault) -> SimSettings<'static> {
    SimSettings::new(Signal::Counter).with_fault(ScheduledFault { fault, chip: 0, after_frame: 40, frames: 3 }).unwrap()
}

#[test]
fn the_hosts_clock_paces_and_the_counter_wraps_at_the_chips_codes() {
    for (board, modulus) in [("mcp3208", 4096), ("mcp3008", 1024)] {
        for rate in [100.0, 333.25, 2000.0] {
            let (frames, health) = run(board, rate, 1200, SimSettings::new(Signal::Counter));
            assert_eq!(health, Health::default());
            let first = frames.0[0].1;
            for (k, (number, time, codes)) in (0..).zip(&frames.0) {
                assert_eq!(*number, k as u64);
                assert_eq!(*codes, (0..8).map(|c| (8 * k + c) % modulus).collect::<Vec<i32>>());
                assert!((*time - first - (f64::from(k) * 1e9 / rate) as i64).abs() <= 1);
            }
        }
    }
}

#[test]
fn each_fault_is_counted_as_what_it_is() {
    let lost = |frames: &Frames| {
        let numbers: Vec<u64> = frames.0.iter().map(|f| f.0).collect();
        assert_eq!(numbers, (0..40).chain(43..100).collect::<Vec<_>>());
        assert!(frames.0.iter().all(|f| f.2[0] as u64 == 8 * f.0 % 4096), "what was lost shifts nothing");
    };
    let (frames, health) = run("mcp3208", 1000.0, 100, fault(Fault::BusError));
    assert_eq!(health, Health { bus_errors: 3, frames_lost: 3, ..Health::default() });
    lost(&frames);
    for bad in [Fault::StatusBit(0), Fault::MisoHigh] {
        let (frames, health) = run("mcp3208", 1000.0, 100, fault(bad));
        assert_eq!(health, Health { bad_frames: 3, frames_lost: 3, ..Health::default() });
        lost(&frames);
    }
    // Nobody can tell these from what is at the pins.
    let (frames, health) = run("mcp3208", 1000.0, 100, fault(Fault::MisoLow));
    assert_eq!((health, &frames.0[41].2), (Health::default(), &vec![0; 8]));
    let (frames, health) = run("mcp3208", 1000.0, 100, fault(Fault::DataBit(11)));
    assert_eq!((health, frames.0[41].2[0]), (Health::default(), 8 * 41 + 1));
}

#[test]
fn any_rate_up_to_the_highest_and_no_test_signal() {
    let board = Board::find("mcp3008").unwrap();
    assert!(board.check(0.5, 1).is_ok() && board.check(123.4, 1).is_ok() && board.check(2000.0, 1).is_ok());
    for rate in [0.0, -1.0, 2000.5, f64::NAN, f64::INFINITY] {
        assert!(matches!(board.check(rate, 1), Err(BoardError::Rate { .. })), "{rate}");
    }
    let world = RefCell::new(SimBoard::new(board, SimSettings::new(Signal::Square)));
    let mut adcs = sim::adcs(&world, board, 100.0, 1, Input::TestSignal).unwrap();
    assert_eq!(adcs[0].initialise(), Err(AdcError::Unsupported { what: "test signal" }));
    assert_eq!((adcs[0].test_signal(0), adcs[0].code_range()), (None, (0, 1023)));
    assert!((adcs[0].volts_per_code(7).unwrap() - 3.3 / 1024.0).abs() < 1e-12);
    assert_eq!(adcs[0].volts_per_code(8), None);
}

#[test]
fn the_clock_limits_are_those_of_the_datasheets() {
    assert_eq!((Part::Mcp3208.max_speed_hz(5.0), Part::Mcp3208.max_speed_hz(2.7)), (2_000_000, 1_000_000));
    assert_eq!((Part::Mcp3008.max_speed_hz(5.0), Part::Mcp3008.max_speed_hz(2.7)), (3_600_000, 1_350_000));
}
