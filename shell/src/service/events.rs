//! The data stream's events: their stream, and the thread that looks after it and serves programs that mark.
//!
//! Stamping is the event stream's own; a request over the control socket is stamped by that socket's thread.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::ServiceError;
use crate::access::Access;
use crate::config::Settings;
use crate::control::Marker;
use crate::events::{EventStream, Like, MarkSocket};
use crate::publication::this_process;
use crate::shm::{SHM_DIR, ShmStore};

/// Between two looks after the stream.
const TICK: Duration = Duration::from_millis(200);

/// The events of a stream that is being published; ends with it.
#[derive(Debug)]
pub(crate) struct Events {
    stream: Arc<EventStream>,
    closing: Arc<AtomicBool>,
    wake: UnixStream,
    thread: Option<JoinHandle<()>>,
}

impl Events {
    /// Makes the event stream of what `settings` describe and begins to serve.
    pub(crate) fn start(stream: Arc<EventStream>, settings: &Settings, access: Access) -> Result<Self, ServiceError> {
        let closing = Arc::new(AtomicBool::new(false));
        let (wake, woken) = UnixStream::pair().map_err(ServiceError::Thread)?;
        // From here on the stream is removed again when something fails.
        let mut events = Self { stream: stream.clone(), closing: closing.clone(), wake, thread: None };
        let store = ShmStore::new(SHM_DIR).with_access(access);
        let opened = stream.open(&like(settings), store, this_process(), settings.clock);
        opened.map_err(ServiceError::Events)?;
        let socket = settings.events.as_deref().map(|path| MarkSocket::bind(path, access)).transpose()?;
        let looks = move || look_after(&stream, socket, &woken, &closing);
        let thread = std::thread::Builder::new().name("events".to_owned()).spawn(looks);
        events.thread = Some(thread.map_err(ServiceError::Thread)?);
        Ok(events)
    }
}

/// The thread: as long as the data stream is there.
fn look_after(stream: &EventStream, socket: Option<MarkSocket>, woken: &UnixStream, closing: &AtomicBool) {
    crate::realtime::leave();
    let mut socket = socket;
    let mut ticked = None;
    // Relaxed: a flag alone, nothing is published with it.
    while !closing.load(Ordering::Relaxed) {
        if ticked.is_none_or(|at: Instant| at.elapsed() >= TICK) {
            stream.tick();
            ticked = Some(Instant::now());
        }
        match &mut socket {
            Some(socket) => socket.serve(woken, TICK, stream),
            None => std::thread::park_timeout(TICK),
        }
    }
}

impl Drop for Events {
    fn drop(&mut self) {
        // Relaxed: a flag alone, nothing is published with it.
        self.closing.store(true, Ordering::Relaxed);
        let _ = self.wake.write(&[0]);
        if let Some(thread) = self.thread.take() {
            thread.thread().unpark();
            let _ = thread.join();
        }
        self.stream.close();
    }
}

/// What its event stream has of a stream.
pub(super) fn like(settings: &Settings) -> Like {
    Like { name: settings.name.clone(), version: settings.struct_version }
}

/// What stamps a mark that came over the control socket.
pub(crate) fn marker(stream: &Arc<EventStream>) -> Marker {
    let stream = stream.clone();
    Arc::new(move |mark, arrived_ns| stream.stamp(mark, arrived_ns))
}
