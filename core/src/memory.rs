//! What the ring needs of memory that another process reads or writes at the same time.
//!
//! Relaxed loads and stores of naturally aligned words, and fences: nothing else, so that the same ring code runs over /dev/shm, over a
//! static slice on a microcontroller, and over the model checker's memory in the tests. Knows no layout.

use core::ops::Deref;

use crate::fence::{Acquire, Release};

/// Size of the words in which a location is read and written: always the same one for a location, on both sides.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Word {
    /// Single bytes.
    B1 = 1,
    /// `u16`
    B2 = 2,
    /// `u32`
    B4 = 4,
    /// `u64`
    B8 = 8,
}

impl Word {
    /// The largest word that divides `n` bytes (8 for 0).
    #[must_use]
    pub const fn dividing(n: usize) -> Self {
        match n & 7 {
            0 => Self::B8,
            4 => Self::B4,
            2 | 6 => Self::B2,
            _ => Self::B1,
        }
    }

    /// Its size in bytes.
    #[must_use]
    #[inline]
    pub const fn size(self) -> usize {
        self as usize
    }
}

/// Bytes that others write while we read them.
///
/// All accesses are relaxed and atomic by the word. An access that is out of range or not aligned to its size reads 0: views check their
/// memory's length once, when they are made, so that this never happens to them. A location is always accessed in words of one size:
/// the layouts say which.
pub trait Memory {
    /// A handle on the first bytes of this memory.
    type First<'m>: Memory + Copy
    where
        Self: 'm;

    /// Length in bytes.
    fn len(&self) -> usize;

    /// The first `len` bytes; `None` when there are fewer. Of so many as the compiler knows, what lies at a place that it knows is accessed
    /// without a check, as the hot paths do.
    fn first(&self, len: usize) -> Option<Self::First<'_>>;

    /// Whether there is no byte at all.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Loads one byte.
    fn load_u8(&self, at: usize) -> u8;
    /// Loads two bytes.
    fn load_u16(&self, at: usize) -> u16;
    /// Loads four bytes.
    fn load_u32(&self, at: usize) -> u32;
    /// Loads eight bytes.
    fn load_u64(&self, at: usize) -> u64;

    /// Everything loaded before this fence happened before what comes after it, as `fence(Acquire)`. Which one it is matters to models alone.
    fn fence_acquire(&self, which: Acquire);

    /// Loads into `target` from `at` on, in words of the given size. `at` and the length are multiples of the word.
    fn load_bytes(&self, at: usize, target: &mut [u8], word: Word) {
        let size = word.size();
        for (i, piece) in target.chunks_exact_mut(size).enumerate() {
            let at = at + i * size;
            match word {
                Word::B1 => piece.copy_from_slice(&self.load_u8(at).to_ne_bytes()),
                Word::B2 => piece.copy_from_slice(&self.load_u16(at).to_ne_bytes()),
                Word::B4 => piece.copy_from_slice(&self.load_u32(at).to_ne_bytes()),
                Word::B8 => piece.copy_from_slice(&self.load_u64(at).to_ne_bytes()),
            }
        }
    }

    /// Loads numbers, each of eight little-endian bytes, from `at` on, a multiple of 8.
    fn load_f64s(&self, at: usize, target: &mut [f64]) {
        for (i, value) in target.iter_mut().enumerate() {
            *value = f64::from_bits(u64::from_le(self.load_u64(at + 8 * i)));
        }
    }
}

/// Bytes that we may write, too. An access that is out of range or not aligned writes nothing.
pub trait MemoryMut: Memory {
    /// As [`Memory::First`], to be written.
    type FirstMut<'m>: MemoryMut + Copy
    where
        Self: 'm;

    /// As [`Memory::first`], to be written.
    fn first_mut(&self, len: usize) -> Option<Self::FirstMut<'_>>;

    /// Stores one byte.
    fn store_u8(&self, at: usize, value: u8);
    /// Stores two bytes.
    fn store_u16(&self, at: usize, value: u16);
    /// Stores four bytes.
    fn store_u32(&self, at: usize, value: u32);
    /// Stores eight bytes.
    fn store_u64(&self, at: usize, value: u64);

    /// Everything before this fence happened before what is stored after it, as `fence(Release)`. Which one it is matters to models alone.
    fn fence_release(&self, which: Release);

    /// Stores `source` from `at` on, in words of the given size. `at` and the length are multiples of the word.
    fn store_bytes(&self, at: usize, source: &[u8], word: Word) {
        let size = word.size();
        for (i, piece) in source.chunks_exact(size).enumerate() {
            let at = at + i * size;
            match *piece {
                [a] => self.store_u8(at, a),
                [a, b] => self.store_u16(at, u16::from_ne_bytes([a, b])),
                [a, b, c, d] => self.store_u32(at, u32::from_ne_bytes([a, b, c, d])),
                [a, b, c, d, e, f, g, h] => self.store_u64(at, u64::from_ne_bytes([a, b, c, d, e, f, g, h])),
                _ => {}
            }
        }
    }

    /// Stores numbers, each as eight little-endian bytes, from `at` on, a multiple of 8.
    fn store_f64s(&self, at: usize, source: &[f64]) {
        for (i, value) in source.iter().enumerate() {
            self.store_u64(at + 8 * i, value.to_bits().to_le());
        }
    }
}

/// A handle on memory is memory: a reference, a mapping.
impl<P: Deref<Target: Memory>> Memory for P {
    type First<'m>
        = <P::Target as Memory>::First<'m>
    where
        Self: 'm;

    #[inline]
    fn len(&self) -> usize {
        (**self).len()
    }
    #[inline]
    fn first(&self, len: usize) -> Option<Self::First<'_>> {
        (**self).first(len)
    }
    #[inline]
    fn load_u8(&self, at: usize) -> u8 {
        (**self).load_u8(at)
    }
    #[inline]
    fn load_u16(&self, at: usize) -> u16 {
        (**self).load_u16(at)
    }
    #[inline]
    fn load_u32(&self, at: usize) -> u32 {
        (**self).load_u32(at)
    }
    #[inline]
    fn load_u64(&self, at: usize) -> u64 {
        (**self).load_u64(at)
    }
    #[inline]
    fn fence_acquire(&self, which: Acquire) {
        (**self).fence_acquire(which);
    }
    #[inline]
    fn load_bytes(&self, at: usize, target: &mut [u8], word: Word) {
        (**self).load_bytes(at, target, word);
    }
    #[inline]
    fn load_f64s(&self, at: usize, target: &mut [f64]) {
        (**self).load_f64s(at, target);
    }
}

/// As for [`Memory`].
impl<P: Deref<Target: MemoryMut>> MemoryMut for P {
    type FirstMut<'m>
        = <P::Target as MemoryMut>::FirstMut<'m>
    where
        Self: 'm;

    #[inline]
    fn first_mut(&self, len: usize) -> Option<Self::FirstMut<'_>> {
        (**self).first_mut(len)
    }
    #[inline]
    fn store_u8(&self, at: usize, value: u8) {
        (**self).store_u8(at, value);
    }
    #[inline]
    fn store_u16(&self, at: usize, value: u16) {
        (**self).store_u16(at, value);
    }
    #[inline]
    fn store_u32(&self, at: usize, value: u32) {
        (**self).store_u32(at, value);
    }
    #[inline]
    fn store_u64(&self, at: usize, value: u64) {
        (**self).store_u64(at, value);
    }
    #[inline]
    fn fence_release(&self, which: Release) {
        (**self).fence_release(which);
    }
    #[inline]
    fn store_bytes(&self, at: usize, source: &[u8], word: Word) {
        (**self).store_bytes(at, source, word);
    }
    #[inline]
    fn store_f64s(&self, at: usize, source: &[f64]) {
        (**self).store_f64s(at, source);
    }
}
