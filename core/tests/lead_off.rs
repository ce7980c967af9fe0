//! Where the extension block has the electrodes that are off, for readers that know it and for those that do not.

use axismirror_core::extension::{EXTENSION_AT, Extension};
use axismirror_core::header::HEADER_SEGMENT_LEN;
use axismirror_core::health::{Health, LeadOff};
use axismirror_core::memory::Memory as _;
use axismirror_core::shared::SharedBytes;

#[repr(align(64))]
struct Segment([u8; HEADER_SEGMENT_LEN]);

#[test]
fn lead_off_lies_where_the_first_writers_left_zeros() {
    let mut segment = Segment([0; HEADER_SEGMENT_LEN]);
    let memory = SharedBytes::from_slice(&mut segment.0).unwrap();
    let writer = Extension::create(memory).unwrap();
    let lead_off = LeadOff { positive: 0x8000_0000_0000_0102, negative: 7 };
    writer.set_health(&Health { frames_lost: 5, measured_rate: 250.0, lead_off, ..Health::default() });
    let health = Extension::find(memory).unwrap().health();
    assert_eq!((health.frames_lost, health.measured_rate, health.lead_off), (5, 250.0, lead_off));
    // Nothing of the block has moved.
    let at = |offset: usize| u64::from_le(memory.load_u64(EXTENSION_AT + offset));
    assert_eq!((at(240), at(248), at(256), f64::from_bits(at(328))), (lead_off.positive, 7, 5, 250.0));
}
