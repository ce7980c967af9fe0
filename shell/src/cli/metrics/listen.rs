//! As much of HTTP/1.0 (RFC 1945) as a scrape needs, on the loopback interface.
//!
//! One thread that waits for no client: who connects and says nothing keeps nobody else from an answer. Of too many the oldest goes, so that
//! neither memory nor file descriptors grow with them. Knows nothing of what it serves.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::time::{Duration, Instant};

use axismirror::conn::Seldom;
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::cli::{Failure, stop};

/// How long a client may take, from its connection to the end of the answer.
const PATIENCE: Duration = Duration::from_secs(2);
/// Clients at the same time.
const MAX_CLIENTS: usize = 32;
/// The longest request.
const MOST_BYTES: usize = 8192;
/// Pause after a failing `accept` (no file descriptors left, say).
const PAUSE: Duration = Duration::from_millis(50);

/// An address that nobody from outside can reach.
pub(super) fn loopback(text: &str) -> Result<SocketAddr, String> {
    let address: SocketAddr = text.parse().map_err(|_| "an address and a port, such as 127.0.0.1:9464".to_owned())?;
    if address.ip().is_loopback() {
        Ok(address)
    } else {
        Err("an address of the loopback interface: 127.0.0.1 or [::1]".to_owned())
    }
}

/// Answers each request with the text as it is then, until a signal ends it.
pub(super) fn serve(address: SocketAddr, text: impl Fn() -> Result<String, Failure>) -> Result<(), Failure> {
    let failed = |e: io::Error| Failure::failed(format!("{address} cannot be listened on")).because(e);
    let stopped = stop::readable_on_signals()?;
    let mut server = Server::bind(address, PATIENCE).map_err(failed)?;
    while server.turn(&stopped, &text).map_err(failed)? {}
    Ok(())
}

/// The socket and those who are connected.
struct Server {
    listener: TcpListener,
    /// The one that has been there longest is the first.
    clients: VecDeque<Client>,
    patience: Duration,
    turned_away: Seldom,
    failed: Seldom,
}

impl Server {
    fn bind(address: SocketAddr, patience: Duration) -> io::Result<Self> {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let (turned_away, failed) = (Seldom::default(), Seldom::default());
        Ok(Self { listener, clients: VecDeque::new(), patience, turned_away, failed })
    }

    /// Waits until something can be done, and does it; false as soon as `stopped` can be read.
    fn turn(&mut self, stopped: &UnixStream, text: &impl Fn() -> Result<String, Failure>) -> io::Result<bool> {
        let mut fds = vec![PollFd::new(stopped, PollFlags::IN), PollFd::new(&self.listener, PollFlags::IN)];
        fds.extend(self.clients.iter().map(|client| PollFd::new(&client.stream, client.interest())));
        // All have the same patience: the oldest one's ends first.
        let left = self.clients.front().map(|client| self.patience.saturating_sub(client.since.elapsed()));
        let left = left.map(|d| Timespec { tv_sec: d.as_secs().cast_signed(), tv_nsec: d.subsec_nanos().into() });
        match poll(&mut fds, left.as_ref()) {
            Ok(_) | Err(rustix::io::Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);
        let [is_stopped, is_asked, of_clients @ ..] = &ready[..] else { return Ok(true) };
        let (patience, mut of_clients) = (self.patience, of_clients.iter());
        self.clients.retain_mut(|client| {
            // A client that goes away is no harm.
            let goes_on = of_clients.next() != Some(&true) || client.go_on(text).unwrap_or(false);
            goes_on && client.since.elapsed() < patience
        });
        // One a turn: whoever has come is heard before as many others could push him out.
        if *is_asked {
            self.accept();
        }
        Ok(!is_stopped)
    }

    fn accept(&mut self) {
        match self.listener.accept().and_then(|(stream, _)| stream.set_nonblocking(true).map(|()| stream)) {
            Ok(stream) => {
                if self.clients.len() >= MAX_CLIENTS {
                    self.clients.pop_front();
                    if let Some(more) = self.turned_away.now() {
                        tracing::warn!(
                            limit = MAX_CLIENTS,
                            "metrics: the oldest client was dropped, there are too many{more}"
                        );
                    }
                }
                self.clients.push_back(Client { stream, since: Instant::now(), request: Vec::new(), answer: None });
            }
            Err(error) if is_for_later(&error) => {}
            Err(error) => {
                if let Some(more) = self.failed.now() {
                    tracing::warn!(%error, "metrics: a client could not be accepted{more}");
                }
                std::thread::sleep(PAUSE);
            }
        }
    }
}

/// A client: first it asks, then it takes its answer.
struct Client {
    stream: TcpStream,
    since: Instant,
    request: Vec<u8>,
    /// What it has not taken yet, once it has asked.
    answer: Option<Vec<u8>>,
}

impl Client {
    const fn interest(&self) -> PollFlags {
        if self.answer.is_some() { PollFlags::OUT } else { PollFlags::IN }
    }

    /// Does what can be done without waiting; whether there will be more to do.
    fn go_on(&mut self, text: &impl Fn() -> Result<String, Failure>) -> io::Result<bool> {
        if self.answer.is_none() && self.has_asked()? {
            self.answer = Some(answer(&self.request, text));
        }
        let Some(answer) = &mut self.answer else { return Ok(true) };
        while !answer.is_empty() {
            match self.stream.write(answer) {
                Ok(len) => drop(answer.drain(..len)),
                Err(error) if is_for_later(&error) => return Ok(true),
                Err(error) => return Err(error),
            }
        }
        Ok(false)
    }

    /// Takes in what it says; whether that is a whole request: one that ends with an empty line, or that will not go on.
    fn has_asked(&mut self) -> io::Result<bool> {
        let mut piece = [0; MOST_BYTES];
        loop {
            match self.stream.read(&mut piece) {
                Ok(0) => return Ok(true),
                Ok(len) => self.request.extend_from_slice(piece.get(..len).unwrap_or_default()),
                Err(error) if is_for_later(&error) => return Ok(false),
                Err(error) => return Err(error),
            }
            let ends = |end: &[u8]| self.request.windows(end.len()).any(|w| w == end);
            if self.request.len() >= MOST_BYTES || ends(b"\r\n\r\n") || ends(b"\n\n") {
                return Ok(true);
            }
        }
    }
}

fn is_for_later(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::Interrupted)
}

fn answer(request: &[u8], text: &impl Fn() -> Result<String, Failure>) -> Vec<u8> {
    let (status, body) = if request.starts_with(b"GET /metrics ") {
        text().map_or_else(|e| ("500 Internal Server Error", e.to_string()), |text| ("200 OK", text))
    } else {
        ("404 Not Found", "the metrics are at /metrics\n".to_owned())
    };
    let head = "Content-Type: text/plain; version=0.0.4; charset=utf-8";
    format!("HTTP/1.0 {status}\r\n{head}\r\nContent-Length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Clients that say nothing may stay as long as the test lasts.
    const LONG: Duration = Duration::from_secs(3600);

    #[test]
    fn only_the_loopback_interface_is_listened_on() {
        assert!(loopback("127.0.0.1:9464").is_ok() && loopback("[::1]:9464").is_ok());
        for refused in ["0.0.0.0:9464", "[::]:9464", "192.168.1.2:9464", "9464", "localhost:9464"] {
            assert!(loopback(refused).is_err(), "{refused}");
        }
    }

    #[test]
    fn who_says_nothing_holds_nobody_up_and_of_too_many_the_oldest_goes() {
        let mut server = Server::bind("127.0.0.1:0".parse().unwrap(), LONG).unwrap();
        let address = server.listener.local_addr().unwrap();
        let (stopped, mut stops) = UnixStream::pair().unwrap();
        // Longer than what a socket takes at once.
        let text = || Ok("x".repeat(8 << 20));
        let mut silent = Vec::new();
        for _ in 0..MAX_CLIENTS + 8 {
            silent.push(TcpStream::connect(address).unwrap());
            assert!(server.turn(&stopped, &text).unwrap());
        }
        let mut asks = TcpStream::connect(address).unwrap();
        asks.write_all(b"GET /metrics HTTP/1.1\r\n\r\n").unwrap();
        let reader = std::thread::spawn(move || {
            let mut answer = Vec::new();
            asks.read_to_end(&mut answer).unwrap();
            answer
        });
        // It comes, and then takes its answer piece by piece, until it has all and goes.
        assert!(server.turn(&stopped, &text).unwrap());
        while server.clients.len() == MAX_CLIENTS {
            assert!(server.turn(&stopped, &text).unwrap());
        }
        let answer = reader.join().unwrap();
        assert!(answer.starts_with(b"HTTP/1.0 200 OK\r\n") && answer.ends_with(b"xxx") && answer.len() > 8 << 20);
        // The oldest were dropped, the others are there.
        let is_dropped = |client: &TcpStream| {
            client.set_nonblocking(true).unwrap();
            { client }.read(&mut [0]).is_ok_and(|n| n == 0)
        };
        let dropped = silent.iter().take_while(|c| is_dropped(c)).count();
        assert_eq!(dropped, 9);
        stops.write_all(b"x").unwrap();
        assert!(!server.turn(&stopped, &text).unwrap());
    }
}
