//! The two magics: who sees one sees what it stands for.

use axismirror_core::extension::{EXTENSION_AT, Extension};
use axismirror_core::header::{HEADER_SEGMENT_LEN, HeaderView, StructVersion};
use axismirror_core::memory::Memory;
use loom::thread;

use super::memory::{LeftOut, Words};

/// The header's, while it is stamped.
pub(crate) fn header(left_out: LeftOut) {
    loom::model(move || {
        let words = Words::new(HEADER_SEGMENT_LEN, &[0, 4], left_out);
        let view = HeaderView::new(words.of_writer(), StructVersion::V2).unwrap();
        let writer = thread::spawn(move || view.set_magic());
        let found = HeaderView::detect(words).map(|h| h.version());
        assert!(matches!(found, Ok(StructVersion::V0 | StructVersion::V2)), "model: {found:?}");
        writer.join().unwrap();
    });
}

/// The extension block's.
pub(crate) fn block(left_out: LeftOut) {
    loom::model(move || {
        let words = Words::new(HEADER_SEGMENT_LEN, &[EXTENSION_AT, EXTENSION_AT + 8, EXTENSION_AT + 12], left_out);
        let others = words.of_writer();
        let writer = thread::spawn(move || assert!(Extension::create(others).is_some()));
        let stamped = words.load_u64(EXTENSION_AT) != 0;
        assert!(!stamped || Extension::find(words).is_some(), "model: no block behind its magic");
        writer.join().unwrap();
    });
}

#[test]
fn loom_a_header_with_magic_has_its_version() {
    header(LeftOut::Nothing);
}

#[test]
fn loom_a_block_with_magic_has_its_version_and_size() {
    block(LeftOut::Nothing);
}
