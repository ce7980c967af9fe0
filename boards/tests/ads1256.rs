//! ADS1256: the driver against transactions of the datasheet, the simulated chip byte by byte, both together.

mod frames;

use std::cell::RefCell;

use axismirror_boards::acquisition::{Acquisition, AcquisitionError, Limits, Step};
use axismirror_boards::adc::{Adc, AdcError, FrameStatus, Input};
use axismirror_boards::ads1256::registers::{DataRate, Gain};
use axismirror_boards::ads1256::{Ads1256, Model, Settings};
use axismirror_boards::board::Board;
use axismirror_boards::drdy::{Level, NoPace};
use axismirror_boards::scan::{Pair, Scan};
use axismirror_boards::signal::{Recording, Signal};
use axismirror_boards::sim::device::Device;
use axismirror_boards::sim::{self, Fault, Faults, ScheduledFault, SimBoard, SimSettings};
use axismirror_core::health::Health;
use embedded_hal_mock::eh1::delay::{CheckedDelay, Transaction as Pause};
use embedded_hal_mock::eh1::spi::{Mock, Transaction as Spi};
use frames::Frames;

/// Pauses of 4, 24 and 50 tCLKIN of 130.2 ns, rounded up.
const T11: u32 = 600;
const T11_SYNC: u32 = 3_200;
const T6: u32 = 6_600;

fn transaction(operations: Vec<Spi<u8>>) -> Vec<Spi<u8>> {
    let mut all = vec![Spi::transaction_start()];
    all.extend(operations);
    all.push(Spi::transaction_end());
    all
}

fn command(byte: u8) -> Vec<Spi<u8>> {
    transaction(vec![Spi::write_vec(vec![byte]), Spi::delay(T11_SYNC)])
}

fn read_registers(header: [u8; 2], values: &[u8]) -> Vec<Spi<u8>> {
    transaction(vec![Spi::write_vec(header.to_vec()), Spi::delay(T6), Spi::read_vec(values.to_vec()), Spi::delay(T11)])
}

/// Hold (SYNC, WAKEUP), RDATA, switch, SYNC, WAKEUP, with the pauses of SBAS288, timing characteristics.
fn conversion(mux: u8, sample: [u8; 3]) -> Vec<Spi<u8>> {
    transaction(vec![
        Spi::write_vec(vec![0xFC]),
        Spi::delay(T11_SYNC),
        Spi::write_vec(vec![0x00]),
        Spi::delay(T11),
        Spi::write_vec(vec![0x01]),
        Spi::delay(T6),
        Spi::read_vec(sample.to_vec()),
        Spi::delay(T11),
        Spi::write_vec(vec![0x51, 0x00, mux]),
        Spi::delay(T11),
        Spi::write_vec(vec![0xFC]),
        Spi::delay(T11_SYNC),
        Spi::write_vec(vec![0x00]),
        Spi::delay(T11),
    ])
}

fn settings() -> Settings {
    let scan = Scan::new(&[Pair::single(0), Pair::differential(2, 3), Pair::single(7)]).unwrap();
    Settings::DEFAULT.with_scan(scan).unwrap().with_data_rate(DataRate::ALL[5]).with_gain(Gain::X64)
}

fn initialise(id: u8, read_back: Option<[u8; 4]>) -> Result<(), AdcError<embedded_hal::spi::ErrorKind>> {
    let mut expected = [command(0x00), command(0x0F), command(0xFE), read_registers([0x10, 0], &[id])].concat();
    let mut pauses = vec![Pause::delay_ms(50), Pause::delay_ms(5)];
    if let Some(read) = read_back {
        expected.extend(transaction(vec![
            Spi::write_vec(vec![0x50, 3]),
            Spi::write_vec(vec![0x00, 0x08, 0x06, 0xA1]),
            Spi::delay(T11),
        ]));
        expected.extend(read_registers([0x10, 3], &read));
        if read == [0x30, 0x08, 0x06, 0xA1] {
            expected.extend([command(0xF0), command(0xFD)].concat());
            // Four times t18 of 1.18 ms, and 2 ms.
            pauses.push(Pause::delay_ms(6));
        }
    }
    let (mut spi, mut delay) = (Mock::new(&expected), CheckedDelay::new(&pauses));
    let mut adc = Ads1256::new(spi.clone(), delay.clone(), settings(), 2.5);
    let result = adc.initialise();
    spi.done();
    delay.done();
    result
}

#[test]
fn setting_up_is_the_datasheets_sequence() {
    assert_eq!(initialise(0x31, Some([0x30, 0x08, 0x06, 0xA1])), Ok(()));
    for found in [0x00, 0xFF, 0x20] {
        let wrong = AdcError::WrongId { chip: "ADS1256", found: found.into(), expected: 0x30, mask: 0xF0 };
        assert_eq!(initialise(found, None), Err(wrong));
    }
    let error = AdcError::ReadBack { register: "DRATE", wrote: 0xA1, read: 0xF0 };
    assert_eq!(initialise(0x31, Some([0x31, 0x08, 0x06, 0xF0])), Err(error));
}

#[test]
fn a_frame_is_a_scan_with_its_check() {
    let start = transaction(vec![
        Spi::write_vec(vec![0x00]),
        Spi::delay(T11),
        Spi::write_vec(vec![0x51, 0x00, 0x08]),
        Spi::delay(T11),
        Spi::write_vec(vec![0xFC]),
        Spi::delay(T11_SYNC),
        Spi::write_vec(vec![0x00]),
        Spi::delay(T11),
    ]);
    let scan = |last: [u8; 3]| {
        [conversion(0x23, [0, 0, 1]), conversion(0x78, [0xFF, 0xFF, 0xFF]), conversion(0x08, last)].concat()
    };
    let expected = [
        start,
        scan([0x80, 0, 0]),
        read_registers([0x10, 1], &[0x31, 0x08]),
        scan([0, 0, 0]),
        read_registers([0x10, 1], &[0x30, 0x18]),
    ]
    .concat();
    let (mut spi, mut delay) = (Mock::new(&expected), CheckedDelay::new(&[]));
    let mut adc = Ads1256::new(spi.clone(), delay.clone(), settings(), 2.5);
    adc.start().unwrap();
    assert_eq!((adc.conversions_per_frame(), adc.channels()), (3, 3));
    let mut codes = [0; 3];
    for _ in 0..3 {
        assert_eq!(adc.read_frame(&mut codes), Ok(FrameStatus::default()));
    }
    assert_eq!(codes, [1, -1, -8_388_608]);
    assert!(adc.read_frame(&mut codes).is_ok() && adc.read_frame(&mut codes).is_ok());
    assert_eq!(adc.read_frame(&mut codes), Err(AdcError::BadStatus { bytes: [0x30, 0x18, 0] }));
    assert_eq!(adc.read_frame(&mut [0; 8]), Err(AdcError::FrameBuffer { channels: 3, given: 8 }));
    spi.done();
    delay.done();
}

/// A voltage for each input.
struct Ladder;

impl Recording for Ladder {
    fn volts(&self, channel: usize, _: f64) -> f64 {
        0.25 * (channel as f64 + 1.0)
    }
}

struct Bench(Model<'static>, i64);

impl Bench {
    fn new() -> Self {
        let mut bench = Self(Model::new(2.5, Signal::Recording(&Ladder), 0, 0.0, Faults::new()), 0);
        bench.wait(40_000_000);
        bench
    }

    fn wait(&mut self, ns: i64) {
        self.1 += ns;
        self.0.advance_to(self.1);
    }

    /// Bytes of 4 us each; pauses in nanoseconds behind them.
    fn send(&mut self, bytes: &[(u8, i64)]) -> Vec<u8> {
        self.0.select();
        let mut answer = Vec::new();
        for (byte, pause) in bytes {
            self.wait(4_000);
            answer.push(self.0.transfer(*byte));
            self.wait(*pause);
        }
        self.0.deselect();
        answer
    }

    fn result(&mut self) -> i32 {
        let answer = self.send(&[(1, 6_600), (0, 0), (0, 0), (0, 0)]);
        i32::from_be_bytes([answer[1], answer[2], answer[3], 0]) >> 8
    }
}

/// The code of a voltage at gain 1: 2 VREF / (2^23 - 1) a step.
fn code(volts: f64) -> i32 {
    (volts / 5.0 * 8_388_607.0).round() as i32
}

#[test]
fn registers_have_their_reset_values() {
    let mut bench = Bench::new();
    let read: Vec<(u8, i64)> = [(0x10, 0), (10, 6_600)].into_iter().chain([(0, 0); 11]).collect();
    let answer = bench.send(&read);
    assert_eq!(answer[2..7], [0x30, 0x01, 0x20, 0xF0, 0xE0]);
    bench.send(&[(0x50, 0), (3, 0), (0xFF, 0), (0x23, 0), (0xFF, 0), (0x82, 0)]);
    let held: Vec<u8> = (0..4).map(|at| bench.0.register(at).unwrap()).collect();
    assert_eq!(held, [0x3F, 0x23, 0x7F, 0x82], "ID and DRDY cannot be written");
}

#[test]
fn data_before_their_time_are_not_there() {
    let mut bench = Bench::new();
    bench.send(&[(0x01, 1_000), (0, 0), (0, 0), (0, 0)]);
    assert_eq!(bench.0.dropped_commands(), 1);
    bench.send(&[(0x10, 0), (0, 0), (0, 0)]);
    assert_eq!(bench.0.dropped_commands(), 2);
}

#[test]
fn the_result_is_that_of_the_input_before() {
    let mut bench = Bench::new();
    bench.send(&[(0x51, 0), (0, 0), (0x08, 600), (0xFC, 3_200), (0x00, 600)]);
    assert_eq!(bench.0.level(), Level::High);
    bench.wait(205_000);
    assert_eq!(bench.0.level(), Level::High, "t18 is 210 us");
    bench.wait(6_000);
    assert_eq!(bench.0.level(), Level::Low);
    // Switched to AIN2 - AIN3; the result is AIN0's still.
    bench.send(&[(0x51, 0), (0, 0), (0x23, 600), (0xFC, 3_200), (0x00, 600)]);
    assert_eq!(bench.result(), code(0.25));
    bench.wait(215_000);
    assert_eq!(bench.result(), code(-0.25));
    // It goes on converting that at 30000 SPS.
    let edges = std::iter::from_fn(|| bench.0.pop_edge()).count();
    bench.wait(10_000_000);
    assert_eq!(std::iter::from_fn(|| bench.0.pop_edge()).count().min(10), 10);
    assert!(edges > 0);
    // Gain 64: clips.
    bench.send(&[(0x52, 0), (0, 0), (0x26, 600), (0xFC, 3_200), (0x00, 600)]);
    bench.wait(215_000);
    assert_eq!(bench.result(), -8_388_608);
}

fn run(rate: f64, steps: usize, settings: SimSettings<'_>) -> (Frames, Health, Vec<Step>) {
    let board = Board::find("waveshare-adda").unwrap();
    let world = RefCell::new(SimBoard::new(board, settings));
    let mut adcs = sim::adcs(&world, board, rate, 1, Input::Normal).unwrap();
    let mut drdys = sim::data_ready(&world, 0, || NoPace);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
    acquisition.start().unwrap();
    let mut sink = Frames::of(8);
    let steps = (0..steps).map(|_| acquisition.step(&mut sink).unwrap_or(Step::Timeout)).collect();
    let health = *acquisition.health();
    (sink, health, steps)
}

fn counted(health: Health) -> Health {
    Health { measured_rate: 0.0, ..health }
}

/// SCLK = fCLKIN / 4, as table 14 has it.
fn at_full_speed(settings: SimSettings<'_>) -> SimSettings<'_> {
    SimSettings { byte_ns: 4_167, ..settings }
}

#[test]
fn a_scan_is_a_frame_and_nothing_is_lost() {
    for rate in [469.0, 101.0, 12.0, 1.0] {
        let (frames, health, steps) = run(rate, 100, at_full_speed(SimSettings::new(Signal::Counter)));
        assert!(steps.iter().all(|s| *s == Step::Frame));
        assert_eq!(counted(health), Health::default(), "{rate}");
        for (k, (number, _, codes)) in (0..).zip(&frames.0) {
            assert_eq!((*number, codes), (k as u64, &(8 * k..8 * k + 8).collect::<Vec<i32>>()));
        }
        // The board's rates are rounded down to whole frames.
        let share = health.measured_rate / rate;
        assert!((0.96..1.04 + 1.0 / rate).contains(&share), "{rate}: {}", health.measured_rate);
    }
}

/// t18 of table 13 in milliseconds for DRATE 30000, 1000, 100 and 15, and what fetching and switching take behind it: ten bytes at
/// fCLKIN / 4, 7.68 MHz, and t6, t11 and t11 in between (50, 2 x 24 and 3 x 4 tCLKIN).
#[test]
fn the_simulated_boards_rate_is_that_of_the_datasheet_and_of_the_driver() {
    for (rate, settled_ms) in [(469.0, 0.21), (101.0, 1.18), (12.0, 10.18), (1.0, 66.84)] {
        let input_ms = settled_ms + f64::from(10 * 8 * 4 + 50 + 2 * 24 + 3 * 4) / 7680.0;
        let (_, health, _) = run(rate, 100, SimSettings::new(Signal::Counter));
        let expected = 1000.0 / (8.0 * input_ms);
        // The driver's pauses are a little longer than they have to be, and the chip begins with the first clock of WAKEUP, the simulated
        // one with the last.
        let off = health.measured_rate / expected - 1.0;
        assert!((-0.02..0.001).contains(&off), "{rate}: {} for {expected}", health.measured_rate);
        assert!((expected.floor() - rate).abs() < 0.5, "{expected}");
    }
}

#[test]
fn every_input_comes_at_its_place() {
    let (frames, _, _) = run(469.0, 10, SimSettings::new(Signal::Recording(&Ladder)));
    let expected: Vec<i32> = (1..=8).map(|n| code(0.25 * f64::from(n))).collect();
    assert!(frames.0.iter().all(|f| f.2 == expected), "{:?}", frames.0);
}

fn fault(fault: Fault, frames: u64) -> SimSettings<'static> {
    let settings = SimSettings::new(Signal::Counter);
    at_full_speed(settings.with_fault(ScheduledFault { fault, chip: 0, after_frame: 40, frames }).unwrap())
}

/// Every frame is a whole scan in order, and as far along as its number says.
fn in_step(frames: &Frames, slack: u64) -> bool {
    frames.0.iter().all(|(number, _, codes)| {
        let scan = codes[0] / 8;
        codes.iter().zip(8 * scan..).all(|(code, expected)| *code == expected) && number.abs_diff(scan as u64) <= slack
    })
}

#[test]
fn missed_edges_within_a_scan_are_saved_by_the_level() {
    for missed in [Fault::MissedEdge, Fault::DroppedEdge] {
        let (frames, health, steps) = run(469.0, 100, fault(missed, 1));
        // Eight conversions, eight edges.
        assert_eq!(counted(health), Health { drdy_missed: 8, ..Health::default() }, "{missed:?}");
        assert!(steps.iter().all(|s| *s == Step::Frame) && in_step(&frames, 0));
    }
}

#[test]
fn each_fault_is_counted_as_what_it_is() {
    for bad in [Fault::StatusBit(0), Fault::MisoLow, Fault::MisoHigh, Fault::WrongId(2)] {
        let (frames, health, _) = run(469.0, 100, fault(bad, 3));
        let health = counted(health);
        assert!((3..=4).contains(&health.bad_frames), "{bad:?} {health:?}");
        assert_eq!(
            health,
            Health { bad_frames: health.bad_frames, frames_lost: health.frames_lost, ..Health::default() }
        );
        assert!(in_step(&frames, 1), "{bad:?}");
    }
    let (frames, health, _) = run(469.0, 600, fault(Fault::BusError, 3));
    let health = counted(health);
    assert!((3..=4).contains(&health.bus_errors), "{health:?}");
    assert_eq!(health, Health { bus_errors: health.bus_errors, frames_lost: health.frames_lost, ..Health::default() });
    assert!(in_step(&frames, 1));
    // A result has no checksum: nobody can tell.
    let (_, health, _) = run(469.0, 100, fault(Fault::DataBit(20), 3));
    assert_eq!(counted(health), Health::default());
}

#[test]
fn a_line_that_is_stuck_is_missed_and_the_chip_started_anew() {
    for stuck in [Fault::DrdyHigh, Fault::DrdyLow] {
        let (frames, health, _) = run(469.0, 200, fault(stuck, 60));
        assert!(health.drdy_missed >= 10 && health.restarts >= 1, "{stuck:?} {health:?}");
        assert_eq!((health.bad_frames, health.bus_errors, health.slips), (0, 0, 0));
        eprintln!(
            "{stuck:?} {health:?} {:?}",
            frames
                .0
                .iter()
                .map(|f| (f.0, f.2.clone()))
                .filter(|f| f.0.abs_diff(f.1[0] as u64 / 8) > 6)
                .take(3)
                .collect::<Vec<_>>()
        );
        // The nominal length of a scan, which the model counts missing ones by, is a few per cent off.
        assert!(in_step(&frames, 6), "{stuck:?}");
    }
}

#[test]
fn a_wrong_id_is_an_error_that_says_so() {
    let board = Board::find("waveshare-adda").unwrap();
    let settings = SimSettings::new(Signal::Counter)
        .with_fault(ScheduledFault { fault: Fault::WrongId(0), chip: 0, after_frame: 0, frames: u64::MAX })
        .unwrap();
    let world = RefCell::new(SimBoard::new(board, settings));
    let mut adcs = sim::adcs(&world, board, 101.0, 1, Input::Normal).unwrap();
    let mut drdys = sim::data_ready(&world, 0, || NoPace);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
    let error = acquisition.start().unwrap_err();
    assert!(matches!(error, AcquisitionError::Adc { error: AdcError::WrongId { chip: "ADS1256", .. }, .. }), "{error}");
}
