//! Copies frames out and proves that nothing was torn.
//!
//! Works from positions (frames counted over all wraps). Which frames a caller wants, and what to do about a lap, is the mirror's business.

use super::Geometry;
use super::cursor::spans;
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

/// A reader of one data segment.
#[derive(Debug)]
pub struct RingReader<M> {
    data: M,
    geometry: Geometry,
}

impl<M: Memory> RingReader<M> {
    /// Over a data segment; `None` when it is shorter than the geometry asks for.
    #[must_use]
    pub fn new(data: M, geometry: Geometry) -> Option<Self> {
        (data.len() >= geometry.len()).then_some(Self { data, geometry })
    }

    /// Where frames lie.
    #[must_use]
    pub const fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Frames published so far in a generation. What is copied after this call is at least as new.
    #[must_use]
    pub fn committed(&self, extension: &Extension<M>, generation: Generation) -> u64 {
        let committed = extension.counters(generation).committed();
        self.data.fence_acquire(Acquire::Committed);
        committed
    }

    /// Proves that the frames from `first` on, copied before this call, were not touched meanwhile.
    ///
    /// # Errors
    /// [`Lapped`] when the writer has reserved a frame's place for a later one.
    pub fn prove(&self, extension: &Extension<M>, generation: Generation, first: u64) -> Result<(), Lapped> {
        self.data.fence_acquire(Acquire::Copied);
        self.bound(extension.counters(generation).reserved(), first)
    }

    /// Whether frames from `first` on are whole when the writer has started `reserved` frames.
    ///
    /// # Errors
    /// [`Lapped`].
    pub fn bound(&self, reserved: u64, first: u64) -> Result<(), Lapped> {
        let n_frames = u64::from(self.geometry.n_frames());
        if reserved > first.saturating_add(n_frames) { Err(Lapped { oldest: reserved - n_frames }) } else { Ok(()) }
    }

    /// Copies `count` frames (at most the ring) from position `first` on into `frames`, and their times into `times` where the segment has some.
    ///
    /// Slices that are too short get as many as fit. Without [`RingReader::prove`] afterwards the copy may be torn.
    pub fn copy(&self, first: u64, count: u32, frames: &mut [u8], times: &mut [f64]) {
        let g = &self.geometry;
        let index = (first % u64::from(g.n_frames)) as u32;
        let mut frames = frames;
        let mut times = times;
        for span in spans(g.n_frames, index, count.min(g.n_frames)) {
            let bytes = (span.len as usize * g.frame_bytes).min(frames.len());
            let (now, later) = frames.split_at_mut(bytes);
            self.data.load_bytes(g.frame_at(span.index), now, g.word);
            frames = later;
            if g.has_times {
                let (now, later) = times.split_at_mut(times.len().min(span.len as usize));
                for (index, time) in (span.index..).zip(now) {
                    *time = f64::from_bits(u64::from_le(self.data.load_u64(Geometry::time_at(index))));
                }
                times = later;
            }
        }
    }
}
