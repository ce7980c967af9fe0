//! How a person's `axismirror set` and `axismirror mark` reach the running service, and how its answer comes back.
//!
//! A Unix socket in Linux' abstract namespace, named from the stream's header segment: it has no file, so nothing stale remains
//! after kill -9. One connection carries one request line and one response line, both JSON:
//! `{"set":["buf_dur=5","chunk=32"]}`, then `{"ok":"..."}`; `{"mark":{"text":"eyes closed","asked_ns":55}}`, with `time_ns` or `frame` where they are given, then
//! `{"marked":{"frame":1234,"time_ns":5678}}`; or `{"error":{"why":"...","hint":"..."}}` to both. Only the service's own user and root are heard (the
//! abstract namespace has no file modes). Never opens a segment; the service decides what a change does.

mod client;
mod protocol;
mod server;
#[cfg(test)]
mod tests;

use std::io;
use std::sync::mpsc::SyncSender;

pub use client::{mark, set};
pub use server::{ControlServer, Marker};

use crate::config::{Change, ConfigError, visible};
use crate::events::{Mark, MarkError};

/// What each end makes of the other's bytes. For the fuzzer.
#[cfg(fuzzing)]
#[derive(Debug)]
pub struct Heard {
    /// What the service takes for a request.
    pub request: Result<Asked, Refusal>,
    /// What `set` and `mark` take for an answer: its text, or its JSON.
    pub answer: Result<String, ControlError>,
}

/// What each end makes of these bytes, which arrive and are followed by nothing. For the fuzzer.
///
/// # Errors
/// When they are no line, or do not fit in a socket at once.
#[cfg(fuzzing)]
pub fn heard(bytes: &[u8]) -> io::Result<Heard> {
    use std::io::Write as _;
    let (mut theirs, ours) = std::os::unix::net::UnixStream::pair()?;
    theirs.set_nonblocking(true)?;
    theirs.write_all(bytes)?;
    drop(theirs);
    let line = protocol::read_line(&ours, client::SET_PATIENCE)?;
    let answer = client::understood("fuzz".to_owned(), &line);
    Ok(Heard { request: server::asked(&line), answer: answer.map(|answer| format!("{answer:?}")) })
}

/// The bytes with which `set` and `mark` ask. For the fuzzer.
///
/// # Errors
/// Never.
#[cfg(fuzzing)]
pub fn bytes_of(asked: &Asked) -> io::Result<Vec<u8>> {
    Ok(serde_json::to_vec(&match asked {
        Asked::Changes(changes) => client::request(changes),
        Asked::Mark(mark, at_ns) => protocol::Request::Mark(protocol::Marking::new(mark, Some(*at_ns))),
    })?)
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq)]
pub enum Asked {
    /// Changes, at least one, which the acquisition carries out.
    Changes(Vec<Change>),
    /// An event, which may still be refused, and when it was asked for, in ns of `CLOCK_MONOTONIC`.
    Mark(Mark, i64),
}

/// Why a change did not happen, as seen by the one who asks for it; or why the service cannot listen.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// Nobody listens under this name.
    #[error("no service writes stream `{}` on this machine (in this network namespace)", visible(name))]
    NotRunning {
        /// Name of the stream.
        name: String,
    },
    /// The service is there, but does nothing at all.
    #[error(
        "no service writes stream `{}` at present: process {pid}, its service, is stopped (SIGSTOP or Ctrl-Z)",
        visible(name)
    )]
    Stopped {
        /// Name of the stream.
        name: String,
        /// Its service.
        pid: u32,
    },
    /// Another service already listens under this segment's name.
    #[error(
        "the stream is being written by process {pid} of user {user}, which listens for its changes; stop it, or choose another name"
    )]
    InUse {
        /// The process.
        pid: u32,
        /// Its user.
        user: u32,
    },
    /// Somebody has the socket's name, and nobody listens.
    #[error(
        "the control socket of the segment {segment} is taken by a process that does not listen (`ss -xlp` shows sockets); choose another name"
    )]
    Taken {
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
    /// An event that no service would stamp.
    #[error(transparent)]
    Mark(#[from] MarkError),
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
            Self::Stopped { pid, .. } => Some(format!("`kill -CONT {pid}` lets it go on; nothing was changed")),
            Self::OtherUser { .. } => Some("run the command as that user, or as root".to_owned()),
            Self::Refused { hint, .. } => hint.clone(),
            _ => None,
        }
    }
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

impl From<&MarkError> for Refusal {
    fn from(error: &MarkError) -> Self {
        Self { why: error.to_string(), hint: None }
    }
}

impl Order {
    /// Answers: what now holds, or why nothing changed. Never waits; an answer that nobody awaits any more is dropped.
    pub fn answer(self, answer: Result<String, Refusal>) {
        let _ = self.reply.try_send(answer);
    }
}
