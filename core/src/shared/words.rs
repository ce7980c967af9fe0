//! Copies in relaxed atomic words: the portable way, and the one that Miri and `ThreadSanitizer` see. A part of the unsafe room.
//!
//! Must never know what the bytes mean. Has no fences: who orders a copy says so where it is called.

use core::sync::atomic::Ordering;

use portable_atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64};

use crate::memory::Word;

macro_rules! load_words {
    ($from:ident, $target:ident, $value:ty, $atomic:ty) => {{
        let (words, _) = $target.as_chunks_mut::<{ size_of::<$value>() }>();
        let first = $from.cast::<$value>();
        for (i, word) in words.iter_mut().enumerate() {
            // SAFETY: in range, aligned and atomic only by the caller's contract.
            let atomic = unsafe { <$atomic>::from_ptr(first.wrapping_add(i)) };
            // Relaxed: ordering comes from the fences, each of which names its pair where it is called.
            *word = atomic.load(Ordering::Relaxed).to_ne_bytes();
        }
    }};
}

macro_rules! store_words {
    ($source:ident, $to:ident, $value:ty, $atomic:ty) => {{
        let (words, _) = $source.as_chunks::<{ size_of::<$value>() }>();
        let first = $to.cast::<$value>();
        for (i, word) in words.iter().enumerate() {
            // SAFETY: in range, aligned and atomic only by the caller's contract.
            let atomic = unsafe { <$atomic>::from_ptr(first.wrapping_add(i)) };
            // Relaxed: as for loads.
            atomic.store(<$value>::from_ne_bytes(*word), Ordering::Relaxed);
        }
    }};
}

/// Fills `target` from shared memory.
///
/// # Safety
/// `target.len()` bytes from `from` are mapped, and accessed by this process through atomics and this module alone. `from` and the length are
/// multiples of the word.
#[inline]
pub(super) unsafe fn load(from: *mut u8, target: &mut [u8], word: Word) {
    match word {
        Word::B1 => load_words!(from, target, u8, AtomicU8),
        Word::B2 => load_words!(from, target, u16, AtomicU16),
        Word::B4 => load_words!(from, target, u32, AtomicU32),
        Word::B8 => load_words!(from, target, u64, AtomicU64),
    }
}

/// Stores `source` in shared memory.
///
/// # Safety
/// As for [`load`], and the memory is writable.
#[inline]
pub(super) unsafe fn store(source: &[u8], to: *mut u8, word: Word) {
    match word {
        Word::B1 => store_words!(source, to, u8, AtomicU8),
        Word::B2 => store_words!(source, to, u16, AtomicU16),
        Word::B4 => store_words!(source, to, u32, AtomicU32),
        Word::B8 => store_words!(source, to, u64, AtomicU64),
    }
}
