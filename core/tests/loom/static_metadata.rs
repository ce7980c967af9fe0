//! Static metadata: generation, length and bytes that a mirror gets are of one message.

use axismirror_core::static_metadata::{decode, node::Node};

use super::memory::LeftOut;
use super::segments::{AUX_NBYTES, META_GENERATION, Raced, SEQUENCE};
use super::stream::{explore, message, mirror, spawn, stream};

/// The message's label before, and two after it, a longer and a shorter one.
const LABELS: [&str; 3] = ["label", "longer label", ""];

/// What a mirror may find while `LABELS[0]` is followed by the label that `next` says.
fn changes(left_out: LeftOut, knows_block: bool, next: usize) {
    explore(2, move || {
        let raced =
            Raced { header: &[SEQUENCE, META_GENERATION, AUX_NBYTES], static_metadata: &[0], ..Raced::default() };
        let (mut publisher, segments) = stream(2, raced, left_out);
        message(1, LABELS[0], |m| assert!(publisher.describe(m).unwrap().is_some()));
        let mut mirror = mirror(if knows_block { segments } else { segments.without_block() });
        mirror.follow().unwrap();
        let writer = spawn(move || message(1, LABELS[next], |m| assert!(publisher.describe(m).unwrap().is_some())));
        let found = mirror.static_metadata().expect("model: longer than the segment");
        if let Some(blob) = found {
            let mut bytes = vec![0; blob.len()];
            blob.copy_to(&mut bytes);
            // Without the block, an old segment with the new length cannot be told from a whole one.
            if knows_block || bytes[0] == 0 {
                assert!(decode(&bytes, &mut [Node::EMPTY; 128]).is_ok(), "model: torn static metadata");
            }
        }
        writer.join().unwrap();
    });
}

/// For a mirror that knows our block.
pub(crate) fn with_block(left_out: LeftOut) {
    changes(left_out, true, 1);
    changes(left_out, true, 2);
}

/// For one that does not: who sees the new generation sees its length and its bytes.
pub(crate) fn without_block(left_out: LeftOut) {
    changes(left_out, false, 2);
}

#[test]
fn loom_static_metadata_is_of_one_message() {
    with_block(LeftOut::Nothing);
}

#[test]
fn loom_static_metadata_is_there_when_its_generation_is() {
    without_block(LeftOut::Nothing);
}
