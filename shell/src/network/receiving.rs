//! A stream that is being received: carries out what its [`Reception`] says.

use std::sync::Arc;
use std::time::Duration;

use axismirror_core::extension::Clock;
use axismirror_core::name::StreamName;
use zenoh::Wait as _;
use zenoh::bytes::ZBytes;
use zenoh::handlers::CallbackDrop;
use zenoh::qos::CongestionControl;
use zenoh::query::{ConsolidationMode, QueryTarget, Reply};
use zenoh::sample::Sample;

use super::answers::clock_parameters;
use super::ask;
use super::chunk;
use super::clocks::{ClockFilter, RoundTrip, SenderTimes};
use super::info::{Announced, MAX_JSON};
use super::key::{Address, Topic};
use super::outlet::Outlet;
use super::queue::{Queue, Waiting};
use super::receive::{LOOK, Shared};
use super::reception::{Action, Question, Reception, Refused};
use super::reorder::Limits;
use super::state::State;
use crate::clock;

/// How long an answer may take. Then whatever came of it is all.
const ANSWER_WITHIN: Duration = Duration::from_millis(2000);
/// Between two looks at the clocks, at first and later.
const FIRST_CLOCKS_NS: i64 = 100_000_000;
const CLOCKS_NS: i64 = 1_000_000_000;
/// How many looks are the first ones.
const FIRST_CLOCKS: u32 = 10;
/// Nothing was heard for so long: the sender is silent. It says something each second.
const SILENT_NS: i64 = 3_000_000_000;

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
        asked: [i64; 2],
        answered: [i64; 2],
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
    refused: Option<String>,
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
            refused: None,
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
                    Action::Lost(frames) => self.outlet.lost(frames),
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
            Event::Message { topic: Topic::Data, payload, answer, .. } => {
                let taken = self.reception.chunk(payload, answer, now_ns);
                self.say(taken.map_err(|e: Refused| e.to_string()));
            }
            Event::Message { topic: Topic::Info, payload, attachment, .. } => {
                let announced = Announced::parse(&payload, attachment.as_deref(), &self.address);
                let taken = announced
                    .map_err(|e| e.to_string())
                    .and_then(|announced| self.reception.info(announced, now_ns).map_err(|e| e.to_string()));
                self.say(taken);
            }
            Event::Message { topic: Topic::State, payload, .. } => {
                let state = State::parse(&payload).map_err(|e| e.to_string());
                let taken = state.and_then(|state| {
                    self.reception.state(&state, now_ns).map_err(|e| e.to_string())?;
                    self.outlet.sent(state.health.unwrap_or_default().into());
                    // Of a writer that does not say how it is nobody knows better.
                    self.sender_is(matches!(state.state.as_str(), "live" | "unknown"), now_ns);
                    Ok(())
                });
                self.say(taken);
            }
            Event::Message { .. } => {}
            Event::Answered => self.reception.answered(now_ns),
            Event::Clocks { times, asked, answered } => self.clocks(&times, asked, answered),
        }
    }

    /// A message that was not taken is told of once, until another reason comes.
    fn say(&mut self, taken: Result<(), String>) {
        if let Err(why) = taken
            && self.refused.as_ref() != Some(&why)
        {
            tracing::warn!(key = %self.address, "a message is not taken: {why}");
            self.refused = Some(why);
        }
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
        let selector = format!("{}?{parameters}", self.address.key(topic));
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
        let get = self.shared.session.get(selector).target(QueryTarget::All).consolidation(ConsolidationMode::None);
        let get = get.congestion_control(CongestionControl::Drop);
        if let Err(error) = get.timeout(ANSWER_WITHIN).with(answers).wait() {
            tracing::debug!(key = %self.address, "cannot ask: {error}");
        }
    }

    /// Asks the sender what time it is, now and then.
    fn look_at_clocks(&mut self, now_ns: i64) {
        let (Some(relay), Some(clock)) = (self.reception.relay(), self.outlet.clock()) else { return };
        if self.filtered != Some((relay, clock)) {
            self.filtered = Some((relay, clock));
            (self.looks, self.clocks_at) = (0, i64::MIN);
            self.filter.clear();
            self.outlet.mapping(None);
        }
        let every = if self.looks < FIRST_CLOCKS { FIRST_CLOCKS_NS } else { CLOCKS_NS };
        if now_ns < self.clocks_at.saturating_add(every) {
            return;
        }
        (self.looks, self.clocks_at) = (self.looks.saturating_add(1), now_ns);
        let selector = format!("{}?{}", self.address.key(Topic::Clock), clock_parameters(relay));
        let queue = self.queue.clone();
        let asked = [clock::monotonic_ns(), clock::realtime_ns()];
        let get = self.shared.session.get(selector).target(QueryTarget::All).consolidation(ConsolidationMode::None);
        let get = get.congestion_control(CongestionControl::Drop);
        let get = get.express(true).timeout(ANSWER_WITHIN).callback(move |reply| {
            let answered = [clock::monotonic_ns(), clock::realtime_ns()];
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

    fn clocks(&mut self, times: &SenderTimes, asked: [i64; 2], answered: [i64; 2]) {
        let Some((_, clock)) = self.filtered else { return };
        let ([came_ns, went_ns], which) = match clock {
            Clock::Realtime => (times.realtime_ns, 1),
            Clock::Monotonic | Clock::Unknown => (times.monotonic_ns, 0),
        };
        let at = |times: [i64; 2]| times.get(which).copied().unwrap_or(0);
        let (asked_ns, answered_ns) = (at(asked), at(answered));
        if self.filter.push(&RoundTrip { asked_ns, came_ns, went_ns, answered_ns }) {
            self.outlet.mapping(self.filter.mapping(answered_ns));
        }
    }

    /// Whether the sender's own stream is well.
    fn sender_is(&mut self, well: bool, now_ns: i64) {
        if well == self.silent {
            self.silent = !well;
            self.outlet.silent_since(if well { 0 } else { now_ns });
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
