//! Reserved frames filled in one go, from a chunk that lies in memory.
//!
//! Knows nothing of who may see them when.

use super::chunk::{Frames, Times};
use super::cursor::spans;
use super::place::Reserved;
use super::{Geometry, Span};
use crate::memory::MemoryMut;

/// Bytes that a strided frame is gathered in before it is stored; a multiple of every word.
const STAGE: usize = 256;

/// Frames of another size than the ring's.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[error("a frame has {given} bytes; the ring's have {needed}")]
pub struct WrongFrameSize {
    /// What the ring is for.
    pub needed: usize,
    /// What was given.
    pub given: usize,
}

impl Frames<'_> {
    /// Whether they are such as the ring has.
    #[inline]
    pub(super) const fn check(&self, ring: &Geometry) -> Result<(), WrongFrameSize> {
        let (given, needed) = (self.frame_bytes(), ring.frame_bytes());
        if given == needed { Ok(()) } else { Err(WrongFrameSize { needed, given }) }
    }
}

impl<M: MemoryMut> Reserved<'_, M> {
    /// Fills them with a chunk's frames and times: with its last ones when it has more frames than are reserved, and as far as they go when fewer.
    ///
    /// # Errors
    /// [`WrongFrameSize`]; nothing is written.
    // Always: chunk, times and place are three structures, which a call would have to find in memory, and which take longer to store there than a
    // small chunk takes.
    #[inline(always)]
    pub fn fill(&self, frames: &Frames<'_>, times: &Times<'_>) -> Result<(), WrongFrameSize> {
        frames.check(self.geometry)?;
        let room = self.frames.min(self.geometry.n_frames() - self.index);
        if frames.len() <= room as usize
            && let Some(bytes) = frames.as_slice(0, frames.len())
        {
            if !self.geometry.has_times {
                self.store(self.index, bytes, &[]);
                return Ok(());
            }
            if let Some(times) = times.as_slice(0, frames.len()) {
                self.store(self.index, bytes, times);
                return Ok(());
            }
        }
        // By value: what a call gets by reference would have to lie in memory for the usual chunk, too.
        self.again().store_parts(*frames, *times);
        Ok(())
    }

    /// A second handle on the same frames.
    const fn again(&self) -> Self {
        Self { data: self.data, geometry: self.geometry, index: self.index, frames: self.frames }
    }

    /// Stores frames from a place in the ring on, which does not end before the last of them, and their times, if there are any.
    #[inline(always)]
    fn store(&self, index: u32, bytes: &[u8], times: &[f64]) {
        match times {
            [time] => self.data.store_u64(Geometry::time_at(index), time.to_bits().to_le()),
            times => self.data.store_f64s(Geometry::time_at(index), times),
        }
        self.data.store_bytes(self.geometry.frame_at(index), bytes, self.geometry.word);
    }

    /// Stores what does not lie in memory as it does in the ring, or reaches over the ring's end.
    #[cold]
    fn store_parts(self, frames: Frames<'_>, times: Times<'_>) {
        let mut first = frames.len().saturating_sub(self.frames as usize);
        let len = (frames.len() - first) as u32;
        for span in spans(self.geometry.n_frames(), self.index, len) {
            if self.geometry.has_times {
                self.store_times(span, &times, first);
            }
            match frames.as_slice(first, span.len as usize) {
                Some(bytes) => self.store(span.index, bytes, &[]),
                None => self.gather(span, &frames, first),
            }
            first += span.len as usize;
        }
    }

    fn store_times(&self, span: Span, times: &Times<'_>, first: usize) {
        for i in 0..span.len {
            let time = times.at(first + i as usize);
            self.data.store_u64(Geometry::time_at(span.index + i), time.to_bits().to_le());
        }
    }

    /// Stores frames that lie scattered in the message.
    fn gather(&self, span: Span, frames: &Frames<'_>, first: usize) {
        for i in 0..span.len {
            self.gather_one(self.geometry.frame_at(span.index + i), frames, first + i as usize);
        }
    }

    /// In the same words as any other.
    fn gather_one(&self, mut at: usize, frames: &Frames<'_>, frame: usize) {
        let mut stage = [0u8; STAGE];
        let mut filled = 0;
        for run in frames.runs(frame) {
            let mut rest = run;
            while !rest.is_empty() {
                let (now, later) = rest.split_at(rest.len().min(STAGE - filled));
                if let Some(target) = stage.get_mut(filled..filled + now.len()) {
                    target.copy_from_slice(now);
                }
                filled += now.len();
                rest = later;
                if filled == STAGE {
                    self.data.store_bytes(at, &stage, self.geometry.word);
                    at += STAGE;
                    filled = 0;
                }
            }
        }
        self.data.store_bytes(at, stage.get(..filled).unwrap_or(&[]), self.geometry.word);
    }
}
