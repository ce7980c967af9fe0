//! EDF and EDF+ (16 bits), BDF and BDF+ (24 bits), read signal by signal out of data records.
//!
//! | in | is |
//! |---|---|
//! | `header` | what the header says, checked |
//! | `annotations` | lists of annotations |
//! | `text` | texts of both |
//! | `own` | what our own recorder says in them |
//!
//! Must never hold more of the samples than a block: a file may be longer than memory.

mod annotations;
mod header;
mod own;
mod text;

use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;

use self::header::{Continuity, Header, Signal};
use self::own::Said;
use super::choice::{Choice, Signals};
use super::content::{Block, ChannelInfo, Content, LeftOut, Mark};
use super::error::Problem;
use super::format::Format;
use super::source::Source;
use super::unit;
use crate::formats::edf::Kind;
use crate::sample::Number;

/// The chosen signals of a file.
#[derive(Debug)]
pub(super) struct Edf<S> {
    source: S,
    kind: Kind,
    signals: Vec<Signal>,
    /// Where the data records begin, and their length in bytes.
    data_at: u64,
    record_bytes: u64,
    records: u64,
    /// Samples of each of the signals in a record, at least 1.
    samples: usize,
    /// Seconds of a record.
    duration: f64,
    /// When the first record begins, and each one where there are pauses, in seconds from the file's start.
    begins: f64,
    onsets: Vec<f64>,
    /// The next frame.
    next: u64,
    /// One signal's part of a block, and the codes of all, a frame after the other.
    column: Vec<u8>,
    codes: Vec<i32>,
    /// What our own recorder said, if it wrote the file.
    said: Option<Said>,
    /// Of what samples become: their type, and the value of one code.
    dtype: DType,
    step: f64,
}

/// Opens a file.
pub(super) fn open<S: Source>(source: S, kind: Kind, choice: &Choice) -> Result<(Content, Edf<S>), Problem> {
    let header = Header::read(&source, kind)?;
    let (signals, left_out) = choose(&header, choice)?;
    let samples = signals.first().map_or(0, |s| s.samples);
    let records = header.records(source.len())?;
    if records == 0 || samples == 0 {
        return Err(Problem::Empty);
    }
    let rate = header.rate(samples)?;
    let channels = channels(&header, kind, &signals)?;
    let timeline = Timeline::read(&source, &header, records, kind)?;
    let total = records.saturating_mul(samples as u64);
    let said = Said::of(&timeline.marks, timeline.begins, header.duration / samples as f64);
    let start = header.start();
    let mut content = Content {
        rate: Some(rate),
        has_times: true,
        clock: if start.is_some() { Clock::Realtime } else { Clock::Unknown },
        origin: start.unwrap_or(0.0),
        frames: Some(total),
        marks: timeline.marks,
        left_out,
        ..Content::new(header.format(kind), DType::I32, channels)
    };
    let step = said.as_ref().map_or(1.0, |said| apply(said, &mut content, &signals, total));
    let edf = Edf {
        source,
        kind,
        signals,
        data_at: header.len(),
        record_bytes: header.record_bytes,
        records,
        samples,
        duration: header.duration,
        begins: timeline.begins,
        onsets: timeline.onsets,
        next: 0,
        column: Vec::new(),
        codes: Vec::new(),
        said,
        dtype: content.dtype,
        step,
    };
    Ok((content, edf))
}

/// Labels, units and scales of signals.
fn channels(header: &Header, kind: Kind, signals: &[Signal]) -> Result<Vec<ChannelInfo>, Problem> {
    let channel = |s: &Signal| {
        let scaling = header.scaling(s.index, kind)?;
        Ok(ChannelInfo { label: s.label.clone(), position: None, unit: s.dimension.clone(), scaling })
    };
    signals.iter().map(channel).collect()
}

/// What our own recorder said, of a file of so many frames. Gives the value of one code.
fn apply(said: &Said, content: &mut Content, signals: &[Signal], total: u64) -> f64 {
    let Some(own) = &said.own else { return 1.0 };
    let picks: Vec<usize> = signals.iter().map(|s| s.index).collect();
    own.apply(content, &picks);
    content.marks.clone_from(&said.marks);
    content.frames = Some(said.frames(total));
    own.step()
}

impl<S: Source> Edf<S> {
    /// When a record begins.
    fn onset(&self, record: u64) -> f64 {
        let own = usize::try_from(record).ok().and_then(|i| self.onsets.get(i));
        own.copied().unwrap_or(self.begins + record as f64 * self.duration)
    }

    /// Adds `frames` frames of a record, from its frame `first` on.
    fn take(&mut self, record: u64, first: usize, frames: usize, block: &mut Block) -> Result<(), Problem> {
        let (size, channels) = (self.kind.sample(), self.signals.len().max(1));
        self.column.resize(frames * size, 0);
        self.codes.resize(frames * channels, 0);
        for (i, signal) in self.signals.iter().enumerate() {
            let at = self.data_at + record * self.record_bytes + signal.start + (first * size) as u64;
            self.source.read_all(&mut self.column, at)?;
            let codes = self.codes.iter_mut().skip(i).step_by(channels);
            for (to, code) in codes.zip(self.column.chunks_exact(size)) {
                *to = self.kind.decode(code);
            }
        }
        for code in &self.codes {
            Number::of_whole((*code).into(), self.dtype, self.step).put(self.dtype, &mut block.bytes);
        }
        let (onset, period) = (self.onset(record), self.duration / self.samples as f64);
        let place = record * self.samples as u64 + first as u64;
        block.times.extend((0..frames).map(|i| match &self.said {
            Some(said) => said.time(place as f64 + i as f64),
            None => onset + (first + i) as f64 * period,
        }));
        block.frames += frames;
        Ok(())
    }

    /// How many frames come before the next one that is filled up, or how many of those are to be passed over.
    fn stretch(&self) -> Stretch {
        match self.said.as_ref().and_then(|said| said.filled_from(self.next)) {
            Some(filled) if self.next < filled.at => {
                Stretch::Frames(usize::try_from(filled.at - self.next).unwrap_or(usize::MAX))
            }
            Some(filled) => Stretch::Filled { frames: filled.end() - self.next, is_gap: filled.is_gap },
            None => Stretch::Frames(usize::MAX),
        }
    }
}

/// What comes next in a file of ours.
#[derive(Clone, Copy, Debug)]
enum Stretch {
    /// Frames of the stream.
    Frames(usize),
    /// Others.
    Filled { frames: u64, is_gap: bool },
}

impl<S: Source> Format for Edf<S> {
    fn read(&mut self, most: usize, block: &mut Block) -> Result<(), Problem> {
        while block.frames < most {
            let (record, first) = (self.next / self.samples as u64, (self.next % self.samples as u64) as usize);
            if record >= self.records {
                break;
            }
            let left = match self.stretch() {
                Stretch::Frames(left) => left,
                Stretch::Filled { frames, is_gap } => {
                    // What is lost is lost before a block.
                    if block.frames > 0 {
                        break;
                    }
                    self.next = self.next.saturating_add(frames);
                    block.lost = block.lost.saturating_add(if is_gap { frames } else { 0 });
                    continue;
                }
            };
            let frames = (self.samples - first).min(most - block.frames).min(left);
            self.take(record, first, frames, block)?;
            self.next += frames as u64;
        }
        Ok(())
    }

    fn rewind(&mut self) -> Result<(), Problem> {
        self.next = 0;
        Ok(())
    }
}

/// What the annotations of a file say.
#[derive(Debug, Default)]
struct Timeline {
    begins: f64,
    onsets: Vec<f64>,
    marks: Vec<Mark>,
}

impl Timeline {
    /// Reads all of them: an annotation may stand in any record.
    fn read(source: &impl Source, header: &Header, records: u64, kind: Kind) -> Result<Self, Problem> {
        let continuity = header.continuity();
        let mut timeline = Self::default();
        let signals = || header.signals.iter().filter(|s| s.is_annotation() && s.samples > 0);
        let mut bytes = Vec::new();
        for record in 0..if signals().next().is_some() { records } else { 0 } {
            let mut onset = None;
            for signal in signals() {
                bytes.resize(signal.samples * kind.sample(), 0);
                source.read_all(&mut bytes, header.len() + record * header.record_bytes + signal.start)?;
                for list in annotations::lists(&bytes) {
                    onset = onset.or(Some(list.onset));
                    timeline.marks.extend(list.marks());
                }
            }
            let next = timeline.onsets.last().map_or(timeline.begins, |last| last + header.duration);
            match (record, continuity, onset) {
                (_, Continuity::Discontinuous, onset) => timeline.onsets.push(onset.unwrap_or(next)),
                (0, Continuity::Continuous, Some(onset)) => timeline.begins = onset,
                _ => {}
            }
        }
        timeline.marks.sort_by(|a, b| a.time.total_cmp(&b.time));
        Ok(timeline)
    }
}

/// The signals that are played, and what is left out.
fn choose(header: &Header, choice: &Choice) -> Result<(Vec<Signal>, Vec<LeftOut>), Problem> {
    let signals = header.signals.iter().filter(|s| !s.is_annotation());
    if let Signals::Named(names) = &choice.signals {
        return named(signals.collect(), names, header.duration);
    }
    let (mut chosen, mut left_out) = (Vec::new(), Vec::new());
    let mut leave = |s: &Signal, why: String| left_out.push(LeftOut { label: s.label.clone(), why });
    for s in signals {
        if s.samples == 0 {
            leave(s, "it has no samples".to_owned());
        } else if choice.signals == Signals::Voltages && unit::volts(&s.dimension).is_none() {
            leave(s, format!("its unit is no voltage: {:?}", s.dimension));
        } else {
            chosen.push(s.clone());
        }
    }
    let none = if choice.signals == Signals::Voltages { Problem::NoVoltage } else { Problem::Empty };
    let most = chosen.iter().map(|s| s.samples).max().ok_or(none)?;
    chosen.retain(|s| {
        if s.samples < most {
            leave(s, format!("its rate is lower: {} Hz", s.samples as f64 / header.duration));
        }
        s.samples == most
    });
    Ok((chosen, left_out))
}

/// Signals by label or, counted from 1, by number.
fn named(all: Vec<&Signal>, names: &[String], duration: f64) -> Result<(Vec<Signal>, Vec<LeftOut>), Problem> {
    let labels = all.iter().map(|s| s.label.as_str());
    let chosen = super::choice::find(names, labels)?;
    let signals: Vec<Signal> = chosen.iter().filter_map(|&i| all.get(i).map(|s| (*s).clone())).collect();
    let samples = signals.first().map_or(0, |s| s.samples);
    if signals.iter().any(|s| s.samples != samples) {
        let rate = |s: &Signal| format!("{} {} Hz", s.label, s.samples as f64 / duration);
        return Err(Problem::Rates { rates: signals.iter().map(rate).collect::<Vec<_>>().join(", ") });
    }
    Ok((signals, LeftOut::unasked(all.iter().map(|s| s.label.as_str()), &chosen)))
}
