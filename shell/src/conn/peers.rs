//! Who is at the other end of a Unix socket, and how often the log speaks of such ends. For all sockets of the service.

use std::fmt;
use std::io;
use std::os::fd::AsFd;
use std::time::{Duration, Instant};

use rustix::net::sockopt::socket_peercred;

use crate::shm;

/// How long the log says nothing more about what others can make happen as often as they like.
const QUIET: Duration = Duration::from_mins(1);

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

    /// Whether it is not on its way out: the kernel takes connections for a process until the last of its memory is gone.
    pub(crate) fn lives(self) -> bool {
        self.pid == 0 || shm::started(self.pid).is_some()
    }
}

impl fmt::Display for Peer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "process {} of user {}", self.pid, self.uid)
    }
}

/// One kind of line in the log that others can cause: the first at once, then at most one a minute, which says how many were left out.
#[derive(Debug, Default)]
pub struct Seldom {
    said: Option<Instant>,
    left_out: u64,
}

impl Seldom {
    /// Whether the line is to be said now: with how many that were left out before it.
    pub fn now(&mut self) -> Option<LeftOut> {
        self.at(Instant::now())
    }

    fn at(&mut self, now: Instant) -> Option<LeftOut> {
        if self.said.is_some_and(|said| now.saturating_duration_since(said) < QUIET) {
            self.left_out += 1;
            return None;
        }
        self.said = Some(now);
        Some(LeftOut(std::mem::take(&mut self.left_out)))
    }
}

/// The end of a line, behind what it says: nothing, or how many of its kind were left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LeftOut(u64);

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            0 => Ok(()),
            n => write!(f, " (and {n} more since the last such line)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_at_once_then_one_a_minute_with_what_was_left_out() {
        let (mut seldom, begin) = (Seldom::default(), Instant::now());
        let said: Vec<_> = (0..200).filter_map(|s| seldom.at(begin + Duration::from_secs(s))).collect();
        assert_eq!(said, [LeftOut(0), LeftOut(59), LeftOut(59), LeftOut(59)]);
        assert_eq!(said[0].to_string() + &said[1].to_string(), " (and 59 more since the last such line)");
    }
}
