//! A segment is cut short under its writer and has its length again at once: what the writer has put there meanwhile is in no file.
//!
//! In a process of its own: who survives a segment that is cut says of every later read that it may be zeros.

mod common;

use std::fs::File;
use std::path::Path;

use axismirror::shm::{SHM_DIR, survive_truncation};
use axismirror_core::axis_array::{Axis, AxisArray, Samples};
use axismirror_core::dtype::DType;
use axismirror_core::header::{Generation, HEADER_SEGMENT_LEN};
use axismirror_core::name::StreamName;
use axismirror_core::publisher::Lost;
use common::writes::publisher;

/// 50 frames of 2 channels of 1 kHz.
fn message<T>(f: impl FnOnce(&AxisArray<'_>) -> T) -> T {
    f(&AxisArray {
        data: Samples { dtype: DType::I32, shape: &[50, 2], bytes: &[7; 400] },
        dims: &["time", "ch"],
        axes: &[("time", Axis::Linear { unit: "s", gain: 0.001, offset: 0.0 })],
        attrs: &[],
        key: "",
        stream_dim: None,
    })
}

#[test]
fn a_segment_that_was_cut_and_has_its_length_again_is_replaced() {
    survive_truncation().unwrap();
    let name = StreamName::new(&common::unique("regrown")).unwrap();
    let mut publisher = publisher(name.as_str(), 0.1);
    message(|m| publisher.publish(m).unwrap());
    // 100 frames of two samples and a time.
    let ring = (name.data(Generation::from_number(0)), 100 * (2 * 4 + 8), Lost::Contents);
    let header = (name.header(), HEADER_SEGMENT_LEN as u64, Lost::Header);
    for (number, (segment, len, lost)) in [ring, header].into_iter().enumerate() {
        let file = File::options().write(true).open(Path::new(SHM_DIR).join(segment.as_str())).unwrap();
        assert_eq!((file.metadata().unwrap().len(), publisher.store().lost()), (len, None));
        file.set_len(0).unwrap();
        message(|m| publisher.publish(m).unwrap());
        file.set_len(len).unwrap();
        // Whatever is gone: frames are counted on.
        assert_eq!(publisher.published(), 50 * (2 * number as u64 + 2));
        common::eventually("it is missed", || publisher.store().lost().map(|l| assert_eq!(l, lost)));
        publisher.replace(lost).unwrap();
        message(|m| publisher.publish(m).unwrap());
        assert_eq!((publisher.store().lost(), publisher.description().is_some()), (None, true));
        // Who comes now can read it.
        let (status, out, errors) = common::run(&["tail", name.as_str()]);
        assert!(status == Some(0) && out.contains('7'), "{out}{errors}");
    }
    publisher.close();
}
