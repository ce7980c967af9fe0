//! Reads static metadata that any writer left, within memory that the caller provides.
//!
//! A stack machine that recognises the opcodes, the types and the few callables of a metadata blob, and nothing else: no name is ever
//! looked up, imported or called. Time and memory grow with the blob's length, whatever is in it. Knows nothing of where
//! the blob comes from; the caller copies it out of shared memory first.

pub mod node;

mod error;
mod machine;
mod numpy;
mod ops;

pub use error::{Construct, DecodeError, EXCERPT_LEN, Excerpt, Limit, Part};

pub(super) use error::excerpt;
#[cfg(test)]
pub(super) use machine::MAX_VALUES;
pub(super) use numpy::{Simple, parse_descr};

use self::node::Node;
use self::ops::{Op, Ops};
use super::view::StaticMetadata;

/// How many [`Node`]s [`decode`] needs for this blob: never more than the blob has bytes.
///
/// # Errors
/// What [`decode`] would say to an opcode that is unknown or cut short.
pub fn nodes_needed(blob: &[u8]) -> Result<usize, DecodeError> {
    let (mut nodes, mut memos) = (0, 0);
    for op in Ops::new(blob) {
        match op?.1 {
            Op::Memoize => memos += 1,
            op if op.makes_a_node() => nodes += 1,
            _ => {}
        }
    }
    Ok(nodes.max(memos))
}

/// Reads a blob. Strings and array bytes are borrowed from it; lists and dicts are strung together in `arena`.
///
/// Bytes behind the pickle's end are ignored, as Python does.
///
/// # Errors
/// See [`DecodeError`]. [`DecodeError::ArenaFull`] alone is worth another try, with as many nodes as it asks for.
pub fn decode<'b, 'n>(blob: &'b [u8], arena: &'n mut [Node<'b>]) -> Result<StaticMetadata<'b, 'n>, DecodeError> {
    let needed = nodes_needed(blob)?;
    let given = arena.len();
    if needed > given {
        return Err(DecodeError::ArenaFull { given, needed });
    }
    let root = machine::run(blob, arena)?;
    StaticMetadata::from_root(arena, root)
}
