//! What publisher and mirror ask of the place where segments live.
//!
//! /dev/shm in the Linux shell, slices on a microcontroller and in tests. Knows names and lengths; what lies in a segment is not its business.

use crate::memory::{Memory, MemoryMut};
use crate::name::{SegmentName, StreamName};

/// A header segment that was opened for writing.
#[derive(Clone, Debug)]
pub struct HeaderSegment<M> {
    /// Its memory.
    pub memory: M,
    /// Whether it was there before, left by a writer that is gone. Otherwise it is new and all zeros.
    pub adopted: bool,
}

/// Makes and removes segments for a publisher.
pub trait SegmentStore {
    /// A segment's memory, writable, which stays usable as long as the value lives, also after the segment's removal.
    type Memory: MemoryMut + Clone;
    /// Why a segment could not be made.
    type Error;

    /// Opens the header segment of a stream that nobody writes, or makes it. The caller is its only writer from now on.
    ///
    /// A new one is not to be found under its name before [`SegmentStore::announce`], so that no reader sees it half written. With
    /// `fresh`, a new segment of zeros is made to replace what was there.
    ///
    /// # Errors
    /// When a live writer has it, or when it cannot be made.
    fn header(
        &mut self,
        name: &SegmentName,
        len: usize,
        fresh: bool,
    ) -> Result<HeaderSegment<Self::Memory>, Self::Error>;

    /// From now on the header is found under its name, instead of whatever was there before.
    ///
    /// # Errors
    /// When the name cannot be given.
    fn announce(&mut self, name: &SegmentName) -> Result<(), Self::Error>;

    /// Makes a new segment of zeros, all of it reserved. One of the same name that a dead writer left is replaced.
    ///
    /// # Errors
    /// When there is no room, or when it cannot be made.
    fn create(&mut self, name: &SegmentName, len: usize) -> Result<Self::Memory, Self::Error>;

    /// Removes a segment's name; no error when there is none.
    fn remove(&mut self, name: &SegmentName);

    /// Gives up the header: removes its name, or keeps what the next writer needs to serve the readers that are attached.
    fn remove_header(&mut self, name: &SegmentName);

    /// Whether somebody else has this name, who keeps it: another one is to be chosen. Never, where nobody can do that.
    fn is_taken(&self, _name: &SegmentName) -> bool {
        false
    }

    /// A stream name that nobody uses.
    fn unique_name(&mut self) -> StreamName;
}

/// Where a segment's name leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Presence {
    /// To this very segment.
    Same,
    /// To another one.
    Replaced,
    /// Nowhere: the stream has ended, or its name was unlinked and will come back.
    Gone,
}

/// Opens segments for a mirror.
pub trait SegmentSource {
    /// A segment's memory, readable, which stays usable as long as the value lives, also after the segment's removal.
    type Memory: Memory + Clone;
    /// Why a segment that is there could not be opened.
    type Error;
    /// Whether the memory of a removed segment keeps its bytes, so that what was not read yet can still be.
    const SURVIVES_REMOVAL: bool = true;

    /// Opens a segment; `None` when there is none of that name.
    ///
    /// # Errors
    /// When it is there but cannot be read.
    fn open(&mut self, name: &SegmentName) -> Result<Option<Self::Memory>, Self::Error>;

    /// Where the name leads to by now.
    fn presence(&mut self, name: &SegmentName, memory: &Self::Memory) -> Presence;

    /// Whether a segment has lost bytes since it was opened: somebody cut it short, and what was loaded from it need not be what its writer put there.
    /// Never, where nobody can do that.
    fn is_cut(&self, _memory: &Self::Memory) -> bool {
        false
    }
}
