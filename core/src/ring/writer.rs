//! The circular write. Never waits, never allocates, makes no system call.

use super::Geometry;
use super::chunk::{Frames, Times};
use super::cursor::Cursor;
use super::fill::WrongFrameSize;
use super::place::Reserved;
use crate::extension::Extension;
use crate::fence::Release;
use crate::header::{Generation, HeaderView, StructVersion};
use crate::memory::MemoryMut;

/// The one writer of a data segment.
#[derive(Debug)]
pub struct RingWriter<M> {
    data: M,
    version: StructVersion,
    /// Of the header segment, and so where the old header's fields are reached, too.
    extension: Extension<M>,
    generation: Generation,
    geometry: Geometry,
    cursor: Cursor,
    /// Frames ever started. Never goes back.
    reserved: u64,
}

impl<M: MemoryMut> RingWriter<M> {
    /// At the start of the fresh data segment of a generation, under a header of a version with our block behind it; `None` when it is shorter than
    /// the geometry asks for.
    #[must_use]
    pub fn new(
        data: M,
        version: StructVersion,
        extension: Extension<M>,
        generation: Generation,
        geometry: Geometry,
    ) -> Option<Self> {
        let cursor = Cursor::new(geometry.n_frames());
        (data.len() >= geometry.len()).then_some(Self {
            data,
            version,
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
            self.publish(frames, newest);
        }
    }

    /// Reserves room for a chunk, fills it and publishes it. `newest` is the last frame's time in ns.
    ///
    /// Of a chunk that is longer than the ring the last `n_frames` frames are kept and every pass counts as a wrap; returns how many were cut.
    ///
    /// # Errors
    /// [`WrongFrameSize`]; nothing is written.
    pub fn append(&mut self, frames: &Frames<'_>, times: &Times<'_>, newest: i64) -> Result<u64, WrongFrameSize> {
        frames.check(&self.geometry)?;
        let cut = frames.len().saturating_sub(self.geometry.n_frames() as usize);
        if cut > 0 {
            // They count as written. Readers see that with those behind them, which fill the ring to the last frame.
            self.cursor = self.cursor.after(cut as u64);
        }
        let kept = (frames.len() - cut) as u32;
        self.reserve(kept).fill(frames, times)?;
        self.commit(kept, newest);
        Ok(cut as u64)
    }

    /// Readers of the frames whose places these are shall know, before a byte of them changes.
    #[inline]
    fn announce(&mut self, reserved: u64) {
        if reserved > self.reserved
            && let Some(extension) = self.extension.at_hand_mut()
        {
            self.reserved = reserved;
            extension.counters(self.generation).set_reserved(reserved);
            self.data.fence_release(Release::Reserved);
        }
    }

    #[inline]
    fn publish(&mut self, frames: u64, newest: i64) {
        // A segment with our block has room for any header.
        let Some(extension) = self.extension.at_hand_mut() else { return };
        let Ok(header) = HeaderView::new(*extension.memory(), self.version) else { return };
        let counters = extension.counters(self.generation);
        let before = self.cursor.index();
        let wrapped = self.cursor.advance(frames);
        counters.set_newest(newest);
        self.data.fence_release(Release::Frames);
        header.advance_write_index(before, self.cursor.index());
        if wrapped {
            self.data.fence_release(Release::WriteIndex);
            header.set_wrap_counter(self.cursor.wraps());
        }
        counters.set_committed(self.cursor.position());
        extension.announce();
    }
}
