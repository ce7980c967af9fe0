//! What a recording says besides its samples: the description at its head, gaps, events, and the sums at its end.
//!
//! Plain values and their JSON; knows no format.

use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use serde_json::{Map, Value, json};

use super::utc;
use crate::formats::own::{Cause, VERSION, VOLTS_PER_CODE, gap_line};
use crate::mirror::Frames;

/// What a part of a recording begins with.
#[derive(Clone, Debug)]
pub struct Head {
    /// The stream's name.
    pub name: String,
    /// The stream's key.
    pub key: String,
    /// Type of the samples.
    pub dtype: DType,
    /// Frames a second in Hz; `None` when irregular.
    pub rate: Option<f64>,
    /// Shape of a whole frame of the stream.
    pub shape: Vec<usize>,
    /// Which samples of a frame are recorded, from 0.
    pub channels: Vec<usize>,
    /// Their labels: as many.
    pub labels: Vec<String>,
    /// Where their electrodes are, as the stream says: as many, or none.
    pub positions: Vec<[f32; 2]>,
    /// Unit of the samples: `V`, `code`, or empty.
    pub unit: String,
    /// The stream's attributes.
    pub attrs: Map<String, Value>,
    /// The clock of the times.
    pub clock: Clock,
    /// Version of the wire.
    pub struct_version: u32,
    /// Number of the stream's buffer.
    pub generation: u32,
    /// Which count the numbers of its frames are of ([`Mirror::instance`](crate::mirror::Mirror::instance)); `None` when nobody knows.
    pub instance: Option<u64>,
    /// Frames of the stream's ring at the beginning.
    pub n_frames: u32,
    /// The pickled static metadata; empty when there is none.
    pub static_metadata: Vec<u8>,
    /// Number of the first frame.
    pub first_frame: u64,
    /// Its time by the stream's clock in seconds, if the stream has times.
    pub first_time: Option<f64>,
    /// How UTC is made of a time of the stream.
    pub utc: utc::Mapping,
    /// UTC of the first frame in ns since 1970.
    pub start_utc_ns: i64,
    /// Number of this part, from 1.
    pub part: u32,
    /// Counters of the acquisition at the beginning; null when the stream has none.
    pub health: Value,
    /// Whether samples may be changed to fit.
    pub lossy: bool,
}

impl Head {
    /// Volts for one code, if the stream says.
    #[must_use]
    pub fn volts_per_code(&self) -> Option<f64> {
        self.attrs.get(VOLTS_PER_CODE).and_then(Value::as_f64).filter(|lsb| lsb.is_finite() && *lsb > 0.0)
    }

    /// Bytes of a recorded frame.
    #[must_use]
    pub const fn frame_bytes(&self) -> usize {
        self.channels.len() * self.dtype.size()
    }

    /// The description: see the table at [`super`].
    #[must_use]
    pub fn json(&self) -> Value {
        let mut json = self.short_json();
        json["static_metadata"] = STANDARD.encode(&self.static_metadata).into();
        json
    }

    /// The description without the static metadata, which may be long.
    #[must_use]
    pub fn short_json(&self) -> Value {
        json!({
            "version": VERSION,
            "software": concat!("axismirror ", env!("CARGO_PKG_VERSION")),
            "name": self.name,
            "key": self.key,
            "dtype": self.dtype.code(),
            "rate": self.rate,
            "shape": self.shape,
            "channels": self.channels.iter().map(|c| c + 1).collect::<Vec<_>>(),
            "labels": self.labels,
            "positions": (!self.positions.is_empty()).then(|| self.positions.iter().map(|p| p.map(short)).collect::<Vec<_>>()),
            "unit": self.unit,
            "attrs": self.attrs,
            "clock": self.clock.word(),
            "struct_version": self.struct_version,
            "generation": self.generation,
            "instance": self.instance.map(|number| format!("{number:016x}")),
            "n_frames": self.n_frames,
            "first_frame": self.first_frame,
            "first_time": self.first_time,
            "utc_offset": self.utc.offset_s,
            "utc_error": self.utc.error_s,
            "start_utc": utc::Civil::of_ns(self.start_utc_ns).rfc3339(),
            "part": self.part,
            "health": self.health,
        })
    }
}

/// The number with the fewest digits that becomes the same one in single precision.
fn short(x: f32) -> f64 {
    x.to_string().parse().unwrap_or_else(|_| x.into())
}

/// Frames in order, without a gap between them.
#[derive(Clone, Copy, Debug)]
pub struct Block<'a> {
    /// Number of the first.
    pub first: u64,
    /// How many.
    pub frames: usize,
    /// Samples of the recorded channels, a frame after the other, little-endian.
    pub bytes: &'a [u8],
    /// A time a frame in seconds; empty when the stream has none.
    pub times: &'a [f64],
}

impl Block<'_> {
    /// Number of the frame at a place of it.
    pub(super) const fn number(&self, place: usize) -> u64 {
        self.first.saturating_add(place as u64)
    }
}

/// Frames that are not in the recording, before the frame that comes next.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Gap {
    /// Number of the frame behind it.
    pub frame: u64,
    /// That frame's time.
    pub time: Option<f64>,
    /// Frames that the recorder was too slow for; they have numbers.
    pub overwritten: u64,
    /// Frames that were never acquired; they have no numbers.
    pub not_acquired: u64,
}

impl Gap {
    /// What is missing before frames of a stream.
    #[must_use]
    pub fn before(frames: &Frames<'_>) -> Self {
        Self {
            frame: frames.first,
            time: frames.times.first().copied(),
            overwritten: frames.overwritten,
            not_acquired: frames.not_acquired,
        }
    }

    /// All of them.
    #[must_use]
    pub const fn frames(&self) -> u64 {
        self.overwritten.saturating_add(self.not_acquired)
    }

    /// In words, one line a cause, as `tail` has them.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        let causes = [(self.overwritten, Cause::Overwritten), (self.not_acquired, Cause::NotAcquired)];
        causes.into_iter().filter(|(n, _)| *n > 0).map(|(n, cause)| gap_line(n, cause)).collect()
    }
}

/// Something that happened, as a person or a program marked it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Event {
    /// Number of the frame that it belongs to.
    pub frame: u64,
    /// Its time by the stream's clock.
    pub time: f64,
    /// What.
    pub text: String,
}

/// Sums at the end of a part.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct End {
    /// Frames recorded.
    pub frames: u64,
    /// Gaps among them, and the one behind them that is too long for the format.
    pub gaps: u64,
    /// Frames that the recorder was too slow for.
    pub overwritten: u64,
    /// Frames that were never acquired.
    pub not_acquired: u64,
    /// Samples that were changed to fit the format.
    pub lossy: u64,
    /// Events.
    pub events: u64,
    /// Events that the recorder was too slow for, or could not read.
    pub events_missed: u64,
    /// Why it ends.
    pub why: String,
    /// Counters of the acquisition at the end; null when the stream has none.
    pub health: Value,
}

impl End {
    /// As JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}
