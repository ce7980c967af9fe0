//! What a recorder is asked for, and what it tells of itself.
//!
//! Plain values: whoever shows them knows a terminal, and nothing here does.

use std::path::PathBuf;
use std::time::Duration;

use super::Format;
use crate::channels::Channels;
use crate::mirror::State;

/// What to record, and where.
#[derive(Clone, Debug)]
pub struct Options {
    /// The stream's name.
    pub name: String,
    /// The file; further parts are called after it.
    pub path: PathBuf,
    /// What it is written as.
    pub format: Format,
    /// `None` for all.
    pub channels: Option<Channels>,
    /// Ends after so many seconds of frames.
    pub seconds: Option<f64>,
    /// Replaces a file that is there.
    pub overwrite: bool,
    /// Begins with the oldest frame that the ring holds, and not with the next one.
    pub oldest: bool,
    /// Rounds and clips samples that the format cannot hold.
    pub lossy: bool,
}

/// What a step did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// There is no stream, or it publishes nothing.
    Waiting(State),
    /// It goes on.
    Recording,
    /// As many seconds as asked for are there: time to finish.
    Done,
}

/// How far a recording is.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// The file that is being written, once there is one.
    pub file: Option<PathBuf>,
    /// Its number, from 1.
    pub part: u32,
    /// Frames of all parts.
    pub frames: u64,
    /// How long they last, those of each part by its rate; irregular ones do not count.
    pub seconds: f64,
    /// Bytes of all parts.
    pub bytes: u64,
    /// Free bytes of the disk.
    pub free: u64,
    /// Gaps so far.
    pub gaps: u64,
    /// Frames that this recorder was too slow for.
    pub overwritten: u64,
    /// Frames that were never acquired.
    pub not_acquired: u64,
    /// Frames that could not be written any more.
    pub unsaved: u64,
    /// Samples that were changed to fit the format.
    pub lossy: u64,
    /// Events.
    pub events: u64,
    /// Events that this recorder was too slow for, or could not read.
    pub events_missed: u64,
}

/// What became of a recording.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Summary {
    /// Files and their sizes in bytes.
    pub files: Vec<(PathBuf, u64)>,
    /// Sums over all of them.
    pub progress: Progress,
    /// How long the stream had been away when the recording ended; `None` when it was there.
    pub away: Option<Duration>,
    /// What a file says less exactly than the stream.
    pub remarks: Vec<String>,
    /// Why events could not be read, if that was so.
    pub events_failure: Option<String>,
    /// Whether the stream has no times (wire versions 0 and 1): what the ADC lost is not seen in it then.
    pub without_times: bool,
}
