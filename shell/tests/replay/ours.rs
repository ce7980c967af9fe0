//! What our own recorder keeps is what is played: for each format and type the very samples, times, gaps, events, and what the stream said of itself.

use std::path::{Path, PathBuf};

use axismirror::config::Units;
use axismirror::record::utc::Mapping;
use axismirror::record::{Block, End, Event, Format, Gap, Goes, Head};
use axismirror::recording::{Choice, Recording, Signals};
use axismirror::replay::Options;
use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;
use serde_json::{Value, json};

use crate::common::unique;
use crate::play::{Seen, Virtual, near, options, play_paced};

/// What the published Python writer left of a stream with two channels, Fp1 and Fp2, and their places.
const STATIC_METADATA: &[u8] = include_bytes!("../../../core/src/static_metadata/testdata/golden-v2-labelled.pickle");
/// Those.
const PLACES: [[f32; 2]; 2] = [[-0.3, 0.95], [0.3, 0.95]];
const LSB: f64 = 5.364_418_669_273_695e-7;
const FRAMES: usize = 30;
/// The first frame behind the gap, and how many are missing there.
const GAP_AT: usize = 12;
const LOST: u64 = 5;

/// Frame number 7 is the first, at 1.25 s and 250 Hz.
fn head(dtype: DType, unit: &str) -> Head {
    let attrs = json!({ "unit": unit, "volts_per_code": LSB, "note": "µ", "list": [1, 2.5, "three"] });
    Head {
        name: "recorded".to_owned(),
        key: "eeg".to_owned(),
        dtype,
        rate: Some(250.0),
        shape: vec![2],
        channels: vec![0, 1],
        labels: vec!["Fp1".to_owned(), "Fp2".to_owned()],
        positions: PLACES.to_vec(),
        unit: unit.to_owned(),
        attrs: attrs.as_object().unwrap().clone(),
        clock: Clock::Monotonic,
        struct_version: 2,
        generation: 3,
        instance: None,
        n_frames: 2500,
        static_metadata: STATIC_METADATA.to_vec(),
        first_frame: 7,
        first_time: Some(1.25),
        utc: Mapping { offset_s: Some(1_795_887_484.0), error_s: 1e-6 },
        start_utc_ns: 1_795_887_485_250_000_000,
        part: 1,
        health: Value::Null,
        lossy: false,
    }
}

fn time(frame: usize) -> f64 {
    let missing = if frame < GAP_AT { 0 } else { LOST };
    // A clock that is not quite right, and whole nanoseconds, as times of DRDY are.
    let ns = (1.25e9 + (frame as f64 + missing as f64) * 4_000_100.0).round();
    ns / 1e9
}

/// A whole number of a type's range for each sample, small enough for 16 bits.
fn number(frame: usize, channel: usize) -> i32 {
    (frame as i32 * 37 + channel as i32 * 11) % 100 - if channel == 0 { 0 } else { 50 }
}

fn sample(dtype: DType, frame: usize, channel: usize) -> Vec<u8> {
    let n = number(frame, channel);
    match dtype {
        DType::Bool => vec![u8::from(n % 2 == 0)],
        DType::I8 => (n as i8).to_le_bytes().to_vec(),
        DType::U8 => (n.unsigned_abs() as u8 + 150).to_le_bytes().to_vec(),
        DType::I16 => (n as i16 * 300).to_le_bytes().to_vec(),
        DType::U16 => (n.unsigned_abs() as u16 + 65_000).to_le_bytes().to_vec(),
        DType::I32 => (n * 300).to_le_bytes().to_vec(),
        DType::U32 => (n.unsigned_abs() + 4_000_000_000).to_le_bytes().to_vec(),
        DType::I64 | DType::LongLong => (i64::MAX - i64::from(n.unsigned_abs())).to_le_bytes().to_vec(),
        DType::U64 | DType::ULongLong => (u64::MAX - u64::from(n.unsigned_abs())).to_le_bytes().to_vec(),
        // 1.0 to 1.99 in half precision.
        DType::F16 => (0x3c00 + n.unsigned_abs() as u16 * 10).to_le_bytes().to_vec(),
        DType::F32 => ((f64::from(n) * LSB) as f32).to_le_bytes().to_vec(),
        DType::F64 => (f64::from(n) * LSB).to_le_bytes().to_vec(),
        DType::C64 => [n as f32 * 0.1, -1e-9].map(f32::to_le_bytes).concat(),
        DType::C128 => [f64::from(n) * 0.1, 1e300].map(f64::to_le_bytes).concat(),
    }
}

fn samples(dtype: DType, frames: std::ops::Range<usize>) -> Vec<u8> {
    frames.flat_map(|frame| [sample(dtype, frame, 0), sample(dtype, frame, 1)].concat()).collect()
}

/// In a folder of its own, which no other test removes meanwhile.
fn path(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(unique(&format!("axismirror-replay-{name}")));
    std::fs::create_dir_all(&folder).unwrap();
    folder.join(name)
}

/// A recording with a gap of five frames and an event, which is finished or killed.
fn record(file: &str, head: &Head, finished: bool) -> PathBuf {
    let (path, dtype) = (path(file), head.dtype);
    let mut writer = Format::of(&path).unwrap().create(&path, true, head).unwrap();
    let append = |writer: &mut Box<dyn axismirror::record::Writer>, frames: std::ops::Range<usize>, first: u64| {
        let times: Vec<f64> = frames.clone().map(time).collect();
        let bytes = samples(dtype, frames.clone());
        writer.append(&Block { first, frames: frames.len(), bytes: &bytes, times: &times }).unwrap();
    };
    append(&mut writer, 0..5, 7);
    append(&mut writer, 5..GAP_AT, 12);
    // Two were overwritten, and have numbers; three were not acquired, and have none.
    let gap = Gap { frame: 21, time: Some(time(GAP_AT)), overwritten: 2, not_acquired: 3 };
    assert_eq!(writer.gap(&gap).unwrap(), Goes::On);
    append(&mut writer, GAP_AT..FRAMES, 21);
    writer.event(&Event { frame: 24, time: time(15), text: "eyes closed, µ".to_owned() }).unwrap();
    writer.flush().unwrap();
    if finished {
        writer.finish(&End { frames: FRAMES as u64, gaps: 1, ..End::default() }).unwrap();
    }
    path
}

fn played(file: &str, head: &Head, test: &str) -> Seen {
    let original = Options { original_times: true, ..options(test) };
    let path = record(file, head, true);
    let seen = play_paced(&path, original, FRAMES, Virtual::default());
    remove(&path);
    seen
}

/// The file, and its folder when it was the last.
fn remove(path: &Path) {
    std::fs::remove_file(path).unwrap();
    let _ = path.parent().map(std::fs::remove_dir);
}

fn check(seen: &Seen, head: &Head, time_tolerance: f64, what: &str) {
    assert_eq!(seen.info.dtype.code(), head.dtype.code(), "{what}");
    assert!(seen.bytes == samples(head.dtype, 0..FRAMES), "{what}: other samples");
    for (frame, got) in seen.times.iter().enumerate() {
        assert!(near(*got, time(frame), time_tolerance), "{what}, frame {frame}: {got} {}", time(frame));
    }
    assert_eq!(seen.gaps, [(GAP_AT, LOST)], "{what}");
    assert_eq!((seen.health_lost, seen.summary.gaps, seen.summary.frames_lost), (LOST, 1, LOST), "{what}");
    assert_eq!(seen.summary.frames_missing, 0, "{what}");
    let [(frame, at, text)] = &seen.marks[..] else { panic!("{what}: {:?}", seen.marks) };
    assert_eq!((*frame, text.as_str()), (15, "eyes closed, µ"), "{what}");
    assert!(near(*at, time(15), time_tolerance.max(1e-9)), "{what}: {at} {}", time(15));
    let info = &seen.info;
    assert_eq!((info.key.as_str(), info.rate, info.clock), ("eeg", Some(250.0), Clock::Monotonic), "{what}");
    assert_eq!(info.labels, ["Fp1", "Fp2"], "{what}");
}

#[test]
fn columns_keep_every_type_and_the_very_metadata() {
    for ending in ["parquet", "arrow", "csv"] {
        for dtype in DType::ALL {
            let is_complex = matches!(dtype, DType::C64 | DType::C128);
            // The two 64-bit types of each kind are one in a file.
            if matches!(dtype, DType::LongLong | DType::ULongLong) || is_complex && ending != "csv" {
                continue;
            }
            let head = head(dtype, "");
            let what = format!("{} {ending}", dtype.code());
            let seen = played(&format!("{}.{ending}", dtype.code()), &head, "columns");
            check(&seen, &head, 0.0, &what);
            assert!(seen.info.static_metadata.as_deref() == Some(STATIC_METADATA), "{what}");
        }
    }
}

#[test]
fn xdf_gives_types_back_that_it_has_not() {
    for dtype in DType::ALL {
        if matches!(dtype, DType::LongLong | DType::U64 | DType::ULongLong | DType::C64 | DType::C128) {
            continue;
        }
        let head = head(dtype, "");
        let seen = played(&format!("{}.xdf", dtype.code()), &head, "xdf");
        check(&seen, &head, 0.0, dtype.code());
        assert!(seen.info.static_metadata.as_deref() == Some(STATIC_METADATA));
    }
}

#[test]
fn edf_and_bdf_give_codes_and_volts_back() {
    for ending in ["bdf", "edf"] {
        for (dtype, unit) in [(DType::I32, "code"), (DType::I16, "code"), (DType::F32, "V"), (DType::F64, "V")] {
            let head = head(dtype, unit);
            let what = format!("{} {unit} {ending}", dtype.code());
            let seen = played(&format!("{}.{ending}", dtype.code()), &head, "edf");
            // Between the first and the last time that the file tells, on the line; the clock of these is even.
            check(&seen, &head, 2e-7, &what);
            let attrs = &seen.info.attrs;
            assert_eq!((&attrs["volts_per_code"], &attrs["note"]), (&json!(LSB), &json!("µ")), "{what}");
            assert_eq!((&attrs["unit"], &attrs["list"]), (&json!(unit), &json!([1, 2.5, "three"])), "{what}");
        }
    }
}

/// The channel axis as it is published.
fn places(seen: &Seen) -> String {
    let metadata = axismirror::mirror::metadata_json(seen.info.static_metadata.as_deref().unwrap());
    metadata["axes"]["ch"]["data"].as_str().unwrap().to_owned()
}

#[test]
fn samples_keep_their_labels_in_another_order() {
    for ending in ["csv", "arrow", "xdf", "bdf"] {
        let name = format!("order.{ending}");
        // The recorded order is another one: `record --channels 2,1`.
        let swapped = Head {
            channels: vec![1, 0],
            labels: vec!["Fp2".to_owned(), "Fp1".to_owned()],
            positions: vec![PLACES[1], PLACES[0]],
            ..head(DType::I32, "code")
        };
        let seen = played(&name, &swapped, "order-recorded");
        assert_eq!(seen.info.labels, ["Fp2", "Fp1"], "{ending}");
        assert!(places(&seen).contains("([('Fp2', 0.3, 0.95)"), "{ending}: {}", places(&seen));
        // What the static metadata said of the first one is no more true of it.
        assert!(seen.info.static_metadata.as_deref() != Some(STATIC_METADATA), "{ending}");
        // The played order is another one, and one alone: `replay --signals Fp2`.
        for signals in [&["Fp2", "Fp1"][..], &["Fp2"]] {
            let path = record(&name, &head(DType::I32, "code"), true);
            let named = Signals::Named(signals.iter().map(|&s| s.to_owned()).collect());
            let choice = Choice { signals: named, ..Choice::default() };
            let seen = play_paced(&path, Options { choice, ..options("order-played") }, FRAMES, Virtual::default());
            remove(&path);
            assert_eq!(seen.info.labels, signals, "{ending}");
            assert!(places(&seen).contains("([('Fp2', 0.3, 0.95)"), "{ending}: {}", places(&seen));
            let second = (0..FRAMES).map(|frame| f64::from(number(frame, 1) * 300));
            assert!(seen.rows().iter().map(|row| row[0]).eq(second), "{ending} {signals:?}");
            assert!(seen.info.static_metadata.as_deref() != Some(STATIC_METADATA), "{ending}");
        }
    }
}

#[test]
fn labels_of_our_csv_may_hold_what_others_divide_columns_with() {
    for labels in [["Fp1 #1; l\tside", "a,b \"c\" \u{200b}"], ["", "b"], ["a", ""]] {
        let labels = labels.map(str::to_owned).to_vec();
        let head = Head { labels: labels.clone(), static_metadata: Vec::new(), ..head(DType::I32, "code") };
        let seen = played("labels.csv", &head, "labels");
        // One that is empty gets its number.
        let shown =
            labels.iter().enumerate().map(|(i, l)| if l.is_empty() { format!("ch{}", i + 1) } else { l.clone() });
        assert!(shown.eq(seen.info.labels.iter().cloned()), "{labels:?}: {:?}", seen.info.labels);
        assert!(seen.bytes == samples(DType::I32, 0..FRAMES));
    }
}

#[test]
fn times_are_the_present_ones_unless_the_recorded_are_asked_for() {
    let path = record("present.arrow", &head(DType::I32, "code"), true);
    let before = axismirror::clock::monotonic_ns() as f64 / 1e9;
    let seen = play_paced(&path, options("present"), FRAMES, Virtual::default());
    assert!(seen.times[0] >= before && seen.times[0] < before + 60.0);
    assert!((0..FRAMES).all(|i| near(seen.times[i] - seen.times[0], time(i) - time(0), 1e-8)));
    assert_eq!(seen.gaps, [(GAP_AT, LOST)]);
    remove(&path);
}

#[test]
fn codes_of_ours_can_be_volts_and_keep_the_places_of_channels() {
    let path = record("volts.parquet", &head(DType::I32, "code"), true);
    let mut volts = Options { units: Some(Units::Volts), ..options("ours-volts") };
    volts.settings.units = Units::Volts;
    volts.settings.dtype = Some(DType::F64);
    let seen = play_paced(&path, volts, FRAMES, Virtual::default());
    let expected = (0..FRAMES).flat_map(|f| [number(f, 0), number(f, 1)]).map(|n| f64::from(n * 300) * LSB);
    assert!(seen.values().iter().zip(expected).all(|(v, e)| near(*v, e, 1e-18)));
    assert_eq!(seen.info.unit, "V");
    assert!(places(&seen).contains("('Fp1', -0.3, 0.95)"), "{}", places(&seen));
    // The simulated ADC measures the same volts.
    let recording = Recording::open(&path).unwrap();
    assert_eq!((recording.rate, recording.channels[1].label.as_str()), (Some(250.0), "Fp2"));
    assert_eq!(recording.channels[1].volts[3].to_bits(), ((f64::from(number(3, 1) * 300) * LSB) as f32).to_bits());
    remove(&path);
}

#[test]
fn what_was_killed_is_played_up_to_its_last_flush() {
    for ending in ["csv", "xdf"] {
        let head = head(DType::I32, "code");
        let path = record(&format!("killed.{ending}"), &head, false);
        // Half a row or chunk behind it; a row that is cut within its last number has all of its fields.
        let whole = std::fs::read(&path).unwrap();
        let torn = if ending == "csv" { &b"39,1.4,7,12"[..] } else { &b"\x01\x30\x03\x00\x01\x00"[..] };
        std::fs::write(&path, [&whole, torn].concat()).unwrap();
        let original = Options { original_times: true, ..options("killed") };
        let seen = play_paced(&path, original, FRAMES, Virtual::default());
        check(&seen, &head, 0.0, ending);
        remove(&path);
    }
}
