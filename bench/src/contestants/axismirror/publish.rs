//! How long publishing takes: chunks that lie in memory, and whole messages.

use super::stream::Stream;
use crate::harness::{Contestant, Round, round, timed};
use crate::workload::Workload;

/// Messages of a batch: a fraction of a round.
const MESSAGES: usize = 256;

/// [`Stream::publish`].
pub struct Publish(Stream);

impl Publish {
    /// For a workload.
    ///
    /// # Errors
    /// What the publisher says.
    pub fn new(workload: Workload) -> Result<Self, String> {
        Stream::new(workload, "publish").map(Self)
    }
}

impl Contestant for Publish {
    fn name(&self) -> &str {
        "axismirror"
    }

    fn round(&mut self) -> Result<Round, String> {
        let chunks = self.0.workload.ring_chunks;
        round(|| {
            let mut result = Ok(());
            let time = timed(|| result = self.0.publish(chunks));
            result.map(|()| (time, chunks as u64))
        })
    }

    fn check(&mut self) -> Result<(), String> {
        self.0.check()
    }
}

/// [`Stream::publish_message`].
pub struct Message(Stream);

impl Message {
    /// For a workload.
    ///
    /// # Errors
    /// What the publisher says.
    pub fn new(workload: Workload) -> Result<Self, String> {
        Stream::new(workload, "message").map(Self)
    }
}

impl Contestant for Message {
    fn name(&self) -> &str {
        "axismirror, whole message"
    }

    fn round(&mut self) -> Result<Round, String> {
        let chunks = self.0.workload.ring_chunks.min(MESSAGES);
        round(|| {
            let mut result = Ok(());
            let time = timed(|| result = (0..chunks).try_for_each(|_| self.0.publish_message()));
            result.map(|()| (time, chunks as u64))
        })
    }

    fn check(&mut self) -> Result<(), String> {
        self.0.check()
    }
}
