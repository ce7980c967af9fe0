//! The service's end: a thread that takes requests and waits for the acquisition's answer to each.

use std::io;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use super::protocol::{OTHER_USER, Request, Response, address, listener, may_ask, read_line, write_line};
use super::{Asked, ControlError, Order, Refusal};
use crate::clock;
use crate::config::Change;
use crate::conn::{Peer, Seldom};
use crate::events::{Mark, MarkError, Stamped};
use crate::shm::DEATH_PATIENCE;

/// How long a connected client may take for its request or for taking the answer.
const CLIENT_PATIENCE: Duration = Duration::from_secs(2);
/// How long the acquisition may take to carry out a request.
const ANSWER_PATIENCE: Duration = Duration::from_secs(5);
/// How long a socket whose name is taken may take to listen, or to be gone.
const BIND_PATIENCE: Duration = Duration::from_millis(200);
/// Requests that may wait for the acquisition.
const QUEUE: usize = 4;

/// Stamps an event that was asked for at a time in ns of `CLOCK_MONOTONIC`. Called by the thread that listens.
pub type Marker = Arc<dyn Fn(&Mark, i64) -> Result<Stamped, MarkError> + Send + Sync>;

/// Listens for changes and marks until it is dropped, and hands the changes out as orders.
///
/// The order of the fields matters: the orders' end goes first, so that the thread does not wait for an answer that cannot come any more when
/// it is asked to end.
#[derive(Debug)]
pub struct ControlServer {
    orders: Receiver<Order>,
    _listener: Listener,
}

impl ControlServer {
    /// Listens for changes of the stream whose header segment is named `segment` (`sm_...`), and for events that `marker` is to stamp.
    ///
    /// # Errors
    /// [`ControlError::InUse`], [`ControlError::Taken`], [`ControlError::Io`].
    pub fn start(segment: &str, marker: Marker) -> Result<Self, ControlError> {
        let (sender, orders) = sync_channel(QUEUE);
        Ok(Self { orders, _listener: Listener::start(segment, Asks { orders: sender, marker })? })
    }

    /// The next order, if there is one. Never waits: the acquisition asks between two frames.
    #[must_use]
    pub fn next_order(&self) -> Option<Order> {
        self.orders.try_recv().ok()
    }

    /// Ends on a thread of its own, because an answer may be on its way to a slow client. What was not taken yet is told that the stream has gone.
    pub fn retire(self) {
        let name = "control-end".to_owned();
        if let Err(error) = thread::Builder::new().name(name).spawn(move || {
            crate::realtime::leave();
            drop(self);
        }) {
            // Then `self` was dropped here.
            tracing::warn!("control: no thread to end in: {error}");
        }
    }
}

/// The socket and its thread.
#[derive(Debug)]
struct Listener {
    address: SocketAddr,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    fn start(segment: &str, asks: Asks) -> Result<Self, ControlError> {
        let address = address(segment)?;
        let listener = bind(segment, &address)?;
        let closing = Arc::new(AtomicBool::new(false));
        let closed = Arc::clone(&closing);
        let thread = thread::Builder::new().name("control".to_owned()).spawn(move || {
            crate::realtime::leave();
            let mut log = Log::default();
            for stream in listener.incoming() {
                // Acquire: pairs with the Release in `drop`.
                if closed.load(Ordering::Acquire) {
                    return;
                }
                match stream.and_then(|stream| serve(&stream, &asks, &mut log)) {
                    Ok(()) => {}
                    Err(error) => {
                        if let Some(more) = log.failed.now() {
                            tracing::warn!(%error, "control: a request failed{more}");
                        }
                        // Without file descriptors, `accept` fails at once, again and again.
                        thread::sleep(Duration::from_millis(10));
                    }
                }
            }
        })?;
        Ok(Self { address, closing, thread: Some(thread) })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Release: pairs with the Acquire in the thread.
        self.closing.store(true, Ordering::Release);
        // Wakes the thread out of `accept`. When that cannot be, it stays asleep until the process ends.
        let woken = UnixStream::connect_addr(&self.address).is_ok();
        if let Some(thread) = self.thread.take()
            && woken
        {
            let _ = thread.join();
        }
    }
}

/// Listens, unless another does; then says who. One that is between its bind and its listen has a moment for it, and one that is dying the time that it
/// takes.
fn bind(segment: &str, address: &SocketAddr) -> Result<UnixListener, ControlError> {
    let began = Instant::now();
    let mut end = began + BIND_PATIENCE;
    loop {
        match UnixListener::bind_addr(address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse => {}
            bound => return Ok(bound?),
        }
        match listener(address)? {
            Some(peer @ Peer { pid, uid }) if peer.lives() || began.elapsed() > DEATH_PATIENCE => {
                return Err(ControlError::InUse { pid, user: uid });
            }
            Some(_) => end = Instant::now() + BIND_PATIENCE,
            None if Instant::now() > end => return Err(ControlError::Taken { segment: segment.to_owned() }),
            None => {}
        }
        thread::sleep(Duration::from_millis(1));
    }
}

/// Where what is asked for goes.
struct Asks {
    orders: SyncSender<Order>,
    marker: Marker,
}

/// What others can make the log say again and again.
#[derive(Debug, Default)]
struct Log {
    refused: Seldom,
    failed: Seldom,
}

/// Serves one connection.
fn serve(stream: &UnixStream, asks: &Asks, log: &mut Log) -> io::Result<()> {
    stream.set_write_timeout(Some(CLIENT_PATIENCE))?;
    let peer = Peer::of(stream)?;
    let response = if may_ask(peer) {
        match read_line(stream, CLIENT_PATIENCE) {
            // Somebody looked whether we are here.
            Ok(line) if line.is_empty() => return Ok(()),
            Ok(line) => carry_out(&line, asks).unwrap_or_else(|no| Response::Error { why: no.why, hint: no.hint }),
            Err(error) => Response::Error { why: format!("the request cannot be read: {error}"), hint: None },
        }
    } else {
        if let Some(more) = log.refused.now() {
            tracing::warn!(%peer, "control: a request of another user was refused{more}");
        }
        Response::Error { why: OTHER_USER.to_owned(), hint: None }
    };
    write_line(stream, &response)
}

/// What a request asks for.
pub(super) fn asked(line: &str) -> Result<Asked, Refusal> {
    let request = serde_json::from_str(line).map_err(|error| no(format!("the request is not understood: {error}")))?;
    let set = match request {
        Request::Mark(marking) => {
            let (mark, at_ns) = marking.into_mark(clock::monotonic_ns());
            return Ok(Asked::Mark(mark, at_ns));
        }
        Request::Set(set) => set,
    };
    let changes = Change::parse_all(&set).map_err(|e| Refusal::from(&e))?;
    if changes.is_empty() { Err(no("the request holds no change".to_owned())) } else { Ok(Asked::Changes(changes)) }
}

fn no(why: String) -> Refusal {
    Refusal { why, hint: None }
}

fn carry_out(line: &str, asks: &Asks) -> Result<Response, Refusal> {
    match asked(line)? {
        Asked::Mark(mark, at_ns) => {
            (asks.marker)(&mark, at_ns).map(Response::Marked).map_err(|error| Refusal::from(&error))
        }
        Asked::Changes(changes) => order(changes, &asks.orders),
    }
}

fn order(changes: Vec<Change>, orders: &SyncSender<Order>) -> Result<Response, Refusal> {
    let (reply, answer) = sync_channel(1);
    orders.try_send(Order { changes, reply }).map_err(|error| match error {
        TrySendError::Full(_) => no(format!("{QUEUE} requests are waiting already")),
        TrySendError::Disconnected(_) => no("the stream is ending or has another name by now".to_owned()),
    })?;
    match answer.recv_timeout(ANSWER_PATIENCE) {
        Ok(answer) => answer.map(Response::Ok),
        Err(RecvTimeoutError::Timeout) => Err(no(format!(
            "the acquisition has not carried it out within {} s; it may still do so",
            ANSWER_PATIENCE.as_secs()
        ))),
        Err(RecvTimeoutError::Disconnected) => Err(no("the stream is ending or has another name by now".to_owned())),
    }
}
