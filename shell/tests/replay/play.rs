//! Plays a recording by a clock of the tests, and reads what a mirror can.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axismirror::config::Settings;
use axismirror::events::EventReader;
use axismirror::mirror::{Follower, News, Start, StreamInfo};
use axismirror::replay::{Options, Progress, Replay, Summary};
use axismirror_boards::drdy::Pace;

use crate::common::{eventually, unique};

/// A file of other people's programs.
pub(crate) fn data(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/recording").join(name)
}

/// A clock that is at a time as soon as somebody waits for it, and stops at one.
#[derive(Clone, Default)]
pub(crate) struct Virtual {
    pub(crate) now: Arc<AtomicI64>,
    pub(crate) last: Option<i64>,
    pub(crate) waited_for: Arc<Mutex<Vec<i64>>>,
}

impl Pace for Virtual {
    fn until(&mut self, time_ns: i64) -> bool {
        self.now.store(time_ns, Ordering::Relaxed);
        self.waited_for.lock().unwrap().push(time_ns);
        self.last.is_none_or(|last| time_ns < last)
    }

    fn now(&mut self) -> Option<i64> {
        Some(self.now.load(Ordering::Relaxed))
    }
}

/// What a mirror has read of a replay.
pub(crate) struct Seen {
    pub(crate) info: StreamInfo,
    pub(crate) bytes: Vec<u8>,
    pub(crate) times: Vec<f64>,
    /// Frames before which others are missing by their times, and how many.
    pub(crate) gaps: Vec<(usize, u64)>,
    pub(crate) marks: Vec<(u64, f64, String)>,
    pub(crate) health_lost: u64,
    pub(crate) summary: Summary,
}

impl Seen {
    pub(crate) fn values(&self) -> Vec<f64> {
        let size = self.info.dtype.size();
        self.bytes.chunks_exact(size).map(|b| axismirror::mirror::value::value(self.info.dtype, b)).collect()
    }

    pub(crate) fn rows(&self) -> Vec<Vec<f64>> {
        self.values().chunks(self.info.channels).map(<[f64]>::to_vec).collect()
    }
}

pub(crate) fn options(test: &str) -> Options {
    let settings = Settings { name: unique(test), ..Settings::default() };
    Options { settings, is_named: true, stays: true, ..Options::default() }
}

/// Plays a file, which stays, and reads `frames` frames of it.
pub(crate) fn play(file: &str, options: Options, frames: usize) -> Seen {
    play_paced(&data(file), options, frames, Virtual::default())
}

pub(crate) fn play_paced(file: &Path, options: Options, frames: usize, pace: Virtual) -> Seen {
    let replay = Replay::open(file, options).unwrap();
    let name = replay.name().to_owned();
    let mut follower = Follower::open(&name, Start::Oldest).unwrap();
    let mut events = EventReader::open(&name, Start::Oldest).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let stopped = stop.clone();
    let all_played = Arc::new(AtomicBool::new(false));
    let played = all_played.clone();
    let player = std::thread::spawn(move || {
        let tell = |p: &Progress| played.store(p.stays, Ordering::Relaxed);
        replay.run_paced(&stopped, pace, tell).unwrap()
    });
    let (mut info, mut bytes, mut times, mut gaps) = (None, Vec::new(), Vec::new(), Vec::new());
    eventually("all frames", || {
        loop {
            match follower.next(Duration::from_millis(20)).unwrap() {
                News::Stream(new) => info = Some(new.clone()),
                News::Frames(f) => {
                    assert_eq!(f.overwritten, 0);
                    if f.not_acquired > 0 {
                        gaps.push((times.len(), f.not_acquired));
                    }
                    bytes.extend_from_slice(f.bytes);
                    times.extend_from_slice(f.times);
                }
                News::Nothing | News::Waiting(_) => break,
            }
        }
        (times.len() >= frames).then_some(())
    });
    let health_lost = follower.mirror().extension().unwrap().health().frames_lost;
    eventually("the end", || all_played.load(Ordering::Relaxed).then_some(()));
    let mut marks = Vec::new();
    while events.wait(Duration::from_millis(10)).unwrap() {
        let new = events.take().unwrap();
        marks.extend(new.events.iter().map(|e| (e.frame, e.time_ns as f64 / 1e9, e.text.clone())));
    }
    stop.store(true, Ordering::Relaxed);
    let summary = player.join().unwrap();
    assert!(times.len() == frames, "{} frames, expected {frames}", times.len());
    Seen { info: info.unwrap(), bytes, times, gaps, marks, health_lost, summary }
}

pub(crate) fn near(a: f64, b: f64, tolerance: f64) -> bool {
    (a - b).abs() <= tolerance
}
