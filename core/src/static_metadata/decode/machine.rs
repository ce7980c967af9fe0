//! The stack machine: turns opcodes into nodes.
//!
//! The stack is a chain through the nodes themselves, so an arena of one node an opcode is all the memory there is. A list or dict
//! may grow until it is put somewhere or referred to for the first time, and never after: no value can contain itself.
//! Knows nothing of what numpy's callables mean (`numpy.rs`).

use super::error::{Construct, DecodeError, Limit, excerpt};
use super::node::{Callable, NIL, Node, Nodes, Raw, Sequence, SequenceKind};
use super::ops::{Op, Ops};
use crate::static_metadata::MAX_DEPTH;

/// How deep a blob may be nested: the dict, its `attrs`, and a value of as many levels as we write ourselves.
const MAX_HEIGHT: u8 = MAX_DEPTH as u8 + 4;

/// How many values a blob may hold, each counted as often as it is referred to. Whoever walks through all values needs no
/// other bound.
pub(in crate::static_metadata) const MAX_VALUES: u32 = 1 << 20;

/// What may be asked for, and from which module. numpy 2 renamed `numpy.core` to `numpy._core`.
const CALLABLES: [(&str, &str, Callable); 11] = [
    ("numpy", "dtype", Callable::Dtype),
    ("numpy", "ndarray", Callable::Ndarray),
    ("numpy", "record", Callable::Record),
    ("builtins", "bytearray", Callable::Bytearray),
    ("builtins", "complex", Callable::Complex),
    ("numpy.core.multiarray", "_reconstruct", Callable::Reconstruct),
    ("numpy._core.multiarray", "_reconstruct", Callable::Reconstruct),
    ("numpy.core.multiarray", "scalar", Callable::Scalar),
    ("numpy._core.multiarray", "scalar", Callable::Scalar),
    ("numpy.core.numeric", "_frombuffer", Callable::Frombuffer),
    ("numpy._core.numeric", "_frombuffer", Callable::Frombuffer),
];

/// Items taken off the stack, strung together in the order in which they were pushed.
struct Chain {
    first: u32,
    last: u32,
    len: u32,
    values: u32,
    height: u8,
    plain: bool,
}

pub(super) struct Machine<'b, 'n> {
    nodes: &'n mut [Node<'b>],
    used: usize,
    memos: usize,
    top: u32,
    /// Comparisons of field names so far.
    pub(super) field_work: u32,
    /// Offset of the opcode at work, for errors.
    pub(super) offset: usize,
}

/// Runs a pickle to its end; the index of its value.
pub(super) fn run<'b>(blob: &'b [u8], nodes: &mut [Node<'b>]) -> Result<u32, DecodeError> {
    let mut machine = Machine { nodes, used: 0, memos: 0, top: NIL, field_work: 0, offset: 0 };
    for op in Ops::new(blob) {
        let (offset, op) = op?;
        machine.offset = offset;
        if let Op::Stop = op {
            let root = machine.pop()?;
            if machine.top != NIL {
                return Err(machine.stack());
            }
            return Ok(root);
        }
        machine.step(op)?;
    }
    Err(DecodeError::CutOff { offset: blob.len() })
}

impl<'b> Machine<'b, '_> {
    pub(super) fn view(&self) -> Nodes<'b, '_> {
        Nodes(self.nodes)
    }

    pub(super) const fn stack(&self) -> DecodeError {
        DecodeError::Stack { offset: self.offset }
    }

    pub(super) const fn malformed(&self, what: Construct) -> DecodeError {
        DecodeError::Malformed { what, offset: self.offset }
    }

    pub(super) const fn too_large(&self, limit: Limit) -> DecodeError {
        DecodeError::TooLarge { limit, offset: self.offset }
    }

    fn node(&mut self, index: u32) -> Result<&mut Node<'b>, DecodeError> {
        let error = self.stack();
        self.nodes.get_mut(index as usize).ok_or(error)
    }

    pub(super) fn replace(&mut self, index: u32, raw: Raw<'b>) -> Result<(), DecodeError> {
        self.node(index)?.raw = raw;
        Ok(())
    }

    pub(super) fn push(&mut self, raw: Raw<'b>) -> Result<(), DecodeError> {
        let full = DecodeError::ArenaFull { given: self.nodes.len(), needed: self.used.saturating_add(1) };
        let Ok(index) = u32::try_from(self.used) else { return Err(full) };
        let node = self.nodes.get_mut(self.used).ok_or(full)?;
        node.raw = raw;
        node.next = self.top;
        self.top = index;
        self.used += 1;
        Ok(())
    }

    /// Takes the top off, whatever it is but a mark.
    pub(super) fn pop(&mut self) -> Result<u32, DecodeError> {
        let index = self.top;
        let node = self.node(index)?;
        if matches!(node.raw, Raw::Mark) {
            return Err(self.stack());
        }
        self.top = node.next;
        Ok(index)
    }

    /// Puts what was popped back on top.
    pub(super) fn restore(&mut self, index: u32) -> Result<(), DecodeError> {
        let below = self.top;
        self.node(index)?.next = below;
        self.top = index;
        Ok(())
    }

    fn step(&mut self, op: Op<'b>) -> Result<(), DecodeError> {
        match op {
            Op::Nothing | Op::Stop => Ok(()),
            Op::Push(raw) => self.push(raw),
            Op::Memoize => self.memoize(),
            Op::Get(index) => self.get(index),
            Op::Tuple(n) => {
                let chain = self.take(Some(u32::from(n)))?;
                self.tuple(&chain)
            }
            Op::TupleOfMarked => {
                let chain = self.take(None)?;
                self.tuple(&chain)
            }
            Op::Append => self.extend(SequenceKind::List, Some(1)),
            Op::Appends => self.extend(SequenceKind::List, None),
            Op::SetItem => self.extend(SequenceKind::Dict, Some(2)),
            Op::SetItems => self.extend(SequenceKind::Dict, None),
            Op::Global => self.global(),
            Op::Reduce => self.reduce(),
            Op::Build => self.build(),
        }
    }

    fn memoize(&mut self) -> Result<(), DecodeError> {
        let top = self.top;
        if matches!(self.node(top)?.raw, Raw::Mark) {
            return Err(self.stack());
        }
        let target = self.view().resolve(top);
        let full = DecodeError::ArenaFull { given: self.nodes.len(), needed: self.memos.saturating_add(1) };
        self.nodes.get_mut(self.memos).ok_or(full)?.memo = target;
        self.memos += 1;
        Ok(())
    }

    fn get(&mut self, index: u32) -> Result<(), DecodeError> {
        let offset = self.offset;
        // What lies beyond `memos` in the caller's slice may be left from another blob.
        let remembered = (index as usize) < self.memos;
        let target = self.nodes.get(index as usize).filter(|_| remembered).map(|n| n.memo);
        let target = target.ok_or(DecodeError::Reference { index, offset })?;
        // Complete by now, or it could come to contain itself.
        if let Raw::Sequence(sequence) = &mut self.node(target)?.raw {
            sequence.open = false;
        }
        self.push(Raw::Alias(target))
    }

    /// Takes `count` values off the stack, or all down to the mark and the mark.
    fn take(&mut self, count: Option<u32>) -> Result<Chain, DecodeError> {
        let mut chain = Chain { first: NIL, last: NIL, len: 0, values: 0, height: 0, plain: true };
        while count.is_none_or(|n| chain.len < n) {
            let index = self.top;
            let node = self.node(index)?;
            let below = core::mem::replace(&mut node.next, chain.first);
            if matches!(node.raw, Raw::Mark) {
                if count.is_some() {
                    return Err(self.stack());
                }
                self.top = below;
                break;
            }
            if let Raw::Sequence(s) = &mut node.raw {
                s.open = false;
            }
            self.top = below;
            self.add(&mut chain, index);
        }
        Ok(chain)
    }

    fn add(&self, chain: &mut Chain, index: u32) {
        let (values, height, plain) = match self.view().get(index) {
            Raw::Sequence(s) => (s.values, s.height, s.plain),
            Raw::Dtype(_) | Raw::Callable(_) | Raw::UnbuiltArray | Raw::Mark | Raw::Alias(_) => (1, 0, false),
            _ => (1, 0, true),
        };
        if chain.last == NIL {
            chain.last = index;
        }
        chain.first = index;
        chain.len += 1;
        chain.values = chain.values.saturating_add(values);
        chain.height = chain.height.max(height);
        chain.plain &= plain;
    }

    /// `sequence` with a chain behind its items.
    fn joined(&mut self, sequence: Sequence, chain: &Chain) -> Result<Sequence, DecodeError> {
        if chain.len == 0 {
            return Ok(sequence);
        }
        let mut s = sequence;
        if s.last == NIL {
            s.first = chain.first;
        } else {
            self.node(s.last)?.next = chain.first;
        }
        s.last = chain.last;
        s.len = s.len.saturating_add(chain.len);
        s.values = s.values.saturating_add(chain.values);
        s.height = s.height.max(chain.height.saturating_add(1));
        s.plain &= chain.plain;
        if s.values > MAX_VALUES {
            return Err(self.too_large(Limit::Values(MAX_VALUES)));
        }
        if s.height > MAX_HEIGHT {
            return Err(self.too_large(Limit::Depth(usize::from(MAX_HEIGHT))));
        }
        Ok(s)
    }

    fn tuple(&mut self, chain: &Chain) -> Result<(), DecodeError> {
        let tuple = self.joined(Sequence::empty(SequenceKind::Tuple), chain)?;
        self.push(Raw::Sequence(tuple))
    }

    fn extend(&mut self, kind: SequenceKind, count: Option<u32>) -> Result<(), DecodeError> {
        let chain = self.take(count)?;
        if kind == SequenceKind::Dict {
            self.check_keys(&chain)?;
        }
        let target = self.top;
        match self.node(target)?.raw {
            Raw::Sequence(s) if s.kind == kind && s.open => {
                let joined = self.joined(s, &chain)?;
                self.replace(target, Raw::Sequence(joined))
            }
            Raw::Sequence(s) if s.kind == kind => Err(DecodeError::Recursive { offset: self.offset }),
            Raw::Alias(_) => Err(DecodeError::Recursive { offset: self.offset }),
            Raw::Mark => Err(self.stack()),
            _ => Err(self.malformed(Construct::Sequence)),
        }
    }

    fn check_keys(&self, chain: &Chain) -> Result<(), DecodeError> {
        if !chain.len.is_multiple_of(2) {
            return Err(self.stack());
        }
        let pairs = Sequence { first: chain.first, len: chain.len, ..Sequence::empty(SequenceKind::Tuple) };
        let text = |index: u32| matches!(self.view().get(index), Raw::Str(_));
        if self.view().items(pairs).step_by(2).all(text) {
            Ok(())
        } else {
            Err(DecodeError::Key { offset: self.offset })
        }
    }

    fn global(&mut self) -> Result<(), DecodeError> {
        let (name, module) = (self.pop()?, self.pop()?);
        let (Raw::Str(module), Raw::Str(name)) = (self.view().get(module), self.view().get(name)) else {
            return Err(self.malformed(Construct::Name));
        };
        let known = CALLABLES.iter().find(|(m, n, _)| *m == module && *n == name);
        let forbidden = || DecodeError::Forbidden { name: excerpt(&[module, name]), offset: self.offset };
        let callable = known.map(|(_, _, c)| *c).ok_or_else(forbidden)?;
        self.push(Raw::Callable(callable))
    }
}
