//! Files of other people's programs. Expected values are those of other people's readers (see make.py beside the recordings) and of the files'
//! own documentation.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axismirror::config::Units;
use axismirror::mirror::{Follower, News, Start, StreamInfo};
use axismirror::recording::{Choice, Signals};
use axismirror::replay::{Options, Replay, ReplayError, Speed, Summary};
use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;

use crate::common::{self, eventually};
use crate::play::{Virtual, data, near, options, play, play_paced};

/// Rows of numbers, without the header if there is one.
fn table(name: &str, has_header: bool) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(data(name)).unwrap();
    let rows = text.lines().skip(usize::from(has_header));
    rows.map(|l| l.split(',').map(|f| f.parse().unwrap()).collect()).collect()
}

#[test]
fn codes_are_those_of_the_file_and_volts_those_of_its_scale() {
    for (file, codes, expected, units, signals) in [
        ("plus.edf", "codes_plus.csv", "expected_plus.csv", &[1e-6, 1e-3][..], &["EEG Fp1", "EEG Cz", "Temp"][..]),
        ("plus.bdf", "codes_plus_bdf.csv", "expected_plus_bdf.csv", &[1e-6, 1.0], &["A1", "A2"]),
    ] {
        let seen = play(file, Options { units: Some(Units::Codes), ..options("codes") }, 100);
        let StreamInfo { dtype, rate, labels, unit, .. } = &seen.info;
        assert_eq!((*dtype, *rate, unit.as_str()), (DType::I32, Some(50.0), "code"));
        assert_eq!(labels, signals);
        assert_eq!(seen.rows(), table(codes, false), "{file}");

        let voltages = Choice { signals: Signals::Named(vec!["1".into(), signals[1].into()]), stream: None };
        let mut as_volts = Options { choice: voltages, ..options("volts") };
        as_volts.settings.units = Units::Volts;
        as_volts.settings.dtype = Some(DType::F64);
        let seen = play(file, as_volts, 100);
        assert_eq!((seen.info.dtype, seen.info.unit.as_str()), (DType::F64, "V"));
        let expected = table(expected, true);
        for (row, expected) in seen.rows().iter().zip(&expected) {
            for ((volts, expected), unit) in row.iter().zip(expected).zip(units) {
                let expected = expected * unit;
                // Nine digits in the file.
                assert!(near(*volts, expected, expected.abs() * 1e-8 + unit * 1e-9), "{volts} {expected}");
            }
        }
    }
}

#[test]
fn annotations_become_events_at_their_frames() {
    let seen = play("plus.edf", options("annotations"), 100);
    let (start, times) = (seen.times[0], &seen.times);
    assert!(times.iter().enumerate().all(|(i, t)| near(*t, start + i as f64 / 50.0, 1e-6)));
    // 0.5 s after the first frame, at 50 Hz.
    let [(frame, time, text)] = &seen.marks[..] else { panic!("{:?}", seen.marks) };
    assert_eq!((*frame, text.as_str()), (25, "eyes closed"));
    assert!(near(*time, start + 0.5, 1e-6));
    assert_eq!((seen.summary.marks, seen.summary.frames, seen.summary.gaps), (1, 100, 0));
}

#[test]
fn pauses_of_a_recording_are_gaps_of_the_stream() {
    let pace = Virtual::default();
    let codes = Options { units: Some(Units::Codes), ..options("pauses") };
    let seen = play_paced(&data("pauses.edf"), codes, 20, pace.clone());
    assert_eq!(seen.values(), (0..20).map(|k| f64::from(100 * k)).collect::<Vec<_>>());
    // 0.45 to 10.25 s without frames at 50 Hz.
    assert_eq!(seen.gaps, [(10, 490)]);
    let expected = |i: usize| if i < 10 { i as f64 / 50.0 } else { 10.0 + (i - 10) as f64 / 50.0 };
    assert!(
        seen.times.iter().enumerate().all(|(i, t)| near(*t, seen.times[0] + expected(i), 1e-6)),
        "{:?}",
        seen.times
    );
    // At 0.3 s, which stands in the last record, and at 10.27 s; the file begins at 0.25 s.
    let marks: Vec<_> = seen.marks.iter().map(|(frame, _, text)| (*frame, text.as_str())).collect();
    assert_eq!(marks, [(3, "früh"), (11, "late")]);
    // The health says what readers see; the summary, that the recording does not say they were lost.
    let Summary { gaps, frames_lost, frames_missing, .. } = seen.summary;
    assert_eq!((gaps, frames_lost, frames_missing, seen.health_lost), (1, 0, 490, 490));
    // From 0.25 s to the end of the last frame's period: 10.43 s and 20 ms, less 0.25 s.
    assert!(near(seen.summary.seconds, 10.2, 1e-6), "{}", seen.summary.seconds);
    // What came before the pause did not wait for its end.
    let waited = pace.waited_for.lock().unwrap();
    assert!(waited.contains(&180_000_000) && waited.last() == Some(&10_180_000_000), "{waited:?}");
}

#[test]
fn recorded_times_can_be_kept() {
    let original = Options { original_times: true, ..options("original") };
    let seen = play("pauses.edf", original, 20);
    // 2020-01-02 03:04:05 and a quarter, which is UTC for want of anything else: date -u -d '2020-01-02 03:04:05' +%s
    assert!(near(seen.times[0], 1_577_934_245.25, 1e-6) && near(seen.times[19], 1_577_934_255.43, 1e-6));
    assert_eq!(seen.info.clock, Clock::Realtime);
    assert!(near(seen.marks[0].1, 1_577_934_245.3, 1e-6), "{:?}", seen.marks);
}

#[test]
fn a_speed_moves_deadlines_and_not_times() {
    let pace = Virtual::default();
    let mut fast = Options { speed: Speed::Times(4.0), ..options("speed") };
    fast.settings.chunk = std::num::NonZeroU32::new(10);
    let seen = play_paced(&data("plus.edf"), fast, 100, pace.clone());
    assert!(near(seen.times[99] - seen.times[0], 99.0 / 50.0, 1e-6));
    // Chunks of ten frames at 50 Hz, each due with its last frame, four times as early: multiples of 50 ms from the start on, less a frame's 5 ms.
    let due: Vec<i64> = (1..=10).map(|chunk| chunk * 50_000_000 - 5_000_000).collect();
    let waited = pace.waited_for.lock().unwrap();
    let near_due = |due: &i64| waited.iter().any(|at| (at - due).abs() <= 1);
    assert!(due.iter().all(near_due), "{waited:?}");
    // A long wait is several short ones, in which the stream shows that it lives.
    assert!(waited.windows(2).all(|w| w[1] - w[0] <= 50_000_001), "{waited:?}");
}

#[test]
fn rounds_of_a_loop_follow_one_another_without_a_gap() {
    // 0.9 s a round; the fourth is not played to its end.
    let pace = Virtual { last: Some(3_200_000_000), ..Virtual::default() };
    let looped = Options { looped: true, stays: false, ..options("loop") };
    let replay = Replay::open(&data("minimal.xdf"), looped).unwrap();
    let mut follower = Follower::open(replay.name(), Start::Oldest).unwrap();
    let player = std::thread::spawn(move || {
        let (mut rounds, stop) = (0, Arc::new(AtomicBool::new(false)));
        let summary = replay.run_paced(&stop, pace, |p| rounds = rounds.max(p.round)).unwrap();
        (summary, rounds)
    });
    let (mut values, mut times) = (Vec::new(), Vec::new());
    eventually("31 frames", || {
        loop {
            match follower.next(Duration::from_millis(20)).unwrap() {
                News::Frames(f) => {
                    assert_eq!(f.not_acquired, 0);
                    values.extend(f.values());
                    times.extend_from_slice(f.times);
                }
                News::Stream(_) => {}
                News::Nothing | News::Waiting(_) => break,
            }
        }
        (times.len() >= 31).then_some(())
    });
    let (summary, _) = player.join().unwrap();
    assert_eq!(summary.round, 4);
    let first: Vec<f64> = (0..9).flat_map(minimal).collect();
    assert!(values.chunks(27).all(|round| round == &first[..round.len()]), "{values:?}");
    assert!(times.iter().enumerate().all(|(i, t)| near(*t, times[0] + i as f64 / 10.0, 1e-6)), "{times:?}");
}

/// Samples of stream 0 of minimal.xdf, as its README has them.
fn minimal(frame: usize) -> [f64; 3] {
    let rows = [[192, 255, 238], [12, 22, 32], [13, 23, 33], [14, 24, 34], [15, 25, 35]];
    let row = if frame < 5 { rows[frame] } else { rows[frame - 4] };
    row.map(f64::from)
}

#[test]
fn an_xdf_stream_is_played_as_it_is_with_the_others_texts_as_events() {
    let original = Options { original_times: true, ..options("xdf") };
    let seen = play("minimal.xdf", original, 9);
    assert_eq!((seen.info.dtype, seen.info.rate, seen.info.channels), (DType::I16, Some(10.0), 3));
    assert_eq!(seen.values(), (0..9).flat_map(minimal).collect::<Vec<_>>());
    let expected: Vec<f64> = (0..9).map(|i| 5.1 + f64::from(i) / 10.0).collect();
    assert!(seen.times.iter().zip(&expected).all(|(t, e)| near(*t, *e, 1e-9)), "{:?}", seen.times);
    assert_eq!(seen.info.clock, Clock::Unknown);
    // Its clock was 0.1 s behind the recorder's (two measurements of -0.1), the other stream's was not measured: 5.2 of that is 5.3 here.
    let marks: Vec<(u64, &str)> = seen.marks.iter().skip(1).map(|(frame, _, text)| (*frame, text.as_str())).collect();
    let words = ["Hello", "World", "from", "LSL", "Hello", "World", "from", "LSL"];
    let expected: Vec<(u64, &str)> = (2..).map(|frame| frame.min(8)).zip(words).collect();
    assert_eq!(marks, expected);
}

#[test]
fn the_stream_of_a_file_can_be_chosen() {
    let seen = play("empty_streams.xdf", options("streams"), 10);
    assert_eq!(seen.values(), (0..10).map(f64::from).collect::<Vec<_>>());
    assert_eq!((seen.info.dtype, seen.info.rate), (DType::I32, Some(1.0)));
    let stream = |stream: &str| {
        let choice = Choice { stream: Some(stream.to_owned()), ..Choice::default() };
        Replay::open(&data("empty_streams.xdf"), Options { choice, ..options("streams") })
    };
    assert!(stream("4").is_ok() && stream("Data stream: test stream 0 counter").is_ok());
    let error = stream("5").unwrap_err();
    assert!(error.is_usage(), "{error}");
    let empty = stream("3").unwrap_err();
    assert!(matches!(empty, ReplayError::Recording(_)), "{empty}");
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_published() {
    let refused = |options: Options, file: &str| {
        let error = Replay::open(&data(file), options).err().unwrap();
        (error.is_usage(), axismirror::causes::line(&error))
    };
    let named = |name: &str| Choice { signals: Signals::Named(vec![name.to_owned()]), stream: None };
    let wrong = Options { choice: named("Oz"), ..options("refused") };
    let (usage, text) = refused(wrong, "plus.edf");
    assert!(usage && text.contains("no signal `Oz`") && text.contains("EEG Cz"), "{text}");
    let two = Choice { signals: Signals::Named(vec!["EEG Cz".into(), "Slow".into()]), stream: None };
    let (usage, text) = refused(Options { choice: two, ..options("refused") }, "plus.edf");
    assert!(usage && text.contains("Slow 10 Hz"), "{text}");
    let (usage, text) = refused(Options { units: Some(Units::Volts), ..options("refused") }, "minimal.xdf");
    assert!(usage && text.contains("voltage"), "{text}");
    let (usage, text) = refused(Options { looped: true, original_times: true, ..options("refused") }, "plus.edf");
    assert!(usage && text.contains("go back"), "{text}");
    let (usage, text) = refused(options("refused"), "make.py");
    assert!(!usage && text.contains("line"), "{text}");
}

#[test]
fn a_live_name_is_refused() {
    let name = options("live");
    let replay = Replay::open(&data("plain.edf"), name.clone()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let player = std::thread::spawn(move || replay.run(&stopped, |_| {}).unwrap());
    eventually("it is there", || common::info(&name.settings.name).filter(|i| i["valid"] == true));
    let second = Replay::open(&data("plain.edf"), name.clone()).unwrap();
    let error = second.run(&Arc::default(), |_| {}).unwrap_err().to_string();
    assert!(error.contains(&format!("process {}", std::process::id())), "{error}");
    stop.store(true, Ordering::Relaxed);
    player.join().unwrap();
    assert_eq!(common::info(&name.settings.name), None);
}
