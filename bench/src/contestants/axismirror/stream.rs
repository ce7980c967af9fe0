//! A stream under measurement: what it publishes, in each way that there is, and whether that can be read.

use std::hint::black_box;

use axismirror::shm::{ShmStore, wake_all};
use axismirror_core::axis_array::{Array, Axis, AxisArray, Element, Field, Samples, ScalarElement};
use axismirror_core::dtype::DType;
use axismirror_core::extension::{Clock, Writer};
use axismirror_core::header::StructVersion;
use axismirror_core::name::StreamName;
use axismirror_core::publisher::Publisher;
use axismirror_core::ring::{Frames, Times};
use axismirror_core::settings::Settings;

use super::reader::Reader;
use crate::workload::{RATE, SOURCES, Sources, Workload};

/// Characters of a channel's label (U16), four bytes each.
const LABEL: usize = 16;

/// A stream of ours, and what is published on it.
pub struct Stream {
    pub(super) workload: Workload,
    pub(super) sources: Sources,
    /// `None` only while it is being dropped.
    publisher: Option<Publisher<ShmStore>>,
    name: String,
    labels: Vec<u8>,
    pub(super) published: u64,
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
        (1..SOURCES).try_for_each(|_| stream.publish(1))?;
        Ok(stream)
    }

    /// The stream's name.
    #[must_use]
    pub fn stream_name(&self) -> &str {
        &self.name
    }

    /// Reserves the next chunks, fills each from memory, and publishes it.
    ///
    /// # Errors
    /// What the publisher says.
    #[inline(never)]
    pub fn publish(&mut self, chunks: usize) -> Result<(), String> {
        let publisher = self.publisher.as_mut().ok_or("closed")?;
        let (len, frame_bytes) = (self.workload.frames, self.workload.chunk_bytes() / self.workload.frames);
        for n in self.published..self.published + chunks as u64 {
            let (bytes, times) = (black_box(self.sources.chunk(n)), black_box(self.sources.times(n)));
            let frames = Frames::contiguous(bytes, len, frame_bytes).ok_or("no whole frames")?;
            let reserved = publisher.reserve(len as u32).map_err(|e| e.to_string())?;
            reserved.fill(&frames, &Times::Each(times)).map_err(|e| e.to_string())?;
            publisher.commit(len as u32, black_box(n.cast_signed())).map_err(|e| e.to_string())?;
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

    /// Wakes the mirrors that sleep on it.
    ///
    /// # Errors
    /// It is closed.
    pub fn wake(&self) -> Result<(), String> {
        wake_all(self.publisher.as_ref().ok_or("closed")?.extension().memory());
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
        Ok(Reader::new(name, &self.workload))
    }

    /// Reads the whole ring with a fresh mirror and compares it with what was published.
    pub(super) fn check(&self) -> Result<(), String> {
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
