//! What can be wrong with a blob, and where.
//!
//! Only says it. Excerpts of the blob are bounded, so that an error can be logged.

use crate::static_metadata::FORMAT_VERSION;

/// The most bytes of the blob that an error repeats.
pub const EXCERPT_LEN: usize = 48;

/// The beginning of a text in the blob.
pub type Excerpt = heapless::String<EXCERPT_LEN>;

/// As much of `parts` as an excerpt holds, joined by dots.
pub(in crate::static_metadata) fn excerpt(parts: &[&str]) -> Excerpt {
    let mut short = Excerpt::new();
    for (i, part) in parts.iter().enumerate() {
        let dot = if i == 0 { "" } else { "." };
        for c in dot.chars().chain(part.chars()) {
            if short.push(c).is_err() {
                return short;
            }
        }
    }
    short
}

/// A bound that a blob exceeds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Limit {
    /// Lists, tuples and dicts within one another.
    #[error("values are nested more than {0} deep")]
    Depth(usize),
    /// Values, each counted as often as it is referred to.
    #[error("more than {0} values, counted as often as they are referred to")]
    Values(u32),
    /// Fields of a structured element.
    #[error("more than {0} fields in a structured type")]
    Fields(usize),
    /// Comparisons of field names, over all structured types.
    #[error("structured types that take more than {0} comparisons to read")]
    FieldWork(u32),
    /// Dimensions of an array.
    #[error("more than {0} dimensions in an array")]
    Rank(usize),
    /// Bytes of an array.
    #[error("the size of an array does not fit in this machine's address space")]
    ArraySize,
    /// Bytes of one element.
    #[error("an element of an array has more than {0} bytes")]
    ElementSize(u32),
}

/// Something that a pickle builds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Construct {
    /// An element type.
    #[error("numpy.dtype")]
    Dtype,
    /// A field of a structured type.
    #[error("a field of numpy.dtype")]
    Field,
    /// An array.
    #[error("numpy.ndarray")]
    Array,
    /// The shape of an array.
    #[error("the shape of numpy.ndarray")]
    Shape,
    /// A numpy scalar.
    #[error("a numpy scalar")]
    Scalar,
    /// `bytearray`
    #[error("bytearray")]
    Bytearray,
    /// `complex`
    #[error("complex")]
    Complex,
    /// A callable's name.
    #[error("the name of a callable")]
    Name,
    /// A list, tuple or dict.
    #[error("a list, tuple or dict")]
    Sequence,
}

/// A part of the metadata dict.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Part {
    /// The dict itself.
    #[error("the metadata")]
    Root,
    /// `version`
    #[error("version")]
    Version,
    /// `dims`
    #[error("dims")]
    Dims,
    /// `axes`
    #[error("axes")]
    Axes,
    /// `attrs`
    #[error("attrs")]
    Attrs,
    /// `key`
    #[error("key")]
    Key,
    /// `buffered_axis`
    #[error("buffered_axis")]
    BufferedAxis,
    /// `stream_dim`
    #[error("stream_dim")]
    StreamDim,
    /// `kind` of an axis
    #[error("kind of an axis")]
    AxisKind,
    /// `unit` of an axis
    #[error("unit of an axis")]
    AxisUnit,
    /// `gain` of a linear axis
    #[error("gain of an axis")]
    AxisGain,
    /// `offset` of a linear axis
    #[error("offset of an axis")]
    AxisOffset,
    /// `dims` of a coordinate axis
    #[error("dims of an axis")]
    AxisDims,
    /// `data` of a coordinate axis
    #[error("data of an axis")]
    AxisData,
}

/// Why a blob is no static metadata. Offsets are bytes from the blob's start.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DecodeError {
    /// More nodes are needed; decoding with as many will not end here again.
    #[error("the metadata needs {needed} nodes, the arena has {given}")]
    ArenaFull {
        /// Nodes of the arena.
        given: usize,
        /// Nodes that the blob needs.
        needed: usize,
    },
    /// The blob ends within an opcode, or before STOP.
    #[error("the pickle is cut off at byte {offset}")]
    CutOff {
        /// Where the unfinished opcode begins.
        offset: usize,
    },
    /// Does not begin as a pickle of protocol 4 or 5 does.
    #[error("no pickle of protocol 4 or 5")]
    NotAPickle,
    /// An opcode that no writer of static metadata uses.
    #[error("opcode {opcode:#04x} at byte {offset} is not one of static metadata")]
    Opcode {
        /// The opcode.
        opcode: u8,
        /// Where it stands.
        offset: usize,
    },
    /// Text that is not UTF-8.
    #[error("the text at byte {offset} is not UTF-8")]
    NotUtf8 {
        /// Where its opcode stands.
        offset: usize,
    },
    /// A name that is not known. It was not imported.
    #[error("{name} at byte {offset} is not a known type; it was not imported")]
    Forbidden {
        /// Module and name, cut to [`EXCERPT_LEN`] bytes.
        name: Excerpt,
        /// Where it is asked for.
        offset: usize,
    },
    /// An opcode found less on the stack than it takes, or STOP found more.
    #[error("the stack does not hold what the opcode at byte {offset} takes")]
    Stack {
        /// Where the opcode stands.
        offset: usize,
    },
    /// A reference to something that was never remembered.
    #[error("reference {index} at byte {offset} refers to nothing")]
    Reference {
        /// The reference.
        index: u32,
        /// Where it stands.
        offset: usize,
    },
    /// A list or dict that grows after it was referred to or put elsewhere, as one does that contains itself.
    #[error("the list or dict that grows at byte {offset} is already referred to and could come to contain itself")]
    Recursive {
        /// Where the opcode stands.
        offset: usize,
    },
    /// Something is not made of what it should be made of.
    #[error("{what} at byte {offset} is not made as known writers make it")]
    Malformed {
        /// What.
        what: Construct,
        /// Where the opcode that makes it stands.
        offset: usize,
    },
    /// An element type that is refused.
    #[error("element type {descr} at byte {offset} is not supported")]
    ElementType {
        /// numpy's name of it.
        descr: Excerpt,
        /// Where it is made.
        offset: usize,
    },
    /// Big-endian numbers.
    #[error("the element type at byte {offset} is big-endian; only little-endian is read")]
    BigEndian {
        /// Where it is made.
        offset: usize,
    },
    /// An array or numpy scalar whose bytes do not match its shape and type.
    #[error("the array at byte {offset} needs {needed} bytes, but has {given}")]
    ArrayLength {
        /// Where it is made.
        offset: usize,
        /// What shape and element type ask for.
        needed: usize,
        /// What there is.
        given: usize,
    },
    /// Larger than any metadata.
    #[error("{limit} (byte {offset})")]
    TooLarge {
        /// The bound.
        limit: Limit,
        /// Where it was exceeded.
        offset: usize,
    },
    /// A key of a dict that is not a `str`.
    #[error("a key of the dict at byte {offset} is not a str")]
    Key {
        /// Where the entry is made.
        offset: usize,
    },
    /// Another version of the dict.
    #[error("the metadata has format version {found}; this library understands {FORMAT_VERSION}")]
    Version {
        /// Its version.
        found: i64,
    },
    /// A part is absent.
    #[error("{part} is missing")]
    Missing {
        /// Which.
        part: Part,
    },
    /// A part has another type than it should have.
    #[error("{part} has an unexpected type")]
    Type {
        /// Which.
        part: Part,
    },
    /// An axis that is neither linear nor a coordinate axis.
    #[error("{kind:?} is not a known kind of axis")]
    UnknownAxisKind {
        /// Its kind.
        kind: Excerpt,
    },
}
