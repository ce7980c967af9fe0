//! What tells a mirror how far its buffer's writer is: our block's counters, those that a generation ended with, or the old header's fields.
//!
//! Knows nothing of who wants which frames.

use super::look::{Ended, Header};
use crate::extension::Extension;
use crate::fence::Acquire;
use crate::header::Generation;
use crate::memory::Memory;
use crate::ring::{Lapped, RingReader};

/// The counters of one generation, as a read finds them.
pub(super) trait Counts<M> {
    /// Frames published, as far as is known.
    fn committed(&self, ring: &RingReader<M>) -> u64;

    /// Frames started, as far as is known: the places of the oldest may be in use again. A hint that saves a copy which could not be proven.
    fn started(&self, committed: u64) -> u64;

    /// Whether everything loaded up to now was of this generation.
    fn are_still_valid(&self) -> bool;

    /// Whether a copy that started with frame `first` is whole; to be believed if the counters [are still valid](Counts::are_still_valid) afterwards.
    fn prove(&self, ring: &RingReader<M>, first: u64) -> Result<(), Lapped>;
}

/// Our block.
pub(super) struct Block<M> {
    pub(super) extension: Extension<M>,
    pub(super) generation: Generation,
    /// The description's sequence as of the last look.
    pub(super) sequence: u32,
}

impl<M: Memory, H: Memory> Counts<M> for Block<H> {
    #[inline]
    fn committed(&self, ring: &RingReader<M>) -> u64 {
        ring.committed(&self.extension, self.generation)
    }

    #[inline]
    fn started(&self, _: u64) -> u64 {
        self.extension.counters(self.generation).reserved()
    }

    #[inline]
    fn are_still_valid(&self) -> bool {
        self.extension.memory().fence_acquire(Acquire::Unchanged);
        self.extension.sequence() == self.sequence
    }

    #[inline]
    fn prove(&self, ring: &RingReader<M>, first: u64) -> Result<(), Lapped> {
        ring.prove(&self.extension, self.generation, first)
    }
}

impl<M: Memory> Counts<M> for Ended {
    fn committed(&self, _: &RingReader<M>) -> u64 {
        self.committed
    }

    fn started(&self, _: u64) -> u64 {
        self.reserved
    }

    fn are_still_valid(&self) -> bool {
        true
    }

    fn prove(&self, ring: &RingReader<M>, first: u64) -> Result<(), Lapped> {
        ring.bound(self.reserved, first)
    }
}

/// The old header's fields, of a writer without our block.
pub(super) struct Fields<'h, M> {
    pub(super) header: &'h Header<M>,
    pub(super) generation: Generation,
}

impl<M: Memory + Clone> Counts<M> for Fields<'_, M> {
    fn committed(&self, ring: &RingReader<M>) -> u64 {
        self.header.legacy_total(ring.geometry().n_frames()).unwrap_or(0)
    }

    fn started(&self, committed: u64) -> u64 {
        committed
    }

    fn are_still_valid(&self) -> bool {
        self.header.view.memory().fence_acquire(Acquire::Unchanged);
        self.header.state() == (true, self.generation)
    }

    fn prove(&self, ring: &RingReader<M>, first: u64) -> Result<(), Lapped> {
        let total = self.header.legacy_total(ring.geometry().n_frames());
        // Counters that keep changing prove nothing: the same frames once more.
        total.map_or(Err(Lapped { oldest: first }), |total| ring.bound(total, first))
    }
}
