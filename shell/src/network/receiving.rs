//! A stream that is being received: carries out what its [`Reception`] says.

use std::sync::Arc;
use std::time::Duration;

use axismirror_core::extension::Clock;
use axismirror_core::name::StreamName;
use zenoh::Wait as _;
use zenoh::bytes::ZBytes;
use zenoh::handlers::{CallbackDrop, DefaultHandler};
use zenoh::qos::CongestionControl;
use zenoh::query::{ConsolidationMode, QueryTarget, Reply};
use zenoh::sample::Sample;
use zenoh::session::SessionGetBuilder;

use super::answers::clock_parameters;
use super::ask;
use super::chunk;
use super::clocks::{ClockFilter, RoundTrip, SenderTimes};
use super::info::{Announced, InfoError, MAX_JSON};
use super::key::{Address, Topic};
use super::outlet::Outlet;
use super::queue::{Queue, Waiting};
use super::receive::{LOOK, Shared};
use super::reception::{Action, Question, Reception, Refused};
use super::reorder::Limits;
use super::state::State;
use crate::causes;
use crate::clock::{self, Readings};
use crate::mirror::StreamState;
use crate::said::Said;

/// How long an answer may take. Then whatever came of it is all.
const ANSWER_WITHIN: Duration = Duration::from_millis(2000);
/// Between two looks at the clocks, at first and later.
const FIRST_CLOCKS_NS: i64 = 100_000_000;
const CLOCKS_NS: i64 = 1_000_000_000;
/// How many looks are the first ones.
const FIRST_CLOCKS: u32 = 10;
/// Nothing was heard for so long: the sender is silent. It says something each second.
const SILENT_NS: i64 = 3_000_000_000;

/// Why a message changes nothing.
#[derive(Debug, thiserror::Error)]
enum NotTaken {
    /// It cannot be read.
    #[error(transparent)]
    Unread(#[from] InfoError),
    /// It is none of the stream that is being received.
    #[error(transparent)]
    Refused(#[from] Refused),
}

/// What a stream's thread is told.
pub(super) enum Event {
    Message {
        topic: Topic,
        payload: Vec<u8>,
        attachment: Option<Vec<u8>>,
        answer: bool,
    },
    /// A question for frames has ended.
    Answered,
    Clocks {
        times: SenderTimes,
        asked: Readings,
        answered: Readings,
    },
}

impl Event {
    /// What it takes while it waits.
    fn bytes(&self) -> usize {
        match self {
            Self::Message { payload, attachment, .. } => payload.len() + attachment.as_ref().map_or(0, Vec::len),
            Self::Answered | Self::Clocks { .. } => 0,
        }
    }
}

/// On to its stream's thread. Without room there it is lost, as on the way: what is missing is asked for.
pub(super) fn put(queue: &Queue<Event>, event: Event) {
    let bytes = event.bytes();
    queue.put(event, bytes);
}

/// What is in a sample, if it is not too long for what it is said to be.
pub(super) fn message(topic: Topic, sample: &Sample, answer: bool) -> Option<Event> {
    let longest = if topic == Topic::Data { chunk::MAX_LEN } else { MAX_JSON };
    let bytes = |bytes: &ZBytes, longest: usize| (bytes.len() <= longest).then(|| bytes.to_bytes().into_owned());
    // Nothing else has one.
    let attachment = match sample.attachment().filter(|_| topic == Topic::Info) {
        Some(attachment) => Some(bytes(attachment, super::info::MAX_STATIC_METADATA)?),
        None => None,
    };
    Some(Event::Message { topic, payload: bytes(sample.payload(), longest)?, attachment, answer })
}

/// A stream that is being received.
pub(super) struct Receiving {
    shared: Arc<Shared>,
    address: Address,
    queue: Queue<Event>,
    reception: Reception,
    pub(super) outlet: Outlet,
    filter: ClockFilter,
    /// Whose clocks the filter knows, in which of its clocks.
    filtered: Option<(u64, Clock)>,
    clocks_at: i64,
    looks: u32,
    silent: bool,
    /// What was said of messages that were not taken.
    refused: Said,
}

impl Receiving {
    pub(super) fn new(shared: Arc<Shared>, address: Address, name: StreamName, queue: Queue<Event>) -> Self {
        let settings = &shared.settings;
        let give_up_ns = i64::try_from(settings.repair.as_nanos()).unwrap_or(i64::MAX);
        let limits = Limits { give_up_ns, ..Limits::default() };
        let outlet = Outlet::new(name, settings.access, settings.max_ring_bytes);
        Self {
            shared,
            address,
            queue,
            reception: Reception::new(limits),
            outlet,
            filter: ClockFilter::default(),
            filtered: None,
            clocks_at: i64::MIN,
            looks: 0,
            silent: false,
            refused: Said::default(),
        }
    }

    pub(super) fn run(&mut self, events: &Waiting<Event>) {
        while !self.shared.is_over() {
            // All that waits, so that what comes late is not asked for.
            events.take(LOOK).for_each(|event| self.event(event));
            let now_ns = clock::monotonic_ns();
            loop {
                if !self.outlet.has_room(now_ns) {
                    self.reception.wait(now_ns);
                    break;
                }
                let Some(action) = self.reception.next(now_ns) else { break };
                match action {
                    Action::Describe(announced) => self.outlet.describe(&announced),
                    Action::Frames { message, skip } => self.outlet.frames(&message, skip),
                    Action::Lost(frames) => self.outlet.lose(frames),
                }
            }
            for question in self.reception.ask(now_ns) {
                self.ask(&question);
            }
            self.look_at_clocks(now_ns);
            self.look_for_silence(now_ns);
            self.outlet.look_after();
        }
    }

    fn event(&mut self, event: Event) {
        let now_ns = clock::monotonic_ns();
        match event {
            Event::Message { topic, payload, attachment, answer } => {
                // One that was not taken is told of once, until another reason comes.
                if let Err(why) = self.message(topic, payload, attachment.as_deref(), answer, now_ns)
                    && let Some(why) = self.refused.news(Some(causes::line(&why)))
                {
                    tracing::warn!(key = %self.address, "a message is not taken: {why}");
                }
            }
            Event::Answered => self.reception.answered(now_ns),
            Event::Clocks { times, asked, answered } => self.clocks(&times, asked, answered),
        }
    }

    fn message(
        &mut self,
        topic: Topic,
        payload: Vec<u8>,
        attachment: Option<&[u8]>,
        answer: bool,
        now_ns: i64,
    ) -> Result<(), NotTaken> {
        match topic {
            Topic::Data => self.reception.chunk(payload, answer, now_ns)?,
            Topic::Info => self.reception.info(Announced::parse(&payload, attachment, &self.address)?, now_ns)?,
            Topic::State => {
                let state = State::parse(&payload)?;
                self.reception.state(&state, now_ns)?;
                self.outlet.set_sent_health(state.health.unwrap_or_default().into());
                // Of a writer that does not say how it is nobody knows better.
                let is_well = matches!(state.stream_state(), Some(StreamState::Live | StreamState::Unknown));
                self.sender_is(is_well, now_ns);
            }
            Topic::Repair | Topic::Clock | Topic::Alive => {}
        }
        Ok(())
    }

    fn ask(&self, question: &Question) {
        match question {
            Question::Info => self.get(Topic::Info, "", Topic::Info, false),
            Question::Frames { instance, missing } => {
                tracing::debug!(key = %self.address, "asking for {missing:?}");
                self.get(Topic::Repair, &ask::write(*instance, missing), Topic::Data, true);
            }
        }
    }

    /// Asks a relay; answers come as events. Never waits.
    fn get(&self, topic: Topic, parameters: &str, answers_are: Topic, tell_end: bool) {
        let (queue, ended) = (self.queue.clone(), self.queue.clone());
        let answers = CallbackDrop {
            callback: move |reply: Reply| {
                if let Ok(sample) = reply.result()
                    && let Some(event) = message(answers_are, sample, true)
                {
                    put(&queue, event);
                }
            },
            drop: move || {
                if tell_end {
                    put(&ended, Event::Answered);
                }
            },
        };
        if let Err(error) = self.query(topic, parameters).with(answers).wait() {
            tracing::debug!(key = %self.address, "cannot ask: {error}");
        }
    }

    /// A question to whoever relays the stream: all answers count, and what the network cannot take is asked again.
    fn query(&self, topic: Topic, parameters: &str) -> SessionGetBuilder<'_, '_, DefaultHandler> {
        let selector = format!("{}?{parameters}", self.address.key(topic));
        let get = self.shared.session.get(selector).target(QueryTarget::All).consolidation(ConsolidationMode::None);
        get.congestion_control(CongestionControl::Drop).timeout(ANSWER_WITHIN)
    }

    /// Asks the sender what time it is, now and then.
    fn look_at_clocks(&mut self, now_ns: i64) {
        let (Some(relay), Some(clock)) = (self.reception.relay(), self.outlet.clock()) else { return };
        if self.filtered != Some((relay, clock)) {
            self.filtered = Some((relay, clock));
            (self.looks, self.clocks_at) = (0, i64::MIN);
            self.filter.clear();
            self.outlet.set_mapping(None);
        }
        let every = if self.looks < FIRST_CLOCKS { FIRST_CLOCKS_NS } else { CLOCKS_NS };
        if now_ns < self.clocks_at.saturating_add(every) {
            return;
        }
        (self.looks, self.clocks_at) = (self.looks.saturating_add(1), now_ns);
        let queue = self.queue.clone();
        let asked = Readings::now();
        let get = self.query(Topic::Clock, &clock_parameters(relay)).express(true).callback(move |reply| {
            let answered = Readings::now();
            if let Ok(sample) = reply.result()
                && let Some(times) = SenderTimes::parse(&sample.payload().to_bytes())
            {
                put(&queue, Event::Clocks { times, asked, answered });
            }
        });
        if let Err(error) = get.wait() {
            tracing::debug!(key = %self.address, "cannot ask: {error}");
        }
    }

    fn clocks(&mut self, times: &SenderTimes, asked: Readings, answered: Readings) {
        let Some((_, clock)) = self.filtered else { return };
        let answered_ns = answered.of(clock);
        let trip = RoundTrip {
            asked_ns: asked.of(clock),
            came_ns: times.came.of(clock),
            went_ns: times.went.of(clock),
            answered_ns,
        };
        if self.filter.push(&trip) {
            self.outlet.set_mapping(self.filter.mapping(answered_ns));
        }
    }

    /// Whether the sender's own stream is well.
    fn sender_is(&mut self, well: bool, now_ns: i64) {
        if well == self.silent {
            self.silent = !well;
            self.outlet.set_silent_since(if well { 0 } else { now_ns });
            tracing::info!(key = %self.address, "the sender is {}", if well { "back" } else { "silent" });
        }
    }

    fn look_for_silence(&mut self, now_ns: i64) {
        if let Some(heard_ns) = self.reception.heard_ns()
            && now_ns.saturating_sub(heard_ns) > SILENT_NS
        {
            self.sender_is(false, heard_ns);
        }
    }
}
