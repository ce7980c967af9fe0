//! What is done about segments that nobody can find any more, or that were cut short: not too often, counted, and said once.
//!
//! How a stream is replaced is its publisher's business.

use std::time::{Duration, Instant};

use axismirror_core::publisher::{Lost, Observer, PublishError, Publisher};

use crate::causes;
use crate::said::Said;
use crate::shm::{ShmError, ShmStore};

/// Whoever goes on removing names gets new ones no more often than this: each time readers have to go over.
const EVERY: Duration = Duration::from_secs(1);

/// What came of it last.
#[derive(Debug, Default)]
pub(crate) struct Replacing {
    at: Option<Instant>,
    said: Said,
}

impl Replacing {
    /// What a stream has lost, or could not be given again, unless it is too early to do something about it.
    pub(crate) fn due<O: Observer>(&self, publisher: &mut Publisher<ShmStore, O>) -> Option<Lost> {
        if self.at.is_some_and(|at| at.elapsed() < EVERY) {
            return None;
        }
        // A header that was emptied and has its length again looks like one from outside.
        if !publisher.extension().is_there() {
            return Some(Lost::Header);
        }
        let has_ring = publisher.description().is_some();
        publisher.store().lost().or((!has_ring).then_some(Lost::Contents))
    }

    /// It was tried.
    pub(crate) fn tried<O: Observer>(
        &mut self,
        publisher: &mut Publisher<ShmStore, O>,
        lost: Lost,
        outcome: Result<(), PublishError<ShmError>>,
    ) {
        self.at = Some(Instant::now());
        let (succeeded, failure) = (outcome.is_ok(), outcome.err().map(|error| causes::line(&error)));
        if succeeded {
            publisher.store().count_replaced();
        }
        let stream = publisher.name().as_str();
        if let Some(text) = self.said.news(failure) {
            tracing::error!(stream, "segments that were removed or cut short cannot be replaced: {text}");
        }
        if succeeded {
            let what = if lost == Lost::Header { "new segments" } else { "a new ring" };
            tracing::info!(stream, "the stream has {what} in place of what was removed or cut short");
        }
    }
}

#[cfg(test)]
mod tests {
    use axismirror_core::extension::{Clock, EXTENSION_AT};
    use axismirror_core::memory::MemoryMut as _;
    use axismirror_core::name::StreamName;
    use axismirror_core::settings::Settings;

    use super::*;
    use crate::publication::this_process;
    use crate::shm::SHM_DIR;

    #[test]
    fn a_header_that_is_none_any_more_is_lost() {
        let shmem_name = StreamName::new(&format!("axismirror-test-zeros-{}", std::process::id())).ok();
        let settings = Settings { shmem_name, buf_dur: 1.0, axis: None, version: Default::default() };
        let store = ShmStore::new(SHM_DIR);
        let mut publisher = Publisher::open(store, (), settings, this_process(), Clock::Monotonic).unwrap();
        let replacing = Replacing::default();
        assert_eq!(replacing.due(&mut publisher), Some(Lost::Contents), "it has no ring yet");
        // As in a page that was lost and touched again.
        publisher.extension().memory().store_u64(EXTENSION_AT, 0);
        assert_eq!(replacing.due(&mut publisher), Some(Lost::Header));
        publisher.replace(Lost::Header).unwrap();
        assert_eq!(replacing.due(&mut publisher), Some(Lost::Contents));
        publisher.close();
    }
}
