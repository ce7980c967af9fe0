//! The moves of x86-64: 16 bytes at a time as every such processor has them (SSE2), 32 where there is AVX. A part of the unsafe room.
//!
//! Must never know what the bytes mean.

use core::arch::asm;
use core::arch::x86_64::{__cpuid, __cpuid_count};
use core::sync::atomic::{AtomicU8, Ordering};

use crate::memory::Word;

cpufeatures::new!(has_avx, "avx");

/// Bytes of one turn with AVX's moves.
const TURN: usize = 128;

/// Bytes from which on it pays that no move of 32 goes over the end of a cache line of the target.
const ALIGNED: usize = 384;

/// Bytes from which on a string move is worth its start; glibc takes the same for processors with AVX.
const STRING: usize = 4096;

/// Whether long string moves are as fast as any: "enhanced rep movsb" (Intel SDM volume 2, CPUID: leaf 7, EBX bit 9; AMD APM volume 3, the same).
///
/// AMD's Zen 3 and 4 say so too, but there they take up to twice as long as AVX's moves where source and target lie differently within a cache
/// line or a page (glibc bug 30994; bench, suite `publish`).
#[inline]
fn has_fast_strings() -> bool {
    const UNKNOWN: u8 = 0;
    const NO: u8 = 1;
    const YES: u8 = 2;
    /// CPUID takes microseconds on a virtual machine.
    static KNOWN: AtomicU8 = AtomicU8::new(UNKNOWN);
    // Relaxed: whoever comes first finds the same.
    match KNOWN.load(Ordering::Relaxed) {
        UNKNOWN => {
            let fast = __cpuid(0).eax >= 7 && __cpuid_count(7, 0).ebx & 1 << 9 != 0 && !is_zen_3_or_4();
            KNOWN.store(if fast { YES } else { NO }, Ordering::Relaxed);
            fast
        }
        known => known == YES,
    }
}

/// Family 19h of AMD's processors (AMD APM volume 3, CPUID: leaf 0, the vendor's name; leaf 1, EAX: family and, behind Fh, extended family).
fn is_zen_3_or_4() -> bool {
    let vendor = __cpuid(0);
    let signature = __cpuid(1).eax;
    let family = (signature >> 8 & 0xf) + (signature >> 20 & 0xff);
    (vendor.ebx, vendor.edx, vendor.ecx) == (name(b"Auth"), name(b"enti"), name(b"cAMD")) && family == 0x19
}

/// Four letters as CPUID puts them into a register.
const fn name(letters: &[u8; 4]) -> u32 {
    u32::from_le_bytes(*letters)
}

/// Copies upwards. Both addresses stay on the grid of the words that they began on.
///
/// # Safety
/// `len` bytes from `from` may be read and `len` bytes from `to` written, and the two do not overlap.
#[inline]
pub(super) unsafe fn copy(from: *const u8, to: *mut u8, len: usize, word: Word) {
    let (mut from, mut to, mut left) = (from, to, len);
    if left >= TURN && has_avx::get() {
        // SAFETY: what the caller answers for, not less than a turn, on a processor that has AVX.
        (from, to, left) = unsafe { copy_by_32(from, to, left, word) };
        if left == 0 {
            return;
        }
    }
    // SAFETY: the rest of what the caller answers for.
    unsafe { copy_by_16(from, to, left) };
}

/// As [`copy`], into memory that the processor need not have: for what is too large to stay in its nearest cache, string moves take whole
/// cache lines without reading them first. Their bytes come in any order among each other and words of theirs may be split, but not with what is stored
/// before and after (Intel SDM volume 3, "Fast-String Operation and Out-of-Order Stores"); who reads meanwhile has to prove what was read anyway.
///
/// # Safety
/// As for [`copy`].
#[inline]
pub(super) unsafe fn copy_far(from: *const u8, to: *mut u8, len: usize, word: Word) {
    if len < STRING {
        // SAFETY: what the caller answers for.
        unsafe { copy(from, to, len, word) }
    } else {
        // SAFETY: what the caller answers for.
        unsafe { copy_string(from, to, len, word) }
    }
}

/// By a string move where those are fast. A call: what is long enough for one does not feel it, and short copies are not crowded by it.
///
/// # Safety
/// As for [`copy`].
#[inline(never)]
unsafe fn copy_string(from: *const u8, to: *mut u8, len: usize, word: Word) {
    if !has_fast_strings() {
        // SAFETY: what the caller answers for.
        return unsafe { copy(from, to, len, word) };
    }
    // SAFETY: reads `len` bytes behind `from` and writes as many behind `to`, which the caller answers for, and nothing else; uses no stack. The
    // direction flag is clear wherever assembly begins.
    unsafe {
        asm!(
            "rep movsb",
            inout("rsi") from => _,
            inout("rdi") to => _,
            inout("rcx") len => _,
            options(nostack, preserves_flags),
        );
    }
}

/// 128 bytes at a time. Of a longer copy each 32 of them lie within one cache line of the target: before those come the bytes up to the first such
/// place, by a move of 32 that the next ones overlap; not where that is within a word, which two moves would split. Returns what is left
/// to copy: less than a turn.
///
/// # Safety
/// As for [`copy`]; `len` is at least [`TURN`], and the processor has AVX.
#[inline]
unsafe fn copy_by_32(from: *const u8, to: *mut u8, len: usize, word: Word) -> (*const u8, *mut u8, usize) {
    let (from_rest, to_rest, left);
    // SAFETY: reads `len` bytes behind `from` and writes as many behind `to` at most, which the caller answers for, and nothing else; uses no stack.
    unsafe {
        asm!(
            "cmp {left}, {worth}",
            "jb 3f",
            "mov {head}, {to}",
            "neg {head}",
            "and {head}, 31",
            "jz 3f",
            "test {head}, {within}",
            "jnz 3f",
            "vmovdqu ymm0, [{from}]",
            "vmovdqu [{to}], ymm0",
            "add {from}, {head}",
            "add {to}, {head}",
            "sub {left}, {head}",
            "3:",
            "sub {left}, 128",
            "jb 4f",
            "2:",
            "vmovdqu ymm0, [{from}]",
            "vmovdqu ymm1, [{from} + 32]",
            "vmovdqu ymm2, [{from} + 64]",
            "vmovdqu ymm3, [{from} + 96]",
            "vmovdqu [{to}], ymm0",
            "vmovdqu [{to} + 32], ymm1",
            "vmovdqu [{to} + 64], ymm2",
            "vmovdqu [{to} + 96], ymm3",
            "add {from}, 128",
            "add {to}, 128",
            "sub {left}, 128",
            "jae 2b",
            "4:",
            "add {left}, 128",
            // Moves of 16 bytes behind those of 32 are slow on some processors otherwise.
            "vzeroupper",
            from = inout(reg) from => from_rest,
            to = inout(reg) to => to_rest,
            left = inout(reg) len => left,
            head = out(reg) _,
            within = in(reg) word.size() - 1,
            worth = const ALIGNED,
            // The upper halves of all of them are zeroed.
            out("xmm0") _,
            out("xmm1") _,
            out("xmm2") _,
            out("xmm3") _,
            out("xmm4") _,
            out("xmm5") _,
            out("xmm6") _,
            out("xmm7") _,
            out("xmm8") _,
            out("xmm9") _,
            out("xmm10") _,
            out("xmm11") _,
            out("xmm12") _,
            out("xmm13") _,
            out("xmm14") _,
            out("xmm15") _,
            options(nostack),
        );
    }
    (from_rest, to_rest, left)
}

/// 64 bytes at a time, then 32, 16, 8, 4, 2 and 1.
///
/// # Safety
/// As for [`copy`].
#[inline]
unsafe fn copy_by_16(from: *const u8, to: *mut u8, len: usize) {
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
