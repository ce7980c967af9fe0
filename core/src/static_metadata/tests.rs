//! Tests of static metadata: what other writers left, what comes back of our own, what must be refused.
//!
//! The expectations for recorded blobs are the scripts that made them (`testdata/README.md`) and Python's own `repr`.

extern crate std;

mod hostile;
mod recorded;
mod roundtrip;

use self::std::vec;
use self::std::vec::Vec;

use super::{DecodeError, StaticMetadata, decode, node::Node, nodes_needed};

/// All recorded blobs, with their names.
const RECORDED: [(&str, &[u8]); 9] = [
    ("golden-v1-labelled", include_bytes!("testdata/golden-v1-labelled.pickle")),
    ("golden-v2-labelled", include_bytes!("testdata/golden-v2-labelled.pickle")),
    ("golden-v2-channel_major", include_bytes!("testdata/golden-v2-channel_major.pickle")),
    ("golden-v2-irregular_time", include_bytes!("testdata/golden-v2-irregular_time.pickle")),
    ("golden-v2-three_dims", include_bytes!("testdata/golden-v2-three_dims.pickle")),
    ("golden-v2-key_change", include_bytes!("testdata/golden-v2-key_change.pickle")),
    ("golden-v2-long_key", include_bytes!("testdata/golden-v2-long_key.pickle")),
    ("rich-numpy126", include_bytes!("testdata/rich-numpy126.pickle")),
    ("rich-numpy2", include_bytes!("testdata/rich-numpy2.pickle")),
];

fn recorded(name: &str) -> &'static [u8] {
    RECORDED.iter().find(|(n, _)| *n == name).unwrap().1
}

/// Decodes in an arena of exactly as many nodes as are asked for.
fn with<T>(blob: &[u8], look: impl FnOnce(&StaticMetadata<'_, '_>) -> T) -> Result<T, DecodeError> {
    let mut arena: Vec<Node<'_>> = vec![Node::EMPTY; nodes_needed(blob)?];
    decode(blob, &mut arena).map(|m| look(&m))
}
