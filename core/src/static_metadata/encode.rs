//! Writes the static metadata of a message as a pickle, straight into a [`Sink`].
//!
//! Protocol 4, without frames and without a memo: each value is written where it stands, so nothing has to be remembered. An array is
//! `numpy.ndarray(shape, numpy.dtype(descr), bytearray(raw))`, the one form that numpy 1.26 and numpy 2 both load. Must never
//! know where the bytes end up, and never looks at the samples.

mod check;

use core::convert::Infallible;

use self::check::check_array;

use super::opcode as op;
use super::{Counter, FORMAT_VERSION, MAX_DEPTH, MAX_FIELDS, Sink};
use crate::axis_array::{Array, Axis, AxisArray, Element, ScalarElement, Value};
use crate::dtype::DType;

/// The protocol: the newest whose opcodes Python 3.4 and later read, and the first with `STACK_GLOBAL`.
const PROTOCOL: u8 = 4;

/// The largest rank of an array that numpy 1.26 loads (`NPY_MAXDIMS`; numpy 2 has 64).
pub const MAX_ARRAY_RANK: usize = 32;

/// The largest element that numpy can describe: its element size is a C `int`.
const MAX_ELEMENT_SIZE: u64 = i32::MAX as u64;

/// The digits of the largest `u32`.
const U32_DIGITS: usize = 10;

/// Which part of the message an error speaks of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Place {
    /// An entry of `axes`, by index.
    #[error("entry {0} of axes")]
    Axis(usize),
    /// An entry of `attrs`, by index.
    #[error("entry {0} of attrs")]
    Attr(usize),
}

/// Why the metadata of a message could not be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum EncodeError<E> {
    /// The sink refused.
    #[error("static metadata could not be written: {0}")]
    Sink(E),
    /// The buffered axis is no dimension of the message.
    #[error("the buffered axis is not among the message's {dims} dimensions")]
    NoBufferedAxis {
        /// Dimensions of the message.
        dims: usize,
    },
    /// Lists, tuples and dicts within one another, without end.
    #[error("{place} is nested more than {MAX_DEPTH} deep")]
    TooDeep {
        /// Where.
        place: Place,
    },
    /// An array's bytes are not those that its shape and element type ask for.
    #[error("the array in {place} needs {needed} bytes, but there are {given}")]
    ArrayLength {
        /// Where.
        place: Place,
        /// What shape and element type ask for.
        needed: usize,
        /// What was given.
        given: usize,
    },
    /// An array's shape does not fit in an address space.
    #[error("the array in {place} is larger than an address space")]
    ArrayTooLarge {
        /// Where.
        place: Place,
    },
    /// More dimensions than numpy 1.26 can load.
    #[error("the array in {place} has {rank} dimensions; numpy 1.26 loads {MAX_ARRAY_RANK}")]
    ArrayRank {
        /// Where.
        place: Place,
        /// Its dimensions.
        rank: usize,
    },
    /// An element larger than numpy can describe.
    #[error("an element of the array in {place} has {size} bytes; numpy's limit is {MAX_ELEMENT_SIZE}")]
    ElementTooLarge {
        /// Where.
        place: Place,
        /// Its size in bytes.
        size: u64,
    },
    /// A structured element without fields, or with too many.
    #[error("the structured array in {place} has {fields} fields; 1 to {MAX_FIELDS} are possible")]
    FieldCount {
        /// Where.
        place: Place,
        /// Its fields.
        fields: usize,
    },
    /// A field whose name is empty or that of an earlier field.
    #[error("field {field} of the structured array in {place} has an empty name or that of an earlier field")]
    FieldName {
        /// Where.
        place: Place,
        /// Index of the field.
        field: usize,
    },
}

/// Writes the static metadata of `message` for a ring along `buffered_axis`.
///
/// What changes with every message is left out: the buffered axis' offset, and its values if it is a coordinate axis. Every entry
/// of `axes` is carried, also one that is no dimension.
///
/// # Errors
/// See [`EncodeError`]. The sink may have received part of the bytes by then.
pub fn encode<S: Sink>(
    message: &AxisArray<'_>,
    buffered_axis: &str,
    sink: &mut S,
) -> Result<(), EncodeError<S::Error>> {
    if message.dim(buffered_axis).is_none() {
        return Err(EncodeError::NoBufferedAxis { dims: message.dims.len() });
    }
    let mut w = Pickler { sink };
    w.raw(&[op::PROTO, PROTOCOL, op::EMPTY_DICT, op::MARK])?;
    w.text("version")?;
    w.int(FORMAT_VERSION)?;
    w.text("dims")?;
    w.raw(&[op::EMPTY_LIST, op::MARK])?;
    w.text(buffered_axis)?;
    for name in message.dims.iter().filter(|d| **d != buffered_axis) {
        w.text(name)?;
    }
    w.raw(&[op::APPENDS])?;
    w.text("axes")?;
    w.raw(&[op::EMPTY_DICT, op::MARK])?;
    for (i, (name, axis)) in message.axes.iter().enumerate() {
        w.text(name)?;
        w.axis(axis, *name == buffered_axis, Place::Axis(i))?;
    }
    w.raw(&[op::SETITEMS])?;
    w.text("attrs")?;
    w.raw(&[op::EMPTY_DICT, op::MARK])?;
    for (i, (name, value)) in message.attrs.iter().enumerate() {
        w.text(name)?;
        w.value(value, 0, Place::Attr(i))?;
    }
    w.raw(&[op::SETITEMS])?;
    w.text("key")?;
    w.text(message.key)?;
    w.text("buffered_axis")?;
    w.text(buffered_axis)?;
    w.text("stream_dim")?;
    match message.stream_dim {
        Some(name) => w.text(name)?,
        None => w.raw(&[op::NONE])?,
    }
    w.raw(&[op::SETITEMS, op::STOP])
}

/// How many bytes [`encode`] will write.
///
/// # Errors
/// See [`EncodeError`].
pub fn encoded_len(message: &AxisArray<'_>, buffered_axis: &str) -> Result<usize, EncodeError<Infallible>> {
    let mut counter = Counter::default();
    encode(message, buffered_axis, &mut counter)?;
    Ok(counter.len())
}

/// The opcodes that a length of one, four or eight bytes follows.
struct Lengths {
    one: u8,
    four: u8,
    eight: u8,
}

const TEXT: Lengths = Lengths { one: op::SHORT_BINUNICODE, four: op::BINUNICODE, eight: op::BINUNICODE8 };
const BYTES: Lengths = Lengths { one: op::SHORT_BINBYTES, four: op::BINBYTES, eight: op::BINBYTES8 };

struct Pickler<'s, S> {
    sink: &'s mut S,
}

impl<S: Sink> Pickler<'_, S> {
    #[inline]
    fn raw(&mut self, bytes: &[u8]) -> Result<(), EncodeError<S::Error>> {
        self.sink.write(bytes).map_err(EncodeError::Sink)
    }

    /// An opcode and its argument of several bytes.
    fn op<const N: usize>(&mut self, opcode: u8, argument: [u8; N]) -> Result<(), EncodeError<S::Error>> {
        self.raw(&[opcode])?;
        self.raw(&argument)
    }

    /// An opcode with an argument of one byte, as nearly all are: one write.
    #[inline]
    fn short(&mut self, opcode: u8, argument: u8) -> Result<(), EncodeError<S::Error>> {
        self.raw(&[opcode, argument])
    }

    #[inline]
    fn counted(&mut self, len: usize, by: &Lengths) -> Result<(), EncodeError<S::Error>> {
        if let Ok(n) = u8::try_from(len) {
            self.short(by.one, n)
        } else if let Ok(n) = u32::try_from(len) {
            self.op(by.four, n.to_le_bytes())
        } else {
            self.op(by.eight, (len as u64).to_le_bytes())
        }
    }

    fn text(&mut self, text: &str) -> Result<(), EncodeError<S::Error>> {
        self.counted(text.len(), &TEXT)?;
        self.raw(text.as_bytes())
    }

    fn bytes(&mut self, bytes: &[u8]) -> Result<(), EncodeError<S::Error>> {
        self.counted(bytes.len(), &BYTES)?;
        self.raw(bytes)
    }

    fn int(&mut self, value: i64) -> Result<(), EncodeError<S::Error>> {
        if let Ok(n) = u8::try_from(value) {
            self.short(op::BININT1, n)
        } else if let Ok(n) = u16::try_from(value) {
            self.op(op::BININT2, n.to_le_bytes())
        } else if let Ok(n) = i32::try_from(value) {
            self.op(op::BININT, n.to_le_bytes())
        } else {
            self.short(op::LONG1, 8)?;
            self.raw(&value.to_le_bytes())
        }
    }

    /// A length of a dimension: not negative, perhaps beyond `i64`.
    fn length(&mut self, length: usize) -> Result<(), EncodeError<S::Error>> {
        if let Ok(n) = i64::try_from(length) {
            self.int(n)
        } else {
            self.short(op::LONG1, 9)?;
            self.raw(&(length as u64).to_le_bytes())?;
            self.raw(&[0])
        }
    }

    /// `BINFLOAT` is the only big-endian number of the format.
    fn float(&mut self, value: f64) -> Result<(), EncodeError<S::Error>> {
        self.op(op::BINFLOAT, value.to_be_bytes())
    }

    fn global(&mut self, module: &str, name: &str) -> Result<(), EncodeError<S::Error>> {
        self.text(module)?;
        self.text(name)?;
        self.raw(&[op::STACK_GLOBAL])
    }

    fn names(&mut self, names: &[&str]) -> Result<(), EncodeError<S::Error>> {
        self.raw(&[op::EMPTY_LIST, op::MARK])?;
        for name in names {
            self.text(name)?;
        }
        self.raw(&[op::APPENDS])
    }

    fn axis(&mut self, axis: &Axis<'_>, buffered: bool, place: Place) -> Result<(), EncodeError<S::Error>> {
        self.raw(&[op::EMPTY_DICT, op::MARK])?;
        self.text("kind")?;
        self.text(match axis {
            Axis::Linear { .. } => "linear",
            Axis::Coordinate { .. } => "coord",
        })?;
        self.text("unit")?;
        self.text(axis.unit())?;
        match axis {
            Axis::Linear { gain, offset, .. } => {
                self.text("gain")?;
                self.float(*gain)?;
                if !buffered {
                    self.text("offset")?;
                    self.float(*offset)?;
                }
            }
            Axis::Coordinate { dims, data, .. } => {
                self.text("dims")?;
                self.names(dims)?;
                if !buffered {
                    self.text("data")?;
                    self.array(data, place)?;
                }
            }
        }
        self.raw(&[op::SETITEMS])
    }

    fn value(&mut self, value: &Value<'_>, depth: usize, place: Place) -> Result<(), EncodeError<S::Error>> {
        if depth > MAX_DEPTH {
            return Err(EncodeError::TooDeep { place });
        }
        match *value {
            Value::None => self.raw(&[op::NONE]),
            Value::Bool(true) => self.raw(&[op::NEWTRUE]),
            Value::Bool(false) => self.raw(&[op::NEWFALSE]),
            Value::Int(n) => self.int(n),
            Value::Float(x) => self.float(x),
            Value::Complex(re, im) => {
                self.global("builtins", "complex")?;
                self.float(re)?;
                self.float(im)?;
                self.raw(&[op::TUPLE2, op::REDUCE])
            }
            Value::Str(text) => self.text(text),
            Value::Bytes(bytes) => self.bytes(bytes),
            Value::Array(ref array) => self.array(array, place),
            Value::List(items) => {
                self.raw(&[op::EMPTY_LIST, op::MARK])?;
                self.values(items, depth, place)?;
                self.raw(&[op::APPENDS])
            }
            Value::Tuple([]) => self.raw(&[op::EMPTY_TUPLE]),
            Value::Tuple(items) => {
                self.raw(&[op::MARK])?;
                self.values(items, depth, place)?;
                self.raw(&[op::TUPLE])
            }
            Value::Dict(entries) => {
                self.raw(&[op::EMPTY_DICT, op::MARK])?;
                for (name, value) in entries {
                    self.text(name)?;
                    self.value(value, depth + 1, place)?;
                }
                self.raw(&[op::SETITEMS])
            }
        }
    }

    fn values(&mut self, items: &[Value<'_>], depth: usize, place: Place) -> Result<(), EncodeError<S::Error>> {
        items.iter().try_for_each(|item| self.value(item, depth + 1, place))
    }

    fn array(&mut self, array: &Array<'_>, place: Place) -> Result<(), EncodeError<S::Error>> {
        check_array(array, place)?;
        self.global("numpy", "ndarray")?;
        self.raw(&[op::MARK])?;
        self.raw(&[op::MARK])?;
        for &length in array.shape {
            self.length(length)?;
        }
        self.raw(&[op::TUPLE])?;
        self.global("numpy", "dtype")?;
        match array.element {
            Element::Plain(d) => self.descr(ScalarElement::Plain(d))?,
            Element::Unicode(n) => self.descr(ScalarElement::Unicode(n))?,
            Element::Bytes(n) => self.descr(ScalarElement::Bytes(n))?,
            Element::Structured(fields) => {
                self.raw(&[op::EMPTY_LIST, op::MARK])?;
                for field in fields {
                    self.text(field.name)?;
                    self.descr(field.element)?;
                    self.raw(&[op::TUPLE2])?;
                }
                self.raw(&[op::APPENDS])?;
            }
        }
        self.raw(&[op::TUPLE1, op::REDUCE])?;
        self.global("builtins", "bytearray")?;
        self.bytes(array.bytes)?;
        self.raw(&[op::TUPLE1, op::REDUCE])?;
        self.raw(&[op::TUPLE, op::REDUCE])
    }

    /// An element type as numpy writes it, with an explicit byte order: `<f4`, `|u1`, `<U16`, `|S3`.
    fn descr(&mut self, element: ScalarElement) -> Result<(), EncodeError<S::Error>> {
        let (order, letter, count) = match element {
            ScalarElement::Plain(d) => {
                let order = if d.size() == 1 { "|" } else { "<" };
                return self.text_of(&[order, d.code()]);
            }
            ScalarElement::Unicode(n) => ("<", "U", n),
            ScalarElement::Bytes(n) => ("|", "S", n),
        };
        let mut digits = [0; U32_DIGITS];
        self.text_of(&[order, letter, decimal(count, &mut digits)])
    }

    /// One text out of short parts.
    fn text_of(&mut self, parts: &[&str]) -> Result<(), EncodeError<S::Error>> {
        self.counted(parts.iter().map(|p| p.len()).sum(), &TEXT)?;
        parts.iter().try_for_each(|part| self.raw(part.as_bytes()))
    }
}

/// `n` in decimal digits, at the end of `digits`.
fn decimal(mut n: u32, digits: &mut [u8; U32_DIGITS]) -> &str {
    let mut start = digits.len();
    for slot in digits.iter_mut().rev() {
        *slot = b'0' + (n % 10) as u8;
        n /= 10;
        start -= 1;
        if n == 0 {
            break;
        }
    }
    digits.get(start..).and_then(|d| core::str::from_utf8(d).ok()).unwrap_or_default()
}

// The one-byte types write `|`, all others `<`: hold the assumption that only these have size 1.
const _: () = assert!(DType::Bool.size() == 1 && DType::I8.size() == 1 && DType::U8.size() == 1);
