//! One connected client: what waits to be sent to it, and what it said.
//!
//! Never waits: sends what the socket takes, reads what is there. A client that does not read is given up, not waited for.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;

use super::framing::{FramingError, Inbox};
use super::peers::Peer;
use super::pickle::{self, Refused};

/// Bytes that may wait for a client on our side (the kernel holds some more): hundreds of events.
const MAX_WAITING: usize = 32 * 1024;
/// Bytes that are read at once.
const READ: usize = 4096;
/// Refused messages after which a client is given up.
const MAX_REFUSED: u32 = 16;

/// Why a client is given up.
#[derive(Debug, thiserror::Error)]
pub(super) enum Gone {
    #[error("it closed the connection")]
    Closed,
    #[error("it does not read: {waiting} bytes wait for it")]
    Slow { waiting: usize },
    #[error(transparent)]
    Framing(#[from] FramingError),
    #[error("{MAX_REFUSED} of its messages were refused")]
    Refused,
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// A connected client.
#[derive(Debug)]
pub(super) struct Client {
    /// Non-blocking.
    pub(super) stream: UnixStream,
    pub(super) id: u64,
    /// Who it is.
    pub(super) peer: Peer,
    outbox: Vec<u8>,
    inbox: Inbox,
    refused: u32,
}

impl Client {
    pub(super) fn new(stream: UnixStream, id: u64) -> io::Result<Self> {
        stream.set_nonblocking(true)?;
        let peer = Peer::of(&stream)?;
        Ok(Self { stream, id, peer, outbox: Vec::new(), inbox: Inbox::default(), refused: 0 })
    }

    /// Whether something waits to be sent.
    pub(super) fn has_waiting(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Adds a framed message to what waits.
    pub(super) fn queue(&mut self, framed: &[u8]) -> Result<(), Gone> {
        if self.outbox.len() + framed.len() > MAX_WAITING {
            return Err(Gone::Slow { waiting: self.outbox.len() });
        }
        self.outbox.extend_from_slice(framed);
        Ok(())
    }

    /// Sends what the socket takes now.
    pub(super) fn flush(&mut self) -> Result<(), Gone> {
        while !self.outbox.is_empty() {
            match self.stream.write(&self.outbox) {
                Ok(0) => return Err(Gone::Closed),
                Ok(sent) => {
                    self.outbox.drain(..sent);
                }
                Err(error) => match error.kind() {
                    io::ErrorKind::WouldBlock => return Ok(()),
                    io::ErrorKind::Interrupted => {}
                    io::ErrorKind::BrokenPipe | io::ErrorKind::ConnectionReset => return Err(Gone::Closed),
                    _ => return Err(error.into()),
                },
            }
        }
        Ok(())
    }

    /// Reads what is there, once, and hands each message to `on_message`: the string, or why it is none.
    pub(super) fn read(&mut self, mut on_message: impl FnMut(Result<String, Refused>)) -> Result<(), Gone> {
        let mut buffer = [0; READ];
        match self.stream.read(&mut buffer) {
            Ok(0) => return Err(Gone::Closed),
            Ok(len) => self.inbox.push(&buffer[..len]),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted => return Ok(()),
                io::ErrorKind::ConnectionReset => return Err(Gone::Closed),
                _ => return Err(error.into()),
            },
        }
        while let Some(message) = self.inbox.next()? {
            let text = pickle::decode(&message);
            self.refused += u32::from(text.is_err());
            on_message(text);
            if self.refused >= MAX_REFUSED {
                return Err(Gone::Refused);
            }
        }
        Ok(())
    }
}
