//! Changes of a running stream's settings.
//!
//! A change that ends a ring goes in three steps, so that no frame is lost on the way: for a moment frames are held back while readers
//! take what is left in the old ring; then the old ring is declared invalid; and a moment later, when no reader can still be in
//! the middle of a look at the old fields, the new ring begins with the frames that were held back. Published readers check `bvalid` and the
//! generation first and read the counters afterwards, so the fields must rest in between. A change that fails leaves what was before.

use std::time::Instant;

use axismirror_core::publisher::{Lost, Needs, PublishError};

use super::{Change, Next, Outcome, Outlet, ServicePublisher, Step, offset_to};
use crate::causes;
use crate::clock;
use crate::publication::{DRAIN, REST, waker};
use crate::shm::{InPlace, ShmError};

/// Whether there is room for a stream's first ring.
pub(in crate::service) fn check_first(publisher: &mut ServicePublisher, next: &Next) -> Outcome {
    publisher.store().check_room(next.ring_len()?).map_err(PublishError::Store)
}

impl Outlet {
    /// Whether a change could be carried out: the ring is possible, there is room for it, and a new name is free. The room is
    /// [kept](Outlet::release) for it.
    pub(in crate::service) fn check(&mut self, next: &Next) -> Result<(), PublishError<ShmError>> {
        let Needs { header, mut ring, static_metadata } =
            next.template.with_message(|m| self.publisher.needs(&next.ring, m))?;
        // What the samples mean is of no concern to the publisher, and ends the ring all the same.
        if ring == 0 && self.now.as_ref().is_none_or(|now| now.channels != next.channels) {
            ring = next.ring_len()?;
        }
        let version = self.publisher.settings().version;
        let before = self.publisher.description().map_or(0, |d| d.data_len(version));
        let name = next.ring.shmem_name.as_ref().filter(|n| *n != self.publisher.name()).cloned();
        let next_ring = self.publisher.next_ring();
        let store = self.publisher.store();
        match name {
            Some(name) => store.check_free(&name.header()),
            None if ring > 0 => store.check_name(&next_ring),
            None => Ok(()),
        }
        .map_err(PublishError::Store)?;
        store
            .reserve(&[ring, header, static_metadata])
            .or_else(|error| match ring == 0 || store.has_readers() {
                true => Err(error),
                // The ring that goes makes room for the next, unless a reader has it still.
                false => store.reserve_in_place(&[header, static_metadata], InPlace { len: ring, before }),
            })
            .map_err(PublishError::Store)
    }

    /// A change is over, or is not to be: what was kept for it is free.
    pub(in crate::service) fn release(&mut self) {
        self.publisher.store().release();
    }

    /// Begins a change of settings. What came before it is published under the old ones; what comes until it is carried out is held back.
    /// A change that leaves the ring and what its samples mean as they are (labels, chunk length) is done at once, and what became of it returned;
    /// of another, [`Outlet::tick`] says it.
    pub(in crate::service) fn change(&mut self, next: Next) -> Option<Outcome> {
        self.flush();
        let described = next.described().ok().flatten();
        let same_ring = next.ring == *self.publisher.settings() && described.as_ref() == self.publisher.description();
        // Otherwise a reader that is behind would read old frames by the new scale.
        let same_meaning = self.now.as_ref().is_some_and(|now| now.channels == next.channels);
        if same_ring && same_meaning {
            let described = self.describe(&next);
            self.release();
            if described.is_ok() {
                self.now = Some(next);
            }
            return Some(described);
        }
        self.change = Some(Change { step: Step::Drain, since: Instant::now(), next, lost: None });
        None
    }

    /// Carries a change on, and shows that the writer lives. To be called often. Says what became of the change when it is over.
    pub(in crate::service) fn tick(&mut self) -> Option<Outcome> {
        let now = clock::monotonic_ns();
        self.publisher.set_heartbeat(now);
        if let Some(slept) = self.suspend.look(now, clock::boottime_ns(), clock::monotonic_ns()) {
            self.suspended(slept);
        }
        self.look_for_losses();
        let change = self.change.as_mut()?;
        let elapsed = change.since.elapsed();
        match change.step {
            Step::Drain if elapsed >= DRAIN => {
                change.step = Step::Rest;
                change.since = Instant::now();
                let lost = change.lost;
                let ring = change.next.ring.clone();
                let begun = match lost {
                    // After a change that could not be undone the settings are others yet.
                    Some(lost) => self
                        .room_for_another()
                        .and_then(|()| self.publisher.apply(ring))
                        .and_then(|()| self.publisher.replace(lost)),
                    None => self.publisher.apply(ring),
                };
                if let Err(error) = begun {
                    self.release();
                    self.change = None;
                    self.publish_held();
                    return self.told(lost, Err(error));
                }
                self.begin_header();
                if self.publisher.description().is_some() {
                    // The ring's own settings are the same: it is the samples that change.
                    self.publisher.invalidate();
                }
                None
            }
            Step::Rest if elapsed >= REST => self.finish_change(),
            _ => None,
        }
    }

    pub(super) fn finish_change(&mut self) -> Option<Outcome> {
        let Change { next, lost, .. } = self.change.take()?;
        let described = self.describe(&next);
        self.release();
        if described.is_ok() {
            self.now = Some(next);
            self.clock_offset_ns = offset_to(self.stream_clock);
        } else if let Err(error) = self.go_back()
            && lost.is_none()
        {
            tracing::error!(
                "the stream has no ring, and frames are lost, until one can be made: {}",
                causes::line(&error)
            );
        }
        self.publish_held();
        self.told(lost, described)
    }

    /// What is over. Of a change of settings somebody waits for the outcome.
    fn told(&mut self, lost: Option<Lost>, outcome: Outcome) -> Option<Outcome> {
        let Some(lost) = lost else { return Some(outcome) };
        self.replacing.tried(&mut self.publisher, lost, outcome);
        None
    }

    /// Describes the stream as it was before a change that could not be carried out. Where that fails, too, there is no ring until it can be made:
    /// what was freed for a new one, another program may have taken.
    fn go_back(&mut self) -> Outcome {
        let Some(now) = self.now.take() else { return Ok(()) };
        let back = self.publisher.apply(now.ring.clone()).and_then(|()| self.describe(&now));
        self.begin_header();
        self.now = Some(now);
        back
    }

    /// The header may be another one, with another extension block.
    fn begin_header(&mut self) {
        self.waker = waker(&self.publisher);
        self.show_health();
        // Under another name frames are counted anew.
        self.settle_position();
        if let Some(gap) = self.gap.filter(|gap| gap.is_silent) {
            self.publisher.set_silent_since(gap.since_ns());
        }
    }
}
