//! Sleeping on the extension block's futex word, and waking who sleeps.
//!
//! The word changes with each publication. A reader sleeps on it from its read-only mapping; nothing is written for that, so a sleeper that
//! is killed leaves nothing behind. The acquisition only ever changes the word: the waking is done by a thread of its own.

use std::time::Duration;

use axismirror_core::extension::WAKE_AT;
use axismirror_core::memory::Memory;
use rustix::io::Errno;
use rustix::thread::futex;
use rustix::time::Timespec;

use super::segment::Mapped;

/// Sleeps until the word is no longer `seen` and somebody wakes us, or the time is up. May return early.
pub(crate) fn sleep<B: Memory>(header: &Mapped<B>, seen: u32, longest: Duration) {
    let Some(word) = header.futex_word(WAKE_AT) else { return std::thread::sleep(longest) };
    let timeout = Timespec::try_from(longest).ok();
    match futex::wait(word, futex::Flags::empty(), seen.to_le(), timeout.as_ref()) {
        // AGAIN: it has changed already. INTR: a signal. TIMEDOUT: time is up.
        Ok(()) | Err(Errno::AGAIN | Errno::INTR | Errno::TIMEDOUT) => {}
        // A kernel without futexes on such a mapping: poll.
        Err(_) => std::thread::sleep(longest.min(Duration::from_millis(1))),
    }
}

/// Wakes all mirrors that sleep on a stream, by the header that its publisher or its extension block is over. A system call: never on a thread that acquires.
pub fn wake_all<B: Memory>(header: &Mapped<B>) {
    if let Some(word) = header.futex_word(WAKE_AT) {
        let _ = futex::wake(word, futex::Flags::empty(), i32::MAX as u32);
    }
}
