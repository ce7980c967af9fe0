//! The acquisition loop over simulated boards: nothing lost when nothing fails, and each fault counted as what it is.

mod frames;

use std::cell::{Cell, RefCell};

use axismirror_boards::acquisition::{Acquisition, AcquisitionError, Frame, Limits, Sink, Step};
use axismirror_boards::adc::{AdcError, Codes, Input};
use axismirror_boards::board::Board;
use axismirror_boards::drdy::{NoPace, Pace};
use axismirror_boards::signal::{self, Recording, Signal};
use axismirror_boards::sim::{self, Fault, ScheduledFault, SimBoard, SimSettings};
use axismirror_core::health::Health;
use frames::Frames;

const PERIOD_250: i64 = 4_000_000;

/// What came, and what was counted.
struct Record {
    frames: Vec<(u64, i64, Vec<i32>)>,
    health: Health,
}

impl Record {
    /// Counter codes of channel 0 as frame numbers of the chip.
    fn counted(&self) -> Vec<i32> {
        self.frames.iter().map(|f| f.2[0] / 8).collect()
    }
}

struct Run {
    board: &'static str,
    rate: f64,
    gain: u8,
    steps: usize,
}

const EIGHT: Run = Run { board: "pieeg8", rate: 250.0, gain: 24, steps: 100 };

impl Run {
    fn go(&self, settings: SimSettings<'_>) -> (Record, Vec<Step>) {
        let board = Board::find(self.board).unwrap();
        let world = RefCell::new(SimBoard::new(board, settings.clone()));
        let input = settings.signal.input();
        let mut adcs = sim::adcs(&world, board, self.rate, self.gain, input).unwrap();
        let mut drdys = sim::data_ready(&world, 0, || NoPace);
        let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
        acquisition.start().unwrap();
        let mut sink = Frames::of(board.channels());
        let mut steps = Vec::new();
        for _ in 0..self.steps {
            steps.push(acquisition.step(&mut sink).unwrap_or(Step::Timeout));
        }
        (Record { frames: sink.0, health: *acquisition.health() }, steps)
    }
}

fn fault(fault: Fault, after_frame: u64, frames: u64) -> SimSettings<'static> {
    SimSettings::new(Signal::Counter).with_fault(ScheduledFault { fault, chip: 0, after_frame, frames }).unwrap()
}

fn counted(health: Health) -> Health {
    Health { measured_rate: 0.0, ..health }
}

/// Times a period apart, as nanoseconds rounded up from the chip's clock.
fn steady(times: &[i64]) -> bool {
    times.windows(2).all(|w| (w[1] - w[0] - PERIOD_250).abs() <= 1)
}

#[test]
fn nothing_is_lost_when_nothing_fails() {
    for rate in [250.0, 1000.0, 16000.0] {
        let run = Run { rate, steps: 1000, ..EIGHT };
        let (record, steps) = run.go(SimSettings::new(Signal::Counter));
        assert!(steps.iter().all(|s| *s == Step::Frame));
        assert_eq!(record.frames.len(), 1000);
        for (k, frame) in (0..).zip(&record.frames) {
            assert_eq!(frame.2, (8 * k..8 * k + 8).collect::<Vec<i32>>());
        }
        let period = (1e9 / rate) as i64;
        assert!(record.frames.windows(2).all(|w| (w[1].1 - w[0].1 - period).abs() <= 1));
        assert_eq!(counted(record.health), Health::default());
        assert!((record.health.measured_rate / rate - 1.0).abs() < 1e-6);
        assert!(record.frames.iter().map(|f| f.0).eq(0..1000));
    }
}

#[test]
fn the_measured_rate_is_the_chips_not_the_nominal_one() {
    let mut settings = SimSettings::new(Signal::Counter);
    settings.drift_ppm[0] = 500.0;
    let (record, _) = Run { steps: 20_000, ..EIGHT }.go(settings);
    assert!((record.health.measured_rate / 250.0 - 1.0005).abs() < 1e-7, "{}", record.health.measured_rate);
    assert_eq!(counted(record.health), Health::default());
}

#[test]
fn a_missed_edge_is_counted_and_the_level_saves_the_frame() {
    let (record, steps) = EIGHT.go(fault(Fault::MissedEdge, 40, 1));
    assert_eq!(counted(record.health), Health { drdy_missed: 1, ..Health::default() });
    assert_eq!(record.counted(), (0..100).collect::<Vec<_>>());
    assert!(steps.iter().all(|s| *s == Step::Frame));
    let times: Vec<i64> = record.frames.iter().map(|f| f.1).collect();
    assert!(steady(&times), "its time is estimated from the one before");
}

#[test]
fn a_line_without_edges_goes_on_by_its_level_until_patience_ends() {
    let (record, _) = EIGHT.go(fault(Fault::MissedEdge, 40, 5));
    assert_eq!(counted(record.health), Health { drdy_missed: 5, ..Health::default() });
    assert_eq!(record.counted(), (0..100).collect::<Vec<_>>());
}

#[test]
fn an_edge_that_the_queue_dropped_is_a_missed_one_and_not_two() {
    let (record, _) = EIGHT.go(fault(Fault::DroppedEdge, 40, 1));
    assert_eq!(counted(record.health), Health { drdy_missed: 1, ..Health::default() });
    assert_eq!(record.counted(), (0..100).collect::<Vec<_>>());
}

#[test]
fn without_a_watchdog_a_missed_edge_loses_its_frame() {
    let board = Board::find("pieeg8").unwrap();
    let world = RefCell::new(SimBoard::new(board, fault(Fault::MissedEdge, 40, 2)));
    let mut adcs = sim::adcs(&world, board, 250.0, 24, Input::Normal).unwrap();
    let mut drdys = sim::data_ready(&world, 0, || NoPace);
    let patient = Limits { timeout_periods: 10.0, ..Limits::default() };
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, patient).unwrap();
    acquisition.start().unwrap();
    let mut sink = Frames::of(8);
    for _ in 0..98 {
        assert_eq!(acquisition.step(&mut sink), Ok(Step::Frame));
    }
    let record = Record { frames: sink.0, health: *acquisition.health() };
    assert_eq!(counted(record.health), Health { drdy_missed: 2, frames_lost: 2, ..Health::default() });
    assert_eq!(record.counted(), (0..40).chain(42..100).collect::<Vec<_>>());
    assert_eq!(record.frames[40].0, 42, "frame numbers count what is lost");
    assert_eq!(record.frames[40].1 - record.frames[39].1, 3 * PERIOD_250);
}

#[test]
fn a_bad_status_word_is_not_published_and_leaves_a_gap() {
    for bit in [0, 2, 3, 20] {
        let (record, steps) = EIGHT.go(fault(Fault::StatusBit(bit), 40, 3));
        assert_eq!(counted(record.health), Health { bad_frames: 3, frames_lost: 3, ..Health::default() }, "bit {bit}");
        assert_eq!(record.counted(), (0..40).chain(43..100).collect::<Vec<_>>());
        assert_eq!(record.frames[40].0, 43);
        assert_eq!(record.frames[40].1 - record.frames[39].1, 4 * PERIOD_250);
        assert_eq!(steps.iter().filter(|s| **s == Step::Lost).count(), 3);
    }
}

#[test]
fn a_bad_bit_in_the_samples_is_beyond_this_chip() {
    let (record, _) = EIGHT.go(fault(Fault::DataBit(23), 40, 1));
    assert_eq!(counted(record.health), Health::default());
    assert_eq!(record.frames[40].2[0], 8 * 40 + 1);
}

#[test]
fn a_bus_error_is_a_bus_error() {
    let (record, _) = EIGHT.go(fault(Fault::BusError, 40, 2));
    assert_eq!(counted(record.health), Health { bus_errors: 2, frames_lost: 2, ..Health::default() });
    assert_eq!(record.counted(), (0..40).chain(42..100).collect::<Vec<_>>());
}

#[test]
fn miso_that_sticks_for_a_while_makes_bad_frames() {
    for stuck in [Fault::MisoLow, Fault::MisoHigh] {
        let (record, _) = EIGHT.go(fault(stuck, 40, 4));
        assert_eq!(counted(record.health), Health { bad_frames: 4, frames_lost: 4, ..Health::default() });
    }
}

/// Whether what is missing among the frame numbers is what was counted as lost.
fn gaps_are_counted(record: &Record, health: Health) {
    let numbers: Vec<u64> = record.frames.iter().map(|f| f.0).collect();
    assert!(numbers.is_sorted_by(|a, b| a < b));
    let last = numbers.last().unwrap() + 1;
    assert_eq!(last - numbers.len() as u64, health.frames_lost, "the sum of all gaps");
}

/// Whether frame numbers, codes and losses tell the same story.
fn consistent(record: &Record, health: Health) {
    gaps_are_counted(record, health);
    for (number, code) in record.frames.iter().map(|f| f.0).zip(record.counted()) {
        // The chip's conversions after a restart lie between those of before: half a frame either way.
        assert!(number.abs_diff(code as u64) <= 1, "frame {number} has the codes of {code}");
    }
}

#[test]
fn after_ten_failures_the_chip_is_started_anew() {
    let (record, steps) = EIGHT.go(fault(Fault::StatusBit(0), 40, 10));
    let health = counted(record.health);
    assert_eq!((health.bad_frames, health.restarts, health.bus_errors, health.drdy_missed), (10, 1, 0, 0));
    // 282 ms of power-up and reference, 16 ms for the filter.
    assert!((10 + 70..=10 + 76).contains(&health.frames_lost), "{health:?}");
    assert_eq!(steps.iter().filter(|s| **s == Step::Restarted).count(), 1);
    consistent(&record, health);
}

#[test]
fn drdy_that_stays_high_is_missed_and_the_chip_started_anew() {
    let (record, _) = EIGHT.go(fault(Fault::DrdyHigh, 40, 30));
    let health = counted(record.health);
    assert_eq!((health.drdy_missed, health.restarts), (10, 1));
    assert_eq!((health.bad_frames, health.bus_errors, health.overruns, health.slips), (0, 0, 0, 0));
    consistent(&record, health);
}

#[test]
fn drdy_that_stays_low_is_missed_and_the_chip_started_anew() {
    let (record, _) = EIGHT.go(fault(Fault::DrdyLow, 40, 30));
    let health = counted(record.health);
    assert_eq!((health.drdy_missed, health.restarts), (10, 1));
    assert_eq!((health.bad_frames, health.bus_errors, health.overruns, health.slips), (0, 0, 0, 0));
    consistent(&record, health);
}

#[test]
fn a_bus_that_is_gone_is_tried_again_until_it_is_back() {
    let (record, steps) = EIGHT.go(fault(Fault::BusError, 40, 200));
    let health = counted(record.health);
    assert!(health.restarts >= 2 && health.bus_errors >= 12, "{health:?}");
    assert_eq!(health.bad_frames, 0);
    assert_eq!(steps.last(), Some(&Step::Frame));
    consistent(&record, health);
}

#[test]
fn a_chip_that_is_unplugged_is_set_up_again_when_it_is_back() {
    for board in ["pieeg8", "ads131m08", "waveshare-adda", "mcp3208"] {
        let found = Board::find(board).unwrap();
        let (rate, gain) = (found.default_rate.into(), found.default_gain);
        // Shorter than the patience, and longer than a try.
        for (frames, steps) in [(3, 300), (80, 300)] {
            let run = Run { board, rate, gain, steps };
            let (record, steps) = run.go(fault(Fault::Unplugged, 40, frames));
            let health = counted(record.health);
            // A chip that is not told anything needs not be told it again after a short while.
            assert!(health.restarts >= 1 || board == "mcp3208" && frames < 10, "{board}, {frames}: {health:?}");
            assert!(health.frames_lost >= frames, "{board}, {frames}: {health:?}");
            assert_eq!(steps.last(), Some(&Step::Frame), "{board}, {frames}");
            gaps_are_counted(&record, health);
            // A chip that scans makes no scan when nobody switches its inputs: its own count stands still.
            if board != "waveshare-adda" {
                consistent(&record, health);
            }
        }
    }
}

#[test]
fn a_wrong_id_at_the_start_is_an_error_that_says_so() {
    let board = Board::find("pieeg8").unwrap();
    let world = RefCell::new(SimBoard::new(board, fault(Fault::WrongId(0x92), 0, u64::MAX)));
    let mut adcs = sim::adcs(&world, board, 250.0, 24, Input::Normal).unwrap();
    let mut drdys = sim::data_ready(&world, 0, || NoPace);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
    let error = acquisition.start().unwrap_err();
    assert!(matches!(error, AcquisitionError::Adc { chip: 0, error: AdcError::WrongId { found: 0x92, .. } }));
}

#[test]
fn a_bus_too_slow_for_the_rate_is_seen_as_overruns() {
    // 27 bytes of 2.25 us are 61 us, 16 of 4 us are more than a period.
    let mut settings = SimSettings::new(Signal::Counter);
    settings.byte_ns = 2_250;
    let run = Run { rate: 16000.0, steps: 2000, ..EIGHT };
    let (record, _) = run.go(settings.clone());
    assert_eq!(counted(record.health), Health::default());
    settings.byte_ns = 4_000;
    let (record, _) = run.go(settings);
    let health = counted(record.health);
    assert!(health.overruns > 500, "{health:?}");
    assert_eq!((health.overruns, health.drdy_missed), (health.frames_lost, 0), "{health:?}");
}

#[test]
fn two_chips_are_read_by_the_first_ones_pace_and_slips_are_counted() {
    for (drift, skipped) in [(20.0, true), (-20.0, false)] {
        let mut settings = SimSettings::new(Signal::Counter);
        settings.drift_ppm[1] = drift;
        // 20 ppm are a frame in 50,000.
        let run = Run { board: "pieeg16", rate: 1000.0, steps: 120_000, ..EIGHT };
        let (record, _) = run.go(settings);
        let health = counted(record.health);
        for (k, frame) in (0..).zip(&record.frames) {
            assert_eq!(frame.2[..8], (8 * k..8 * k + 8).collect::<Vec<_>>());
        }
        let second: Vec<i32> = record.frames.iter().map(|f| (f.2[8] - 8) / 8).collect();
        let steps: Vec<i32> = second.windows(2).map(|w| w[1] - w[0]).collect();
        assert!(steps.iter().all(|s| *s == 1 || *s == if skipped { 2 } else { 0 }));
        let slips = steps.iter().filter(|s| **s != 1).count() as u64;
        assert!((2..=3).contains(&slips), "{slips}");
        assert_eq!(health, Health { slips, ..Health::default() });
    }
}

#[test]
fn a_missed_edge_of_the_second_chip_is_not_a_slip() {
    let settings = SimSettings::new(Signal::Counter)
        .with_fault(ScheduledFault { fault: Fault::MissedEdge, chip: 1, after_frame: 40, frames: 1 })
        .unwrap();
    let (record, _) = Run { board: "pieeg16", ..EIGHT }.go(settings);
    assert_eq!(counted(record.health), Health { drdy_missed: 1, ..Health::default() });
}

#[test]
fn a_bad_second_chip_makes_a_bad_frame() {
    let settings = SimSettings::new(Signal::Counter)
        .with_fault(ScheduledFault { fault: Fault::StatusBit(1), chip: 1, after_frame: 40, frames: 2 })
        .unwrap();
    let (record, _) = Run { board: "pieeg16", ..EIGHT }.go(settings);
    assert_eq!(counted(record.health), Health { bad_frames: 2, frames_lost: 2, ..Health::default() });
}

/// Counts the times it was waited for, and stops at one.
struct Watch<'a>(&'a Cell<i64>, i64);

impl Pace for Watch<'_> {
    fn until(&mut self, time_ns: i64) -> bool {
        self.0.set(self.0.get().max(time_ns));
        time_ns < self.1
    }
}

#[test]
fn the_world_keeps_to_the_hosts_clock_and_stops_when_asked() {
    const ORIGIN: i64 = 5_000_000_000_000;
    const STOP: i64 = ORIGIN + 1_000_000_000;
    let board = Board::find("pieeg8").unwrap();
    let world = RefCell::new(SimBoard::new(board, SimSettings::new(Signal::Square)));
    let mut adcs = sim::adcs(&world, board, 250.0, 24, Signal::Square.input()).unwrap();
    let reached = Cell::new(0);
    let mut drdys = sim::data_ready(&world, ORIGIN, || Watch(&reached, STOP));
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
    acquisition.start().unwrap();
    let mut sink = Frames::of(8);
    while acquisition.step(&mut sink) == Ok(Step::Frame) {
        assert_eq!(sink.0.last().unwrap().1, reached.get(), "a frame comes when the host has reached its time");
    }
    assert_eq!(acquisition.step(&mut sink), Ok(Step::Stopped));
    // 282 ms of start, 16 ms for the first frame, then 4 ms each.
    assert!((sink.0.len() as i64 - (1000 - 298) / 4).abs() <= 1, "{}", sink.0.len());
    assert!(sink.0.iter().all(|f| f.2.iter().all(|c| c.abs() == 83886)));
}

/// A ramp of 1 mV a second at 100 Hz, 10 mV higher on each channel.
struct Ramp(Vec<f32>);

impl Recording for Ramp {
    fn volts(&self, channel: usize, time_s: f64) -> f64 {
        channel as f64 * 10e-3 + signal::sample_at(&self.0[..], 100.0, time_s, false).unwrap_or(0.0)
    }
}

#[test]
fn a_recording_comes_out_at_the_boards_rate_and_gain() {
    let ramp = Ramp((0..1000).map(|i| i as f32 * 1e-5).collect());
    let (record, _) = EIGHT.go(SimSettings::new(Signal::Recording(&ramp)));
    for (k, frame) in record.frames.iter().enumerate() {
        for (channel, code) in frame.2.iter().enumerate() {
            let volts = channel as f64 * 10e-3 + k as f64 / 250.0 * 1e-3;
            let expected = volts * 24.0 / 4.5 * 8_388_607.0;
            assert!((f64::from(*code) - expected).abs() < 1.0, "frame {k} channel {channel}: {code} for {expected}");
        }
    }
}

#[test]
fn a_sink_for_other_channels_is_refused_and_one_may_fail() {
    #[derive(Default)]
    struct Full([i32; 8]);
    impl Sink for Full {
        type Error = &'static str;
        fn codes(&mut self) -> impl Codes + '_ {
            &mut self.0
        }
        fn frame(&mut self, _: &Frame<'_>) -> Result<(), &'static str> {
            Err("full")
        }
    }
    let board = Board::find("pieeg8").unwrap();
    let world = RefCell::new(SimBoard::new(board, SimSettings::new(Signal::Counter)));
    let mut adcs = sim::adcs(&world, board, 250.0, 24, Input::Normal).unwrap();
    let mut drdys = sim::data_ready(&world, 0, || NoPace);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
    acquisition.start().unwrap();
    assert_eq!(acquisition.step(&mut Frames::of(8)), Ok(Step::Frame));
    assert_eq!(acquisition.step(&mut Full::default()), Err(AcquisitionError::Sink("full")));
    assert_eq!(acquisition.step(&mut Frames::of(8)), Ok(Step::Frame));
    let refused = acquisition.step(&mut Frames::of(16));
    assert_eq!(refused, Err(AcquisitionError::Channels { channels: 8, given: 16 }));
}
