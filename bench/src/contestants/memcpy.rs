//! memcpy into and out of a warm ring in /dev/shm: the limit. No counters, no times, no proof.

use std::hint::black_box;

use crate::harness::{Contestant, Round, round, timed};
use crate::segment::PlainSegment;
use crate::workload::{Sources, Workload};

/// Chunks one behind the other, from the front again at the end.
struct Ring {
    workload: Workload,
    sources: Sources,
    segment: PlainSegment,
    written: u64,
}

impl Ring {
    fn new(workload: Workload) -> Result<Self, String> {
        let segment = PlainSegment::new(workload.ring_bytes())?;
        Ok(Self { workload, sources: Sources::new(&workload), segment, written: 0 })
    }

    #[inline(never)]
    fn write(&mut self, chunks: usize) {
        let len = self.workload.chunk_bytes();
        let ring = self.segment.bytes_mut();
        let mut at = self.written as usize % self.workload.ring_chunks * len;
        for n in self.written..self.written + chunks as u64 {
            if let Some(target) = ring.get_mut(at..at + len) {
                black_box(target).copy_from_slice(black_box(self.sources.chunk(n)));
            }
            at += len;
            if at == ring.len() {
                at = 0;
            }
        }
        self.written += chunks as u64;
    }

    #[inline(never)]
    fn read(&self, first: u64, chunks: usize, target: &mut [u8]) {
        let len = self.workload.chunk_bytes();
        let ring = self.segment.bytes();
        let mut at = first as usize % self.workload.ring_chunks * len;
        for _ in 0..chunks {
            if let Some(source) = ring.get(at..at + len) {
                black_box(&mut *target).copy_from_slice(black_box(source));
            }
            at += len;
            if at == ring.len() {
                at = 0;
            }
        }
    }

    fn check(&self) -> Result<(), String> {
        let len = self.workload.chunk_bytes();
        let oldest = self.written.saturating_sub(self.workload.ring_chunks as u64);
        (oldest..self.written).try_for_each(|n| {
            let at = n as usize % self.workload.ring_chunks * len;
            self.sources.check(n, self.segment.bytes().get(at..at + len).unwrap_or_default())
        })
    }
}

/// The copy in.
pub struct Publish(Ring);

impl Publish {
    /// For a workload.
    ///
    /// # Errors
    /// No memory in /dev/shm.
    pub fn new(workload: Workload) -> Result<Self, String> {
        Ring::new(workload).map(Self)
    }
}

impl Contestant for Publish {
    fn name(&self) -> &str {
        "memcpy"
    }

    fn round(&mut self) -> Result<Round, String> {
        let chunks = self.0.workload.ring_chunks;
        round(|| Ok((timed(|| self.0.write(chunks)), chunks as u64)))
    }

    fn check(&mut self) -> Result<(), String> {
        self.0.check()
    }
}

/// The copy out.
pub struct Read {
    ring: Ring,
    target: Vec<u8>,
}

impl Read {
    /// For a workload.
    ///
    /// # Errors
    /// No memory in /dev/shm.
    pub fn new(workload: Workload) -> Result<Self, String> {
        Ok(Self { ring: Ring::new(workload)?, target: vec![0; workload.chunk_bytes()] })
    }
}

impl Contestant for Read {
    fn name(&self) -> &str {
        "memcpy"
    }

    fn round(&mut self) -> Result<Round, String> {
        let chunks = self.ring.workload.backlog();
        round(|| {
            let first = self.ring.written;
            self.ring.write(chunks);
            Ok((timed(|| self.ring.read(first, chunks, &mut self.target)), chunks as u64))
        })
    }

    fn check(&mut self) -> Result<(), String> {
        self.ring.check()?;
        self.ring.sources.check(self.ring.written - 1, &self.target)
    }
}
