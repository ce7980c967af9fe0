//! Static metadata that came over the network, written anew: with the same dimensions, axes, attributes and key.
//!
//! The pickle that came is read by core's recogniser, and what it says is encoded by ours: no byte of a stranger's pickle gets into this machine's
//! shared memory, where Python readers would unpickle it. What a message cannot say is left out, and that is told.

use std::convert::Infallible;

use axismirror_core::axis_array::{Array, Axis, AxisArray, Element, Field, MAX_RANK, Samples, ScalarElement, Value};
use axismirror_core::dtype::DType;
use axismirror_core::settings::MAX_AXIS;
use axismirror_core::static_metadata::node::Node;
use axismirror_core::static_metadata::view::{ArrayView, AxisKind, AxisView, ElementView, Item, ValueView};
use axismirror_core::static_metadata::{
    DecodeError, EncodeError, SliceFull, SliceSink, StaticMetadata, decode, encode, encoded_len, nodes_needed,
};
use bumpalo::Bump;

/// Nodes of static metadata that are taken: each costs some ten bytes of memory.
const MAX_NODES: usize = 1 << 20;
/// The buffered axis of a stream that does not say which it is.
const USUAL_AXIS: &str = "time";

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rewritten {
    /// Name of the buffered axis.
    pub axis: String,
    /// Static metadata as our own publisher writes them; none when there were none, or none that can be used.
    pub bytes: Vec<u8>,
    /// What could not be taken over.
    pub left_out: Vec<String>,
}

/// Why of static metadata nothing can be taken over.
#[derive(Debug, thiserror::Error)]
enum Unusable {
    /// No static metadata.
    #[error(transparent)]
    Unread(#[from] DecodeError),
    /// Of more parts than anything that would be sent.
    #[error("{needed} parts, where {MAX_NODES} are taken")]
    TooMany {
        /// How many.
        needed: usize,
    },
    /// The dimensions are not those of the frames.
    #[error("of frames of another shape")]
    Shape,
    /// What they say has no length.
    #[error(transparent)]
    Unmeasured(#[from] EncodeError<Infallible>),
    /// They cannot be written.
    #[error(transparent)]
    Unwritten(#[from] EncodeError<SliceFull>),
}

/// Writes static metadata anew, of a stream whose frames have so many dimensions besides the buffered one.
#[must_use]
pub fn rewrite(blob: Option<&[u8]>, frame_rank: usize) -> Rewritten {
    let nothing = |why: Option<Unusable>| Rewritten {
        axis: USUAL_AXIS.to_owned(),
        bytes: Vec::new(),
        left_out: why.map(|why| format!("the static metadata ({why})")).into_iter().collect(),
    };
    match blob {
        None => nothing(None),
        Some(blob) => read(blob, frame_rank).unwrap_or_else(|why| nothing(Some(why))),
    }
}

fn read(blob: &[u8], frame_rank: usize) -> Result<Rewritten, Unusable> {
    let needed = nodes_needed(blob)?;
    if needed > MAX_NODES {
        return Err(Unusable::TooMany { needed });
    }
    let mut arena = vec![Node::EMPTY; needed];
    let metadata = decode(blob, &mut arena)?;
    let dims: Vec<&str> = metadata.dims().collect();
    let axis = metadata.buffered_axis();
    if dims.len() != frame_rank + 1 || dims.first() != Some(&axis) || axis.len() > MAX_AXIS {
        return Err(Unusable::Shape);
    }
    let bump = Bump::new();
    let mut left_out = Vec::new();
    let message = message(&metadata, &dims, &bump, &mut left_out);
    let len = encoded_len(&message, axis)?;
    let mut bytes = vec![0; len];
    encode(&message, axis, &mut SliceSink::new(&mut bytes))?;
    Ok(Rewritten { axis: axis.to_owned(), bytes, left_out })
}

/// The message without a frame that says the same.
fn message<'a>(
    metadata: &StaticMetadata<'a, 'a>,
    dims: &[&'a str],
    bump: &'a Bump,
    left_out: &mut Vec<String>,
) -> AxisArray<'a> {
    let mut axes = Vec::new();
    for view in metadata.axes() {
        match axis(&view, bump, view.name == metadata.buffered_axis()) {
            Some(axis) => axes.push((view.name, axis)),
            None => left_out.push(format!("the axis {:?}", view.name)),
        }
    }
    let mut attrs = Vec::new();
    for (name, view) in metadata.attrs() {
        match value(&view, bump) {
            Some(value) => attrs.push((name, value)),
            None => left_out.push(format!("the attribute {name:?}")),
        }
    }
    AxisArray {
        data: Samples { dtype: DType::U8, shape: bump.alloc_slice_fill_copy(dims.len(), 0), bytes: &[] },
        dims: bump.alloc_slice_copy(dims),
        axes: bump.alloc_slice_copy(&axes),
        attrs: bump.alloc_slice_copy(&attrs),
        key: metadata.key(),
        stream_dim: metadata.stream_dim(),
    }
}

/// An axis as a message has it; of the buffered one neither offset nor values are in static metadata.
fn axis<'a>(view: &AxisView<'a, 'a>, bump: &'a Bump, is_buffered: bool) -> Option<Axis<'a>> {
    let none = Array { element: Element::Plain(DType::F64), shape: &[0], bytes: &[] };
    Some(match view.kind {
        AxisKind::Linear { gain, offset } => Axis::Linear { unit: view.unit, gain, offset: offset.unwrap_or(0.0) },
        AxisKind::Coordinate { dims, data } => Axis::Coordinate {
            unit: view.unit,
            dims: bump.alloc_slice_fill_iter(dims),
            data: match data {
                Some(data) => array(&data, bump)?,
                None if is_buffered => none,
                None => return None,
            },
        },
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
    use serde_json::Value;

    use super::{Rewritten, rewrite};
    use crate::mirror::metadata_json;

    /// What the published writer, and a richer one with either numpy, left in shared memory.
    const RECORDED: [(&str, &[u8]); 6] = [
        ("labelled", include_bytes!("../../../core/src/static_metadata/testdata/golden-v2-labelled.pickle")),
        ("channel_major", include_bytes!("../../../core/src/static_metadata/testdata/golden-v2-channel_major.pickle")),
        (
            "irregular_time",
            include_bytes!("../../../core/src/static_metadata/testdata/golden-v2-irregular_time.pickle"),
        ),
        ("three_dims", include_bytes!("../../../core/src/static_metadata/testdata/golden-v2-three_dims.pickle")),
        ("rich-numpy126", include_bytes!("../../../core/src/static_metadata/testdata/rich-numpy126.pickle")),
        ("rich-numpy2", include_bytes!("../../../core/src/static_metadata/testdata/rich-numpy2.pickle")),
    ];

    /// What is written here says what was said there, but for what is said to be left out.
    #[test]
    fn static_metadata_come_out_as_they_went_in() {
        for (name, blob) in RECORDED {
            let mut expected = metadata_json(blob);
            let rank = expected["dims"].as_array().unwrap().len();
            let Rewritten { axis, bytes, left_out } = rewrite(Some(blob), rank - 1);
            assert_eq!(expected["buffered_axis"], axis.as_str());
            for attr in left_out.iter().filter_map(|l| l.strip_prefix("the attribute ")) {
                expected["attrs"].as_object_mut().unwrap().remove(attr.trim_matches('"')).unwrap();
            }
            assert_eq!(left_out.is_empty(), !name.starts_with("rich"), "{name}: {left_out:?}");
            assert!(left_out.len() < 15, "{name}: {left_out:?}");
            // A numpy scalar becomes the Python value that is equal to it, and so another kind of JSON.
            let mut again = metadata_json(&bytes);
            let plain = |v: &Value| {
                v.as_str()
                    .map_or_else(|| v.to_string(), str::to_owned)
                    .to_lowercase()
                    .replace("b'", "'")
                    .replace('\'', "")
            };
            let attrs = expected["attrs"].as_object_mut().unwrap();
            for (key, value) in attrs.iter().filter(|(key, _)| key.starts_with("np_")) {
                let found = again["attrs"].as_object_mut().unwrap().remove(key).unwrap();
                assert_eq!(plain(&found), plain(value), "{name}: {key}");
            }
            attrs.retain(|key, _| !key.starts_with("np_"));
            assert_eq!(again, expected, "{name}");
            // What was written once stays as it is: the same description from then on, over any number of boxes.
            assert_eq!(rewrite(Some(&bytes), rank - 1), Rewritten { axis, bytes, left_out: vec![] });
        }
    }

    #[test]
    fn a_strangers_static_metadata_are_left_out_when_they_make_no_sense() {
        let evil = b"\x80\x04cposix\nsystem\n\x8c\x02id\x85R.";
        for blob in [&evil[..], b"", RECORDED[3].1] {
            let Rewritten { axis, bytes, left_out } = rewrite(Some(blob), 1);
            assert_eq!((axis.as_str(), bytes.len(), left_out.len()), ("time", 0, 1));
        }
        assert_eq!(rewrite(None, 1).left_out.len(), 0);
    }
}
