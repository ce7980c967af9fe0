//! The memory of a decoded blob: nodes in the caller's slice that refer to one another by index.
//!
//! A node is made once and is an item of at most one sequence; a second reference to the same value is a node of its own, an alias.
//! Knows nothing of opcodes and nothing of what the metadata mean.

use crate::dtype::DType;

/// No node.
pub(in crate::static_metadata) const NIL: u32 = u32::MAX;

/// Room for one value of a blob.
#[derive(Clone, Copy, Debug)]
pub struct Node<'b> {
    pub(in crate::static_metadata) raw: Raw<'b>,
    /// On the stack: the node below. In a sequence: the next item.
    pub(super) next: u32,
    /// Which node the pickle remembers under this node's index. A table of its own that happens to lie in the same slice.
    pub(super) memo: u32,
}

impl Node<'_> {
    /// An unused node.
    pub const EMPTY: Self = Self { raw: Raw::None, next: NIL, memo: NIL };
}

impl Default for Node<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

/// What a node holds.
#[derive(Clone, Copy, Debug)]
pub(in crate::static_metadata) enum Raw<'b> {
    Mark,
    Alias(u32),
    Callable(Callable),
    None,
    Bool(bool),
    Int(i64),
    /// Beyond `i64`: little-endian two's complement.
    BigInt(&'b [u8]),
    Float(f64),
    Complex(f64, f64),
    Str(&'b str),
    Bytes(&'b [u8]),
    Sequence(Sequence),
    Dtype(Dtype),
    /// `_reconstruct` before its state came.
    UnbuiltArray,
    Array(ArrayNode),
    /// Element type, bytes.
    Scalar {
        dtype: u32,
        bytes: u32,
    },
}

/// The callables that are recognised.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::static_metadata) enum Callable {
    Dtype,
    Ndarray,
    Record,
    Bytearray,
    Complex,
    Reconstruct,
    Scalar,
    Frombuffer,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::static_metadata) enum SequenceKind {
    List,
    Tuple,
    Dict,
}

/// A list, a tuple, or a dict as keys and values in turn.
#[derive(Clone, Copy, Debug)]
pub(in crate::static_metadata) struct Sequence {
    pub(in crate::static_metadata) kind: SequenceKind,
    pub(super) first: u32,
    pub(super) last: u32,
    /// Nodes; a dict has two an entry.
    pub(in crate::static_metadata) len: u32,
    /// Itself and all that it holds, each as often as it is referred to.
    pub(super) values: u32,
    /// How many sequences lie within one another, this one included.
    pub(super) height: u8,
    /// Holds values only, no dtypes or callables.
    pub(super) plain: bool,
    /// May still grow: neither put somewhere nor referred to.
    pub(super) open: bool,
}

impl Sequence {
    /// Whether it holds values only.
    pub(in crate::static_metadata) const fn is_plain(&self) -> bool {
        self.plain
    }

    pub(super) const fn empty(kind: SequenceKind) -> Self {
        let open = !matches!(kind, SequenceKind::Tuple);
        Self { kind, first: NIL, last: NIL, len: 0, values: 1, height: 1, plain: true, open }
    }
}

/// An element type.
#[derive(Clone, Copy, Debug)]
pub(in crate::static_metadata) struct Dtype {
    pub(in crate::static_metadata) kind: DtypeKind,
    /// Bytes of an element.
    pub(in crate::static_metadata) size: u32,
    pub(super) built: bool,
}

#[derive(Clone, Copy, Debug)]
pub(in crate::static_metadata) enum DtypeKind {
    Plain(DType),
    Unicode(u32),
    Bytes(u32),
    /// Something that numpy knows and we carry as bytes: dates, long doubles, void. Node of its name.
    Opaque(u32),
    /// From a list of (name, type). Node of the list.
    Listed(u32),
    /// From a state: nodes of the tuple of names and of the dict name -> (dtype, offset).
    Named {
        names: u32,
        fields: u32,
    },
    /// Waits for its state.
    Unknown,
}

/// An array: nodes of its parts.
#[derive(Clone, Copy, Debug)]
pub(in crate::static_metadata) struct ArrayNode {
    pub(in crate::static_metadata) dtype: u32,
    pub(in crate::static_metadata) shape: u32,
    pub(in crate::static_metadata) bytes: u32,
    pub(in crate::static_metadata) order: OrderNode,
}

/// How the elements lie in memory.
#[derive(Clone, Copy, Debug)]
pub(in crate::static_metadata) enum OrderNode {
    C,
    Fortran,
    /// C order of `shape`, then numpy's `transpose` by the tuple at this node.
    Permuted(u32),
}

/// The nodes of a decoded blob.
#[derive(Clone, Copy)]
pub(in crate::static_metadata) struct Nodes<'b, 'n>(pub(in crate::static_metadata) &'n [Node<'b>]);

impl core::fmt::Debug for Nodes<'_, '_> {
    /// The number of nodes: a view's `Debug` would otherwise print the whole arena.
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "{} nodes", self.0.len())
    }
}

impl<'b, 'n> Nodes<'b, 'n> {
    /// The value at an index, seen through an alias. Nothing for an index that does not exist.
    pub(in crate::static_metadata) fn get(self, index: u32) -> Raw<'b> {
        match self.at(index) {
            Raw::Alias(target) => self.at(target),
            raw => raw,
        }
    }

    /// The index of the value itself.
    pub(in crate::static_metadata) fn resolve(self, index: u32) -> u32 {
        if let Raw::Alias(target) = self.at(index) { target } else { index }
    }

    fn at(self, index: u32) -> Raw<'b> {
        self.0.get(index as usize).map_or(Raw::None, |n| n.raw)
    }

    /// The nodes of a sequence's items.
    pub(in crate::static_metadata) const fn items(self, sequence: Sequence) -> Items<'b, 'n> {
        Items { nodes: self, next: sequence.first, left: sequence.len }
    }

    /// No nodes.
    pub(in crate::static_metadata) const fn none(self) -> Items<'b, 'n> {
        Items { nodes: self, next: NIL, left: 0 }
    }

    /// The nodes of the items, if there is a tuple or a list at the index.
    pub(in crate::static_metadata) fn row(self, index: u32) -> Option<Items<'b, 'n>> {
        match self.get(index) {
            Raw::Sequence(s) if s.kind != SequenceKind::Dict => Some(self.items(s)),
            _ => None,
        }
    }

    /// The node of a dict's value; the last one when a key comes twice, as in Python.
    pub(in crate::static_metadata) fn lookup(self, dict: Sequence, key: &str) -> Option<u32> {
        self.entries(dict).filter(|(name, _)| *name == key).last().map(|(_, value)| value)
    }

    /// Keys and nodes of values.
    pub(in crate::static_metadata) fn entries(
        self,
        dict: Sequence,
    ) -> impl Iterator<Item = (&'b str, u32)> + use<'b, 'n> {
        let mut items = self.items(dict);
        core::iter::from_fn(move || {
            let (key, value) = (items.next()?, items.next()?);
            match self.get(key) {
                Raw::Str(name) => Some((name, value)),
                _ => None,
            }
        })
    }
}

/// Indices of items.
#[derive(Clone, Copy, Debug)]
pub(in crate::static_metadata) struct Items<'b, 'n> {
    nodes: Nodes<'b, 'n>,
    next: u32,
    left: u32,
}

impl Iterator for Items<'_, '_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        if self.left == 0 {
            return None;
        }
        let index = self.next;
        self.next = self.nodes.0.get(index as usize)?.next;
        self.left -= 1;
        Some(index)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left as usize, Some(self.left as usize))
    }
}

impl ExactSizeIterator for Items<'_, '_> {}
