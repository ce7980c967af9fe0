//! A borrowed AxisArray: what ezmsg's `AxisArray` is, over the caller's memory.
//!
//! Says what a message holds and whether it is consistent. Knows nothing of rings, headers or segments.

use crate::dtype::DType;

/// The largest rank (number of dimensions) that the header has room for.
pub const MAX_RANK: usize = 64;

/// One message: samples with named dimensions, and what each dimension means.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct AxisArray<'a> {
    /// The samples.
    pub data: Samples<'a>,
    /// A name for each dimension of `data`.
    pub dims: &'a [&'a str],
    /// The axes by dimension name. A dimension may lack one; the buffered one may not.
    pub axes: &'a [(&'a str, Axis<'a>)],
    /// Free attributes of plain types.
    pub attrs: &'a [(&'a str, Value<'a>)],
    /// Where the message comes from. UTF-8, of which a reader sees the first 1024 bytes in the header.
    pub key: &'a str,
    /// The dimension along which messages accumulate, if the producer says so.
    pub stream_dim: Option<&'a str>,
}

/// An array of samples in C order (last dimension varies fastest), little-endian.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Samples<'a> {
    /// Type of each sample.
    pub dtype: DType,
    /// Length of each dimension.
    pub shape: &'a [usize],
    /// `product(shape) * dtype.size()` bytes.
    pub bytes: &'a [u8],
}

/// What the positions along a dimension mean.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Axis<'a> {
    /// Position `i` is at `offset + i * gain`.
    Linear {
        /// Unit of the positions, `s` for a time axis.
        unit: &'a str,
        /// Distance of two positions: 1 / rate for a time axis.
        gain: f64,
        /// Position of element 0.
        offset: f64,
    },
    /// Each position has a value of its own: labels, electrode places, irregular times.
    Coordinate {
        /// Unit of the values.
        unit: &'a str,
        /// Names of the dimensions of `data`.
        dims: &'a [&'a str],
        /// The values.
        data: Array<'a>,
    },
}

impl<'a> Axis<'a> {
    /// The axis' unit.
    #[must_use]
    pub const fn unit(&self) -> &'a str {
        match self {
            Self::Linear { unit, .. } | Self::Coordinate { unit, .. } => unit,
        }
    }
}

/// An array of any element type that numpy can describe without Python objects, little-endian, C order.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Array<'a> {
    /// Type of each element.
    pub element: Element<'a>,
    /// Length of each dimension; empty for a numpy scalar's 0-d array.
    pub shape: &'a [usize],
    /// `product(shape) * element.size()` bytes.
    pub bytes: &'a [u8],
}

/// Element type of an [`Array`].
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Element<'a> {
    /// A number.
    Plain(DType),
    /// `U{n}`: n code points of four bytes (UCS-4), padded with zeros.
    Unicode(u32),
    /// `S{n}`: n bytes, padded with zeros.
    Bytes(u32),
    /// A structured type: named fields one behind the other without padding.
    Structured(&'a [Field<'a>]),
}

/// One field of a structured element.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Field<'a> {
    /// Name: `label`, `x`, `y`, ...
    pub name: &'a str,
    /// Type. A structured type within a structured type is not carried.
    pub element: ScalarElement,
}

/// Element type of a [`Field`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ScalarElement {
    /// A number.
    Plain(DType),
    /// `U{n}`.
    Unicode(u32),
    /// `S{n}`.
    Bytes(u32),
}

impl ScalarElement {
    /// Size in bytes.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Plain(d) => d.size(),
            Self::Unicode(n) => n as usize * 4,
            Self::Bytes(n) => n as usize,
        }
    }
}

impl Element<'_> {
    /// Size of one element in bytes.
    #[must_use]
    pub fn size(&self) -> usize {
        match *self {
            Self::Plain(d) => ScalarElement::Plain(d).size(),
            Self::Unicode(n) => ScalarElement::Unicode(n).size(),
            Self::Bytes(n) => ScalarElement::Bytes(n).size(),
            Self::Structured(fields) => fields.iter().map(|f| f.element.size()).sum(),
        }
    }
}

/// A plain value of `attrs`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Value<'a> {
    /// `None`
    None,
    /// `bool`
    Bool(bool),
    /// `int`
    Int(i64),
    /// `float`
    Float(f64),
    /// `complex`: real, imaginary.
    Complex(f64, f64),
    /// `str`
    Str(&'a str),
    /// `bytes`
    Bytes(&'a [u8]),
    /// `numpy.ndarray`
    Array(Array<'a>),
    /// `list`
    List(&'a [Value<'a>]),
    /// `tuple`
    Tuple(&'a [Value<'a>]),
    /// `dict` with string keys.
    Dict(&'a [(&'a str, Value<'a>)]),
}

/// What is wrong with a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum MessageError {
    /// More dimensions than the header holds.
    #[error("the message has {rank} dimensions; the header has room for {MAX_RANK}")]
    RankTooLarge {
        /// Dimensions of the data.
        rank: usize,
    },
    /// A name is missing or too many.
    #[error("the data has {rank} dimensions but {dims} dimension names")]
    DimsDoNotMatch {
        /// Dimensions of the data.
        rank: usize,
        /// Names given.
        dims: usize,
    },
    /// Too few or too many bytes for the shape.
    #[error("the shape needs {needed} bytes of data, but there are {given}")]
    DataLength {
        /// What shape and element type ask for.
        needed: usize,
        /// What was given.
        given: usize,
    },
    /// The shape's product does not fit.
    #[error("the shape's size in bytes does not fit in this machine's address space")]
    ShapeTooLarge,
    /// The same dimension name twice: which one is the buffered axis?
    #[error("dimension {position} has the same name as an earlier one")]
    DuplicateDim {
        /// Index of the second one.
        position: usize,
    },
}

// By hand: a derived one does not end on a type that holds itself (lists within lists).
#[cfg(feature = "defmt")]
impl defmt::Format for Value<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{}", defmt::Debug2Format(self));
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for AxisArray<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{}", defmt::Debug2Format(self));
    }
}

impl Samples<'_> {
    /// The size in bytes that shape and element type ask for, or `None` when it overflows.
    #[must_use]
    pub fn needed(&self) -> Option<usize> {
        self.shape.iter().try_fold(self.dtype.size(), |n, &d| n.checked_mul(d))
    }
}

impl<'a> AxisArray<'a> {
    /// Index of a dimension by name.
    #[must_use]
    pub fn dim(&self, name: &str) -> Option<usize> {
        self.dims.iter().position(|d| *d == name)
    }

    /// The axis of a dimension.
    #[must_use]
    pub fn axis(&self, name: &str) -> Option<&Axis<'a>> {
        self.axes.iter().find(|(n, _)| *n == name).map(|(_, a)| a)
    }

    /// Whether names, shape and bytes agree with one another.
    ///
    /// # Errors
    /// The first disagreement found.
    pub fn check(&self) -> Result<(), MessageError> {
        let rank = self.data.shape.len();
        if rank > MAX_RANK {
            return Err(MessageError::RankTooLarge { rank });
        }
        if self.dims.len() != rank {
            return Err(MessageError::DimsDoNotMatch { rank, dims: self.dims.len() });
        }
        let needed = self.data.needed().ok_or(MessageError::ShapeTooLarge)?;
        if needed != self.data.bytes.len() {
            return Err(MessageError::DataLength { needed, given: self.data.bytes.len() });
        }
        for (position, name) in self.dims.iter().enumerate() {
            if self.dims.iter().take(position).any(|d| d == name) {
                return Err(MessageError::DuplicateDim { position });
            }
        }
        Ok(())
    }
}
