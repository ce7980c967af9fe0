//! /dev/shm: the other unsafe room. One file that makes, maps and reserves a segment, one that keeps their names alive, one each for the
//! writer's and the reader's side.
//!
//! What lies in a segment is core's business.

mod attached;
mod find;
mod guard;
mod segment;
mod source;
mod store;
mod truncation;
mod wake;

use axismirror_core::name::SEGMENT_PREFIX;

pub use attached::writer as writer_of;
pub use find::{Found, streams};
pub use segment::{FileId, Mapped, Segment, ShmError, View};
pub use source::ShmSource;
pub use store::ShmStore;
pub use truncation::{survive_truncation, was_truncated};
pub(crate) use wake::{sleep, wake_all};

/// Where POSIX shared memory lives on Linux (`shm_open(3)`).
pub const SHM_DIR: &str = "/dev/shm";

/// The private name under which a second hard link keeps a segment while the stream lives: `am_` in place of `sm_`.
///
/// Python's resource tracker unlinks the public names of segments that a reader attached. A file that has another name left can be linked again.
fn private_name(public: &str) -> String {
    format!("am_{}", public.strip_prefix(SEGMENT_PREFIX).unwrap_or(public))
}
