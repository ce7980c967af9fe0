//! Segments on the heap: a store and a source for tests, without an operating system in between.
//!
//! Memory is never freed, as mappings that outlive their names.

use std::cell::RefCell;
use std::collections::HashMap;
use std::rc::Rc;

use axismirror_core::memory::{Memory as _, MemoryMut as _, Word};
use axismirror_core::name::{SegmentName, StreamName};
use axismirror_core::shared::{ALIGNMENT, SharedBytes};
use axismirror_core::store::{HeaderSegment, Presence, SegmentSource, SegmentStore};

/// The largest segment that there is room for.
const ROOM: usize = 1 << 24;

/// Segments by name. A clone is the same heap.
#[derive(Clone, Debug, Default)]
pub struct Heap(Rc<RefCell<HashMap<String, SharedBytes<'static>>>>);

impl Heap {
    /// A new segment of zeros, whatever had its name before.
    pub fn make(&self, name: &str, len: usize) -> SharedBytes<'static> {
        let bytes: &'static mut [u8] = Box::leak(vec![0; len + ALIGNMENT].into_boxed_slice());
        let skip = bytes.as_ptr().align_offset(ALIGNMENT);
        let aligned = bytes.get_mut(skip..skip + len).unwrap_or_default();
        let Ok(memory) = SharedBytes::from_slice(aligned) else { unreachable!("it was aligned just now") };
        self.0.borrow_mut().insert(name.to_owned(), memory);
        memory
    }

    /// Brings a segment to hold these bytes: in place when it has as many, else as a new one.
    pub fn put(&self, name: &str, bytes: &[u8]) {
        let found = self.get(name).filter(|m| m.len() == bytes.len());
        found.unwrap_or_else(|| self.make(name, bytes.len())).store_bytes(0, bytes, Word::B1);
    }

    /// A segment's memory.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<SharedBytes<'static>> {
        self.0.borrow().get(name).copied()
    }

    /// A segment's bytes.
    #[must_use]
    pub fn bytes(&self, name: &str) -> Option<Vec<u8>> {
        self.get(name).map(|memory| {
            let mut bytes = vec![0; memory.len()];
            memory.load_bytes(0, &mut bytes, Word::B1);
            bytes
        })
    }

    /// How many segments there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.borrow().len()
    }

    /// Whether there is no segment.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.borrow().is_empty()
    }
}

impl SegmentStore for Heap {
    type Memory = SharedBytes<'static>;
    type Error = String;

    fn header(&mut self, name: &SegmentName, len: usize, fresh: bool) -> Result<HeaderSegment<Self::Memory>, String> {
        let found = self.get(name.as_str()).filter(|m| m.len() == len && !fresh);
        let adopted = found.is_some();
        Ok(HeaderSegment { memory: found.unwrap_or_else(|| self.make(name.as_str(), len)), adopted })
    }

    fn announce(&mut self, _: &SegmentName) -> Result<(), String> {
        Ok(())
    }

    fn create(&mut self, name: &SegmentName, len: usize) -> Result<Self::Memory, String> {
        if len > ROOM { Err(format!("no room for {len} bytes")) } else { Ok(self.make(name.as_str(), len)) }
    }

    fn remove(&mut self, name: &SegmentName) {
        self.0.borrow_mut().remove(name.as_str());
    }

    fn remove_header(&mut self, name: &SegmentName) {
        self.remove(name);
    }

    fn unique_name(&mut self) -> StreamName {
        StreamName::default()
    }
}

impl SegmentSource for Heap {
    type Memory = SharedBytes<'static>;
    type Error = String;

    fn open(&mut self, name: &SegmentName) -> Result<Option<Self::Memory>, String> {
        Ok(self.get(name.as_str()))
    }

    fn presence(&mut self, name: &SegmentName, memory: &Self::Memory) -> Presence {
        match self.get(name.as_str()) {
            Some(now) if now.is_same(memory) => Presence::Same,
            Some(_) => Presence::Replaced,
            None => Presence::Gone,
        }
    }
}
