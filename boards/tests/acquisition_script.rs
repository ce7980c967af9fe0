//! The acquisition loop against a DRDY line and a converter that do exactly what is written down.
//!
//! For what a simulated board cannot bring about: a host that is late, and queues that overflow.

use std::collections::VecDeque;
use std::convert::Infallible;

use axismirror_boards::acquisition::{Acquisition, Frame, Limits, Sink, Step};
use axismirror_boards::adc::{Adc, AdcError, Codes, FrameStatus, Input, TestSignal};
use axismirror_boards::drdy::{DataReady, Edge, Level, Wait};
use axismirror_core::health::Health;
use embedded_hal::spi::ErrorKind;

const RATE: f64 = 1000.0;
const MS: i64 = 1_000_000;

/// One channel that counts the reads, and what else it is told.
struct Counts {
    reads: i32,
    conversions: usize,
    skips: u32,
    starts: u32,
    /// The read that gets nothing new, from 0.
    repeats: Option<i32>,
}

impl Counts {
    fn new(conversions: usize) -> Self {
        Self { reads: 0, conversions, skips: 0, starts: 0, repeats: None }
    }
}

impl Adc for Counts {
    type BusError = ErrorKind;

    fn name(&self) -> &'static str {
        "counter"
    }

    fn channels(&self) -> usize {
        1
    }

    fn conversions_per_frame(&self) -> usize {
        self.conversions
    }

    fn rate(&self) -> f64 {
        RATE / self.conversions as f64
    }

    fn skip_unread(&mut self) {
        self.skips += 1;
    }

    fn gain(&self, _: usize) -> Option<u8> {
        None
    }

    fn code_range(&self) -> (i32, i32) {
        (0, 1000)
    }

    fn volts_per_code(&self, _: usize) -> Option<f64> {
        None
    }

    fn initialise(&mut self) -> Result<(), AdcError<ErrorKind>> {
        Ok(())
    }

    fn start(&mut self) -> Result<(), AdcError<ErrorKind>> {
        self.starts += 1;
        Ok(())
    }

    fn stop(&mut self) -> Result<(), AdcError<ErrorKind>> {
        Ok(())
    }

    fn read_frame<C: Codes + ?Sized>(&mut self, codes: &mut C) -> Result<FrameStatus, AdcError<ErrorKind>> {
        codes.set(0, self.reads);
        let repeated = self.repeats == Some(self.reads);
        self.reads += 1;
        Ok(FrameStatus { repeated, ..FrameStatus::default() })
    }

    fn set_input(&mut self, _: Input) -> Result<(), AdcError<ErrorKind>> {
        Err(AdcError::Unsupported { what: "input" })
    }

    fn test_signal(&self, _: usize) -> Option<TestSignal> {
        None
    }
}

/// What the host finds, in order.
enum Event {
    /// An edge at a millisecond, with its count.
    Edge(i64, u32),
    /// Nothing in the queue, however long one waits.
    None,
    /// The level when it is asked.
    Level(Level),
}

use Event::{Edge as At, Level as Is, None as Empty};
use Level::{High, Low};

struct Script(VecDeque<Event>);

impl DataReady for Script {
    type Error = Infallible;

    fn wait(&mut self, _timeout_ns: i64) -> Result<Wait, Infallible> {
        match self.0.pop_front() {
            Some(At(ms, seqno)) => Ok(Wait::Edge(Edge { time_ns: ms * MS, seqno: Some(seqno) })),
            Some(Empty) => Ok(Wait::Timeout),
            Some(Is(_)) => panic!("the level was due"),
            None => Ok(Wait::Stopped),
        }
    }

    fn level(&mut self) -> Result<Option<Level>, Infallible> {
        match self.0.pop_front() {
            Some(Is(level)) => Ok(Some(level)),
            None => Ok(None),
            Some(_) => panic!("a wait was due"),
        }
    }
}

/// Frame numbers with their milliseconds.
#[derive(Default)]
struct Times(Vec<(u64, i64)>, [i32; 1]);

impl Sink for Times {
    type Error = Infallible;

    fn codes(&mut self) -> impl Codes + '_ {
        &mut self.1
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<(), Infallible> {
        self.0.push((frame.number, frame.time_ns / MS));
        Ok(())
    }
}

/// Frame numbers with their milliseconds, and the counters.
fn run(events: Vec<Event>) -> (Vec<(u64, i64)>, Health) {
    let (frames, health, _) = run_with(Counts::new(1), events);
    (frames, health)
}

/// And what the converter was told.
fn run_with(adc: Counts, events: Vec<Event>) -> (Vec<(u64, i64)>, Health, Counts) {
    // Before the start there is nothing in the queue.
    let events = std::iter::once(Empty).chain(events).collect();
    let (mut adcs, mut drdys) = ([adc], [Script(events)]);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
    acquisition.start().unwrap();
    let mut sink = Times::default();
    while acquisition.step(&mut sink) != Ok(Step::Stopped) {}
    let health = *acquisition.health();
    drop(acquisition);
    let [adc] = adcs;
    (sink.0, health, adc)
}

/// The usual: one edge in the queue, level low before the read (the very first frame is not asked) and high after it.
fn first(ms: i64) -> Vec<Event> {
    vec![At(ms, ms as u32), Empty, Is(High)]
}

fn usual(ms: i64) -> Vec<Event> {
    vec![At(ms, ms as u32), Empty, Is(Low), Is(High)]
}

#[test]
fn one_edge_one_frame() {
    let (frames, health) = run([first(1), usual(2), usual(3)].into_iter().flatten().collect());
    assert_eq!((frames, health), (vec![(0, 1), (1, 2), (2, 3)], Health::default()));
}

#[test]
fn edges_that_wait_together_are_overruns() {
    let late = vec![At(2, 2), At(3, 3), At(4, 4), Empty, Is(Low), Is(High)];
    let (frames, health) = run([first(1), late, usual(5)].into_iter().flatten().collect());
    assert_eq!(frames, [(0, 1), (3, 4), (4, 5)]);
    assert_eq!(health, Health { overruns: 2, frames_lost: 2, ..Health::default() });
}

#[test]
fn a_jump_of_the_queues_count_is_a_miss_besides_the_overruns() {
    // 2 and 3 fell out of the queue, 4 and 5 waited.
    let late = vec![At(4, 4), At(5, 5), Empty, Is(Low), Is(High)];
    let (frames, health) = run([first(1), late].into_iter().flatten().collect());
    assert_eq!(frames, [(0, 1), (4, 5)]);
    assert_eq!(health, Health { overruns: 1, drdy_missed: 2, frames_lost: 3, ..Health::default() });
}

#[test]
fn a_frame_that_is_due_after_a_read_is_read_at_once() {
    // The edge at 3 fell while the frame of 2 was read, and the host did not see it.
    let both = vec![At(2, 2), Empty, Is(Low), Is(Low), Empty, Is(Low)];
    let after = vec![At(4, 3), Empty, Is(Low), Is(High)];
    let (frames, health) = run([first(1), both, after].into_iter().flatten().collect());
    assert_eq!(frames, [(0, 1), (1, 2), (2, 3), (3, 4)]);
    assert_eq!(health, Health { drdy_missed: 1, ..Health::default() });
}

#[test]
fn a_frame_that_is_due_and_whose_edge_comes_is_nothing_special() {
    let due = vec![At(2, 2), Empty, Is(Low), Is(Low)];
    let (frames, health) = run([first(1), due, usual(3)].into_iter().flatten().collect());
    assert_eq!((frames, health), (vec![(0, 1), (1, 2), (2, 3)], Health::default()));
}

#[test]
fn an_edge_that_comes_behind_its_frame_makes_no_second_frame() {
    // Time is up, the level says that the frame is there, and then the edge comes after all.
    let saved = vec![Empty, Is(Low), At(2, 2), Empty];
    let (frames, health) = run([first(1), saved, usual(3)].into_iter().flatten().collect());
    assert_eq!(frames, [(0, 1), (1, 2), (2, 3)]);
    assert_eq!(health, Health { drdy_missed: 1, ..Health::default() });
}

#[test]
fn a_level_that_lies_makes_no_frame_of_what_was_read_before() {
    // Time is up, the level says that a frame is there, and the chip that it is none; its edge comes later, and so does its frame.
    let lied = vec![Empty, Is(Low), At(2, 2), Empty];
    let adc = Counts { repeats: Some(1), ..Counts::new(1) };
    let (frames, health, adc) = run_with(adc, [first(1), lied, usual(3)].into_iter().flatten().collect());
    assert_eq!(frames, [(0, 1), (2, 3)]);
    assert_eq!(health, Health { drdy_missed: 1, frames_lost: 1, ..Health::default() });
    assert_eq!(adc.skips, 1, "what may have come meanwhile is not the next frame");
}

#[test]
fn an_edge_whose_frame_was_clocked_out_already_is_an_overrun() {
    let raced = vec![At(3, 3), Empty, Is(High)];
    let (frames, health) = run([first(1), usual(2), raced, usual(4)].into_iter().flatten().collect());
    assert_eq!(frames, [(0, 1), (1, 2), (3, 4)]);
    assert_eq!(health, Health { overruns: 1, frames_lost: 1, ..Health::default() });
}

#[test]
fn a_flood_of_edges_does_not_keep_the_host_and_is_counted_all_the_same() {
    // Far more conversions than a queue holds, and a host that never gets to the end of them in one look.
    const LAST: i64 = 100_001;
    let flood = (2..=LAST).map(|ms| At(ms, ms as u32)).chain([Empty, Is(Low), Is(High)]);
    let events = std::iter::once(Empty).chain(first(1)).chain(flood).collect();
    let (mut adcs, mut drdys) = ([Counts::new(1)], [Script(events)]);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
    acquisition.start().unwrap();
    let mut sink = Times::default();
    let mut steps = Vec::new();
    while steps.last() != Some(&Step::Stopped) {
        steps.push(acquisition.step(&mut sink).unwrap());
    }
    // The caller gets to look for a stop in between; the frame that is read is the newest.
    let stale = steps.iter().filter(|s| **s == Step::Stale).count();
    assert!(stale >= 10, "{stale} steps");
    let lost = LAST as u64 - 2;
    let health = Health { overruns: lost, frames_lost: lost, measured_rate: RATE, ..Health::default() };
    assert_eq!(*acquisition.health(), health);
    drop(acquisition);
    assert_eq!(sink.0, [(0, 1), (LAST as u64 - 1, LAST)]);
    assert!(adcs[0].skips > 0);
}

#[test]
fn a_flood_before_the_first_frame_is_counted_too() {
    const LAST: i64 = 5000;
    let flood = (1..=LAST).map(|ms| At(ms, ms as u32)).chain([Empty, Is(Low), Is(High)]);
    let (frames, health) = run(flood.chain(usual(LAST + 1)).collect());
    assert_eq!(frames, [(LAST as u64 - 1, LAST), (LAST as u64, LAST + 1)]);
    let lost = LAST as u64 - 1;
    assert_eq!(health, Health { overruns: lost, frames_lost: lost, ..Health::default() });
}

#[test]
fn edges_from_before_the_start_are_no_frames() {
    let (mut adcs, mut drdys) = ([Counts::new(1)], [Script(VecDeque::from([At(1, 1), At(2, 2), Empty]))]);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
    acquisition.start().unwrap();
    assert_eq!(acquisition.step(&mut Times::default()), Ok(Step::Stopped));
}

#[test]
fn a_clock_that_is_set_back_loses_no_frame() {
    let back = vec![At(-5000, 3), Empty, Is(Low), Is(High), At(-4999, 4), Empty, Is(Low), Is(High)];
    let (frames, health) = run([first(1), usual(2), back].into_iter().flatten().collect());
    assert_eq!(frames, [(0, 1), (1, 2), (2, -5000), (3, -4999)]);
    assert_eq!(health, Health::default());
}

#[test]
fn nothing_for_a_period_is_a_gap() {
    let nothing = vec![Empty, Is(High)];
    let (frames, health, adc) = run_with(Counts::new(1), [first(1), nothing, usual(3)].into_iter().flatten().collect());
    assert_eq!(frames, [(0, 1), (2, 3)]);
    // The frame may be there all the same, in a chip that queues: it is not the next one.
    assert_eq!(adc.skips, 1);
    assert_eq!(health, Health { drdy_missed: 1, frames_lost: 1, ..Health::default() });
}

#[test]
fn a_chip_that_queues_is_told_what_nobody_will_read() {
    let late = vec![At(2, 2), At(3, 3), Empty, Is(Low), Is(High)];
    let (_, health, adc) = run_with(Counts::new(1), [first(1), late, usual(4)].into_iter().flatten().collect());
    assert_eq!((health.overruns, adc.skips, adc.reads), (1, 1, 3));
    let (_, _, adc) = run_with(Counts::new(1), [first(1), usual(2)].into_iter().flatten().collect());
    assert_eq!(adc.skips, 0);
}

/// A conversion within a scan: one edge in the queue, and the level low.
fn within(ms: i64) -> Vec<Event> {
    vec![At(ms, ms as u32), Empty, Is(Low)]
}

/// The first conversion of a scan: the level is asked for twice, but not before the very first frame.
fn begin(ms: i64) -> Vec<Event> {
    vec![At(ms, ms as u32), Empty, Is(Low), Is(Low)]
}

#[test]
fn a_scan_has_the_time_of_its_first_conversion() {
    let events = [within(1), within(2), begin(3), within(4), begin(5), within(6)].into_iter().flatten().collect();
    let (frames, health, adc) = run_with(Counts::new(2), events);
    assert_eq!((frames, health), (vec![(0, 1), (1, 3), (2, 5)], Health::default()));
    assert_eq!((adc.reads, adc.starts), (6, 1));
}

#[test]
fn an_edge_from_before_the_input_was_switched_is_not_a_conversion() {
    let stale = |ms: i64| vec![At(ms, ms as u32), Empty, Is(High)];
    let events = [within(1), stale(1), within(2), stale(2), begin(3), within(4)].into_iter().flatten().collect();
    let (frames, health, adc) = run_with(Counts::new(2), events);
    assert_eq!((frames, health, adc.reads), (vec![(0, 1), (1, 3)], Health::default(), 4));
}

#[test]
fn a_conversion_that_does_not_come_loses_the_frame_and_begins_a_scan_anew() {
    // Patience ends twice with the level high; the next frame begins with a start of the converter.
    let nothing = vec![Empty, Is(High), Empty, Is(High)];
    let again = [begin(3), vec![Empty], within(4), within(5)];
    let events = [within(1), nothing].into_iter().chain(again).flatten().collect();
    let (frames, health, adc) = run_with(Counts::new(2), events);
    assert_eq!(frames, [(1, 3)]);
    assert_eq!(health, Health { drdy_missed: 1, frames_lost: 1, ..Health::default() });
    assert_eq!((adc.reads, adc.starts), (3, 2));
}
