//! The buffer of one generation as a mirror reads it: where it is, what is left, and the proof of each copy.

use super::look::{Ended, Header, Look};
use super::{MirrorError, Read, Take};
use crate::fence::Acquire;
use crate::header::{Description, Generation};
use crate::memory::Memory;
use crate::ring::{Geometry, Lapped, RingReader};

/// One generation's buffer and our place in it.
#[derive(Debug)]
pub(super) struct Buffer<M> {
    pub(super) description: Description,
    pub(super) ring: RingReader<M>,
    pub(super) generation: Generation,
    /// The description's sequence as of the last look; without a block always 0.
    pub(super) sequence: u32,
    /// Frames of all earlier generations.
    pub(super) base: u64,
    /// The next frame to hand out; `None`: the oldest that there is.
    pub(super) position: Option<u64>,
    /// Set when a later generation has begun.
    pub(super) ended: Option<Ended>,
}

impl<M: Memory + Clone> Buffer<M> {
    pub(super) fn is_current(&self, header: &Header<M>) -> bool {
        match &header.extension {
            Some(e) => self.ended.is_none() && e.sequence() == self.sequence,
            None => header.view.buffer_generation() == self.generation,
        }
    }

    pub(super) fn n_frames(&self) -> u64 {
        self.ring.geometry().n_frames().into()
    }

    /// The number of the next frame to hand out.
    pub(super) fn next(&self) -> u64 {
        self.base.saturating_add(self.position.unwrap_or(0))
    }

    /// A later generation has begun: what is left of this one?
    pub(super) fn end(&mut self, look: &Look, readable: bool) {
        if self.ended.is_none() {
            let nothing = self.position.unwrap_or(0);
            let known = readable && self.generation.is_followed_by(look.generation);
            self.ended = Some(if known { look.before } else { Ended { committed: nothing, reserved: nothing } });
        }
    }

    pub(super) fn has_more(&self) -> bool {
        self.ended.is_some_and(|e| {
            let oldest = e.reserved.saturating_sub(self.n_frames());
            self.position.unwrap_or(0).max(oldest) < e.committed
        })
    }

    /// Frames published in this generation, as far as is known.
    pub(super) fn committed(&self, header: &Header<M>) -> u64 {
        match (&self.ended, &header.extension) {
            (Some(ended), _) => ended.committed,
            (None, Some(extension)) => self.ring.committed(extension, self.generation),
            (None, None) => header.legacy_total(self.ring.geometry().n_frames()).unwrap_or(0),
        }
    }

    /// Frames started, as far as is known: the places of the oldest may be in use again. A hint that saves a copy which could not be proven.
    fn started(&self, header: &Header<M>, committed: u64) -> u64 {
        match (&self.ended, &header.extension) {
            (Some(ended), _) => ended.reserved,
            (None, Some(extension)) => extension.counters(self.generation).reserved(),
            (None, None) => committed,
        }
    }

    /// Whether everything loaded up to now was of this generation.
    fn still_this_generation(&self, header: &Header<M>) -> bool {
        header.view.memory().fence_acquire(Acquire::Unchanged);
        match (&self.ended, &header.extension) {
            (Some(_), _) => true,
            (None, Some(extension)) => extension.sequence() == self.sequence,
            (None, None) => header.state() == (true, self.generation),
        }
    }

    /// Whether a copy that started with frame `first` is whole; to be believed if it is [`Buffer::still_this_generation`] afterwards.
    fn prove(&self, header: &Header<M>, first: u64) -> Result<(), Lapped> {
        match (&self.ended, &header.extension) {
            (Some(ended), _) => self.ring.bound(ended.reserved, first),
            (None, Some(extension)) => self.ring.prove(extension, self.generation, first),
            (None, None) => {
                let total = header.legacy_total(self.ring.geometry().n_frames());
                // Counters that keep changing prove nothing: the same frames once more.
                total.map_or(Err(Lapped { oldest: first }), |total| self.ring.bound(total, first))
            }
        }
    }

    /// One attempt to hand out frames; `None` when it has to start again: another generation has begun, or the writer laps us. Frames that
    /// are known to be overwritten are added to `missed`. Nothing is noted before it is proven.
    pub(super) fn read<E>(
        &mut self,
        header: &Header<M>,
        take: Take,
        frames: &mut [u8],
        times: &mut [f64],
        missed: &mut u64,
    ) -> Result<Option<Read>, MirrorError<E>> {
        if let Take::Exactly(asked) = take {
            let possible = possible(self.ring.geometry(), frames.len(), times.len());
            if asked > possible {
                return Err(MirrorError::TooMany { asked, possible });
            }
        }
        let committed = self.committed(header);
        if !self.still_this_generation(header) {
            return Ok(None);
        }
        if self.position == Some(committed) {
            return Ok(Some(Read { frames: 0, first: self.next(), missed: 0, skipped: 0, proof: header.proof() }));
        }
        let frame_bytes = self.ring.geometry().frame_bytes();
        let possible = possible(self.ring.geometry(), frames.len(), times.len());
        let from = self.position;
        // Without a block, a total below our position is the moment between the stores of its two counters: nothing new.
        let oldest = self.started(header, committed).saturating_sub(self.n_frames()).min(committed);
        let start = from.unwrap_or(oldest).max(oldest);
        let available = usize::try_from(committed.saturating_sub(start)).unwrap_or(usize::MAX);
        let (count, skipped) = match take {
            Take::UpTo(n) => (available.min(n).min(possible), 0),
            Take::Exactly(n) => (if available < n { 0 } else { n }, 0),
            Take::Latest(n) => {
                let count = available.min(n).min(possible);
                (count, if count > 0 { available - count } else { 0 })
            }
        };
        let first = start.saturating_add(skipped as u64);
        let proof = if count > 0 {
            let bytes = frames.get_mut(..count * frame_bytes).unwrap_or_default();
            self.ring.copy(first, u32::try_from(count).unwrap_or(u32::MAX), bytes, times);
            let proof = self.prove(header, first);
            if !self.still_this_generation(header) {
                return Ok(None);
            }
            proof
        } else {
            Ok(())
        };
        // From here on it holds. A reader that has not read yet has no place in the stream, and misses nothing.
        let overwritten = |up_to: u64| from.map_or(0, |from| up_to.saturating_sub(from));
        if let Err(Lapped { oldest }) = proof {
            // Frames that are only reserved are not missed: a writer that dies now never publishes them.
            let oldest = oldest.min(committed);
            *missed = missed.saturating_add(overwritten(oldest));
            self.position = Some(oldest);
            return Ok(None);
        }
        *missed = missed.saturating_add(overwritten(start));
        self.position = if count > 0 { Some(first + count as u64) } else { from.map(|_| start) };
        let first = self.base.saturating_add(first);
        Ok(Some(Read { frames: count, first, missed: 0, skipped: skipped as u64, proof: header.proof() }))
    }
}

/// How many frames one read can hand out: the ring, or what the caller's slices hold.
fn possible(g: &Geometry, frames: usize, times: usize) -> usize {
    let room = frames / g.frame_bytes();
    let room = if g.has_times() && times > 0 { room.min(times) } else { room };
    room.min(usize::try_from(g.n_frames()).unwrap_or(usize::MAX))
}
