//! Text to the host, and the exit status: Arm semihosting, which QEMU and debuggers answer.
//!
//! The one unsafe room of this package. Must never know what is checked.
#![allow(unsafe_code)]

use core::arch::asm;
use core::fmt::{self, Write};

/// SYS_WRITE0: writes the string at the address, up to its zero (Arm semihosting specification, SYS_WRITE0).
const WRITE0: usize = 0x04;
/// SYS_EXIT_EXTENDED: ends with the reason and the subcode at the address (SYS_EXIT_EXTENDED).
const EXIT_EXTENDED: usize = 0x20;
/// ADP_Stopped_ApplicationExit, the reason whose subcode is an exit status.
const APPLICATION_EXIT: usize = 0x2_0026;

/// Bytes of one call; a longer text takes several.
const PIECE: usize = 64;

/// Calls the host: the operation in r0, its block's address in r1; the answer is in r0.
///
/// # Safety
/// `block` is what the operation asks for, and lives through the call.
unsafe fn call(operation: usize, block: *const u8) -> usize {
    let answer;
    // SAFETY: the host reads the caller's block, which is right by this function's contract, and changes r0 alone.
    unsafe { asm!("bkpt 0xAB", inlateout("r0") operation => answer, in("r1") block, options(nostack)) };
    answer
}

/// The host's console.
pub(crate) struct Console;

impl Write for Console {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        for piece in text.as_bytes().chunks(PIECE) {
            let mut with_zero = [0_u8; PIECE + 1];
            with_zero.iter_mut().zip(piece).for_each(|(to, from)| *to = *from);
            // SAFETY: WRITE0 takes the address of bytes that end in a zero; the last one was never written to.
            unsafe { call(WRITE0, with_zero.as_ptr()) };
        }
        Ok(())
    }
}

/// Ends the program with an exit status.
pub(crate) fn exit(status: u32) -> ! {
    let block = [APPLICATION_EXIT, status as usize];
    // SAFETY: EXIT_EXTENDED takes the address of two words, reason and subcode.
    unsafe { call(EXIT_EXTENDED, block.as_ptr().cast()) };
    // A host that does not listen.
    loop {
        core::hint::spin_loop();
    }
}
