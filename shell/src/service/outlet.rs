//! Where the acquisition's frames go: decoded straight into the ring, and published chunk by chunk.
//!
//! How a frame gets into the ring is in `filling`, what the stream is to be in `next` and how it becomes that in `changing`, what comes of removed names in
//! `replacing`, and how many frames are missing while none come in `gap`.

mod changing;
mod filling;
mod gap;
mod next;
mod replacing;

use std::time::Instant;

use axismirror_core::extension::Clock;
use axismirror_core::health::Health;
use axismirror_core::histogram::Histogram;
use axismirror_core::publisher::{Lost, PublishError, Publisher};

pub(super) use self::changing::check_first;
use self::gap::Gap;
pub(super) use self::next::Next;
use super::Listeners;
use crate::clock;
use crate::clock::fit::{ClockFit, Fitted};
use crate::clock::suspend::SuspendWatch;
use crate::events::{At, Position, Span};
use crate::publication::{DRAIN, Replacing, Waker, waker};
use crate::shm::{ShmError, ShmStore};

/// Seconds of DRDY's times that a line is fitted to.
const CLOCK_WINDOW_S: f64 = 60.0;

/// What the service publishes through.
pub(super) type ServicePublisher = Publisher<ShmStore, Listeners>;

/// What became of a change. After an error everything is as it was.
pub(super) type Outcome = Result<(), PublishError<ShmError>>;

/// The sink of a running acquisition.
#[derive(Debug)]
pub(super) struct Outlet {
    publisher: ServicePublisher,
    /// What holds at present; nothing before the stream is described.
    now: Option<Next>,
    /// The clock of the stream's times.
    stream_clock: Clock,
    /// From the times of DRDY to those of the stream's clock. The same for a whole generation, whatever becomes of the machine's clock
    /// meanwhile: times never go back.
    clock_offset_ns: i64,
    /// Frames of the chunk that is being filled in the ring, and the time of DRDY of the newest frame that came into the ring.
    filled: u32,
    filled_ns: Option<i64>,
    /// Frames that wait for a change to be over: all channels of each, and the one that is being read; times of DRDY.
    codes: Vec<i32>,
    times_ns: Vec<i64>,
    /// Time of DRDY of the first frame of all and of the newest.
    span: Option<(i64, i64)>,
    /// Frames taken and not lost.
    frames: u64,
    /// There are no frames: the ADC is silent, or is set up anew.
    gap: Option<Gap>,
    /// Frames lost up to the newest one.
    lost_before_newest: u64,
    change: Option<Change>,
    replacing: Replacing,
    waker: Option<Waker>,
    /// Counts of acquisitions before this one: each starts at zero.
    earlier: Health,
    current: Health,
    /// What readers see of them.
    shown: Health,
    latency: Histogram,
    clock: ClockFit,
    suspend: SuspendWatch,
    /// By which events are stamped.
    position: Position,
}

/// A change that is under way.
#[derive(Debug)]
struct Change {
    step: Step,
    since: Instant,
    next: Next,
    /// What is to be replaced; nothing when it is a change of settings.
    lost: Option<Lost>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Drain,
    Rest,
}

impl Outlet {
    /// Over a publisher whose stream nobody has described yet, whose times are to be of a clock. It shows where it is in `position`.
    pub(super) fn new(publisher: ServicePublisher, stream_clock: Clock, position: Position) -> Self {
        Self {
            waker: waker(&publisher),
            publisher,
            now: None,
            stream_clock,
            clock_offset_ns: 0,
            filled: 0,
            filled_ns: None,
            codes: Vec::new(),
            times_ns: Vec::new(),
            span: None,
            frames: 0,
            gap: None,
            lost_before_newest: 0,
            change: None,
            replacing: Replacing::default(),
            earlier: Health::default(),
            current: Health::default(),
            shown: Health::default(),
            latency: Histogram::default(),
            clock: ClockFit::new(1.0, CLOCK_WINDOW_S),
            suspend: SuspendWatch::default(),
            position,
        }
    }

    /// An acquisition is about to deliver frames. The first one describes the stream, a later one changes it as [`Outlet::change`] does.
    pub(super) fn begin(&mut self, next: Next) -> Result<Option<Outcome>, PublishError<ShmError>> {
        self.clock = ClockFit::new(1.0 / next.template.period_s(), CLOCK_WINDOW_S);
        self.settle();
        self.flush();
        if self.is_changing() {
            // Settings changed while the ADC was tried; `next` is what they are to be.
            return Ok(None);
        }
        if self.is_described() {
            return Ok(self.change(next));
        }
        self.describe(&next)?;
        self.now = Some(next);
        self.clock_offset_ns = offset_to(self.stream_clock);
        self.settle_position();
        Ok(None)
    }

    /// Whether there has been a first description.
    pub(super) const fn is_described(&self) -> bool {
        self.now.is_some()
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

    /// The acquisition is about to begin again, from zero counts. The gap up to its first frame is counted as frames that are lost.
    pub(super) fn restarted(&mut self) {
        self.earlier = sum(&self.earlier, &self.current);
        self.gap = self.gap.or_else(|| self.gap_after_newest());
        self.current = Health::default();
        if let Some(gap) = &mut self.gap {
            gap.is_anew = true;
        }
    }

    /// Since the newest frame, as if none were to come at once; `None` before the first.
    fn gap_after_newest(&self) -> Option<Gap> {
        let (_, newest) = self.span?;
        let nominal = self.now.as_ref()?.template.period_s();
        // The longer one: the acquisition will count by either, and its count must not be less.
        let measured = Some(self.current.measured_rate).filter(|rate| *rate > 0.0).map_or(0.0, |rate| 1.0 / rate);
        Some(Gap::after(newest, measured.max(nominal) * 1e9, self.lost_before_newest))
    }

    /// What the acquisition has counted up to now. Readers see it also when no frame comes.
    pub(super) fn observe(&mut self, health: &Health) {
        self.current = *health;
        // The measured rate changes with each frame and comes along with the next chunk.
        let counts = Health { measured_rate: self.shown.measured_rate, ..self.health() };
        if counts != self.shown {
            self.show_health();
        }
    }

    /// The machine slept for so many nanoseconds. The frames of that time are lost. `CLOCK_MONOTONIC` stood still, so that times of it show no
    /// gap; `CLOCK_REALTIME` went on.
    fn suspended(&mut self, ns: i64) {
        self.flush();
        let Some(now) = &self.now else { return };
        if self.stream_clock == Clock::Realtime {
            self.clock_offset_ns += ns;
        }
        let lost = (ns as f64 / 1e9 / now.template.period_s()).round() as u64;
        self.lose(lost);
        self.clock.restart();
        tracing::warn!("the machine was suspended for {:.3} s: {lost} frames lost", ns as f64 / 1e9);
        self.show_health();
    }

    /// Frames are lost that no gap in the times tells of.
    fn lose(&mut self, frames: u64) {
        self.earlier.frames_lost += frames;
        self.lost_before_newest += frames;
        if let Some(gap) = &mut self.gap {
            gap.lost_besides(frames);
        }
    }

    /// Frames that were taken are lost.
    fn lose_taken(&mut self, frames: u64) {
        self.frames = self.frames.saturating_sub(frames);
        self.lose(frames);
    }

    /// The ADC does not answer, from its newest frame on. Its next frame ends that.
    pub(super) fn silent(&mut self) {
        let mut gap = self.gap.or_else(|| self.gap_after_newest());
        let gap = gap.get_or_insert_with(|| Gap::from_the_start(clock::monotonic_ns()));
        if !std::mem::replace(&mut gap.is_silent, true) {
            self.publisher.set_silent_since(gap.since_ns());
            self.gap = Some(*gap);
            self.settle_position();
        }
    }

    /// Whether no frame has come since the ADC was found silent, or was set up anew.
    pub(super) const fn is_in_gap(&self) -> bool {
        self.gap.is_some()
    }

    /// No frame has come until now, by the clock of the frames' times: readers see those that are missing.
    pub(super) fn without_frame(&mut self, now_ns: i64) {
        if self.gap.as_mut().is_some_and(|gap| gap.lasts(now_ns)) {
            self.show_health();
        }
    }

    /// No frame comes until then, nor after it.
    pub(super) fn ends_without_frame(&mut self, end_ns: i64) {
        if let Some(gap) = &mut self.gap {
            gap.ends_without_frame(end_ns);
            self.show_health();
        }
    }

    /// A frame has come, whose counts are taken over already.
    fn end_gap(&mut self, time_ns: i64) {
        let counted = self.counted().frames_lost;
        if let Some(mut gap) = self.gap.take() {
            if gap.is_anew {
                // What acquisitions have counted of it themselves is not counted twice.
                gap.ends_with_frame(time_ns);
                self.earlier.frames_lost += gap.lost_ever(counted) - counted;
            }
            if gap.is_silent {
                self.publisher.set_silent_since(0);
                let seconds = (time_ns - gap.since_ns()) as f64 / 1e9;
                let lost = gap.lost_within(counted);
                tracing::info!("the ADC answers again after {seconds:.3} s: {lost} frames lost");
            }
        }
        self.lost_before_newest = self.counted().frames_lost;
    }

    /// Where the stream is, once it is described.
    fn place_in_time(&self) -> Option<At> {
        let now = self.now.as_ref()?;
        let span = |((first, _), newest): ((i64, i64), i64)| Span {
            first_ns: first + self.clock_offset_ns,
            newest_ns: newest + self.clock_offset_ns,
        };
        Some(At {
            next: self.publisher.published() + u64::from(self.filled),
            frames: self.span.zip(self.filled_ns).map(span),
            offset_ns: self.clock_offset_ns,
            rate: 1.0 / now.template.period_s(),
            silent: self.gap.is_some_and(|gap| gap.is_silent),
            free_running: now.free_running,
        })
    }

    /// Shows where the stream is, whoever looks: where it is not simply the next frame.
    fn settle_position(&self) {
        if let Some(at) = self.place_in_time() {
            self.position.settle(at);
        }
    }

    fn show_health(&mut self) {
        self.shown = self.health();
        self.publisher.set_health(&self.shown);
    }

    /// Drops the frames that wait: nobody could tell what they mean.
    pub(super) fn discard(&mut self) {
        self.lose_taken(self.times_ns.len() as u64);
        self.codes.clear();
        self.times_ns.clear();
    }

    /// Time of DRDY of the first frame of all and of the newest, in nanoseconds.
    pub(super) const fn span(&self) -> Option<(i64, i64)> {
        self.span
    }

    /// Frames taken and not lost up to now.
    pub(super) const fn frames(&self) -> u64 {
        self.frames
    }

    /// All that was counted one by one.
    fn counted(&self) -> Health {
        sum(&self.earlier, &self.current)
    }

    /// All counts up to now, and which of the stream's channels have electrodes off.
    pub(super) fn health(&self) -> Health {
        let channels = self.now.iter().flat_map(|now| now.channels.iter().map(|c| c.index));
        let lead_off = self.current.lead_off.of(channels);
        let counted = self.counted();
        let frames_lost = self.gap.map_or(counted.frames_lost, |gap| gap.lost_ever(counted.frames_lost));
        Health { lead_off, frames_lost, ..counted }
    }

    /// The stream's name, which may have been made up.
    pub(super) fn name(&self) -> &str {
        self.publisher.name().as_str()
    }

    /// Publishes what waits, lets readers take it, and removes the stream. A change has to be over.
    pub(super) fn close(mut self) {
        self.flush();
        if self.now.is_some() {
            std::thread::sleep(DRAIN);
        }
        self.publisher.close();
    }

    /// From now on frames are what `next` says.
    fn describe(&mut self, next: &Next) -> Outcome {
        next.template.with_message(|m| self.publisher.describe(m).map(|_| ()))
    }
}

/// From `CLOCK_MONOTONIC` to a clock, now.
fn offset_to(clock: Clock) -> i64 {
    match clock {
        Clock::Realtime => clock::realtime_ns() - clock::monotonic_ns(),
        Clock::Monotonic | Clock::Unknown => 0,
    }
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
        lead_off: b.lead_off,
    }
}
