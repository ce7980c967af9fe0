//! The data stream's events: their stream, and the thread that looks after it and serves programs that mark.
//!
//! Stamping is the event stream's own; a request over the control socket is stamped by that socket's thread.

use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use super::{ServiceError, this_process};
use crate::access::Access;
use crate::config::Settings;
use crate::control::Marker;
use crate::events::{EventStream, Like, Position};
use crate::shm::{SHM_DIR, ShmStore};

/// Between two looks after the stream.
const TICK: Duration = Duration::from_millis(200);

/// The events of a stream that is being published; ends with it.
#[derive(Debug)]
pub(super) struct Events {
    stream: Arc<EventStream>,
    closing: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Events {
    /// Makes the event stream of what `settings` describe, stamped by what is shown in `position`.
    pub(super) fn start(settings: &Settings, access: Access, position: Position) -> Result<Self, ServiceError> {
        let store = ShmStore::new(SHM_DIR).with_access(access);
        let stream = EventStream::open(&like(settings), store, this_process(), settings.clock, position);
        let stream = Arc::new(stream.map_err(ServiceError::Events)?);
        let closing = Arc::new(AtomicBool::new(false));
        let mut events = Self { stream: stream.clone(), closing: closing.clone(), thread: None };
        events.thread = Some(spawn(stream, closing).map_err(ServiceError::Thread)?);
        Ok(events)
    }

    pub(super) const fn stream(&self) -> &Arc<EventStream> {
        &self.stream
    }
}

fn spawn(stream: Arc<EventStream>, closing: Arc<AtomicBool>) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("events".to_owned()).spawn(move || {
        crate::realtime::leave();
        // Relaxed: a flag alone, nothing is published with it.
        while !closing.load(Ordering::Relaxed) {
            stream.tick();
            std::thread::park_timeout(TICK);
        }
    })
}

impl Drop for Events {
    fn drop(&mut self) {
        // Relaxed: a flag alone, nothing is published with it.
        self.closing.store(true, Ordering::Relaxed);
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
pub(super) fn marker(stream: &Arc<EventStream>) -> Marker {
    let stream = stream.clone();
    Arc::new(move |mark, arrived_ns| stream.stamp(mark, arrived_ns))
}
