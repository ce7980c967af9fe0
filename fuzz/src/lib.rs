//! What several targets need: segments whose bytes the fuzzer chooses.
//!
//! Knows nothing of what is done with them.

pub mod others;

use axismirror_core::memory::{MemoryMut as _, Word};
use axismirror_core::name::StreamName;
use axismirror_core::shared::{ALIGNMENT, SharedBytes};

/// The one stream's name.
///
/// # Panics
/// Never: it is a valid name.
#[must_use]
pub fn name() -> StreamName {
    StreamName::new("fuzz").expect("a valid name")
}

/// Room for a segment, aligned as a mapping is.
#[derive(Debug)]
pub struct Room(Vec<u8>);

impl Room {
    /// Of so many bytes.
    #[must_use]
    pub fn new(len: usize) -> Self {
        Self(vec![0; len + ALIGNMENT])
    }

    /// The segment, with these bytes at its beginning.
    ///
    /// # Panics
    /// Never: it is aligned.
    pub fn shared(&mut self, bytes: &[u8]) -> SharedBytes<'_> {
        let skip = self.0.as_ptr().align_offset(ALIGNMENT);
        let end = self.0.len() - ALIGNMENT + skip;
        let shared = SharedBytes::from_slice(&mut self.0[skip..end]).expect("aligned just now");
        shared.store_bytes(0, bytes, Word::B1);
        shared
    }
}
