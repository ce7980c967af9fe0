//! Sends streams of this machine: finds them, and gives each a thread.
//!
//! What is sent of a stream is not its business; nor what receivers make of it.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use zenoh::{Session, Wait as _};

use super::answers::Answers;
use super::error::NetworkError;
use super::key::Address;
use super::sending::Sending;
use super::session::{NetworkSettings, Purpose, host_name};
use crate::causes;
use crate::events;
use crate::mirror::{Mirror, Start};
use crate::recording::Recordings;
use crate::said::Said;
use crate::shm::{self, SHM_DIR};

/// How long to wait for frames, and how late a stop is noticed.
pub(super) const LOOK: Duration = Duration::from_millis(50);
/// Between two looks for streams that are new.
const SCAN_EVERY: Duration = Duration::from_millis(500);

/// What is sent.
#[derive(Clone, Debug)]
pub struct RelaySettings {
    /// Streams, each with its events; all of this machine when there is none.
    pub names: Vec<String>,
    /// What this machine is called.
    pub box_name: String,
    /// How long frames are kept for those who lost them.
    pub keep: Duration,
    /// How many bytes of them are kept for each stream.
    pub keep_bytes: usize,
    /// Recordings that have what is kept no longer: files, each with its parts, and folders.
    pub recordings: Vec<PathBuf>,
    /// The network.
    pub network: NetworkSettings,
}

impl RelaySettings {
    /// Whether a stream that is found is sent: all are, or the events of those that were named.
    fn takes(&self, name: &str) -> bool {
        let named = |stream: &str| self.names.iter().any(|n| n == stream);
        self.names.is_empty() || events::stream_of(name).is_some_and(named)
    }
}

/// What all streams of a relay have in common.
#[derive(Clone)]
pub(super) struct Context {
    pub(super) session: Session,
    pub(super) settings: Arc<RelaySettings>,
    pub(super) answers: Arc<Answers>,
    pub(super) host: String,
    /// The run of this relay: zenoh's own random id.
    pub(super) relay: u64,
    pub(super) stop: Arc<AtomicBool>,
}

impl Context {
    /// Whether it is to end.
    pub(super) fn stopped(&self) -> bool {
        // Relaxed: a flag alone, nothing is published with it.
        self.stop.load(Ordering::Relaxed)
    }
}

/// Sends streams until `stop` is set.
///
/// # Errors
/// [`NetworkError`]: what keeps it from starting. What goes wrong with one stream later is logged and tried again.
pub fn relay(settings: RelaySettings, stop: Arc<AtomicBool>) -> Result<(), NetworkError> {
    // What cannot be a key is said before anything is opened.
    for name in &settings.names {
        Address::new(&settings.box_name, name)?;
    }
    Address::new(&settings.box_name, "any")?;
    let recordings = Recordings::new(&settings.recordings);
    recordings.check(&settings.names, instance_of)?;
    let Some(session) = settings.network.open(Purpose::Offer, &stop)? else { return Ok(()) };
    let relay = session.zid().to_le_bytes().first_chunk().copied().map_or(0, u64::from_le_bytes);
    let context = Context {
        session: session.clone(),
        settings: Arc::new(settings),
        answers: Arc::new(Answers::start(recordings)?),
        host: host_name(),
        relay,
        stop,
    };
    tracing::info!(box_name = context.settings.box_name, "relaying; `axismirror receive` on another machine takes it");
    let mut threads: HashMap<String, JoinHandle<()>> = HashMap::new();
    let (mut scanned, mut said) = (None, Said::default());
    while !context.stopped() {
        if scanned.is_none_or(|at: Instant| at.elapsed() >= SCAN_EVERY) {
            scanned = Some(Instant::now());
            let trouble = start_new(&context, &mut threads).err().map(|error| causes::line(&error));
            if let Some(why) = said.news(trouble) {
                tracing::error!("streams that are new are not relayed: {why}; tried again until they are");
            }
        }
        std::thread::sleep(LOOK);
    }
    for (_, thread) in threads {
        let _ = thread.join();
    }
    if let Some(answers) = Arc::into_inner(context.answers) {
        answers.end();
    }
    if let Err(error) = session.close().wait() {
        tracing::debug!("the session did not end as it should: {error}");
    }
    Ok(())
}

/// In which count a stream's frames have their numbers, if it is there.
fn instance_of(name: &str) -> Option<u64> {
    let mut mirror = Mirror::open(name, Start::Next).ok()?;
    mirror.state().ok()?;
    mirror.instance()
}

/// Starts what is asked for and not being sent.
fn start_new(context: &Context, threads: &mut HashMap<String, JoinHandle<()>>) -> Result<(), NetworkError> {
    threads.retain(|_, thread| !thread.is_finished());
    let mut begin = |name: &String| -> Result<(), NetworkError> {
        if !threads.contains_key(name) {
            threads.insert(name.clone(), start(context, name)?);
        }
        Ok(())
    };
    context.settings.names.iter().try_for_each(&mut begin)?;
    live_streams()?.iter().filter(|name| context.settings.takes(name)).try_for_each(begin)
}

/// Names of the streams of this machine whose writers live. Those that were received from another one are not among them: they would go round in
/// circles.
fn live_streams() -> Result<Vec<String>, NetworkError> {
    let found = shm::streams(SHM_DIR).map_err(NetworkError::Look)?;
    Ok(found.into_iter().filter(|f| f.writer.is_some() && !f.received).filter_map(|f| f.name).collect())
}

fn start(context: &Context, name: &str) -> Result<JoinHandle<()>, NetworkError> {
    let (context, name) = (context.clone(), name.to_owned());
    let thread = std::thread::Builder::new().name("axm-relay".to_owned()).spawn(move || {
        crate::realtime::leave();
        while !context.stopped() {
            match Sending::new(&context, &name).and_then(|mut sending| sending.run()) {
                Ok(()) => return,
                Err(error) => {
                    tracing::error!(stream = name, "not relayed: {}; next try in 1 s", causes::line(&error));
                    let again = Instant::now() + Duration::from_secs(1);
                    while Instant::now() < again && !context.stopped() {
                        std::thread::sleep(LOOK);
                    }
                }
            }
        }
    });
    thread.map_err(NetworkError::Thread)
}
