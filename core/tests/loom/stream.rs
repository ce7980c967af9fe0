//! What models that run publisher and mirror have in common: one stream, frames that say their own numbers, reads that check them.

use std::sync::Arc;

use axismirror_core::axis_array::{Axis, AxisArray, Samples, Value};
use axismirror_core::dtype::DType;
use axismirror_core::extension::{Clock, Writer};
use axismirror_core::header::StructVersion;
use axismirror_core::mirror::{Mirror, Read, Reading, Start, Take};
use axismirror_core::name::StreamName;
use axismirror_core::publisher::Publisher;
use axismirror_core::settings::Settings;

use loom::thread::{self, JoinHandle};

use super::memory::LeftOut;
use super::segments::{Raced, Segments};

/// In the words that loom's coroutines count.
const STACK: usize = 1 << 15;

/// The models' stream.
pub(crate) fn name() -> StreamName {
    StreamName::new("s").unwrap()
}

/// Every order of the threads' steps with at most so many interruptions of a thread that could go on, and every value that a load may see.
pub(crate) fn explore(interruptions: usize, model: impl Fn() + Sync + Send + 'static) {
    let mut builder = loom::model::Builder::new();
    builder.preemption_bound = Some(interruptions);
    builder.max_branches = 10_000;
    let model = Arc::new(model);
    builder.check(move || {
        let model = model.clone();
        spawn(move || model()).join().unwrap();
    });
}

/// A thread with a stack that publisher and mirror fit on: loom's own are for less.
pub(crate) fn spawn(f: impl FnOnce() + Send + 'static) -> JoinHandle<()> {
    thread::Builder::new().stack_size(STACK).spawn(f).unwrap()
}

/// A publisher of a stream whose ring has so many frames, and where it lies.
pub(crate) fn stream(ring: u32, raced: Raced<'_>, left_out: LeftOut) -> (Publisher<Segments>, Segments) {
    let segments = Segments::new(&name(), raced, left_out);
    (publisher(segments.clone(), ring), segments)
}

/// A publisher over segments, new or adopted.
pub(crate) fn publisher(segments: Segments, ring: u32) -> Publisher<Segments> {
    let settings = Settings { shmem_name: Some(name()), buf_dur: ring.into(), axis: None, version: StructVersion::V1 };
    Publisher::open(segments, (), settings, Writer::default(), Clock::Unknown).unwrap()
}

/// Hands a message to `f` that describes the stream, with an attribute that says `label`.
pub(crate) fn message<T>(channels: usize, label: &str, f: impl FnOnce(&AxisArray<'_>) -> T) -> T {
    f(&AxisArray {
        data: Samples { dtype: DType::I64, shape: &[0, channels], bytes: &[] },
        dims: &["time", "ch"],
        axes: &[("time", Axis::Linear { unit: "s", gain: 1.0, offset: 0.0 })],
        attrs: &[("label", Value::Str(label))],
        key: "",
        stream_dim: None,
    })
}

/// Publishes frames `first ..` as the service does: described, reserved one by one, filled in place, committed together.
pub(crate) fn publish(p: &mut Publisher<Segments>, first: u64, frames: u32, channels: usize) {
    describe(p, channels);
    for (i, number) in (0..frames).zip(first..) {
        let reserved = p.reserve(i + 1).unwrap();
        let mut frame = reserved.frame::<i64>(i).unwrap();
        (0..channels).for_each(|c| frame.set(c, (number + 1).cast_signed()));
        reserved.set_time(i, number as f64);
    }
    p.commit(frames, 0).unwrap();
}

/// Changes the description, without frames.
pub(crate) fn describe(p: &mut Publisher<Segments>, channels: usize) {
    message(channels, "", |m| assert!(p.describe(m).unwrap().is_some()));
}

/// A mirror that has not looked yet.
pub(crate) fn mirror(segments: Segments) -> Mirror<Segments> {
    Mirror::new(segments, name(), Start::Oldest)
}

/// One read of at most so many frames; the first sample of each.
pub(crate) fn read(m: &mut Mirror<Segments>, most: usize) -> Option<(Read, Vec<u64>)> {
    let size = m.description().map_or(0, |d| d.frame_bytes());
    let mut bytes = vec![0; size * most];
    match m.read(Take::UpTo(most), &mut bytes, &mut []).expect("model: a read fails") {
        Reading::Frames(read) => {
            let frames = bytes.chunks_exact(size).take(read.frames);
            Some((read, frames.map(|f| u64::from_le_bytes(f[..8].try_into().unwrap())).collect()))
        }
        Reading::Changed | Reading::NotValid | Reading::Absent => None,
    }
}

/// As [`read`]; every frame has to be what was published under its number.
pub(crate) fn read_proven(m: &mut Mirror<Segments>, most: usize) -> Option<Read> {
    let (read, frames) = read(m, most)?;
    for (number, frame) in (read.first..).zip(frames) {
        assert!(frame == number + 1, "model: frame {number} is {frame}");
    }
    Some(read)
}
