//! Numbers in shared memory that no acquisition makes: all commands that read streams end as they always do, and add nothing up that does not fit.

mod common;

use std::path::PathBuf;
use std::time::Duration;

use axismirror::mirror::{Mirror, Start};
use axismirror::shm::{SHM_DIR, ShmStore};
use axismirror_core::axis_array::{Axis, AxisArray, Samples};
use axismirror_core::dtype::DType;
use axismirror_core::extension::{Clock, Timing, Writer};
use axismirror_core::health::{Health, LeadOff};
use axismirror_core::histogram::{BUCKETS, Histogram};
use axismirror_core::name::StreamName;
use axismirror_core::publisher::Publisher;
use axismirror_core::settings::Settings;
use common::{run, unique};

/// 50 frames of 2 channels of 1 kHz, the first at a time in seconds.
fn message<T>(seconds: f64, f: impl FnOnce(&AxisArray<'_>) -> T) -> T {
    f(&AxisArray {
        data: Samples { dtype: DType::I32, shape: &[50, 2], bytes: &[7; 400] },
        dims: &["time", "ch"],
        axes: &[("time", Axis::Linear { unit: "s", gain: 0.001, offset: seconds })],
        attrs: &[],
        key: "",
        stream_dim: None,
    })
}

/// More than a u64, and the time with six decimals, may have.
fn has_many_digits(text: &str) -> bool {
    text.split(|c: char| !c.is_ascii_digit()).any(|digits| digits.len() > 20)
}

fn temporary(name: &str, ending: &str) -> PathBuf {
    std::env::temp_dir().join(format!("{name}.{ending}"))
}

#[test]
fn numbers_at_the_ends_of_their_range_are_read_as_any_others() {
    let name = unique("forged-numbers");
    let shmem_name = Some(StreamName::new(&name).unwrap());
    let settings = Settings { shmem_name, buf_dur: 1.0, axis: None, version: Default::default() };
    let mut publisher =
        Publisher::open(ShmStore::new(SHM_DIR), (), settings, Writer::default(), Clock::Monotonic).unwrap();
    // From one chunk to the next time goes further than any count of frames, and back.
    (0..10).for_each(|i| message([0.0, 1e300][i % 2], |m| assert!(publisher.publish(m).is_ok())));
    let most = u64::MAX;
    let lead_off = LeadOff { positive: most, negative: most };
    let counts =
        Health { frames_lost: most, drdy_missed: most, bad_frames: most, bus_errors: most, ..Health::default() };
    let rest =
        Health { overruns: most, slips: most, restarts: most, messages_ignored: most, frames_cut: most, ..counts };
    let extension = publisher.extension();
    for (end, number) in [(i64::MIN, f64::NAN), (i64::MAX, f64::INFINITY)] {
        extension.set_health(&Health { measured_rate: number, lead_off, ..rest });
        let latency = Histogram::of([most; BUCKETS], most);
        extension.set_timing(&Timing { latency, drift_ppm: number, jitter_ns: number });
        extension.set_heals(most);
        extension.set_heartbeat(end);
        extension.set_silent_since(end);
        let files = ["csv", "bdf", "edf", "xdf", "svg"].map(|ending| temporary(&name, ending));
        let paths: Vec<_> = files.iter().map(|path| path.to_str().unwrap()).collect();
        let record = |path| ["record", &name, "-o", path, "--seconds", "0.5", "--oldest", "--lossy", "--overwrite"];
        let commands: [&[&str]; 11] = [
            &["tail", &name, "--format", "csv"],
            &["list"],
            &["info", &name],
            &["info", &name, "--json"],
            &["tail", &name],
            &["metrics", &name],
            &record(paths[0]),
            &record(paths[1]),
            &record(paths[2]),
            &record(paths[3]),
            &["plot", &name, "-o", paths[4]],
        ];
        for command in commands {
            let (status, out, errors) = run(command);
            assert!(matches!(status, Some(0 | 1)), "{command:?}: {status:?}: {out}{errors}");
            assert!(!errors.contains("panicked"), "{command:?}: {errors}");
            assert!(!has_many_digits(&out), "{command:?}: {out}");
        }
        let (_, out, _) = run(&["record", &name, "-o", paths[0], "--seconds", "0.5", "--oldest", "--overwrite"]);
        // Two gaps of as many frames as can be counted are no more than one.
        assert!(out.contains(&format!("{most} frames not acquired")), "{out}");
        let lines = std::fs::read_to_string(&files[0]).unwrap();
        assert_eq!(lines.lines().filter(|line| line.ends_with("117901063,117901063")).count(), 500, "{lines}");
        // Short, and still the time that it was.
        let mut times = lines.lines().filter_map(|line| line.split(',').nth(1)).filter_map(|time| time.parse().ok());
        assert!({ times }.any(|time: f64| time == 1e300) && !has_many_digits(&lines), "{lines}");
        // Parts of the recordings: a gap that is too long for a format begins another file.
        for entry in std::fs::read_dir(std::env::temp_dir()).unwrap().flatten() {
            if entry.file_name().to_str().is_some_and(|file| file.starts_with(&name)) {
                std::fs::remove_file(entry.path()).unwrap();
            }
        }
    }
    publisher.close();
}

/// More frames published than were ever started: what somebody writes into the block who may write the segment. There is nothing to read then, until the
/// writer's next frames say how many there are.
#[test]
fn frames_that_were_never_started_are_none() {
    let name = unique("forged-committed");
    let shmem_name = Some(StreamName::new(&name).unwrap());
    let settings = Settings { shmem_name, buf_dur: 0.1, axis: None, version: Default::default() };
    let mut publisher =
        Publisher::open(ShmStore::new(SHM_DIR), (), settings, Writer::default(), Clock::Monotonic).unwrap();
    assert!(message(0.0, |m| publisher.publish(m).is_ok()));
    let mut mirror = Mirror::open(&name, Start::Oldest).unwrap();
    while mirror.read().unwrap().frames() == 0 {}
    // Tells of the buffer, which is known from then on.
    assert!(mirror.wait(Duration::ZERO).unwrap());
    let generation = mirror.generation().unwrap();
    publisher.extension().counters(generation).set_committed(1 << 62);
    for _ in 0..10 {
        assert_eq!(mirror.read().unwrap().frames(), 0);
    }
    assert!(!mirror.wait(Duration::from_millis(10)).unwrap());
    // One that begins now finds none either.
    let mut late = Mirror::open(&name, Start::Oldest).unwrap();
    (0..10).for_each(|_| assert_eq!(late.read().unwrap().frames(), 0));
    assert!(message(0.05, |m| publisher.publish(m).is_ok()));
    let chunk = mirror.read().unwrap();
    assert_eq!((chunk.frames(), chunk.first(), chunk.missed()), (50, 50, 0));
    publisher.close();
}
