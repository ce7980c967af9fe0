//! Where the extension block says that a stream was received, for readers that know it and for blocks that do not have it.

use axismirror_core::extension::{ClockMapping, EXTENSION_AT, Extension, Received};
use axismirror_core::header::HEADER_SEGMENT_LEN;
use axismirror_core::memory::{Memory as _, MemoryMut as _};
use axismirror_core::shared::SharedBytes;

#[repr(align(64))]
struct Segment([u8; HEADER_SEGMENT_LEN]);

const RECEIVED: Received =
    Received { clock: Some(ClockMapping { offset_ns: -5, error_ns: 7, measured_ns: 0x0102_0304_0506_0708 }) };

#[test]
fn received_lies_behind_what_the_first_writers_had() {
    let mut segment = Segment([0; HEADER_SEGMENT_LEN]);
    let memory = SharedBytes::from_slice(&mut segment.0).unwrap();
    let writer = Extension::create(memory).unwrap();
    assert_eq!(writer.received(), None);
    writer.set_received(Some(Received::default()));
    assert_eq!(writer.received(), Some(Received { clock: None }));
    writer.set_received(Some(RECEIVED));
    assert_eq!(Extension::find(memory).unwrap().received(), Some(RECEIVED));
    let at = |offset: usize| u64::from_le(memory.load_u64(EXTENSION_AT + offset));
    assert_eq!((at(1712), at(1720).cast_signed(), at(1728), at(1736)), (1, -5, 7, 0x0102_0304_0506_0708));
    writer.set_received(None);
    assert_eq!(writer.received(), None);
}

#[test]
fn a_block_of_the_first_writers_is_read_and_grows_when_it_has_to() {
    let mut segment = Segment([0; HEADER_SEGMENT_LEN]);
    let memory = SharedBytes::from_slice(&mut segment.0).unwrap();
    let writer = Extension::create(memory).unwrap();
    let size = EXTENSION_AT + 12;
    memory.store_u32(size, 1712_u32.to_le());
    // Whatever lies behind such a block is not of it.
    memory.store_u32(EXTENSION_AT + 1712, 1);
    assert_eq!(Extension::find(memory).expect("still a block").received(), None);
    writer.set_received(None);
    assert_eq!(u32::from_le(memory.load_u32(size)), 1712);
    writer.set_received(Some(RECEIVED));
    assert_eq!((u32::from_le(memory.load_u32(size)), writer.received()), (1744, Some(RECEIVED)));
    memory.store_u32(size, 1711_u32.to_le());
    assert!(Extension::find(memory).is_none());
}
