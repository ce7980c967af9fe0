//! The asking end: `axismirror set` and `axismirror mark`.

use std::io;
use std::os::unix::net::UnixStream;
use std::time::Duration;

use axismirror_core::name::StreamName;

use super::ControlError;
use super::protocol::{
    Marking, OTHER_USER, Request, Response, address, is_timeout, may_answer, read_line, stopped_listener, write_line,
};
use crate::clock;
use crate::config::Change;
use crate::events::{Mark, Stamped};

/// How long `set` waits: longer than the service may, so that its answer is heard.
pub(super) const SET_PATIENCE: Duration = Duration::from_secs(10);

/// Asks the running stream for changes, all together or none, and returns what the service says.
///
/// `name` is the stream's name for messages, `segment` the name of its header segment.
///
/// # Errors
/// [`ControlError`]; nothing has changed then, except after [`ControlError::NoAnswer`], when it is not known.
pub fn set(name: &str, segment: &str, changes: &[Change]) -> Result<String, ControlError> {
    match ask(name, segment, &request(changes))? {
        Answer::Said(text) => Ok(text),
        Answer::Marked(_) => {
            Err(ControlError::Answer { name: name.to_owned(), why: "it is that to a mark".to_owned() })
        }
    }
}

/// Asks the service of the running stream `name` to stamp an event, with the time of this call unless one is given, and returns what it was stamped with.
///
/// # Errors
/// [`ControlError`]; nothing was stamped then, except after [`ControlError::NoAnswer`], when it is not known. [`ControlError::NotRunning`] also for
/// streams of other packages: they have no service that could.
pub fn mark(name: &str, mark: &Mark) -> Result<Stamped, ControlError> {
    mark.check()?;
    let stream = StreamName::new(name).map_err(io::Error::other)?;
    let request = Request::Mark(Marking::new(mark, Some(clock::monotonic_ns())));
    match ask(name, stream.header().as_str(), &request)? {
        Answer::Marked(stamped) => Ok(stamped),
        Answer::Said(_) => {
            Err(ControlError::Answer { name: name.to_owned(), why: "it is that to a change".to_owned() })
        }
    }
}

/// What a service says that does not refuse.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Said(String),
    Marked(Stamped),
}

fn ask(name: &str, segment: &str, request: &Request) -> Result<Answer, ControlError> {
    let name = name.to_owned();
    let stream = match UnixStream::connect_addr(&address(segment)?) {
        Ok(stream) => stream,
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
            return Err(ControlError::NotRunning { name });
        }
        Err(error) => return Err(error.into()),
    };
    // Nobody but the stream's own user or root may pretend to be the stream.
    if !may_answer(&stream, segment)? {
        return Err(ControlError::OtherUser { name });
    }
    if let Some(pid) = stopped_listener(&stream) {
        return Err(ControlError::Stopped { name, pid });
    }
    stream.set_write_timeout(Some(SET_PATIENCE))?;
    // When the service hangs up early, its answer is there to read all the same.
    let _ = write_line(&stream, request);
    match read_line(&stream, SET_PATIENCE) {
        Ok(line) => understood(name, &line),
        // A reset: the stream ended, or took another name, before it came to this request.
        Err(error) if is_timeout(&error) || error.kind() == io::ErrorKind::ConnectionReset => {
            Err(ControlError::NoAnswer { name })
        }
        Err(error) => Err(ControlError::Answer { name, why: error.to_string() }),
    }
}

pub(super) fn request(changes: &[Change]) -> Request {
    Request::Set(changes.iter().map(ToString::to_string).collect())
}

/// What the service of stream `name` says with a line; an empty one is silence.
pub(super) fn understood(name: String, line: &str) -> Result<Answer, ControlError> {
    if line.is_empty() {
        return Err(ControlError::NoAnswer { name });
    }
    match serde_json::from_str(line) {
        Ok(Response::Ok(text)) => Ok(Answer::Said(text)),
        Ok(Response::Marked(stamped)) => Ok(Answer::Marked(stamped)),
        Ok(Response::Error { why, .. }) if why == OTHER_USER => Err(ControlError::OtherUser { name }),
        Ok(Response::Error { why, hint }) => Err(ControlError::Refused { name, why, hint }),
        Err(error) => Err(ControlError::Answer { name, why: error.to_string() }),
    }
}
