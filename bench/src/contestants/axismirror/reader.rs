//! The core's mirror, chunk by chunk into memory that is made once.

use std::hint::black_box;

use aligned_vec::{AVec, avec};
use axismirror::shm::ShmSource;
use axismirror_core::mirror::{Mirror, Proof, Reading, Start, Take};
use axismirror_core::name::StreamName;

use crate::workload::{Sources, Workload};

/// A mirror that reads chunk by chunk.
pub struct Reader {
    mirror: Mirror<ShmSource>,
    // At a cache line: how many instructions a copy takes depends on where it begins.
    bytes: AVec<u8>,
    times: AVec<f64>,
    frames: usize,
}

impl Reader {
    /// Of a stream.
    pub(super) fn new(name: StreamName, workload: &Workload) -> Self {
        Self {
            mirror: Mirror::new(ShmSource::default(), name, Start::Oldest),
            bytes: avec![0; workload.chunk_bytes()],
            times: avec![0.0; workload.frames],
            frames: workload.frames,
        }
    }

    /// Reads one chunk, attaching when needed.
    ///
    /// # Errors
    /// When there is none, or what came is not proven to be whole.
    pub fn read_one(&mut self) -> Result<(), String> {
        loop {
            match self.mirror.read(Take::UpTo(self.frames), &mut self.bytes, &mut self.times) {
                Ok(Reading::Changed) => {}
                Ok(Reading::Frames(read))
                    if read.frames == self.frames && read.missed == 0 && read.proof == Proof::Untorn =>
                {
                    return Ok(());
                }
                Ok(other) => return Err(format!("one whole chunk was expected: {other:?}")),
                Err(e) => return Err(e.to_string()),
            }
        }
    }

    /// Of the chunk that was read.
    #[must_use]
    pub fn first_sample_and_last_time(&self) -> (f32, Option<f64>) {
        let sample = self.bytes.first_chunk().map_or(f32::NAN, |b| f32::from_le_bytes(*b));
        (sample, self.times.last().copied())
    }

    /// Whether there is something new; reads one chunk of it.
    #[inline]
    pub fn poll(&mut self) -> bool {
        let reading = self.mirror.read(Take::UpTo(self.frames), &mut self.bytes, &mut self.times);
        matches!(reading, Ok(Reading::Frames(read)) if read.frames > 0)
    }

    /// Reads one chunk `chunks` times; how many came, and whether all were proven whole.
    #[inline(never)]
    pub(super) fn read_many(&mut self, chunks: usize) -> (usize, bool) {
        let (mut frames, mut whole) = (0, true);
        for _ in 0..chunks {
            if let Ok(Reading::Frames(read)) =
                self.mirror.read(black_box(Take::UpTo(self.frames)), &mut self.bytes, &mut self.times)
            {
                frames += read.frames;
                whole &= read.missed == 0 && read.proof == Proof::Untorn;
            }
            black_box((&mut self.bytes, &mut self.times));
        }
        (frames, whole)
    }

    pub(super) fn check(&self, sources: &Sources, n: u64) -> Result<(), String> {
        sources.check(n, &self.bytes)?;
        if *self.times == *sources.times(n) { Ok(()) } else { Err(format!("the times of chunk {n} did not arrive")) }
    }
}
