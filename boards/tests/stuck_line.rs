//! A DRDY line that sticks or hides its edges, from any frame on and for any time: every frame comes once and with its own time, or is counted.
//!
//! Through restarts of the chip, and until long after the line is well again. Expectations are the chip's own count of conversions, not
//! what the acquisition says.

mod frames;

use std::cell::RefCell;

use axismirror_boards::acquisition::{Acquisition, Limits};
use axismirror_boards::adc::Input;
use axismirror_boards::board::Board;
use axismirror_boards::drdy::NoPace;
use axismirror_boards::signal::{COUNTER_STRIDE, Signal};
use axismirror_boards::sim::{self, Fault, ScheduledFault, SimBoard, SimSettings};
use axismirror_core::health::Health;
use frames::Frames;

/// Frames of the chip after which the line has been well for long.
const LAST: i64 = 250;
/// Of these, the last ones, which nothing may disturb any more.
const WELL: usize = 60;

fn run(board: &str, rate: f64, planned: ScheduledFault) -> (Frames, Health, Health) {
    let board = Board::find(board).unwrap();
    let world = RefCell::new(SimBoard::new(board, SimSettings::new(Signal::Counter).with_fault(planned).unwrap()));
    let mut adcs = sim::adcs(&world, board, rate, board.default_gain, Input::Normal).unwrap();
    let mut drdys = sim::data_ready(&world, 0, || NoPace);
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).unwrap();
    acquisition.start().unwrap();
    let mut sink = Frames::of(board.channels());
    let mut before = Health::default();
    let mut steps = 0;
    while conversion(&sink) < LAST {
        if conversion(&sink) < LAST - WELL as i64 {
            before = *acquisition.health();
        }
        let _ = acquisition.step(&mut sink);
        steps += 1;
        assert!(steps < 4 * LAST, "the frames do not come");
    }
    let after = *acquisition.health();
    (sink, before, after)
}

/// The chip's number of the last frame.
fn conversion(frames: &Frames) -> i64 {
    frames.0.last().map_or(-1, |f| i64::from(f.2[0]) / COUNTER_STRIDE as i64)
}

fn check(rate: f64, frames: &Frames, before: &Health, after: &Health) -> Result<(), String> {
    let period = 1e9 / rate;
    let (mut last, mut origin) = (None, None);
    for (number, time_ns, codes) in &frames.0 {
        let conversion = i64::from(codes[0]) / COUNTER_STRIDE as i64;
        if last.is_some_and(|(n, c)| *number <= n || conversion <= c) {
            return Err(format!("frame {number}, conversion {conversion}, behind {last:?}"));
        }
        let off = *time_ns as f64 / period - conversion as f64;
        let off = off - *origin.get_or_insert(off);
        // After a restart the conversions lie between those of before, and are numbered to the nearest.
        let within = if after.restarts == 0 { 0.01 } else { 0.51 };
        if off.abs() > within {
            return Err(format!("frame {number}, conversion {conversion}, is {off} periods late"));
        }
        last = Some((*number, conversion));
    }
    let (first, last) = (frames.0.first().ok_or("no frame")?, last.ok_or("no frame")?);
    let missing = last.0 + 1 - frames.0.len() as u64;
    let absent = last.1 - i64::from(first.2[0]) / COUNTER_STRIDE as i64 + 1 - frames.0.len() as i64;
    if missing != after.frames_lost || absent.abs_diff(missing as i64) > after.restarts {
        return Err(format!("{missing} frames are missing, {absent} of the chip's, of {after:?}"));
    }
    if after.restarts == 0 && after.frames_lost > after.drdy_missed + after.overruns {
        return Err(format!("lost for no reason: {after:?}"));
    }
    let still = |h: &Health| (h.frames_lost, h.drdy_missed, h.overruns, h.restarts);
    if still(before) != still(after) {
        return Err(format!("long after the line was well: {before:?} {after:?}"));
    }
    Ok(())
}

fn at_any_place(board: &str, rates: &[f64]) {
    let (mut wrong, mut tried) = (Vec::new(), 0);
    for fault in [Fault::DrdyLow, Fault::DrdyHigh, Fault::MissedEdge, Fault::DroppedEdge] {
        for &rate in rates {
            for frames in 1..=60 {
                for after_frame in [1, 2, 40, 41] {
                    let planned = ScheduledFault { fault, chip: 0, after_frame, frames };
                    let (seen, before, after) = run(board, rate, planned);
                    tried += 1;
                    if let Err(why) = check(rate, &seen, &before, &after) {
                        wrong.push(format!("{fault:?}@{after_frame}x{frames} at {rate} Hz: {why}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {tried}, such as\n{}", wrong.len(), wrong[..wrong.len().min(12)].join("\n"));
}

#[test]
fn a_chip_that_queues_two_frames() {
    at_any_place("ads131m04", &[4000.0]);
    at_any_place("ads131m08", &[1000.0]);
}

#[test]
fn a_chip_that_holds_the_newest_frame() {
    at_any_place("pieeg8", &[250.0]);
}
