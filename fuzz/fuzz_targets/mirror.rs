//! A mirror of a header and a data segment of any bytes and sizes, some of which change between its reads.
//!
//! Input: length of the data segment (u16), number of changes n (u8), how to start (u8), n changes (offset u16, value u64), and the header.
#![no_main]

use axismirror_core::header::Description;
use axismirror_core::memory::{MemoryMut as _, Word};
use axismirror_core::mirror::{Mirror, Reading, Start, Take};
use axismirror_fuzz::{Room, Source, name};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let Some((&[a, b, changes, start], rest)) = input.split_first_chunk::<4>() else { return };
    let Some((changes, header)) = rest.split_at_checked(usize::from(changes % 16) * 10) else { return };
    let mut rooms = (Room::new(header.len()), Room::new(u16::from_le_bytes([a, b]).into()));
    let source = Source { header: rooms.0.shared(header), data: rooms.1.shared(&[]) };
    let start = if start & 1 == 0 { Start::Oldest } else { Start::Next };
    let mut mirror = Mirror::new(source, name(), start);
    let (mut frames, mut times) = (vec![0; 1 << 12], vec![0.0; 1 << 8]);
    let mut reads = |mirror: &mut Mirror<Source<'_>>| {
        for take in [Take::UpTo(usize::MAX), Take::Exactly(2), Take::Latest(3)] {
            if let Ok(Reading::Frames(read)) = mirror.read(take, &mut frames, &mut times) {
                let frame = mirror.description().map_or(0, Description::frame_bytes);
                assert!(read.frames == 0 || read.frames.checked_mul(frame).is_some_and(|n| n <= frames.len()));
                assert!(read.frames <= times.len());
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
    };
    reads(&mut mirror);
    for change in changes.as_chunks::<10>().0 {
        let [a, b, value @ ..] = *change;
        source.header.store_bytes(u16::from_le_bytes([a, b]).into(), &value, Word::B1);
        reads(&mut mirror);
    }
});
