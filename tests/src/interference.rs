//! Memory that interferes: a writer that dies after so many operations, a reader that is interrupted at so many loads.
//!
//! What a kill or a preemption does at a random instant, done at every instant there is.

use std::cell::{Cell, RefCell};
use std::rc::Rc;

use axismirror_core::fence::{Acquire, Release};
use axismirror_core::memory::{Memory, MemoryMut};
use axismirror_core::name::{SegmentName, StreamName};
use axismirror_core::shared::SharedBytes;
use axismirror_core::store::{HeaderSegment, Presence, SegmentSource, SegmentStore};

use crate::heap::Heap;

/// A heap whose user dies after so many stores and segment operations: from then on nothing that it does has any effect.
#[derive(Clone, Debug)]
pub struct Mortal {
    heap: Heap,
    life: Rc<Cell<u64>>,
}

impl Mortal {
    /// With so many operations to live.
    #[must_use]
    pub fn new(heap: &Heap, life: u64) -> Self {
        Self { heap: heap.clone(), life: Rc::new(Cell::new(life)) }
    }

    /// Sets how many operations are left.
    pub fn set_life(&self, life: u64) {
        self.life.set(life);
    }

    /// Whether it is dead.
    #[must_use]
    pub fn is_dead(&self) -> bool {
        self.life.get() == 0
    }

    fn lives(&self) -> bool {
        let left = self.life.get();
        self.life.set(left.saturating_sub(1));
        left > 0
    }

    fn memory(&self, bytes: SharedBytes<'static>) -> MortalMemory {
        MortalMemory { bytes, of: self.clone() }
    }
}

/// Memory of a [`Mortal`].
#[derive(Clone, Debug)]
pub struct MortalMemory {
    bytes: SharedBytes<'static>,
    of: Mortal,
}

macro_rules! loads {
    ($($name:ident: $value:ty),+) => {$(
        fn $name(&self, at: usize) -> $value {
            self.before_load();
            self.bytes.$name(at)
        }
    )+};
}

impl MortalMemory {
    fn before_load(&self) {}
}

impl Memory for MortalMemory {
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
    loads!(load_u8: u8, load_u16: u16, load_u32: u32, load_u64: u64);
    fn fence_acquire(&self, which: Acquire) {
        self.bytes.fence_acquire(which);
    }
}

macro_rules! stores {
    ($($name:ident: $value:ty),+) => {$(
        fn $name(&self, at: usize, value: $value) {
            if self.of.lives() {
                self.bytes.$name(at, value);
            }
        }
    )+};
}

impl MemoryMut for MortalMemory {
    type FirstMut<'m>
        = &'m Self
    where
        Self: 'm;
    fn first_mut(&self, len: usize) -> Option<&Self> {
        (len <= self.len()).then_some(self)
    }
    stores!(store_u8: u8, store_u16: u16, store_u32: u32, store_u64: u64);
    fn fence_release(&self, which: Release) {
        self.bytes.fence_release(which);
    }
}

/// What a dead writer's store says.
const DEAD: &str = "dead";

impl SegmentStore for Mortal {
    type Memory = MortalMemory;
    type Error = String;

    fn header(&mut self, name: &SegmentName, len: usize, fresh: bool) -> Result<HeaderSegment<Self::Memory>, String> {
        if !self.lives() {
            return Err(DEAD.to_owned());
        }
        let HeaderSegment { memory, adopted } = self.heap.header(name, len, fresh)?;
        Ok(HeaderSegment { memory: self.memory(memory), adopted })
    }

    fn announce(&mut self, name: &SegmentName) -> Result<(), String> {
        if self.lives() { self.heap.announce(name) } else { Err(DEAD.to_owned()) }
    }

    fn create(&mut self, name: &SegmentName, len: usize) -> Result<Self::Memory, String> {
        if self.lives() { self.heap.create(name, len).map(|m| self.memory(m)) } else { Err(DEAD.to_owned()) }
    }

    fn remove(&mut self, name: &SegmentName) {
        if self.lives() {
            self.heap.remove(name);
        }
    }

    fn remove_header(&mut self, name: &SegmentName) {
        if self.lives() {
            self.heap.remove_header(name);
        }
    }

    fn unique_name(&mut self) -> StreamName {
        self.heap.unique_name()
    }
}

/// A heap whose reader is interrupted before one of its loads, for as long as something else takes.
#[derive(Clone)]
pub struct Interrupted {
    heap: Heap,
    loads_left: Rc<Cell<u64>>,
    meanwhile: Rc<RefCell<Box<dyn FnMut()>>>,
}

impl Interrupted {
    /// `meanwhile` happens before load number `load`, counted from [`Interrupted::arm`].
    #[must_use]
    pub fn new(heap: &Heap, meanwhile: impl FnMut() + 'static) -> Self {
        let meanwhile: Box<dyn FnMut()> = Box::new(meanwhile);
        Self { heap: heap.clone(), loads_left: Rc::default(), meanwhile: Rc::new(RefCell::new(meanwhile)) }
    }

    /// Counts from now on; 1 is the next load.
    pub fn arm(&self, load: u64) {
        self.loads_left.set(load);
    }

    /// Whether it has happened.
    #[must_use]
    pub fn has_happened(&self) -> bool {
        self.loads_left.get() == 0
    }
}

/// Memory of an [`Interrupted`].
#[derive(Clone)]
pub struct InterruptedMemory {
    bytes: SharedBytes<'static>,
    of: Interrupted,
}

impl InterruptedMemory {
    fn before_load(&self) {
        let left = self.of.loads_left.get();
        if left > 0 {
            self.of.loads_left.set(left - 1);
            if left == 1 {
                (self.of.meanwhile.borrow_mut())();
            }
        }
    }
}

impl Memory for InterruptedMemory {
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
    loads!(load_u8: u8, load_u16: u16, load_u32: u32, load_u64: u64);
    fn fence_acquire(&self, which: Acquire) {
        self.bytes.fence_acquire(which);
    }
}

impl SegmentSource for Interrupted {
    type Memory = InterruptedMemory;
    type Error = String;

    fn open(&mut self, name: &SegmentName) -> Result<Option<Self::Memory>, String> {
        Ok(self.heap.open(name)?.map(|bytes| InterruptedMemory { bytes, of: self.clone() }))
    }

    fn presence(&mut self, name: &SegmentName, memory: &Self::Memory) -> Presence {
        self.heap.presence(name, &memory.bytes)
    }
}
