//! Answers out of recordings: frames that are neither in the cache nor in the ring any more.
//!
//! A thread of its own: files are slow, and whoever asks for what a relay has at hand, or for its clocks, does not wait for them.

use std::ops::Range;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{MutexGuard, PoisonError};
use std::thread::JoinHandle;

use zenoh::Wait as _;
use zenoh::bytes::ZBytes;
use zenoh::query::Query;

use super::answers::{BUDGET, gone};
use super::chunk::{Chunk, Content};
use super::error::NetworkError;
use super::pieces::cut;
use super::relayed::{Shared, SharedStream};
use crate::recording::{Found, Recordings};

/// Questions that may wait; who asks more is not answered, and asks again.
const WAITING: usize = 32;

/// Frames of a stream that somebody asked for.
struct Wanted {
    stream: SharedStream,
    query: Query,
    instance: u64,
    frames: Range<u64>,
}

/// The thread, and the way to it.
#[derive(Debug)]
pub(super) struct Archive {
    wanted: SyncSender<Wanted>,
    thread: JoinHandle<()>,
}

impl Archive {
    pub(super) fn start(recordings: Recordings) -> Result<Self, NetworkError> {
        let (wanted, asked) = sync_channel(WAITING);
        let thread = std::thread::Builder::new().name("axm-recordings".to_owned());
        let thread = thread.spawn(move || answer_all(&asked, recordings)).map_err(NetworkError::Thread)?;
        Ok(Self { wanted, thread })
    }

    /// Answers with what recordings have of some frames, as soon as they can be read. Never waits.
    pub(super) fn answer(&self, stream: &SharedStream, query: &Query, instance: u64, frames: Range<u64>) {
        let _ = self.wanted.try_send(Wanted { stream: stream.clone(), query: query.clone(), instance, frames });
    }

    /// Ends the thread.
    pub(super) fn end(self) {
        drop(self.wanted);
        let _ = self.thread.join();
    }
}

fn answer_all(asked: &Receiver<Wanted>, mut recordings: Recordings) {
    crate::realtime::leave();
    for wanted in asked {
        if let Err(error) = answer(&wanted, &mut recordings) {
            tracing::debug!("a question could not be answered from a recording: {error}");
        }
    }
}

fn answer(wanted: &Wanted, recordings: &mut Recordings) -> Result<(), zenoh::Error> {
    let Wanted { stream, query, instance, frames } = wanted;
    let shared = || -> MutexGuard<'_, Shared> { stream.lock().unwrap_or_else(PoisonError::into_inner) };
    let (name, run) = {
        let shared = shared();
        (shared.address.stream.clone(), shared.run)
    };
    // While it waited another run may have begun.
    if run.instance != *instance {
        return Ok(());
    }
    let found = recordings.find(&name, *instance, frames.clone(), BUDGET);
    tracing::debug!(stream = name, "{frames:?} out of recordings: {} answers", found.len());
    let key = query.key_expr();
    for found in found {
        let (first, bytes, times, of) = match found {
            Found::Frames { first, bytes, times, of } => (first, bytes, times, of),
            Found::Gone(frames) => {
                query.reply(key, ZBytes::from(gone(run, &frames))).wait()?;
                continue;
            }
        };
        let frame_len = of.stream.frame_bytes().max(1);
        let mut at = 0;
        while at < bytes.len() / frame_len {
            let number = first.saturating_add(at as u64);
            // Another run has begun, whose frames of these numbers are others.
            let Some(said) = shared().said_of(number, &of) else { return Ok(()) };
            let left = bytes.len() / frame_len - at;
            let n = usize::try_from(said.until.saturating_sub(number)).unwrap_or(usize::MAX).clamp(1, left);
            let end = number.saturating_add(n as u64);
            if said.frame_len == frame_len {
                let head = Chunk {
                    relay: run.relay,
                    instance: *instance,
                    description: said.description,
                    first: number,
                    generation: said.generation,
                    frames: 0,
                    frame_len: u32::try_from(frame_len).unwrap_or(u32::MAX),
                    content: Content::Frames,
                };
                let times = times.get(at..at + n).unwrap_or_default();
                let bytes = bytes.get(at * frame_len..(at + n) * frame_len).unwrap_or_default();
                for (_, message) in cut(head, times, bytes) {
                    query.reply(key, ZBytes::from(message)).wait()?;
                }
            } else {
                query.reply(key, ZBytes::from(gone(run, &(number..end)))).wait()?;
            }
            at += n;
        }
    }
    Ok(())
}
