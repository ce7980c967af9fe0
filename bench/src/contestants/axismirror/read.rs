//! How long reading takes with the core's mirror.

use super::reader::Reader;
use super::stream::Stream;
use super::{Reads, read_round};
use crate::harness::{Contestant, Round};
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
}

impl Reads for Read {
    fn publish(&mut self, chunks: usize) -> Result<(), String> {
        self.stream.publish(chunks)
    }

    fn read(&mut self, chunks: usize) -> Result<(), String> {
        let expected = (chunks * self.stream.workload.frames, true);
        let came = self.reader.read_many(chunks);
        if came == expected { Ok(()) } else { Err(format!("{expected:?} frames were expected, not {came:?}")) }
    }

    fn poll(&mut self, times: usize) -> Result<(), String> {
        let came = self.reader.read_many(times);
        if came == (0, true) { Ok(()) } else { Err(format!("nothing was expected: {came:?}")) }
    }
}

impl Contestant for Read {
    fn name(&self) -> &str {
        "axismirror"
    }

    fn round(&mut self) -> Result<Round, String> {
        let chunks = self.stream.workload.backlog();
        read_round(self, chunks)
    }

    fn check(&mut self) -> Result<(), String> {
        self.reader.check(&self.stream.sources, self.stream.published - 1)
    }
}
