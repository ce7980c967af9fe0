//! The thread that wakes sleeping readers and tells systemd how the stream fares, so that the acquisition never makes such a call.
//!
//! It looks at the futex word, and makes the system call only when the word has changed. Which readers sleep nobody knows: they map read-only and
//! leave no trace. When it looks is the [`Rhythm`]'s to say.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use axismirror_core::extension::{Clock, Extension};
use axismirror_core::header::HeaderView;

use super::notify::Systemd;
use super::rhythm::{News, Rhythm};
use crate::clock::{monotonic_ns, realtime_ns};
use crate::shm::{Segment, wake_all};

/// The oldest that the newest frame of a chunk can be when it is found: the longest pause, and time for a slow host.
const OLDEST_NS: i64 = 50_000_000;

/// The thread; ends when this is dropped.
#[derive(Debug)]
pub(crate) struct Waker {
    stop: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Waker {
    /// Looks after the sleepers on this header.
    pub(super) fn start(extension: Extension<Segment>) -> io::Result<Self> {
        let stop = Arc::new(AtomicBool::new(false));
        let stopped = stop.clone();
        let thread = std::thread::Builder::new().name("axm-waker".to_owned()).spawn(move || {
            crate::realtime::leave();
            let mut systemd = Systemd::new();
            let mut seen = extension.wake();
            let mut rhythm = Rhythm::default();
            let mut pause = Duration::ZERO;
            // Relaxed: a flag alone, nothing is published with it.
            while !stopped.load(Ordering::Relaxed) {
                std::thread::park_timeout(pause);
                let now = extension.wake();
                let count = now.wrapping_sub(seen);
                if count > 0 {
                    seen = now;
                    wake_all(extension.memory());
                }
                systemd.look(&extension);
                let now_ns = monotonic_ns();
                let news = (count > 0).then(|| News { count, at_ns: now_ns - age_ns(&extension, now_ns) });
                pause = rhythm.next(now_ns, news);
            }
            wake_all(extension.memory());
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

/// How old the newest frame is, in nanoseconds: how late its chunk was found, and, always alike, the way from DRDY to its publication.
fn age_ns(extension: &Extension<Segment>, monotonic_ns: i64) -> i64 {
    let Ok(header) = HeaderView::detect(extension.memory().clone()) else { return 0 };
    let now_ns = if extension.clock() == Clock::Realtime { realtime_ns() } else { monotonic_ns };
    let age = now_ns.saturating_sub(extension.counters(header.buffer_generation()).newest());
    // Of a clock that was set meanwhile, or of a file that is played, it says nothing.
    if (0..OLDEST_NS).contains(&age) { age } else { 0 }
}

impl Drop for Waker {
    fn drop(&mut self) {
        // Relaxed: a flag alone, nothing is published with it.
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
    }
}
