//! Every interleaving of the ring's writer and a reader, by loom: the code that runs over /dev/shm, over loom's memory.
//!
//! `cargo xtask loom` runs it. Each fence is also taken out once: then the model must find a torn or a stale frame.
#![cfg(loom)]

use std::collections::BTreeMap;
use std::sync::Arc as StdArc;
use std::sync::atomic::AtomicUsize;

use axismirror_core::dtype::DType;
use axismirror_core::extension::{EXTENSION_AT, Extension};
use axismirror_core::header::{Description, Generation, HEADER_SEGMENT_LEN, HeaderView, Key, StructVersion};
use axismirror_core::memory::{Memory, MemoryMut};
use axismirror_core::ring::{Frames, Geometry, RingReader, RingWriter, Times};
use loom::sync::atomic::{AtomicU64, Ordering, fence};
use loom::thread;

const FRAMES: u32 = 2;
/// Two words: a frame whose words differ is torn.
const FRAME_BYTES: usize = 16;
const APPENDS: u64 = 3;
/// What writer and reader share of the extension block: the sequence, and `reserved` and `committed` of both slots.
const SHARED: [usize; 5] =
    [EXTENSION_AT + 16, EXTENSION_AT + 72, EXTENSION_AT + 80, EXTENSION_AT + 136, EXTENSION_AT + 144];
const FIRST: Generation = Generation::NONE.next();

/// Words at fixed places. What is not listed is nobody's concern in the model: it reads as 0 and forgets what is written.
#[derive(Clone)]
struct Words {
    len: usize,
    cells: StdArc<BTreeMap<usize, AtomicU64>>,
    left_out: LeftOut,
    fences: StdArc<Fences>,
}

/// How many fences one side has come to since its last append or read. The model does not look at these counts.
#[derive(Default)]
struct Fences {
    releases: AtomicUsize,
    acquires: AtomicUsize,
}

/// Which fence of each kind is left out, in the order of one append or read.
#[derive(Clone, Copy, Default)]
struct LeftOut {
    release: Option<usize>,
    acquire: Option<usize>,
}

impl Words {
    fn new(len: usize, places: impl IntoIterator<Item = usize>, left_out: LeftOut) -> Self {
        let cells = places.into_iter().map(|at| (at, AtomicU64::new(0))).collect();
        Self { len, cells: StdArc::new(cells), left_out, fences: StdArc::default() }
    }

    /// The same memory as another side sees it, with counts of its own.
    fn other_side(&self) -> Self {
        Self { fences: StdArc::default(), ..self.clone() }
    }

    fn rewind(&self) {
        self.fences.releases.store(0, Ordering::Relaxed);
        self.fences.acquires.store(0, Ordering::Relaxed);
    }

    fn load(&self, at: usize) -> u64 {
        self.cells.get(&at).map_or(0, |c| c.load(Ordering::Relaxed))
    }

    fn store(&self, at: usize, value: u64) {
        if let Some(cell) = self.cells.get(&at) {
            cell.store(value, Ordering::Relaxed);
        }
    }

    fn fence(count: &AtomicUsize, left_out: Option<usize>, ordering: Ordering) {
        let number = count.fetch_add(1, Ordering::Relaxed);
        if left_out != Some(number) {
            fence(ordering);
        }
    }
}

impl Memory for Words {
    fn len(&self) -> usize {
        self.len
    }
    fn load_u8(&self, at: usize) -> u8 {
        self.load(at) as u8
    }
    fn load_u16(&self, at: usize) -> u16 {
        self.load(at) as u16
    }
    fn load_u32(&self, at: usize) -> u32 {
        self.load(at) as u32
    }
    fn load_u64(&self, at: usize) -> u64 {
        self.load(at)
    }
    fn fence_acquire(&self) {
        Self::fence(&self.fences.acquires, self.left_out.acquire, Ordering::Acquire);
    }
}

impl MemoryMut for Words {
    fn store_u8(&self, at: usize, value: u8) {
        self.store(at, value.into());
    }
    fn store_u16(&self, at: usize, value: u16) {
        self.store(at, value.into());
    }
    fn store_u32(&self, at: usize, value: u32) {
        self.store(at, value.into());
    }
    fn store_u64(&self, at: usize, value: u64) {
        self.store(at, value);
    }
    fn fence_release(&self) {
        Self::fence(&self.fences.releases, self.left_out.release, Ordering::Release);
    }
}

fn geometry() -> Geometry {
    let shape = [FRAME_BYTES / DType::F64.size()];
    let d = Description::new(DType::F64, 1.0, FRAMES, shape.into_iter(), Key::default()).unwrap();
    Geometry::of(&d, StructVersion::V1)
}

/// A writer of frames 0, 1, 2, each of whose words is its number plus one, and a reader that takes whatever frame is there.
fn model(left_out: LeftOut, frames_read_at_once: u32) {
    loom::model(move || {
        let data = Words::new(geometry().len(), (0..geometry().len()).step_by(8), LeftOut::default());
        let header = Words::new(HEADER_SEGMENT_LEN, SHARED, left_out);
        let writer = {
            let (data, header) = (data.clone(), header.other_side());
            thread::spawn(move || {
                let view = HeaderView::new(header.clone(), StructVersion::V1).unwrap();
                let extension = Extension::create(header.clone()).unwrap();
                let mut writer = RingWriter::new(data, view, extension, FIRST, geometry()).unwrap();
                for number in 1..=APPENDS {
                    header.rewind();
                    let frame = [number.to_ne_bytes(), number.to_ne_bytes()].concat();
                    let frames = Frames::contiguous(&frame, FRAME_BYTES).unwrap();
                    writer.append(&frames, &Times::Linear { offset: 0.0, gain: 1.0 }, 0).unwrap();
                }
            })
        };
        let reader = RingReader::new(data, geometry()).unwrap();
        // Makes the handle: the block's other fields are not in the model.
        let extension = Extension::create(header.clone()).unwrap();
        header.rewind();
        let committed = reader.committed(&extension, FIRST);
        if committed > 0 {
            let count = u64::from(frames_read_at_once).min(committed);
            let first = committed - count;
            let mut bytes = vec![0; FRAME_BYTES * count as usize];
            reader.copy(first, count as u32, &mut bytes, &mut []);
            if reader.prove(&extension, FIRST, first).is_ok() {
                for (i, frame) in bytes.chunks_exact(FRAME_BYTES).enumerate() {
                    let expected = (first + i as u64 + 1).to_ne_bytes();
                    assert!(frame == [expected, expected].concat(), "frame {}: {frame:?}", first + i as u64);
                }
            }
        }
        writer.join().unwrap();
    });
}

#[test]
fn loom_no_frame_is_torn_or_stale() {
    model(LeftOut::default(), 1);
}

#[test]
fn loom_two_frames_at_once() {
    model(LeftOut::default(), 2);
}

#[test]
#[should_panic(expected = "frame")]
fn loom_without_release_a_frames_tear() {
    model(LeftOut { release: Some(0), ..LeftOut::default() }, 2);
}

#[test]
#[should_panic(expected = "frame")]
fn loom_without_release_b_frames_are_stale() {
    model(LeftOut { release: Some(1), ..LeftOut::default() }, 1);
}

#[test]
#[should_panic(expected = "frame")]
fn loom_without_acquire_b_frames_are_stale() {
    model(LeftOut { acquire: Some(0), ..LeftOut::default() }, 1);
}

#[test]
#[should_panic(expected = "frame")]
fn loom_without_acquire_a_frames_tear() {
    model(LeftOut { acquire: Some(1), ..LeftOut::default() }, 2);
}

/// As the publisher goes over to another generation, but for the fields that the model leaves out.
fn change_generation(extension: &Extension<Words>, to: Generation) {
    let odd = extension.sequence() | 1;
    extension.set_sequence(odd);
    extension.fence_release();
    extension.counters(to).begin(0);
    extension.fence_release();
    extension.set_sequence(odd.wrapping_add(1));
}

/// A writer that laps the reader and then changes the generation twice, so that the first one's counters begin anew, and a reader that goes by
/// the steps of the mirror: counters and copies count only when the sequence is the same afterwards.
fn generations(with_the_last_fence: bool) {
    loom::model(move || {
        let data = Words::new(geometry().len(), (0..geometry().len()).step_by(8), LeftOut::default());
        let header = Words::new(HEADER_SEGMENT_LEN, SHARED, LeftOut::default());
        let frame = |n: u64| [n.to_ne_bytes(), n.to_ne_bytes()].concat();
        let view = HeaderView::new(header.clone(), StructVersion::V1).unwrap();
        let extension = Extension::create(header.clone()).unwrap();
        let mut writer = RingWriter::new(data.clone(), view, extension, FIRST, geometry()).unwrap();
        let mut append = move |n: u64| {
            let bytes = frame(n);
            let frames = Frames::contiguous(&bytes, FRAME_BYTES).unwrap();
            writer.append(&frames, &Times::Linear { offset: 0.0, gain: 1.0 }, 0).unwrap();
        };
        append(1);
        append(2);
        let other = header.other_side();
        let writer = thread::spawn(move || {
            append(3);
            let extension = Extension::create(other).unwrap();
            change_generation(&extension, FIRST.next());
            change_generation(&extension, FIRST.next().next());
        });
        let reader = RingReader::new(data, geometry()).unwrap();
        let extension = Extension::create(header.other_side()).unwrap();
        let (sequence, committed) = (0, 2);
        let mut bytes = vec![0; FRAME_BYTES];
        reader.copy(committed - 2, 1, &mut bytes, &mut []);
        let whole = reader.prove(&extension, FIRST, committed - 2).is_ok();
        if with_the_last_fence {
            extension.fence_acquire();
        }
        if whole && extension.sequence() == sequence {
            assert!(bytes == frame(1), "frame 0: {bytes:?}");
        }
        writer.join().unwrap();
    });
}

#[test]
fn loom_a_new_generation_tears_nothing() {
    generations(true);
}

#[test]
#[should_panic(expected = "frame")]
fn loom_without_the_fence_before_the_sequence_frames_tear() {
    generations(false);
}
