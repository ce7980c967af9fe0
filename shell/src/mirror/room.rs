//! A mirror's own memory, which grows with what it reads.
//!
//! Whatever a header claims, no more is taken than there is to read.

use super::{Mirror, MirrorError, Take};

/// The most bytes that one read hands out, unless a frame has more: what is left comes with the next read.
const MOST_BYTES: usize = 64 << 20;

impl Mirror {
    /// Room for what the next read can hand out: as much as there is or was asked for, and no more than [`MOST_BYTES`] at once. Whatever a header
    /// claims, no memory is taken for frames that nobody has published.
    pub(super) fn make_room(&mut self, take: Take) -> Result<(), MirrorError> {
        let Some(d) = self.mirror.description() else { return Ok(()) };
        let (ring, frame_bytes) = (usize::try_from(d.n_frames()).unwrap_or(usize::MAX), d.frame_bytes());
        let fit = |frames: usize| frames.saturating_mul(frame_bytes) <= self.bytes.len() && frames <= self.times.len();
        // `Exactly` more than the ring holds is refused by the read itself.
        let (Take::UpTo(n) | Take::Latest(n) | Take::Exactly(n)) = take;
        let mut frames = n.min(ring);
        if fit(frames) {
            return Ok(());
        }
        if !matches!(take, Take::Exactly(_)) {
            frames = frames.min(usize::try_from(self.mirror.available()).unwrap_or(usize::MAX));
            if fit(frames) {
                return Ok(());
            }
        }
        let most =
            if matches!(take, Take::Exactly(_)) { frames } else { frames.min((MOST_BYTES / frame_bytes).max(1)) };
        self.grow(most, most.saturating_mul(frame_bytes))
    }

    #[cold]
    fn grow(&mut self, frames: usize, bytes: usize) -> Result<(), MirrorError> {
        let enough = self.bytes.try_reserve(bytes.saturating_sub(self.bytes.len())).is_ok()
            && self.times.try_reserve(frames.saturating_sub(self.times.len())).is_ok();
        if !enough {
            return Err(MirrorError::Memory { bytes });
        }
        if self.bytes.len() < bytes {
            self.bytes.resize(bytes, 0);
        }
        if self.times.len() < frames {
            self.times.resize(frames, 0.0);
        }
        Ok(())
    }
}
