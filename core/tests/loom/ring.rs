//! The ring: a reader never takes a torn or stale frame for whole, and `newest` is never older than what counts.

use axismirror_core::dtype::DType;
use axismirror_core::extension::Extension;
use axismirror_core::header::{Description, Generation, HEADER_SEGMENT_LEN, Key, StructVersion};
use axismirror_core::ring::{Geometry, RingReader, RingWriter};
use loom::thread;

use super::memory::{LeftOut, Words};
use super::segments::{COMMITTED, NEWEST, RESERVED};

const FRAMES: u32 = 2;
/// Two words: a frame whose words differ is torn.
const FRAME_BYTES: usize = 16;
/// Frames of each chunk. One that wraps grows frame by frame, as an acquisition's does.
const CHUNKS: [u32; 2] = [1, 2];
const FIRST: Generation = Generation::NONE.next();

fn geometry() -> Geometry {
    let shape = [FRAME_BYTES / DType::F64.size()];
    let d = Description::new(DType::F64, 1.0, FRAMES, shape.into_iter(), Key::default()).unwrap();
    Geometry::of(&d, StructVersion::V1)
}

/// Data and header, and a writer of frames 0, 1, 2 in a thread, each of whose words is its number plus one, as is its time in ns.
fn writer(data: &[usize], header: &[usize], left_out: LeftOut) -> (Words, Extension<Words>, thread::JoinHandle<()>) {
    let data = Words::new(geometry().len(), data, left_out);
    let header = Words::new(HEADER_SEGMENT_LEN, header, left_out);
    let extension = Extension::create(header.of_writer()).unwrap();
    let mut writer = RingWriter::new(data.of_writer(), StructVersion::V1, extension, FIRST, geometry()).unwrap();
    let thread = thread::spawn(move || {
        let mut number = 0;
        for frames in CHUNKS {
            for i in 0..frames {
                number += 1;
                let mut frame = writer.reserve(i + 1).frame::<f64>(i).unwrap();
                (0..frame.len()).for_each(|word| frame.set(word, f64::from_bits(number)));
            }
            writer.commit(frames, number.cast_signed());
        }
    });
    (data, Extension::find(header).unwrap(), thread)
}

/// A reader that takes the newest frames, so many at once.
fn frames(left_out: LeftOut, at_once: u64) {
    loom::model(move || {
        let words: Vec<usize> = (0..geometry().len()).step_by(8).collect();
        let (data, extension, writer) = writer(&words, &[RESERVED[0], COMMITTED[0]], left_out);
        let mut reader = RingReader::new(data, geometry()).unwrap();
        let committed = reader.committed(&extension, FIRST);
        if committed > 0 {
            let count = at_once.min(committed);
            let first = committed - count;
            let mut bytes = vec![0; FRAME_BYTES * count as usize];
            reader.copy(first, count as u32, &mut bytes, &mut []);
            if reader.prove(&extension, FIRST, first).is_ok() {
                for (number, frame) in (first..).zip(bytes.chunks_exact(FRAME_BYTES)) {
                    assert!(frame == (number + 1).to_ne_bytes().repeat(2), "model: frame {number} is {frame:?}");
                }
            }
        }
        writer.join().unwrap();
    });
}

/// The newest frame, while it is published.
pub(crate) fn newest_frame(left_out: LeftOut) {
    frames(left_out, 1);
}

/// Both frames, of which one is being overwritten.
pub(crate) fn whole_ring(left_out: LeftOut) {
    frames(left_out, 2);
}

/// The time of the newest frame.
pub(crate) fn newest_time(left_out: LeftOut) {
    loom::model(move || {
        let (data, extension, writer) = writer(&[], &[COMMITTED[0], NEWEST], left_out);
        let committed = RingReader::new(data, geometry()).unwrap().committed(&extension, FIRST);
        let newest = extension.counters(FIRST).newest().cast_unsigned();
        assert!(newest >= committed, "model: {committed} frames count, the newest is of {newest} ns");
        writer.join().unwrap();
    });
}

#[test]
fn loom_no_frame_is_torn_or_stale() {
    newest_frame(LeftOut::Nothing);
    whole_ring(LeftOut::Nothing);
}

#[test]
fn loom_the_newest_time_is_no_older_than_the_newest_frame() {
    newest_time(LeftOut::Nothing);
}
