//! Copies by the processor's own moves, on x86-64 and `AArch64`. A part of the unsafe room.
//!
//! The compiler may not join atomic words into wider moves, which costs most of a large copy's time. Here the moves are written down in assembly, which the
//! compiler takes for what it cannot look into: to the language it stands for the relaxed words of [`super::words`], whatever its width.
//! A word that lies on its own grid is never split: a move is at least as wide as it, or covers it alone.
//!
//! Must never know what the bytes mean. Has no fences: who orders a copy says so where it is called.

use core::arch::asm;

use crate::memory::Word;

/// Fills `target` from shared memory.
///
/// # Safety
/// `target.len()` bytes from `from` are mapped, and accessed by this process through atomics and this module alone.
#[inline]
pub(super) unsafe fn load(from: *mut u8, target: &mut [u8], _: Word) {
    // SAFETY: `from` by the caller's contract; a mutable slice is valid for writes of its length.
    unsafe { copy(from, target.as_mut_ptr(), target.len()) }
}

/// Stores `source` in shared memory.
///
/// # Safety
/// As for [`load`], and the memory is writable.
#[inline]
pub(super) unsafe fn store(source: &[u8], to: *mut u8, _: Word) {
    // SAFETY: `to` by the caller's contract; a slice is valid for reads of its length.
    unsafe { copy(source.as_ptr(), to, source.len()) }
}

/// Copies upwards: 64 bytes, then 16 at a time, then 8, 4, 2 and 1. Both addresses stay on the grid of the words that they began on.
///
/// # Safety
/// `len` bytes from `from` may be read and `len` bytes from `to` written, and the two do not overlap.
#[cfg(target_arch = "x86_64")]
#[inline]
unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: reads `len` bytes behind `from` and writes as many behind `to`, which the caller answers for, and nothing else; uses no stack.
    unsafe {
        asm!(
            "sub {left}, 64",
            "jb 3f",
            "2:",
            "movups {a}, [{from}]",
            "movups {b}, [{from} + 16]",
            "movups {c}, [{from} + 32]",
            "movups {d}, [{from} + 48]",
            "movups [{to}], {a}",
            "movups [{to} + 16], {b}",
            "movups [{to} + 32], {c}",
            "movups [{to} + 48], {d}",
            "add {from}, 64",
            "add {to}, 64",
            "sub {left}, 64",
            "jae 2b",
            "3:",
            "test {left:l}, 32",
            "jz 4f",
            "movups {a}, [{from}]",
            "movups {b}, [{from} + 16]",
            "movups [{to}], {a}",
            "movups [{to} + 16], {b}",
            "add {from}, 32",
            "add {to}, 32",
            "4:",
            "test {left:l}, 31",
            "jz 9f",
            "test {left:l}, 16",
            "jz 5f",
            "movups {a}, [{from}]",
            "movups [{to}], {a}",
            "add {from}, 16",
            "add {to}, 16",
            "5:",
            "test {left:l}, 8",
            "jz 6f",
            "mov {word}, [{from}]",
            "mov [{to}], {word}",
            "add {from}, 8",
            "add {to}, 8",
            "6:",
            "test {left:l}, 4",
            "jz 7f",
            "mov {word:e}, [{from}]",
            "mov [{to}], {word:e}",
            "add {from}, 4",
            "add {to}, 4",
            "7:",
            "test {left:l}, 2",
            "jz 8f",
            "mov {word:x}, [{from}]",
            "mov [{to}], {word:x}",
            "add {from}, 2",
            "add {to}, 2",
            "8:",
            "test {left:l}, 1",
            "jz 9f",
            "mov {word:l}, [{from}]",
            "mov [{to}], {word:l}",
            "9:",
            from = inout(reg) from => _,
            to = inout(reg) to => _,
            left = inout(reg) len => _,
            word = out(reg) _,
            a = out(xmm_reg) _,
            b = out(xmm_reg) _,
            c = out(xmm_reg) _,
            d = out(xmm_reg) _,
            options(nostack),
        );
    }
}

/// As on x86-64.
///
/// # Safety
/// As on x86-64.
#[cfg(target_arch = "aarch64")]
#[inline]
unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    // SAFETY: reads `len` bytes behind `from` and writes as many behind `to`, which the caller answers for, and nothing else; uses no stack.
    unsafe {
        asm!(
            "subs {left}, {left}, #64",
            "b.lo 3f",
            "2:",
            "ldp {a:q}, {b:q}, [{from}]",
            "ldp {c:q}, {d:q}, [{from}, #32]",
            "add {from}, {from}, #64",
            "stp {a:q}, {b:q}, [{to}]",
            "stp {c:q}, {d:q}, [{to}, #32]",
            "add {to}, {to}, #64",
            "subs {left}, {left}, #64",
            "b.hs 2b",
            "3:",
            "tbz {left}, #5, 4f",
            "ldp {a:q}, {b:q}, [{from}], #32",
            "stp {a:q}, {b:q}, [{to}], #32",
            "4:",
            "tbz {left}, #4, 5f",
            "ldr {a:q}, [{from}], #16",
            "str {a:q}, [{to}], #16",
            "5:",
            "tbz {left}, #3, 6f",
            "ldr {word}, [{from}], #8",
            "str {word}, [{to}], #8",
            "6:",
            "tbz {left}, #2, 7f",
            "ldr {word:w}, [{from}], #4",
            "str {word:w}, [{to}], #4",
            "7:",
            "tbz {left}, #1, 8f",
            "ldrh {word:w}, [{from}], #2",
            "strh {word:w}, [{to}], #2",
            "8:",
            "tbz {left}, #0, 9f",
            "ldrb {word:w}, [{from}]",
            "strb {word:w}, [{to}]",
            "9:",
            from = inout(reg) from => _,
            to = inout(reg) to => _,
            left = inout(reg) len => _,
            word = out(reg) _,
            a = out(vreg) _,
            b = out(vreg) _,
            c = out(vreg) _,
            d = out(vreg) _,
            options(nostack),
        );
    }
}
