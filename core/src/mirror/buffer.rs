//! The buffer of one generation as a mirror reads it: where it is, what is left, and the proof of each copy.

use super::counts::{Block, Counts, Fields};
use super::look::{Ended, Header, Look};
use super::{Proof, Read, Take};
use crate::extension::Writer;
use crate::header::{Description, Generation};
use crate::memory::Memory;
use crate::ring::{Lapped, RingReader};

/// One generation's buffer and our place in it.
#[derive(Debug)]
pub(super) struct Buffer<M> {
    pub(super) description: Description,
    pub(super) ring: RingReader<M>,
    pub(super) generation: Generation,
    /// The description's sequence as of the last look; without a block always 0.
    pub(super) sequence: u32,
    /// Whether the header said at that look that the buffer is valid, and no later look found it otherwise. It changes with the sequence alone, so it
    /// holds as long as that does.
    pub(super) valid: bool,
    /// Frames of all earlier generations.
    pub(super) base: u64,
    /// The next frame to hand out; `None`: the oldest that there is.
    pub(super) position: Option<u64>,
    /// Set when a later generation has begun, or when the ring was cut short.
    pub(super) ended: Option<Ended>,
    /// Who wrote it, as far as the stream says.
    pub(super) writer: Writer,
}

/// What one attempt has handed out.
pub(super) struct Taken {
    pub(super) frames: usize,
    /// Number of the first one, over all generations.
    pub(super) first: u64,
    pub(super) skipped: u64,
}

impl<M: Memory + Clone> Buffer<M> {
    #[inline]
    pub(super) fn is_current(&self, header: &Header<M>) -> bool {
        match &header.extension {
            Some(e) => self.ended.is_none() && e.sequence() == self.sequence,
            None => header.view.buffer_generation() == self.generation,
        }
    }

    #[inline]
    pub(super) fn n_frames(&self) -> u64 {
        self.ring.geometry().n_frames().into()
    }

    /// The number of the next frame to hand out.
    #[inline]
    pub(super) fn next(&self) -> u64 {
        self.base.saturating_add(self.position.unwrap_or(0))
    }

    /// A later generation has begun: what is left of this one?
    pub(super) fn end(&mut self, look: &Look, readable: bool) {
        if self.ended.is_none() {
            let known = readable && self.generation.is_followed_by(look.generation);
            self.ended = Some(if known { look.before } else { self.nothing_more() });
        }
    }

    /// The ring was cut short: nothing of it can be read any more.
    pub(super) fn cut_short(&mut self) {
        self.ended = Some(self.nothing_more());
    }

    fn nothing_more(&self) -> Ended {
        let position = self.position.unwrap_or(0);
        Ended { committed: position, reserved: position }
    }

    /// Frames that a read handed out were none.
    pub(super) fn take_back(&mut self, read: &Read) {
        if read.frames > 0 {
            self.position = Some(read.first.saturating_sub(self.base));
        }
    }

    /// Frames between the next one to hand out and another generation's first, which are lost. A reader that has not read yet has no place in the
    /// stream, and misses nothing.
    pub(super) fn missing_up_to(&self, base: u64) -> u64 {
        self.position.map_or(0, |_| base.saturating_sub(self.next()))
    }

    pub(super) fn has_more(&self) -> bool {
        self.ended.is_some_and(|e| {
            let oldest = e.reserved.saturating_sub(self.n_frames());
            self.position.unwrap_or(0).max(oldest) < e.committed
        })
    }

    /// The counters of our block, if they are those that count.
    #[inline]
    fn block<'h>(&self, header: &'h Header<M>) -> Option<Block<M::First<'h>>> {
        let extension = header.extension.as_ref().filter(|_| self.ended.is_none())?.at_hand()?;
        Some(Block { extension, generation: self.generation, sequence: self.sequence })
    }

    /// As long as the buffer is valid as far as is known.
    #[inline]
    pub(super) fn valid_block<'h>(&self, header: &'h Header<M>) -> Option<Block<M::First<'h>>> {
        if self.valid { self.block(header) } else { None }
    }

    /// A read without frames, of a reader that has all that are published, if nothing else is to be told.
    #[inline]
    pub(super) fn nothing(&self, block: &Block<M::First<'_>>, missed: u64) -> Option<Read> {
        (missed == 0 && Counts::<M>::are_still_valid(block)).then(|| Read {
            frames: 0,
            first: self.next(),
            missed: 0,
            skipped: 0,
            proof: Proof::Untorn,
        })
    }

    /// Frames published in this generation, as far as is known.
    pub(super) fn committed(&self, header: &Header<M>) -> u64 {
        match (self.block(header), &self.ended) {
            (Some(block), _) => block.committed(&self.ring),
            (None, Some(ended)) => ended.committed,
            (None, None) => Fields { header, generation: self.generation }.committed(&self.ring),
        }
    }

    /// How many frames one read can hand out: the ring, or what the caller's slices hold.
    pub(super) fn possible(&self, frames: usize, times: usize) -> usize {
        let g = self.ring.geometry();
        let room = frames / g.frame_bytes();
        let room = if g.has_times() && times > 0 { room.min(times) } else { room };
        room.min(usize::try_from(g.n_frames()).unwrap_or(usize::MAX))
    }

    /// So many of the frames that are available, no more than the ring, as far as they fit. Divides only when they do not.
    #[inline]
    fn at_most(&self, available: u64, wanted: usize, frames: usize, times: usize) -> u32 {
        let g = self.ring.geometry();
        let count = available.min(wanted as u64) as usize;
        let fit = count * g.frame_bytes() <= frames && (count <= times || times == 0 || !g.has_times());
        (if fit { count } else { count.min(self.possible(frames, times)) }) as u32
    }

    /// One attempt to hand out frames; `None` when it has to start again: another generation has begun, or the writer laps us. Frames that
    /// are known to be overwritten are added to `missed`. Nothing is noted before it is proven.
    pub(super) fn read(
        &mut self,
        header: &Header<M>,
        take: Take,
        frames: &mut [u8],
        times: &mut [f64],
        missed: &mut u64,
    ) -> Option<Taken> {
        match (self.block(header), self.ended) {
            (Some(block), _) => self.read_by(&block, take, frames, times, missed),
            (None, Some(ended)) => self.read_by(&ended, take, frames, times, missed),
            (None, None) => self.read_by(&Fields { header, generation: self.generation }, take, frames, times, missed),
        }
    }

    /// By counters of one kind.
    fn read_by(
        &mut self,
        counts: &impl Counts<M>,
        take: Take,
        frames: &mut [u8],
        times: &mut [f64],
        missed: &mut u64,
    ) -> Option<Taken> {
        let committed = counts.committed(&self.ring);
        // What is not valid now will not be so behind the copy.
        if !counts.are_still_valid() {
            return None;
        }
        self.read_up_to(committed, counts, take, frames, times, missed)
    }

    /// Of the frames that are committed, if they still are those of this generation behind the copy.
    // Always: a part of the one read that nearly all are.
    #[inline(always)]
    pub(super) fn read_up_to(
        &mut self,
        committed: u64,
        counts: &impl Counts<M>,
        take: Take,
        frames: &mut [u8],
        times: &mut [f64],
        missed: &mut u64,
    ) -> Option<Taken> {
        let from = self.position;
        let n_frames = self.n_frames();
        let (start, available) = match from.map(|from| (from, committed.saturating_sub(from))) {
            // Less than a ring behind: if the writer is about to overwrite it, the proof will say so. Without a block, a total below our position is
            // the moment between the stores of its two counters: nothing new.
            Some((from, available)) if available <= n_frames => (from, available),
            _ => {
                let oldest = counts.started(committed).saturating_sub(n_frames).min(committed);
                let start = from.unwrap_or(oldest).max(oldest);
                // Counters that somebody else has written to are not to be believed.
                (start, committed.saturating_sub(start).min(n_frames))
            }
        };
        let (count, skipped) = match take {
            Take::UpTo(n) => (self.at_most(available, n, frames.len(), times.len()), 0),
            Take::Exactly(n) if available < n as u64 => (0, 0),
            // As many as are possible, as the caller has found out.
            Take::Exactly(n) => (n as u32, 0),
            Take::Latest(n) => {
                let count = self.at_most(available, n, frames.len(), times.len());
                (count, if count > 0 { available - u64::from(count) } else { 0 })
            }
        };
        let first = start.saturating_add(skipped);
        // A reader that has not read yet has no place in the stream, and misses nothing.
        let overwritten = |up_to: u64| from.map_or(0, |from| up_to.saturating_sub(from));
        let proven = if count > 0 {
            self.ring.copy(first, count, frames, times);
            counts.prove(&self.ring, first)
        } else {
            Ok(())
        };
        if !counts.are_still_valid() {
            return None;
        }
        if let Err(Lapped { oldest }) = proven {
            // Frames that are only reserved are not missed: a writer that dies now never publishes them.
            let oldest = oldest.min(committed);
            *missed = missed.saturating_add(overwritten(oldest));
            self.position = Some(oldest);
            return None;
        }
        // It holds.
        if from != Some(start) {
            *missed = missed.saturating_add(overwritten(start));
        }
        if count > 0 || from.is_some() {
            self.position = Some(first + u64::from(count));
        }
        let first = self.base.saturating_add(first);
        Some(Taken { frames: count as usize, first, skipped })
    }
}
