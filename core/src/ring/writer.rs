//! The circular write. Never waits, never allocates, makes no system call.

use super::chunk::{Frames, Times};
use super::cursor::{Cursor, spans};
use super::place::Reserved;
use super::{Geometry, Span};
use crate::extension::Extension;
use crate::fence::Release;
use crate::header::{Generation, HeaderView};
use crate::memory::MemoryMut;

/// Bytes that a strided frame is gathered in before it is stored; a multiple of every word.
const STAGE: usize = 256;

/// The one writer of a data segment.
#[derive(Debug)]
pub struct RingWriter<M> {
    data: M,
    header: HeaderView<M>,
    extension: Extension<M>,
    generation: Generation,
    geometry: Geometry,
    cursor: Cursor,
    /// Frames ever started. Never goes back.
    reserved: u64,
}

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

impl<M: MemoryMut> RingWriter<M> {
    /// At the start of the fresh data segment of a generation; `None` when it is shorter than the geometry asks for.
    #[must_use]
    pub fn new(
        data: M,
        header: HeaderView<M>,
        extension: Extension<M>,
        generation: Generation,
        geometry: Geometry,
    ) -> Option<Self> {
        let cursor = Cursor::new(geometry.n_frames());
        (data.len() >= geometry.len()).then_some(Self {
            data,
            header,
            extension,
            generation,
            geometry,
            cursor,
            reserved: 0,
        })
    }

    /// Where frames lie.
    #[must_use]
    pub const fn geometry(&self) -> &Geometry {
        &self.geometry
    }

    /// Frames ever written to this segment.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.cursor.position()
    }

    /// The next `frames` frames of the ring (at most all of it), to be filled in any order and as often as one likes. Readers see none of it
    /// before [`RingWriter::commit`]. To reserve again what is reserved already costs next to nothing.
    #[inline]
    pub fn reserve(&mut self, frames: u32) -> Reserved<'_, M> {
        let frames = frames.min(self.geometry.n_frames());
        self.announce(self.cursor.position() + u64::from(frames));
        Reserved { data: &self.data, geometry: &self.geometry, index: self.cursor.index(), frames }
    }

    /// Publishes the next `frames` frames, which were reserved and filled. `newest` is the last one's time in ns. More than are reserved are not published.
    #[inline]
    pub fn commit(&mut self, frames: u32, newest: i64) {
        let reserved = self.reserved.saturating_sub(self.cursor.position());
        let frames = u64::from(frames).min(reserved);
        if frames > 0 {
            self.publish(self.cursor.after(frames), newest);
        }
    }

    /// Writes a chunk and publishes it. `newest` is the last frame's time in ns.
    ///
    /// Of a chunk that is longer than the ring the last `n_frames` frames are kept and every pass counts as a wrap; returns how many were cut.
    ///
    /// # Errors
    /// [`WrongFrameSize`]; nothing is written.
    pub fn append(&mut self, frames: &Frames<'_>, times: &Times<'_>, newest: i64) -> Result<u64, WrongFrameSize> {
        let (given, needed) = (frames.frame_bytes(), self.geometry.frame_bytes());
        if given != needed {
            return Err(WrongFrameSize { needed, given });
        }
        let next = self.cursor.after(frames.len() as u64);
        self.announce(next.position());
        let index = self.cursor.index();
        let cut = match u32::try_from(frames.len()) {
            Ok(len) if len <= self.geometry.n_frames() - index => {
                self.store(Span { index, len }, frames, times, 0);
                0
            }
            _ => self.store_wrapping(frames, times),
        };
        self.publish(next, newest);
        Ok(cut as u64)
    }

    /// Stores a chunk that reaches over the ring's end, once or more often; returns how many frames were cut.
    #[cold]
    fn store_wrapping(&self, frames: &Frames<'_>, times: &Times<'_>) -> usize {
        let (len, n_frames) = (frames.len(), self.geometry.n_frames());
        let kept = u32::try_from(len).unwrap_or(u32::MAX).min(n_frames);
        let cut = len - kept as usize;
        let start = self.cursor.after(cut as u64).index();
        let mut done = cut;
        for span in spans(n_frames, start, kept) {
            self.store(span, frames, times, done);
            done += span.len as usize;
        }
        cut
    }

    /// Stores the frames of a span, the chunk's from `first` on, and their times.
    #[inline]
    fn store(&self, span: Span, frames: &Frames<'_>, times: &Times<'_>, first: usize) {
        if self.geometry.has_times {
            match times.as_slice(first, span.len as usize) {
                Some([time]) => self.data.store_u64(Geometry::time_at(span.index), time.to_bits().to_le()),
                Some(times) => self.data.store_f64s(Geometry::time_at(span.index), times),
                None => self.store_times(span, times, first),
            }
        }
        match frames.as_slice(first, span.len as usize) {
            Some(bytes) => self.data.store_bytes(self.geometry.frame_at(span.index), bytes, self.geometry.word),
            None => self.gather(span, frames, first),
        }
    }

    /// Readers of the frames whose places these are shall know, before a byte of them changes.
    #[inline]
    fn announce(&mut self, reserved: u64) {
        if reserved > self.reserved {
            self.reserved = reserved;
            self.extension.counters(self.generation).set_reserved(reserved);
            self.data.fence_release(Release::Reserved);
        }
    }

    #[inline]
    fn publish(&mut self, next: Cursor, newest: i64) {
        let counters = self.extension.counters(self.generation);
        counters.set_newest(newest);
        self.data.fence_release(Release::Frames);
        self.header.set_write_index(u64::from(next.index()));
        if next.wraps() != self.cursor.wraps() {
            self.data.fence_release(Release::WriteIndex);
            self.header.set_wrap_counter(next.wraps());
        }
        counters.set_committed(next.position());
        self.extension.announce();
        self.cursor = next;
    }

    #[cold]
    fn store_times(&self, span: Span, times: &Times<'_>, first: usize) {
        for i in 0..span.len {
            let time = times.at(first + i as usize);
            self.data.store_u64(Geometry::time_at(span.index + i), time.to_bits().to_le());
        }
    }

    /// Stores frames that lie scattered in the message.
    #[cold]
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
