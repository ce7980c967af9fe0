//! What a recording holds, in terms that all formats share: before its samples are read, and block by block while they are.
//!
//! Knows no format and nothing of what becomes of it.

use std::ops::RangeInclusive;

use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;
use serde_json::{Map, Value};

use crate::mirror::StreamInfo;

/// Rates in Hz that a stream can sensibly have: from a frame in eleven days to one a nanosecond, as fine as times are.
pub(crate) const RATES: RangeInclusive<f64> = 1e-6..=1e9;

/// A recorded stream, before any of its samples is read.
#[derive(Clone, Debug, PartialEq)]
pub struct Content {
    /// The format's name, for people.
    pub format: &'static str,
    /// The stream's name, where the file says one.
    pub name: Option<String>,
    /// Key of its messages, where the file says one.
    pub key: Option<String>,
    /// Type of the samples as the file has them.
    pub dtype: DType,
    /// Frames per second in Hz; `None` when it is irregular, or when the file does not say.
    pub rate: Option<f64>,
    /// Whether the rate is an estimate from the first times: the file does not say it.
    pub rate_is_estimate: bool,
    /// Whether blocks have times. Without them and without a rate nobody knows how fast it was.
    pub has_times: bool,
    /// One for each sample of a frame, at least one.
    pub channels: Vec<ChannelInfo>,
    /// Shape of a frame: of several dimensions only where a stream was recorded that had such frames.
    pub frame_shape: Vec<usize>,
    /// The clock of the times plus [`origin`](Self::origin).
    pub clock: Clock,
    /// What blocks' times count from, in seconds of the clock: 0 when they are of the clock itself.
    pub origin: f64,
    /// How many frames there are, where that is known.
    pub frames: Option<u64>,
    /// Whether frames have their numbers there.
    pub numbers: Numbers,
    /// Whether samples are written as texts there: then of a NaN no more is known than that it is one.
    pub has_texts: bool,
    /// Whether people want the samples as they are in the file, or scaled to their units.
    pub is_raw: bool,
    /// Attributes that the stream had.
    pub attrs: Map<String, Value>,
    /// Its static metadata as they were in shared memory, where the file keeps them.
    pub static_metadata: Option<Vec<u8>>,
    /// What our own recorder says of the stream that it followed, where all samples of its frames are in the file, in their order.
    pub recorded: Option<Recorded>,
    /// All that happened in it, by time, but for what blocks bring.
    pub marks: Vec<Mark>,
    /// What else is in the file.
    pub left_out: Vec<LeftOut>,
}

impl Content {
    /// Of a file that says nothing but its format, its channels and the type of their samples.
    pub(super) fn new(format: &'static str, dtype: DType, channels: Vec<ChannelInfo>) -> Self {
        Self {
            format,
            name: None,
            key: None,
            dtype,
            rate: None,
            rate_is_estimate: false,
            has_times: false,
            frame_shape: vec![channels.len()],
            channels,
            clock: Clock::Unknown,
            origin: 0.0,
            frames: None,
            numbers: Numbers::NotKept,
            has_texts: false,
            is_raw: false,
            attrs: Map::new(),
            static_metadata: None,
            recorded: None,
            marks: Vec::new(),
            left_out: Vec::new(),
        }
    }
}

/// The stream that was recorded, as it was in shared memory.
#[derive(Clone, Debug, PartialEq)]
pub struct Recorded {
    /// Which count the frames' numbers are of ([`Mirror::instance`](crate::mirror::Mirror::instance)); `None` when nobody knows.
    pub instance: Option<u64>,
    /// Number of the file's first frame.
    pub first_frame: u64,
    /// What the frames are; ring and static metadata are those of the file's beginning.
    pub stream: StreamInfo,
}

/// Whether frames have the numbers in a file that they had in their stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Numbers {
    /// Each has its own, by which it is found ([`Reader::seek`](super::Reader::seek)).
    Each,
    /// None has in this file, of a format that our own recorder writes them in.
    Missing,
    /// The format keeps not the number and the time of each frame.
    NotKept,
}

/// One channel.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ChannelInfo {
    /// As the file calls it; empty when it does not.
    pub label: String,
    /// Where its electrode is, where the file says: `x` and `y` as a stream's channel axis has them.
    pub position: Option<[f32; 2]>,
    /// Unit of the scaled samples, as the file writes it; empty when it does not.
    pub unit: String,
    /// value in its unit = sample * scale + zero
    pub scaling: Scaling,
}

/// From the samples of a file to their unit.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Scaling {
    /// Units for one step of the sample.
    pub scale: f64,
    /// Units at sample 0.
    pub zero: f64,
}

impl Default for Scaling {
    fn default() -> Self {
        Self { scale: 1.0, zero: 0.0 }
    }
}

/// Something that happened at a time.
#[derive(Clone, Debug, PartialEq)]
pub struct Mark {
    /// In seconds, on the same line as the times of frames.
    pub time: f64,
    /// How long it lasted in seconds, where that is known.
    pub duration: Option<f64>,
    /// What it was.
    pub text: String,
}

/// A part of the file that is not played.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// What it is called.
    pub label: String,
    /// Why.
    pub why: String,
}

impl LeftOut {
    /// All of these that are not among the chosen places.
    pub(super) fn unasked<'a>(labels: impl Iterator<Item = &'a str>, chosen: &[usize]) -> Vec<Self> {
        let rest = labels.enumerate().filter(|(place, _)| !chosen.contains(place));
        rest.map(|(_, label)| Self { label: label.to_owned(), why: "it was not asked for".to_owned() }).collect()
    }
}

/// Frames one after another, without a gap but before the first or as their times say.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Block {
    /// How many.
    pub frames: usize,
    /// Their samples, frame by frame, little-endian.
    pub bytes: Vec<u8>,
    /// The time of each in seconds from [`Content::origin`] on; empty without times.
    pub times: Vec<f64>,
    /// The number of each, where the file has one ([`Reader::seek`](super::Reader::seek)).
    pub numbers: Vec<u64>,
    /// Frames that the recording itself says were lost before the first one.
    pub lost: u64,
    /// What happened, where the file says it among its frames: in the order of the file.
    pub marks: Vec<Mark>,
}

impl Block {
    /// Without frames; its room is kept.
    pub fn clear(&mut self) {
        self.frames = 0;
        self.bytes.clear();
        self.times.clear();
        self.numbers.clear();
        self.lost = 0;
        self.marks.clear();
    }
}
