//! A host that takes its time between any two looks: every frame still has the number and the time of its own conversion.
//!
//! The simulated chip converts on while the host looks at edges and levels, and while it transfers; a host that is slower than the chip
//! loses frames, and counts them.

mod frames;

use std::cell::{Cell, RefCell};
use std::convert::Infallible;

use axismirror_boards::acquisition::{Acquisition, Limits, Step};
use axismirror_boards::adc::Adc;
use axismirror_boards::ads131m0x::{self, Ads131m0x};
use axismirror_boards::ads1299::{self, Ads1299};
use axismirror_boards::board::Board;
use axismirror_boards::drdy::{DataReady, Level, NoPace, Wait};
use axismirror_boards::signal::Signal;
use axismirror_boards::sim::{self, SimBoard, SimBusError, SimDelay, SimDrdy, SimSettings, SimSpi};
use axismirror_core::health::Health;
use embedded_hal::spi::{ErrorType, Operation, SpiDevice};
use frames::Frames;

/// How long the host takes for a look or a transfer: mostly little, sometimes up to a part of a period.
struct Slowness {
    state: Cell<u32>,
    longest_ns: u32,
    /// Before the chips run, nobody waits.
    on: Cell<bool>,
    slow_at: Place,
}

/// Where a host takes its time.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    /// At edges and levels, and behind a transfer.
    Looks,
    /// Between the last look and the transfer's first clock.
    Preparation,
}

impl Slowness {
    fn next(&self) -> u32 {
        // Numerical Recipes' generator.
        let state = self.state.get().wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        self.state.set(state);
        state >> 8
    }

    fn pass(&self, world: &RefCell<SimBoard<'_>>, place: Place) {
        if place != self.slow_at {
            return;
        }
        let often = self.next().is_multiple_of(8);
        let ns = self.next() % if often { self.longest_ns } else { 20_000 };
        if self.on.get() {
            let now = world.borrow().now_ns();
            world.borrow_mut().advance_to(now + i64::from(ns));
        }
    }
}

/// A line that takes time to look at.
struct SlowDrdy<'s, 'a> {
    drdy: SimDrdy<'s, 'a, NoPace>,
    world: &'s RefCell<SimBoard<'a>>,
    slowness: &'s Slowness,
}

impl DataReady for SlowDrdy<'_, '_> {
    type Error = Infallible;

    fn wait(&mut self, timeout_ns: i64) -> Result<Wait, Infallible> {
        self.slowness.pass(self.world, Place::Looks);
        let found = self.drdy.wait(timeout_ns);
        self.slowness.pass(self.world, Place::Looks);
        found
    }

    fn level(&mut self) -> Result<Option<Level>, Infallible> {
        self.slowness.pass(self.world, Place::Looks);
        let level = self.drdy.level();
        self.slowness.pass(self.world, Place::Looks);
        level
    }

    fn now_ns(&mut self) -> Option<i64> {
        self.slowness.pass(self.world, Place::Looks);
        self.drdy.now_ns()
    }
}

/// A bus whose transfers take time.
struct SlowSpi<'s, 'a> {
    spi: SimSpi<'s, 'a>,
    world: &'s RefCell<SimBoard<'a>>,
    slowness: &'s Slowness,
}

impl ErrorType for SlowSpi<'_, '_> {
    type Error = SimBusError;
}

impl SpiDevice for SlowSpi<'_, '_> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), SimBusError> {
        self.slowness.pass(self.world, Place::Preparation);
        let result = self.spi.transaction(operations);
        self.slowness.pass(self.world, Place::Looks);
        result
    }
}

const PERIOD_NS: i64 = 1_000_000;
/// From a channel's code to that of the next conversion, in the counter signal.
const STEP: i32 = 8;

fn run<A: Adc>(
    adc: A,
    channels: usize,
    steps: u32,
    world: &RefCell<SimBoard<'static>>,
    slowness: &Slowness,
) -> (Frames, Health) {
    let mut adcs = [adc];
    let drdy = sim::data_ready(world, 0, || NoPace).pop().unwrap();
    let mut drdys = [SlowDrdy { drdy, world, slowness }];
    // A frame whose edge is missing is no matter here.
    let limits = Limits { timeout_periods: 8.0, ..Limits::default() };
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, limits).unwrap();
    acquisition.start().unwrap();
    slowness.on.set(true);
    let mut sink = Frames::of(channels);
    for _ in 0..steps {
        assert_ne!(acquisition.step(&mut sink).unwrap(), Step::Stopped);
    }
    let health = *acquisition.health();
    (sink, health)
}

/// Every frame's number and time are those of the conversion that its code names; what is missing was counted.
fn check(frames: &Frames, health: &Health) -> Result<(), String> {
    let (first, begin_ns, codes) = frames.0.first().ok_or("no frame at all")?;
    let first_conversion = i64::from(codes[0] / STEP);
    for (number, time_ns, codes) in &frames.0 {
        let conversions = i64::from(codes[0] / STEP) - first_conversion;
        // The chip's clock is a whole number of ticks, each rounded to nanoseconds.
        if (time_ns - begin_ns - conversions * PERIOD_NS).abs() > 1 || (number - first) as i64 != conversions {
            return Err(format!("frame {number} at {} is conversion {conversions}", time_ns - begin_ns));
        }
    }
    let last = frames.0.last().map_or(0, |f| f.0);
    let missing = last + 1 - frames.0.len() as u64;
    let lost = health.frames_lost;
    if !(missing..=missing + 20).contains(&lost) || health.overruns != lost || health.drdy_missed > 0 {
        return Err(format!("{missing} frames are missing, of {health:?}"));
    }
    Ok(())
}

fn slowness(seed: u32, slow_at: Place) -> Slowness {
    let longest_ns = [50_000, 300_000, 900_000, 2_500_000][seed as usize % 4];
    Slowness { state: Cell::new(seed), longest_ns, on: Cell::new(false), slow_at }
}

/// Frames that an ADS1299 lost, all told, to hosts that are slow in such a place.
fn newest_frames(slow_at: Place) -> u64 {
    let board = Board::find("pieeg8").unwrap();
    let mut lost = 0;
    for seed in 0..200 {
        let slowness = slowness(seed, slow_at);
        let world = RefCell::new(SimBoard::new(board, SimSettings::new(Signal::Counter)));
        let spi = SlowSpi { spi: SimSpi::new(&world, 0), world: &world, slowness: &slowness };
        let rate = ads1299::registers::DataRate::Sps1000;
        let adc = Ads1299::new(spi, SimDelay::new(&world), ads1299::Settings::DEFAULT.with_rate(rate));
        let (frames, health) = run(adc, 8, 400, &world, &slowness);
        check(&frames, &health).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
        lost += health.frames_lost;
    }
    lost
}

#[test]
fn each_frame_has_its_own_number_and_time() {
    let lost = newest_frames(Place::Looks);
    assert!(lost > 1000, "the host was not slow: {lost}");
}

#[test]
fn a_frame_that_is_converted_while_its_transfer_is_prepared_is_that_of_its_own_edge() {
    let lost = newest_frames(Place::Preparation);
    assert!(lost > 1000, "the host was not slow: {lost}");
}

/// An ADS131M04 and a host that is slow in such a place, for so many steps.
fn queued_frames(seed: u32, slow_at: Place, steps: u32) {
    let board = Board::find("ads131m04").unwrap();
    let slowness = slowness(seed, slow_at);
    let world = RefCell::new(SimBoard::new(board, SimSettings::new(Signal::Counter)));
    let spi = SlowSpi { spi: SimSpi::new(&world, 0), world: &world, slowness: &slowness };
    let adc = Ads131m0x::new(spi, SimDelay::new(&world), ads131m0x::Settings::new(ads131m0x::Part::M04));
    let (frames, health) = run(adc, 4, steps, &world, &slowness);
    check(&frames, &health).unwrap_or_else(|e| panic!("seed {seed}: {e}"));
}

#[test]
fn a_chip_that_queues_hands_out_the_older_frame_with_its_own_time() {
    (0..200).filter(|seed| seed % 4 < 2).for_each(|seed| queued_frames(seed, Place::Looks, 400));
}

#[test]
fn the_first_frame_of_a_chip_that_queues_is_that_of_the_edge_that_fell_while_it_was_read_twice() {
    (0..8000).filter(|seed| seed % 4 == 2).for_each(|seed| queued_frames(seed, Place::Preparation, 5));
}
