//! What our recorder says of a stream besides its samples, as JSON: the description, gaps, events, and the sums at the end. One type each for those
//! who write it and those who read it.
//!
//! Fields that are not there have their defaults when they are read, and such as nobody knows are passed over. Knows no format: where in a file the
//! texts stand is said at [`record`](crate::record).

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{Cause, VERSION, VOLTS_PER_CODE, gap_line};

/// The description at the beginning of a recording, or of one of its parts.
///
/// Everything is written, with null for what nobody knows. EDF and BDF, whose annotations are short, leave out what is null, `static_metadata`,
/// `labels` where the label fields say the same, and `shape` and `channels` where all samples of one-dimensional frames are there in their order.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Description {
    /// Of the description: 1.
    pub version: u32,
    /// The recorder and its version: `axismirror 0.1.0`.
    pub software: String,
    /// The stream's name.
    pub name: String,
    /// The stream's key.
    pub key: String,
    /// Type of the samples by its numpy character, with its size: `i4`.
    pub dtype: String,
    /// Frames a second in Hz; null when irregular.
    pub rate: Option<f64>,
    /// Shape of a whole frame of the stream.
    pub shape: Option<Vec<usize>>,
    /// Which samples of a frame are recorded, from 1.
    pub channels: Option<Vec<usize>>,
    /// Labels of those.
    pub labels: Option<Vec<String>>,
    /// Where their electrodes are: `[x, y]` each; null when the stream does not say.
    pub positions: Option<Vec<[f64; 2]>>,
    /// Unit of the samples: `V`, `code`, or empty.
    pub unit: String,
    /// The stream's attributes.
    pub attrs: Map<String, Value>,
    /// The clock of the times: `monotonic`, `realtime`, `unknown`.
    pub clock: String,
    /// Version of the wire.
    pub struct_version: u32,
    /// Number of the stream's buffer.
    pub generation: u32,
    /// Which count the numbers of the frames are of, in 16 hexadecimal digits: frames of two files with the same one have the same numbers only if
    /// they are the same frames. Null of a Python writer's stream.
    pub instance: Option<String>,
    /// Frames of the stream's ring.
    pub n_frames: u32,
    /// Number of the first frame.
    pub first_frame: u64,
    /// Its time by the stream's clock in seconds; null when the stream has no times.
    pub first_time: Option<f64>,
    /// Seconds to add to a time of the stream to have UTC, in seconds since 1970; null when the clock is unknown.
    pub utc_offset: Option<f64>,
    /// Seconds by which the two clocks' readings may be apart. How right the machine's clock is nobody knows.
    pub utc_error: Option<f64>,
    /// UTC of the first frame: RFC 3339.
    pub start_utc: String,
    /// Number of the part, from 1.
    pub part: u32,
    /// Counters of the acquisition at the part's beginning; null when the stream has none.
    pub health: Value,
    /// The pickled static metadata in base64; not in EDF and BDF.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub static_metadata: Option<String>,
}

impl Description {
    /// From its text; `None` when that is none, or one of another version.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok().filter(|description: &Self| description.version == VERSION)
    }

    /// As JSON.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }
}

/// Volts for one code, of a stream's attributes.
pub(crate) fn volts_per_code(attrs: &Map<String, Value>) -> Option<f64> {
    attrs.get(VOLTS_PER_CODE).and_then(Value::as_f64).filter(|lsb| lsb.is_finite() && *lsb > 0.0)
}

/// Frames that are not in the recording, before the frame that comes next.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
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
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Event {
    /// Number of the frame that it belongs to.
    #[serde(default)]
    pub frame: u64,
    /// Its time by the stream's clock.
    pub time: f64,
    /// What.
    pub text: String,
}

/// Sums at the end of a part.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
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

#[cfg(test)]
mod tests {
    use super::*;

    /// What a later version may have added, or a file of another version may lack, is no reason to lose the rest.
    #[test]
    fn unknown_fields_are_passed_over_and_absent_ones_have_defaults() {
        let text = r#"{"version":1,"dtype":"i4","rate":null,"positions":null,"future":{"a":[1]},"labels":["a"]}"#;
        let read = Description::parse(text).unwrap();
        assert_eq!((read.dtype.as_str(), read.rate, read.labels), ("i4", None, Some(vec!["a".to_owned()])));
        assert_eq!((read.channels, read.static_metadata, read.part), (None, None, 0));
        for none in ["", "{}", "null", r#"{"version":2}"#, r#"{"version":1,"name":5}"#] {
            assert_eq!(Description::parse(none), None, "{none}");
        }
        let gap: Gap = serde_json::from_str(r#"{"frame":9,"not_acquired":3,"new":1}"#).unwrap();
        assert_eq!(gap, Gap { frame: 9, not_acquired: 3, ..Gap::default() });
    }
}
