//! /dev/shm: the other unsafe room. One file that makes, maps and reserves a segment, one that keeps their names alive, one each for the
//! writer's and the reader's side.
//!
//! What lies in a segment is core's business.

mod attached;
mod clean;
mod closed;
mod error;
mod file;
mod find;
mod guard;
mod locks;
mod names;
mod segment;
mod source;
mod store;
mod truncation;
mod wake;

pub use attached::writer as writer_of;
pub(crate) use attached::{DEATH_PATIENCE, started};
pub use clean::{LeftBehind, left_behind};
pub use closed::{Closed, closed};
pub use error::ShmError;
pub use find::{Found, streams};
pub use segment::{FileId, Mapped, Segment, View};
pub use source::ShmSource;
pub(crate) use store::InPlace;
pub use store::ShmStore;
pub use truncation::{survive_truncation, was_truncated};
pub(crate) use wake::sleep;
pub use wake::wake_all;

/// Where POSIX shared memory lives on Linux (`shm_open(3)`).
pub const SHM_DIR: &str = "/dev/shm";
