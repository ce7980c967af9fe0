//! Segments whose names were all removed: readers that are attached have them still, but nobody else can find them. And those that were cut
//! short. They are replaced by others, in the steps of a change of settings that changes nothing; and so is a ring that could not be made.
//!
//! The names themselves are the store's business.

use std::time::Instant;

use axismirror_core::publisher::PublishError;

use super::{Change, Outcome, Outlet, Step};
use crate::publication::REST;

impl Outlet {
    /// Begins to replace what is lost.
    pub(super) fn look_for_losses(&mut self) {
        if self.is_changing() {
            return;
        }
        let Some(lost) = self.replacing.due(&mut self.publisher) else { return };
        let Some(now) = self.now.clone() else { return };
        self.flush();
        self.change = Some(Change { step: Step::Drain, since: Instant::now(), next: now, lost: Some(lost) });
    }

    /// Takes room for a ring beside the one that readers may have for as long as they like.
    pub(super) fn room_for_another(&mut self) -> Outcome {
        let Some(now) = &self.now else { return Ok(()) };
        self.publisher.store().reserve(&[now.ring_len()?]).map_err(PublishError::Store)
    }

    /// Something else is about to change the stream: a replacement that has not begun can wait, another is finished at once.
    pub(super) fn settle(&mut self) {
        match &self.change {
            Some(Change { lost: Some(_), step: Step::Drain, .. }) => self.change = None,
            Some(Change { lost: Some(_), step: Step::Rest, since, .. }) => {
                // No acquisition runs meanwhile.
                std::thread::sleep(REST.saturating_sub(since.elapsed()));
                drop(self.finish_change());
            }
            _ => {}
        }
    }
}
