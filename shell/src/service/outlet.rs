//! Where the acquisition's chunks go: into the publisher, in the element type that was asked for.
//!
//! A settings change that ends a ring goes in three steps, so that no frame is lost on the way: for a moment frames are held back while readers
//! take what is left in the old ring; then the old ring is declared invalid; and a moment later, when no reader can still be in
//! the middle of a look at the old fields, the new ring begins with the frames that were held back. Published readers check `bvalid` and the
//! generation first and read the counters afterwards, so the fields must rest in between.

use std::convert::Infallible;
use std::time::{Duration, Instant};

use axismirror_boards::acquisition::{Chunk, Sink};
use axismirror_core::health::Health;
use axismirror_core::publisher::{PublishError, Publisher};
use axismirror_core::settings::{PlanError, Settings as RingSettings};

use super::Listeners;
use super::message::{Channel, Template, convert};
use super::waker::Waker;
use crate::clock;
use crate::clock::fit::{ClockFit, Fitted};
use crate::jitter::Histogram;
use crate::shm::{ShmError, ShmStore};

/// How long readers have to take the last frames of a ring that is about to end.
const DRAIN: Duration = Duration::from_millis(50);
/// How long the old fields rest before they change.
const REST: Duration = Duration::from_millis(5);
/// Seconds of DRDY's times that a line is fitted to.
const CLOCK_WINDOW_S: f64 = 60.0;

/// What the service publishes through.
pub(super) type ServicePublisher = Publisher<ShmStore, Listeners>;

/// The sink of a running acquisition: collects frames into chunks and publishes them.
#[derive(Debug)]
pub(super) struct Outlet {
    publisher: ServicePublisher,
    /// What holds at present; nothing before the stream is described.
    now: Option<Next>,
    clock_offset_ns: i64,
    /// Frames that wait for their chunk to be full, or for a change to be over.
    codes: Vec<i32>,
    times_ns: Vec<i64>,
    /// What a chunk becomes on its way; kept so that nothing is allocated.
    bytes: Vec<u8>,
    seconds: Vec<f64>,
    change: Option<Change>,
    error: Option<PublishError<ShmError>>,
    waker: Option<Waker>,
    /// Counts of acquisitions before this one: each starts at zero.
    earlier: Health,
    current: Health,
    latency: Histogram,
    clock: ClockFit,
}

/// A change that is under way.
#[derive(Debug)]
struct Change {
    step: Step,
    since: Instant,
    next: Next,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Drain,
    Rest,
}

/// What chunks are like, from a moment on.
#[derive(Debug)]
pub(super) struct Next {
    pub(super) ring: RingSettings,
    pub(super) template: Template,
    pub(super) channels: Vec<Channel>,
    /// Frames of a chunk, at least 1.
    pub(super) chunk: usize,
}

impl Outlet {
    /// Over a publisher whose stream nobody has described yet.
    pub(super) fn new(publisher: ServicePublisher) -> Self {
        Self {
            waker: waker(&publisher),
            publisher,
            now: None,
            clock_offset_ns: 0,
            codes: Vec::new(),
            times_ns: Vec::new(),
            bytes: Vec::new(),
            seconds: Vec::new(),
            change: None,
            error: None,
            earlier: Health::default(),
            current: Health::default(),
            latency: Histogram::default(),
            clock: ClockFit::new(1.0, CLOCK_WINDOW_S),
        }
    }

    /// An acquisition is about to deliver frames. The first one describes the stream, a later one changes it. `clock_offset_ns` is added
    /// to the times of DRDY (`CLOCK_MONOTONIC`) to get those of the stream's clock; frames come at about `rate` Hz.
    pub(super) fn begin(&mut self, next: Next, clock_offset_ns: i64, rate: f64) -> Result<(), PublishError<ShmError>> {
        self.clock = ClockFit::new(rate, CLOCK_WINDOW_S);
        self.clock_offset_ns = clock_offset_ns;
        if self.now.is_some() {
            self.change(next);
        } else {
            next.template.with_message(|m| self.publisher.describe(m).map(|_| ()))?;
            self.now = Some(next);
        }
        Ok(())
    }

    /// Whether a change could be carried out: the ring is possible, there is room for it, and a new name is free.
    pub(super) fn check(&mut self, next: &Next) -> Result<(), PublishError<ShmError>> {
        let version = next.ring.version;
        let needed = next.template.with_message(|m| {
            Ok::<_, PlanError>(next.ring.plan(m)?.map_or(0, |plan| plan.description.data_len(version)))
        })?;
        let name = next.ring.shmem_name.as_ref().filter(|n| *n != self.publisher.name());
        let store = self.publisher.store();
        store.check_room(needed).map_err(PublishError::Store)?;
        name.map_or(Ok(()), |n| store.check_free(&n.header())).map_err(PublishError::Store)
    }

    /// Begins a change of settings. What came before it is published under the old ones; what comes until it is carried out is held back.
    /// A change that leaves the ring as it is (labels, chunk length) is done at once.
    pub(super) fn change(&mut self, next: Next) {
        self.flush();
        let plan = next.template.with_message(|m| next.ring.plan(m).ok().flatten().map(|p| p.description));
        if next.ring == *self.publisher.settings() && plan.as_ref() == self.publisher.description() {
            self.describe(next);
        } else {
            self.change = Some(Change { step: Step::Drain, since: Instant::now(), next });
        }
    }

    /// Carries a change on, and shows that the writer lives. To be called often.
    pub(super) fn tick(&mut self) {
        self.publisher.set_heartbeat(clock::monotonic_ns());
        let Some(change) = &mut self.change else { return };
        match change.step {
            Step::Drain if change.since.elapsed() >= DRAIN => {
                change.step = Step::Rest;
                change.since = Instant::now();
                let applied = self.publisher.apply(change.next.ring.clone());
                if let Err(error) = applied {
                    tracing::error!("the change cannot be carried out: {error}");
                    self.error = Some(error);
                    return;
                }
                // Another name or version is another header.
                self.waker = waker(&self.publisher);
                if self.publisher.description().is_some() {
                    // The ring's own settings are the same: it is the samples that change.
                    self.publisher.invalidate();
                }
            }
            Step::Rest if change.since.elapsed() >= REST => self.finish_change(),
            _ => {}
        }
    }

    /// Whether a change is under way.
    pub(super) const fn is_changing(&self) -> bool {
        self.change.is_some()
    }

    /// How long it took from DRDY of a chunk's newest frame until readers had it.
    pub(super) const fn latency(&self) -> &Histogram {
        &self.latency
    }

    /// The line through the times of DRDY.
    pub(super) fn clock(&self) -> Option<Fitted> {
        self.clock.fitted()
    }

    /// The acquisition is about to begin again, from zero counts.
    pub(super) fn restarted(&mut self) {
        self.earlier = sum(&self.earlier, &self.current);
        self.current = Health::default();
    }

    /// What went wrong in publishing since this was last asked.
    pub(super) const fn take_error(&mut self) -> Option<PublishError<ShmError>> {
        self.error.take()
    }

    /// All counts up to now.
    pub(super) fn health(&self) -> Health {
        sum(&self.earlier, &self.current)
    }

    /// The stream's name, which may have been made up.
    pub(super) fn name(&self) -> &str {
        self.publisher.name().as_str()
    }

    /// Publishes what is held back, lets readers take it, and removes the stream.
    pub(super) fn close(mut self) {
        while self.is_changing() {
            std::thread::sleep(REST);
            self.tick();
        }
        self.flush();
        if self.now.is_some() {
            std::thread::sleep(DRAIN);
        }
        self.publisher.close();
    }

    fn finish_change(&mut self) {
        let Some(change) = self.change.take() else { return };
        self.describe(change.next);
        self.publish_full_chunks();
    }

    /// From now on frames are what `next` says.
    fn describe(&mut self, next: Next) {
        if let Err(error) = next.template.with_message(|m| self.publisher.describe(m).map(|_| ())) {
            self.error = Some(error);
        }
        self.now = Some(next);
    }

    /// Publishes what there is of a chunk, unless a change is under way.
    pub(super) fn flush(&mut self) {
        if !self.is_changing() {
            self.publish_full_chunks();
            self.publish(self.times_ns.len());
        }
    }

    fn publish_full_chunks(&mut self) {
        let Some(chunk) = self.now.as_ref().map(|now| now.chunk.max(1)) else { return };
        while self.times_ns.len() >= chunk {
            self.publish(chunk);
        }
    }

    /// Publishes the oldest frames that wait.
    fn publish(&mut self, frames: usize) {
        let waiting = self.times_ns.len();
        let newest = self.times_ns.get(..frames).and_then(<[i64]>::last);
        let (Some(newest), Some(now)) = (newest, &self.now) else { return };
        let newest = newest + self.clock_offset_ns;
        // Every frame has as many codes.
        let all_channels = self.codes.len() / waiting;
        let codes = frames * all_channels;
        self.bytes.resize(frames * now.template.frame_bytes(), 0);
        convert(
            self.codes.get(..codes).unwrap_or_default(),
            all_channels,
            &now.channels,
            now.template.dtype(),
            &mut self.bytes,
        );
        self.seconds.clear();
        self.seconds.extend(self.times_ns.iter().take(frames).map(|t| (t + self.clock_offset_ns) as f64 / 1e9));
        self.codes.drain(..codes);
        self.times_ns.drain(..frames);
        if let Err(error) = self.publisher.append(&self.bytes, &self.seconds, newest) {
            self.error = Some(error);
        }
        self.publisher.set_health(&self.health());
        let heals = self.publisher.store().heals();
        self.publisher.set_heals(heals);
    }
}

impl Sink for Outlet {
    type Error = Infallible;

    fn chunk(&mut self, chunk: &Chunk<'_>) -> Result<(), Infallible> {
        self.current = *chunk.health;
        self.codes.extend_from_slice(chunk.codes);
        self.times_ns.extend_from_slice(chunk.times_ns);
        self.clock.push_chunk(chunk.first_frame, chunk.last_frame, chunk.times_ns);
        if !self.is_changing() {
            self.publish_full_chunks();
            if self.times_ns.is_empty()
                && let Some(newest) = chunk.times_ns.last()
            {
                self.latency.add(clock::monotonic_ns().saturating_sub(*newest));
            }
        }
        Ok(())
    }
}

fn waker(publisher: &ServicePublisher) -> Option<Waker> {
    Waker::start(publisher.extension().clone())
        .inspect_err(|e| tracing::warn!("sleeping readers will have to poll: {e}"))
        .ok()
}

fn sum(a: &Health, b: &Health) -> Health {
    Health {
        frames_lost: a.frames_lost + b.frames_lost,
        drdy_missed: a.drdy_missed + b.drdy_missed,
        bad_frames: a.bad_frames + b.bad_frames,
        bus_errors: a.bus_errors + b.bus_errors,
        overruns: a.overruns + b.overruns,
        slips: a.slips + b.slips,
        restarts: a.restarts + b.restarts,
        messages_ignored: a.messages_ignored + b.messages_ignored,
        frames_cut: a.frames_cut + b.frames_cut,
        measured_rate: b.measured_rate,
    }
}
