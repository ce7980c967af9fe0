//! How long reading takes with the library's mirror.

use std::hint::black_box;

use axismirror::mirror::Mirror;
use axismirror_core::mirror::{Proof, Take};

use super::stream::Stream;
use super::{Reads, read_round};
use crate::harness::{Contestant, Round};
use crate::workload::Workload;

/// The library's mirror, which has memory of its own and follows a stream through restarts.
pub struct LibraryRead {
    stream: Stream,
    mirror: Mirror,
}

impl LibraryRead {
    /// For a workload.
    ///
    /// # Errors
    /// What publisher or mirror say.
    pub fn new(workload: Workload) -> Result<Self, String> {
        let stream = Stream::new(workload, "library")?;
        let mut mirror = Mirror::attach(stream.stream_name()).map_err(|e| e.to_string())?;
        while mirror.read().map_err(|e| e.to_string())?.frames() > 0 {}
        Ok(Self { stream, mirror })
    }

    /// Reads so and so often at most a chunk; how many frames came.
    #[inline(never)]
    fn read_many(&mut self, reads: usize) -> usize {
        let frames = self.stream.workload.frames;
        (0..reads).map(|_| self.mirror.take(black_box(Take::UpTo(frames))).map_or(0, |c| black_box(c).frames())).sum()
    }
}

impl Reads for LibraryRead {
    fn publish(&mut self, chunks: usize) -> Result<(), String> {
        self.stream.publish(chunks)
    }

    fn read(&mut self, chunks: usize) -> Result<(), String> {
        let expected = chunks * self.stream.workload.frames;
        let came = self.read_many(chunks);
        if came == expected { Ok(()) } else { Err(format!("{came} frames instead of {expected}")) }
    }

    fn poll(&mut self, times: usize) -> Result<(), String> {
        let came = self.read_many(times);
        if came == 0 { Ok(()) } else { Err(format!("nothing was expected: {came} frames")) }
    }
}

impl Contestant for LibraryRead {
    fn name(&self) -> &str {
        "axismirror, library"
    }

    fn round(&mut self) -> Result<Round, String> {
        let chunks = self.stream.workload.backlog();
        read_round(self, chunks)
    }

    fn check(&mut self) -> Result<(), String> {
        let n = self.stream.published;
        self.stream.publish(1)?;
        let chunk = self.mirror.read().map_err(|e| e.to_string())?;
        if chunk.times() != self.stream.sources.times(n) || chunk.proof() != Proof::Untorn {
            return Err(format!("the times or the proof of chunk {n} did not arrive"));
        }
        self.stream.sources.check(n, chunk.bytes())
    }
}
