//! A stream recorded over gaps, changes and too many frames for the time: what is in which file.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::path::Path;
use std::time::{Duration, Instant};

use axismirror::channels::Channels;
use axismirror::mirror::{Mirror, State};
use axismirror::record::{Format, Options, RecordError, Recorder, Step};
use axismirror::recording::{Choice, Reader};
use common::writes::{PERIOD, Writes};
use tempfile::TempDir;

/// A folder that goes when the test ends.
fn folder() -> TempDir {
    tempfile::Builder::new().prefix("axismirror-recorder-").tempdir().unwrap()
}

fn options(name: &str, path: &Path) -> Options {
    Options {
        name: name.to_owned(),
        path: path.to_owned(),
        format: Format::of(path).unwrap(),
        channels: None,
        seconds: None,
        overwrite: false,
        oldest: true,
        lossy: false,
    }
}

/// Takes all that there is.
fn take(recorder: &mut Recorder) {
    let mut last = None;
    loop {
        assert_eq!(recorder.step(Duration::ZERO).unwrap(), Step::Recording);
        let progress = recorder.progress();
        if last.replace((progress.frames, progress.part)) == Some((progress.frames, progress.part)) && progress.part > 0
        {
            return;
        }
    }
}

/// Lines of a CSV file that are no comments, and gaps.
fn lines(path: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().filter(|l| !l.starts_with('#') || l.starts_with("# gap")).map(str::to_owned).collect()
}

#[test]
fn parts_gaps_and_chosen_channels_are_kept_apart() {
    let name = format!("axismirror-test-record-parts-{}", std::process::id());
    let folder = folder();
    let path = folder.path().join("lab.csv");
    // A name that is taken is no place for a second part.
    std::fs::write(path.with_file_name("lab-2.csv"), "somebody's").unwrap();
    let mut recorder =
        Recorder::open(Options { channels: Some(Channels::new(vec![2]).unwrap()), ..options(&name, &path) }).unwrap();
    assert_eq!(recorder.step(Duration::ZERO).unwrap(), Step::Waiting(State::Absent));
    let mut writes = Writes::new(&name, 256);
    writes.publish(2, 512.0, "code");
    writes.publish(2, 517.0, "code");
    take(&mut recorder);
    writes.publish(1, 519.0, "V");
    take(&mut recorder);
    recorder.finish("test").unwrap();
    let summary = recorder.summary();
    let files: Vec<_> = summary.files.iter().map(|(path, _)| path.file_name().unwrap().to_owned()).collect();
    assert_eq!(files, ["lab.csv", "lab-3.csv"]);
    assert_eq!((summary.progress.frames, summary.progress.gaps, summary.progress.not_acquired), (5, 1, 3));
    assert_eq!(
        lines(&path),
        [
            "frame,time,ch2",
            "0,2,1",
            "1,2.00390625,3",
            "# gap: 3 frames were not acquired",
            "2,2.01953125,5",
            "3,2.0234375,7"
        ]
    );
    assert_eq!(lines(&path.with_file_name("lab-3.csv")), ["frame,time,ch2", "4,2.02734375,9"]);
    for (path, bytes) in &summary.files {
        assert_eq!(std::fs::metadata(path).unwrap().len(), *bytes);
    }
    writes.publisher.close();
}

/// A stream that was made anew counts from 0 again: no file has two frames of one number, and each says which count its own are of.
#[test]
fn another_count_of_frames_is_another_part() {
    let name = format!("axismirror-test-record-count-{}", std::process::id());
    let folder = folder();
    let path = folder.path().join("lab.csv");
    let mut recorder = Recorder::open(options(&name, &path)).unwrap();
    let mut instances = Vec::new();
    for part in 1..=2 {
        let mut writes = Writes::new(&name, 256);
        writes.publish(4, f64::from(part), "code");
        instances.push(Mirror::attach(&name).unwrap().instance());
        let end = Instant::now() + Duration::from_secs(20);
        while (recorder.progress().part, recorder.progress().frames) != (part, 4 * u64::from(part)) {
            recorder.step(Duration::from_millis(10)).unwrap();
            assert!(Instant::now() < end, "{:?}", recorder.progress());
        }
        writes.publisher.close();
    }
    recorder.finish("test").unwrap();
    assert!(instances[0].is_some() && instances[1].is_some() && instances[0] != instances[1]);
    for (path, instance) in [path.clone(), path.with_file_name("lab-2.csv")].iter().zip(instances) {
        let reader = Reader::open(path, &Choice::default()).unwrap();
        let recorded = reader.content().recorded.clone().unwrap();
        assert_eq!((recorded.instance, recorded.first_frame, recorded.stream.n_frames), (instance, 0, 256));
        assert_eq!(lines(path)[1].split(',').next(), Some("0"));
    }
}

#[test]
fn a_gap_between_two_parts_is_told_at_the_end_of_the_first() {
    let name = format!("axismirror-test-record-border-{}", std::process::id());
    let folder = folder();
    let path = folder.path().join("lab.edf");
    let mut recorder = Recorder::open(options(&name, &path)).unwrap();
    let mut writes = Writes::new(&name, 256);
    writes.publish(200, 0.0, "code");
    // 61 seconds at 256 Hz.
    writes.publish(10, 200.0 + 15_616.0, "code");
    take(&mut recorder);
    recorder.finish("test").unwrap();
    let summary = recorder.summary();
    assert_eq!((summary.files.len(), summary.progress.gaps, summary.progress.not_acquired), (2, 1, 15_616));
    let text = |path: &Path| String::from_utf8_lossy(&std::fs::read(path).unwrap()).into_owned();
    let (first, second) = (text(&path), text(&summary.files[1].0));
    for said in
        [r#""frames":200,"gaps":1,"#, r#""not_acquired":15616,"#, "a gap of 15616 frames, too long for the format"]
    {
        assert!(first.contains(said), "{said}");
    }
    assert!(second.contains(r#""frames":10,"gaps":0,"#));
    writes.publisher.close();
}

/// Whatever ended the part: what is missing between two files is told in the first.
#[test]
fn a_gap_at_a_change_is_told_at_the_end_of_the_first_part() {
    let name = format!("axismirror-test-record-change-{}", std::process::id());
    let folder = folder();
    let path = folder.path().join("lab.csv");
    let mut recorder = Recorder::open(options(&name, &path)).unwrap();
    let mut writes = Writes::new(&name, 256);
    writes.publish(2, 0.0, "code");
    take(&mut recorder);
    // The ring keeps the newest 256 of these, which are in the last unit by the time that they are read.
    writes.publish(300, 2.0, "code");
    writes.publish(2, 302.0, "mV");
    take(&mut recorder);
    recorder.finish("test").unwrap();
    let summary = recorder.summary();
    let [(first, _), (last, _)] = &summary.files[..] else { panic!("{summary:?}") };
    assert_eq!(lines(first), ["frame,time,ch1,ch2", "0,0,0,1", "1,0.00390625,2,3"]);
    let text = std::fs::read_to_string(first).unwrap();
    let end = text.lines().last().unwrap();
    for said in [r#""gaps":1,"#, r#""overwritten":46,"#, r#""why":"the stream changed""#] {
        assert!(end.contains(said), "{said}: {end}");
    }
    assert_eq!(lines(last)[1], "48,0.1875,96,97");
    assert_eq!((lines(last).len(), summary.progress.overwritten), (1 + 256, 46));
    writes.publisher.close();
}

#[test]
fn a_recording_is_as_long_as_asked_for() {
    let name = format!("axismirror-test-record-long-{}", std::process::id());
    let folder = folder();
    let path = folder.path().join("lab.csv");
    let mut writes = Writes::new(&name, 256);
    writes.publish(100, 0.0, "code");
    let mut recorder = Recorder::open(Options { seconds: Some(64.0 * PERIOD), ..options(&name, &path) }).unwrap();
    while recorder.step(Duration::ZERO).unwrap() != Step::Done {}
    recorder.finish("test").unwrap();
    assert_eq!(recorder.summary().progress.seconds, 0.25);
    assert_eq!(lines(&path).len(), 1 + 64);
    writes.publisher.close();
}

#[test]
fn a_recording_is_as_long_as_asked_for_also_when_the_rate_changes() {
    let name = format!("axismirror-test-record-rates-{}", std::process::id());
    let folder = folder();
    let path = folder.path().join("lab.csv");
    let mut writes = Writes::new(&name, 256);
    writes.publish(32, 0.0, "code");
    // An eighth of a second at 256 Hz, and half of that at 1024 Hz.
    let mut recorder = Recorder::open(Options { seconds: Some(0.1875), ..options(&name, &path) }).unwrap();
    take(&mut recorder);
    writes.period = PERIOD / 4.0;
    writes.publish(200, 128.0, "code");
    while recorder.step(Duration::ZERO).unwrap() != Step::Done {}
    recorder.finish("test").unwrap();
    let progress = recorder.progress();
    assert_eq!((progress.frames, progress.seconds, progress.part), (32 + 64, 0.1875, 2));
    writes.publisher.close();
}

#[test]
fn what_does_not_fit_ends_it_and_what_came_before_is_there() {
    let name = format!("axismirror-test-record-fit-{}", std::process::id());
    let folder = folder();
    let path = folder.path().join("lab.edf");
    let mut writes = Writes::new(&name, 256);
    writes.publish(200, 0.0, "code");
    // 2^15 and more from frame 200 on.
    writes.next = 32_768;
    writes.publish(10, 200.0, "code");
    let mut recorder = Recorder::open(options(&name, &path)).unwrap();
    let error = loop {
        match recorder.step(Duration::ZERO) {
            Ok(_) => {}
            Err(error) => break error,
        }
    };
    assert!(matches!(error, RecordError::Lossy { frame: 200, channel: 1, .. }), "{error:?}");
    assert_eq!(recorder.summary().progress.frames, 200);
    // Three signals; a data record has 256 frames and 540 bytes of annotations. The last of the 200 goes on to the first record's end, and what more
    // is there is padding for the annotations of so short a recording.
    let file = std::fs::read(&path).unwrap();
    assert_eq!((file.len() - 1024) % (256 * 2 * 2 + 540), 0);
    let code = |frame: usize| i16::from_le_bytes([file[1024 + 2 * frame], file[1024 + 2 * frame + 1]]);
    assert_eq!([code(0), code(199), code(200), code(255)], [0, 398, 398, 398]);
    writes.publisher.close();
}

#[test]
fn a_channel_that_the_stream_has_not_is_refused() {
    let name = format!("axismirror-test-record-channel-{}", std::process::id());
    let folder = folder();
    let path = folder.path().join("lab.csv");
    let mut writes = Writes::new(&name, 256);
    writes.publish(1, 0.0, "code");
    let mut recorder =
        Recorder::open(Options { channels: Some(Channels::new(vec![1, 3]).unwrap()), ..options(&name, &path) })
            .unwrap();
    let error = (0..100).find_map(|_| recorder.step(Duration::ZERO).err()).unwrap();
    assert_eq!(error.to_string(), "the stream has 2 channels, and no channel 3");
    assert!(!path.exists(), "no file is made for nothing");
    writes.publisher.close();
}
