//! What every stream that is published here has: a writer, the waking of readers, the replacement of segments that somebody removed, time for
//! readers at a change; and a [`Publication`], which is a stream by the description that it had elsewhere or before.
//!
//! Knows neither where frames come from nor when they are due.

pub(crate) mod notify;
#[cfg(feature = "network")]
mod received;
mod replacing;
mod rhythm;
mod waker;

use std::time::Duration;

use axismirror_core::extension::{Clock, Received, Writer};
use axismirror_core::header::Description;
use axismirror_core::health::Health;
use axismirror_core::publisher::{Observer, PublishError, Publisher};
use axismirror_core::ring::{Frames, Times, WrongFrameSize};
use axismirror_core::settings::Settings as RingSettings;

pub(crate) use self::replacing::Replacing;
pub(crate) use self::waker::Waker;
use crate::access::Access;
use crate::clock;
use crate::shm::{SHM_DIR, ShmError, ShmStore, started};

/// How long readers have to take the last frames of a ring that is about to end.
pub(crate) const DRAIN: Duration = Duration::from_millis(50);
/// How long the old fields rest before they change, for readers that look at them one after the other.
pub(crate) const REST: Duration = Duration::from_millis(5);

/// This process, as readers can recognise it.
pub(crate) fn this_process() -> Writer {
    let pid = std::process::id();
    Writer { pid, start: started(pid).unwrap_or(0) }
}

/// What a stream's frames are, as it is published.
#[derive(Clone, Debug)]
pub(crate) struct Described {
    /// What the ring is.
    pub(crate) description: Description,
    /// Name of the buffered axis.
    pub(crate) axis: String,
    /// As readers unpickle them; empty when there are none. Such that our decoder reads them.
    pub(crate) static_metadata: Vec<u8>,
}

/// A stream that is being published.
#[derive(Debug)]
pub(crate) struct Publication {
    publisher: Publisher<ShmStore>,
    waker: Option<Waker>,
    described: Described,
    health: Health,
    /// Of a stream that comes from another machine.
    received: Option<Received>,
    replacing: Replacing,
}

impl Publication {
    /// Whether no live writer has the stream.
    ///
    /// # Errors
    /// [`PublishError::Store`].
    pub(crate) fn check_free(ring: &RingSettings) -> Result<(), PublishError<ShmError>> {
        let name = ring.shmem_name.as_ref().map(|name| name.header());
        name.map_or(Ok(()), |name| ShmStore::new(SHM_DIR).check_free(&name)).map_err(PublishError::Store)
    }

    /// Begins a stream, or adopts what its last writer left. The times are of `clock`.
    ///
    /// # Errors
    /// [`PublishError::Store`], for one when a live writer has the name; nothing is left behind then.
    pub(crate) fn open(
        ring: RingSettings,
        access: Access,
        clock: Clock,
        described: Described,
    ) -> Result<Self, PublishError<ShmError>> {
        let store = ShmStore::new(SHM_DIR).with_access(access);
        let needed = described.description.data_len(ring.version);
        let mut publisher = Publisher::open(store, (), ring, this_process(), clock)?;
        // The header that was opened has made room, if its last writer had left a ring.
        let begun = publisher.store().check_room(needed).map_err(PublishError::Store);
        if let Err(error) = begun.and_then(|()| describe(&mut publisher, &described)) {
            publisher.close();
            return Err(error);
        }
        publisher.set_heartbeat(clock::monotonic_ns());
        let waker = waker(&publisher);
        let health = Health::default();
        Ok(Self { publisher, waker, described, health, received: None, replacing: Replacing::default() })
    }

    /// The stream's name.
    pub(crate) fn name(&self) -> &str {
        self.publisher.name().as_str()
    }

    /// Number of the next frame, as mirrors count.
    pub(crate) fn published(&self) -> u64 {
        self.publisher.published()
    }

    /// Whether another process has it mapped, or could have.
    pub(crate) fn has_readers(&mut self) -> bool {
        self.publisher.store().has_readers()
    }

    /// Publishes frames, which lie one behind the other, with the time of each; `newest_ns` is the last one's. Of more than the ring has room for the
    /// last ones are kept.
    pub(crate) fn publish(
        &mut self,
        bytes: &[u8],
        times: &[f64],
        newest_ns: i64,
    ) -> Result<(), PublishError<ShmError>> {
        let frame_bytes = self.described.description.frame_bytes();
        // Bytes and times of different frames are an error of ours, and not one to be silent about.
        let frames = Frames::contiguous(bytes, times.len(), frame_bytes)
            .ok_or(WrongFrameSize { needed: frame_bytes, given: bytes.len().div_ceil(times.len().max(1)) })?;
        let len = u32::try_from(frames.len()).unwrap_or(u32::MAX).min(self.described.description.n_frames());
        self.publisher.reserve(len)?.fill(&frames, &Times::Each(times))?;
        self.publisher.commit(len, newest_ns)?;
        self.show_health();
        Ok(())
    }

    /// The counters that readers see from the next frames on.
    pub(crate) const fn health(&mut self) -> &mut Health {
        &mut self.health
    }

    /// Shows readers the counters now.
    pub(crate) fn show_health(&mut self) {
        self.publisher.set_health(&self.health);
        let heals = self.publisher.store().heals();
        self.publisher.set_heals(heals);
    }

    /// Shows that the writer lives, and replaces segments that nobody can find any more or that were cut short. To be called often. A
    /// replacement stands still for [`DRAIN`] and [`REST`].
    pub(crate) fn look_after(&mut self) {
        self.publisher.set_heartbeat(clock::monotonic_ns());
        let Some(lost) = self.replacing.due(&mut self.publisher) else { return };
        let needed = self.described.description.data_len(self.publisher.settings().version);
        let replaced = self.publisher.store().check_room(needed).map_err(PublishError::Store).and_then(|()| {
            std::thread::sleep(DRAIN);
            self.publisher.replace(lost)?;
            std::thread::sleep(REST);
            describe(&mut self.publisher, &self.described)
        });
        // The header may be another one.
        self.waker = waker(&self.publisher);
        self.publisher.set_received(self.received);
        self.replacing.tried(&mut self.publisher, lost, replaced);
        self.show_health();
    }

    /// Lets readers take the last frames, and removes the stream.
    pub(crate) fn close(self) {
        std::thread::sleep(DRAIN);
        self.publisher.close();
        // It wakes readers once more, who then see that the stream is gone.
        drop(self.waker);
    }
}

fn describe(publisher: &mut Publisher<ShmStore>, described: &Described) -> Result<(), PublishError<ShmError>> {
    publisher.describe_encoded(&described.description, &described.axis, &described.static_metadata)
}

/// The thread that wakes a publisher's readers; without it they poll.
pub(crate) fn waker<O: Observer>(publisher: &Publisher<ShmStore, O>) -> Option<Waker> {
    Waker::start(publisher.extension().clone())
        .inspect_err(|e| tracing::warn!("sleeping readers will have to poll: {e}"))
        .ok()
}
