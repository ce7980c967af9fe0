//! Frames of the signal `counter`, each held against what its numbers say.

use std::time::{Duration, Instant};

use axismirror::mirror::{Follower, News, Start};

use super::CHANNELS;

/// Frames that were read of a counter: its first number, how many, and how many were missing among them.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Counted {
    pub(crate) first: Option<i64>,
    pub(crate) frames: i64,
    pub(crate) missing: i64,
    pub(crate) last_time: f64,
}

impl Counted {
    /// Each frame has to be the one that its numbers say, in order, at its time.
    pub(crate) fn frame(&mut self, samples: &[i32], time: f64, rate: f64) {
        let n = i64::from(samples[0]) / CHANNELS as i64;
        let expected: Vec<i32> = (0..CHANNELS).map(|c| (n * CHANNELS as i64) as i32 + c as i32).collect();
        assert_eq!(samples, expected, "a frame that no counter makes");
        if let Some(first) = self.first {
            let gap = n - (first + self.frames + self.missing);
            assert!(gap >= 0, "frame {n} comes again");
            let periods = ((time - self.last_time) * rate).round() as i64;
            assert_eq!(periods, gap + 1, "times do not jump as frames do");
            self.missing += gap;
        }
        self.first.get_or_insert(n);
        self.frames += 1;
        self.last_time = time;
    }
}

/// Reads a stream until it has brought so many frames, or `until` says that it is enough.
pub(crate) struct Reader {
    pub(crate) follower: Follower,
    pub(crate) counted: Counted,
    pub(crate) streams: u32,
    pub(crate) rate: f64,
}

impl Reader {
    pub(crate) fn of(name: &str) -> Self {
        Self {
            follower: Follower::open(name, Start::Oldest).unwrap(),
            counted: Counted::default(),
            streams: 0,
            rate: 0.0,
        }
    }

    pub(crate) fn read(&mut self, time: Duration, enough: impl Fn(&Counted) -> bool) -> Counted {
        let end = Instant::now() + time;
        while !enough(&self.counted) {
            assert!(Instant::now() < end, "not in time: {:?}", self.counted);
            match self.follower.next(Duration::from_millis(20)).unwrap() {
                News::Nothing | News::Waiting(_) => {}
                News::Stream(info) => {
                    self.streams += 1;
                    self.rate = info.rate.unwrap();
                }
                News::Frames(frames) => {
                    assert_eq!(frames.overwritten, 0, "the test is too slow");
                    for (i, time) in frames.times.iter().enumerate() {
                        let sample = |c| i32::from_le_bytes(frames.sample(i, c).try_into().unwrap());
                        let samples: Vec<i32> = (0..CHANNELS).map(sample).collect();
                        self.counted.frame(&samples, *time, self.rate);
                    }
                }
            }
        }
        self.counted
    }

    pub(crate) fn frames(&mut self, more: i64) -> Counted {
        let enough = self.counted.frames + more;
        self.read(Duration::from_secs(60), |c| c.frames >= enough)
    }
}
