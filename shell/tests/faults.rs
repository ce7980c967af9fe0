//! An ADC that fails while it streams: what readers, `info` and the log are told, and that the stream goes on.

mod common;

use std::time::Duration;

use axismirror::mirror::{Mirror, Start};
use common::{Service, eventually, info, set, unique, wait_for};
use serde_json::Value;

const RATE: f64 = 250.0;

/// Number by the counter, and time in periods, of each frame.
type Frames = Vec<(i64, f64)>;

/// Reads up to the frame whose number is `last` at least.
fn read(mirror: &mut Mirror, last: i64) -> Frames {
    read_until(mirror, |number| number >= last)
}

/// Reads until the newest frame's number is right.
fn read_until(mirror: &mut Mirror, is_last: impl Fn(i64) -> bool) -> Frames {
    let mut frames = Frames::new();
    eventually("the frames come", || {
        mirror.wait(Duration::from_millis(20)).unwrap();
        let chunk = mirror.read().unwrap();
        assert_eq!(chunk.missed(), 0);
        let samples = chunk.samples::<i32>().unwrap();
        let numbers = samples.chunks_exact(8).map(|frame| i64::from(frame[0]) / 8);
        frames.extend(numbers.zip(chunk.times().iter().map(|t| t * RATE)));
        frames.last().filter(|f| is_last(f.0)).map(|_| ())
    });
    frames
}

/// Frames that are missing, by the chip's own count and by the times; they may differ by one for each time that the chip was started again.
fn missing(frames: &Frames) -> (i64, i64) {
    let (first, last) = (frames[0], frames[frames.len() - 1]);
    let there = frames.len() as i64 - 1;
    (last.0 - first.0 - there, (last.1 - first.1).round() as i64 - there)
}

fn health(name: &str, count: &str) -> i64 {
    info(name).unwrap()["health"][count].as_i64().unwrap()
}

/// What `info` says is lost, again and again, until so many are; the ADC is silent meanwhile.
fn lost_while_silent(name: &str, frames: i64) -> Vec<i64> {
    let mut lost = Vec::new();
    eventually("the frames that are missing are counted", || {
        let i = info(name).unwrap();
        assert_eq!(i["adc"]["answers"], false, "{lost:?}");
        lost.push(i["health"]["frames_lost"].as_i64().unwrap());
        // The time is looked at after the counter.
        let due = (i["adc"]["silent_for_s"].as_f64().unwrap() * RATE) as i64;
        (lost.last() >= Some(&frames)).then(|| assert!(lost.last() <= Some(&due), "{lost:?} of {due}"))
    });
    lost
}

/// The number behind a word of the log.
fn said(log: &str, before: &str, behind: &str) -> i64 {
    let from = log.rfind(before).unwrap_or_else(|| panic!("no {before:?} in {log}")) + before.len();
    log[from..].split(behind).next().unwrap().parse().unwrap()
}

/// A stream of the counter on which a fault is planned.
fn start(test: &str, faults: &[&str]) -> (String, Service, Mirror) {
    let name = unique(test);
    let mut flags = vec!["--signal", "counter", "--rate", "250", "--chunk", "5"];
    faults.iter().for_each(|f| flags.extend(["--faults", f]));
    let service = Service::start(&name, &flags);
    let mirror = Mirror::open(&name, Start::Oldest).unwrap();
    (name, service, mirror)
}

#[test]
fn an_adc_that_is_unplugged_for_a_while_leaves_a_counted_gap_in_the_same_generation() {
    // Two seconds; and for two more the chip's ID is wrong. Late enough to be looked at also where a start takes seconds.
    let (name, service, mut mirror) = start("unplugged", &["unplugged@1000x500", "wrong-id=0x92@1000x1000"]);
    let before = wait_for(&name, "the ADC answers", |i| i["adc"]["answers"] == true);
    let silent = wait_for(&name, "the ADC is silent", |i| i["adc"]["answers"] == false);
    assert!(silent["adc"]["silent_for_s"].as_f64().unwrap() >= 0.0, "{silent}");
    assert_eq!(silent["writer"]["alive"], true);
    // 250 a second, whether or not it ever comes back.
    let lost = lost_while_silent(&name, 600);
    // How many looks there are depends on what else the machine does.
    assert!(lost.is_sorted() && lost.len() > 1, "{lost:?}");
    let frames = read(&mut mirror, 2100);
    let after = wait_for(&name, "the ADC answers again", |i| i["adc"]["answers"] == true);
    assert_eq!((&after["adc"]["silent_since_s"], &after["adc"]["silent_for_s"]), (&Value::Null, &Value::Null));
    assert_eq!(before["description"], after["description"], "another generation");
    // The last one before it went and the first one behind it.
    let at = frames.windows(2).position(|f| f[1].0 - f[0].0 > 100).unwrap();
    assert!(frames[at].0 >= 990 && frames[at + 1].0 >= 2000, "{:?}", &frames[at..at + 2]);
    let (by_count, by_time) = missing(&frames);
    let lost = health(&name, "frames_lost");
    assert_eq!(by_time, lost, "the gap in the times is what was counted");
    assert!((by_count - lost).abs() <= 1, "{by_count} {lost}");
    assert!(lost >= 1000 && health(&name, "restarts") >= 3);
    let log = service.stop();
    for said in [
        "reads 0xff",
        "reads 0x92",
        "next try in 100 ms",
        "next try in 200 ms",
        "the ADC answers again after",
        "frames lost",
    ] {
        assert!(log.contains(said), "{said:?} is not in:\n{log}");
    }
    // From the last frame that there was, not from when it was noticed.
    let gap = frames[at + 1].1 - frames[at].1;
    let after: f64 = log.split("answers again after ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!((after * RATE - gap).abs() < 0.5, "{after} {gap}");
    let within = said(&log, &format!("answers again after {after:.3} s: "), " ");
    assert_eq!(within, gap.round() as i64 - 1);
}

#[test]
fn frames_of_an_adc_that_never_comes_back_are_counted_up_to_the_end() {
    // From frame 100 on there is none; 3 s are 750 frames.
    for fault in ["unplugged@100x1000000", "drdy-high@100x1000000"] {
        let name = unique("never-back");
        let flags = ["--signal", "counter", "--rate", "250", "--faults", fault, "--duration", "3"];
        let service = Service::start(&name, &flags);
        let (status, log) = service.ends();
        assert!(status.success(), "{log}");
        let (frames, lost) = (said(&log, " frames=", " "), said(&log, " lost=", " "));
        assert!((98..=100).contains(&frames) && frames + lost == 750, "{frames} {lost}: {log}");
    }
    // Stopped by a person: what was due until then.
    let (name, service, _) = start("stopped-silent", &["unplugged@100x1000000"]);
    wait_for(&name, "the ADC is silent", |i| i["adc"]["answers"] == false);
    let least = *lost_while_silent(&name, 300).last().unwrap();
    let log = service.stop();
    assert!(said(&log, " lost=", " ") >= least, "{least}: {log}");
}

#[test]
fn a_change_while_the_adc_is_silent_counts_no_frame_twice() {
    // The ADC is set up anew, and the new one has its fault before it yet.
    let (name, service, mut mirror) = start("silent-change", &["unplugged@200x100000"]);
    let before = read(&mut mirror, 190);
    wait_for(&name, "the ADC is silent", |i| i["adc"]["answers"] == false);
    lost_while_silent(&name, 100);
    set(&name, &["gain=4"]).0.unwrap();
    let after = read_until(&mut mirror, |number| (50..150).contains(&number));
    let lost = health(&name, "frames_lost");
    let gap = (after[after.len() - 1].1 - before[0].1).round() as i64 + 1 - (before.len() + after.len()) as i64;
    assert_eq!(lost, gap);
    service.stop();
}

#[test]
fn bursts_of_bus_errors_are_counted_one_by_one() {
    // Below ten in a row the chip is not started again.
    let bursts = ["bus-error@100x3", "bus-error@150x9", "bus-error@200x1"];
    let (name, service, mut mirror) = start("bursts", &bursts);
    let frames = read(&mut mirror, 300);
    assert_eq!((health(&name, "bus_errors"), health(&name, "frames_lost"), health(&name, "restarts")), (13, 13, 0));
    assert_eq!(missing(&frames), (13, 13));
    let gaps: Vec<i64> = frames.windows(2).filter(|f| f[1].0 != f[0].0 + 1).map(|f| f[0].0 + 1).collect();
    assert_eq!(gaps, [100, 150, 200]);
    assert!(!service.stop().contains("answers again"));
}

#[test]
fn an_adc_that_answers_but_makes_no_frames_is_given_ever_more_time() {
    let (name, service, mut mirror) = start("no-frames", &["drdy-high@1000x500"]);
    wait_for(&name, "the ADC is silent", |i| i["adc"]["answers"] == false);
    let frames = read(&mut mirror, 1600);
    wait_for(&name, "the ADC answers again", |i| i["adc"]["answers"] == true);
    assert_eq!(missing(&frames).1, health(&name, "frames_lost"));
    // At once it would be a start in 100 ms.
    let restarts = health(&name, "restarts");
    assert!((2..=12).contains(&restarts), "{restarts}");
    service.stop();
}

#[test]
fn a_line_that_sticks_hands_out_no_frame_twice_and_costs_nothing_when_it_is_well_again() {
    // Ten frames by the level, a restart, and an end in the middle of a period.
    let faults = ["--board", "ads131m08", "--fault", "drdy-low@100x37"];
    let name = unique("stuck");
    let service =
        Service::start(&name, &[&["--signal", "counter", "--rate", "500", "--chunk", "5"][..], &faults].concat());
    let mut mirror = Mirror::open(&name, Start::Oldest).unwrap();
    let frames = read(&mut mirror, 300);
    assert!(frames.windows(2).all(|f| f[1].0 > f[0].0), "a frame came twice");
    let early = frames
        .iter()
        .map(|f| 2.0 * f.1 - f.0 as f64)
        .fold((f64::MAX, f64::MIN), |(low, high), off| (low.min(off), high.max(off)));
    assert!(early.1 - early.0 < 1.0, "{early:?}");
    let (by_count, lost) = (missing(&frames).0, health(&name, "frames_lost"));
    assert!((by_count - lost).abs() <= 1, "{by_count} {lost}");
    let missed = health(&name, "drdy_missed");
    read(&mut mirror, 400);
    assert_eq!((health(&name, "drdy_missed"), health(&name, "frames_lost")), (missed, lost));
    service.stop();
}

#[test]
fn a_service_that_was_stopped_counts_what_it_slept_through() {
    let (name, service, mut mirror) = start("stopped", &[]);
    wait_for(&name, "some frames", |i| i["frames"]["published"].as_u64() > Some(100));
    service.signal("STOP");
    // More than the world waits for a late host.
    std::thread::sleep(Duration::from_secs(4));
    service.signal("CONT");
    let frames = read(&mut mirror, 1300);
    let lost = health(&name, "frames_lost");
    assert!(lost > 600, "{lost}");
    assert_eq!(missing(&frames), (lost, lost));
    assert_eq!(health(&name, "restarts"), 0);
    service.stop();
}
