//! A mirror of a header and a data segment of any bytes and sizes, some of which change while it reads.
//!
//! Input: length of the data segment (u16), number of changes n (u8), how to start (u8), n changes ([`Change`]), and the header.
#![no_main]

use axismirror_core::header::Description;
use axismirror_core::mirror::{Mirror, Reading, Start, Take};
use axismirror_fuzz::others::{Change, Others, Source};
use axismirror_fuzz::{Room, name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&[a, b, changes, start], rest)) = input.split_first_chunk::<4>() else { return };
    let changes = usize::from(changes % 16);
    let Some((change, header)) = rest.split_at_checked(changes * Change::BYTES) else { return };
    let mut rooms = (Room::new(header.len()), Room::new(u16::from_le_bytes([a, b]).into()));
    let rooms = [rooms.0.shared(header), rooms.1.shared(&[])];
    let others = Others::new(rooms, change.as_chunks().0.iter().copied().map(Change::from_bytes));
    let start = if start & 1 == 0 { Start::Oldest } else { Start::Next };
    let mut mirror = Mirror::new(Source::new(&others), name(), start);
    let (mut frames, mut times) = (vec![0; 1 << 12], vec![0.0; 1 << 8]);
    for _ in 0..=changes {
        for take in [Take::UpTo(usize::MAX), Take::Exactly(2), Take::Latest(3)] {
            if let Ok(Reading::Frames(read)) = mirror.read(take, &mut frames, &mut times) {
                let frame = mirror.description().map_or(0, Description::frame_bytes);
                assert!(read.frames == 0 || read.frames.checked_mul(frame).is_some_and(|n| n <= frames.len()));
                // A stream without times is not bound by the room for them.
                let timed = mirror.header().is_some_and(|h| h.version().has_times());
                assert!(!timed || read.frames <= times.len());
            }
        }
        let _ = (mirror.available(), mirror.has_changes(), mirror.changes(), mirror.generation());
        if let Some(extension) = mirror.extension() {
            let _ = (extension.name(), extension.health(), extension.clock(), extension.writer());
        }
        if let Ok(Some(blob)) = mirror.static_metadata() {
            blob.copy_to(&mut [0; 256]);
        }
        let _ = format!("{:?}", mirror.description());
        mirror.revalidate();
        others.hurry();
    }
});
