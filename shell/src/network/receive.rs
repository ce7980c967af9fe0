//! Receives streams of other machines into this one's shared memory.
//!
//! What comes in is sorted by stream; each has a thread of its own. Nothing here waits for the network: what does not fit into a stream's queue is
//! dropped, and asked for again.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use axismirror_core::name::StreamName;
use zenoh::pubsub::Subscriber;
use zenoh::sample::Sample;
use zenoh::{Session, Wait as _};

use super::error::NetworkError;
use super::key::{Address, Selection, Topic};
use super::queue::{Queue, queue};
use super::receiving::{Event, Receiving, message, put};
use super::session::{NetworkSettings, Purpose};
use crate::access::Access;
use crate::causes;
use crate::events;

/// How often a stream is looked after when nothing comes.
pub(super) const LOOK: Duration = Duration::from_millis(10);

/// What is received, and how.
#[derive(Clone, Debug)]
pub struct ReceiveSettings {
    /// Streams that are asked for.
    pub selections: Vec<Selection>,
    /// The name here, of the only stream that is asked for, and with the usual ending of its events; `<box>/<stream>` else.
    pub name: Option<String>,
    /// How long a gap may hold up what is behind it.
    pub repair: Duration,
    /// The most bytes of a ring.
    pub max_ring_bytes: usize,
    /// The most streams, over the life of the receiver: one that is silent keeps its place, as it keeps its readers.
    pub max_streams: usize,
    /// Who may open the segments.
    pub access: Access,
    /// The network.
    pub network: NetworkSettings,
}

/// What all streams of a receiver have in common.
pub(super) struct Shared {
    pub(super) session: Session,
    pub(super) settings: ReceiveSettings,
    stop: Arc<AtomicBool>,
    /// Ended without having been stopped.
    ended: AtomicBool,
    streams: Mutex<Streams>,
}

impl Shared {
    /// Whether it is to end.
    pub(super) fn is_over(&self) -> bool {
        // Relaxed: flags alone, nothing is published with them.
        self.stop.load(Ordering::Relaxed) || self.ended.load(Ordering::Relaxed)
    }
}

#[derive(Default)]
struct Streams {
    queues: HashMap<Address, Queue<Event>>,
    threads: Vec<JoinHandle<()>>,
    said_full: bool,
    /// Of which it was said that they are not received.
    refused: HashSet<Address>,
}

impl Streams {
    /// Whether it is to be said that a stream is not received: once of each, and of no more than so many. The next message may come at once.
    fn is_news(&mut self, address: &Address, most: usize) -> bool {
        self.refused.len() < most && self.refused.insert(address.clone())
    }
}

/// Receives until `stop` is set.
///
/// # Errors
/// [`NetworkError`]: what keeps it from starting.
pub fn receive(settings: ReceiveSettings, stop: Arc<AtomicBool>) -> Result<(), NetworkError> {
    let Some(session) = settings.network.open(Purpose::Seek, &stop)? else { return Ok(()) };
    let (streams, ended) = (Mutex::default(), AtomicBool::new(false));
    let shared = Arc::new(Shared { session: session.clone(), settings, stop, ended, streams });
    let outcome = subscribe_all(&shared).map(|subscribers| {
        while !shared.is_over() {
            std::thread::sleep(LOOK * 5);
        }
        drop(subscribers);
    });
    // Whatever it was that ended it, no thread is left. Relaxed: who begins a stream looks under the lock.
    shared.ended.store(true, Ordering::Relaxed);
    let streams = std::mem::take(&mut *shared.streams.lock().unwrap_or_else(PoisonError::into_inner));
    drop(streams.queues);
    for thread in streams.threads {
        let _ = thread.join();
    }
    if let Err(error) = session.close().wait() {
        tracing::debug!("the session did not end as it should: {error}");
    }
    outcome
}

fn subscribe_all(shared: &Arc<Shared>) -> Result<Vec<Subscriber<()>>, NetworkError> {
    let mut subscribers = Vec::new();
    // The events of a stream are part of it.
    let selections = &shared.settings.selections;
    let single = selections.iter().filter_map(Selection::single);
    let events: Vec<_> = single.filter_map(|a| Selection::of(&a.box_name, &events::name_of(&a.stream)).ok()).collect();
    for selection in selections.iter().chain(&events) {
        tracing::info!(key = selection.key(Topic::Data), "waiting for streams");
        for topic in [Topic::Info, Topic::State, Topic::Data] {
            subscribers.push(subscribe(shared, selection, topic)?);
        }
    }
    Ok(subscribers)
}

fn subscribe(shared: &Arc<Shared>, selection: &Selection, topic: Topic) -> Result<Subscriber<()>, NetworkError> {
    let key = selection.key(topic);
    let shared = shared.clone();
    let session = shared.session.clone();
    let subscriber = session.declare_subscriber(key.clone()).callback(move |sample| take(&shared, &sample));
    subscriber.wait().map_err(|source| NetworkError::Declare { key, source })
}

/// A message came: on with it to its stream's thread.
fn take(shared: &Arc<Shared>, sample: &Sample) {
    let Some((address, topic)) = Address::of_key(sample.key_expr().as_str()) else { return };
    let Some(event) = message(topic, sample, false) else { return };
    let mut streams = shared.streams.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(queue) = streams.queues.get(&address) {
        return put(queue, event);
    }
    if shared.is_over() {
        return;
    }
    if streams.queues.len() >= shared.settings.max_streams {
        if !std::mem::replace(&mut streams.said_full, true) {
            tracing::warn!(key = %address, "no more than {} streams are received (--max-streams)", streams.queues.len());
        }
        return;
    }
    match begin(shared, &address) {
        Ok((queue, thread)) => {
            put(&queue, event);
            streams.queues.insert(address, queue);
            streams.threads.push(thread);
        }
        Err(why) if streams.is_news(&address, shared.settings.max_streams) => {
            tracing::error!(key = %address, "not received: {}", causes::line(&why));
        }
        Err(_) => {}
    }
}

fn begin(shared: &Arc<Shared>, address: &Address) -> Result<(Queue<Event>, JoinHandle<()>), NetworkError> {
    let name = match &shared.settings.name {
        None => address.received_name(),
        Some(name) if shared.settings.selections.iter().any(|s| s.single().as_ref() == Some(address)) => name.clone(),
        Some(name) => events::name_of(name),
    };
    let name = StreamName::new(&name)?;
    let (queue, events) = queue();
    let mut receiving = Receiving::new(shared.clone(), address.clone(), name, queue.clone());
    let thread = std::thread::Builder::new().name("axm-receive".to_owned()).spawn(move || {
        receiving.run(&events);
        receiving.outlet.close();
    });
    Ok((queue, thread.map_err(NetworkError::Thread)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_received_is_said_once_of_each() {
        let mut streams = Streams::default();
        let said: Vec<_> = ["a", "a", "b", "a", "c", "c"]
            .map(|stream| streams.is_news(&Address::new("pi", stream).unwrap(), 2))
            .to_vec();
        assert_eq!(said, [true, false, true, false, false, false]);
    }
}
