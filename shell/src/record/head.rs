//! What a recording begins with, and the frames that go into it.
//!
//! What is said of the stream becomes a [`Description`]; knows no format.

use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Map, Value};

use super::utc;
use super::{Description, Gap};
use crate::config::visible;
use crate::count::count;
use crate::formats::own::{VERSION, volts_per_code};
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
    /// The remark on labels that a format writes otherwise, if there are any: `written`, for each channel.
    pub(super) fn remark_on_labels<'a>(&self, written: impl IntoIterator<Item = &'a str>) -> Option<String> {
        let mut changed = self.labels.iter().zip(written).filter(|(label, written)| label != written);
        let (label, first) = changed.next()?;
        let (label, first) = (visible(label), visible(first));
        let others = match changed.count() {
            0 => String::new(),
            n => format!(" (and so with {} more)", count(n, "label")),
        };
        Some(format!("the label `{label}` is `{first}` in the file{others}; the description has them as they are"))
    }

    /// Volts for one code, if the stream says.
    #[must_use]
    pub fn volts_per_code(&self) -> Option<f64> {
        volts_per_code(&self.attrs)
    }

    /// Bytes of a recorded frame.
    #[must_use]
    pub const fn frame_bytes(&self) -> usize {
        self.channels.len() * self.dtype.size()
    }

    /// The description, whole.
    #[must_use]
    pub fn description(&self) -> Description {
        Description {
            version: VERSION,
            software: concat!("axismirror ", env!("CARGO_PKG_VERSION")).to_owned(),
            name: self.name.clone(),
            key: self.key.clone(),
            dtype: self.dtype.code().to_owned(),
            rate: self.rate,
            shape: Some(self.shape.clone()),
            channels: Some(self.channels.iter().map(|c| c + 1).collect()),
            labels: Some(self.labels.clone()),
            positions: (!self.positions.is_empty()).then(|| self.positions.iter().map(|p| p.map(short)).collect()),
            unit: self.unit.clone(),
            attrs: self.attrs.clone(),
            clock: self.clock.word().to_owned(),
            struct_version: self.struct_version,
            generation: self.generation,
            instance: self.instance.map(|number| format!("{number:016x}")),
            n_frames: self.n_frames,
            first_frame: self.first_frame,
            first_time: self.first_time,
            utc_offset: self.utc.offset_s,
            utc_error: Some(self.utc.error_s),
            start_utc: utc::Civil::of_ns(self.start_utc_ns).rfc3339(),
            part: self.part,
            health: self.health.clone(),
            static_metadata: Some(STANDARD.encode(&self.static_metadata)),
        }
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::tests::head;

    /// The text that recordings of the first versions have, field by field: scripts and older replays read it.
    #[test]
    fn the_description_is_this_json() {
        let head = Head { positions: vec![[0.1, -0.5]; 1], unit: "V".to_owned(), ..head(DType::F32, 1) };
        let head = Head { attrs: [("gain".to_owned(), 24.into())].into_iter().collect(), ..head };
        let software = concat!("axismirror ", env!("CARGO_PKG_VERSION"));
        let expected =
            r#"{"attrs":{"gain":24},"channels":[1],"clock":"monotonic","dtype":"f4","first_frame":7,"first_time":1.25,"generation":0,"#
            .to_owned() + r#""health":null,"instance":"10000000000000ff","key":"eeg","labels":["ch1"],"n_frames":2500,"name":"lab","part":1,"#
            + r#""positions":[[0.1,-0.5]],"rate":250.0,"shape":[1],"#
            + &format!(r#""software":"{software}","start_utc":"2026-11-28T17:38:05.250000000Z","static_metadata":"AQI=","#)
            + r#""struct_version":2,"unit":"V","utc_error":1e-6,"utc_offset":1795887484.0,"version":1}"#;
        assert_eq!(Head { static_metadata: vec![1, 2], ..head.clone() }.description().json().to_string(), expected);
        // What nobody knows is null, and static metadata without a byte is an empty text.
        let unknown =
            Head { rate: None, first_time: None, instance: None, positions: Vec::new(), ..head }.description();
        let json = unknown.json();
        for field in ["rate", "first_time", "instance", "positions", "health"] {
            assert!(json.get(field).is_some_and(Value::is_null), "{field}: {json}");
        }
        assert_eq!(json["static_metadata"], "");
        assert_eq!(Description::parse(&json.to_string()), Some(unknown));
    }
}
