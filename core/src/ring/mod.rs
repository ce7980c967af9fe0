//! The ring of frames in the data segment: cursor arithmetic, the writer, the reader, and what a chunk to be written looks like.
//!
//! The protocol is that of a broadcast buffer with one writer that never waits:
//!
//! ```text
//! writer                                   reader
//! reserved  = position + n                 t = committed
//! Release::Reserved                        Acquire::Committed
//! frames, times, newest                    frames, times
//! Release::Frames                          Acquire::Copied
//! write_index, wrap_counter  (old readers) r = reserved
//! committed = position + n                 proof: r <= first frame read + frames in the ring
//! ```
//!
//! Whoever has seen a byte of a chunk that is being written sees that it was reserved; whoever sees frames as committed sees all their
//! bytes ([`fence`](crate::fence) tells which fence pairs with which). Both sides go by words of one size, the sample's, so no sample is ever torn.
//!
//! Frames are reserved, filled and committed ([`RingWriter::reserve`], [`RingWriter::commit`]): in place, one by one as they come
//! ([`Reserved::frame`]), or in one go from a chunk ([`Reserved::fill`]; [`RingWriter::append`] is all three). `reserved` never goes back, also when fewer frames are committed than were reserved: their places
//! may have been written to. So a ring holds for its readers what it has room for, less the chunk that is being filled.

mod chunk;
mod cursor;
mod fill;
mod place;
mod reader;
mod writer;

pub(crate) use chunk::value_at;
pub use chunk::{Frames, Times};
pub use cursor::{Cursor, Span, spans};
pub use fill::WrongFrameSize;
pub use place::{Frame, Reserved, Sample};
pub(crate) use reader::possible;
pub use reader::{Lapped, RingReader};
pub use writer::RingWriter;

use crate::header::{Description, StructVersion};
use crate::memory::Word;

/// Where frames and times lie in a data segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Geometry {
    n_frames: u32,
    frame_bytes: usize,
    frames_at: usize,
    has_times: bool,
    word: Word,
}

impl Geometry {
    /// Of a stream's data segment.
    #[must_use]
    pub const fn of(description: &Description, version: StructVersion) -> Self {
        let frame_bytes = description.frame_bytes();
        Self {
            n_frames: description.n_frames(),
            frame_bytes,
            frames_at: description.frames_at(version),
            has_times: version.has_times(),
            // A sample is stored by itself when it is decoded in place.
            word: Word::dividing(description.dtype().size()),
        }
    }

    /// Frames in the ring.
    #[must_use]
    pub const fn n_frames(&self) -> u32 {
        self.n_frames
    }

    /// Bytes of one frame.
    #[must_use]
    pub const fn frame_bytes(&self) -> usize {
        self.frame_bytes
    }

    /// Bytes of the segment that are in use.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.frames_at + self.n_frames as usize * self.frame_bytes
    }

    /// Never: a ring has at least one frame of at least one byte.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether each frame has a time.
    #[must_use]
    pub const fn has_times(&self) -> bool {
        self.has_times
    }

    const fn frame_at(&self, index: u32) -> usize {
        self.frames_at + index as usize * self.frame_bytes
    }

    const fn time_at(index: u32) -> usize {
        index as usize * 8
    }
}
