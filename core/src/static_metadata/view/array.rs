//! A decoded numpy array: element type, fields, shape, and where each element lies.
//!
//! What an element's bytes say is read in `item.rs`. Knows nothing of where an array stands in the metadata.

use super::item::{Item, Text, UCS4};
use super::value::Values;
use crate::axis_array::MAX_RANK;
use crate::dtype::DType;
use crate::static_metadata::LABEL_FIELD;
use crate::static_metadata::decode::node::{ArrayNode, DtypeKind, Nodes, OrderNode, Raw};
use crate::static_metadata::decode::{Simple, parse_descr};

/// An array, or a numpy scalar as an array without dimensions.
#[derive(Clone, Copy, Debug)]
pub struct ArrayView<'b, 'n> {
    nodes: Nodes<'b, 'n>,
    node: ArrayNode,
}

/// The type of an array's elements.
#[derive(Clone, Copy, Debug)]
pub enum ElementView<'b, 'n> {
    /// A number.
    Plain(DType),
    /// `U{n}`
    Unicode(u32),
    /// `S{n}`
    Bytes(u32),
    /// A type that is carried as bytes alone: dates (`M8`), long doubles (`f16`), void (`V`), fields with fields of their own.
    Opaque {
        /// numpy's name of it.
        descr: &'b str,
        /// Bytes of an element.
        size: u32,
    },
    /// Named fields; use [`ArrayView::column`] and [`ArrayView::fields`].
    Structured {
        /// Bytes of an element. May be more than its fields need.
        size: u32,
        #[doc(hidden)]
        fields: Fields<'b, 'n>,
    },
}

impl ElementView<'_, '_> {
    /// Bytes of an element.
    #[must_use]
    pub const fn size(&self) -> usize {
        match self {
            Self::Plain(d) => d.size(),
            Self::Unicode(n) => *n as usize * UCS4,
            Self::Bytes(n) => *n as usize,
            Self::Opaque { size, .. } | Self::Structured { size, .. } => *size as usize,
        }
    }
}

/// One field of a structured element.
#[derive(Clone, Copy, Debug)]
pub struct FieldView<'b, 'n> {
    /// Name.
    pub name: &'b str,
    /// Type; never structured.
    pub element: ElementView<'b, 'n>,
    /// Bytes from the element's start.
    pub offset: usize,
}

/// The fields of a structured element.
#[derive(Clone, Copy, Debug)]
pub struct Fields<'b, 'n> {
    nodes: Nodes<'b, 'n>,
    names: Values<'b, 'n>,
    source: FieldSource,
    /// End of the field before, where fields lie one behind the other.
    end: usize,
}

#[derive(Clone, Copy, Debug)]
enum FieldSource {
    None,
    /// Node of a dict name -> (dtype, offset).
    Dict(u32),
    /// The names are (name, type) themselves.
    Pairs,
}

impl<'b, 'n> Iterator for Fields<'b, 'n> {
    type Item = FieldView<'b, 'n>;

    fn next(&mut self) -> Option<Self::Item> {
        match (self.source, self.names.next()?) {
            (FieldSource::Dict(dict), name) => {
                let name = name.as_str()?;
                let Raw::Sequence(dict) = self.nodes.get(dict) else { return None };
                let mut field = self.nodes.row(self.nodes.lookup(dict, name)?)?;
                let element = simple_element(self.nodes, field.next()?)?;
                let Raw::Int(offset) = self.nodes.get(field.next()?) else { return None };
                Some(FieldView { name, element, offset: usize::try_from(offset).ok()? })
            }
            (FieldSource::Pairs, super::ValueView::Tuple(mut pair)) => {
                let (name, descr) = (pair.next()?.as_str()?, pair.next()?.as_str()?);
                let (simple, size) = parse_descr(descr).ok()?;
                let offset = self.end;
                self.end = offset.checked_add(size as usize)?;
                Some(FieldView { name, element: of_simple(simple, descr, size), offset })
            }
            _ => None,
        }
    }
}

const fn of_simple<'b, 'n>(simple: Simple, descr: &'b str, size: u32) -> ElementView<'b, 'n> {
    match simple {
        Simple::Plain(d) => ElementView::Plain(d),
        Simple::Unicode(n) => ElementView::Unicode(n),
        Simple::Bytes(n) => ElementView::Bytes(n),
        Simple::Opaque => ElementView::Opaque { descr, size },
    }
}

/// The element type at a node, a structured one as bytes.
fn simple_element<'b, 'n>(nodes: Nodes<'b, 'n>, index: u32) -> Option<ElementView<'b, 'n>> {
    Some(match element(nodes, index)? {
        ElementView::Structured { size, .. } => ElementView::Opaque { descr: "V", size },
        simple => simple,
    })
}

fn element<'b, 'n>(nodes: Nodes<'b, 'n>, index: u32) -> Option<ElementView<'b, 'n>> {
    let Raw::Dtype(dtype) = nodes.get(index) else { return None };
    let structured = |names: u32, source| {
        let names = Values::new(nodes, nodes.row(names)?);
        Some(ElementView::Structured { size: dtype.size, fields: Fields { nodes, names, source, end: 0 } })
    };
    match dtype.kind {
        DtypeKind::Plain(d) => Some(ElementView::Plain(d)),
        DtypeKind::Unicode(n) => Some(ElementView::Unicode(n)),
        DtypeKind::Bytes(n) => Some(ElementView::Bytes(n)),
        DtypeKind::Opaque(name) => match nodes.get(name) {
            Raw::Str(descr) => Some(ElementView::Opaque { descr, size: dtype.size }),
            _ => None,
        },
        DtypeKind::Listed(list) => structured(list, FieldSource::Pairs),
        DtypeKind::Named { names, fields } => structured(names, FieldSource::Dict(fields)),
        DtypeKind::Unknown => None,
    }
}

/// Lengths of the dimensions, and how far apart two elements along each lie in memory, in elements.
struct Layout {
    rank: usize,
    lengths: [usize; MAX_RANK],
    strides: [usize; MAX_RANK],
}

impl<'b, 'n> ArrayView<'b, 'n> {
    pub(super) const fn new(nodes: Nodes<'b, 'n>, node: ArrayNode) -> Self {
        Self { nodes, node }
    }

    /// Type of the elements.
    #[must_use]
    pub fn element(&self) -> ElementView<'b, 'n> {
        // Decoding accepts no array without an element type.
        element(self.nodes, self.node.dtype).unwrap_or(ElementView::Opaque { descr: "V", size: 0 })
    }

    /// The elements' bytes as they lie in the blob. In C order if [`is_c_order`](Self::is_c_order).
    #[must_use]
    pub fn bytes(&self) -> &'b [u8] {
        if let Raw::Bytes(bytes) = self.nodes.get(self.node.bytes) { bytes } else { &[] }
    }

    /// Whether the last dimension varies fastest in [`bytes`](Self::bytes). Otherwise read through [`get`](Self::get).
    #[must_use]
    pub fn is_c_order(&self) -> bool {
        self.rank() <= 1 || matches!(self.node.order, OrderNode::C)
    }

    /// Number of dimensions.
    #[must_use]
    pub fn rank(&self) -> usize {
        self.nodes.row(self.node.shape).map_or(0, |s| s.len())
    }

    /// Lengths of the dimensions.
    pub fn shape(&self) -> impl Iterator<Item = usize> + use<'b, 'n> {
        let nodes = self.nodes;
        let stored = nodes.row(self.node.shape);
        let order = match self.node.order {
            OrderNode::Permuted(axes) => nodes.row(axes),
            _ => None,
        };
        let mut axes = (0_usize..).map(move |i| match order {
            Some(mut axes) => axes.nth(i).and_then(|a| length_at(nodes, a)),
            None => Some(i),
        });
        core::iter::from_fn(move || {
            let axis = axes.next()??;
            stored?.nth(axis).and_then(|item| length_at(nodes, item))
        })
    }

    /// Number of elements.
    #[must_use]
    pub fn len(&self) -> usize {
        // Decoding refuses a product that overflows, zeros left out.
        self.shape().try_fold(1_usize, |n, length| n.checked_mul(length)).unwrap_or(0)
    }

    /// Whether there are no elements.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    fn layout(&self) -> Layout {
        let mut layout = Layout { rank: self.rank(), lengths: [1; MAX_RANK], strides: [1; MAX_RANK] };
        for (to, length) in layout.lengths.iter_mut().zip(self.shape()) {
            *to = length;
        }
        let mut stride = 1_usize;
        let mut place = |axis: usize| {
            if let (Some(to), Some(length)) = (layout.strides.get_mut(axis), layout.lengths.get(axis)) {
                *to = stride;
                stride = stride.saturating_mul(*length);
            }
        };
        match self.node.order {
            OrderNode::C => (0..layout.rank).rev().for_each(place),
            OrderNode::Fortran => (0..layout.rank).for_each(place),
            OrderNode::Permuted(axes) => {
                // Dimension k of the array is dimension axes[k] of the bytes, which are in C order.
                for stored in (0..layout.rank).rev() {
                    let seen = self
                        .nodes
                        .row(axes)
                        .and_then(|mut axes| axes.position(|a| length_at(self.nodes, a) == Some(stored)));
                    if let Some(axis) = seen {
                        place(axis);
                    }
                }
            }
        }
        layout
    }

    /// Which element of the bytes the element `index` (counted in C order) is.
    fn position(&self, index: usize) -> usize {
        if self.is_c_order() {
            return index;
        }
        let layout = self.layout();
        let (mut rest, mut position) = (index, 0_usize);
        for axis in (0..layout.rank).rev() {
            if let (Some(&length), Some(stride)) = (layout.lengths.get(axis), layout.strides.get(axis)) {
                let length = length.max(1);
                position = position.saturating_add((rest % length).saturating_mul(*stride));
                rest /= length;
            }
        }
        position
    }

    /// The bytes of element `index`, counted in C order.
    #[must_use]
    pub fn element_bytes(&self, index: usize) -> Option<&'b [u8]> {
        if index >= self.len() {
            return None;
        }
        let size = self.element().size();
        let start = self.position(index).checked_mul(size)?;
        self.bytes().get(start..start.checked_add(size)?)
    }

    /// Element `index`, counted in C order. A structured element comes as its bytes.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Item<'b>> {
        Item::read(self.element(), self.element_bytes(index)?)
    }

    /// The fields of a structured element; none otherwise.
    #[must_use]
    pub fn fields(&self) -> Fields<'b, 'n> {
        match self.element() {
            ElementView::Structured { fields, .. } => fields,
            _ => Fields {
                nodes: self.nodes,
                names: Values::new(self.nodes, self.nodes.none()),
                source: FieldSource::None,
                end: 0,
            },
        }
    }

    /// Each field of all elements.
    pub fn columns(&self) -> impl Iterator<Item = Column<'b, 'n>> + use<'b, 'n> {
        let array = *self;
        self.fields().map(move |field| Column { array, field })
    }

    /// A field of all elements, by name.
    #[must_use]
    pub fn column(&self, name: &str) -> Option<Column<'b, 'n>> {
        self.columns().find(|c| c.field.name == name)
    }

    /// The texts of a plain array of texts, or of the field `label`.
    #[must_use]
    pub fn labels(&self) -> Option<Labels<'b, 'n>> {
        let is_text = |e| matches!(e, ElementView::Unicode(_) | ElementView::Bytes(_));
        let field = match self.element() {
            element @ (ElementView::Unicode(_) | ElementView::Bytes(_)) => FieldView { name: "", element, offset: 0 },
            _ => self.fields().find(|f| f.name == LABEL_FIELD && is_text(f.element))?,
        };
        Some(Labels { column: Column { array: *self, field }, next: 0, len: self.len() })
    }
}

fn length_at(nodes: Nodes<'_, '_>, index: u32) -> Option<usize> {
    match nodes.get(index) {
        Raw::Int(n) => usize::try_from(n).ok(),
        _ => None,
    }
}

/// One field of all elements of a structured array.
#[derive(Clone, Copy, Debug)]
pub struct Column<'b, 'n> {
    array: ArrayView<'b, 'n>,
    field: FieldView<'b, 'n>,
}

impl<'b, 'n> Column<'b, 'n> {
    /// Name of the field.
    #[must_use]
    pub const fn name(&self) -> &'b str {
        self.field.name
    }

    /// Type of the values.
    #[must_use]
    pub const fn element(&self) -> ElementView<'b, 'n> {
        self.field.element
    }

    /// Number of values.
    #[must_use]
    pub fn len(&self) -> usize {
        self.array.len()
    }

    /// Whether there are no values.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The value of element `index`, counted in C order.
    #[must_use]
    pub fn get(&self, index: usize) -> Option<Item<'b>> {
        let end = self.field.offset.checked_add(self.field.element.size())?;
        Item::read(self.field.element, self.array.element_bytes(index)?.get(self.field.offset..end)?)
    }
}

/// The labels of an axis, in order.
#[derive(Clone, Copy, Debug)]
pub struct Labels<'b, 'n> {
    column: Column<'b, 'n>,
    next: usize,
    len: usize,
}

impl<'b> Iterator for Labels<'b, '_> {
    type Item = Text<'b>;

    fn next(&mut self) -> Option<Text<'b>> {
        if self.next >= self.len {
            return None;
        }
        let item = self.column.get(self.next)?;
        self.next += 1;
        match item {
            Item::Text(text) => Some(text),
            _ => None,
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.len - self.next;
        (left, Some(left))
    }
}

impl ExactSizeIterator for Labels<'_, '_> {}
