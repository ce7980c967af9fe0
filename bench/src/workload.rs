//! The four workloads: channels by frames of f32, and the chunks that are published.
//!
//! Knows nothing of who publishes them.

/// How long the rings are, in chunks of each workload; the same for every contestant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Workload {
    /// W1 to W4.
    pub name: &'static str,
    /// Channels of a frame.
    pub channels: usize,
    /// Frames of a chunk.
    pub frames: usize,
    /// Chunks of a ring.
    pub ring_chunks: usize,
}

/// Different chunks that are published in turn, so that no store can be left out.
pub const SOURCES: usize = 4;
/// Frames a second that a stream says of itself: a power of two, so that the ring's length is exact.
pub const RATE: f64 = 1024.0;

impl Workload {
    /// 32 bytes, 1 KiB, 16 KiB and 1 MiB a chunk.
    pub const ALL: [Self; 4] = [
        Self { name: "W1", channels: 8, frames: 1, ring_chunks: 4096 },
        Self { name: "W2", channels: 8, frames: 32, ring_chunks: 512 },
        Self { name: "W3", channels: 64, frames: 64, ring_chunks: 64 },
        Self { name: "W4", channels: 256, frames: 1024, ring_chunks: 16 },
    ];

    /// Bytes of a frame.
    #[must_use]
    pub const fn frame_bytes(&self) -> usize {
        self.channels * size_of::<f32>()
    }

    /// Bytes of a chunk.
    #[must_use]
    pub const fn chunk_bytes(&self) -> usize {
        self.frame_bytes() * self.frames
    }

    /// Bytes of the ring's frames.
    #[must_use]
    pub const fn ring_bytes(&self) -> usize {
        self.chunk_bytes() * self.ring_chunks
    }

    /// Frames of the ring.
    #[must_use]
    pub const fn ring_frames(&self) -> usize {
        self.frames * self.ring_chunks
    }

    /// Chunks that are published between two reads' rounds: half a ring, so that nothing is overwritten before it is read.
    #[must_use]
    pub const fn backlog(&self) -> usize {
        self.ring_chunks / 2
    }

    /// As it is called in tables: `W1: 8 x 1`.
    #[must_use]
    pub fn label(&self) -> String {
        format!("{}: {} x {}", self.name, self.channels, self.frames)
    }
}

/// What is published: chunks that all differ, and the times of their frames.
#[derive(Debug)]
pub struct Sources {
    chunks: Vec<Vec<u8>>,
    times: Vec<Vec<f64>>,
}

impl Sources {
    /// Of a workload.
    #[must_use]
    pub fn new(workload: &Workload) -> Self {
        let samples = workload.channels * workload.frames;
        let chunk =
            |source: usize| (0..samples).flat_map(|i| ((source * samples + i) as f32 + 0.5).to_le_bytes()).collect();
        let times =
            |source: usize| (0..workload.frames).map(|i| (source * workload.frames + i) as f64 / RATE).collect();
        Self { chunks: (0..SOURCES).map(chunk).collect(), times: (0..SOURCES).map(times).collect() }
    }

    /// Bytes of the chunk that is published as number `n`.
    #[must_use]
    #[inline]
    pub fn chunk(&self, n: u64) -> &[u8] {
        self.chunks.get(n as usize % SOURCES).map_or(&[], Vec::as_slice)
    }

    /// Times of its frames in seconds.
    #[must_use]
    #[inline]
    pub fn times(&self, n: u64) -> &[f64] {
        self.times.get(n as usize % SOURCES).map_or(&[], Vec::as_slice)
    }

    /// Whether these bytes are the chunk of number `n`; says where not.
    ///
    /// # Errors
    /// The first byte that differs.
    pub fn check(&self, n: u64, bytes: &[u8]) -> Result<(), String> {
        let expected = self.chunk(n);
        if expected == bytes {
            return Ok(());
        }
        let at = expected.iter().zip(bytes).position(|(a, b)| a != b);
        let at = at
            .map_or_else(|| format!("{} bytes instead of {}", bytes.len(), expected.len()), |at| format!("byte {at}"));
        Err(format!("chunk {n} did not arrive: {at} is wrong"))
    }
}
