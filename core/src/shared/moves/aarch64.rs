//! The moves of `AArch64`: pairs of 16 bytes, as every such processor has them. A part of the unsafe room.
//!
//! Must never know what the bytes mean.

use core::arch::asm;

use crate::memory::Word;

/// Copies upwards: 64 bytes at a time, then 32, 16, 8, 4, 2 and 1. Both addresses stay on the grid of the words that they began on.
///
/// # Safety
/// `len` bytes from `from` may be read and `len` bytes from `to` written, and the two do not overlap.
#[inline]
pub(super) unsafe fn copy(from: *const u8, to: *mut u8, len: usize, _: Word) {
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
