//! Frames of the ring that are being filled, where readers will find them.
//!
//! Knows where a frame's samples and its time lie; when readers may see them is the writer's business.

use super::Geometry;
use crate::memory::{MemoryMut, Word};

/// A number as it lies in a frame, little-endian.
pub trait Sample: Copy + sealed::Store {}

mod sealed {
    use crate::memory::{MemoryMut, Word};

    pub trait Store {
        const WORD: Word;
        fn store<M: MemoryMut>(self, memory: &M, at: usize);
    }
}

macro_rules! sample {
    ($value:ty, $word:ident, $store:ident, $v:ident => $bits:expr) => {
        impl Sample for $value {}
        impl sealed::Store for $value {
            const WORD: Word = Word::$word;

            #[inline]
            fn store<M: MemoryMut>(self, memory: &M, at: usize) {
                let $v = self;
                memory.$store(at, $bits.to_le());
            }
        }
    };
}

sample!(i16, B2, store_u16, v => v.cast_unsigned());
sample!(i32, B4, store_u32, v => v.cast_unsigned());
sample!(i64, B8, store_u64, v => v.cast_unsigned());
sample!(f32, B4, store_u32, v => v.to_bits());
sample!(f64, B8, store_u64, v => v.to_bits());

/// Frames that were reserved: the next ones to be published.
#[derive(Debug)]
pub struct Reserved<'r, M> {
    pub(super) data: &'r M,
    pub(super) geometry: &'r Geometry,
    pub(super) index: u32,
    pub(super) frames: u32,
}

impl<'r, M: MemoryMut> Reserved<'r, M> {
    /// How many.
    #[must_use]
    pub const fn len(&self) -> u32 {
        self.frames
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// Frame `i`, to be filled with samples of type `T`. `None` when there is no such frame, or when the stream's samples have another size.
    #[must_use]
    #[inline]
    pub fn frame<T: Sample>(&self, i: u32) -> Option<Frame<'r, M, T>> {
        (i < self.frames && T::WORD == self.geometry.word).then(|| Frame {
            data: self.data,
            at: self.geometry.frame_at(self.place(i)),
            samples: self.geometry.frame_bytes / T::WORD.size(),
            _samples: core::marker::PhantomData,
        })
    }

    /// Sets the time of frame `i`, in the unit of the buffered axis, in a stream that has times.
    #[inline]
    pub fn set_time(&self, i: u32, time: f64) {
        if i < self.frames && self.geometry.has_times {
            self.data.store_u64(Geometry::time_at(self.place(i)), time.to_bits().to_le());
        }
    }

    /// Where frame `i` lies in the ring.
    const fn place(&self, i: u32) -> u32 {
        let room = self.geometry.n_frames - self.index;
        if i < room { self.index + i } else { i - room }
    }
}

/// A frame that is being filled.
#[derive(Debug)]
pub struct Frame<'r, M, T> {
    data: &'r M,
    at: usize,
    samples: usize,
    _samples: core::marker::PhantomData<T>,
}

impl<M: MemoryMut, T: Sample> Frame<'_, M, T> {
    /// Samples in it, in C order.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.samples
    }

    /// Never.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.samples == 0
    }

    /// Stores a sample; nothing when there is no such one.
    #[inline]
    pub fn set(&mut self, sample: usize, value: T) {
        if sample < self.samples {
            value.store(self.data, self.at + sample * T::WORD.size());
        }
    }
}
