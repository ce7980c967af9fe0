//! Follows a stream and keeps it: parts, flushes, gaps, and the disk's end.
//!
//! An ordinary mirror: the acquisition never waits for it, and what it was too slow for is told. Knows no format and no terminal.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::batch::{Batch, goes_on};
use super::part::{self, Part};
use super::positions::positions;
use super::progress::{Options, Progress, Step, Summary};
use super::utc::Mapping;
use super::{Block, End, Event, Gap, Goes, Head, RecordError, disk};
use crate::count::count;
use crate::events::{EventReader, stream_of};
use crate::health::Counts;
use crate::mirror::{Follower, News, Start, StreamInfo};
use crate::said::Said;

/// What was recorded is in the file after so long, as far as the format can.
const FLUSH_EVERY: Duration = Duration::from_secs(1);
/// How often events are looked for: a service that is killed and started again twice between two looks takes those of the time between with it.
const LOOK_FOR_EVENTS_EVERY: Duration = Duration::from_millis(20);

/// Records a stream.
#[derive(Debug)]
pub struct Recorder {
    options: Options,
    follower: Follower,
    events: EventReader,
    /// What the frames are, once it is known.
    info: Option<StreamInfo>,
    /// In which count its frames have their numbers.
    instance: Option<u64>,
    part: Option<Part>,
    /// Whether what comes next is for another part. The gap before it is told at the end of this one.
    ends: bool,
    number: u32,
    /// Parts that are closed.
    closed: Progress,
    files: Vec<(PathBuf, u64)>,
    remarks: Vec<String>,
    flushed: Instant,
    looked_for_events: Instant,
    /// What was said of events that cannot be read, which is said once.
    events_failure: Said,
    /// When the first frames came.
    began: Option<Instant>,
    /// Since when there is no stream, or none that publishes.
    away: Option<Instant>,
    free: u64,
    batch: Batch,
}

/// Counts come from shared memory, where anything may be.
const fn add(sum: &mut u64, n: u64) {
    *sum = sum.saturating_add(n);
}

impl Recorder {
    /// A recorder of a stream that need not be there yet. Makes no file before there are frames.
    ///
    /// # Errors
    /// [`RecordError::Exists`], [`RecordError::Mirror`] for a name that is none.
    pub fn open(options: Options) -> Result<Self, RecordError> {
        if !options.overwrite && options.path.symlink_metadata().is_ok() {
            return Err(RecordError::Exists { path: options.path });
        }
        part::check_folder(&options.path)?;
        let start = if options.oldest { Start::Oldest } else { Start::Next };
        let mut events = EventReader::open(&options.name, start)?;
        // It begins with its first look. There need not be any events.
        let _ = events.state();
        Ok(Self {
            follower: Follower::open(&options.name, start)?,
            events,
            options,
            info: None,
            instance: None,
            part: None,
            ends: false,
            number: 0,
            closed: Progress::default(),
            files: Vec::new(),
            remarks: Vec::new(),
            flushed: Instant::now(),
            looked_for_events: Instant::now(),
            events_failure: Said::default(),
            began: None,
            away: None,
            free: 0,
            batch: Batch::default(),
        })
    }

    /// Takes what is new, or waits for it for at most `longest`.
    ///
    /// # Errors
    /// Whatever ends the recording: the disk is full, a sample does not fit, the stream cannot be read. What was recorded is in the file then.
    pub fn step(&mut self, longest: Duration) -> Result<Step, RecordError> {
        let step = self.take(longest).and_then(|step| self.flush_in_time().map(|()| step));
        step.map_err(|error| self.fail(error))
    }

    fn take(&mut self, longest: Duration) -> Result<Step, RecordError> {
        let left = self.frames_left();
        if left == 0 {
            return Ok(Step::Done);
        }
        match self.follower.next(longest)? {
            News::Nothing => return Ok(Step::Recording),
            News::Waiting(state) => {
                self.away.get_or_insert_with(Instant::now);
                return Ok(Step::Waiting(state));
            }
            News::Stream(info) => {
                let info = info.clone();
                self.change(info)?;
            }
            News::Frames(frames) => {
                self.away = None;
                let gap = self.batch.fill(&frames, left, self.options.channels.as_ref());
                self.record(gap)?;
            }
        }
        Ok(Step::Recording)
    }

    /// What the frames are from here on: what cannot be in the same file as those before is for the next part.
    fn change(&mut self, info: StreamInfo) -> Result<(), RecordError> {
        let instance = self.follower.mirror().instance();
        let goes_on = self.info.as_ref().is_some_and(|before| goes_on(before, &info));
        // In one file no number stands for two frames.
        let goes_on = goes_on && self.instance == instance;
        (self.info, self.instance) = (Some(info), instance);
        if goes_on {
            return Ok(());
        }
        self.ends = self.part.is_some();
        self.take_events()
    }

    /// Frames that are still to come.
    fn frames_left(&self) -> usize {
        let (Some(seconds), Some(info)) = (self.options.seconds, &self.info) else { return usize::MAX };
        let Some(rate) = info.rate else {
            // Irregular frames: as long by the clock on the wall.
            let is_over = self.began.is_some_and(|began| began.elapsed().as_secs_f64() >= seconds);
            return if is_over { 0 } else { usize::MAX };
        };
        // `as` saturates.
        ((seconds - self.progress().seconds) * rate).round() as usize
    }

    /// The batch, and the gap before it, into the part that it belongs to.
    fn record(&mut self, gap: Gap) -> Result<(), RecordError> {
        if gap.frames() > 0 {
            self.closed.gaps += 1;
            add(&mut self.closed.overwritten, gap.overwritten);
            add(&mut self.closed.not_acquired, gap.not_acquired);
            if let Some(part) = &mut self.part {
                // Between two parts it is in the end of the first, and not among its frames, none of which comes behind it.
                let goes = if self.ends { Goes::NewPart } else { part.writer.gap(&gap)? };
                part.sums.gaps += 1;
                add(&mut part.sums.overwritten, gap.overwritten);
                add(&mut part.sums.not_acquired, gap.not_acquired);
                if goes == Goes::NewPart && !self.ends {
                    self.close(&format!("a gap of {}, too long for the format", count(gap.frames(), "frame")))?;
                }
            }
        }
        if self.ends {
            self.end("the stream changed")?;
        }
        if self.part.is_none() {
            self.begin()?;
        }
        if let Some(part) = &mut self.part {
            let batch = &self.batch;
            let block = Block { first: gap.frame, frames: batch.frames, bytes: &batch.bytes, times: &batch.times };
            let added = part.writer.append(&block);
            part.sums.frames += match &added {
                // Those before it are there.
                Err(RecordError::Lossy { frame, .. }) => frame.saturating_sub(batch.first),
                _ => batch.frames as u64,
            };
            added?;
        }
        Ok(())
    }

    /// A new file for the frames of the batch.
    fn begin(&mut self) -> Result<(), RecordError> {
        let Some(info) = &self.info else { return Ok(()) };
        if info.is_events() {
            return Err(RecordError::Events { stream: stream_of(&info.name).unwrap_or_default().to_owned() });
        }
        let channels = match &self.options.channels {
            Some(channels) => channels.places_in(info.channels)?,
            None => (0..info.channels).collect(),
        };
        let positions = info.static_metadata.as_deref().and_then(positions).unwrap_or_default();
        let utc = Mapping::now(info.clock);
        let first_time = self.batch.times.first().copied();
        let head = Head {
            name: info.name.clone(),
            key: info.key.clone(),
            dtype: info.dtype,
            rate: info.rate,
            shape: info.frame_shape.iter().map(|n| *n as usize).collect(),
            positions: channels.iter().filter_map(|c| positions.get(*c).copied()).collect(),
            labels: channels.iter().filter_map(|c| info.labels.get(*c).cloned()).collect(),
            channels,
            unit: info.unit.clone(),
            attrs: info.attrs.clone(),
            clock: info.clock,
            struct_version: info.struct_version.number(),
            generation: info.generation.number(),
            instance: self.instance,
            n_frames: info.n_frames,
            static_metadata: info.static_metadata.clone().unwrap_or_default(),
            first_frame: self.batch.first,
            first_time,
            utc,
            start_utc_ns: utc.utc_ns(first_time),
            part: self.number + 1,
            health: self.health(),
            lossy: self.options.lossy,
        };
        let part = Part::create(&self.options, &head)?;
        for remark in part.writer.remarks() {
            if !self.remarks.contains(&remark) {
                self.remarks.push(remark);
            }
        }
        self.number += 1;
        self.began.get_or_insert_with(Instant::now);
        self.free = disk::free_bytes(&part.path).unwrap_or(0);
        self.part = Some(part);
        Ok(())
    }

    /// New events into the part. Whatever is wrong with them, the samples are worth more.
    fn take_events(&mut self) -> Result<(), RecordError> {
        let Some(part) = &mut self.part else { return Ok(()) };
        let new = match self.events.take() {
            Ok(new) => new,
            Err(error) => {
                // Kept for the summary, even when it goes well again.
                if let Some(why) = self.events_failure.news(Some(crate::causes::line(&error))) {
                    tracing::warn!("events cannot be read: {why}");
                }
                return Ok(());
            }
        };
        // What is no event that this version reads is none in the file.
        let missed = new.missed.saturating_add(new.unreadable);
        add(&mut part.sums.events_missed, missed);
        add(&mut self.closed.events_missed, missed);
        for event in new.events.into_iter().filter(|event| event.frame >= part.first) {
            part.sums.events += 1;
            self.closed.events += 1;
            part.writer.event(&Event { frame: event.frame, time: event.time(), text: event.text })?;
        }
        Ok(())
    }

    /// Ends the part, if there is one.
    fn close(&mut self, why: &str) -> Result<(), RecordError> {
        // Those of another part are in no file as long as that has no frame.
        if self.ends {
            return self.end("the stream changed");
        }
        self.take_events()?;
        self.end(why)
    }

    fn end(&mut self, why: &str) -> Result<(), RecordError> {
        self.ends = false;
        let Some(mut part) = self.part.take() else { return Ok(()) };
        let sums = End { lossy: part.writer.lossy(), why: why.to_owned(), health: self.health(), ..part.sums };
        let finished = part.writer.finish(&sums);
        self.put_away(part);
        finished
    }

    /// Adds what a file has to the sums; nobody writes into it any more.
    fn put_away(&mut self, part: Part) {
        let saved = part.writer.saved();
        self.closed.frames += saved;
        self.closed.seconds += part.seconds(saved);
        self.closed.unsaved += part.sums.frames.saturating_sub(saved);
        self.closed.lossy += part.writer.lossy();
        self.closed.bytes += part.writer.bytes();
        self.files.push((part.path, part.writer.bytes()));
    }

    /// What the acquisition counted; null without our block.
    fn health(&self) -> Value {
        let counts = self.follower.mirror().extension().map(|extension| Counts::from(extension.health()));
        serde_json::to_value(counts).unwrap_or_default()
    }

    fn flush_in_time(&mut self) -> Result<(), RecordError> {
        if self.looked_for_events.elapsed() >= LOOK_FOR_EVENTS_EVERY {
            self.looked_for_events = Instant::now();
            if !self.ends {
                self.take_events()?;
            }
        }
        if self.flushed.elapsed() < FLUSH_EVERY {
            return Ok(());
        }
        self.flushed = Instant::now();
        let Some(part) = &mut self.part else { return Ok(()) };
        if let Some(free) = disk::check(&part.path, part.writer.pending())? {
            self.free = free;
        }
        part.writer.flush()
    }

    /// Makes the best of an error: what can still be written is, and a full disk is called so.
    fn fail(&mut self, error: RecordError) -> RecordError {
        let error = match error {
            RecordError::File { path, source } if source.kind() == io::ErrorKind::StorageFull => {
                let free = disk::free_bytes(&path).unwrap_or(0);
                RecordError::DiskFull { path, free }
            }
            error => error,
        };
        // After an error of the file itself it holds what was flushed, and takes no more.
        let is_broken =
            matches!(error, RecordError::File { .. } | RecordError::Format { .. } | RecordError::DiskFull { .. });
        if is_broken {
            if let Some(part) = self.part.take() {
                self.put_away(part);
            }
        } else {
            let _ = self.close(&error.to_string());
        }
        // Nor does what is there wait for the system's next write.
        let _ = self.sync();
        error
    }

    /// How far it is.
    #[must_use]
    pub fn progress(&self) -> Progress {
        let mut progress = self.closed.clone();
        progress.part = self.number;
        progress.free = self.free;
        if let Some(part) = &self.part {
            progress.file = Some(part.path.clone());
            progress.frames += part.sums.frames;
            progress.seconds += part.seconds(part.sums.frames);
            progress.bytes += part.writer.bytes();
            progress.lossy += part.writer.lossy();
        }
        progress
    }

    /// Ends the recording.
    ///
    /// # Errors
    /// [`RecordError::File`], [`RecordError::DiskFull`], [`RecordError::Format`].
    pub fn finish(&mut self, why: &str) -> Result<(), RecordError> {
        self.close(why).and_then(|()| self.sync()).map_err(|error| self.fail(error))
    }

    fn sync(&self) -> Result<(), RecordError> {
        self.files.iter().try_for_each(|(path, _)| part::sync(path))
    }

    /// What became of it.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let progress = self.progress();
        let (files, remarks) = (self.files.clone(), self.remarks.clone());
        let events_failure = self.events_failure.last().map(str::to_owned);
        let away = self.away.map(|since| since.elapsed());
        let without_times = self.info.as_ref().is_some_and(|info| !info.struct_version.has_times());
        Summary { files, progress, away, remarks, events_failure, without_times }
    }
}
