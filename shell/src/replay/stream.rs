//! What the stream of a recording is: name, type, labels, attributes, ring.
//!
//! What the recorded stream said of itself is said again, byte for byte where the file has kept it. Touches no segment and reads no file.

use std::path::Path;

use axismirror_core::axis_array::{Array, Axis, AxisArray, Element, Samples, Value as Attr};
use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;
use axismirror_core::header::{Description, Key as StreamKey};
use axismirror_core::name::StreamName;
use axismirror_core::settings::{ASSUMED_RATE, Settings as RingSettings};
use axismirror_core::static_metadata::channels::{ChannelTable, LABEL_CODE_POINTS};
use axismirror_core::static_metadata::node::Node;
use axismirror_core::static_metadata::{CHANNEL_DIM, SliceSink, decode, encode, encoded_len, nodes_needed};
use serde_json::{Map, Value};

use super::{Options, ReplayError};
use crate::access::Access;
use crate::config::{MAX_NAME, Units, is_invisible, visible};
use crate::formats::own::{CODE, UNIT, VOLTS, VOLTS_PER_CODE};
use crate::publication::Described;
use crate::recording::{Block, Content, Converter, RATES, Scaling, unit};

/// Frames that the rate of an irregular recording is guessed from.
pub(super) const SAMPLE: usize = 256;
/// Labels that a message repeats.
const SHOWN_LABELS: usize = 16;
const AXIS: &str = "time";
/// Name of a stream whose file has none that could be one.
const DEFAULT_NAME: &str = "replay";

/// A stream that can be.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) ring: RingSettings,
    pub(super) described: Described,
    pub(super) access: Access,
    /// Of the published times.
    pub(super) clock: Clock,
    pub(super) samples: Converted,
    /// Frames of a chunk.
    pub(super) chunk: usize,
    /// Frames per second, or, when they are irregular, about so many.
    pub(super) pace: f64,
    name: String,
}

/// What becomes of the samples.
#[derive(Clone, Debug)]
pub(super) enum Converted {
    /// Nothing.
    AsRecorded,
    /// They are scaled to their unit.
    Scaled(Converter, DType),
}

impl Plan {
    /// Of a recording, of which `first` is the beginning.
    pub(super) fn new(path: &Path, content: &Content, options: &Options, first: &Block) -> Result<Self, ReplayError> {
        let settings = &options.settings;
        let name = if options.is_named { settings.name.clone() } else { name_of(content, path) };
        let rate = options.rate.or(content.rate);
        if let Some(rate) = rate.filter(|rate| !RATES.contains(rate)) {
            return Err(ReplayError::Rate { rate });
        }
        if rate.is_none() && !content.has_times {
            return Err(ReplayError::NoRate { channels: labels(content) });
        }
        let ring = RingSettings {
            shmem_name: Some(StreamName::new(&name)?),
            buf_dur: settings.buf_dur,
            axis: None,
            version: settings.struct_version,
        };
        let pace = rate.or_else(|| mean_rate(&first.times)).unwrap_or(ASSUMED_RATE);
        let n_frames = ring.ring_frames(pace)?;
        let samples = converted(content, options)?;
        let dtype = match samples {
            Converted::AsRecorded => content.dtype,
            Converted::Scaled(_, dtype) => dtype,
        };
        let key = settings.key.as_ref().or(content.key.as_ref()).unwrap_or(&name);
        let shape = content.frame_shape.iter().copied();
        let description = Description::new(dtype, rate.unwrap_or(0.0), n_frames, shape, StreamKey::cut(key))?;
        // What another unit or key is asked of is another stream than the recorded one.
        let is_same = matches!(samples, Converted::AsRecorded) && settings.key.is_none();
        let recorded = content.static_metadata.as_ref().filter(|blob| is_same && is_readable(blob));
        let (axis, static_metadata) = match recorded {
            Some(blob) => (buffered_axis(blob), blob.clone()),
            None => (AXIS.to_owned(), Saying::of(path, content, &samples, key).encode(rate)?),
        };
        let chunk = settings.chunk_frames(pace).min(n_frames);
        Ok(Self {
            ring,
            described: Described { description, axis, static_metadata },
            access: settings.access()?,
            clock: if options.original_times { content.clock } else { settings.clock },
            samples,
            chunk: usize::try_from(chunk).unwrap_or(1),
            pace,
            name,
        })
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// Frames per second; `None` when they are irregular.
    pub(super) fn rate(&self) -> Option<f64> {
        Some(self.described.description.srate()).filter(|rate| *rate > 0.0)
    }
}

/// The recorded stream's name, else that of the file without its ending.
fn name_of(content: &Content, path: &Path) -> String {
    let stem = path.file_stem().map(|stem| stem.to_string_lossy().into_owned());
    let is_name =
        |name: &&String| name.len() <= MAX_NAME && !name.chars().any(is_invisible) && StreamName::new(name).is_ok();
    content.name.as_ref().filter(is_name).or(stem.as_ref().filter(is_name)).cloned().unwrap_or(DEFAULT_NAME.to_owned())
}

/// The channels' labels, or numbers, in a sentence; of many, the first ones.
fn labels(content: &Content) -> String {
    let label = |(i, label): (usize, &str)| if label.is_empty() { format!("{}", i + 1) } else { visible(label).into() };
    let named = content.channels.iter().map(|c| c.label.as_str()).enumerate().map(label);
    let shown: Vec<String> = named.take(SHOWN_LABELS).collect();
    let more = content.channels.len().saturating_sub(SHOWN_LABELS);
    shown.join(", ") + &if more > 0 { format!(" and {more} more") } else { String::new() }
}

/// Frames per second over some times.
fn mean_rate(times: &[f64]) -> Option<f64> {
    let (first, last) = (times.first()?, times.last()?);
    Some((times.len() - 1) as f64 / (last - first)).filter(|r| r.is_finite() && *r > 0.0)
}

const fn is_float(dtype: DType) -> bool {
    matches!(dtype, DType::F16 | DType::F32 | DType::F64 | DType::C64 | DType::C128)
}

/// What is to become of the samples.
fn converted(content: &Content, options: &Options) -> Result<Converted, ReplayError> {
    let is_voltage = |unit: &str| unit::volts(unit).is_some();
    let asked = options.settings.dtype;
    let are_volts =
        is_float(content.dtype) && content.channels.iter().all(|c| c.unit == VOLTS && c.scaling == Scaling::default());
    let raw = match options.units {
        Some(Units::Codes) if is_float(content.dtype) => {
            return Err(ReplayError::NoCodes { dtype: content.dtype.code() });
        }
        Some(Units::Volts) if !content.channels.iter().any(|c| is_voltage(&c.unit)) => {
            return Err(ReplayError::NoVolts);
        }
        Some(Units::Codes) => true,
        Some(Units::Volts) => are_volts && asked.is_none_or(|dtype| dtype == content.dtype),
        None => content.is_raw && asked.is_none_or(|dtype| dtype == content.dtype),
    };
    if raw {
        return match asked {
            Some(given) if given.code() != content.dtype.code() => {
                Err(ReplayError::DType { given: given.code(), possible: content.dtype.code() })
            }
            _ => Ok(Converted::AsRecorded),
        };
    }
    let dtype = asked.unwrap_or(DType::F32);
    if !matches!(dtype, DType::F32 | DType::F64) {
        return Err(ReplayError::DType { given: dtype.code(), possible: "f4 or f8" });
    }
    let all: Vec<usize> = (0..content.channels.len()).collect();
    Ok(Converted::Scaled(Converter::scaled(content, &all), dtype))
}

/// What the stream says of itself, where the file has not kept how the recorded one said it.
struct Saying<'a> {
    dtype: DType,
    shape: &'a [usize],
    labels: Vec<String>,
    positions: Option<(Vec<f32>, Vec<f32>)>,
    attrs: Map<String, Value>,
    key: &'a str,
}

impl<'a> Saying<'a> {
    fn of(path: &Path, content: &'a Content, samples: &Converted, key: &'a str) -> Self {
        let dtype = if let Converted::Scaled(_, dtype) = samples { *dtype } else { content.dtype };
        let label = |(i, label): (usize, &String)| match label.as_str() {
            "" => format!("ch{}", i + 1),
            label => label.trim_end_matches('\0').chars().take(LABEL_CODE_POINTS).collect(),
        };
        let labels = content.channels.iter().map(|c| &c.label).enumerate().map(label).collect();
        let mut attrs = content.attrs.clone();
        let scaled = matches!(samples, Converted::Scaled(..));
        add_unit(&mut attrs, content, scaled);
        // A stream of ours says for itself what it is.
        if content.static_metadata.is_none()
            && content.attrs.get(UNIT).is_none()
            && let Some(file) = path.file_name()
        {
            attrs.insert("recording".to_owned(), file.to_string_lossy().into());
            attrs.insert("format".to_owned(), content.format.into());
        }
        let positions = content.channels.iter().map(|c| c.position.map(|[x, y]| (x, y))).collect();
        Self { dtype, shape: &content.frame_shape, labels, positions, attrs, key }
    }

    fn encode(&self, rate: Option<f64>) -> Result<Vec<u8>, ReplayError> {
        let wrong = |why: String| ReplayError::StaticMetadata(why);
        let labels: Vec<&str> = self.labels.iter().map(String::as_str).collect();
        let (x, y) = self.positions.as_ref().map_or((None, None), |(x, y)| (Some(x.as_slice()), Some(y.as_slice())));
        let table = ChannelTable { labels: &labels, x, y, ..ChannelTable::default() };
        let mut table_bytes = vec![0; table.size()];
        table.write(&mut table_bytes).map_err(|e| wrong(e.to_string()))?;
        let (fields, channels) = (table.fields(), [labels.len()]);
        let irregular = Array { element: Element::Plain(DType::F64), shape: &[0], bytes: &[] };
        let time = match rate {
            Some(rate) => Axis::Linear { unit: "s", gain: 1.0 / rate, offset: 0.0 },
            None => Axis::Coordinate { unit: "s", dims: &[AXIS], data: irregular },
        };
        let mut shape = vec![0];
        shape.extend_from_slice(self.shape);
        let names: Vec<String> = (1..shape.len()).map(|i| format!("dim{i}")).collect();
        let mut dims = vec![AXIS];
        let mut axes = vec![(AXIS, time)];
        if self.shape.len() == 1 {
            dims.push(CHANNEL_DIM);
            let data = fields.array(&channels, &table_bytes);
            axes.push((CHANNEL_DIM, Axis::Coordinate { unit: "", dims: &[CHANNEL_DIM], data }));
        } else {
            dims.extend(names.iter().map(String::as_str));
        }
        with_attrs(&self.attrs, |attrs| {
            let data = Samples { dtype: self.dtype, shape: &shape, bytes: &[] };
            let message = AxisArray { data, dims: &dims, axes: &axes, attrs, key: self.key, stream_dim: Some(AXIS) };
            let mut blob = vec![0; encoded_len(&message, AXIS).map_err(|e| wrong(e.to_string()))?];
            encode(&message, AXIS, &mut SliceSink::new(&mut blob)).map_err(|e| wrong(e.to_string()))?;
            Ok(blob)
        })
    }
}

/// What the numbers are: `V`, `code`, or the file's own unit; a unit for each channel where they differ; and how codes become units.
fn add_unit(attrs: &mut Map<String, Value>, content: &Content, scaled: bool) {
    let channels = &content.channels;
    let is_voltage = |unit: &str| unit::volts(unit).is_some();
    let has_scales = channels.iter().any(|c| c.scaling != Scaling::default());
    let units: Vec<&str> = channels
        .iter()
        .map(|c| match () {
            () if !scaled && has_scales => CODE,
            () if scaled && is_voltage(&c.unit) => VOLTS,
            () => c.unit.as_str(),
        })
        .collect();
    let common = units.first().copied().filter(|first| units.iter().all(|u| u == first));
    if scaled || !attrs.contains_key(UNIT) {
        attrs.insert(UNIT.to_owned(), common.unwrap_or_default().into());
        if common.is_none() {
            attrs.insert("units".to_owned(), units.into());
        }
    }
    if scaled || !has_scales || attrs.contains_key(VOLTS_PER_CODE) {
        return;
    }
    let first = channels.first().map(|c| (c.scaling, c.unit.as_str()));
    match first.filter(|first| channels.iter().all(|c| (c.scaling, c.unit.as_str()) == *first)) {
        Some((Scaling { scale, .. }, word)) if is_voltage(word) => {
            let volts = unit::volts(word).unwrap_or(1.0);
            attrs.insert(VOLTS_PER_CODE.to_owned(), (scale * volts).into());
        }
        _ => {
            let of =
                |f: fn(&Scaling) -> f64| -> Value { channels.iter().map(|c| f(&c.scaling)).collect::<Vec<_>>().into() };
            attrs.insert("scales".to_owned(), of(|s| s.scale));
            attrs.insert("zeros".to_owned(), of(|s| s.zero));
            let units: Vec<&str> = channels.iter().map(|c| c.unit.as_str()).collect();
            attrs.insert("scaled_units".to_owned(), units.into());
        }
    }
}

/// Lends attributes as a message has them. Lists and objects within others are given as JSON.
fn with_attrs<T>(attrs: &Map<String, Value>, f: impl FnOnce(&[(&str, Attr<'_>)]) -> T) -> T {
    let deep = |value: &Value| match value {
        Value::Array(_) | Value::Object(_) => value.to_string(),
        _ => String::new(),
    };
    let texts: Vec<Vec<String>> = attrs
        .values()
        .map(|value| match value {
            Value::Array(items) => items.iter().map(deep).collect(),
            Value::Object(entries) => entries.values().map(deep).collect(),
            _ => Vec::new(),
        })
        .collect();
    let lists: Vec<Vec<(&str, Attr<'_>)>> = attrs
        .values()
        .zip(&texts)
        .map(|(value, texts)| match value {
            Value::Array(items) => items.iter().zip(texts).map(|(item, text)| ("", plain(item, text))).collect(),
            Value::Object(entries) => {
                entries.iter().zip(texts).map(|((key, item), text)| (key.as_str(), plain(item, text))).collect()
            }
            _ => Vec::new(),
        })
        .collect();
    let items: Vec<Vec<Attr<'_>>> = lists.iter().map(|list| list.iter().map(|(_, item)| *item).collect()).collect();
    let entries: Vec<(&str, Attr<'_>)> = attrs
        .iter()
        .zip(&lists)
        .zip(&items)
        .map(|(((key, value), entries), items)| {
            let value = match value {
                Value::Array(_) => Attr::List(items),
                Value::Object(_) => Attr::Dict(entries),
                value => plain(value, ""),
            };
            (key.as_str(), value)
        })
        .collect();
    f(&entries)
}

/// A value that holds no other; `text` in the place of one that does.
fn plain<'a>(value: &'a Value, text: &'a str) -> Attr<'a> {
    match value {
        Value::Null => Attr::None,
        Value::Bool(b) => Attr::Bool(*b),
        Value::Number(n) => n.as_i64().map_or(Attr::Float(n.as_f64().unwrap_or(f64::NAN)), Attr::Int),
        Value::String(text) => Attr::Str(text),
        Value::Array(_) | Value::Object(_) => Attr::Str(text),
    }
}

/// Whether our decoder knows all that is in static metadata. Nothing else is handed to readers that unpickle it.
fn is_readable(blob: &[u8]) -> bool {
    let readable = nodes_needed(blob).is_ok_and(|n| decode(blob, &mut vec![Node::EMPTY; n]).is_ok());
    if !readable {
        tracing::warn!(
            "the recorded static metadata cannot be read; labels and attributes are taken from the description"
        );
    }
    readable
}

fn buffered_axis(blob: &[u8]) -> String {
    let Ok(needed) = nodes_needed(blob) else { return AXIS.to_owned() };
    let mut arena = vec![Node::EMPTY; needed];
    decode(blob, &mut arena).map_or(AXIS.to_owned(), |m| m.buffered_axis().to_owned())
}
