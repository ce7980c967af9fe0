//! Copies frames out and proves that nothing was torn.
//!
//! Works from positions (frames counted over all wraps). Which frames a caller wants, and what to do about a lap, is the mirror's business.

use super::cursor::spans;
use super::{Geometry, Span};
use crate::extension::Extension;
use crate::fence::Acquire;
use crate::header::Generation;
use crate::memory::Memory;

/// The writer has started to overwrite what was copied.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Lapped {
    /// Position of the oldest frame that is not being overwritten.
    pub oldest: u64,
}

/// The frames published, when so many were started before; none when they were not. No writer says that: somebody else has written there, and no frame is
/// to be made of it.
#[inline]
pub(crate) const fn possible(committed: u64, reserved: u64) -> u64 {
    if committed <= reserved { committed } else { 0 }
}

/// A reader of one data segment.
#[derive(Debug)]
pub struct RingReader<M> {
    data: M,
    geometry: Geometry,
    /// The frame behind the last copy, by position and place in the ring: where the next one usually begins, known without a division.
    behind: (u64, u32),
}

impl<M: Memory> RingReader<M> {
    /// Over a data segment; `None` when it is shorter than the geometry asks for.
    #[must_use]
    pub fn new(data: M, geometry: Geometry) -> Option<Self> {
        (data.len() >= geometry.len()).then_some(Self { data, geometry, behind: (0, 0) })
    }

    /// Where frames lie.
    #[must_use]
    pub const fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// The data segment's memory.
    #[must_use]
    pub const fn memory(&self) -> &M {
        &self.data
    }

    /// Frames published so far in a generation. What is copied after this call is at least as new.
    #[must_use]
    #[inline]
    pub fn committed(&self, extension: &Extension<impl Memory>, generation: Generation) -> u64 {
        let counters = extension.counters(generation);
        let committed = counters.committed();
        self.data.fence_acquire(Acquire::Committed);
        possible(committed, counters.reserved())
    }

    /// Proves that the frames from `first` on, copied before this call, were not touched meanwhile.
    ///
    /// # Errors
    /// [`Lapped`] when the writer has reserved a frame's place for a later one.
    #[inline]
    pub fn prove(&self, extension: &Extension<impl Memory>, generation: Generation, first: u64) -> Result<(), Lapped> {
        self.data.fence_acquire(Acquire::Copied);
        self.bound(extension.counters(generation).reserved(), first)
    }

    /// Whether frames from `first` on are whole when the writer has started `reserved` frames.
    ///
    /// # Errors
    /// [`Lapped`].
    #[inline]
    pub fn bound(&self, reserved: u64, first: u64) -> Result<(), Lapped> {
        let oldest = reserved.saturating_sub(self.geometry.n_frames().into());
        if oldest > first { Err(Lapped { oldest }) } else { Ok(()) }
    }

    /// Copies `count` frames (at most the ring) from position `first` on into `frames`, and their times into `times` where the segment has some.
    ///
    /// Slices that are too short get as many as fit. Without [`RingReader::prove`] afterwards the copy may be torn.
    // Always: most reads of a small chunk are this and little else.
    #[inline(always)]
    pub fn copy(&mut self, first: u64, count: u32, frames: &mut [u8], times: &mut [f64]) {
        let n_frames = self.geometry.n_frames;
        let (position, place) = self.behind;
        let index = if first == position { place } else { (first % u64::from(n_frames)) as u32 };
        let room = n_frames - index;
        if count < room {
            self.load(Span { index, len: count }, frames, times);
            self.behind = (first + u64::from(count), index + count);
        } else {
            let count = count.min(n_frames);
            self.load_wrapping(index, count, frames, times);
            self.behind = (first + u64::from(count), count - room);
        }
    }

    /// Copies frames that reach up to the ring's end or over it.
    #[cold]
    fn load_wrapping(&self, index: u32, count: u32, frames: &mut [u8], times: &mut [f64]) {
        let [up_to_end, from_start] = spans(self.geometry.n_frames, index, count);
        let bytes = (up_to_end.len as usize * self.geometry.frame_bytes).min(frames.len());
        let (now, later) = frames.split_at_mut(bytes);
        let (times_now, times_later) = times.split_at_mut(times.len().min(up_to_end.len as usize));
        for (span, frames, times) in [(up_to_end, now, times_now), (from_start, later, times_later)] {
            self.load(span, frames, times);
        }
    }

    // Always: most reads of a small chunk are this and little else.
    #[inline(always)]
    fn load(&self, span: Span, frames: &mut [u8], times: &mut [f64]) {
        let g = &self.geometry;
        let bytes = (span.len as usize * g.frame_bytes).min(frames.len());
        if let Some(frames) = frames.get_mut(..bytes) {
            self.data.load_bytes(g.frame_at(span.index), frames, g.word);
        }
        if g.has_times {
            let len = times.len().min(span.len as usize);
            let at = Geometry::time_at(span.index);
            match times.get_mut(..len).unwrap_or_default() {
                [time] => *time = f64::from_bits(u64::from_le(self.data.load_u64(at))),
                times => self.data.load_f64s(at, times),
            }
        }
    }
}
