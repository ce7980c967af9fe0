//! A stream that is being sent: a mirror of its own that the acquisition never waits for.
//!
//! Where frames are in the ring and what the network does with them is not its business; nor what receivers make of them.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use zenoh::Wait as _;
use zenoh::bytes::ZBytes;
use zenoh::liveliness::LivelinessToken;
use zenoh::pubsub::Publisher;
use zenoh::qos::{CongestionControl, Priority};
use zenoh::query::Queryable;

use super::cache::Cache;
use super::chunk::{Chunk, Content};
use super::error::NetworkError;
use super::info::{Info, Run};
use super::key::{Address, Topic};
use super::pieces::cut;
use super::relay::{Context, LOOK};
use super::relayed::{Shared, SharedStream};
use super::state::State;
use crate::clock;
use crate::events;
use crate::mirror::instance::number;
use crate::mirror::{self, Follower, Frames, Mirror, News, Start, StateFacts, StreamInfo, StreamState};

/// Between two messages how a stream fares.
const STATE_EVERY: Duration = Duration::from_secs(1);
/// How much of what was there before is sent when a relay begins, in seconds: a stream that it found a little late is whole.
const RECENT_S: f64 = 1.0;
/// Bytes of marks that are kept, however old they are.
const EVENTS_BYTES: usize = 1 << 20;

/// A stream that is being sent.
pub(super) struct Sending<'c> {
    context: &'c Context,
    name: String,
    address: Address,
    shared: SharedStream,
    data: Publisher<'static>,
    info: Publisher<'static>,
    state: Publisher<'static>,
    /// That questions are answered, as long as the stream is sent.
    _answered: [Queryable<()>; 3],
    /// By which the stream is found, once it is known what it is.
    token: Option<LivelinessToken>,
    run: Run,
    /// The header's own instance, as long as its frames are numbered in that one.
    of_header: Option<u64>,
    stream: Option<StreamInfo>,
    /// What frames are has changed and is to be told before the next one.
    untold: bool,
    description: u64,
    /// Frames before this one were there before: kept, and not sent.
    send_from: u64,
    state_at: Option<Instant>,
}

impl<'c> Sending<'c> {
    pub(super) fn new(context: &'c Context, name: &str) -> Result<Self, NetworkError> {
        let address = Address::new(&context.settings.box_name, name)?;
        // Until a header says better.
        let run = Run { relay: context.relay, instance: number(&[&context.relay.to_le_bytes(), name.as_bytes()]) };
        let (keep_ns, keep_bytes) = match events::stream_of(name) {
            // Marks are few, and in no recording that is read here.
            Some(_) => (i64::MAX, context.settings.keep_bytes.min(EVENTS_BYTES)),
            None => (i64::try_from(context.settings.keep.as_nanos()).unwrap_or(i64::MAX), context.settings.keep_bytes),
        };
        let cache = Cache::new(keep_ns, keep_bytes);
        let shared = Shared::new(address.clone(), context.host.clone(), run, cache);
        let shared = Arc::new(Mutex::new(shared));
        let answered = context.answers.about(&context.session, &address, &shared)?;
        let publisher = |topic: Topic| {
            let key = address.key(topic);
            let publisher = context.session.declare_publisher(key.clone()).congestion_control(CongestionControl::Drop);
            let publisher = publisher.priority(Priority::DataHigh).express(true);
            publisher.wait().map_err(|source| NetworkError::Declare { key, source })
        };
        Ok(Self {
            context,
            name: name.to_owned(),
            shared,
            data: publisher(Topic::Data)?,
            info: publisher(Topic::Info)?,
            state: publisher(Topic::State)?,
            address,
            _answered: answered,
            token: None,
            run,
            of_header: None,
            stream: None,
            untold: false,
            description: 0,
            send_from: 0,
            state_at: None,
        })
    }

    pub(super) fn run(&mut self) -> Result<(), NetworkError> {
        let mut follower = Follower::open(&self.name, Start::Oldest)?;
        while !self.context.stopped() {
            match follower.next(LOOK)? {
                // One that was found by looking for all is found again when it comes back.
                News::Waiting(mirror::State::Absent) if !self.context.settings.names.contains(&self.name) => {
                    return Ok(());
                }
                News::Nothing | News::Waiting(_) => {}
                News::Stream(stream) => {
                    let stream = stream.clone();
                    self.changed(stream, follower.mirror());
                }
                News::Frames(frames) => self.send(&frames)?,
            }
            if self.state_at.is_none_or(|at| at.elapsed() >= STATE_EVERY) {
                self.state_at = Some(Instant::now());
                self.tell_state(follower.mirror());
            }
        }
        Ok(())
    }

    /// What the next frames are.
    fn changed(&mut self, stream: StreamInfo, mirror: &Mirror) {
        let instance = mirror.instance();
        if let (Some(extension), Some(generation), Some(number)) = (mirror.extension(), mirror.generation(), instance)
            && self.of_header != instance
        {
            self.of_header = instance;
            self.begin_instance(number);
            let counters = extension.counters(generation);
            let there = counters.base().saturating_add(counters.committed());
            // Of irregular streams nobody knows how old what is there is: whoever has it already knows it by its number.
            self.send_from = stream.rate.map_or(0, |rate| there.saturating_sub((rate * RECENT_S) as u64));
        }
        self.stream = Some(stream);
        self.untold = true;
    }

    /// Frames are numbered anew.
    fn begin_instance(&mut self, instance: u64) {
        self.run.instance = instance;
        self.shared().begin(instance);
    }

    fn send(&mut self, frames: &Frames<'_>) -> Result<(), NetworkError> {
        let tip = self.shared().cache.tip();
        if frames.first < tip {
            // A writer without our block counts as it likes.
            let instance = number(&[&self.run.instance.to_le_bytes(), &clock::monotonic_ns().to_le_bytes()]);
            self.begin_instance(instance);
            (self.untold, self.send_from) = (true, 0);
        }
        if std::mem::take(&mut self.untold) {
            self.tell_info(frames.first.saturating_sub(frames.overwritten))?;
        }
        let Some(stream) = &self.stream else { return Ok(()) };
        let head = Chunk {
            relay: self.run.relay,
            instance: self.run.instance,
            description: self.description,
            first: frames.first,
            generation: stream.generation.number(),
            frames: 0,
            frame_len: u32::try_from(stream.frame_bytes().max(1)).unwrap_or(0),
            content: Content::Frames,
        };
        let now_ns = clock::monotonic_ns();
        for (chunk, message) in cut(head, frames.times, frames.bytes) {
            let message = ZBytes::from(message);
            self.shared().cache.push(chunk.first..chunk.end(), message.len(), message.clone(), now_ns);
            if chunk.first >= self.send_from {
                put(&self.data, message, None);
            }
        }
        Ok(())
    }

    /// What frames are from `first` on.
    fn tell_info(&mut self, first: u64) -> Result<(), NetworkError> {
        let Some(stream) = &self.stream else { return Ok(()) };
        let mut info = Info::of(stream, &self.address, &self.context.host, self.run, first);
        let static_metadata = stream.static_metadata.clone().map(ZBytes::from);
        self.description = info.description;
        let frame_len = stream.frame_bytes().max(1);
        tracing::info!(stream = self.name, key = %self.address, first, "relaying");
        {
            let mut shared = self.shared();
            shared.remember(info.clone(), static_metadata.clone(), frame_len);
            shared.state.word().clone_into(&mut info.state);
        }
        put(&self.info, ZBytes::from(info.emit()), static_metadata);
        if self.token.is_none() {
            let key = self.address.key(Topic::Alive);
            let token = self.context.session.liveliness().declare_token(key.clone()).wait();
            self.token = Some(token.map_err(|source| NetworkError::Declare { key, source })?);
        }
        Ok(())
    }

    fn tell_state(&self, mirror: &Mirror) {
        // Before there is a header it has not begun.
        let state = StateFacts::of(mirror).map_or(StreamState::NotYet, |facts| StreamState::of(&facts));
        let (word, health) = (state.word().to_owned(), mirror.extension().map(|e| e.health().into()));
        let next = {
            let mut shared = self.shared();
            shared.state = state;
            shared.cache.tip()
        };
        // Before the first frame there is nothing to be told.
        if self.token.is_some() {
            let Run { relay, instance } = self.run;
            let state = State { relay, instance, next, state: word, health };
            put(&self.state, ZBytes::from(state.emit()), None);
        }
    }

    fn shared(&self) -> MutexGuard<'_, Shared> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Gives a message to the network, which drops it when there is no room.
fn put(publisher: &Publisher<'_>, message: ZBytes, attachment: Option<ZBytes>) {
    if let Err(error) = publisher.put(message).attachment(attachment).wait() {
        tracing::debug!("{} is not sent: {error}", publisher.key_expr());
    }
}
