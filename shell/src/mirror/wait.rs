//! A mirror that sleeps until there is something new.
//!
//! Takes no frame.

use std::time::{Duration, Instant};

use axismirror_core::extension::Extension;
use axismirror_core::header::HeaderView;

use super::{Mirror, MirrorError, State};
use crate::shm;

/// The longest sleep on the futex before another look.
const LONGEST_SLEEP: Duration = Duration::from_millis(100);
/// Pause between two looks at a stream on which nobody can sleep.
const POLL: Duration = Duration::from_millis(2);

impl Mirror {
    /// Sleeps until there is something new to read or to know (frames, another buffer, other static metadata), or until the time is up. Says
    /// whether there may be. What there is to know ends one wait, whether or not [`Mirror::changes`] is asked; frames end every one until they are
    /// read.
    ///
    /// Costs the writer nothing: with our block the reader sleeps on a futex and a thread of the service wakes it, within about a millisecond for
    /// chunks that come regularly and ten for anything else; with a Python writer, or without any, it looks every few milliseconds.
    ///
    /// # Errors
    /// [`MirrorError::Stream`].
    pub fn wait(&mut self, longest: Duration) -> Result<bool, MirrorError> {
        let began = Instant::now();
        loop {
            // The word first: what is published after this load ends the sleep at once.
            let seen = self.extension().map(Extension::wake_before_looking);
            let state = self.state()?;
            if state == State::Valid && self.mirror.available() > 0 || self.has_untold_changes() {
                return Ok(true);
            }
            let left = longest.saturating_sub(began.elapsed());
            if left.is_zero() {
                return Ok(false);
            }
            match (self.header(), seen) {
                // Not for ever: the writer may die, and its waker with it.
                (Some(header), Some(seen)) => shm::sleep(header.memory(), seen, left.min(LONGEST_SLEEP)),
                _ => std::thread::sleep(left.min(POLL)),
            }
        }
    }

    /// Whether there is a change that no wait has told of yet.
    fn has_untold_changes(&mut self) -> bool {
        let header = self.mirror.header();
        let now =
            (header.map(|h| h.memory().file()), self.mirror.generation(), header.map(HeaderView::meta_generation));
        self.mirror.has_changes() && self.told.replace(now) != Some(now)
    }
}
