//! What the recognised callables would make, told by numpy's and Python's own reductions.
//!
//! Sources: the `__reduce__` and `__setstate__` of `numpy.dtype`, `numpy.ndarray` and numpy scalars in numpy 1.26 and 2.x, and
//! what our own writer leaves. Checks everything that a view later relies on. Nothing here calls anything by name.

use super::error::{Construct, DecodeError, Limit, excerpt};
use super::machine::{MAX_VALUES, Machine};
use super::node::{ArrayNode, Callable, Dtype, DtypeKind, OrderNode, Raw, Sequence, SequenceKind};
use crate::axis_array::MAX_RANK;
use crate::dtype::DType;
use crate::static_metadata::MAX_FIELDS;

/// numpy keeps the size of an element in a C `int`.
const MAX_ELEMENT_SIZE: u32 = i32::MAX as u32;

/// The most arguments that a recognised callable takes (`_frombuffer` of numpy 2).
const MAX_ARGUMENTS: usize = 5;

/// The entries of a dtype's state that are looked at: version, byte order, subarray, names, fields, size. Behind them: alignment,
/// flags, and since version 4 the metadata of dates.
const DTYPE_STATE: usize = 6;

/// The entries of an array's state: version, shape, dtype, Fortran order, bytes.
const ARRAY_STATE: usize = 5;

/// The longest name of an element type that is looked at; numpy's own are shorter.
const MAX_DESCR_LEN: usize = 32;

/// The longest name of a field: without a bound, comparing names that a blob refers to over and over would take for ever.
const MAX_FIELD_NAME_LEN: usize = 256;

/// How many comparisons of field names a blob may ask for. A blob of ordinary arrays takes a few hundred; one that refers to the
/// same fields over and over could otherwise ask for thousands with each byte.
const MAX_FIELD_WORK: u32 = 1 << 22;

/// An element type that has no fields.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::static_metadata) enum Simple {
    Plain(DType),
    Unicode(u32),
    Bytes(u32),
    Opaque,
}

/// What is wrong with the name of an element type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::static_metadata) enum BadDescr {
    BigEndian,
    TooLarge,
    Unknown,
}

/// Reads numpy's name of an element type (`<f4`, `U16`, `V72`, `M8[ns]`): what it is and its size in bytes.
pub(in crate::static_metadata) fn parse_descr(descr: &str) -> Result<(Simple, u32), BadDescr> {
    if descr.starts_with('>') {
        return Err(BadDescr::BigEndian);
    }
    if descr.len() > MAX_DESCR_LEN {
        return Err(BadDescr::Unknown);
    }
    let name = descr.strip_prefix(['<', '|', '=']).unwrap_or(descr);
    if let Some(plain) = DType::from_code(name) {
        return Ok((Simple::Plain(plain), plain.size() as u32));
    }
    let counted = |prefix: char| name.strip_prefix(prefix).filter(|n| n.bytes().all(|b| b.is_ascii_digit()));
    let (simple, size) = if let Some(n) = counted('U') {
        let n: u32 = n.parse().map_err(|_| BadDescr::Unknown)?;
        (Simple::Unicode(n), n.checked_mul(4).ok_or(BadDescr::TooLarge)?)
    } else if let Some(n) = counted('S') {
        let n: u32 = n.parse().map_err(|_| BadDescr::Unknown)?;
        (Simple::Bytes(n), n)
    } else if let Some(n) = counted('V') {
        (Simple::Opaque, n.parse().map_err(|_| BadDescr::Unknown)?)
    } else if name.starts_with("M8") || name.starts_with("m8") {
        (Simple::Opaque, 8)
    } else if name == "f16" {
        (Simple::Opaque, 16)
    } else if name == "c32" {
        (Simple::Opaque, 32)
    } else {
        return Err(BadDescr::Unknown);
    };
    if size > MAX_ELEMENT_SIZE { Err(BadDescr::TooLarge) } else { Ok((simple, size)) }
}

impl<'b> Machine<'b, '_> {
    /// Up to `N` items of a sequence, and how many it has.
    fn first_items<const N: usize>(&self, sequence: Sequence) -> ([u32; N], usize) {
        let mut items = [u32::MAX; N];
        for (to, from) in items.iter_mut().zip(self.view().items(sequence)) {
            *to = from;
        }
        (items, sequence.len as usize)
    }

    fn pop_tuple(&mut self, what: Construct) -> Result<Sequence, DecodeError> {
        let index = self.pop()?;
        match self.view().get(index) {
            Raw::Sequence(s) if s.kind == SequenceKind::Tuple => Ok(s),
            _ => Err(self.malformed(what)),
        }
    }

    /// REDUCE: the callable and its tuple of arguments give way to what it would return.
    pub(super) fn reduce(&mut self) -> Result<(), DecodeError> {
        let arguments = self.pop_tuple(Construct::Name)?;
        let callable = self.pop()?;
        let Raw::Callable(callable) = self.view().get(callable) else {
            return Err(self.malformed(Construct::Name));
        };
        let (a, count) = self.first_items::<MAX_ARGUMENTS>(arguments);
        let [a0, a1, a2, a3, a4] = a;
        let made = match (callable, count) {
            (Callable::Dtype, 1..=3) => Raw::Dtype(self.dtype(a0)?),
            (Callable::Bytearray, 0) => Raw::Bytes(&[]),
            (Callable::Bytearray, 1) => match self.view().get(a0) {
                Raw::Bytes(bytes) => Raw::Bytes(bytes),
                _ => return Err(self.malformed(Construct::Bytearray)),
            },
            (Callable::Complex, 2) => match (self.number(a0), self.number(a1)) {
                (Some(re), Some(im)) => Raw::Complex(re, im),
                _ => return Err(self.malformed(Construct::Complex)),
            },
            (Callable::Ndarray, 3) => self.array(a0, a1, a2, OrderNode::C)?,
            (Callable::Frombuffer, 4 | 5) => {
                let order = match (self.view().get(a3), count) {
                    (Raw::Str("C"), _) => OrderNode::C,
                    (Raw::Str("F"), _) => OrderNode::Fortran,
                    (Raw::Str("K"), 5) => OrderNode::Permuted(self.view().resolve(a4)),
                    _ => return Err(self.malformed(Construct::Array)),
                };
                self.array(a2, a1, a0, order)?
            }
            (Callable::Reconstruct, 3) => match self.view().get(a0) {
                Raw::Callable(Callable::Ndarray) => Raw::UnbuiltArray,
                _ => return Err(self.malformed(Construct::Array)),
            },
            (Callable::Scalar, 2) => {
                let size = self.element_size(a0)?;
                self.check_bytes(a1, size, Construct::Scalar)?;
                Raw::Scalar { dtype: self.view().resolve(a0), bytes: self.view().resolve(a1) }
            }
            (Callable::Dtype, _) => return Err(self.malformed(Construct::Dtype)),
            (Callable::Bytearray, _) => return Err(self.malformed(Construct::Bytearray)),
            (Callable::Complex, _) => return Err(self.malformed(Construct::Complex)),
            (Callable::Scalar, _) => return Err(self.malformed(Construct::Scalar)),
            (Callable::Ndarray | Callable::Frombuffer | Callable::Reconstruct | Callable::Record, _) => {
                return Err(self.malformed(Construct::Array));
            }
        };
        self.push(made)
    }

    /// BUILD: the tuple on top becomes the state of what is below, which stays.
    pub(super) fn build(&mut self) -> Result<(), DecodeError> {
        let state = self.pop_tuple(Construct::Array)?;
        let target = self.pop()?;
        // Not seen through an alias: an object gets its state at once, before anyone can refer to it.
        let raw = self.view().0.get(target as usize).map_or(Raw::None, |n| n.raw);
        let built = match raw {
            Raw::UnbuiltArray => self.array_state(state)?,
            Raw::Dtype(dtype) if !dtype.built => Raw::Dtype(self.dtype_state(dtype, state)?),
            _ => return Err(self.malformed(Construct::Array)),
        };
        self.replace(target, built)?;
        self.restore(target)
    }

    fn number(&self, index: u32) -> Option<f64> {
        match self.view().get(index) {
            Raw::Float(x) => Some(x),
            Raw::Int(n) => Some(n as f64),
            _ => None,
        }
    }

    fn descr(&self, descr: &str) -> Result<(Simple, u32), DecodeError> {
        let offset = self.offset;
        parse_descr(descr).map_err(|bad| match bad {
            BadDescr::BigEndian => DecodeError::BigEndian { offset },
            BadDescr::TooLarge => self.too_large(Limit::ElementSize(MAX_ELEMENT_SIZE)),
            BadDescr::Unknown => DecodeError::ElementType { descr: excerpt(&[descr]), offset },
        })
    }

    fn dtype(&mut self, argument: u32) -> Result<Dtype, DecodeError> {
        let (kind, size) = match self.view().get(argument) {
            Raw::Str(descr) => {
                let (simple, size) = self.descr(descr)?;
                let kind = match simple {
                    Simple::Plain(d) => DtypeKind::Plain(d),
                    Simple::Unicode(n) => DtypeKind::Unicode(n),
                    Simple::Bytes(n) => DtypeKind::Bytes(n),
                    Simple::Opaque => DtypeKind::Opaque(self.view().resolve(argument)),
                };
                (kind, size)
            }
            Raw::Sequence(list) if list.kind == SequenceKind::List => {
                (DtypeKind::Listed(self.view().resolve(argument)), self.listed_size(list)?)
            }
            Raw::Callable(Callable::Record) => (DtypeKind::Unknown, 0),
            _ => return Err(self.malformed(Construct::Dtype)),
        };
        Ok(Dtype { kind, size, built: false })
    }

    /// The size of an element from a list of (name, type), its fields one behind the other.
    fn listed_size(&mut self, list: Sequence) -> Result<u32, DecodeError> {
        self.count_work(list.len)?;
        self.check_field_count(list)?;
        let bad = self.malformed(Construct::Field);
        let mut size = 0_u32;
        for item in self.view().items(list) {
            let Raw::Sequence(pair) = self.view().get(item) else { return Err(bad) };
            let ([name, descr], 2) = self.first_items::<2>(pair) else { return Err(bad) };
            let (Raw::Str(name), Raw::Str(descr)) = (self.view().get(name), self.view().get(descr)) else {
                return Err(bad);
            };
            if name.is_empty() || name.len() > MAX_FIELD_NAME_LEN {
                return Err(bad);
            }
            size = size.saturating_add(self.descr(descr)?.1);
        }
        if size > MAX_ELEMENT_SIZE { Err(self.too_large(Limit::ElementSize(MAX_ELEMENT_SIZE))) } else { Ok(size) }
    }

    fn count_work(&mut self, comparisons: u32) -> Result<(), DecodeError> {
        self.field_work = self.field_work.saturating_add(comparisons);
        if self.field_work > MAX_FIELD_WORK {
            return Err(self.too_large(Limit::FieldWork(MAX_FIELD_WORK)));
        }
        Ok(())
    }

    fn check_field_count(&self, fields: Sequence) -> Result<(), DecodeError> {
        if fields.len as usize > MAX_FIELDS {
            return Err(self.too_large(Limit::Fields(MAX_FIELDS)));
        }
        Ok(())
    }

    fn dtype_state(&mut self, dtype: Dtype, state: Sequence) -> Result<Dtype, DecodeError> {
        let bad = self.malformed(Construct::Dtype);
        let ([_, order, subarray, names, fields, size], count) = self.first_items::<DTYPE_STATE>(state);
        if count < DTYPE_STATE {
            return Err(bad);
        }
        match self.view().get(order) {
            Raw::Str("<" | "|" | "=") => {}
            Raw::Str(">") => return Err(DecodeError::BigEndian { offset: self.offset }),
            _ => return Err(bad),
        }
        // -1 stands for "as the name says".
        let size = match self.view().get(size) {
            Raw::Int(-1) => dtype.size,
            Raw::Int(n) => u32::try_from(n).map_err(|_| bad.clone())?,
            _ => return Err(bad),
        };
        let unknown = matches!(dtype.kind, DtypeKind::Unknown);
        if size > MAX_ELEMENT_SIZE || (size != dtype.size && !unknown) {
            return Err(bad);
        }
        let is_void = unknown || matches!(dtype.kind, DtypeKind::Opaque(_));
        let kind = match (self.view().get(names), self.view().get(fields), self.view().get(subarray)) {
            (Raw::None, Raw::None, Raw::None) if !unknown => dtype.kind,
            // A subarray (a field of several numbers) is carried as bytes.
            (Raw::None, Raw::None, _) if is_void && !unknown => dtype.kind,
            (Raw::Sequence(n), Raw::Sequence(f), Raw::None)
                if is_void && n.kind == SequenceKind::Tuple && f.kind == SequenceKind::Dict =>
            {
                self.check_fields(n, f, size)?;
                DtypeKind::Named { names: self.view().resolve(names), fields: self.view().resolve(fields) }
            }
            _ => return Err(bad),
        };
        Ok(Dtype { kind, size, built: true })
    }

    /// Every name has a type and an offset, and lies within the element. Gaps and overlaps are numpy's business.
    fn check_fields(&mut self, names: Sequence, fields: Sequence, size: u32) -> Result<(), DecodeError> {
        self.check_field_count(names)?;
        self.count_work(names.len.saturating_mul(fields.len / 2))?;
        let bad = self.malformed(Construct::Field);
        // A field with a title stands twice in the dict.
        if fields.len as usize > MAX_FIELDS * 4 {
            return Err(self.too_large(Limit::Fields(MAX_FIELDS)));
        }
        for name in self.view().items(names) {
            let Raw::Str(name) = self.view().get(name) else { return Err(bad) };
            if name.len() > MAX_FIELD_NAME_LEN {
                return Err(bad);
            }
            let Some(Raw::Sequence(field)) = self.view().lookup(fields, name).map(|i| self.view().get(i)) else {
                return Err(bad);
            };
            let ([dtype, offset], 2 | 3) = self.first_items::<2>(field) else { return Err(bad) };
            let Raw::Int(offset) = self.view().get(offset) else { return Err(bad) };
            let end = i64::from(self.element_size(dtype)?).checked_add(offset);
            if offset < 0 || end.is_none_or(|e| e > i64::from(size)) {
                return Err(bad);
            }
        }
        Ok(())
    }

    fn element_size(&self, dtype: u32) -> Result<u32, DecodeError> {
        match self.view().get(dtype) {
            Raw::Dtype(d) if !matches!(d.kind, DtypeKind::Unknown) => Ok(d.size),
            _ => Err(self.malformed(Construct::Dtype)),
        }
    }

    fn check_bytes(&self, index: u32, needed: u32, what: Construct) -> Result<(), DecodeError> {
        let Raw::Bytes(bytes) = self.view().get(index) else { return Err(self.malformed(what)) };
        let (needed, given) = (needed as usize, bytes.len());
        if needed == given { Ok(()) } else { Err(DecodeError::ArrayLength { offset: self.offset, needed, given }) }
    }

    fn array_state(&self, state: Sequence) -> Result<Raw<'b>, DecodeError> {
        let ([_, shape, dtype, fortran, bytes], ARRAY_STATE) = self.first_items::<ARRAY_STATE>(state) else {
            return Err(self.malformed(Construct::Array));
        };
        let order = match self.view().get(fortran) {
            Raw::Bool(false) | Raw::Int(0) => OrderNode::C,
            Raw::Bool(true) | Raw::Int(1) => OrderNode::Fortran,
            _ => return Err(self.malformed(Construct::Array)),
        };
        self.array(shape, dtype, bytes, order)
    }

    fn array(&self, shape: u32, dtype: u32, bytes: u32, order: OrderNode) -> Result<Raw<'b>, DecodeError> {
        let size = self.element_size(dtype)? as usize;
        let Raw::Sequence(lengths) = self.view().get(shape) else { return Err(self.malformed(Construct::Shape)) };
        if lengths.kind != SequenceKind::Tuple {
            return Err(self.malformed(Construct::Shape));
        }
        let rank = lengths.len as usize;
        if rank > MAX_RANK {
            return Err(self.too_large(Limit::Rank(MAX_RANK)));
        }
        let (mut extent, mut empty) = (size, false);
        for item in self.view().items(lengths) {
            let Raw::Int(length) = self.view().get(item) else { return Err(self.malformed(Construct::Shape)) };
            if length < 0 {
                return Err(self.malformed(Construct::Shape));
            }
            let length = usize::try_from(length).map_err(|_| self.too_large(Limit::ArraySize))?;
            if length == 0 {
                empty = true;
            } else {
                extent = extent.checked_mul(length).ok_or(self.too_large(Limit::ArraySize))?;
            }
        }
        self.check_count(lengths, size)?;
        let needed = if empty { 0 } else { extent };
        let Raw::Bytes(raw) = self.view().get(bytes) else { return Err(self.malformed(Construct::Array)) };
        if raw.len() != needed {
            return Err(DecodeError::ArrayLength { offset: self.offset, needed, given: raw.len() });
        }
        if let OrderNode::Permuted(axes) = order {
            self.check_permutation(axes, rank)?;
        }
        let view = self.view();
        Ok(Raw::Array(ArrayNode {
            dtype: view.resolve(dtype),
            shape: view.resolve(shape),
            bytes: view.resolve(bytes),
            order,
        }))
    }

    /// Elements without bytes (`U0`) are the only ones of which a short blob could claim any number.
    fn check_count(&self, lengths: Sequence, size: usize) -> Result<(), DecodeError> {
        let mut count = 1_i64;
        for item in self.view().items(lengths) {
            let Raw::Int(length) = self.view().get(item) else { return Err(self.malformed(Construct::Shape)) };
            count = count.saturating_mul(length);
        }
        if size == 0 && count > i64::from(MAX_VALUES) {
            return Err(self.too_large(Limit::Values(MAX_VALUES)));
        }
        Ok(())
    }

    fn check_permutation(&self, axes: u32, rank: usize) -> Result<(), DecodeError> {
        let bad = self.malformed(Construct::Array);
        let Some(axes) = self.view().row(axes) else { return Err(bad) };
        if axes.len() != rank {
            return Err(bad);
        }
        let mut seen = 0_u64;
        for axis in axes {
            let Raw::Int(axis) = self.view().get(axis) else { return Err(bad) };
            let bit = usize::try_from(axis).ok().filter(|a| *a < rank).map(|a| 1_u64 << a);
            let Some(bit) = bit.filter(|b| seen & b == 0) else { return Err(bad) };
            seen |= bit;
        }
        Ok(())
    }
}
