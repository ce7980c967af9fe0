//! How long reading takes with the core's mirror.

use super::POLLS;
use super::reader::Reader;
use super::stream::Stream;
use crate::harness::{Contestant, Round, round, timed};
use crate::workload::Workload;

/// The core's mirror: copies into its caller's slices and proves the copy.
pub struct Read {
    stream: Stream,
    reader: Reader,
}

impl Read {
    /// For a workload.
    ///
    /// # Errors
    /// What publisher or mirror say.
    pub fn new(workload: Workload) -> Result<Self, String> {
        let stream = Stream::new(workload, "read")?;
        let mut reader = stream.reader()?;
        (0..stream.published).try_for_each(|_| reader.read_one())?;
        Ok(Self { stream, reader })
    }

    /// Publishes chunks that are then new.
    ///
    /// # Errors
    /// What the publisher says.
    pub fn publish(&mut self, chunks: usize) -> Result<(), String> {
        self.stream.publish(chunks)
    }

    /// Reads chunks one by one.
    ///
    /// # Errors
    /// When they are not all there, or not proven to be whole.
    pub fn read(&mut self, chunks: usize) -> Result<(), String> {
        let expected = (chunks * self.stream.workload.frames, true);
        let came = self.reader.read_many(chunks);
        if came == expected { Ok(()) } else { Err(format!("{expected:?} frames were expected, not {came:?}")) }
    }
}

impl Contestant for Read {
    fn name(&self) -> &str {
        "axismirror"
    }

    fn round(&mut self) -> Result<Round, String> {
        let chunks = self.stream.workload.backlog();
        round(|| {
            self.publish(chunks)?;
            let mut result = Ok(());
            let time = timed(|| result = self.read(chunks));
            result.map(|()| (time, chunks as u64))
        })
    }

    fn check(&mut self) -> Result<(), String> {
        self.reader.check(&self.stream.sources, self.stream.published - 1)
    }
}

/// The same when there is nothing new.
pub struct NothingNew(Read);

impl NothingNew {
    /// On the smallest workload.
    ///
    /// # Errors
    /// What publisher or mirror say.
    pub fn new() -> Result<Self, String> {
        let [w1, ..] = Workload::ALL;
        Read::new(w1).map(Self)
    }

    /// Looks so and so often.
    ///
    /// # Errors
    /// When there is something.
    pub fn poll(&mut self, times: usize) -> Result<(), String> {
        let came = self.0.reader.read_many(times);
        if came == (0, true) { Ok(()) } else { Err(format!("nothing was expected: {came:?}")) }
    }
}

impl Contestant for NothingNew {
    fn name(&self) -> &str {
        "axismirror"
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
        self.0.stream.publish(1)?;
        self.0.reader.read_one()?;
        self.0.check()
    }
}
