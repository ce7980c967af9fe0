//! What the frames of a stream are: description and static metadata, read once and owned.
//!
//! Static metadata are a stranger's and may be damaged or missing; what they do not say has its default here. Reads no frame.

use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;
use axismirror_core::header::{Generation, StructVersion};
use axismirror_core::static_metadata::node::Node;
use axismirror_core::static_metadata::view::{AxisKind, ValueView};
use axismirror_core::static_metadata::{StaticMetadata, decode, nodes_needed};
use serde_json::{Map, Value, json};

use super::{Mirror, MirrorError};

/// A stream as its frames have to be understood, until it changes.
#[derive(Clone, Debug, PartialEq)]
pub struct StreamInfo {
    /// The stream's long name.
    pub name: String,
    /// Where the frames come from, as the messages say.
    pub key: String,
    /// Type of a sample.
    pub dtype: DType,
    /// Frames a second, nominally, in Hz; `None` when they are irregular.
    pub rate: Option<f64>,
    /// Frames of the ring.
    pub n_frames: u32,
    /// Shape of a frame; empty for one sample.
    pub frame_shape: Vec<u32>,
    /// Samples of a frame.
    pub channels: usize,
    /// A label for each of them: the channel axis' own, or `ch1`, `ch2` and so on where it has none.
    pub labels: Vec<String>,
    /// Unit of the samples, the attribute `unit`: `V`, `code`; empty when nobody says.
    pub unit: String,
    /// All attributes of the static metadata: plain values as JSON has them, anything else as Python would print it.
    pub attrs: Map<String, Value>,
    /// Of the frames' times.
    pub clock: Clock,
    /// Which releases of ezmsg-tools can read the stream.
    pub struct_version: StructVersion,
    /// Number of the buffer.
    pub generation: Generation,
    /// The pickled static metadata, when there are some.
    pub static_metadata: Option<Vec<u8>>,
}

impl StreamInfo {
    /// Of the buffer that a mirror reads; `None` as long as there is none.
    ///
    /// # Errors
    /// [`MirrorError::Stream`] when the static metadata cannot be opened. Such that can be opened and not be understood say nothing.
    pub fn of(mirror: &mut Mirror) -> Result<Option<Self>, MirrorError> {
        let static_metadata = mirror.static_metadata()?;
        let (Some(description), Some(generation), Some(struct_version)) =
            (mirror.description(), mirror.generation(), mirror.version())
        else {
            return Ok(None);
        };
        let channels = description.frame_samples();
        let blob = static_metadata.as_deref();
        let mut given = blob.map(labels).unwrap_or_default();
        if given.len() != channels {
            given = vec![String::new(); channels];
        }
        let label = |(i, given): (usize, String)| if given.is_empty() { format!("ch{}", i + 1) } else { given };
        let attrs = blob.map(attrs).unwrap_or_default();
        Ok(Some(Self {
            name: mirror.name().to_owned(),
            key: description.key().as_str().to_owned(),
            dtype: description.dtype(),
            rate: Some(description.srate()).filter(|rate| *rate > 0.0 && rate.is_finite()),
            n_frames: description.n_frames(),
            frame_shape: description.frame_shape().to_vec(),
            channels,
            labels: given.into_iter().enumerate().map(label).collect(),
            unit: attrs.get("unit").and_then(Value::as_str).unwrap_or_default().to_owned(),
            attrs,
            clock: mirror.extension().map_or(Clock::Unknown, axismirror_core::extension::Extension::clock),
            struct_version,
            generation,
            static_metadata,
        }))
    }

    /// Whether the frames are [events](crate::events::Event::from_bytes).
    #[must_use]
    pub fn is_events(&self) -> bool {
        crate::events::is_of_events(&self.key, self.dtype, self.channels)
    }

    /// Bytes of a frame.
    #[must_use]
    pub const fn frame_bytes(&self) -> usize {
        self.channels * self.dtype.size()
    }

    /// An attribute that is a number.
    #[must_use]
    pub fn number(&self, attr: &str) -> Option<f64> {
        self.attrs.get(attr).and_then(Value::as_f64)
    }
}

/// Reads a blob and hands out what it says.
fn with_metadata<T>(blob: &[u8], f: impl FnOnce(&StaticMetadata<'_, '_>) -> T) -> Result<T, String> {
    let needed = nodes_needed(blob).map_err(|e| e.to_string())?;
    let mut arena = vec![Node::EMPTY; needed];
    decode(blob, &mut arena).map(|m| f(&m)).map_err(|e| e.to_string())
}

/// Channel labels of pickled static metadata; none when there are none or the blob cannot be read.
#[must_use]
pub fn labels(blob: &[u8]) -> Vec<String> {
    with_metadata(blob, |m| m.labels().map(|l| l.map(|t| t.to_string()).collect()).unwrap_or_default())
        .unwrap_or_default()
}

fn attrs(blob: &[u8]) -> Map<String, Value> {
    with_metadata(blob, attrs_json).unwrap_or_default()
}

fn attrs_json(m: &StaticMetadata<'_, '_>) -> Map<String, Value> {
    m.attrs().map(|(key, value)| (key.to_owned(), value_json(&value))).collect()
}

/// Pickled static metadata as JSON, or `{"error": ...}` when they cannot be read.
#[must_use]
pub fn metadata_json(blob: &[u8]) -> Value {
    let read = with_metadata(blob, |m| {
        let axes: Map<String, Value> = m
            .axes()
            .map(|axis| {
                let mut entry = json!({ "unit": axis.unit });
                match axis.kind {
                    AxisKind::Linear { gain, offset } => {
                        entry["kind"] = "linear".into();
                        entry["gain"] = gain.into();
                        if let Some(offset) = offset {
                            entry["offset"] = offset.into();
                        }
                    }
                    AxisKind::Coordinate { dims, data } => {
                        entry["kind"] = "coord".into();
                        entry["dims"] = dims.collect::<Vec<_>>().into();
                        if let Some(data) = data {
                            entry["data"] = ValueView::Array(data).to_string().into();
                        }
                    }
                }
                if let Some(labels) = m.labels_of(axis.name) {
                    entry["labels"] = labels.map(|t| t.to_string()).collect::<Vec<_>>().into();
                }
                (axis.name.to_owned(), entry)
            })
            .collect();
        json!({
            "dims": m.dims().collect::<Vec<_>>(),
            "axes": axes,
            "attrs": attrs_json(m),
            "key": m.key(),
            "buffered_axis": m.buffered_axis(),
            "stream_dim": m.stream_dim(),
        })
    });
    read.unwrap_or_else(|error| json!({ "error": error }))
}

/// Plain values as JSON has them; anything else as Python would print it.
fn value_json(value: &ValueView<'_, '_>) -> Value {
    match value {
        ValueView::None => Value::Null,
        ValueView::Bool(b) => (*b).into(),
        ValueView::Int(n) => (*n).into(),
        ValueView::Float(x) if x.is_finite() => (*x).into(),
        ValueView::Str(text) => (*text).into(),
        ValueView::List(items) | ValueView::Tuple(items) => (*items).map(|v| value_json(&v)).collect(),
        ValueView::Dict(entries) => Value::Object((*entries).map(|(k, v)| (k.to_owned(), value_json(&v))).collect()),
        other => other.to_string().into(),
    }
}
