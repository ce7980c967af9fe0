//! What decoded static metadata say: dims, axes, attributes, key.
//!
//! Views over the blob and the arena; whatever can be wrong was found while decoding, so reading is free of errors. Knows
//! nothing of pickles.

mod array;
mod item;
mod value;

pub use array::{ArrayView, Column, ElementView, FieldView, Fields, Labels};
pub use item::{Item, Text};
pub use value::{Entries, ValueView, Values};

use super::decode::node::{Node, Nodes, Raw, Sequence, SequenceKind};
use super::decode::{DecodeError, Part, excerpt};
use super::{CHANNEL_DIM, FORMAT_VERSION};

/// Decoded static metadata. `'b` is the blob, `'n` the arena.
#[derive(Clone, Copy, Debug)]
pub struct StaticMetadata<'b, 'n> {
    nodes: Nodes<'b, 'n>,
    dims: u32,
    axes: Sequence,
    attrs: Sequence,
    key: &'b str,
    buffered_axis: &'b str,
    stream_dim: Option<&'b str>,
}

/// What the positions along a dimension mean.
#[derive(Clone, Copy, Debug)]
pub struct AxisView<'b, 'n> {
    /// Name of the dimension; the writer may also carry an axis that is none.
    pub name: &'b str,
    /// Unit of the positions or values.
    pub unit: &'b str,
    /// Linear or coordinate.
    pub kind: AxisKind<'b, 'n>,
}

/// The two kinds of axes.
#[derive(Clone, Copy, Debug)]
pub enum AxisKind<'b, 'n> {
    /// Position `i` is at `offset + i * gain`.
    Linear {
        /// Distance of two positions.
        gain: f64,
        /// Position of element 0; absent for the buffered axis, where it changes with every message.
        offset: Option<f64>,
    },
    /// Each position has a value.
    Coordinate {
        /// Names of the dimensions of `data`.
        dims: Names<'b, 'n>,
        /// The values; absent for the buffered axis.
        data: Option<ArrayView<'b, 'n>>,
    },
}

/// Names in order.
#[derive(Clone, Copy, Debug)]
pub struct Names<'b, 'n> {
    values: Values<'b, 'n>,
}

impl<'b> Iterator for Names<'b, '_> {
    type Item = &'b str;

    fn next(&mut self) -> Option<&'b str> {
        self.values.next().and_then(|v| v.as_str())
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.values.size_hint()
    }
}

impl ExactSizeIterator for Names<'_, '_> {}

/// Reads the entries of a dict by type.
#[derive(Clone, Copy)]
struct Dict<'b, 'n> {
    nodes: Nodes<'b, 'n>,
    dict: Sequence,
}

impl<'b, 'n> Dict<'b, 'n> {
    fn new(nodes: Nodes<'b, 'n>, index: u32, part: Part) -> Result<Self, DecodeError> {
        match nodes.get(index) {
            Raw::Sequence(dict) if dict.kind == SequenceKind::Dict => Ok(Self { nodes, dict }),
            _ => Err(DecodeError::Type { part }),
        }
    }

    fn index(&self, key: &str, part: Part) -> Result<u32, DecodeError> {
        self.nodes.lookup(self.dict, key).ok_or(DecodeError::Missing { part })
    }

    fn text(&self, key: &str, part: Part) -> Result<&'b str, DecodeError> {
        match self.nodes.get(self.index(key, part)?) {
            Raw::Str(text) => Ok(text),
            _ => Err(DecodeError::Type { part }),
        }
    }

    fn number(&self, key: &str, part: Part) -> Result<Option<f64>, DecodeError> {
        match self.nodes.lookup(self.dict, key).map(|i| self.nodes.get(i)) {
            None => Ok(None),
            Some(Raw::Float(x)) => Ok(Some(x)),
            Some(Raw::Int(n)) => Ok(Some(n as f64)),
            Some(_) => Err(DecodeError::Type { part }),
        }
    }

    fn names(&self, key: &str, part: Part) -> Result<Names<'b, 'n>, DecodeError> {
        names(self.nodes, self.index(key, part)?).ok_or(DecodeError::Type { part })
    }

    fn dict(&self, key: &str, part: Part) -> Result<Self, DecodeError> {
        Self::new(self.nodes, self.index(key, part)?, part)
    }
}

/// A list or tuple of texts alone.
fn names<'b, 'n>(nodes: Nodes<'b, 'n>, index: u32) -> Option<Names<'b, 'n>> {
    let values = Values::new(nodes, nodes.row(index)?);
    values.clone().all(|v| v.as_str().is_some()).then_some(Names { values })
}

fn axis<'b, 'n>(nodes: Nodes<'b, 'n>, name: &'b str, index: u32) -> Result<AxisView<'b, 'n>, DecodeError> {
    let dict = Dict::new(nodes, index, Part::Axes)?;
    let unit = dict.text("unit", Part::AxisUnit)?;
    let kind = match dict.text("kind", Part::AxisKind)? {
        "linear" => AxisKind::Linear {
            gain: dict.number("gain", Part::AxisGain)?.ok_or(DecodeError::Missing { part: Part::AxisGain })?,
            offset: dict.number("offset", Part::AxisOffset)?,
        },
        "coord" => AxisKind::Coordinate {
            dims: dict.names("dims", Part::AxisDims)?,
            data: match nodes.lookup(dict.dict, "data").map(|i| nodes.get(i)) {
                None => None,
                Some(Raw::Array(array)) => Some(ArrayView::new(nodes, array)),
                Some(_) => return Err(DecodeError::Type { part: Part::AxisData }),
            },
        },
        kind => return Err(DecodeError::UnknownAxisKind { kind: excerpt(&[kind]) }),
    };
    Ok(AxisView { name, unit, kind })
}

impl<'b, 'n> StaticMetadata<'b, 'n> {
    pub(super) fn from_root(nodes: &'n [Node<'b>], root: u32) -> Result<Self, DecodeError> {
        let nodes = Nodes(nodes);
        let root = Dict::new(nodes, root, Part::Root)?;
        if !root.dict.is_plain() {
            return Err(DecodeError::Type { part: Part::Root });
        }
        match nodes.get(root.index("version", Part::Version)?) {
            Raw::Int(FORMAT_VERSION) => {}
            Raw::Int(found) => return Err(DecodeError::Version { found }),
            _ => return Err(DecodeError::Type { part: Part::Version }),
        }
        root.names("dims", Part::Dims)?;
        let axes = root.dict("axes", Part::Axes)?.dict;
        for (name, index) in nodes.entries(axes) {
            axis(nodes, name, index)?;
        }
        let stream_dim = match nodes.lookup(root.dict, "stream_dim").map(|i| nodes.get(i)) {
            None | Some(Raw::None) => None,
            Some(Raw::Str(name)) => Some(name),
            Some(_) => return Err(DecodeError::Type { part: Part::StreamDim }),
        };
        Ok(Self {
            nodes,
            dims: root.index("dims", Part::Dims)?,
            axes,
            attrs: root.dict("attrs", Part::Attrs)?.dict,
            key: root.text("key", Part::Key)?,
            buffered_axis: root.text("buffered_axis", Part::BufferedAxis)?,
            stream_dim,
        })
    }

    /// Names of the dimensions, the buffered axis first.
    pub fn dims(&self) -> impl Iterator<Item = &'b str> + use<'b, 'n> {
        names(self.nodes, self.dims).into_iter().flatten()
    }

    /// The axes, in the writer's order.
    pub fn axes(&self) -> impl Iterator<Item = AxisView<'b, 'n>> + use<'b, 'n> {
        let nodes = self.nodes;
        nodes.entries(self.axes).filter_map(move |(name, index)| axis(nodes, name, index).ok())
    }

    /// The axis of a dimension.
    #[must_use]
    pub fn axis(&self, name: &str) -> Option<AxisView<'b, 'n>> {
        self.axes().filter(|a| a.name == name).last()
    }

    /// The attributes, in the writer's order.
    #[must_use]
    pub fn attrs(&self) -> Entries<'b, 'n> {
        Entries::new(self.nodes, self.nodes.items(self.attrs))
    }

    /// An attribute by name.
    #[must_use]
    pub fn attr(&self, name: &str) -> Option<ValueView<'b, 'n>> {
        self.attrs().filter(|(n, _)| *n == name).last().map(|(_, v)| v)
    }

    /// Where the messages come from; not cut to the header's 1024 bytes.
    #[must_use]
    pub const fn key(&self) -> &'b str {
        self.key
    }

    /// The dimension along which the ring runs.
    #[must_use]
    pub const fn buffered_axis(&self) -> &'b str {
        self.buffered_axis
    }

    /// The dimension along which the producer says that it accumulates, if it says so.
    #[must_use]
    pub const fn stream_dim(&self) -> Option<&'b str> {
        self.stream_dim
    }

    /// Names of the channels: see [`labels_of`](Self::labels_of), of the axis `ch`.
    #[must_use]
    pub fn labels(&self) -> Option<Labels<'b, 'n>> {
        self.labels_of(CHANNEL_DIM)
    }

    /// Names of the positions of a coordinate axis: the field `label` of a structured array, or a plain array of texts.
    #[must_use]
    pub fn labels_of(&self, axis: &str) -> Option<Labels<'b, 'n>> {
        match self.axis(axis)?.kind {
            AxisKind::Coordinate { data: Some(data), .. } => data.labels(),
            _ => None,
        }
    }
}
