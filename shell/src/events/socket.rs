//! The socket for programs that mark: a file, a line of text a mark, a line for an answer.
//!
//! Served by one thread that waits for no client: who does not read its answers is not read from either, and keeps nobody else from marking. Who may
//! connect is the file's mode. Knows no stream; what a line is, is the business of `line`.

use std::io::{self, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::line::{LineError, Lines, answer};
use super::{Mark, MarkError, Stamped};
use crate::access::Access;
use crate::clock;
use crate::conn::{Peer, Seldom, SocketFile, SocketFileError};

/// Clients at the same time.
const MAX_CLIENTS: usize = 32;
/// Answers that a client has not read, in bytes, after which it is not read from until it has.
const MOST_ANSWERS: usize = 16 * 1024;
/// What is read from a client before the next one's turn.
const PIECE: usize = 2048;
/// Pause after a failing `accept` or `poll` (no file descriptors left, say).
const PAUSE: Duration = Duration::from_millis(50);

/// What is done with the lines of clients.
pub(crate) trait Stamper {
    /// Stamps a mark that arrived at `arrived_ns` of `CLOCK_MONOTONIC`.
    fn stamp(&self, mark: &Mark, arrived_ns: i64) -> Result<Stamped, MarkError>;
    /// Counts a line that is none.
    fn count_refused(&self);
}

/// The socket and those who are connected.
#[derive(Debug)]
pub(crate) struct MarkSocket {
    socket: SocketFile,
    clients: Vec<Client>,
    turned_away: Seldom,
    failed: Seldom,
}

#[derive(Debug)]
struct Client {
    stream: UnixStream,
    lines: Lines,
    /// What it has not read yet.
    answers: Vec<u8>,
    /// It says no more.
    ended: bool,
}

impl MarkSocket {
    /// Listens at `path` for those who have `access`. The socket of a dead process is replaced.
    pub(crate) fn bind(path: &Path, access: Access) -> Result<Self, SocketFileError> {
        let socket = SocketFile::bind(path, access)?;
        Ok(Self { socket, clients: Vec::new(), turned_away: Seldom::default(), failed: Seldom::default() })
    }

    /// Serves whoever has something to say, for at most `longest`, or until `wake` can be read.
    pub(crate) fn serve(&mut self, wake: &UnixStream, longest: Duration, stamper: &impl Stamper) {
        let mut fds = Vec::with_capacity(2 + self.clients.len());
        fds.push(PollFd::new(wake, PollFlags::IN));
        fds.push(PollFd::new(&self.socket.listener, PollFlags::IN));
        fds.extend(self.clients.iter().map(|c| PollFd::new(&c.stream, c.interest())));
        let limit = Timespec { tv_sec: longest.as_secs().cast_signed(), tv_nsec: longest.subsec_nanos().into() };
        match poll(&mut fds, Some(&limit)) {
            Ok(0) | Err(rustix::io::Errno::INTR) => return,
            Ok(_) => {}
            Err(error) => {
                if let Some(more) = self.failed.now() {
                    tracing::warn!(%error, "events: poll failed{more}");
                }
                return std::thread::sleep(PAUSE);
            }
        }
        let arrived_ns = clock::monotonic_ns();
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);
        let mut of_clients = ready.iter().skip(2).copied();
        self.clients.retain_mut(|client| of_clients.next() != Some(true) || client.serve(arrived_ns, stamper).is_ok());
        if ready.get(1) == Some(&true) {
            self.accept();
        }
    }

    /// Takes in whoever waits.
    fn accept(&mut self) {
        loop {
            match self.socket.listener.accept() {
                Ok((stream, _)) => self.welcome(stream),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    if let Some(more) = self.failed.now() {
                        let path = self.socket.path().display();
                        tracing::warn!(%path, %error, "events: a client could not be accepted{more}");
                    }
                    return std::thread::sleep(PAUSE);
                }
            }
        }
    }

    fn welcome(&mut self, mut stream: UnixStream) {
        if stream.set_nonblocking(true).is_err() {
            return;
        }
        if self.clients.len() >= MAX_CLIENTS {
            let _ = stream.write(format!("error {MAX_CLIENTS} programs are connected already\n").as_bytes());
            if let (Some(more), Ok(peer)) = (self.turned_away.now(), Peer::of(&stream)) {
                tracing::warn!(limit = MAX_CLIENTS, %peer, "events: a client was turned away, there are too many{more}");
            }
            return;
        }
        self.clients.push(Client { stream, lines: Lines::default(), answers: Vec::new(), ended: false });
    }
}

/// Why a client is served no more: it has gone, or said its last.
struct Gone;

impl Client {
    fn interest(&self) -> PollFlags {
        let reads = !self.ended && self.answers.len() < MOST_ANSWERS;
        let mut interest = if reads { PollFlags::IN } else { PollFlags::empty() };
        if !self.answers.is_empty() {
            interest |= PollFlags::OUT;
        }
        interest
    }

    /// Takes a piece of what it says, and gives it what it has coming.
    fn serve(&mut self, arrived_ns: i64, stamper: &impl Stamper) -> Result<(), Gone> {
        if !self.ended && self.answers.len() < MOST_ANSWERS {
            self.hear(arrived_ns, stamper)?;
        }
        self.say()?;
        if self.ended && self.answers.is_empty() { Err(Gone) } else { Ok(()) }
    }

    fn hear(&mut self, arrived_ns: i64, stamper: &impl Stamper) -> Result<(), Gone> {
        let mut piece = [0; PIECE];
        match self.stream.read(&mut piece) {
            Ok(0) => {
                self.ended = true;
                if let Some(error) = self.lines.end() {
                    stamper.count_refused();
                    self.answers.extend_from_slice(answer(&Err(error)).as_bytes());
                }
            }
            Ok(len) => {
                self.lines.push(piece.get(..len).unwrap_or_default());
                while let Some(mark) = self.lines.next_mark() {
                    let outcome = match mark {
                        Ok(mark) => stamper.stamp(&mark, arrived_ns).map_err(LineError::from),
                        Err(error) => {
                            stamper.count_refused();
                            Err(error)
                        }
                    };
                    self.answers.extend_from_slice(answer(&outcome).as_bytes());
                }
            }
            Err(error) if is_for_later(&error) => {}
            Err(_) => return Err(Gone),
        }
        Ok(())
    }

    /// What the socket takes now; the rest when it can take more.
    fn say(&mut self) -> Result<(), Gone> {
        while !self.answers.is_empty() {
            match self.stream.write(&self.answers) {
                Ok(0) => return Err(Gone),
                Ok(len) => drop(self.answers.drain(..len)),
                Err(error) if is_for_later(&error) => break,
                Err(_) => return Err(Gone),
            }
        }
        Ok(())
    }
}

fn is_for_later(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::io::{BufRead, BufReader};
    use std::net::Shutdown;

    use super::*;

    /// Stamps with a count.
    #[derive(Default)]
    struct Counting {
        stamped: Cell<u64>,
        refused: Cell<u64>,
    }

    impl Stamper for Counting {
        fn stamp(&self, mark: &Mark, _: i64) -> Result<Stamped, MarkError> {
            self.stamped.set(self.stamped.get() + 1);
            Ok(Stamped { frame: self.stamped.get(), time_ns: i64::try_from(mark.text.len()).unwrap() })
        }

        fn count_refused(&self) {
            self.refused.set(self.refused.get() + 1);
        }
    }

    struct Setup {
        path: std::path::PathBuf,
        socket: MarkSocket,
        wake: UnixStream,
        _woken: UnixStream,
        stamper: Counting,
    }

    impl Setup {
        fn new(test: &str) -> Self {
            let path = std::env::temp_dir().join(format!("axismirror-mark-{test}-{}", std::process::id()));
            let socket = MarkSocket::bind(&path, Access::Owner).unwrap();
            let (wake, woken) = UnixStream::pair().unwrap();
            Self { path, socket, wake, _woken: woken, stamper: Counting::default() }
        }

        fn connect(&mut self) -> UnixStream {
            let before = self.socket.clients.len();
            let client = UnixStream::connect(&self.path).unwrap();
            self.serve_until(|s| s.clients.len() > before || before == MAX_CLIENTS);
            client
        }

        fn serve_until(&mut self, is_so: impl Fn(&MarkSocket) -> bool) {
            for _ in 0..1000 {
                self.socket.serve(&self.wake, Duration::from_millis(10), &self.stamper);
                if is_so(&self.socket) {
                    return;
                }
            }
            panic!("it does not come to that");
        }
    }

    #[test]
    fn a_line_is_answered_with_a_line() {
        let mut setup = Setup::new("answers");
        let mut client = setup.connect();
        client.write_all(b"eyes closed\n\nhalf").unwrap();
        client.shutdown(Shutdown::Write).unwrap();
        setup.serve_until(|s| s.clients.is_empty());
        let answers: Vec<String> = BufReader::new(client).lines().map(Result::unwrap).collect();
        assert_eq!(answers[0], "ok 1 0.000000011");
        assert!(answers[1].starts_with("error an event needs a text"), "{answers:?}");
        assert!(answers[2].starts_with("error the last line has no newline") && answers.len() == 3, "{answers:?}");
        assert_eq!((setup.stamper.stamped.get(), setup.stamper.refused.get()), (1, 2));
    }

    #[test]
    fn who_does_not_read_is_not_read_from_and_delays_nobody() {
        let mut setup = Setup::new("slow");
        let mut slow = setup.connect();
        slow.set_nonblocking(true).unwrap();
        // As much as the sockets' buffers take: much more than the answers that may wait.
        let mut sent = 0;
        for _ in 0..2000 {
            sent += slow.write("x\n".repeat(512).as_bytes()).unwrap_or(0);
            setup.socket.serve(&setup.wake, Duration::from_millis(0), &setup.stamper);
        }
        assert!(setup.socket.clients[0].answers.len() < MOST_ANSWERS + PIECE * 40, "bounded");
        let before = setup.stamper.stamped.get();
        assert!(before < sent as u64 / 2, "{before} of {sent} bytes");
        let mut quick = setup.connect();
        quick.write_all(b"y\n").unwrap();
        setup.socket.serve(&setup.wake, Duration::from_secs(5), &setup.stamper);
        let mut line = String::new();
        BufReader::new(&quick).read_line(&mut line).unwrap();
        assert_eq!(line, format!("ok {} 0.000000001\n", before + 1));
    }

    #[test]
    fn one_too_many_is_told_so() {
        let mut setup = Setup::new("many");
        let mut clients: Vec<UnixStream> = (0..MAX_CLIENTS).map(|_| setup.connect()).collect();
        let one_more = setup.connect();
        let mut line = String::new();
        BufReader::new(one_more).read_line(&mut line).unwrap();
        assert_eq!(line, "error 32 programs are connected already\n");
        // The dead make room.
        clients.pop();
        setup.serve_until(|s| s.clients.len() == MAX_CLIENTS - 1);
        drop(setup.connect());
    }
}
