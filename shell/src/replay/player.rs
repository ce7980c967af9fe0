//! Publishes what the feed brings, each chunk when its last frame is due.
//!
//! Deadlines are absolute, from the start on: what one chunk is late makes no other late. Between two chunks the stream shows that it lives.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axismirror_boards::drdy::Pace;
use axismirror_core::extension::Clock;

use super::feed::{Feed, Item, Next};
use super::marks::{Marks, Published};
use super::stream::Plan;
use super::timeline::Timeline;
use super::{Options, ReplayError, Speed};
use crate::clock::{self, fit::ClockFit};
use crate::publication::Publication;
use crate::recording::{Block, Mark, Reader};

/// How often the stream shows that it lives while nothing is due, and how long a stop may go unnoticed.
const TICK: Duration = Duration::from_millis(50);
/// How often somebody is told how far it is, in nanoseconds.
const TELL_EVERY_NS: i64 = 100_000_000;
/// Seconds of times that the measured rate is made of.
const RATE_WINDOW_S: f64 = 60.0;

/// How far a recording is.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Progress {
    /// Frames that were published, over all rounds.
    pub frames: u64,
    /// Frames of a round, where that is known.
    pub frames_of_round: Option<u64>,
    /// Seconds of the recording that were played, over all rounds: the last frame's period is one of them.
    pub seconds: f64,
    /// The round, from 1.
    pub round: u64,
    /// Gaps of the recording: places where its times jump, or where it says that frames were lost.
    pub gaps: u64,
    /// Frames that the recording says were lost.
    pub frames_lost: u64,
    /// Frames that are missing by the times in the other gaps, of which the recording does not say whether they were lost or never were.
    pub frames_missing: u64,
    /// Marks that were reached.
    pub marks: u64,
    /// Whether it still waits for a reader.
    pub waits: bool,
    /// Whether all was played, and the stream stays.
    pub stays: bool,
}

/// What was played.
pub type Summary = Progress;

/// A recording that is being played.
struct Player<'a, P, F> {
    publication: Publication,
    path: &'a Path,
    options: &'a Options,
    stop: &'a AtomicBool,
    pace: P,
    tell: F,
    told_ns: Option<i64>,
    timeline: Timeline,
    /// For the measured rate: the line through the published times, and how many frames it has seen.
    fit: ClockFit,
    fitted: u64,
    /// Start of the line: for deadlines in ns of the pace's clock, for published times in seconds of theirs.
    start_ns: i64,
    start: f64,
    /// Added to recorded times, where those are published.
    origin: f64,
    /// Seconds from one frame to the next, of a recording without times.
    period: f64,
    has_times: bool,
    beside: Marks,
    /// Those of a round: first of all those that the file says at once.
    all_marks: Vec<Mark>,
    marks: Vec<Mark>,
    next_mark: usize,
    /// Times of the chunk that was published last.
    last: Vec<f64>,
    /// Frames of a chunk, and bytes of a frame.
    chunk: usize,
    frame_bytes: usize,
    /// Frames of this round.
    in_round: u64,
    progress: Progress,
}

/// Plays a recording to its end, or until `stop` is set.
pub(super) fn play(
    plan: Plan,
    reader: Reader,
    path: &Path,
    options: &Options,
    stop: &AtomicBool,
    pace: impl Pace,
    tell: impl FnMut(&Progress),
) -> Result<Summary, ReplayError> {
    if let Speed::Times(speed) = options.speed
        && (!speed.is_finite() || speed <= 0.0)
    {
        return Err(ReplayError::Speed { speed });
    }
    // Before its events' stream, whose error would say less.
    Publication::check_free(&plan.ring)?;
    let (content, description) = (reader.content(), &plan.described.description);
    let rate = plan.rate();
    let free_running = options.speed != Speed::Times(1.0) || options.original_times;
    let mut player = Player {
        beside: Marks::start(&plan, &options.settings, free_running, rate.unwrap_or(plan.pace))?,
        path,
        options,
        stop,
        pace,
        tell,
        told_ns: None,
        timeline: Timeline::new(rate),
        fit: ClockFit::new(rate.unwrap_or(1.0), RATE_WINDOW_S),
        fitted: 0,
        start_ns: 0,
        start: 0.0,
        origin: content.origin,
        period: rate.map_or(0.0, |rate| 1.0 / rate),
        has_times: content.has_times,
        all_marks: content.marks.clone(),
        marks: content.marks.clone(),
        next_mark: 0,
        last: Vec::new(),
        chunk: plan.chunk.max(1),
        frame_bytes: description.frame_bytes(),
        in_round: 0,
        progress: Progress { frames_of_round: content.frames, round: 1, ..Progress::default() },
        publication: Publication::open(plan.ring, plan.access, plan.clock, plan.described)?,
    };
    tracing::info!(stream = player.publication.name(), chunk = player.chunk, "publishing");
    let result = Feed::start(reader, plan.samples, player.chunk, options.looped)
        .map_err(ReplayError::Thread)
        .and_then(|feed| player.play(&feed, plan.clock));
    let Player { publication, beside, mut tell, progress, .. } = player;
    tell(&progress);
    publication.close();
    drop(beside);
    result.map(|()| progress)
}

impl<P: Pace, F: FnMut(&Progress)> Player<'_, P, F> {
    fn play(&mut self, feed: &Feed, clock: Clock) -> Result<(), ReplayError> {
        self.progress.waits = self.options.waits;
        while self.progress.waits && self.goes_on()? {
            self.progress.waits = !self.publication.has_readers();
            std::thread::sleep(TICK);
        }
        self.start_ns = self.now();
        let now_ns = if clock == Clock::Realtime { clock::realtime_ns() } else { clock::monotonic_ns() };
        self.start = now_ns as f64 / 1e9;
        while self.goes_on()? {
            match feed.next(TICK) {
                Next::Item(Item::Block(block)) => {
                    if !self.block(&block)? {
                        return Ok(());
                    }
                }
                Next::Item(Item::End) => self.end_round(),
                Next::Item(Item::Damaged(source)) => {
                    return Err(ReplayError::Damaged { path: self.path.to_owned(), source });
                }
                Next::NotYet => {}
                Next::Over => break,
            }
        }
        self.progress.stays = self.options.stays;
        while self.progress.stays && self.goes_on()? {
            std::thread::sleep(TICK);
        }
        Ok(())
    }

    /// Publishes a block's frames, chunk by chunk. Says whether to go on.
    fn block(&mut self, block: &Block) -> Result<bool, ReplayError> {
        if block.lost > 0 {
            // A file may say anything.
            self.progress.frames_lost = self.progress.frames_lost.saturating_add(block.lost);
            self.show_lost();
        }
        if !block.marks.is_empty() {
            self.marks.extend(block.marks.iter().cloned());
            let waiting = self.marks.get_mut(self.next_mark..).unwrap_or_default();
            waiting.sort_by(|a, b| a.time.total_cmp(&b.time));
        }
        let mut times = Vec::with_capacity(self.chunk);
        let mut first = 0;
        for frame in 0..block.frames {
            let time = match block.times.get(frame) {
                Some(time) if self.has_times => *time,
                _ => self.in_round as f64 * self.period,
            };
            if self.timeline.is_gap(time) || frame == 0 && block.lost > 0 {
                // What came before the gap does not wait for what comes behind it.
                if !self.publish(block, first, &times)? {
                    return Ok(false);
                }
                (first, times) = (frame, Vec::with_capacity(self.chunk));
                if self.in_round > 0 {
                    self.progress.gaps += 1;
                    let is_said = frame == 0 && block.lost > 0;
                    let missing = if is_said { 0 } else { self.timeline.missing(time) };
                    self.progress.frames_missing = self.progress.frames_missing.saturating_add(missing);
                    self.show_lost();
                }
                self.fit.restart();
            }
            let line = self.timeline.next(time);
            times.push(if self.options.original_times { self.origin + time } else { self.start + line });
            self.in_round += 1;
            if times.len() >= self.chunk {
                if !self.publish(block, first, &times)? {
                    return Ok(false);
                }
                first = frame + 1;
                times.clear();
            }
        }
        self.publish(block, first, &times)
    }

    /// Readers count what is missing by the times as not acquired, whoever has lost it: the health that they are shown says the same. What the
    /// recording itself says is told apart where the replay ends ([`Progress`]).
    fn show_lost(&mut self) {
        let Progress { frames_lost, frames_missing, .. } = self.progress;
        self.publication.health().frames_lost = frames_lost.saturating_add(frames_missing);
    }

    /// Publishes frames of a block, from `first` on, when the last one is due: the newest on the line. Says whether to go on.
    fn publish(&mut self, block: &Block, first: usize, times: &[f64]) -> Result<bool, ReplayError> {
        let Some(newest) = times.last() else { return Ok(true) };
        let line = self.timeline.seconds();
        if !self.wait_for(line)? {
            return Ok(false);
        }
        let newest_ns = (newest * 1e9).round() as i64;
        self.fitted += times.len() as u64;
        self.fit.push(self.fitted, newest_ns);
        if let Some(fitted) = self.fit.fitted() {
            self.publication.health().measured_rate = fitted.rate;
        }
        let bytes = block.bytes.get(first * self.frame_bytes..(first + times.len()) * self.frame_bytes);
        self.publication.publish(bytes.unwrap_or_default(), times, newest_ns)?;
        self.progress.frames += times.len() as u64;
        self.progress.seconds = self.timeline.played();
        self.last.clear();
        self.last.extend_from_slice(times);
        self.beside.show(&Published { times, next: self.publication.published() });
        self.mark_up_to(line);
        Ok(true)
    }

    /// Stamps the marks that the line has reached.
    fn mark_up_to(&mut self, line: f64) {
        while let Some(mark) = self.marks.get(self.next_mark) {
            let Some(place) = self.timeline.place(mark.time).filter(|place| *place <= line) else { break };
            let time = if self.options.original_times { self.origin + mark.time } else { self.start + place };
            let published = Published { times: &self.last, next: self.publication.published() };
            self.progress.marks += u64::from(self.beside.stamp(&mark.text, time, &published));
            self.next_mark += 1;
        }
    }

    /// The recording is over. What was marked behind its last frame belongs to it.
    fn end_round(&mut self) {
        self.mark_up_to(f64::INFINITY);
        if self.options.looped {
            self.progress.round += 1;
            self.timeline.begin_round();
            (self.in_round, self.next_mark) = (0, 0);
            self.marks.clone_from(&self.all_marks);
        }
    }

    /// Waits until a place on the line is due. Says whether to go on.
    fn wait_for(&mut self, line: f64) -> Result<bool, ReplayError> {
        let Speed::Times(speed) = self.options.speed else { return self.goes_on() };
        // `as` saturates.
        let due = self.start_ns.saturating_add((line / speed * 1e9) as i64);
        loop {
            if !self.goes_on()? {
                return Ok(false);
            }
            let now = self.now();
            if now >= due {
                return Ok(true);
            }
            if !self.pace.until(due.min(now.saturating_add(TICK.as_nanos() as i64))) {
                return Ok(false);
            }
        }
    }

    /// Looks after the stream, and tells how far it is. Says whether to go on.
    fn goes_on(&mut self) -> Result<bool, ReplayError> {
        self.publication.look_after();
        self.beside.answer();
        let now = clock::coarse_ns();
        if self.told_ns.is_none_or(|told| now - told >= TELL_EVERY_NS) {
            self.told_ns = Some(now);
            (self.tell)(&self.progress);
        }
        // Relaxed: a flag alone, nothing is published with it.
        Ok(!self.stop.load(Ordering::Relaxed))
    }

    fn now(&mut self) -> i64 {
        self.pace.now().unwrap_or_else(clock::monotonic_ns)
    }
}
