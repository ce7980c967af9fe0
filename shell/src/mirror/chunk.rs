//! What a read hands out: frames in the mirror's own memory, and their samples as numbers.
//!
//! Must never touch shared memory: what is here was copied, and is proven or said not to be.

use axismirror_core::dtype::DType;
use axismirror_core::header::{Description, StructVersion};
use axismirror_core::mirror::{Proof, Read};

use super::{Mirror, MirrorError, State};

/// Frames that a read handed out, in the mirror's own memory.
#[derive(Debug)]
pub struct Chunk<'a> {
    /// Where all of it lies: what is handed out by value takes as long as reading a small chunk.
    pub(super) mirror: &'a Mirror,
}

/// What the last read of a mirror found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) read: Read,
    pub(super) state: State,
    pub(super) changed: bool,
}

impl Found {
    /// Nothing.
    pub(super) const fn nothing(state: State) -> Self {
        let read = Read { frames: 0, first: 0, missed: 0, skipped: 0, proof: Proof::Untorn };
        Self { read, state, changed: false }
    }
}

impl Chunk<'_> {
    /// How many frames.
    #[must_use]
    pub const fn frames(&self) -> usize {
        self.mirror.found.read.frames
    }

    /// Samples of one frame; 0 as long as there is no buffer.
    #[must_use]
    pub fn frame_samples(&self) -> usize {
        self.description().map_or(0, Description::frame_samples)
    }

    /// Number of the first frame, counted over all generations of the stream.
    #[must_use]
    pub const fn first(&self) -> u64 {
        self.mirror.found.read.first
    }

    /// Frames that were published since the last read and are lost for this mirror.
    #[must_use]
    pub const fn missed(&self) -> u64 {
        self.mirror.found.read.missed
    }

    /// New frames left out because [`Take::Latest`](super::Take::Latest) asked for it.
    #[must_use]
    pub const fn skipped(&self) -> u64 {
        self.mirror.found.read.skipped
    }

    /// Whether it is proven that no frame is torn.
    #[must_use]
    pub const fn proof(&self) -> Proof {
        self.mirror.found.read.proof
    }

    /// What the stream is like.
    #[must_use]
    pub const fn state(&self) -> State {
        self.mirror.found.state
    }

    /// Whether the stream has gone over to another buffer, maybe of another description, with this read. Such a chunk has no frames: all of
    /// the old buffer were handed out before, the next read brings those of the new one.
    #[must_use]
    pub const fn changed(&self) -> bool {
        self.mirror.found.changed
    }

    /// What the frames are; `None` as long as there is no buffer.
    #[must_use]
    pub fn description(&self) -> Option<&Description> {
        self.mirror.description()
    }

    /// The samples' bytes, C order, little-endian.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        let len = self.description().map_or(0, |d| d.frame_bytes() * self.mirror.found.read.frames);
        self.mirror.bytes.get(..len).unwrap_or_default()
    }

    /// The time of each frame in seconds; empty when the stream has no times (versions 0 and 1).
    #[must_use]
    pub fn times(&self) -> &[f64] {
        let len = if self.has_times() { self.mirror.found.read.frames } else { 0 };
        self.mirror.times.get(..len).unwrap_or_default()
    }

    /// Whether the stream has times.
    #[must_use]
    pub fn has_times(&self) -> bool {
        self.mirror.version().is_some_and(StructVersion::has_times)
    }

    /// The samples as numbers, frame by frame.
    ///
    /// # Errors
    /// [`MirrorError::Type`] when they are of another type.
    pub fn samples<T: Sample>(&self) -> Result<Vec<T>, MirrorError> {
        let is = self.description().map_or(T::DTYPE, Description::dtype);
        if !T::matches(is) {
            return Err(MirrorError::Type { is, asked: T::DTYPE });
        }
        Ok(self.bytes().chunks_exact(size_of::<T>()).map(T::from_le).collect())
    }
}

/// Rust types of samples.
pub trait Sample: Copy + sealed::Sealed {
    /// Their numpy type.
    const DTYPE: DType;

    /// Whether a stream's samples are of this type.
    #[must_use]
    fn matches(dtype: DType) -> bool {
        dtype.code() == Self::DTYPE.code()
    }

    #[doc(hidden)]
    fn from_le(bytes: &[u8]) -> Self;
}

mod sealed {
    pub trait Sealed {}
}

macro_rules! samples {
    ($($rust:ty => $dtype:ident),+) => {$(
        impl sealed::Sealed for $rust {}
        impl Sample for $rust {
            const DTYPE: DType = DType::$dtype;

            fn from_le(bytes: &[u8]) -> Self {
                <$rust>::from_le_bytes(bytes.try_into().unwrap_or_default())
            }
        }
    )+};
}

samples!(i8 => I8, u8 => U8, i16 => I16, u16 => U16, i32 => I32, u32 => U32, i64 => I64, u64 => U64, f32 => F32, f64 => F64);
