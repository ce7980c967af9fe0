//! A decoded value of any type that attributes may have.
//!
//! Knows how values lie in the arena; texts for people are made in `repr.rs`.

use super::array::ArrayView;
use crate::static_metadata::decode::node::{ArrayNode, Items, NIL, Nodes, OrderNode, Raw, SequenceKind};

/// A value of `attrs`. Prints itself as Python would.
#[derive(Clone, Copy, Debug)]
pub enum ValueView<'b, 'n> {
    /// `None`
    None,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// An `int` beyond `i64`: little-endian two's complement.
    BigInt(&'b [u8]),
    /// `float`
    Float(f64),
    /// `complex`: real, imaginary.
    Complex(f64, f64),
    /// `str`
    Str(&'b str),
    /// `bytes` (or `bytearray`).
    Bytes(&'b [u8]),
    /// `numpy.ndarray`
    Array(ArrayView<'b, 'n>),
    /// A numpy scalar (`numpy.float64`, ...), as an array without dimensions.
    Scalar(ArrayView<'b, 'n>),
    /// `list`
    List(Values<'b, 'n>),
    /// `tuple`
    Tuple(Values<'b, 'n>),
    /// `dict`
    Dict(Entries<'b, 'n>),
}

impl<'b, 'n> ValueView<'b, 'n> {
    pub(super) fn new(nodes: Nodes<'b, 'n>, index: u32) -> Self {
        match nodes.get(index) {
            Raw::Bool(b) => Self::Bool(b),
            Raw::Int(n) => Self::Int(n),
            Raw::BigInt(n) => Self::BigInt(n),
            Raw::Float(x) => Self::Float(x),
            Raw::Complex(re, im) => Self::Complex(re, im),
            Raw::Str(text) => Self::Str(text),
            Raw::Bytes(bytes) => Self::Bytes(bytes),
            Raw::Array(array) => Self::Array(ArrayView::new(nodes, array)),
            Raw::Scalar { dtype, bytes } => {
                Self::Scalar(ArrayView::new(nodes, ArrayNode { dtype, shape: NIL, bytes, order: OrderNode::C }))
            }
            Raw::Sequence(s) => match s.kind {
                SequenceKind::List => Self::List(Values::new(nodes, nodes.items(s))),
                SequenceKind::Tuple => Self::Tuple(Values::new(nodes, nodes.items(s))),
                SequenceKind::Dict => Self::Dict(Entries::new(nodes, nodes.items(s))),
            },
            // The others cannot be reached: decoding refuses metadata that hold them as values.
            Raw::None | Raw::Mark | Raw::Alias(_) | Raw::Callable(_) | Raw::Dtype(_) | Raw::UnbuiltArray => Self::None,
        }
    }

    /// The text of a `str`.
    #[must_use]
    pub const fn as_str(&self) -> Option<&'b str> {
        if let Self::Str(text) = self { Some(text) } else { None }
    }

    /// The number of a `bool`, an `int`, a `float` or a real numpy scalar. An `int` beyond 2^53 is rounded.
    #[must_use]
    pub fn as_f64(&self) -> Option<f64> {
        match self {
            Self::Float(x) => Some(*x),
            Self::Scalar(array) => array.get(0)?.as_f64(),
            _ => self.as_i64().map(|n| n as f64),
        }
    }

    /// The number of a `bool`, an `int` or an integer numpy scalar that fits.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Self::Bool(b) => Some(i64::from(*b)),
            Self::Int(n) => Some(*n),
            Self::Scalar(array) => array.get(0)?.as_i64(),
            _ => None,
        }
    }

    /// The value of a dict's key.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<Self> {
        match self {
            Self::Dict(entries) => entries.filter(|(name, _)| *name == key).last().map(|(_, value)| value),
            _ => None,
        }
    }
}

/// The items of a list or tuple.
#[derive(Clone, Copy, Debug)]
pub struct Values<'b, 'n> {
    nodes: Nodes<'b, 'n>,
    items: Items<'b, 'n>,
}

impl<'b, 'n> Values<'b, 'n> {
    pub(super) const fn new(nodes: Nodes<'b, 'n>, items: Items<'b, 'n>) -> Self {
        Self { nodes, items }
    }
}

impl<'b, 'n> Iterator for Values<'b, 'n> {
    type Item = ValueView<'b, 'n>;

    fn next(&mut self) -> Option<Self::Item> {
        self.items.next().map(|index| ValueView::new(self.nodes, index))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.items.size_hint()
    }
}

impl ExactSizeIterator for Values<'_, '_> {}

/// The keys and values of a dict. A key that comes twice counts with its last value, as in Python.
#[derive(Clone, Copy, Debug)]
pub struct Entries<'b, 'n> {
    nodes: Nodes<'b, 'n>,
    items: Items<'b, 'n>,
}

impl<'b, 'n> Entries<'b, 'n> {
    pub(super) const fn new(nodes: Nodes<'b, 'n>, items: Items<'b, 'n>) -> Self {
        Self { nodes, items }
    }
}

impl<'b, 'n> Iterator for Entries<'b, 'n> {
    type Item = (&'b str, ValueView<'b, 'n>);

    fn next(&mut self) -> Option<Self::Item> {
        let (key, value) = (self.items.next()?, self.items.next()?);
        match self.nodes.get(key) {
            Raw::Str(name) => Some((name, ValueView::new(self.nodes, value))),
            _ => None,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let entries = self.items.len() / 2;
        (entries, Some(entries))
    }
}

impl ExactSizeIterator for Entries<'_, '_> {}
