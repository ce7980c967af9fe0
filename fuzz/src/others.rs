//! Somebody else who writes into segments between any two accesses of a reader, at instants that the fuzzer chooses.
//!
//! Knows nothing of layouts, and is one thread: a run is the same every time.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;

use axismirror_core::fence::Acquire;
use axismirror_core::memory::{Memory, MemoryMut as _, Word};
use axismirror_core::name::SegmentName;
use axismirror_core::shared::SharedBytes;
use axismirror_core::store::{Presence, SegmentSource};

use crate::name;

/// Eight bytes that change.
#[derive(Clone, Copy, Debug)]
pub struct Change {
    /// After so many of the reader's accesses since the change before.
    after: u8,
    /// Where, in the header, or beyond its end in the data.
    at: u16,
    value: [u8; 8],
}

impl Change {
    /// Bytes of a change in the fuzzer's input.
    pub const BYTES: usize = 11;

    /// `after` (u8), `at` (u16, little-endian), the value.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; Self::BYTES]) -> Self {
        let [after, a, b, value @ ..] = bytes;
        Self { after, at: u16::from_le_bytes([a, b]), value }
    }
}

/// What others do to the header and to the data.
#[derive(Debug)]
pub struct Others<'a> {
    header: SharedBytes<'a>,
    data: SharedBytes<'a>,
    changes: RefCell<VecDeque<Change>>,
    accesses: Cell<u8>,
}

impl<'a> Others<'a> {
    /// These changes, one behind the other.
    pub fn new([header, data]: [SharedBytes<'a>; 2], changes: impl Iterator<Item = Change>) -> Self {
        Self { header, data, changes: RefCell::new(changes.collect()), accesses: Cell::new(0) }
    }

    /// The next change comes with the next access.
    pub fn hurry(&self) {
        self.accesses.set(u8::MAX);
    }

    fn access(&self) {
        let mut changes = self.changes.borrow_mut();
        let Some(next) = changes.front() else { return };
        let accesses = self.accesses.get();
        if accesses < next.after {
            self.accesses.set(accesses + 1);
            return;
        }
        let at = usize::from(next.at);
        match at.checked_sub(self.header.len()) {
            None => self.header.store_bytes(at, &next.value, Word::B1),
            Some(at) => self.data.store_bytes(at, &next.value, Word::B1),
        }
        changes.pop_front();
        self.accesses.set(0);
    }
}

/// A segment that others write.
#[derive(Clone, Copy, Debug)]
pub struct Segment<'a> {
    bytes: SharedBytes<'a>,
    others: &'a Others<'a>,
}

impl Memory for Segment<'_> {
    type First<'m>
        = &'m Self
    where
        Self: 'm;
    fn first(&self, len: usize) -> Option<&Self> {
        (len <= self.len()).then_some(self)
    }
    fn len(&self) -> usize {
        self.bytes.len()
    }
    fn load_u8(&self, at: usize) -> u8 {
        self.others.access();
        self.bytes.load_u8(at)
    }
    fn load_u16(&self, at: usize) -> u16 {
        self.others.access();
        self.bytes.load_u16(at)
    }
    fn load_u32(&self, at: usize) -> u32 {
        self.others.access();
        self.bytes.load_u32(at)
    }
    fn load_u64(&self, at: usize) -> u64 {
        self.others.access();
        self.bytes.load_u64(at)
    }
    fn fence_acquire(&self, which: Acquire) {
        self.others.access();
        self.bytes.fence_acquire(which);
    }
}

/// The header, and one segment that everything else which it names leads to.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    others: &'a Others<'a>,
}

impl<'a> Source<'a> {
    /// The segments of those others.
    #[must_use]
    pub const fn new(others: &'a Others<'a>) -> Self {
        Self { others }
    }
}

impl<'a> SegmentSource for Source<'a> {
    type Memory = Segment<'a>;
    type Error = core::convert::Infallible;

    fn open(&mut self, wanted: &SegmentName) -> Result<Option<Self::Memory>, Self::Error> {
        let others = self.others;
        let bytes = if *wanted == name().header() { others.header } else { others.data };
        Ok(Some(Segment { bytes, others }))
    }

    fn presence(&mut self, _: &SegmentName, _: &Self::Memory) -> Presence {
        Presence::Same
    }
}
