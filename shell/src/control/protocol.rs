//! What goes over the control socket: its address, who is heard, and lines of JSON.
//!
//! Knows neither what a change is nor which end it serves.

use std::fs;
use std::io::{self, Read, Write};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::MetadataExt;
use std::os::unix::net::{SocketAddr, UnixStream};
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::io::Errno;
use rustix::net::{self, AddressFamily, SocketAddrUnix, SocketFlags, SocketType};
use serde::{Deserialize, Serialize};

use crate::conn::Peer;
use crate::events::{Mark, Stamped};
use crate::shm::SHM_DIR;

/// In front of the segment's name, so that no other program's name is met.
const PREFIX: &str = "axismirror/control/";
/// The longest request or response, in bytes.
pub(super) const MAX_LINE: usize = 64 * 1024;
/// The superuser.
const ROOT: u32 = 0;

/// The longest that a mark can have been on its way: what a client waits for an answer.
const LONGEST_WAY_NS: i64 = 10_000_000_000;

/// What the service says to another user.
pub(super) const OTHER_USER: &str = "other user";

/// What is asked for.
#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Request {
    Set(Vec<String>),
    Mark(Marking),
}

/// A mark on its way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Marking {
    text: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    time_ns: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    frame: Option<u64>,
    /// When it was asked for, in ns of `CLOCK_MONOTONIC`, by a program that says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    asked_ns: Option<i64>,
}

impl Marking {
    pub(super) fn new(mark: &Mark, asked_ns: Option<i64>) -> Self {
        let Mark { text, time_ns, frame } = mark.clone();
        Self { text, time_ns, frame, asked_ns }
    }

    /// What is marked, and when it was asked for: when it arrived, or up to [`LONGEST_WAY_NS`] before, if it says so. Somebody slow may have kept
    /// it from being heard. A clock of another time namespace says something impossible and is not believed.
    pub(super) fn into_mark(self, arrived_ns: i64) -> (Mark, i64) {
        let believed = arrived_ns.saturating_sub(LONGEST_WAY_NS)..=arrived_ns;
        let asked_ns = self.asked_ns.filter(|asked| believed.contains(asked)).unwrap_or(arrived_ns);
        (Mark { text: self.text, time_ns: self.time_ns, frame: self.frame }, asked_ns)
    }
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", deny_unknown_fields)]
pub(super) enum Response {
    Ok(String),
    Marked(Stamped),
    Error {
        why: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        hint: Option<String>,
    },
}

pub(super) fn address(segment: &str) -> io::Result<SocketAddr> {
    SocketAddr::from_abstract_name(format!("{PREFIX}{segment}"))
}

/// Whether the one who asks is of our user, or root.
pub(super) fn may_ask(peer: Peer) -> bool {
    obeyed(peer.uid, own())
}

/// Whether the one who answers may speak for the stream with this header segment: it is of our user, or root, or we are root and it is of the
/// user whom the header belongs to.
pub(super) fn may_answer(stream: &UnixStream, segment: &str) -> io::Result<bool> {
    // Of a symbolic link it is the link's own owner.
    let owner = fs::symlink_metadata(Path::new(SHM_DIR).join(segment)).map(|meta| meta.uid());
    Ok(believed(Peer::of(stream)?.uid, own(), owner.ok()))
}

pub(super) fn obeyed(peer: u32, own: u32) -> bool {
    peer == own || peer == ROOT
}

/// `owner` is the header's, where there is one.
pub(super) fn believed(peer: u32, own: u32, owner: Option<u32>) -> bool {
    obeyed(peer, own) || (own == ROOT && owner == Some(peer))
}

/// Who listens under an address, without waiting; none when nobody does.
pub(super) fn listener(address: &SocketAddr) -> io::Result<Option<Peer>> {
    let Some(name) = address.as_abstract_name() else { return Ok(None) };
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    match net::connect(&socket, &SocketAddrUnix::new_abstract_name(name)?) {
        Ok(()) => Peer::of(&socket).map(Some),
        // AGAIN: more wait for it than it has room for. Who it is can be said with the next try.
        Err(Errno::CONNREFUSED | Errno::AGAIN) => Ok(None),
        Err(e) => Err(e.into()),
    }
}

/// The process that listens at the other end, when it is stopped (SIGSTOP, ctrl-Z): the kernel takes requests for it, and nobody answers them.
pub(super) fn stopped_listener(stream: &UnixStream) -> Option<u32> {
    let pid = Peer::of(stream).ok()?.pid;
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    is_stopped(&stat).then_some(pid)
}

/// By the third field of /proc/PID/stat, behind a name in parentheses that may hold anything (proc_pid_stat(5)).
pub(super) fn is_stopped(stat: &str) -> bool {
    stat.rsplit_once(')').is_some_and(|(_, rest)| rest.trim_start().starts_with(['T', 't']))
}

fn own() -> u32 {
    rustix::process::geteuid().as_raw()
}

pub(super) fn is_timeout(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut)
}

pub(super) fn write_line(mut stream: &UnixStream, value: &impl Serialize) -> io::Result<()> {
    let mut line = serde_json::to_vec(value)?;
    line.push(b'\n');
    stream.write_all(&line)
}

/// A line, or what there is of it when the other end hangs up. `patience` holds for the whole line, so that a trickle of bytes
/// cannot prolong it.
pub(super) fn read_line(mut stream: &UnixStream, patience: Duration) -> io::Result<String> {
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
