//! Who is at the other end of a Unix socket, and how often the log speaks of such ends. For all sockets of the service.

use std::fmt;
use std::io;
use std::os::fd::AsFd;

use rustix::net::sockopt::socket_peercred;

/// The process at the other end, as the kernel knows it: who connected, or for a client, who listens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Peer {
    /// Its number; 0 when it lies in another pid namespace.
    pub(crate) pid: u32,
    pub(crate) uid: u32,
}

impl Peer {
    pub(crate) fn of(socket: impl AsFd) -> io::Result<Self> {
        let ucred = socket_peercred(socket)?;
        Ok(Self { pid: ucred.pid.as_raw_pid().cast_unsigned(), uid: ucred.uid.as_raw() })
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} of user {}", self.pid, self.uid)
    }
}
