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
        let chunks = self.stream.workload.backlog();
        let frames = self.stream.workload.frames;
        round(|| {
            let reads = if self.nothing_new { POLLS } else { chunks };
            let expected = if self.nothing_new { 0 } else { chunks * frames };
            if !self.nothing_new {
                self.stream.publish(chunks)?;
            }
            let mut came = 0;
            let time = timed(|| came = self.read_many(reads));
            if came == expected {
                Ok((time, reads as u64))
            } else {
                Err(format!("{came} frames instead of {expected}"))
            }
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
