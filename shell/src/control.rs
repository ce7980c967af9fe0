//! How a person's `axismirror set` reaches the running service, and how its answer comes back.
//!
//! A Unix socket in Linux' abstract namespace, named from the stream's header segment: it has no file, so nothing stale remains
//! after kill -9. One connection carries one request line and one response line, both JSON:
//! `{"set":["buf_dur=5","chunk=32"]}`, then `{"ok":"..."}` or `{"error":"...","hint":"..."}`. Only the service's own user and root
//! are heard (the abstract namespace has no file modes). Never touches a segment; the service decides what a change does.

use std::io::{self, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener, UnixStream};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use crate::config::{Change, ConfigError};

/// In front of the segment's name, so that no other program's name is met.
const PREFIX: &str = "axismirror/control/";
/// The longest request or response, in bytes.
const MAX_LINE: usize = 64 * 1024;
/// How long a connected client may take for its request or for taking the answer.
const CLIENT_PATIENCE: Duration = Duration::from_secs(2);
/// How long the acquisition may take to carry out a request.
pub const ANSWER_PATIENCE: Duration = Duration::from_secs(5);
/// How long `set` waits: longer than the service may, so that its answer is heard.
const SET_PATIENCE: Duration = Duration::from_secs(10);
/// Requests that may wait for the acquisition.
const QUEUE: usize = 4;
/// The superuser.
const ROOT: u32 = 0;

/// Why a change did not happen, as seen by the one who asks for it; or why the service cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody listens under this name.
    #[error("no stream `{name}` is running on this machine (in this network namespace)")]
    NotRunning {
        /// Name of the stream.
        name: String,
    },
    /// Another service already listens under this segment's name.
    #[error("another service already listens for changes of the stream with segment {segment}")]
    InUse {
        /// Name of the header segment.
        segment: String,
    },
    /// The service belongs to another user.
    #[error("stream `{name}` belongs to another user")]
    OtherUser {
        /// Name of the stream.
        name: String,
    },
    /// The service says no.
    #[error("stream `{name}` refuses: {why}")]
    Refused {
        /// Name of the stream.
        name: String,
        /// In the service's words.
        why: String,
        /// In the service's words.
        hint: Option<String>,
    },
    /// The service listens but says nothing.
    #[error("stream `{name}` does not answer")]
    NoAnswer {
        /// Name of the stream.
        name: String,
    },
    /// The answer makes no sense, perhaps of another version.
    #[error("stream `{name}` gives an answer that is not understood: {why}")]
    Answer {
        /// Name of the stream.
        name: String,
        /// What is wrong with it.
        why: String,
    },
    /// The operating system refuses.
    #[error("the control socket fails")]
    Io(#[from] io::Error),
}

impl ControlError {
    /// How to mend it, where the message does not say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NotRunning { .. } => Some("`axismirror list` shows the streams that there are".to_owned()),
            Self::OtherUser { .. } => Some("run the command as that user, or as root".to_owned()),
            Self::Refused { hint, .. } => hint.clone(),
            _ => None,
        }
    }
}

/// What the service says to another user.
const OTHER_USER: &str = "other user";

#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Request {
    set: Vec<String>,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
enum Response {
    Ok(String),
    Error {
        why: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
}

/// Changes for the acquisition, and where its answer goes.
#[derive(Debug)]
pub struct Order {
    /// All of them together or none: see `Settings::with_changes`. At least one.
    pub changes: Vec<Change>,
    reply: SyncSender<Result<String, Refusal>>,
}

/// The service's no.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// What is wrong.
    pub why: String,
    /// How to mend it.
    pub hint: Option<String>,
}

impl From<&ConfigError> for Refusal {
    fn from(error: &ConfigError) -> Self {
        Self { why: error.to_string(), hint: error.hint() }
    }
}

impl Order {
    /// Answers: what now holds, or why nothing changed. Never waits; an answer that nobody awaits any more is dropped.
    pub fn answer(self, answer: Result<String, Refusal>) {
        let _ = self.reply.try_send(answer);
    }
}

/// Listens for changes until it is dropped. Drop the orders' end first: then nobody waits for an answer that will not come.
#[derive(Debug)]
pub struct ControlServer {
    address: SocketAddr,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl ControlServer {
    /// Listens for changes of the stream whose header segment is named `segment` (`sm_...`). The orders come out of the
    /// returned end, which the acquisition looks into with `try_recv` between two chunks.
    ///
    /// # Errors
    /// [`ControlError::InUse`], [`ControlError::Io`].
    pub fn start(segment: &str) -> Result<(Self, Receiver<Order>), ControlError> {
        let address = address(segment)?;
        let listener = UnixListener::bind_addr(&address).map_err(|error| match error.kind() {
            io::ErrorKind::AddrInUse => ControlError::InUse { segment: segment.to_owned() },
            _ => error.into(),
        })?;
        let (orders, receiver) = sync_channel(QUEUE);
        let closing = Arc::new(AtomicBool::new(false));
        let closed = Arc::clone(&closing);
        let thread = thread::Builder::new().name("control".to_owned()).spawn(move || {
            crate::realtime::leave();
            for stream in listener.incoming() {
                // Acquire: pairs with the Release in `drop`.
                if closed.load(Ordering::Acquire) {
                    return;
                }
                match stream.and_then(|stream| serve(&stream, &orders)) {
                    Ok(()) => {}
                    Err(error) => {
                        tracing::warn!(%error, "control: a request failed");
                        // Without file descriptors, `accept` fails at once, again and again.
                        thread::sleep(Duration::from_millis(10));
                    }
                }
            }
        })?;
        Ok((Self { address, closing, thread: Some(thread) }, receiver))
    }
}

impl Drop for ControlServer {
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

/// Asks the running stream for changes, all together or none, and returns what the service says.
///
/// `name` is the stream's name for messages, `segment` the name of its header segment.
///
/// # Errors
/// [`ControlError`]; nothing has changed then, except after [`ControlError::NoAnswer`], when it is not known.
pub fn set(name: &str, segment: &str, changes: &[Change]) -> Result<String, ControlError> {
    let name = name.to_owned();
    let stream = match UnixStream::connect_addr(&address(segment)?) {
        Ok(stream) => stream,
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            return Err(ControlError::NotRunning { name });
        }
        Err(error) => return Err(error.into()),
    };
    // Nobody but the stream's own user or root may pretend to be the stream.
    if !trusted(&stream)? {
        return Err(ControlError::OtherUser { name });
    }
    stream.set_write_timeout(Some(SET_PATIENCE))?;
    let request = Request { set: changes.iter().map(ToString::to_string).collect() };
    // When the service hangs up early, its answer is there to read all the same.
    let _ = write_line(&stream, &request);
    match read_line(&stream, SET_PATIENCE) {
        Ok(line) if line.is_empty() => Err(ControlError::NoAnswer { name }),
        Ok(line) => match serde_json::from_str(&line) {
            Ok(Response::Ok(text)) => Ok(text),
            Ok(Response::Error { why, .. }) if why == OTHER_USER => Err(ControlError::OtherUser { name }),
            Ok(Response::Error { why, hint }) => Err(ControlError::Refused { name, why, hint }),
            Err(error) => Err(ControlError::Answer { name, why: error.to_string() }),
        },
        Err(error) if is_timeout(&error) => Err(ControlError::NoAnswer { name }),
        Err(error) => Err(ControlError::Answer { name, why: error.to_string() }),
    }
}

fn address(segment: &str) -> io::Result<SocketAddr> {
    SocketAddr::from_abstract_name(format!("{PREFIX}{segment}"))
}

/// Whether the other end is of our user, or root.
fn trusted(stream: &UnixStream) -> io::Result<bool> {
    let peer = rustix::net::sockopt::socket_peercred(stream)?.uid;
    Ok(may_command(peer.as_raw(), rustix::process::geteuid().as_raw()))
}

fn may_command(peer: u32, own: u32) -> bool {
    peer == own || peer == ROOT
}

fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

fn write_line(mut stream: &UnixStream, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    stream.write_all(&line)
}

/// A line, or what there is of it when the other end hangs up. `patience` holds for the whole line, so that a trickle of bytes
/// cannot prolong it.
fn read_line(mut stream: &UnixStream, patience: Duration) -> io::Result<String> {
    let end = Instant::now() + patience;
    let mut line = Vec::new();
    let mut buffer = [0; 4096];
    while !line.ends_with(b"\n") {
        let left = end.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return Err(io::ErrorKind::TimedOut.into());
        }
        stream.set_read_timeout(Some(left))?;
        match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(len) => line.extend_from_slice(&buffer[..len]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
        if line.len() > MAX_LINE {
            return Err(io::Error::new(io::ErrorKind::InvalidData, format!("longer than {MAX_LINE} bytes")));
        }
    }
    String::from_utf8(line).map_err(|error| io::Error::new(io::ErrorKind::InvalidData, error.utf8_error()))
}

/// Serves one connection.
fn serve(stream: &UnixStream, orders: &SyncSender<Order>) -> io::Result<()> {
    stream.set_write_timeout(Some(CLIENT_PATIENCE))?;
    let response = if trusted(stream)? {
        match read_line(stream, CLIENT_PATIENCE) {
            // Somebody looked whether we are here.
            Ok(line) if line.is_empty() => return Ok(()),
            Ok(line) => carry_out(&line, orders).unwrap_or_else(|no| Response::Error { why: no.why, hint: no.hint }),
            Err(error) => Response::Error { why: format!("the request cannot be read: {error}"), hint: None },
        }
    } else {
        tracing::warn!("control: a request of another user was refused");
        Response::Error { why: OTHER_USER.to_owned(), hint: None }
    };
    write_line(stream, &response)
}

fn carry_out(line: &str, orders: &SyncSender<Order>) -> Result<Response, Refusal> {
    let no = |why: String| Refusal { why, hint: None };
    let request: Request =
        serde_json::from_str(line).map_err(|error| no(format!("the request is not understood: {error}")))?;
    let changes: Vec<Change> =
        request.set.iter().map(|text| Change::parse(text)).collect::<Result<_, _>>().map_err(|e| Refusal::from(&e))?;
    if changes.is_empty() {
        return Err(no("the request holds no change".to_owned()));
    }
    let (reply, answer) = sync_channel(1);
    orders.try_send(Order { changes, reply }).map_err(|error| match error {
        TrySendError::Full(_) => no(format!("{QUEUE} requests are waiting already")),
        TrySendError::Disconnected(_) => no("the stream is ending".to_owned()),
    })?;
    match answer.recv_timeout(ANSWER_PATIENCE) {
        Ok(answer) => answer.map(Response::Ok),
        Err(RecvTimeoutError::Timeout) => Err(no(format!(
            "the acquisition has not carried it out within {} s; it may still do so",
            ANSWER_PATIENCE.as_secs()
        ))),
        Err(RecvTimeoutError::Disconnected) => Err(no("the stream is ending".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Settings;

    fn segment(test: &str) -> String {
        format!("sm_test_{}_{test}", std::process::id())
    }

    fn changes(texts: &[&str]) -> Vec<Change> {
        texts.iter().map(|t| Change::parse(t).unwrap()).collect()
    }

    #[test]
    fn a_change_travels_and_its_answer_comes_back() {
        let segment = segment("travels");
        let (_server, orders) = ControlServer::start(&segment).unwrap();
        let service = thread::spawn(move || {
            let mut settings = Settings::default();
            for order in orders.iter().take(2) {
                match settings.with_changes(&order.changes) {
                    Ok(new) => {
                        settings = new;
                        order.answer(Ok("done".to_owned()));
                    }
                    Err(error) => order.answer(Err(Refusal::from(&error))),
                }
            }
            settings
        });
        let said = set("lab", &segment, &changes(&["buf_dur=5", "labels=Fp1,Fp2"])).unwrap();
        assert_eq!(said, "done");
        // Each is right, together they are not: the service says so.
        let error = set("lab", &segment, &changes(&["units=codes", "dtype=f8"])).unwrap_err();
        assert!(matches!(&error, ControlError::Refused { why, .. } if why.contains("dtype")), "{error}");
        let settings = service.join().unwrap();
        assert_eq!((settings.buf_dur, settings.labels.unwrap().join("+").as_str()), (5.0, "Fp1+Fp2"));
        // The acquisition is gone, its socket not yet.
        let error = set("lab", &segment, &changes(&["buf_dur=5"])).unwrap_err();
        assert!(error.to_string().contains("ending"), "{error}");
    }

    #[test]
    fn nobody_listens_before_and_after() {
        let segment = segment("nobody");
        let ask = || set("lab", &segment, &changes(&["chunk=1"]));
        assert!(matches!(ask(), Err(ControlError::NotRunning { name }) if name == "lab"));
        let (server, _orders) = ControlServer::start(&segment).unwrap();
        assert!(matches!(ControlServer::start(&segment), Err(ControlError::InUse { .. })));
        drop(server);
        assert!(matches!(ask(), Err(ControlError::NotRunning { .. })));
        drop(ControlServer::start(&segment).unwrap());
    }

    #[test]
    fn what_is_no_request_is_answered_with_what_is_wrong() {
        let segment = segment("wrong");
        let (_server, orders) = ControlServer::start(&segment).unwrap();
        for (request, part) in [
            ("hello\n", "not understood"),
            ("{\"get\":[]}\n", "not understood"),
            ("{\"set\":[]}\n", "no change"),
            ("{\"set\":[\"board=pieeg16\"]}\n", "cannot change"),
            ("{\"set\":[\"bufdur=1\"]}\n", "buf_dur"),
            ("{\"set\":[\"chunk=0\"]}\n", "from 1"),
            ("\u{0}\n", "not understood"),
        ] {
            let mut stream = UnixStream::connect_addr(&address(&segment).unwrap()).unwrap();
            stream.write_all(request.as_bytes()).unwrap();
            let answer = read_line(&stream, SET_PATIENCE).unwrap();
            assert!(answer.starts_with("{\"error\":") && answer.contains(part), "{request:?}: {answer}");
        }
        let mut stream = UnixStream::connect_addr(&address(&segment).unwrap()).unwrap();
        let _ = stream.write_all(&vec![b'x'; MAX_LINE + 1]);
        assert!(read_line(&stream, SET_PATIENCE).unwrap().contains("longer than 65536"));
        assert!(orders.try_recv().is_err(), "nothing of it reached the acquisition");
    }

    #[test]
    fn only_the_own_user_and_root_command() {
        assert!(may_command(1000, 1000) && may_command(0, 1000) && may_command(0, 0));
        assert!(!may_command(1001, 1000) && !may_command(1000, 0));
    }
}
