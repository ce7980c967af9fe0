//! Segments in slices that the caller provides: for a microcontroller, for tests, for one process that is writer and reader.

use core::cell::RefCell;

use heapless::Vec;

use crate::memory::{Memory as _, MemoryMut as _, Word};
use crate::name::{SegmentName, StreamName};
use crate::shared::SharedBytes;
use crate::store::{HeaderSegment, Presence, SegmentSource, SegmentStore};

/// Up to `N` slices, each of which holds one segment at a time.
///
/// A stream of version 2 takes a header (4096 bytes), a data segment and static metadata; a change of the description takes the next one's
/// segment before it frees the last one's. Not for more than one thread: hand out the segments' memory instead.
#[derive(Debug)]
pub struct SliceStore<'a, const N: usize> {
    slots: RefCell<Vec<Slot<'a>, N>>,
}

#[derive(Debug)]
struct Slot<'a> {
    memory: SharedBytes<'a>,
    used: Option<(SegmentName, usize)>,
}

/// No free slice is long enough.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[error("a segment of {needed} bytes is needed; the longest free slice has {free}")]
pub struct NoSlice {
    /// Bytes asked for.
    pub needed: usize,
    /// Bytes of the longest free slice.
    pub free: usize,
}

impl<'a, const N: usize> SliceStore<'a, N> {
    /// Over these slices.
    #[must_use]
    pub fn new(slices: [SharedBytes<'a>; N]) -> Self {
        let slots = slices.into_iter().map(|memory| Slot { memory, used: None }).collect();
        Self { slots: RefCell::new(slots) }
    }

    fn find(&self, name: &SegmentName) -> Option<SharedBytes<'a>> {
        let slots = self.slots.borrow();
        slots.iter().find_map(|s| match &s.used {
            Some((n, len)) if n == name => s.memory.part(0, *len),
            _ => None,
        })
    }

    fn free(&self, name: &SegmentName) {
        for slot in self.slots.borrow_mut().iter_mut() {
            if slot.used.as_ref().is_some_and(|(n, _)| n == name) {
                slot.used = None;
            }
        }
    }

    fn take(&self, name: &SegmentName, needed: usize) -> Result<SharedBytes<'a>, NoSlice> {
        self.free(name);
        let mut slots = self.slots.borrow_mut();
        let longest = slots.iter().filter(|s| s.used.is_none()).map(|s| s.memory.len()).max().unwrap_or(0);
        let slot = slots
            .iter_mut()
            .filter(|s| s.used.is_none() && s.memory.len() >= needed)
            .min_by_key(|s| s.memory.len())
            .ok_or(NoSlice { needed, free: longest })?;
        let memory = slot.memory.part(0, needed).ok_or(NoSlice { needed, free: longest })?;
        // In words, as its next user's will mostly be; the end of a length that is none byte by byte.
        let words = needed / 8 * 8;
        (0..words).step_by(8).for_each(|at| memory.store_u64(at, 0));
        (words..needed).for_each(|at| memory.store_bytes(at, &[0], Word::B1));
        slot.used = Some((name.clone(), needed));
        Ok(memory)
    }
}

impl<'a, const N: usize> SegmentStore for &SliceStore<'a, N> {
    type Memory = SharedBytes<'a>;
    type Error = NoSlice;

    fn header(&mut self, name: &SegmentName, len: usize, fresh: bool) -> Result<HeaderSegment<Self::Memory>, NoSlice> {
        match self.find(name).filter(|m| m.len() == len && !fresh) {
            Some(memory) => Ok(HeaderSegment { memory, adopted: true }),
            None => Ok(HeaderSegment { memory: self.take(name, len)?, adopted: false }),
        }
    }

    /// One program, one thread: nobody looks in between.
    fn announce(&mut self, _: &SegmentName) -> Result<(), NoSlice> {
        Ok(())
    }

    fn create(&mut self, name: &SegmentName, len: usize) -> Result<Self::Memory, NoSlice> {
        self.take(name, len)
    }

    fn remove(&mut self, name: &SegmentName) {
        self.free(name);
    }

    fn remove_header(&mut self, name: &SegmentName) {
        self.free(name);
    }

    fn unique_name(&mut self) -> StreamName {
        // One program, one store: the first free of a numbered series is unique.
        let mut name = heapless::String::<16>::new();
        for i in 0..=N {
            name.clear();
            let ok = core::fmt::Write::write_fmt(&mut name, format_args!("stream{i}"));
            debug_assert!(ok.is_ok());
            if let Ok(stream) = StreamName::new(&name)
                && self.find(&stream.header()).is_none()
            {
                return stream;
            }
        }
        StreamName::default()
    }
}

impl<'a, const N: usize> SegmentSource for &SliceStore<'a, N> {
    type Memory = SharedBytes<'a>;
    type Error = core::convert::Infallible;

    /// A slice is used again as soon as its segment was removed.
    const SURVIVES_REMOVAL: bool = false;

    fn open(&mut self, name: &SegmentName) -> Result<Option<Self::Memory>, Self::Error> {
        Ok(self.find(name))
    }

    fn presence(&mut self, name: &SegmentName, _: &Self::Memory) -> Presence {
        if self.find(name).is_some() { Presence::Same } else { Presence::Gone }
    }
}
