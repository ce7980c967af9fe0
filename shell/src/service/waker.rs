//! The thread that wakes sleeping readers and tells systemd how the stream fares, so that the acquisition never makes such a call.
//!
//! It looks at the futex word, and makes the system call only when the word has changed. Which readers sleep nobody knows: they map read-only and
//! leave no trace. When it looks is the [`Rhythm`]'s to say.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use axismirror_core::extension::Extension;

use super::notify::Systemd;
use super::rhythm::{News, Rhythm};
use crate::clock::monotonic_ns;
use crate::shm::{Segment, wake_all};

/// The thread; ends when this is dropped.
#[derive(Debug)]
pub(super) struct Waker {
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
                std::thread::sleep(pause);
                let now = extension.wake();
                let count = now.wrapping_sub(seen);
                if count > 0 {
                    seen = now;
                    wake_all(extension.memory());
                }
                systemd.look(&extension);
                // The acquisition's last sign of life comes with what it publishes.
                let news = (count > 0).then(|| News { count, at_ns: extension.heartbeat() });
                pause = rhythm.next(monotonic_ns(), news);
            }
            wake_all(extension.memory());
        })?;
        Ok(Self { stop, thread: Some(thread) })
    }
}

impl Drop for Waker {
    fn drop(&mut self) {
        // Relaxed: a flag alone, nothing is published with it.
        self.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
