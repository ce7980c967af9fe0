//! Publisher and mirror over slices: what is published, kept, changed and removed.

mod model;
mod valid;

use axismirror_core::axis_array::{Axis, AxisArray, Samples};
use axismirror_core::dtype::DType;
use axismirror_core::extension::{Clock, Writer};
use axismirror_core::header::{Generation, StructVersion};
use axismirror_core::memory::{Memory, MemoryMut};
use axismirror_core::mirror::{Mirror, Reading, Start, Take};
use axismirror_core::name::StreamName;
use axismirror_core::publisher::{Event, PublishError, Published, Publisher};
use axismirror_core::settings::{PlanError, Settings};
use axismirror_core::shared::SharedBytes;
use axismirror_core::slice_store::SliceStore;
use axismirror_core::store::SegmentSource;
use axismirror_tests::heap::Heap;
use std::cell::RefCell;

fn name() -> StreamName {
    StreamName::new("s").unwrap()
}

fn settings(frames: usize, version: StructVersion) -> Settings {
    Settings { shmem_name: Some(name()), buf_dur: frames as f64, axis: None, version }
}

fn open(heap: &Heap, frames: usize, version: StructVersion) -> Publisher<Heap> {
    Publisher::open(heap.clone(), (), settings(frames, version), Writer { pid: 7, start: 9 }, Clock::Monotonic).unwrap()
}

/// Frames `first ..` of `channels` i32 samples, sample c of frame k being 16 k + c, at 1 Hz.
fn message<T>(first: u64, frames: usize, channels: usize, f: impl FnOnce(&AxisArray<'_>) -> T) -> T {
    let bytes: Vec<u8> = (0..frames as u64)
        .flat_map(|k| (0..channels as u64).flat_map(move |c| ((16 * (first + k) + c) as i32).to_le_bytes()))
        .collect();
    f(&AxisArray {
        data: Samples { dtype: DType::I32, shape: &[frames, channels], bytes: &bytes },
        dims: &["time", "ch"],
        axes: &[("time", Axis::Linear { unit: "s", gain: 1.0, offset: first as f64 })],
        attrs: &[],
        key: "test",
        stream_dim: None,
    })
}

fn publish(p: &mut Publisher<Heap>, first: u64, frames: usize, channels: usize) {
    message(first, frames, channels, |m| p.publish(m)).unwrap();
}

/// The numbers of the frames in a read, each checked against what was published under that number.
fn numbers(bytes: &[u8], times: &[f64], channels: usize, frames: usize) -> Vec<u64> {
    bytes[..frames * channels * 4]
        .chunks_exact(channels * 4)
        .enumerate()
        .map(|(i, frame)| {
            let sample = |c: usize| i32::from_le_bytes(frame[4 * c..4 * c + 4].try_into().unwrap());
            let k = sample(0) / 16;
            for c in 0..channels {
                assert_eq!(sample(c), 16 * k + c as i32, "torn frame");
            }
            if let Some(time) = times.get(i) {
                assert_eq!(*time, f64::from(k), "a frame with another one's time");
            }
            k as u64
        })
        .collect()
}

fn mirror(heap: &Heap, start: Start) -> Mirror<Heap> {
    Mirror::new(heap.clone(), name(), start)
}

#[test]
fn one_frame_is_enough_and_none_is_skipped_after_an_overrun() {
    let heap = Heap::default();
    let mut p = open(&heap, 4, StructVersion::V2);
    let mut m = mirror(&heap, Start::Oldest);
    let (mut bytes, mut times) = (vec![0; 256], vec![0.0; 16]);
    assert_eq!(m.read(Take::UpTo(9), &mut bytes, &mut times), Ok(Reading::NotValid));
    publish(&mut p, 0, 1, 2);
    assert_eq!(m.read(Take::UpTo(9), &mut bytes, &mut times), Ok(Reading::Changed));
    let Ok(Reading::Frames(r)) = m.read(Take::UpTo(9), &mut bytes, &mut times) else { panic!() };
    assert_eq!((r.frames, r.first, r.missed), (1, 0, 0));
    publish(&mut p, 1, 10, 2);
    let Ok(Reading::Frames(r)) = m.read(Take::UpTo(9), &mut bytes, &mut times) else { panic!() };
    // Frames 1 to 6 are overwritten (the chunk itself was longer than the ring), 7 to 10 are there.
    assert_eq!((r.frames, r.first, r.missed), (4, 7, 6));
    assert_eq!(numbers(&bytes, &times, 2, 4), [7, 8, 9, 10]);
}

#[test]
fn what_is_reserved_stays_so_and_no_more_than_that_is_published() {
    let heap = Heap::default();
    let mut p = open(&heap, 4, StructVersion::V2);
    assert_eq!(p.reserve(1).map(|r| r.len()), Err(PublishError::NotDescribed));
    assert_eq!(p.commit(1, 0), Err(PublishError::NotDescribed));
    publish(&mut p, 0, 4, 2);
    let reserved = p.reserve(3).unwrap();
    assert_eq!((reserved.len(), reserved.frame::<i32>(3).is_some()), (3, false));
    assert!(reserved.frame::<f64>(0).is_none(), "samples have four bytes");
    let counters = |p: &Publisher<Heap>| {
        let c = p.extension().counters(Generation::NONE.next());
        (c.reserved(), c.committed())
    };
    assert_eq!(counters(&p), (7, 4));
    // Fewer are asked for, but three places may have been written to.
    assert_eq!(p.reserve(1).unwrap().len(), 1);
    assert_eq!(counters(&p), (7, 4));
    p.commit(9, 0).unwrap();
    assert_eq!(counters(&p), (7, 7));
    assert_eq!(p.reserve(100).unwrap().len(), 4);
}

#[test]
fn a_chunk_longer_than_the_ring_keeps_its_end_and_counts_every_pass() {
    let heap = Heap::default();
    let mut p = open(&heap, 4, StructVersion::V1);
    let published = message(0, 11, 2, |m| p.publish(m));
    assert_eq!(published, Ok(Published::Frames { cut: 7 }));
    let m = heap.clone().open(&name().header()).unwrap().unwrap();
    let h = axismirror_core::header::HeaderView::detect(m).unwrap();
    assert_eq!((h.write_index(), h.wrap_counter()), (3, 2));
    assert_eq!(p.extension().health().frames_cut, 7);
}

#[test]
fn errors_leave_the_stream_as_it_was() {
    let heap = Heap::default();
    let mut p = open(&heap, 8, StructVersion::V2);
    publish(&mut p, 0, 3, 2);
    let header = || {
        let m = heap.clone().open(&name().header()).unwrap().unwrap();
        let mut bytes = vec![0; m.len()];
        m.load_bytes(0, &mut bytes, axismirror_core::memory::Word::B1);
        bytes
    };
    let before = header();
    let mut refuse = |shape: &[usize], gain: f64, dims: &[&str]| {
        let bytes = vec![0; 4 * shape.iter().product::<usize>()];
        let axis = Axis::Linear { unit: "s", gain, offset: 0.0 };
        p.publish(&AxisArray {
            data: Samples { dtype: DType::I32, shape, bytes: &bytes },
            dims,
            axes: &[("time", axis)],
            attrs: &[],
            key: "k",
            stream_dim: None,
        })
        .unwrap_err()
    };
    for gain in [0.0, -1.0, f64::NAN, f64::INFINITY] {
        assert!(matches!(refuse(&[1, 2], gain, &["time", "ch"]), PublishError::Plan(PlanError::Gain { .. })));
    }
    assert!(matches!(refuse(&[1, 2], 1e-12, &["time", "ch"]), PublishError::Plan(PlanError::RingLength { .. })));
    assert!(matches!(refuse(&[1, 2], 100.0, &["time"]), PublishError::Plan(PlanError::Message(_))));
    assert!(matches!(refuse(&[1, 1 << 20], 1.0, &["time", "ch"]), PublishError::Store(_)));
    assert!(matches!(refuse(&[1, 0], 1.0, &["time", "ch"]), PublishError::Plan(PlanError::Description(_))));
    assert_eq!(header(), before);
}

#[test]
fn a_message_without_the_axis_is_ignored_and_counted() {
    let heap = Heap::default();
    let mut p = open(&heap, 8, StructVersion::V2);
    let ignored = message(0, 1, 2, |m| p.publish(&AxisArray { dims: &["frame", "ch"], axes: &[], ..*m }));
    assert_eq!(ignored, Ok(Published::Ignored));
    assert_eq!(p.extension().health().messages_ignored, 1);
}

#[test]
fn a_new_name_begins_with_placeholders_and_works() {
    let heap = Heap::default();
    let mut p = open(&heap, 8, StructVersion::V2);
    publish(&mut p, 0, 3, 2);
    let other = StreamName::new("other").unwrap();
    p.apply(Settings { shmem_name: Some(other.clone()), ..settings(8, StructVersion::V2) }).unwrap();
    assert!(heap.clone().open(&name().header()).unwrap().is_none());
    assert!(heap.clone().open(&name().data(Generation::from_number(0))).unwrap().is_none());
    assert!(heap.clone().open(&name().static_metadata(1)).unwrap().is_none());
    let m = heap.clone().open(&other.header()).unwrap().unwrap();
    let h = axismirror_core::header::HeaderView::detect(m).unwrap();
    assert_eq!((h.bvalid(), h.srate(), h.ndim(), h.buffer_generation()), (false, -1.0, 0, Generation::NONE));
    publish(&mut p, 3, 3, 2);
    assert_eq!((h.bvalid(), h.buffer_generation().number(), h.write_index(), h.meta_generation()), (true, 0, 3, 1));
    assert!(heap.clone().open(&other.data(Generation::from_number(0))).unwrap().is_some());
}

#[test]
fn events_come_in_the_published_sinks_order() {
    let heap = Heap::default();
    let events = RefCell::new(Vec::new());
    let observer = |e: Event| events.borrow_mut().push(e.as_str());
    let s = settings(8, StructVersion::V2);
    let mut p = Publisher::open(heap.clone(), observer, s.clone(), Writer::default(), Clock::Unknown).unwrap();
    message(0, 2, 2, |m| p.publish(m)).unwrap();
    p.apply(Settings { buf_dur: 9.0, ..s.clone() }).unwrap();
    message(0, 2, 2, |m| p.publish(m)).unwrap();
    p.apply(Settings { shmem_name: Some(StreamName::new("n").unwrap()), buf_dur: 9.0, ..s }).unwrap();
    p.close();
    // From a run of ezmsg-tools 0.10.0's sink with a recording connection: initialize, message, settings, message, settings, shutdown.
    let expected = [
        "buffer cleanup",
        "meta cleanup",
        "meta reset",
        "buffer cleanup",
        "begin update",
        "meta updated",
        "buffer reset",
        "aux updated",
        "buffer cleanup",
        "begin update",
        "meta updated",
        "buffer reset",
        "buffer cleanup",
        "meta cleanup",
        "meta reset",
        "buffer cleanup",
        "meta cleanup",
        "close",
    ];
    assert_eq!(*events.borrow(), expected);
    assert!(heap.is_empty(), "segments left behind");
}

#[repr(align(8))]
struct Slice([u8; 8192]);

#[test]
fn slices_of_a_caller_hold_a_stream() {
    let mut slices = [const { Slice([0; 8192]) }; 4];
    let store = SliceStore::<4>::new(slices.each_mut().map(|s| SharedBytes::from_slice(&mut s.0).unwrap()));
    let mut p = Publisher::open(&store, (), settings(8, StructVersion::V2), Writer::default(), Clock::Unknown).unwrap();
    message(0, 5, 2, |m| p.publish(m)).unwrap();
    let mut m = Mirror::new(&store, name(), Start::Oldest);
    let (mut bytes, mut times) = (vec![0; 256], vec![0.0; 16]);
    assert_eq!(m.read(Take::UpTo(9), &mut bytes, &mut times), Ok(Reading::Changed));
    let Ok(Reading::Frames(r)) = m.read(Take::UpTo(3), &mut bytes, &mut times) else { panic!() };
    assert_eq!(numbers(&bytes, &times, 2, r.frames), [0, 1, 2]);
    // A slice is used again: what was not read from it is gone with its ring, and counted.
    p.invalidate();
    assert_eq!(m.read(Take::UpTo(9), &mut bytes, &mut times), Ok(Reading::NotValid));
    message(5, 4, 2, |m| p.publish(m)).unwrap();
    assert_eq!(m.read(Take::UpTo(9), &mut bytes, &mut times), Ok(Reading::Changed));
    let Ok(Reading::Frames(r)) = m.read(Take::UpTo(9), &mut bytes, &mut times) else { panic!() };
    assert_eq!((numbers(&bytes, &times, 2, r.frames), r.missed), (vec![5, 6, 7, 8], 2));
    p.close();
}

/// The same contents are left alone, to the segment and its number; a byte that somebody else has changed is put right.
#[test]
fn static_metadata_that_are_no_longer_what_was_published_are_made_anew() {
    let heap = Heap::default();
    let mut p = open(&heap, 10, StructVersion::V2);
    publish(&mut p, 0, 1, 2);
    let published = heap.bytes(name().static_metadata(1).as_str()).unwrap();
    for (i, byte) in published.iter().enumerate() {
        let [now, next] = [1, 2].map(|n| name().static_metadata(i as u32 + n));
        publish(&mut p, 1, 1, 2);
        heap.get(now.as_str()).unwrap().store_u8(i, !byte);
        publish(&mut p, 2, 1, 2);
        assert_eq!(heap.bytes(now.as_str()), None, "byte {i}");
        assert_eq!(heap.bytes(next.as_str()).as_ref(), Some(&published), "byte {i}");
    }
}
