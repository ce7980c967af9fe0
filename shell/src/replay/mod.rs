//! Recordings as streams: what was recorded is published again, at its own pace or another, for analysis code that reads a live stream.
//!
//! The samples are those of the file, bit for bit, unless another unit or type is asked for; labels, rate, key, attributes and places of channels
//! are kept as far as the file has them. Gaps of the recording are gaps of the stream. Times are the present ones with the recorded distances, or the
//! recorded ones. The file is read block by block by a thread of its own, so that the disk delays nothing.
//!
//! | for | see |
//! |---|---|
//! | what the stream is | `stream` |
//! | when a frame is due, and its time | `timeline` |
//! | reading ahead | `feed` |
//! | publishing | `player`, and `marks` beside it |
//!
//! Knows no format: that is [`recording`](crate::recording)'s.
//!
//! ```no_run
//! use std::sync::{Arc, atomic::AtomicBool};
//! use axismirror::replay::{Options, Replay, Speed};
//!
//! let options = Options { speed: Speed::Times(2.0), ..Options::default() };
//! let replay = Replay::open("night.edf".as_ref(), options)?;
//! println!("{} channels as {}", replay.content().channels.len(), replay.name());
//! let stop = Arc::new(AtomicBool::new(false));
//! let summary = replay.run(&stop, |progress| println!("{:.0} s", progress.seconds))?;
//! println!("{} frames", summary.frames);
//! # Ok::<(), axismirror::replay::ReplayError>(())
//! ```

mod error;
mod feed;
mod marks;
mod player;
mod stream;
mod timeline;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use axismirror_boards::drdy::Pace;

pub use self::error::ReplayError;
pub use self::player::{Progress, Summary};
use self::stream::Plan;
use crate::clock::HostPace;
use crate::config::{Settings, Units};
use crate::recording::{Block, Choice, Content, Reader};

/// How fast a recording is played.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Speed {
    /// So many times as fast as it was recorded; greater than 0.
    Times(f64),
    /// As fast as the machine can. Readers that cannot keep up miss frames, as with any stream.
    Max,
}

/// How a recording is played.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Of the stream: `name`, `chunk`, `buf_dur`, `struct_version`, `dtype`, `clock`, `mode` and `group` hold; `key` when it is given.
    pub settings: Settings,
    /// Whether the name is that of the settings, or that of the recorded stream or file.
    pub is_named: bool,
    /// Codes or volts; else what the recorded stream had, and volts for other files.
    pub units: Option<Units>,
    /// What of the file is played.
    pub choice: Choice,
    /// Frames per second in Hz, for a file that says neither rate nor times.
    pub rate: Option<f64>,
    /// How fast.
    pub speed: Speed,
    /// From the beginning again at the end.
    pub looped: bool,
    /// Whether the times are those of the recording instead of the present ones.
    pub original_times: bool,
    /// Whether the first frame waits for a reader.
    pub waits: bool,
    /// Whether the stream stays when the recording is over, until it is stopped.
    pub stays: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            settings: Settings::default(),
            is_named: false,
            units: None,
            choice: Choice::default(),
            rate: None,
            speed: Speed::Times(1.0),
            looped: false,
            original_times: false,
            waits: false,
            stays: false,
        }
    }
}

/// A recording that is about to be played.
#[derive(Debug)]
pub struct Replay {
    reader: Reader,
    plan: Plan,
    options: Options,
    path: PathBuf,
}

impl Replay {
    /// Opens a recording and checks that it can be published as is asked for. Nothing is published yet.
    ///
    /// # Errors
    /// [`ReplayError`].
    pub fn open(path: &Path, options: Options) -> Result<Self, ReplayError> {
        if options.looped && options.original_times {
            return Err(ReplayError::LoopedOriginalTimes);
        }
        let mut reader = Reader::open(path, &options.choice)?;
        let wrong = |problem| crate::recording::RecordingError { path: path.to_owned(), problem };
        let mut first = Block::default();
        reader.read(stream::SAMPLE, &mut first).map_err(wrong)?;
        reader.rewind().map_err(wrong)?;
        let plan = Plan::new(path, reader.content(), &options, &first)?;
        Ok(Self { reader, plan, options, path: path.to_owned() })
    }

    /// What is played.
    #[must_use]
    pub const fn content(&self) -> &Content {
        self.reader.content()
    }

    /// Frames per second in Hz at which it is played, by what was asked for or by the recording; `None` when it is irregular.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        self.plan.rate()
    }

    /// Name of the stream.
    #[must_use]
    pub fn name(&self) -> &str {
        self.plan.name()
    }

    /// Publishes the recording, until its end or until `stop` is set; then removes the stream. `progress` is called about ten times a second.
    ///
    /// # Errors
    /// [`ReplayError`] when the stream cannot begin, for one because its name is live, or when the file turns out to be damaged.
    pub fn run(self, stop: &Arc<AtomicBool>, progress: impl FnMut(&Progress)) -> Result<Summary, ReplayError> {
        let fast = self.options.speed == Speed::Max;
        self.run_paced(stop, HostPace::new(stop.clone(), fast), progress)
    }

    /// As [`Replay::run`], by another's clock. For tests, and for simulations that have a time of their own.
    ///
    /// # Errors
    /// As [`Replay::run`].
    pub fn run_paced(
        self,
        stop: &Arc<AtomicBool>,
        pace: impl Pace,
        progress: impl FnMut(&Progress),
    ) -> Result<Summary, ReplayError> {
        player::play(self.plan, self.reader, &self.path, &self.options, stop, pace, progress)
    }
}
