//! The way to a stream's thread: what waits there is bounded in messages and in bytes.
//!
//! Whoever puts something in never waits: what there is no room for is lost, as on the way.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Duration;

/// Messages that wait.
const MESSAGES: usize = 2048;
/// Bytes of them: a few times the longest message.
pub(super) const BYTES: usize = 16 << 20;

/// Where things are put in. What they take is counted by who puts them in.
#[derive(Debug)]
pub(super) struct Queue<T> {
    things: SyncSender<(T, usize)>,
    bytes: Arc<AtomicUsize>,
}

/// Where they come out.
#[derive(Debug)]
pub(super) struct Waiting<T> {
    things: Receiver<(T, usize)>,
    bytes: Arc<AtomicUsize>,
}

/// Both ends.
pub(super) fn queue<T>() -> (Queue<T>, Waiting<T>) {
    let ((put, things), bytes) = (sync_channel(MESSAGES), Arc::new(AtomicUsize::new(0)));
    (Queue { things: put, bytes: bytes.clone() }, Waiting { things, bytes })
}

impl<T> Clone for Queue<T> {
    fn clone(&self) -> Self {
        Self { things: self.things.clone(), bytes: self.bytes.clone() }
    }
}

impl<T> Queue<T> {
    /// Puts something of so many bytes in; whether there was room.
    pub(super) fn put(&self, thing: T, bytes: usize) -> bool {
        // Relaxed: a count alone, nothing is published with it.
        let room = self.bytes.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |waiting| {
            waiting.checked_add(bytes).filter(|sum| *sum <= BYTES)
        });
        if room.is_err() {
            return false;
        }
        let is_in = self.things.try_send((thing, bytes)).is_ok();
        if !is_in {
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
        }
        is_in
    }
}

impl<T> Waiting<T> {
    /// What waits, after so long at most: no more at once than there is room for, however fast it is filled again.
    pub(super) fn take(&self, within: Duration) -> impl Iterator<Item = T> {
        let mut first = self.things.recv_timeout(within).ok();
        let mut taken = 0_usize;
        let next = move || {
            let (thing, bytes) = match first.take() {
                Some(first) => first,
                None if taken < BYTES => self.things.try_recv().ok()?,
                None => return None,
            };
            // Relaxed: as above.
            self.bytes.fetch_sub(bytes, Ordering::Relaxed);
            taken = taken.saturating_add(bytes);
            Some(thing)
        };
        std::iter::from_fn(next).take(MESSAGES)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOON: Duration = Duration::ZERO;

    #[test]
    fn what_waits_is_bounded_in_bytes_and_in_messages() {
        let (queue, waiting) = queue();
        let long = BYTES / 4;
        let taken = (0..10).filter(|i| queue.put(*i, long)).count();
        assert_eq!(taken, 4);
        assert!(queue.put(10, 0) && !queue.put(11, 1) && !queue.put(12, usize::MAX));
        assert_eq!(waiting.take(SOON).collect::<Vec<_>>(), [0, 1, 2, 3], "so many bytes at once");
        assert_eq!(waiting.take(SOON).collect::<Vec<_>>(), [10]);
        assert_eq!((0..3000).filter(|i| queue.put(*i, 1)).count(), MESSAGES);
        assert_eq!(waiting.take(SOON).count(), MESSAGES);
        // What was not taken, and what was taken out, does not count.
        assert!(queue.put(0, BYTES));
        assert_eq!(waiting.take(SOON).count(), 1);
        assert_eq!(waiting.take(SOON).count(), 0);
    }
}
