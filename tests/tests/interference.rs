//! Kill and preemption at every instant: a writer that dies before each of its operations, a reader that the writer overtakes before each
//! of its loads. Whatever happens, frames come in order, each at most once, whole, and those that do not come are counted.

use axismirror_core::axis_array::{Axis, AxisArray, Samples};
use axismirror_core::dtype::DType;
use axismirror_core::extension::{Clock, Extension, Writer};
use axismirror_core::header::{HeaderView, StructVersion};
use axismirror_core::mirror::{Mirror, Reading, Start, Take};
use axismirror_core::name::StreamName;
use axismirror_core::publisher::Publisher;
use axismirror_core::settings::Settings;
use axismirror_core::store::{SegmentSource, SegmentStore};
use axismirror_tests::heap::Heap;
use axismirror_tests::interference::{Interrupted, Mortal};
use std::cell::RefCell;
use std::fmt::Debug;
use std::rc::Rc;

const RING: usize = 4;
/// Operations of a writer that is not to die.
const LONG_LIFE: u64 = 1 << 40;

fn name() -> StreamName {
    StreamName::new("s").unwrap()
}

fn open<S: SegmentStore<Error: Debug>>(store: S) -> Publisher<S> {
    let settings = Settings { shmem_name: Some(name()), buf_dur: RING as f64, axis: None, version: StructVersion::V2 };
    Publisher::open(store, (), settings, Writer::default(), Clock::Unknown).unwrap()
}

/// Frames `first ..` of two or three i32 samples, each of which says the frame's number, as the service publishes them: described, reserved
/// one by one, filled in place, committed together. Says whether that succeeds.
fn publish<S: SegmentStore>(p: &mut Publisher<S>, first: i32, frames: u32, channels: usize) -> bool {
    let shape = [0, channels];
    let described = p.describe(&AxisArray {
        data: Samples { dtype: DType::I32, shape: &shape, bytes: &[] },
        dims: &["time", "ch"],
        axes: &[("time", Axis::Linear { unit: "s", gain: 1.0, offset: 0.0 })],
        attrs: &[],
        key: "test",
        stream_dim: None,
    });
    if described.is_err() {
        return false;
    }
    // More than the ring has room for go in several chunks.
    for (chunk, number) in (0..frames).step_by(RING).zip((first..).step_by(RING)) {
        let frames = (frames - chunk).min(RING as u32);
        for (i, number) in (0..frames).zip(number..) {
            let Ok(reserved) = p.reserve(i + 1) else { return false };
            let Some(mut frame) = reserved.frame::<i32>(i) else { return false };
            (0..channels).for_each(|c| frame.set(c, number));
            reserved.set_time(i, f64::from(number));
        }
        if p.commit(frames, 0).is_err() {
            return false;
        }
    }
    true
}

/// Follows a stream, and holds each frame against all before.
struct Reader<S: SegmentSource> {
    mirror: Mirror<S>,
    last: i32,
    /// Frames read and missed: where the next one's number is.
    accounted: u64,
}

impl<S: SegmentSource<Error: Debug>> Reader<S> {
    fn new(source: S) -> Self {
        Self { mirror: Mirror::new(source, name(), Start::Oldest), last: -1, accounted: 0 }
    }

    /// One read; says whether anything came.
    fn read(&mut self, most: usize, place: &str) -> bool {
        let (mut bytes, mut times) = (vec![0; 256], vec![0.0; 16]);
        match self.mirror.read(Take::UpTo(most), &mut bytes, &mut times).unwrap() {
            Reading::Changed => true,
            Reading::Frames(r) => {
                self.accounted += r.missed;
                if r.frames > 0 {
                    assert_eq!(r.first, self.accounted, "{place}: the first frame's number");
                }
                let size = self.mirror.description().unwrap().frame_bytes();
                for (frame, time) in bytes.chunks_exact(size).zip(&times).take(r.frames) {
                    let number = i32::from_le_bytes(frame[..4].try_into().unwrap());
                    let whole = frame.chunks_exact(4).all(|s| s == number.to_le_bytes());
                    assert!(whole && *time == f64::from(number), "{place}: torn: {frame:?} at {time}");
                    assert!(number > self.last, "{place}: frame {number} after {}", self.last);
                    self.last = number;
                    self.accounted += 1;
                }
                r.frames > 0
            }
            Reading::NotValid | Reading::Absent => false,
        }
    }

    fn read_all(&mut self, place: &str) {
        while self.read(usize::MAX, place) {}
    }
}

/// Frames ever published under the header.
fn published(heap: &Heap) -> u64 {
    let header = heap.get(name().header().as_str()).unwrap();
    let generation = HeaderView::detect(header).unwrap().buffer_generation();
    let extension = Extension::find(header).unwrap();
    let counters = extension.counters(generation);
    counters.base() + counters.committed()
}

/// The part of a writer's life in which it may die: frames, a new generation with other static metadata, frames.
fn live<S: SegmentStore>(p: &mut Publisher<S>) {
    publish(p, 10, 3, 2);
    publish(p, 20, 2, 3);
    publish(p, 30, 6, 3);
    publish(p, 40, 1, 2);
}

#[test]
fn a_writer_that_dies_before_any_operation_leaves_a_stream_that_goes_on() {
    for life in 0.. {
        let place = format!("death after {life} operations");
        let heap = Heap::default();
        let mortal = Mortal::new(&heap, LONG_LIFE);
        let mut p = open(mortal.clone());
        publish(&mut p, 0, 3, 2);
        let mut reader = Reader::new(heap.clone());
        while reader.accounted < 2 {
            reader.read(1, &place);
        }
        mortal.set_life(life);
        live(&mut p);
        let died = mortal.is_dead();
        drop(p);
        // A reader may look before the next writer comes, or not.
        if life % 2 == 0 {
            reader.read_all(&place);
        }
        let mut next = open(Mortal::new(&heap, LONG_LIFE));
        assert!(publish(&mut next, 100, 2, 2), "{place}");
        reader.read_all(&place);
        assert_eq!((reader.last, reader.accounted), (101, published(&heap)), "{place}");
        assert_eq!(heap.len(), 3, "{place}: header, ring and static metadata, and nothing that the dead one left");
        if !died {
            assert!(life > 100, "the test has looked at {life} instants only");
            return;
        }
    }
}

/// Interrupts a reader before each of its loads in turn; `before` is what the writer has done just before.
fn interrupt(before: impl Fn(&mut Publisher<Heap>), fewest: u64) {
    for load in 1.. {
        let place = format!("interrupted before load {load}");
        let heap = Heap::default();
        let publisher = Rc::new(RefCell::new(open(heap.clone())));
        publish(&mut publisher.borrow_mut(), 0, 3, 2);
        let writer = publisher.clone();
        let source = Interrupted::new(&heap, move || live(&mut writer.borrow_mut()));
        let mut reader = Reader::new(source.clone());
        while reader.accounted < 1 {
            reader.read(1, &place);
        }
        before(&mut publisher.borrow_mut());
        source.arm(load);
        for most in [1, 2, 1, 1, 2] {
            reader.read(most, &place);
        }
        let happened = source.has_happened();
        source.arm(0);
        publish(&mut publisher.borrow_mut(), 100, 2, 2);
        reader.read_all(&place);
        assert_eq!((reader.last, reader.accounted), (101, published(&heap)), "{place}");
        if !happened {
            assert!(load > fewest, "the test has looked at {load} instants only");
            return;
        }
    }
}

#[test]
fn a_reader_that_is_interrupted_before_any_load_gets_no_frame_twice_and_none_torn() {
    interrupt(|_| {}, 20);
}

#[test]
fn nor_does_one_that_is_about_to_go_over_to_another_generation() {
    interrupt(|p| assert!(publish(p, 5, 2, 3)), 90);
}
