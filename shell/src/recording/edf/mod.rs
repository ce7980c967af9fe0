//! EDF and EDF+ (16 bits), BDF and BDF+ (24 bits), read signal by signal out of data records.

mod annotations;
mod header;

use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;
use serde_json::Map;

use self::header::{Continuity, Header, Signal};
pub(super) use self::header::{Kind, MAGIC_LEN};
use super::choice::{Choice, Signals};
use super::content::{Block, ChannelInfo, Content, LeftOut, Mark, Scaling};
use super::error::Problem;
use super::format::Format;
use super::source::Source;
use super::unit;

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
    /// One signal's part of a block.
    column: Vec<u8>,
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
    let scaling = |s: &Signal| header.scaling(s.index, kind);
    let scalings: Vec<Scaling> = signals.iter().map(scaling).collect::<Result<_, _>>()?;
    let channel =
        |(s, scaling): (&Signal, Scaling)| ChannelInfo { label: s.label.clone(), unit: s.dimension.clone(), scaling };
    let channels: Vec<ChannelInfo> = signals.iter().zip(scalings).map(channel).collect();
    let continuity = header.continuity();
    let timeline = Timeline::read(&source, &header, records, kind, continuity)?;
    let start = header.start();
    let content = Content {
        format: match (kind, continuity) {
            (Kind::Edf, Continuity::Plain) => "EDF",
            (Kind::Edf, _) => "EDF+",
            (Kind::Bdf, Continuity::Plain) => "BDF",
            (Kind::Bdf, _) => "BDF+",
        },
        name: None,
        key: None,
        dtype: DType::I32,
        rate: Some(samples as f64 / header.duration),
        rate_is_estimate: false,
        has_times: true,
        frame_shape: vec![channels.len()],
        channels,
        clock: if start.is_some() { Clock::Realtime } else { Clock::Unknown },
        origin: start.unwrap_or(0.0),
        frames: records.checked_mul(samples as u64),
        is_raw: false,
        attrs: Map::new(),
        static_metadata: None,
        marks: timeline.marks,
        left_out,
    };
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
    };
    Ok((content, edf))
}

impl<S: Source> Edf<S> {
    /// When a record begins.
    fn onset(&self, record: u64) -> f64 {
        let own = usize::try_from(record).ok().and_then(|i| self.onsets.get(i));
        own.copied().unwrap_or_else(|| self.begins + record as f64 * self.duration)
    }

    /// Adds `frames` frames of a record, from its frame `first` on.
    fn take(&mut self, record: u64, first: usize, frames: usize, block: &mut Block) -> Result<(), Problem> {
        let size = self.kind.sample();
        let row = self.signals.len() * size_of::<i32>();
        let begin = block.bytes.len();
        block.bytes.resize(begin + frames * row, 0);
        self.column.resize(frames * size, 0);
        let rows = block.bytes.get_mut(begin..).unwrap_or_default();
        for (i, signal) in self.signals.iter().enumerate() {
            let at = self.data_at + record * self.record_bytes + signal.start + (first * size) as u64;
            self.source.read_all(&mut self.column, at)?;
            for (row, code) in rows.chunks_exact_mut(row).zip(self.column.chunks_exact(size)) {
                if let Some(sample) = row.as_chunks_mut().0.get_mut(i) {
                    *sample = self.kind.decode(code).to_le_bytes();
                }
            }
        }
        let (onset, period) = (self.onset(record), self.duration / self.samples as f64);
        block.times.extend((first..first + frames).map(|i| onset + i as f64 * period));
        block.frames += frames;
        Ok(())
    }
}

impl<S: Source> Format for Edf<S> {
    fn read(&mut self, most: usize, block: &mut Block) -> Result<(), Problem> {
        while block.frames < most {
            let (record, first) = (self.next / self.samples as u64, (self.next % self.samples as u64) as usize);
            if record >= self.records {
                break;
            }
            let frames = (self.samples - first).min(most - block.frames);
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
    fn read(
        source: &impl Source,
        header: &Header,
        records: u64,
        kind: Kind,
        continuity: Continuity,
    ) -> Result<Self, Problem> {
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
    let rest = all.iter().enumerate().filter(|(i, _)| !chosen.contains(i));
    let left_out = rest.map(|(_, s)| LeftOut { label: s.label.clone(), why: "it was not asked for".to_owned() });
    Ok((signals, left_out.collect()))
}
