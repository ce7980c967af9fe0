//! How long a look at a stream takes on which nothing has happened since the last.

use super::Reads;
use crate::harness::{Contestant, Round, round, timed};
use crate::workload::Workload;

/// Looks of a round.
const POLLS: usize = 4096;

/// A reader that polls an idle stream.
pub struct NothingNew<R>(R);

impl<R: Reads> NothingNew<R> {
    /// Of a reader that is made for a workload, here the smallest.
    ///
    /// # Errors
    /// What publisher or mirror say.
    pub fn new(make: impl FnOnce(Workload) -> Result<R, String>) -> Result<Self, String> {
        let [w1, ..] = Workload::ALL;
        make(w1).map(Self)
    }

    /// Looks so and so often.
    ///
    /// # Errors
    /// When there is something.
    pub fn poll(&mut self, times: usize) -> Result<(), String> {
        self.0.poll(times)
    }
}

impl<R: Reads> Contestant for NothingNew<R> {
    fn name(&self) -> &str {
        self.0.name()
    }

    fn round(&mut self) -> Result<Round, String> {
        round(|| {
            let mut result = Ok(());
            let time = timed(|| result = self.poll(POLLS));
            result.map(|()| (time, POLLS as u64))
        })
    }

    fn check(&mut self) -> Result<(), String> {
        // It would have seen something if there had been something.
        self.0.publish(1)?;
        self.0.read(1)?;
        self.0.check()
    }
}
