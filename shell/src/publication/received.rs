//! What a stream that comes from another machine needs besides: frames that become something else, another's clock, a source that is silent.

use axismirror_core::extension::{Clock, Received};
use axismirror_core::publisher::PublishError;

use super::{DRAIN, Described, Publication, REST, describe};
use crate::shm::ShmError;

impl Publication {
    /// Frames are something else from now on: readers take what is left, and a new ring begins.
    ///
    /// # Errors
    /// [`PublishError`]; then there is no ring.
    pub(crate) fn change(&mut self, described: Described) -> Result<(), PublishError<ShmError>> {
        std::thread::sleep(DRAIN);
        self.publisher.invalidate();
        std::thread::sleep(REST);
        describe(&mut self.publisher, &described)?;
        self.described = described;
        Ok(())
    }

    /// The clock of the times from now on.
    pub(crate) fn set_clock(&mut self, clock: Clock) {
        self.publisher.set_clock(clock);
    }

    /// Shows readers that the stream was received from another machine, and what is known of its clock.
    pub(crate) fn set_received(&mut self, received: Option<Received>) {
        self.received = received;
        self.publisher.set_received(received);
    }

    /// Shows readers since when the source is silent, in ns of `CLOCK_MONOTONIC`; 0 = it is not.
    pub(crate) fn set_silent_since(&mut self, ns: i64) {
        self.publisher.set_silent_since(ns);
    }
}
