//! Ours, through its public API over /dev/shm: times, the old header's fields and the extension block included.

use std::hint::black_box;

use axismirror::mirror::Mirror as LibraryMirror;
use axismirror::shm::{ShmSource, ShmStore};
use axismirror_core::axis_array::{Array, Axis, AxisArray, Element, Field, Samples, ScalarElement};
use axismirror_core::dtype::DType;
use axismirror_core::extension::{Clock, Writer};
use axismirror_core::header::StructVersion;
use axismirror_core::mirror::{Mirror, Proof, Reading, Start, Take};
use axismirror_core::name::StreamName;
use axismirror_core::publisher::Publisher;
use axismirror_core::settings::Settings;

use crate::harness::{Contestant, Round, round, timed};
use crate::workload::{RATE, SOURCES, Sources, Workload};

/// Characters of a channel's label (U16), four bytes each.
const LABEL: usize = 16;

/// A stream of ours, and what is published on it.
pub struct Stream {
    workload: Workload,
    sources: Sources,
    /// `None` only while it is being dropped.
    publisher: Option<Publisher<ShmStore>>,
    name: String,
    labels: Vec<u8>,
    published: u64,
}

impl Stream {
    /// A stream that is described and empty.
    ///
    /// # Errors
    /// What the publisher says.
    pub fn new(workload: Workload, role: &str) -> Result<Self, String> {
        let name = format!("axismirror-bench-{}-{role}-{}", std::process::id(), workload.name);
        let settings = Settings {
            shmem_name: Some(StreamName::new(&name).map_err(|e| e.to_string())?),
            buf_dur: workload.ring_frames() as f64 / RATE,
            axis: None,
            version: StructVersion::default(),
        };
        let store = ShmStore::new(axismirror::shm::SHM_DIR);
        let publisher = Publisher::open(store, (), settings, Writer::default(), Clock::Monotonic);
        let mut labels = vec![0; workload.channels * LABEL * 4];
        for (i, label) in labels.chunks_exact_mut(LABEL * 4).enumerate() {
            for (point, c) in label.chunks_exact_mut(4).zip(format!("ch{i}").chars()) {
                point.copy_from_slice(&u32::from(c).to_le_bytes());
            }
        }
        let sources = Sources::new(&workload);
        let publisher = Some(publisher.map_err(|e| e.to_string())?);
        let mut stream = Self { workload, sources, publisher, name, labels, published: 0 };
        stream.publish_message()?;
        // Whole laps, so that chunk n of the sources stays chunk n of the ring.
        (1..SOURCES).try_for_each(|_| stream.append(1))?;
        Ok(stream)
    }

    /// The stream's name.
    #[must_use]
    pub fn stream_name(&self) -> &str {
        &self.name
    }

    /// The next chunks by [`Publisher::append`]: the service's own way.
    ///
    /// # Errors
    /// What the publisher says.
    #[inline(never)]
    pub fn append(&mut self, chunks: usize) -> Result<(), String> {
        let publisher = self.publisher.as_mut().ok_or("closed")?;
        for n in self.published..self.published + chunks as u64 {
            let (bytes, times) = (black_box(self.sources.chunk(n)), black_box(self.sources.times(n)));
            publisher.append(bytes, times, black_box(n.cast_signed())).map_err(|e| e.to_string())?;
        }
        self.published += chunks as u64;
        Ok(())
    }

    /// Reserves the next chunks, sets the first sample and the last time of each, and publishes them.
    ///
    /// # Errors
    /// What the publisher says.
    #[inline(never)]
    pub fn commit_in_place(&mut self, chunks: usize) -> Result<(), String> {
        let publisher = self.publisher.as_mut().ok_or("closed")?;
        let frames = self.workload.frames as u32;
        for n in self.published..self.published + chunks as u64 {
            let mark = Self::mark(n);
            let reserved = publisher.reserve(frames).map_err(|e| e.to_string())?;
            if let Some(mut frame) = reserved.frame::<f32>(0) {
                frame.set(0, black_box(mark));
            }
            reserved.set_time(frames - 1, f64::from(mark));
            publisher.commit(frames, black_box(n.cast_signed())).map_err(|e| e.to_string())?;
        }
        self.published += chunks as u64;
        Ok(())
    }

    /// What chunk `n` is told by when it is published in place.
    #[must_use]
    pub fn mark(n: u64) -> f32 {
        (n % (1 << 20)) as f32
    }

    /// What is published.
    #[must_use]
    pub const fn workload(&self) -> &Workload {
        &self.workload
    }

    /// Chunks published.
    #[must_use]
    pub const fn published(&self) -> u64 {
        self.published
    }

    /// The next chunk as a whole message by [`Publisher::publish`]: description and static metadata are compared with those published.
    ///
    /// # Errors
    /// What the publisher says.
    #[inline(never)]
    pub fn publish_message(&mut self) -> Result<(), String> {
        let n = self.published;
        let shape = [self.workload.frames, self.workload.channels];
        let label = [Field { name: "label", element: ScalarElement::Unicode(LABEL as u32) }];
        let labels =
            Array { element: Element::Structured(&label), shape: &[self.workload.channels], bytes: &self.labels };
        let offset = self.sources.times(n).first().copied().unwrap_or_default();
        let message = AxisArray {
            data: Samples { dtype: DType::F32, shape: &shape, bytes: self.sources.chunk(n) },
            dims: &["time", "ch"],
            axes: &[
                ("time", Axis::Linear { unit: "s", gain: 1.0 / RATE, offset }),
                ("ch", Axis::Coordinate { unit: "", dims: &["ch"], data: labels }),
            ],
            attrs: &[],
            key: "bench",
            stream_dim: Some("time"),
        };
        let publisher = self.publisher.as_mut().ok_or("closed")?;
        publisher.publish(black_box(&message)).map_err(|e| e.to_string())?;
        self.published += 1;
        Ok(())
    }

    /// A mirror over the core's state machine, which copies into slices of its caller's.
    ///
    /// # Errors
    /// Not a name.
    pub fn reader(&self) -> Result<Reader, String> {
        let name = StreamName::new(self.stream_name()).map_err(|e| e.to_string())?;
        Ok(Reader {
            mirror: Mirror::new(ShmSource::default(), name, Start::Oldest),
            bytes: vec![0; self.workload.chunk_bytes()],
            times: vec![0.0; self.workload.frames],
            frames: self.workload.frames,
        })
    }

    /// Reads the whole ring with a fresh mirror and compares it with what was published.
    fn check(&self) -> Result<(), String> {
        let mut reader = self.reader()?;
        let oldest = self.published.saturating_sub(self.workload.ring_chunks as u64);
        (oldest..self.published).try_for_each(|n| {
            reader.read_one()?;
            reader.check(&self.sources, n)
        })
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        if let Some(publisher) = self.publisher.take() {
            publisher.close();
        }
    }
}

/// A mirror that reads chunk by chunk.
pub struct Reader {
    mirror: Mirror<ShmSource>,
    bytes: Vec<u8>,
    times: Vec<f64>,
    frames: usize,
}

impl Reader {
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
    fn read_many(&mut self, chunks: usize) -> (usize, bool) {
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

    fn check(&self, sources: &Sources, n: u64) -> Result<(), String> {
        sources.check(n, &self.bytes)?;
        if self.times == sources.times(n) { Ok(()) } else { Err(format!("the times of chunk {n} did not arrive")) }
    }
}

/// [`Stream::append`].
pub struct Append(Stream);

impl Append {
    /// For a workload.
    ///
    /// # Errors
    /// What the publisher says.
    pub fn new(workload: Workload) -> Result<Self, String> {
        Stream::new(workload, "append").map(Self)
    }
}

impl Contestant for Append {
    fn name(&self) -> &str {
        "axismirror"
    }

    fn round(&mut self) -> Result<Round, String> {
        let chunks = self.0.workload.ring_chunks;
        round(|| {
            let mut result = Ok(());
            let time = timed(|| result = self.0.append(chunks));
            result.map(|()| (time, chunks as u64))
        })
    }

    fn check(&mut self) -> Result<(), String> {
        self.0.check()
    }
}

/// [`Stream::publish_message`].
pub struct Message(Stream);

impl Message {
    /// For a workload.
    ///
    /// # Errors
    /// What the publisher says.
    pub fn new(workload: Workload) -> Result<Self, String> {
        Stream::new(workload, "message").map(Self)
    }
}

impl Contestant for Message {
    fn name(&self) -> &str {
        "axismirror, whole message"
    }

    fn round(&mut self) -> Result<Round, String> {
        let chunks = self.0.workload.ring_chunks.min(MESSAGES);
        round(|| {
            let mut result = Ok(());
            let time = timed(|| result = (0..chunks).try_for_each(|_| self.0.publish_message()));
            result.map(|()| (time, chunks as u64))
        })
    }

    fn check(&mut self) -> Result<(), String> {
        self.0.check()
    }
}

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
        self.stream.append(chunks)
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
        self.0.stream.append(1)?;
        self.0.reader.read_one()?;
        self.0.check()
    }
}

/// Messages of a batch: a fraction of a round.
const MESSAGES: usize = 256;
/// Polls of a batch in which nothing is new.
const POLLS: usize = 4096;

/// The library's mirror, which has memory of its own and follows a stream through restarts.
pub struct LibraryRead {
    stream: Stream,
    mirror: LibraryMirror,
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
        let mut mirror = LibraryMirror::attach(stream.stream_name()).map_err(|e| e.to_string())?;
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
                self.stream.append(chunks)?;
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
        self.stream.append(1)?;
        let chunk = self.mirror.read().map_err(|e| e.to_string())?;
        self.last = chunk.bytes().to_vec();
        if chunk.times() != self.stream.sources.times(n) || chunk.proof() != Proof::Untorn {
            return Err(format!("the times or the proof of chunk {n} did not arrive"));
        }
        self.stream.sources.check(n, &self.last)
    }
}
