//! The counters of one generation, in its slot of the block.

use super::Extension;
use crate::memory::{Memory, MemoryMut};

// Within a slot.
const BASE: usize = 0;
const RESERVED: usize = 8;
const COMMITTED: usize = 16;
const NEWEST: usize = 24;

/// The counters of one generation.
#[derive(Debug)]
pub struct Counters<'e, M> {
    pub(super) extension: &'e Extension<M>,
    pub(super) slot: usize,
}

impl<M: Memory> Counters<'_, M> {
    /// Frames of all generations before.
    #[must_use]
    pub fn base(&self) -> u64 {
        self.extension.load_u64(self.slot + BASE)
    }

    /// Frames ever started.
    #[must_use]
    #[inline]
    pub fn reserved(&self) -> u64 {
        self.extension.load_u64(self.slot + RESERVED)
    }

    /// Frames ever published.
    #[must_use]
    #[inline]
    pub fn committed(&self) -> u64 {
        self.extension.load_u64(self.slot + COMMITTED)
    }

    /// Time of the newest frame in ns. Of the last one below `committed`, or of one that is about to be published, when loaded after that.
    #[must_use]
    pub fn newest(&self) -> i64 {
        self.extension.load_u64(self.slot + NEWEST).cast_signed()
    }
}

impl<M: MemoryMut> Counters<'_, M> {
    /// Begins at zero, with so many frames before.
    pub fn begin(&self, base: u64) {
        self.extension.store_u64(self.slot + BASE, base);
        self.set_reserved(0);
        self.set_committed(0);
        self.set_newest(0);
    }

    /// Sets `reserved`.
    #[inline]
    pub fn set_reserved(&self, frames: u64) {
        self.extension.store_u64(self.slot + RESERVED, frames);
    }

    /// Sets `committed`.
    #[inline]
    pub fn set_committed(&self, frames: u64) {
        self.extension.store_u64(self.slot + COMMITTED, frames);
    }

    /// Sets `newest`.
    #[inline]
    pub fn set_newest(&self, ns: i64) {
        self.extension.store_u64(self.slot + NEWEST, ns.cast_unsigned());
    }
}
