//! Ours in place: frames are reserved and published; what fills them, a driver that decodes, is measured by itself (see `decode`).

use std::hint::black_box;

use crate::contestants::axismirror::Stream;
use crate::harness::{Contestant, Round, round, timed};
use crate::workload::Workload;

/// Reserve a chunk, fill one sample and the last time of it, publish it.
pub struct InPlace(Stream);

impl InPlace {
    /// For a workload.
    ///
    /// # Errors
    /// What the publisher says.
    pub fn new(workload: Workload) -> Result<Self, String> {
        Stream::new(workload, "in-place").map(Self)
    }
}

impl Contestant for InPlace {
    fn name(&self) -> &str {
        "axismirror, in place"
    }

    fn round(&mut self) -> Result<Round, String> {
        let chunks = self.0.workload().ring_chunks;
        round(|| {
            let mut result = Ok(());
            let time = timed(|| result = self.0.commit_in_place(black_box(chunks)));
            result.map(|()| (time, chunks as u64))
        })
    }

    /// The ring's chunks have the marks that were set, one after the other.
    fn check(&mut self) -> Result<(), String> {
        let mut reader = self.0.reader()?;
        let (published, chunks) = (self.0.published(), self.0.workload().ring_chunks as u64);
        for n in published.saturating_sub(chunks)..published {
            reader.read_one()?;
            let (sample, time) = reader.first_sample_and_last_time();
            let expected = Stream::mark(n);
            if (sample, time) != (expected, Some(f64::from(expected))) {
                return Err(format!("chunk {n} begins with {sample} and ends at {time:?}, not {expected}"));
            }
        }
        Ok(())
    }
}
