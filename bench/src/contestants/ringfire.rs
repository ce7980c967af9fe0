//! ringfire: a ring of fixed-size slots with a sequence number each, written by one and read by many.
//!
//! Its slots are values of a type whose size is known when it is compiled. W4's megabyte would go over the stack as a value, so it takes no part there.

use std::hint::black_box;

use ringfire::{RingConsumer, RingProducer};

use crate::harness::{Contestant, Round, round, timed};
use crate::workload::{Sources, Workload};

/// A ring whose slot holds one chunk of `N` bytes.
pub struct Ring<const N: usize> {
    workload: Workload,
    sources: Sources,
    producer: RingProducer<[u8; N]>,
    path: String,
    pushed: u64,
}

/// Its reader.
pub struct Reader<const N: usize> {
    consumer: RingConsumer<[u8; N]>,
    target: Box<[[u8; N]; 1]>,
}

impl<const N: usize> Ring<N> {
    /// An empty ring in /dev/shm.
    ///
    /// # Errors
    /// What ringfire says, or that `N` is not the workload's chunk.
    pub fn new(workload: Workload, role: &str) -> Result<Self, String> {
        if workload.chunk_bytes() != N {
            return Err(format!("slots of {N} bytes for chunks of {}", workload.chunk_bytes()));
        }
        let path = format!("/dev/shm/axismirror-bench-ringfire-{}-{role}-{N}", std::process::id());
        let producer = RingProducer::create(&path, workload.ring_chunks as u64).map_err(|e| e.to_string())?;
        Ok(Self { workload, sources: Sources::new(&workload), producer, path, pushed: 0 })
    }

    /// The next chunks.
    #[inline(never)]
    pub fn push(&mut self, chunks: usize) {
        for n in self.pushed..self.pushed + chunks as u64 {
            if let Ok(chunk) = black_box(self.sources.chunk(n)).try_into() {
                self.producer.push(chunk);
            }
        }
        self.pushed += chunks as u64;
    }

    /// A reader from the oldest chunk on.
    ///
    /// # Errors
    /// What ringfire says.
    pub fn reader(&self) -> Result<Reader<N>, String> {
        let consumer = RingConsumer::attach(&self.path).map_err(|e| e.to_string())?;
        Ok(Reader { consumer, target: Box::new([[0; N]]) })
    }
}

impl<const N: usize> Reader<N> {
    /// Reads one chunk, when there is one.
    #[inline]
    pub fn poll(&mut self) -> bool {
        self.consumer.recv_batch(self.target.as_mut_slice()) > 0
    }

    #[inline(never)]
    fn read_many(&mut self, chunks: usize) -> usize {
        (0..chunks).map(|_| self.consumer.recv_batch(black_box(self.target.as_mut_slice()))).sum()
    }
}

/// A push.
pub struct Publish<const N: usize>(Ring<N>);

impl<const N: usize> Publish<N> {
    /// For a workload.
    ///
    /// # Errors
    /// What ringfire says.
    pub fn new(workload: Workload) -> Result<Self, String> {
        Ring::new(workload, "publish").map(Self)
    }
}

impl<const N: usize> Contestant for Publish<N> {
    fn name(&self) -> &str {
        "ringfire 0.5"
    }

    fn round(&mut self) -> Result<Round, String> {
        let chunks = self.0.workload.ring_chunks;
        round(|| Ok((timed(|| self.0.push(chunks)), chunks as u64)))
    }

    fn check(&mut self) -> Result<(), String> {
        // The oldest slot counts as being overwritten.
        let mut reader = self.0.reader()?;
        let first = reader.consumer.cursor();
        let mut n = self.0.pushed - self.0.workload.ring_chunks as u64;
        let mut seen = 0;
        while reader.poll() {
            if seen == 0 && reader.target.first().is_some_and(|c| self.0.sources.check(n, c).is_err()) {
                n += 1;
            }
            self.0.sources.check(n, reader.target.first().map_or(&[], |c| c.as_slice()))?;
            n += 1;
            seen += 1;
        }
        if n == self.0.pushed {
            Ok(())
        } else {
            Err(format!("{seen} chunks from {first} on, {} were pushed", self.0.pushed))
        }
    }
}

/// A successful receive.
pub struct Read<const N: usize> {
    ring: Ring<N>,
    reader: Reader<N>,
    idle: bool,
}

impl<const N: usize> Read<N> {
    /// For a workload; `idle`: nothing is new.
    ///
    /// # Errors
    /// What ringfire says.
    pub fn new(workload: Workload, idle: bool) -> Result<Self, String> {
        let mut ring = Ring::new(workload, if idle { "idle" } else { "read" })?;
        let mut reader = ring.reader()?;
        ring.push(1);
        if reader.poll() { Ok(Self { ring, reader, idle }) } else { Err("the first chunk did not arrive".to_owned()) }
    }
}

impl<const N: usize> Contestant for Read<N> {
    fn name(&self) -> &str {
        "ringfire 0.5"
    }

    fn round(&mut self) -> Result<Round, String> {
        let chunks = self.ring.workload.backlog();
        round(|| {
            let expected = if self.idle { 0 } else { chunks };
            self.ring.push(expected);
            let mut came = 0;
            let time = timed(|| came = self.reader.read_many(chunks));
            if came == expected {
                Ok((time, chunks as u64))
            } else {
                Err(format!("{came} chunks instead of {expected}"))
            }
        })
    }

    fn check(&mut self) -> Result<(), String> {
        self.ring.push(1);
        let arrived = self.reader.poll();
        if !arrived {
            return Err("a chunk did not arrive".to_owned());
        }
        self.ring.sources.check(self.ring.pushed - 1, self.reader.target.first().map_or(&[], |c| c.as_slice()))
    }
}
