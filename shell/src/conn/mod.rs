//! The life-cycle channel: a Unix socket to which Python's `multiprocessing.connection.Client` connects.
//!
//! `Client(path, family="AF_UNIX")` without an authentication key receives the events of the stream's life as strings, and ends
//! the service with `send("quit")` (`spec/wire.md`, conn). The socket's file has the stream's mode and group: with 0600 its owner and root alone
//! can connect, with 0660 the members of the group too, and any of them can end the service.
//! A client that connects late is first sent the events that led to what is there now. Nothing that a client does or omits
//! delays the sender of events. Only pickled strings are read; nothing is ever executed. Never touches a segment.

use std::io::{self, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};

mod client;
mod event;
mod framing;
mod peers;
mod pickle;
mod socket_file;
#[cfg(test)]
mod tests;
mod worker;

pub use event::Event;
pub(crate) use peers::Peer;
pub use peers::{LeftOut, Seldom};
pub use socket_file::SocketFileError;

use crate::access::Access;
use event::Replay;
pub(crate) use socket_file::SocketFile;
use worker::{Log, Worker};

/// Events that may wait for the serving thread.
const QUEUE: usize = 256;

/// What the server makes of a client's bytes, in the pieces in which they come: each message's text or refusal, and at last why the client
/// would be given up. For the fuzzer.
#[cfg(fuzzing)]
pub fn messages<'a>(pieces: impl IntoIterator<Item = &'a [u8]>) -> Vec<Result<String, String>> {
    let mut inbox = framing::Inbox::default();
    let mut messages = Vec::new();
    for piece in pieces {
        inbox.push(piece);
        loop {
            match inbox.next() {
                Ok(Some(message)) => messages.push(pickle::decode(&message).map_err(|e| e.to_string())),
                Ok(None) => break,
                Err(e) => {
                    messages.push(Err(e.to_string()));
                    return messages;
                }
            }
        }
    }
    messages
}

/// Why there is no life-cycle channel.
#[derive(Debug, thiserror::Error)]
pub enum ConnError {
    /// The socket cannot be made.
    #[error("the life-cycle channel cannot be opened")]
    Socket(#[from] SocketFileError),
    /// No thread, or no pair of sockets to wake it.
    #[error("the life-cycle channel cannot be served")]
    Thread(#[from] io::Error),
}

/// Serves the life-cycle channel until it is closed or dropped, also when the process panics.
#[derive(Debug)]
pub struct ConnServer {
    sender: EventSender,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

/// Sends events; cheap to clone, never waits.
#[derive(Clone, Debug)]
pub struct EventSender {
    events: SyncSender<Event>,
    wake: Arc<UnixStream>,
}

impl EventSender {
    /// Hands an event to the serving thread: no allocation, no waiting, one system call.
    ///
    /// Returns whether there was room for it; there always is unless hundreds are sent before the thread runs once.
    pub fn send(&self, event: Event) -> bool {
        let taken = self.events.try_send(event).is_ok();
        self.wake_up();
        taken
    }

    fn wake_up(&self) {
        // A full socket means that the thread is being woken already.
        let _ = (&*self.wake).write(&[0]);
    }
}

impl ConnServer {
    /// Listens at `path` for those who have `access`. The socket of a dead process is replaced; one that is listened to, or another file, is not.
    ///
    /// `on_quit` is called from the serving thread whenever a client sends `quit`; it should set a flag and return.
    ///
    /// # Errors
    /// [`ConnError`]; nothing is left behind then.
    pub fn start(path: &Path, access: Access, on_quit: impl Fn() + Send + 'static) -> Result<Self, ConnError> {
        let socket = SocketFile::bind(path, access)?;
        let (wake, woken) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        woken.set_nonblocking(true)?;
        let (sender, events) = sync_channel(QUEUE);
        let closing = Arc::new(AtomicBool::new(false));
        let worker = Worker {
            socket,
            events,
            wake: woken,
            closing: Arc::clone(&closing),
            on_quit: Box::new(on_quit),
            clients: Vec::new(),
            replay: Replay::default(),
            next_id: 0,
            close_sent: false,
            log: Log::default(),
        };
        let thread = thread::Builder::new().name("conn".to_owned()).spawn(move || worker.run())?;
        Ok(Self { sender: EventSender { events: sender, wake: Arc::new(wake) }, closing, thread: Some(thread) })
    }

    /// A handle to send events with.
    #[must_use]
    pub fn sender(&self) -> EventSender {
        self.sender.clone()
    }

    /// Delivers what waits, then `close`, and removes the socket. Takes at most half a second, and that only when a client
    /// does not read. Dropping does the same.
    pub fn close(mut self) {
        self.end();
    }

    fn end(&mut self) {
        // Release: pairs with the Acquire in `Worker::run`.
        self.closing.store(true, Ordering::Release);
        self.sender.wake_up();
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("conn: the serving thread panicked");
        }
    }
}

impl Drop for ConnServer {
    fn drop(&mut self) {
        self.end();
    }
}
