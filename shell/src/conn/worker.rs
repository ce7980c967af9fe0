//! The thread that serves the clients: accepts, sends, reads, never waits for a single one.
//!
//! Knows sockets and queues; never touches a segment or the acquisition.

use std::io::{self, Read};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::Receiver;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::client::{Client, Gone};
use super::event::{Event, Replay};
use super::framing::frame;
use super::peers::{Peer, Seldom};
use super::pickle;
use super::socket_file::SocketFile;

/// Clients at the same time.
const MAX_CLIENTS: usize = 64;
/// How long the clients have at the end to take what waits for them.
pub(super) const FLUSH: Duration = Duration::from_millis(500);
/// The longest sleep, so that nothing hangs for ever on a lost wake-up.
const IDLE: Duration = Duration::from_secs(1);
/// Pause after a failing `accept` or `poll` (no file descriptors left, say).
const PAUSE: Duration = Duration::from_millis(50);
/// The message that ends the service.
const QUIT: &str = "quit";
/// Longest part of an unknown message that is logged, in characters.
const SHOWN: usize = 60;

/// Everything that the thread owns.
pub(super) struct Worker {
    pub(super) socket: SocketFile,
    pub(super) events: Receiver<Event>,
    /// The other end of each sender's wake-up, non-blocking.
    pub(super) wake: UnixStream,
    pub(super) closing: Arc<AtomicBool>,
    pub(super) on_quit: Box<dyn Fn() + Send>,
    pub(super) clients: Vec<Client>,
    pub(super) replay: Replay,
    pub(super) next_id: u64,
    pub(super) close_sent: bool,
    pub(super) log: Log,
}

/// What clients can make the log say again and again.
#[derive(Debug, Default)]
pub(super) struct Log {
    quit: Seldom,
    refused: Seldom,
    given_up: Seldom,
    turned_away: Seldom,
    failed: Seldom,
}

impl Worker {
    /// Serves until the owner closes; then says `close`, waits at most [`FLUSH`], and removes the socket's file.
    pub(super) fn run(mut self) {
        loop {
            // Acquire: pairs with the Release in `ConnServer::end`. Read before the queue, so that every event sent before
            // the end is still delivered.
            let closing = self.closing.load(Ordering::Acquire);
            while let Ok(event) = self.events.try_recv() {
                self.broadcast(event);
            }
            if closing {
                self.accept();
                break;
            }
            self.wait(IDLE);
        }
        if !self.close_sent {
            self.broadcast(Event::Close);
        }
        let end = Instant::now() + FLUSH;
        while self.clients.iter().any(Client::has_waiting) {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                break;
            }
            self.flush();
            self.wait_for_clients(left);
        }
        for client in self.clients.iter().filter(|c| c.has_waiting()) {
            tracing::warn!(client = client.id, "conn: the client did not take the last events");
        }
    }

    fn broadcast(&mut self, event: Event) {
        self.replay.note(event);
        self.close_sent |= event == Event::Close;
        let framed = frame(&pickle::encode(event.as_str()));
        let given_up = &mut self.log.given_up;
        keep(&mut self.clients, given_up, |client| client.queue(&framed).and_then(|()| client.flush()));
    }

    fn flush(&mut self) {
        keep(&mut self.clients, &mut self.log.given_up, Client::flush);
    }

    /// Sleeps until a socket has something to do, and does it.
    fn wait(&mut self, limit: Duration) {
        let clients = self.clients.len();
        let mut fds = Vec::with_capacity(2 + clients);
        fds.push(PollFd::new(&self.wake, PollFlags::IN));
        fds.push(PollFd::new(&self.socket.listener, PollFlags::IN));
        fds.extend(self.clients.iter().map(|c| PollFd::new(&c.stream, interest(c))));
        if !poll_all(&mut fds, limit, &mut self.log.failed) {
            return;
        }
        let ready: Vec<bool> = fds.iter().map(|fd| !fd.revents().is_empty()).collect();
        drop(fds);
        if ready.first() == Some(&true) {
            let mut bytes = [0; 64];
            while matches!((&self.wake).read(&mut bytes), Ok(1..)) {}
        }
        let mut ready_clients = ready.iter().skip(2).copied();
        let Log { quit, refused, given_up, .. } = &mut self.log;
        keep(&mut self.clients, given_up, |client| {
            if ready_clients.next() == Some(true) { serve(client, &self.on_quit, quit, refused) } else { Ok(()) }
        });
        if ready.get(1) == Some(&true) {
            self.accept();
        }
    }

    /// At the end: nobody new, nothing read any more.
    fn wait_for_clients(&mut self, limit: Duration) {
        let waiting = self.clients.iter().filter(|c| c.has_waiting());
        let mut fds: Vec<_> = waiting.map(|c| PollFd::new(&c.stream, PollFlags::OUT)).collect();
        poll_all(&mut fds, limit, &mut self.log.failed);
    }

    /// Takes in whoever waits.
    fn accept(&mut self) {
        loop {
            match self.socket.listener.accept() {
                Ok((stream, _)) => self.welcome(stream),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return,
                Err(error) => {
                    if let Some(more) = self.log.failed.now() {
                        let path = self.socket.path().display();
                        tracing::warn!(%path, %error, "conn: a client could not be accepted{more}");
                    }
                    std::thread::sleep(PAUSE);
                    return;
                }
            }
        }
    }

    fn welcome(&mut self, stream: UnixStream) {
        if self.clients.len() >= MAX_CLIENTS {
            if let (Some(more), Ok(peer)) = (self.log.turned_away.now(), Peer::of(&stream)) {
                tracing::warn!(limit = MAX_CLIENTS, %peer, "conn: a client was turned away, there are too many{more}");
            }
            return;
        }
        self.next_id += 1;
        let Ok(client) = Client::new(stream, self.next_id) else { return };
        tracing::debug!(client = client.id, peer = %client.peer, "conn: connected");
        let mut newcomer = vec![client];
        for event in self.replay.events() {
            let framed = frame(&pickle::encode(event.as_str()));
            keep(&mut newcomer, &mut self.log.given_up, |client| client.queue(&framed).and_then(|()| client.flush()));
        }
        self.clients.append(&mut newcomer);
    }
}

/// Whether any of them is ready.
fn poll_all(fds: &mut [PollFd<'_>], limit: Duration, failed: &mut Seldom) -> bool {
    let limit = Timespec { tv_sec: limit.as_secs().cast_signed(), tv_nsec: limit.subsec_nanos().into() };
    match poll(fds, Some(&limit)) {
        Ok(ready) => ready > 0,
        Err(rustix::io::Errno::INTR) => false,
        Err(error) => {
            if let Some(more) = failed.now() {
                tracing::warn!(%error, "conn: poll failed{more}");
            }
            std::thread::sleep(PAUSE);
            false
        }
    }
}

fn interest(client: &Client) -> PollFlags {
    if client.has_waiting() { PollFlags::IN | PollFlags::OUT } else { PollFlags::IN }
}

/// Does what a ready client asks for.
fn serve(client: &mut Client, on_quit: &impl Fn(), quit: &mut Seldom, refused: &mut Seldom) -> Result<(), Gone> {
    client.flush()?;
    let (id, peer) = (client.id, client.peer);
    client.read(|message| match message {
        Ok(text) if text == QUIT => {
            if let Some(more) = quit.now() {
                tracing::info!(client = id, %peer, "conn: quit received{more}");
            }
            on_quit();
        }
        Ok(text) => {
            if let Some(more) = refused.now() {
                let text: String = text.chars().take(SHOWN).collect();
                tracing::warn!(client = id, %peer, ?text, "conn: refused: only \"quit\" is understood{more}");
            }
        }
        Err(why) => {
            if let Some(more) = refused.now() {
                tracing::warn!(client = id, %peer, %why, "conn: refused: only a pickled string is read{more}");
            }
        }
    })
}

/// Drops the clients for which `step` fails, with a line in the log.
fn keep(clients: &mut Vec<Client>, given_up: &mut Seldom, mut step: impl FnMut(&mut Client) -> Result<(), Gone>) {
    clients.retain_mut(|client| match step(client) {
        Ok(()) => true,
        Err(Gone::Closed) => {
            tracing::debug!(client = client.id, "conn: disconnected");
            false
        }
        Err(why) => {
            if let Some(more) = given_up.now() {
                tracing::warn!(client = client.id, peer = %client.peer, %why, "conn: client given up{more}");
            }
            false
        }
    });
}
