//! How long reading takes with the library's mirror.

use std::hint::black_box;

use axismirror::mirror::Mirror;
use axismirror_core::mirror::{Proof, Take};

use super::POLLS;
use super::stream::Stream;
use crate::harness::{Contestant, Round, round, timed};
use crate::workload::Workload;

/// The library's mirror, which has memory of its own and follows a stream through restarts.
pub struct LibraryRead {
    stream: Stream,
    mirror: Mirror,
    last: Vec<u8>,
    nothing_new: bool,
}

impl LibraryRead {
    /// For a workload; with `nothing_new` it polls an idle stream.
    ///
    /// # Errors
    /// What publisher or mirror say.
    pub fn new(workload: Workload, nothing_new: bool) -> Result<Self, String> {
        let stream = Stream::new(workload, if nothing_new { "idle" } else { "library" })?;
        let mut mirror = Mirror::attach(stream.stream_name()).map_err(|e| e.to_string())?;
        while mirror.read().map_err(|e| e.to_string())?.frames() > 0 {}
        Ok(Self { stream, mirror, last: Vec::new(), nothing_new })
    }

    /// Publishes chunks that are then new.
    ///
    /// # Errors
    /// What the publisher says.
    pub fn publish(&mut self, chunks: usize) -> Result<(), String> {
        self.stream.publish(chunks)
    }

    /// So many reads.
    ///
    /// # Errors
    /// When not each brings a chunk, or, of an idle stream, one does.
    pub fn read(&mut self, reads: usize) -> Result<(), String> {
        let expected = if self.nothing_new { 0 } else { reads * self.stream.workload.frames };
        let came = self.read_many(reads);
        if came == expected { Ok(()) } else { Err(format!("{came} frames instead of {expected}")) }
    }

    #[inline(never)]
    fn read_many(&mut self, reads: usize) -> usize {
        let frames = self.stream.workload.frames;
        (0..reads).map(|_| self.mirror.take(black_box(Take::UpTo(frames))).map_or(0, |c| black_box(c).frames())).sum()
    }
}

impl Contestant for LibraryRead {
    fn name(&self) -> &str {
        "axismirror, library"
    }

    fn round(&mut self) -> Result<Round, String> {
        let reads = if self.nothing_new { POLLS } else { self.stream.workload.backlog() };
        round(|| {
            if !self.nothing_new {
                self.publish(reads)?;
            }
            let mut result = Ok(());
            let time = timed(|| result = self.read(reads));
            result.map(|()| (time, reads as u64))
        })
    }

    fn check(&mut self) -> Result<(), String> {
        let n = self.stream.published;
        self.stream.publish(1)?;
        let chunk = self.mirror.read().map_err(|e| e.to_string())?;
        self.last = chunk.bytes().to_vec();
        if chunk.times() != self.stream.sources.times(n) || chunk.proof() != Proof::Untorn {
            return Err(format!("the times or the proof of chunk {n} did not arrive"));
        }
        self.stream.sources.check(n, &self.last)
    }
}
