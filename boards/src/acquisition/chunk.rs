//! What an acquisition hands on, and to whom.
//!
//! Must never know how frames are read or where they end up.

use axismirror_core::health::Health;

/// Frames in C order: all channels of a frame side by side, one frame behind the other.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// `times_ns.len()` x channels.
    pub codes: &'a [i32],
    /// The time of DRDY of each frame, in nanoseconds of the host's clock. Frames that are missing show as a gap.
    pub times_ns: &'a [i64],
    /// Number of the first frame, counted from the start, lost ones included.
    pub first_frame: u64,
    /// Number of the last frame. More than `times_ns.len() - 1` behind the first: frames are missing in between.
    pub last_frame: u64,
    /// What went wrong up to now, and the rate as measured.
    pub health: &'a Health,
}

/// Where chunks go.
pub trait Sink {
    /// What can go wrong there.
    type Error: core::fmt::Debug;

    /// Takes a chunk. It is gone afterwards, whatever is returned.
    ///
    /// # Errors
    /// Ends the [`Acquisition::step`](super::Acquisition::step) that it happens in.
    fn chunk(&mut self, chunk: &Chunk<'_>) -> Result<(), Self::Error>;
}

impl<T: Sink + ?Sized> Sink for &mut T {
    type Error = T::Error;

    fn chunk(&mut self, chunk: &Chunk<'_>) -> Result<(), T::Error> {
        (**self).chunk(chunk)
    }
}
