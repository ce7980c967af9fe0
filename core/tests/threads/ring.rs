//! The ring's writer and two readers in threads of their own.

use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;

use axismirror_core::dtype::DType;
use axismirror_core::extension::Extension;
use axismirror_core::header::{Description, Generation, HEADER_SEGMENT_LEN, Key, StructVersion};
use axismirror_core::ring::{Geometry, RingReader, RingWriter};
use axismirror_core::shared::SharedBytes;

use super::{ALL, Aligned, Bytes, Fences};

const FRAMES: u32 = 3;
const WORDS: usize = 3;
const FRAME_BYTES: usize = WORDS * 8;
const FIRST: Generation = Generation::NONE.next();
/// Chunks of one or two frames.
const CHUNKS: u64 = if cfg!(miri) { 6 } else { 200_000 };
/// How often each model runs where a fence is missing: seldom does the interpreter take the one turn that shows it.
const PATIENCE: usize = 400;

fn geometry() -> Geometry {
    let d = Description::new(DType::F64, 1.0, FRAMES, [WORDS].into_iter(), Key::default()).unwrap();
    Geometry::of(&d, StructVersion::V2)
}

/// Every word of frame `n`.
fn frame(n: u64) -> Vec<u8> {
    (n + 1).to_ne_bytes().repeat(WORDS)
}

/// Takes what is there until told to stop, and holds every frame that is proven against what was written. Says how many those were.
fn read(data: Bytes<'_>, header: Bytes<'_>, stop: &AtomicBool) -> u64 {
    let mut reader = RingReader::new(data, geometry()).unwrap();
    let extension = Extension::find(header).unwrap();
    let (mut seen, mut proven) = (0, 0);
    loop {
        // Acquire: pairs with the Release at the writer's end, so that the last look finds the last frames. Before it orders nothing.
        let last = stop.load(Ordering::Acquire);
        let committed = reader.committed(&extension, FIRST);
        assert!(committed >= seen, "frame {committed} is the newest after {seen}");
        seen = committed;
        let first = committed.saturating_sub(2);
        let count = committed - first;
        let (mut bytes, mut times) = (vec![0; FRAME_BYTES * count as usize], vec![0.0; count as usize]);
        if count > 0 {
            reader.copy(first, count as u32, &mut bytes, &mut times);
            if reader.prove(&extension, FIRST, first).is_ok() {
                for (n, (bytes, time)) in (first..).zip(bytes.chunks_exact(FRAME_BYTES).zip(times)) {
                    assert!(bytes == frame(n) && time == n as f64, "frame {n}: {bytes:?} at {time}");
                    proven += 1;
                }
            }
        }
        if last {
            return proven;
        }
        thread::yield_now();
    }
}

/// A writer under two readers.
fn run(fences: Fences) {
    let mut header = Box::new(Aligned([0; HEADER_SEGMENT_LEN]));
    let mut data = Box::new(Aligned([0; 4096]));
    let header = Bytes { shared: SharedBytes::from_slice(&mut header.0).unwrap(), fences };
    let data = Bytes { shared: SharedBytes::from_slice(&mut data.0[..geometry().len()]).unwrap(), fences };
    let extension = Extension::create(header).unwrap();
    let mut writer = RingWriter::new(data, StructVersion::V2, extension, FIRST, geometry()).unwrap();
    let stop = AtomicBool::new(false);
    thread::scope(|scope| {
        let readers = [0, 1].map(|_| scope.spawn(|| read(data, header, &stop)));
        let mut next = 0;
        for chunk in 0..CHUNKS {
            // A chunk of two is reserved frame by frame, as an acquisition's is.
            let frames = 1 + (chunk % 2) as u32;
            for i in 0..frames {
                let reserved = writer.reserve(i + 1);
                let mut frame = reserved.frame::<f64>(i).unwrap();
                (0..WORDS).for_each(|word| frame.set(word, f64::from_bits(next + 1)));
                reserved.set_time(i, next as f64);
                next += 1;
            }
            writer.commit(frames, 0);
        }
        // Release: pairs with the Acquire in `read`.
        stop.store(true, Ordering::Release);
        for reader in readers {
            match reader.join() {
                Ok(proven) => assert!(proven > 0, "nothing was read"),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
    });
}

#[test]
fn threads_never_see_a_torn_or_stale_frame() {
    run(ALL);
}

#[test]
#[should_panic(expected = "frame")]
#[cfg_attr(not(miri), ignore = "what a processor does without a fence is its own affair")]
fn threads_without_release_fences_do() {
    (0..PATIENCE).for_each(|_| run(Fences { release: false, ..ALL }));
}

#[test]
#[should_panic(expected = "frame")]
#[cfg_attr(not(miri), ignore = "what a processor does without a fence is its own affair")]
fn threads_without_acquire_fences_do() {
    (0..PATIENCE).for_each(|_| run(Fences { acquire: false, ..ALL }));
}
