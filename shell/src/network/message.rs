//! What was announced of a stream as the message that describes it here: with the same dimensions, axes, attributes and key.
//!
//! The pickle that came is read by core's recogniser, and what it says is written anew by our own publisher: no byte of a stranger's pickle gets into
//! this machine's shared memory, where Python readers would unpickle it.

use axismirror_core::axis_array::{
    Array, Axis, AxisArray, Element, Field, MAX_RANK, Samples, ScalarElement, Value,
};
use axismirror_core::dtype::DType;
use axismirror_core::header::Description;
use axismirror_core::static_metadata::node::Node;
use axismirror_core::static_metadata::view::{ArrayView, AxisKind, AxisView, ElementView, Item, ValueView};
use axismirror_core::static_metadata::{StaticMetadata, decode, nodes_needed};
use bumpalo::Bump;

use super::info::Announced;

/// Rate that a ring of irregular frames is measured in (spec: wire; core's settings).
const ASSUMED_RATE: f64 = 100.0;
/// Nodes of static metadata that are taken: each costs some ten bytes of memory.
const MAX_NODES: usize = 1 << 20;

/// Lends the message without a frame that describes the stream, the buffered dimension first, and what was left out of it because no message can say it.
pub fn with_message<T>(announced: &Announced, f: impl FnOnce(&AxisArray<'_>, &[String]) -> T) -> T {
    let bump = Bump::new();
    let mut arena = Vec::new();
    let mut left_out = Vec::new();
    let read = announced.static_metadata.as_deref().map(|blob| {
        let needed = nodes_needed(blob).map_err(|e| e.to_string())?;
        if needed > MAX_NODES {
            return Err(format!("they have {needed} parts; {MAX_NODES} are taken"));
        }
        arena.resize(needed, Node::EMPTY);
        decode(blob, &mut arena).map_err(|e| e.to_string())
    });
    let metadata = match read {
        Some(Ok(metadata)) => Some(metadata),
        Some(Err(why)) => {
            left_out.push(format!("the static metadata ({why})"));
            None
        }
        None => None,
    };
    let shape = shape(&announced.description);
    let mut message = plain(announced, &shape, &bump);
    if let Some(metadata) = metadata.filter(|m| m.dims().count() == shape.len()) {
        fill(&mut message, &metadata, announced, &bump, &mut left_out);
    } else if metadata.is_some() {
        left_out.push("the static metadata (of another rank than the frames)".to_owned());
    }
    f(&message, &left_out)
}

/// Seconds of a ring that has so many frames, of such a message.
#[must_use]
pub fn buf_dur(message: &AxisArray<'_>, frames: u32) -> f64 {
    let rate = match message.dims.first().and_then(|dim| message.axis(dim)) {
        Some(Axis::Linear { gain, .. }) => 1.0 / gain,
        _ => ASSUMED_RATE,
    };
    // The publisher rounds up.
    (f64::from(frames) - 0.5) / rate
}

/// No frames, of the described shape.
fn shape(description: &Description) -> Vec<usize> {
    let frame = description.frame_shape().iter().map(|n| usize::try_from(*n).unwrap_or(usize::MAX));
    std::iter::once(0).chain(frame).collect()
}

/// Of a stream of which no static metadata are known.
fn plain<'a>(announced: &'a Announced, shape: &'a [usize], bump: &'a Bump) -> AxisArray<'a> {
    let names = (0..shape.len()).map(|i| match (i, shape.len()) {
        (0, _) => "time",
        (1, 2) => "ch",
        _ => &*bump.alloc_str(&format!("dim{i}")),
    });
    let dims = bump.alloc_slice_fill_iter(names.collect::<Vec<_>>());
    let axes = bump.alloc_slice_copy(&[("time", buffered("s", announced.description.srate(), None))]);
    AxisArray {
        data: Samples { dtype: announced.description.dtype(), shape, bytes: &[] },
        dims,
        axes,
        attrs: &[],
        key: &announced.info.key,
        stream_dim: Some("time"),
    }
}

/// The buffered axis: with the very rate that the sender's header says.
fn buffered<'a>(unit: &'a str, srate: f64, said: Option<f64>) -> Axis<'a> {
    if srate > 0.0 {
        let gain = said.filter(|gain| 1.0 / gain == srate).unwrap_or_else(|| gain_of(srate));
        return Axis::Linear { unit, gain, offset: 0.0 };
    }
    let data = Array { element: Element::Plain(DType::F64), shape: &[0], bytes: &[] };
    Axis::Coordinate { unit, dims: &["time"], data }
}

/// The gain whose reciprocal is the rate, if there is one: 1 / (1 / rate) alone may be one bit off.
fn gain_of(srate: f64) -> f64 {
    let near = 1.0 / srate;
    let candidates = [near, near.next_up(), near.next_down()];
    candidates.into_iter().find(|gain| 1.0 / gain == srate).unwrap_or(near)
}

/// What the static metadata say in place of what is assumed.
fn fill<'a>(
    message: &mut AxisArray<'a>,
    metadata: &StaticMetadata<'a, 'a>,
    announced: &Announced,
    bump: &'a Bump,
    left_out: &mut Vec<String>,
) {
    let dims: Vec<&str> = metadata.dims().collect();
    let srate = announced.description.srate();
    let mut axes = Vec::new();
    for view in metadata.axes() {
        let is_buffered = view.name == metadata.buffered_axis();
        match axis(&view, bump, is_buffered.then_some(srate)) {
            Some(axis) => axes.push((view.name, axis)),
            None => left_out.push(format!("the axis {:?}", view.name)),
        }
    }
    if !dims.first().is_some_and(|first| axes.iter().any(|(name, _)| name == first)) {
        left_out.push("the static metadata (without the axis of the ring)".to_owned());
        return;
    }
    let mut attrs = Vec::new();
    for (name, view) in metadata.attrs() {
        match value(&view, bump) {
            Some(value) => attrs.push((name, value)),
            None => left_out.push(format!("the attribute {name:?}")),
        }
    }
    message.dims = bump.alloc_slice_copy(&dims);
    message.axes = bump.alloc_slice_copy(&axes);
    message.attrs = bump.alloc_slice_copy(&attrs);
    message.key = metadata.key();
    message.stream_dim = metadata.stream_dim();
}

fn axis<'a>(view: &AxisView<'a, 'a>, bump: &'a Bump, srate: Option<f64>) -> Option<Axis<'a>> {
    Some(match (view.kind, srate) {
        (AxisKind::Linear { gain, .. }, Some(srate)) => buffered(view.unit, srate, Some(gain)),
        (AxisKind::Coordinate { dims, .. }, Some(srate)) => match buffered(view.unit, srate, None) {
            Axis::Coordinate { unit, data, .. } => {
                Axis::Coordinate { unit, dims: bump.alloc_slice_fill_iter(dims), data }
            }
            regular => regular,
        },
        (AxisKind::Linear { gain, offset }, None) => {
            Axis::Linear { unit: view.unit, gain, offset: offset.unwrap_or(0.0) }
        }
        (AxisKind::Coordinate { dims, data }, None) => {
            Axis::Coordinate { unit: view.unit, dims: bump.alloc_slice_fill_iter(dims), data: array(&data?, bump)? }
        }
    })
}

/// An array as a message has it: in C order, without gaps between fields; `None` of what numpy has and a message has not.
fn array<'a>(view: &ArrayView<'a, 'a>, bump: &'a Bump) -> Option<Array<'a>> {
    let shape: Vec<usize> = view.shape().collect();
    if shape.len() > MAX_RANK {
        return None;
    }
    let mut dense = view.is_c_order();
    let element = match view.element() {
        ElementView::Structured { size, .. } => {
            let mut fields = Vec::new();
            for field in view.fields() {
                fields.push((field.offset, Field { name: field.name, element: scalar(&field.element)? }));
            }
            let mut end = 0;
            for (offset, field) in &fields {
                dense &= *offset == end;
                end += field.element.size();
            }
            dense &= end == usize::try_from(size).ok()?;
            let bytes = if dense { view.bytes() } else { gathered(view, Some(&fields), bump)? };
            let fields = bump.alloc_slice_fill_iter(fields.into_iter().map(|(_, field)| field).collect::<Vec<_>>());
            return Some(Array { element: Element::Structured(fields), shape: bump.alloc_slice_copy(&shape), bytes });
        }
        plain => match scalar(&plain)? {
            ScalarElement::Plain(dtype) => Element::Plain(dtype),
            ScalarElement::Unicode(n) => Element::Unicode(n),
            ScalarElement::Bytes(n) => Element::Bytes(n),
        },
    };
    let bytes = if dense { view.bytes() } else { gathered(view, None, bump)? };
    Some(Array { element, shape: bump.alloc_slice_copy(&shape), bytes })
}

fn scalar(element: &ElementView<'_, '_>) -> Option<ScalarElement> {
    match element {
        ElementView::Plain(dtype) => Some(ScalarElement::Plain(*dtype)),
        ElementView::Unicode(n) => Some(ScalarElement::Unicode(*n)),
        ElementView::Bytes(n) => Some(ScalarElement::Bytes(*n)),
        ElementView::Opaque { .. } | ElementView::Structured { .. } => None,
    }
}

/// The elements one behind the other, of structured ones the fields alone.
fn gathered<'a>(view: &ArrayView<'a, 'a>, fields: Option<&[(usize, Field<'a>)]>, bump: &'a Bump) -> Option<&'a [u8]> {
    let mut bytes = Vec::with_capacity(view.bytes().len());
    for i in 0..view.len() {
        let element = view.element_bytes(i)?;
        match fields {
            None => bytes.extend_from_slice(element),
            Some(fields) => {
                for (offset, field) in fields {
                    bytes.extend_from_slice(element.get(*offset..offset.checked_add(field.element.size())?)?);
                }
            }
        }
    }
    Some(bump.alloc_slice_copy(&bytes))
}

/// A numpy scalar as the Python value that is equal to it.
fn scalar_value<'a>(view: &ArrayView<'a, 'a>, bump: &'a Bump) -> Option<Value<'a>> {
    Some(match view.get(0)? {
        Item::Bool(b) => Value::Bool(b),
        Item::Int(n) => Value::Int(n),
        Item::UInt(n) => Value::Int(i64::try_from(n).ok()?),
        Item::F32(x) => Value::Float(x.into()),
        Item::F64(x) => Value::Float(x),
        Item::Complex(re, im) => Value::Complex(re, im),
        Item::Text(text) if text.is_bytes() => Value::Bytes(view.bytes()),
        Item::Text(text) => Value::Str(bump.alloc_str(&text.to_string())),
        Item::Opaque(_) => return None,
    })
}

/// A value as a message has it; `None` of what Python has and a message has not (numbers beyond 64 bits, dates).
fn value<'a>(view: &ValueView<'a, 'a>, bump: &'a Bump) -> Option<Value<'a>> {
    let all = |items: &mut dyn Iterator<Item = ValueView<'a, 'a>>| -> Option<&'a [Value<'a>]> {
        let values: Option<Vec<_>> = items.map(|item| value(&item, bump)).collect();
        Some(&*bump.alloc_slice_copy(&values?))
    };
    Some(match view {
        ValueView::None => Value::None,
        ValueView::Bool(b) => Value::Bool(*b),
        ValueView::Int(n) => Value::Int(*n),
        ValueView::Float(x) => Value::Float(*x),
        ValueView::Complex(re, im) => Value::Complex(*re, *im),
        ValueView::Str(text) => Value::Str(text),
        ValueView::Bytes(bytes) => Value::Bytes(bytes),
        ValueView::Array(a) => Value::Array(array(a, bump)?),
        ValueView::Scalar(a) => scalar_value(a, bump)?,
        ValueView::List(items) => Value::List(all(&mut items.clone())?),
        ValueView::Tuple(items) => Value::Tuple(all(&mut items.clone())?),
        ValueView::Dict(entries) => {
            let entries: Option<Vec<_>> = entries.map(|(key, item)| Some((key, value(&item, bump)?))).collect();
            Value::Dict(bump.alloc_slice_copy(&entries?))
        }
        ValueView::BigInt(_) => return None,
    })
}

#[cfg(test)]
mod tests {
    use axismirror_core::header::StructVersion;
    use axismirror_core::settings::Settings;
    use serde_json::Value;
    use axismirror_core::static_metadata::{SliceSink, encode, encoded_len};

    use super::super::info::tests::stream;
    use super::super::info::{Info, Run};
    use super::super::key::Address;
    use super::{Announced, buf_dur, with_message};
    use crate::mirror::{StreamInfo, metadata_json};

    /// What the published writer, and a richer one with either numpy, left in shared memory.
    const RECORDED: [(&str, &[u8]); 6] = [
        ("labelled", include_bytes!("../../../core/src/static_metadata/testdata/golden-v2-labelled.pickle")),
        ("channel_major", include_bytes!("../../../core/src/static_metadata/testdata/golden-v2-channel_major.pickle")),
        ("irregular_time", include_bytes!("../../../core/src/static_metadata/testdata/golden-v2-irregular_time.pickle")),
        ("three_dims", include_bytes!("../../../core/src/static_metadata/testdata/golden-v2-three_dims.pickle")),
        ("rich-numpy126", include_bytes!("../../../core/src/static_metadata/testdata/rich-numpy126.pickle")),
        ("rich-numpy2", include_bytes!("../../../core/src/static_metadata/testdata/rich-numpy2.pickle")),
    ];

    fn announced(stream: &StreamInfo) -> Announced {
        let address = Address::new("pi", "lab").unwrap();
        let info = Info::of(stream, &address, "h", Run { relay: 1, instance: 1 }, 0);
        Announced::parse(&info.emit(), stream.static_metadata.as_deref(), &address).unwrap()
    }

    /// What is written here says what was said there, but for what is said to be left out.
    #[test]
    fn static_metadata_come_out_as_they_went_in() {
        for (name, blob) in RECORDED {
            let said = metadata_json(blob);
            let rank = said["dims"].as_array().unwrap().len();
            let buffered = said["buffered_axis"].as_str().unwrap().to_owned();
            let gain = said["axes"][&buffered]["gain"].as_f64();
            let stream = StreamInfo {
                rate: gain.map(|gain| 1.0 / gain),
                frame_shape: vec![2; rank - 1],
                key: said["key"].as_str().unwrap().to_owned(),
                static_metadata: Some(blob.to_vec()),
                ..stream()
            };
            let announced = announced(&stream);
            let (again, left_out) = with_message(&announced, |message, left_out| {
                let mut bytes = vec![0; encoded_len(message, &buffered).unwrap()];
                encode(message, &buffered, &mut SliceSink::new(&mut bytes)).unwrap();
                let settings = Settings {
                    shmem_name: None,
                    buf_dur: buf_dur(message, announced.description.n_frames()),
                    axis: heapless::String::try_from(&*buffered).ok(),
                    version: StructVersion::V2,
                };
                assert_eq!(settings.plan(message).unwrap().unwrap().description, announced.description, "{name}");
                (metadata_json(&bytes), left_out.join(", "))
            });
            let mut expected = said.clone();
            for attr in left_out.split(", ").filter_map(|l| l.strip_prefix("the attribute ")) {
                expected["attrs"].as_object_mut().unwrap().remove(attr.trim_matches('"')).unwrap();
            }
            assert_eq!(left_out.is_empty(), !name.starts_with("rich"), "{name}: {left_out}");
            // A numpy scalar becomes the Python value that is equal to it, and so another kind of JSON.
            let mut again = again;
            let plain = |v: &Value| v.as_str().map_or_else(|| v.to_string(), str::to_owned).to_lowercase().replace('\'', "");
            for (key, value) in expected["attrs"].as_object_mut().unwrap().iter_mut().filter(|(k, _)| k.starts_with("np_")) {
                let found = again["attrs"].as_object_mut().unwrap().remove(key).unwrap();
                assert_eq!(plain(&found), plain(value), "{name}: {key}");
                *value = Value::Null;
            }
            expected["attrs"].as_object_mut().unwrap().retain(|key, _| !key.starts_with("np_"));
            assert_eq!(again, expected, "{name}");
        }
    }

    #[test]
    fn without_static_metadata_the_header_is_the_same() {
        // 49: 1 / (1 / 49) is not 49 in IEEE 754 arithmetic.
        for (rate, version) in [(Some(1.0 / (1.0 / 49.0)), StructVersion::V0), (Some(250.0), StructVersion::V1), (None, StructVersion::V2)] {
            for frame_shape in [vec![], vec![3], vec![2, 4]] {
                let stream = StreamInfo { rate, frame_shape, struct_version: version, static_metadata: None, ..stream() };
                let announced = announced(&stream);
                with_message(&announced, |message, left_out| {
                    assert!(left_out.is_empty());
                    let buf_dur = buf_dur(message, announced.description.n_frames());
                    let settings = Settings { shmem_name: None, buf_dur, axis: None, version };
                    assert_eq!(settings.plan(message).unwrap().unwrap().description, announced.description);
                });
            }
        }
    }

    #[test]
    fn a_strangers_static_metadata_are_left_out_when_they_make_no_sense() {
        let evil = b"\x80\x04cposix\nsystem\n\x8c\x02id\x85R.";
        for blob in [&evil[..], b"", RECORDED[3].1] {
            let stream = StreamInfo { static_metadata: Some(blob.to_vec()), ..stream() };
            let (dims, left_out) = with_message(&announced(&stream), |m, left_out| (m.dims.len(), left_out.len()));
            assert_eq!((dims, left_out), (2, 1));
        }
    }
}
