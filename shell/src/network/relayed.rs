//! What a relay knows of a stream that it sends: its newest frames, and what frames were and are.
//!
//! Shared between the thread that follows the stream and those that answer. Does nothing with the network.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use zenoh::bytes::ZBytes;

use super::cache::Cache;
use super::info::{Info, Run};
use super::key::Address;
use crate::mirror::StreamState;
use crate::recording::Recorded;

/// Descriptions that are remembered for frames in the cache.
const REMEMBERED: usize = 8;
/// Changes of the description that are remembered for frames in recordings.
const CHANGES: usize = 256;

/// What is known of a stream that is relayed.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) address: Address,
    /// The host's name.
    pub(super) host: String,
    pub(super) run: Run,
    pub(super) cache: Cache<ZBytes>,
    /// What frames were and are, the newest last, with the static metadata.
    infos: VecDeque<(Info, Option<ZBytes>)>,
    /// What the frames from a number on are, as far as it was seen.
    changes: VecDeque<Change>,
    /// What a recording said of the frames that were last taken out of it, which this relay never saw.
    recorded: Option<(Info, Option<ZBytes>)>,
    /// How the stream is.
    pub(super) state: StreamState,
}

/// Shared with the threads that answer.
pub(super) type SharedStream = Arc<Mutex<Shared>>;

#[derive(Clone, Copy, Debug)]
struct Change {
    first: u64,
    description: u64,
    generation: u32,
    frame_len: usize,
}

/// What is said of a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Said {
    pub(super) description: u64,
    pub(super) generation: u32,
    pub(super) frame_len: usize,
    /// Up to which number.
    pub(super) until: u64,
}

impl Shared {
    pub(super) fn new(address: Address, host: String, run: Run, cache: Cache<ZBytes>) -> Self {
        let (infos, changes) = (VecDeque::new(), VecDeque::new());
        Self { address, host, run, cache, infos, changes, recorded: None, state: StreamState::NotYet }
    }

    /// Frames are numbered anew.
    pub(super) fn begin(&mut self, instance: u64) {
        self.run.instance = instance;
        self.cache.clear();
        self.infos.clear();
        self.changes.clear();
        self.recorded = None;
    }

    /// What frames are from now on.
    pub(super) fn remember(&mut self, info: Info, static_metadata: Option<ZBytes>, frame_len: usize) {
        let Info { first, description, generation, .. } = info;
        self.infos.retain(|(known, _)| known.description != description);
        if self.infos.len() == REMEMBERED {
            self.infos.pop_front();
        }
        self.infos.push_back((info, static_metadata));
        if self.changes.len() == CHANGES {
            self.changes.pop_front();
        }
        self.changes.push_back(Change { first, description, generation, frame_len });
    }

    /// All that is remembered, with the stream's state of now.
    pub(super) fn infos(&self) -> Vec<(Info, Option<ZBytes>)> {
        let now = |(info, metadata): &(Info, Option<ZBytes>)| {
            (Info { state: self.state.word().to_owned(), ..info.clone() }, metadata.clone())
        };
        self.infos.iter().chain(&self.recorded).map(now).collect()
    }

    /// What a frame out of a recording is: as it was seen when it was published; of a time before this relay, or too long ago, as the recording says. `None`
    /// when the recording is not of the present run.
    pub(super) fn said_of(&mut self, number: u64, of: &Recorded) -> Option<Said> {
        if of.instance != Some(self.run.instance) {
            return None;
        }
        let behind = self.changes.partition_point(|change| change.first <= number);
        let until = self.changes.get(behind).map_or(u64::MAX, |change| change.first);
        let seen = behind.checked_sub(1).and_then(|i| self.changes.get(i)).copied();
        let is_known = |change: &Change| self.infos.iter().any(|(info, _)| info.description == change.description);
        if let Some(Change { description, generation, frame_len, .. }) = seen.filter(is_known) {
            return Some(Said { description, generation, frame_len, until });
        }
        let info = Info::of(&of.stream, &self.address, &self.host, self.run, of.first_frame);
        let (description, generation, frame_len) = (info.description, info.generation, of.stream.frame_bytes());
        if !self.infos.iter().any(|(known, _)| known.description == description) {
            self.recorded = Some((info, of.stream.static_metadata.clone().map(ZBytes::from)));
        }
        Some(Said { description, generation, frame_len, until })
    }
}

#[cfg(test)]
mod tests {
    use super::super::info::tests::stream;
    use super::*;
    use crate::mirror::StreamInfo;

    #[test]
    fn frames_of_a_recording_are_what_they_were() {
        let address = Address::new("pi", "lab").unwrap();
        let run = Run { relay: 1, instance: 2 };
        let mut shared = Shared::new(address.clone(), "host".to_owned(), run, Cache::new(1, 1));
        let info =
            |key: &str, first| Info::of(&StreamInfo { key: key.into(), ..stream() }, &address, "host", run, first);
        let (a, b) = (info("a", 100), info("b", 200));
        for (info, first) in [(&a, 100), (&b, 200), (&a, 300)] {
            shared.remember(Info { first, ..info.clone() }, None, 8);
        }
        let old = StreamInfo { key: "old".into(), ..stream() };
        let of = Recorded { instance: Some(2), first_frame: 5, stream: old };
        let said = |shared: &mut Shared, number| {
            let said = shared.said_of(number, &of).unwrap();
            (said.description, said.until)
        };
        assert_eq!(shared.infos().len(), 2);
        assert_eq!(said(&mut shared, 150), (a.description, 200));
        assert_eq!(said(&mut shared, 200), (b.description, 300));
        assert_eq!(said(&mut shared, 1000), (a.description, u64::MAX));
        // Before this relay: as the recording says, and who asks is told.
        assert_eq!(said(&mut shared, 50), (info("old", 5).description, 100));
        assert_eq!(shared.infos().last().map(|(info, _)| (info.key.as_str(), info.first)), Some(("old", 5)));
        // Another run, of whose frames the recording knows nothing.
        shared.begin(3);
        assert_eq!(shared.said_of(150, &of), None);
        assert!(shared.infos().is_empty());
    }
}
