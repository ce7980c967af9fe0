//! Files as the recorder's own writers make them; what comes out is held against what went in, frame by frame.

use std::time::{Duration, SystemTime};

use axismirror_core::dtype::DType;

use super::*;
use crate::record::tests::{bytes_of, head, temp};
use crate::record::{Block, End, Format, Gap, Head, Writer};

const RUN: u64 = 0x1000_0000_0000_00ff;
const ALL: usize = usize::MAX;
/// Formats that frames are taken from, by their endings.
const ENDINGS: [&str; 3] = ["csv", "parquet", "arrow"];

/// The samples of a frame, and its time.
fn frame(number: u64) -> ([f64; 2], f64) {
    // Numbers without a short decimal, and whole nanoseconds.
    ([(number as f64).sqrt(), -0.1 / (number as f64 + 1.0)], (number as f64 * 4_000_001.0).round() / 1e9)
}

fn begin(path: &Path, of: &Head) -> Box<dyn Writer> {
    Format::of(path).unwrap().create(path, false, of).unwrap()
}

fn append(writer: &mut dyn Writer, frames: Range<u64>) {
    let bytes: Vec<u8> = frames.clone().flat_map(|n| bytes_of(&frame(n).0, f64::to_le_bytes)).collect();
    let times: Vec<f64> = frames.clone().map(|n| frame(n).1).collect();
    let n = times.len();
    writer.append(&Block { first: frames.start, frames: n, bytes: &bytes, times: &times }).unwrap();
}

fn of(first: u64) -> Head {
    Head { first_frame: first, first_time: Some(frame(first).1), n_frames: 77, ..head(DType::F64, 2) }
}

fn file(path: &Path, frames: Range<u64>) {
    let mut writer = begin(path, &of(frames.start));
    append(&mut *writer, frames);
    writer.finish(&End::default()).unwrap();
}

/// As if it had been closed long ago.
fn age(path: &Path) {
    let file = std::fs::File::options().write(true).open(path).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(3600)).unwrap();
}

/// What was found, in short; every frame is checked.
fn found(recordings: &mut Recordings, frames: Range<u64>, budget: usize) -> Vec<(bool, Range<u64>)> {
    let mut all: Vec<(bool, Range<u64>)> = Vec::new();
    for found in recordings.find("lab", RUN, frames, budget) {
        let (is_there, range) = match found {
            Found::Gone(range) => (false, range),
            Found::Frames { first, bytes, times, of } => {
                assert_eq!((bytes.len(), of.stream.n_frames), (times.len() * 16, 77));
                for (i, (samples, time)) in bytes.chunks(16).zip(&times).enumerate() {
                    let expected = frame(first + i as u64);
                    assert_eq!(samples, bytes_of(&expected.0, f64::to_le_bytes));
                    assert_eq!(time.to_bits(), expected.1.to_bits());
                }
                (true, first..first + times.len() as u64)
            }
        };
        match all.last_mut().filter(|(last, before)| *last == is_there && before.end == range.start) {
            Some((_, before)) => before.end = range.end,
            None => all.push((is_there, range)),
        }
    }
    all
}

#[test]
fn frames_come_out_as_they_were() {
    for ending in ENDINGS {
        let path = temp(&format!("repair.{ending}"));
        let mut writer = begin(&path, &of(100));
        append(&mut *writer, 100..20_000);
        let gap = Gap { frame: 20_500, time: None, overwritten: 500, not_acquired: 3 };
        writer.gap(&gap).unwrap();
        append(&mut *writer, 20_500..30_000);
        writer.finish(&End::default()).unwrap();
        let mut recordings = Recordings::new(std::slice::from_ref(&path));
        assert_eq!(found(&mut recordings, 100..101, ALL), [(true, 100..101)], "{ending}");
        assert_eq!(found(&mut recordings, 15_000..15_777, ALL), [(true, 15_000..15_777)]);
        assert_eq!(found(&mut recordings, 29_990..30_000, ALL), [(true, 29_990..30_000)]);
        let across = [(true, 19_990..20_000), (false, 20_000..20_500), (true, 20_500..20_510)];
        assert_eq!(found(&mut recordings, 19_990..20_510, ALL), across);
        assert_eq!(found(&mut recordings, 20_100..20_200, ALL), [(false, 20_100..20_200)]);
        assert_eq!(found(&mut recordings, 0..110, ALL), [(false, 0..100), (true, 100..110)]);
        // As long as it may grow nothing is said of what comes behind it.
        assert_eq!(found(&mut recordings, 29_990..30_010, ALL), [(true, 29_990..30_000)]);
        assert_eq!(found(&mut recordings, 30_000..30_010, ALL), []);
        age(&path);
        assert_eq!(found(&mut recordings, 29_990..30_010, ALL), [(true, 29_990..30_000), (false, 30_000..30_010)]);
        // A part at a time.
        let some = found(&mut recordings, 100..20_000, 24 * 1000);
        assert!(matches!(some[..], [(true, Range { start: 100, end: 1100..=8192 })]), "{some:?}");
    }
}

/// Files of many pieces: rows wait until there are 32 MiB of them.
#[test]
#[cfg(feature = "parquet")]
fn a_frame_is_found_in_any_piece_of_a_file() {
    const CHANNELS: usize = 1024;
    for ending in ["parquet", "arrow"] {
        let path = temp(&format!("long.{ending}"));
        let mut writer = begin(&path, &Head { first_frame: 10, ..head(DType::F64, CHANNELS) });
        for block in 0..26_u64 {
            let first = 10 + block * 500;
            let bytes: Vec<u8> = (first..first + 500).flat_map(|n| (n as f64).to_le_bytes().repeat(CHANNELS)).collect();
            let times: Vec<f64> = (first..first + 500).map(|n| frame(n).1).collect();
            writer.append(&Block { first, frames: 500, bytes: &bytes, times: &times }).unwrap();
        }
        writer.finish(&End::default()).unwrap();
        let mut recordings = Recordings::new(std::slice::from_ref(&path));
        for number in [10, 11, 4000, 4105, 4106, 8000, 8209, 12_000, 13_009] {
            let found = recordings.find("lab", RUN, number..number + 1, ALL);
            let [Found::Frames { first, bytes, times, .. }] = &found[..] else { panic!("{number}: {found:?}") };
            assert_eq!((*first, &times[..]), (number, &[frame(number).1][..]));
            assert_eq!(*bytes, (number as f64).to_le_bytes().repeat(CHANNELS));
        }
    }
}

#[test]
fn a_file_that_grows_gives_what_was_flushed() {
    let path = temp("grows.csv");
    let mut recordings = Recordings::new(std::slice::from_ref(&path));
    assert_eq!(found(&mut recordings, 0..10, ALL), [(false, 0..10)], "not there yet");
    let mut writer = begin(&path, &of(0));
    assert_eq!(found(&mut recordings, 0..10, ALL), []);
    append(&mut *writer, 0..5);
    assert_eq!(found(&mut recordings, 0..10, ALL), []);
    writer.flush().unwrap();
    assert_eq!(found(&mut recordings, 0..10, ALL), [(true, 0..5)]);
    append(&mut *writer, 5..10);
    writer.flush().unwrap();
    assert_eq!(found(&mut recordings, 3..10, ALL), [(true, 3..10)]);
    // A line of which a part is there.
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, &text[..text.len() - 3]).unwrap();
    assert_eq!(found(&mut recordings, 3..10, ALL), [(true, 3..9)]);
}

#[test]
fn parts_and_folders_are_looked_through() {
    let folder = temp("folder");
    std::fs::create_dir(&folder).unwrap();
    let [first, second, other] = ["night.csv", "night-2.csv", "day.csv"].map(|name| folder.join(name));
    file(&first, 0..50);
    file(&second, 60..100);
    // Of the same frames, and more.
    file(&other, 40..70);
    // What is none, of another stream, of another run.
    std::fs::write(folder.join("notes.csv"), "a,b\n1,2\n").unwrap();
    std::fs::write(folder.join("empty.csv"), "").unwrap();
    for (name, head) in
        [("x.csv", Head { name: "other".into(), ..of(50) }), ("y.csv", Head { instance: Some(1), ..of(50) })]
    {
        let mut writer = begin(&folder.join(name), &head);
        append(&mut *writer, 50..60);
        writer.finish(&End::default()).unwrap();
    }
    for path in [&first, &second, &other] {
        age(path);
    }
    age(&folder.join("empty.csv"));
    let mut recordings = Recordings::new(&[first]);
    assert_eq!(
        found(&mut recordings, 0..110, ALL),
        [(true, 0..50), (false, 50..60), (true, 60..100), (false, 100..110)]
    );
    let mut recordings = Recordings::new(std::slice::from_ref(&folder));
    assert_eq!(found(&mut recordings, 0..110, ALL), [(true, 0..100), (false, 100..110)]);
    assert!(recordings.check(&["lab".to_owned()], |_| Some(7)).is_ok(), "in a folder it is passed over");
}

/// The stream got another header while it was recorded: the recorder went on in another part.
#[test]
fn a_part_of_another_header_is_taken_for_itself() {
    const BEFORE: u64 = 1;
    let folder = temp("headers");
    std::fs::create_dir(&folder).unwrap();
    for (name, instance, frames) in [("night.csv", BEFORE, 0..50), ("night-2.csv", RUN, 50..100)] {
        let mut writer = begin(&folder.join(name), &Head { instance: Some(instance), ..of(frames.start) });
        append(&mut *writer, frames);
        writer.finish(&End::default()).unwrap();
        age(&folder.join(name));
    }
    let mut recordings = Recordings::new(&[folder.join("night.csv")]);
    for (now, is_taken) in [(BEFORE, true), (RUN, true), (7, false)] {
        assert_eq!(recordings.check(&["lab".to_owned()], |_| Some(now)).is_ok(), is_taken, "{now}");
    }
    assert_eq!(found(&mut recordings, 40..60, ALL), [(false, 40..50), (true, 50..60)]);
}

#[test]
fn what_gives_other_frames_is_refused() {
    let check = |name: &str, head: &Head| {
        let path = temp(name);
        let mut writer = begin(&path, head);
        let bytes = vec![0; head.channels.len() * head.dtype.size() * 300];
        writer.append(&Block { first: 7, frames: 300, bytes: &bytes, times: &vec![1.25; 300] }).unwrap();
        writer.finish(&End::default()).unwrap();
        Recordings::new(std::slice::from_ref(&path)).check(&["lab".to_owned()], |_| Some(RUN))
    };
    use RecordingRefused as No;
    let whole = head(DType::I32, 2);
    for ending in ENDINGS {
        let name = format!("refused.{ending}");
        assert!(check(&name, &whole).is_ok());
        let some = Head { channels: vec![0], labels: vec!["ch1".into()], ..whole.clone() };
        assert!(matches!(check(&name, &some), Err(No::NotWhole { .. })));
        let swapped = Head { channels: vec![1, 0], ..whole.clone() };
        assert!(matches!(check(&name, &swapped), Err(No::NotWhole { .. })));
        assert!(matches!(check(&name, &Head { instance: None, ..whole.clone() }), Err(No::NoInstance { .. })));
        assert!(matches!(check(&name, &Head { instance: Some(1), ..whole.clone() }), Err(No::OtherRun { .. })));
        assert!(matches!(check(&name, &Head { name: "b".into(), ..whole.clone() }), Err(No::OtherStream { .. })));
    }
    let slow = Head { rate: Some(4.0), ..whole };
    for ending in ["bdf", "edf", "xdf"] {
        let refused = check(&format!("refused.{ending}"), &slow).unwrap_err();
        assert!(matches!(refused, No::Format { .. }), "{ending}: {refused}");
    }
    let other = temp("other.csv");
    std::fs::write(&other, "frame,time,a\n1,0.1,5\n2,0.2,6\n3,0.3,7\n").unwrap();
    assert!(matches!(Recordings::new(std::slice::from_ref(&other)).check(&[], |_| None), Err(No::NotWhole { .. })));
    let begun = temp("begun.csv");
    let _writer = begin(&begun, &head(DType::I32, 2));
    assert!(Recordings::new(std::slice::from_ref(&begun)).check(&[], |_| None).is_ok(), "frames may come");
    age(&begun);
    assert!(matches!(Recordings::new(std::slice::from_ref(&begun)).check(&[], |_| None), Err(No::Unreadable(_))));
    assert!(Recordings::new(&[temp("absent.csv").clone()]).check(&[], |_| None).is_ok(), "it may come");
}

/// Of a NaN a text says no more than that it is one.
#[test]
fn a_sample_that_a_text_does_not_keep_is_not_given() {
    let odd = f64::from_bits(0xfff8_0000_0000_1234);
    for ending in ENDINGS {
        let path = temp(&format!("nan.{ending}"));
        let mut writer = begin(&path, &of(0));
        append(&mut *writer, 0..3);
        let bytes = bytes_of(&[odd, 1.0], f64::to_le_bytes);
        writer.append(&Block { first: 3, frames: 1, bytes: &bytes, times: &[frame(3).1] }).unwrap();
        append(&mut *writer, 4..6);
        writer.finish(&End::default()).unwrap();
        let mut recordings = Recordings::new(std::slice::from_ref(&path));
        if ending == "csv" {
            let expected = [(true, 0..3), (false, 3..4), (true, 4..6)];
            assert_eq!(found(&mut recordings, 0..6, ALL), expected);
        } else {
            let found = recordings.find("lab", RUN, 3..4, ALL);
            assert!(matches!(&found[..], [Found::Frames { bytes: kept, .. }] if *kept == bytes), "{found:?}");
        }
    }
}
