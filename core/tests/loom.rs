//! Every interleaving of the ring's writer and a reader, by loom: the code that runs over /dev/shm, over loom's memory.
//!
//! `cargo xtask loom` runs it. Each fence is also taken out once: then the model must find a torn or a stale frame.
#![cfg(loom)]

use std::collections::BTreeMap;
use std::sync::Arc as StdArc;
use std::sync::atomic::AtomicUsize;

use axismirror_core::dtype::DType;
use axismirror_core::extension::{EXTENSION_AT, Extension};
use axismirror_core::header::{Description, HEADER_SEGMENT_LEN, HeaderView, Key, StructVersion};
use axismirror_core::memory::Memory;
use axismirror_core::ring::{Frames, Geometry, RingReader, RingWriter, Times};
use loom::sync::atomic::{AtomicU64, Ordering, fence};
use loom::thread;

const FRAMES: u32 = 2;
/// Two words: a frame whose words differ is torn.
const FRAME_BYTES: usize = 16;
const APPENDS: u64 = 3;
/// `reserved` and `committed` in the extension block: the two that writer and reader share.
const SHARED: [usize; 2] = [EXTENSION_AT + 64, EXTENSION_AT + 72];

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
    fn fence_acquire(&self) {
        Self::fence(&self.fences.acquires, self.left_out.acquire, Ordering::Acquire);
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
                let mut writer = RingWriter::new(data, view, extension, geometry()).unwrap();
                for number in 1..=APPENDS {
                    header.rewind();
                    let frame = [number.to_ne_bytes(), number.to_ne_bytes()].concat();
                    let frames = Frames::contiguous(&frame, FRAME_BYTES).unwrap();
                    writer.append(&frames, &Times::Linear { offset: 0.0, gain: 1.0 }, 0);
                }
            })
        };
        let reader = RingReader::new(data, geometry()).unwrap();
        // Makes the handle: the block's other fields are not in the model.
        let extension = Extension::create(header.clone()).unwrap();
        header.rewind();
        let committed = reader.committed(&extension);
        if committed > 0 {
            let count = u64::from(frames_read_at_once).min(committed);
            let first = committed - count;
            let mut bytes = vec![0; FRAME_BYTES * count as usize];
            reader.copy(first, count as u32, &mut bytes, &mut []);
            if reader.prove(&extension, first).is_ok() {
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
