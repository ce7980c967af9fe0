//! What a mirror is asked for, and what it answers.
//!
//! Knows nothing of how it finds that out.

use crate::header::{DescriptionError, HeaderError};

/// Which frames a read is to hand out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Take {
    /// As many new ones as there are, at most so many, oldest first.
    UpTo(usize),
    /// Exactly so many, oldest first, or none as long as there are fewer.
    Exactly(usize),
    /// The newest ones, at most so many; new ones before them are skipped.
    Latest(usize),
}

/// Where a mirror starts when it attaches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Start {
    /// With the oldest frame in the ring.
    #[default]
    Oldest,
    /// With the next frame that is published; where nothing is published yet, with the first.
    Next,
}

/// What is known of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Proof {
    /// No frame was overwritten while it was copied, and `missed` is exact.
    Untorn,
    /// The writer has no extension block (a Python writer): torn frames cannot be excluded, and `missed` is a lower bound.
    Unproven,
}

/// Frames that were handed out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Read {
    /// How many; 0 when nothing is new.
    pub frames: usize,
    /// Number of the first one, counted over all generations of the stream's header.
    pub first: u64,
    /// Frames that were published since the last read and that no read will hand out: overwritten before they were read.
    pub missed: u64,
    /// New frames left out because [`Take::Latest`] asked for it.
    pub skipped: u64,
    /// What is known of them.
    pub proof: Proof,
}

/// What a read found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Reading {
    /// There is no such stream (yet).
    Absent,
    /// The stream is there, but says that its data is not valid (yet).
    NotValid,
    /// The buffer has changed: look at [`Mirror::description`](super::Mirror::description) before the next read. All frames of the old one have been handed out or counted as missed.
    Changed,
    /// Frames, maybe none.
    Frames(Read),
}

/// What has changed since the last look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Changes {
    /// There is a new buffer with maybe another description.
    pub buffer: bool,
    /// There is new static metadata.
    pub static_metadata: bool,
}

/// What a stream is like.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Status {
    /// There is no such stream (yet).
    Absent,
    /// It is there, but says that its data is not valid (yet).
    NotValid,
    /// The buffer has changed: look at [`Mirror::description`](super::Mirror::description).
    Changed,
    /// There is a buffer to read from.
    Ready,
}

/// Why a stream cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum MirrorError<E> {
    /// A segment is there but cannot be opened.
    #[error("{0}")]
    Source(E),
    /// The header is no header.
    #[error("{0}")]
    Header(#[from] HeaderError),
    /// The header describes the impossible.
    #[error("the header describes an impossible stream: {0}")]
    Description(#[from] DescriptionError),
    /// The data segment does not hold what the header says.
    #[error("the data segment has {len} bytes; the header describes {needed}")]
    DataTooShort {
        /// Its length.
        len: usize,
        /// What the header describes.
        needed: usize,
    },
    /// The static metadata's segment is shorter than the header says.
    #[error("the static metadata's segment has {len} bytes; the header says {needed}")]
    StaticMetadataTooShort {
        /// Its length.
        len: usize,
        /// What the header says.
        needed: usize,
    },
    /// [`Take::Exactly`] more than the ring or the caller's slices hold.
    #[error("exactly {asked} frames were asked for, but at most {possible} can be had at once")]
    TooMany {
        /// Asked for.
        asked: usize,
        /// What ring and slices allow.
        possible: usize,
    },
}
