//! Splits a pickle into opcodes with their arguments.
//!
//! Knows the length of each opcode's argument and its type. Knows nothing of the stack.

use super::error::DecodeError;
use super::node::{Raw, Sequence, SequenceKind};
use crate::static_metadata::opcode as op;

/// The protocols that are read.
const PROTOCOLS: core::ops::RangeInclusive<u8> = 4..=5;

/// What an opcode does to the stack.
#[derive(Clone, Copy)]
pub(super) enum Op<'b> {
    /// Nothing.
    Nothing,
    /// Pushes a value, an empty container or a mark.
    Push(Raw<'b>),
    /// Remembers the top under the next number.
    Memoize,
    /// Pushes what was remembered.
    Get(u32),
    /// Makes a tuple of the topmost few.
    Tuple(u8),
    /// Makes a tuple of all above the mark.
    TupleOfMarked,
    /// Appends the top to the list below.
    Append,
    /// Appends all above the mark to the list below it.
    Appends,
    /// Puts a key and a value into the dict below.
    SetItem,
    /// Puts all pairs above the mark into the dict below it.
    SetItems,
    /// Makes a callable of the module and the name on top.
    Global,
    /// Makes what the callable would return for the tuple on top.
    Reduce,
    /// Gives what is below its state.
    Build,
    /// Ends.
    Stop,
}

impl Op<'_> {
    pub(super) const fn makes_a_node(&self) -> bool {
        matches!(
            self,
            Self::Push(_) | Self::Get(_) | Self::Tuple(_) | Self::TupleOfMarked | Self::Global | Self::Reduce
        )
    }
}

/// The opcodes of a pickle with their offsets, up to and including STOP or the first error.
pub(super) struct Ops<'b> {
    blob: &'b [u8],
    at: usize,
    ended: bool,
}

impl<'b> Ops<'b> {
    pub(super) const fn new(blob: &'b [u8]) -> Self {
        Self { blob, at: 0, ended: false }
    }

    fn read(&mut self) -> Result<(usize, Op<'b>), DecodeError> {
        let offset = self.at;
        let mut bytes = Bytes { rest: self.blob.get(offset..).unwrap_or_default(), offset };
        if offset == 0 {
            let known = bytes.byte() == Ok(op::PROTO) && bytes.byte().is_ok_and(|p| PROTOCOLS.contains(&p));
            if !known {
                return Err(DecodeError::NotAPickle);
            }
            self.at = self.blob.len() - bytes.rest.len();
            return Ok((offset, Op::Nothing));
        }
        let op = bytes.op()?;
        self.at = self.blob.len() - bytes.rest.len();
        Ok((offset, op))
    }
}

impl<'b> Iterator for Ops<'b> {
    type Item = Result<(usize, Op<'b>), DecodeError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.ended {
            return None;
        }
        let read = self.read();
        self.ended = matches!(read, Err(_) | Ok((_, Op::Stop)));
        Some(read)
    }
}

/// What is left of the blob, from one opcode on.
struct Bytes<'b> {
    rest: &'b [u8],
    offset: usize,
}

impl<'b> Bytes<'b> {
    fn take(&mut self, n: u64) -> Result<&'b [u8], DecodeError> {
        let cut = DecodeError::CutOff { offset: self.offset };
        let Ok(n) = usize::try_from(n) else { return Err(cut) };
        let (taken, rest) = self.rest.split_at_checked(n).ok_or(cut)?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let cut = DecodeError::CutOff { offset: self.offset };
        let (taken, rest) = self.rest.split_first_chunk().ok_or(cut)?;
        self.rest = rest;
        Ok(*taken)
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        self.array::<1>().map(|[b]| b)
    }

    fn u32(&mut self) -> Result<u32, DecodeError> {
        self.array().map(u32::from_le_bytes)
    }

    fn u64(&mut self) -> Result<u64, DecodeError> {
        self.array().map(u64::from_le_bytes)
    }

    fn text(&mut self, n: u64) -> Result<Op<'b>, DecodeError> {
        let text = core::str::from_utf8(self.take(n)?);
        text.map(|t| Op::Push(Raw::Str(t))).map_err(|_| DecodeError::NotUtf8 { offset: self.offset })
    }

    fn bytes(&mut self, n: u64) -> Result<Op<'b>, DecodeError> {
        Ok(Op::Push(Raw::Bytes(self.take(n)?)))
    }

    fn op(&mut self) -> Result<Op<'b>, DecodeError> {
        let opcode = self.byte()?;
        Ok(match opcode {
            op::FRAME => {
                // A frame is a hint for reading from a file. That it ends within the blob is all there is to check.
                let length = self.u64()?;
                if usize::try_from(length).map_or(true, |n| n > self.rest.len()) {
                    return Err(DecodeError::CutOff { offset: self.offset });
                }
                Op::Nothing
            }
            op::STOP => Op::Stop,
            op::MARK => Op::Push(Raw::Mark),
            op::MEMOIZE => Op::Memoize,
            op::BINGET => Op::Get(u32::from(self.byte()?)),
            op::LONG_BINGET => Op::Get(self.u32()?),
            op::NONE => Op::Push(Raw::None),
            op::NEWTRUE => Op::Push(Raw::Bool(true)),
            op::NEWFALSE => Op::Push(Raw::Bool(false)),
            op::BININT => Op::Push(Raw::Int(i64::from(self.array().map(i32::from_le_bytes)?))),
            op::BININT1 => Op::Push(Raw::Int(i64::from(self.byte()?))),
            op::BININT2 => Op::Push(Raw::Int(i64::from(self.array().map(u16::from_le_bytes)?))),
            op::LONG1 => {
                let length = self.byte()?;
                Op::Push(integer(self.take(u64::from(length))?))
            }
            op::BINFLOAT => Op::Push(Raw::Float(self.array().map(f64::from_be_bytes)?)),
            op::SHORT_BINUNICODE => {
                let n = self.byte()?;
                self.text(u64::from(n))?
            }
            op::BINUNICODE => {
                let n = self.u32()?;
                self.text(u64::from(n))?
            }
            op::BINUNICODE8 => {
                let n = self.u64()?;
                self.text(n)?
            }
            op::SHORT_BINBYTES => {
                let n = self.byte()?;
                self.bytes(u64::from(n))?
            }
            op::BINBYTES => {
                let n = self.u32()?;
                self.bytes(u64::from(n))?
            }
            op::BINBYTES8 | op::BYTEARRAY8 => {
                let n = self.u64()?;
                self.bytes(n)?
            }
            op::EMPTY_TUPLE => Op::Push(Raw::Sequence(Sequence::empty(SequenceKind::Tuple))),
            op::EMPTY_LIST => Op::Push(Raw::Sequence(Sequence::empty(SequenceKind::List))),
            op::EMPTY_DICT => Op::Push(Raw::Sequence(Sequence::empty(SequenceKind::Dict))),
            op::TUPLE1 => Op::Tuple(1),
            op::TUPLE2 => Op::Tuple(2),
            op::TUPLE3 => Op::Tuple(3),
            op::TUPLE => Op::TupleOfMarked,
            op::APPEND => Op::Append,
            op::APPENDS => Op::Appends,
            op::SETITEM => Op::SetItem,
            op::SETITEMS => Op::SetItems,
            op::STACK_GLOBAL => Op::Global,
            op::REDUCE => Op::Reduce,
            op::BUILD => Op::Build,
            _ => return Err(DecodeError::Opcode { opcode, offset: self.offset }),
        })
    }
}

/// A little-endian two's complement integer of any length.
fn integer(bytes: &[u8]) -> Raw<'_> {
    let negative = bytes.last().is_some_and(|b| b & 0x80 != 0);
    let sign = if negative { 0xff } else { 0 };
    let mut low = [sign; 8];
    for (to, from) in low.iter_mut().zip(bytes) {
        *to = *from;
    }
    let value = i64::from_le_bytes(low);
    let fits = bytes.iter().skip(8).all(|b| *b == sign) && (value < 0) == negative;
    if fits { Raw::Int(value) } else { Raw::BigInt(bytes) }
}
