//! Messages of a recording: how the script describes them, and the samples, axes and attributes that the recorder built.
//!
//! Does what numpy and the recorder do, nothing more. Must never know what a writer does with a message.

use std::cell::OnceCell;

use axismirror_core::axis_array::{Array, Axis, AxisArray, Element, Field, Samples, ScalarElement, Value};
use axismirror_core::dtype::DType;
use serde::Deserialize;

use super::numpy::{self, Number};
use super::{GoldenError, Json, Ordered};

/// A message as the script describes it: its data is `start, start + 1, ...` in C order, cast to the element type.
#[derive(Clone, Debug, Deserialize)]
pub struct MessageScript {
    /// numpy's name of the element type.
    pub dtype: String,
    /// Length of each dimension.
    pub shape: Vec<usize>,
    /// The first element, an integer or a float.
    pub start: Json,
    /// Dimension names.
    pub dims: Vec<String>,
    /// Axes by dimension.
    #[serde(default)]
    pub axes: Ordered<AxisScript>,
    /// Where the message comes from.
    #[serde(default)]
    pub key: String,
    /// Free attributes.
    #[serde(default)]
    pub attrs: Ordered<Json>,
    /// The dimension along which messages accumulate.
    #[serde(default)]
    pub stream_dim: Option<String>,
}

/// An axis as the script describes it.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase")]
pub enum AxisScript {
    /// `offset + i * gain`
    Linear {
        /// Unit of the positions.
        unit: String,
        /// Distance of two positions.
        gain: f64,
        /// Position of element 0.
        offset: f64,
    },
    /// A value for each position.
    Coord {
        /// Unit of the values.
        unit: String,
        /// Dimensions of the values.
        dims: Vec<String>,
        /// Numbers, strings, or rows of a structured type.
        data: Json,
        /// Name and type of each field of a structured type.
        #[serde(default)]
        fields: Option<Vec<(String, String)>>,
    },
}

/// A message with its samples.
#[derive(Clone, Debug)]
pub struct OwnedMessage {
    /// Element type.
    pub dtype: DType,
    /// Length of each dimension.
    pub shape: Vec<usize>,
    /// The samples, little-endian, in C order.
    pub bytes: Vec<u8>,
    /// Dimension names.
    pub dims: Vec<String>,
    /// Axes by dimension.
    pub axes: Vec<(String, OwnedAxis)>,
    /// Free attributes.
    pub attrs: Vec<(String, Json)>,
    /// Where the message comes from.
    pub key: String,
    /// The dimension along which messages accumulate.
    pub stream_dim: Option<String>,
}

/// An axis with its values.
#[derive(Clone, Debug)]
pub enum OwnedAxis {
    /// `offset + i * gain`
    Linear {
        /// Unit of the positions.
        unit: String,
        /// Distance of two positions.
        gain: f64,
        /// Position of element 0.
        offset: f64,
    },
    /// A value for each position.
    Coordinate {
        /// Unit of the values.
        unit: String,
        /// Dimensions of the values.
        dims: Vec<String>,
        /// The values.
        data: OwnedArray,
    },
}

/// An array as `numpy.array` makes it of the script's lists.
#[derive(Clone, Debug, PartialEq)]
pub struct OwnedArray {
    /// Fields by name. A single nameless one: the array is not structured.
    pub fields: Vec<(String, ScalarElement)>,
    /// Length of each dimension.
    pub shape: Vec<usize>,
    /// The elements, little-endian, in C order.
    pub bytes: Vec<u8>,
}

impl MessageScript {
    /// Builds the message as the recorder did.
    ///
    /// # Errors
    /// An element type or axis values that the ring does not carry.
    pub fn build(&self) -> Result<OwnedMessage, GoldenError> {
        let dtype = numpy::dtype(&self.dtype).ok_or_else(|| GoldenError::ElementType { name: self.dtype.clone() })?;
        let count: usize = self.shape.iter().product();
        let mut bytes = Vec::with_capacity(count * dtype.size());
        for i in 0..count {
            let n = match number(&self.start) {
                Some(Number::Int(start)) => Number::Int(start + i as i128),
                Some(Number::Float(start)) => Number::Float(start + i as f64),
                None => return Err(GoldenError::ElementType { name: format!("start {:?}", self.start) }),
            };
            // The recorder makes booleans of even numbers, not of non-zero ones.
            let n = match (dtype, n) {
                (DType::Bool, Number::Int(i)) => Number::Int(i128::from(i.rem_euclid(2) == 0)),
                (DType::Bool, Number::Float(f)) => Number::Int(i128::from(f.rem_euclid(2.0) == 0.0)),
                _ => n,
            };
            numpy::push(&mut bytes, dtype, n);
        }
        let axes = self.axes.0.iter().map(|(name, a)| Ok((name.clone(), a.build(name)?))).collect::<Result<_, _>>()?;
        Ok(OwnedMessage {
            dtype,
            shape: self.shape.clone(),
            bytes,
            dims: self.dims.clone(),
            axes,
            attrs: self.attrs.0.clone(),
            key: self.key.clone(),
            stream_dim: self.stream_dim.clone(),
        })
    }
}

impl AxisScript {
    fn build(&self, name: &str) -> Result<OwnedAxis, GoldenError> {
        Ok(match self {
            Self::Linear { unit, gain, offset } => {
                OwnedAxis::Linear { unit: unit.clone(), gain: *gain, offset: *offset }
            }
            Self::Coord { unit, dims, data, fields } => OwnedAxis::Coordinate {
                unit: unit.clone(),
                dims: dims.clone(),
                data: match fields {
                    None => plain_array(data),
                    Some(fields) => structured_array(data, fields),
                }
                .map_err(|reason| GoldenError::AxisData { axis: name.to_owned(), reason })?,
            },
        })
    }
}

fn number(json: &Json) -> Option<Number> {
    match *json {
        Json::Bool(b) => Some(Number::Int(i128::from(b))),
        Json::Int(i) => Some(Number::Int(i128::from(i))),
        Json::UInt(u) => Some(Number::Int(i128::from(u))),
        Json::Float(f) => Some(Number::Float(f)),
        _ => None,
    }
}

/// `numpy.array(lists)`: the element type is the widest that occurs.
fn plain_array(data: &Json) -> Result<OwnedArray, String> {
    let (mut shape, mut leaves) = (Vec::new(), Vec::new());
    flatten(data, 0, &mut shape, &mut leaves)?;
    let element = if leaves.iter().any(|l| matches!(l, Json::Str(_))) {
        // numpy has no strings of length zero.
        let longest = leaves.iter().map(|l| if let Json::Str(s) = l { s.chars().count() } else { 0 }).max();
        ScalarElement::Unicode(longest.unwrap_or(0).max(1) as u32)
    } else if leaves.is_empty() || leaves.iter().any(|l| matches!(l, Json::Float(_))) {
        ScalarElement::Plain(DType::F64)
    } else if leaves.iter().all(|l| matches!(l, Json::Bool(_))) {
        ScalarElement::Plain(DType::Bool)
    } else if leaves.iter().any(|l| matches!(l, Json::UInt(_))) {
        ScalarElement::Plain(DType::U64)
    } else {
        ScalarElement::Plain(DType::I64)
    };
    let mut bytes = Vec::new();
    for leaf in leaves {
        push_element(&mut bytes, element, leaf)?;
    }
    Ok(OwnedArray { fields: vec![(String::new(), element)], shape, bytes })
}

/// `numpy.array([tuple(row), ...], dtype=fields)`
fn structured_array(data: &Json, fields: &[(String, String)]) -> Result<OwnedArray, String> {
    let Json::List(rows) = data else { return Err("the rows of a structured array are no list".to_owned()) };
    let fields = fields
        .iter()
        .map(|(name, code)| Ok((name.clone(), scalar(code).ok_or_else(|| format!("field {name}: type {code:?}"))?)))
        .collect::<Result<Vec<_>, String>>()?;
    let mut bytes = Vec::new();
    for row in rows {
        let Json::List(cells) = row else { return Err("a row is no list".to_owned()) };
        if cells.len() != fields.len() {
            return Err(format!("{} cells for {} fields", cells.len(), fields.len()));
        }
        for (cell, (_, element)) in cells.iter().zip(&fields) {
            push_element(&mut bytes, *element, cell)?;
        }
    }
    Ok(OwnedArray { fields, shape: vec![rows.len()], bytes })
}

fn scalar(code: &str) -> Option<ScalarElement> {
    let bare = code.trim_start_matches(['<', '|', '=']);
    if let Some(n) = bare.strip_prefix('U') {
        return n.parse().ok().map(ScalarElement::Unicode);
    }
    if let Some(n) = bare.strip_prefix('S') {
        return n.parse().ok().map(ScalarElement::Bytes);
    }
    numpy::dtype(code).map(ScalarElement::Plain)
}

fn push_element(bytes: &mut Vec<u8>, element: ScalarElement, value: &Json) -> Result<(), String> {
    let end = bytes.len() + element.size();
    match (element, value) {
        (ScalarElement::Plain(d), v) => numpy::push(bytes, d, number(v).ok_or_else(|| format!("{v:?} is no number"))?),
        (ScalarElement::Unicode(n), Json::Str(s)) => {
            s.chars().take(n as usize).for_each(|c| bytes.extend(u32::from(c).to_le_bytes()));
        }
        (ScalarElement::Bytes(n), Json::Str(s)) if s.is_ascii() => bytes.extend(s.bytes().take(n as usize)),
        (_, v) => return Err(format!("{v:?} where a string is expected")),
    }
    bytes.resize(end, 0);
    Ok(())
}

fn flatten<'a>(json: &'a Json, depth: usize, shape: &mut Vec<usize>, leaves: &mut Vec<&'a Json>) -> Result<(), String> {
    let Json::List(items) = json else {
        leaves.push(json);
        return if depth == shape.len() { Ok(()) } else { Err("ragged lists".to_owned()) };
    };
    match shape.get(depth) {
        None if leaves.is_empty() => shape.push(items.len()),
        Some(n) if *n == items.len() => {}
        _ => return Err("ragged lists".to_owned()),
    }
    items.iter().try_for_each(|item| flatten(item, depth + 1, shape, leaves))
}

impl OwnedArray {
    /// Whether the elements have named fields.
    #[must_use]
    pub fn is_structured(&self) -> bool {
        !matches!(&*self.fields, [(name, _)] if name.is_empty())
    }

    fn borrow<'a>(&'a self, fields: &'a [Field<'a>]) -> Array<'a> {
        let element = match self.fields.first() {
            Some((_, first)) if !self.is_structured() => match *first {
                ScalarElement::Plain(d) => Element::Plain(d),
                ScalarElement::Unicode(n) => Element::Unicode(n),
                ScalarElement::Bytes(n) => Element::Bytes(n),
            },
            _ => Element::Structured(fields),
        };
        Array { element, shape: &self.shape, bytes: &self.bytes }
    }
}

/// What a borrowed axis refers to besides the owned one.
struct AxisRefs<'a> {
    dims: Vec<&'a str>,
    fields: Vec<Field<'a>>,
}

impl OwnedAxis {
    fn refs(&self) -> AxisRefs<'_> {
        match self {
            Self::Linear { .. } => AxisRefs { dims: Vec::new(), fields: Vec::new() },
            Self::Coordinate { dims, data, .. } => AxisRefs {
                dims: dims.iter().map(String::as_str).collect(),
                fields: data.fields.iter().map(|(name, element)| Field { name, element: *element }).collect(),
            },
        }
    }

    fn borrow<'a>(&'a self, refs: &'a AxisRefs<'a>) -> Axis<'a> {
        match self {
            Self::Linear { unit, gain, offset } => Axis::Linear { unit, gain: *gain, offset: *offset },
            Self::Coordinate { unit, data, .. } => {
                Axis::Coordinate { unit, dims: &refs.dims, data: data.borrow(&refs.fields) }
            }
        }
    }
}

/// Where the borrowed lists of nested attributes live.
#[derive(Default)]
struct Shelf<'a> {
    list: OnceCell<Vec<Value<'a>>>,
    dict: OnceCell<Vec<(&'a str, Value<'a>)>>,
    inner: Vec<Shelf<'a>>,
}

impl<'a> Shelf<'a> {
    fn of(json: &Json) -> Self {
        let inner = match json {
            Json::List(items) => items.iter().map(Self::of).collect(),
            Json::Dict(entries) => entries.0.iter().map(|(_, v)| Self::of(v)).collect(),
            _ => Vec::new(),
        };
        Self { inner, ..Self::default() }
    }

    fn value(&'a self, json: &'a Json) -> Value<'a> {
        match json {
            Json::Null => Value::None,
            Json::Bool(b) => Value::Bool(*b),
            Json::Int(i) => Value::Int(*i),
            // The ring's attributes hold 64-bit signed integers; a script with more is rounded as JSON readers do.
            Json::UInt(u) => Value::Float(*u as f64),
            Json::Float(f) => Value::Float(*f),
            Json::Str(s) => Value::Str(s),
            Json::List(items) => {
                Value::List(self.list.get_or_init(|| items.iter().zip(&self.inner).map(|(j, s)| s.value(j)).collect()))
            }
            Json::Dict(entries) => Value::Dict(self.dict.get_or_init(|| {
                entries.0.iter().zip(&self.inner).map(|((k, j), s)| (k.as_str(), s.value(j))).collect()
            })),
        }
    }
}

impl OwnedMessage {
    /// Calls `f` with the message as core takes it.
    pub fn with<R>(&self, f: impl FnOnce(&AxisArray<'_>) -> R) -> R {
        let dims: Vec<&str> = self.dims.iter().map(String::as_str).collect();
        let refs: Vec<AxisRefs<'_>> = self.axes.iter().map(|(_, a)| a.refs()).collect();
        let axes: Vec<(&str, Axis<'_>)> =
            self.axes.iter().zip(&refs).map(|((name, a), r)| (name.as_str(), a.borrow(r))).collect();
        let shelves: Vec<Shelf<'_>> = self.attrs.iter().map(|(_, j)| Shelf::of(j)).collect();
        let attrs: Vec<(&str, Value<'_>)> =
            self.attrs.iter().zip(&shelves).map(|((name, j), s)| (name.as_str(), s.value(j))).collect();
        f(&AxisArray {
            data: Samples { dtype: self.dtype, shape: &self.shape, bytes: &self.bytes },
            dims: &dims,
            axes: &axes,
            attrs: &attrs,
            key: &self.key,
            stream_dim: self.stream_dim.as_deref(),
        })
    }
}
