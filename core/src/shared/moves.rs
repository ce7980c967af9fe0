//! Copies by the processor's own moves, on x86-64 and `AArch64`. A part of the unsafe room.
//!
//! The compiler may not join atomic words into wider moves, which costs most of a large copy's time. Here the moves are written down in assembly, which the
//! compiler takes for what it cannot look into: to the language it stands for the relaxed words of [`super::words`], whatever its width.
//! A word that lies on its own grid is never split, but in long stores on x86-64: a move is at least as wide as it, or covers it alone.
//!
//! Must never know what the bytes mean. Has no fences: who orders a copy says so where it is called.

#[cfg(target_arch = "aarch64")]
mod aarch64;
#[cfg(target_arch = "x86_64")]
mod x86_64;

#[cfg(target_arch = "aarch64")]
use self::aarch64::{copy, copy as copy_far};
#[cfg(target_arch = "x86_64")]
use self::x86_64::{copy, copy_far};
use crate::memory::Word;

/// Fills `target` from shared memory.
///
/// # Safety
/// `target.len()` bytes from `from` are mapped, and accessed by this process through atomics and this module alone.
#[inline]
pub(super) unsafe fn load(from: *mut u8, target: &mut [u8], word: Word) {
    // SAFETY: `from` by the caller's contract; a mutable slice is valid for writes of its length.
    unsafe { copy(from, target.as_mut_ptr(), target.len(), word) }
}

/// Stores `source` in shared memory.
///
/// # Safety
/// As for [`load`], and the memory is writable.
#[inline]
pub(super) unsafe fn store(source: &[u8], to: *mut u8, word: Word) {
    // SAFETY: `to` by the caller's contract; a slice is valid for reads of its length.
    unsafe { copy_far(source.as_ptr(), to, source.len(), word) }
}
