//! BDF+ (24 bits) and EDF+ (16 bits): codes exactly as the converter gave them, in data records of about a second.
//!
//! The file is continuous (`BDF+C`): EDFlib, and with it pyedflib, refuses discontinuous ones, and MNE closes their gaps up without a word. So gaps
//! are filled up and marked as `BAD_gap`, which MNE leaves out of an analysis by itself; what is too long for that begins a new part. The number of
//! data records in the header is set with each flush, behind the records themselves: at any time it is at most what the file holds.

mod header;
mod tal;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::path::Path;

use self::header::{Range, Record};
use super::codes::Codes;
use super::out::Out;
use super::{Block, End, Event, Gap, Goes, Head, RecordError, Writer};

/// Bytes of the annotations in each data record: a time, and an annotation of the greatest length.
const ANNOTATION_BYTES: usize = 540;
/// The longest gap that is filled up, in seconds.
const LONGEST_FILL: f64 = 60.0;
/// Seconds between two annotations that tell the stream's own times.
const TELL_TIME_EVERY: u64 = 600;
/// So many bytes of data records are not held back until the next flush.
const ENOUGH: usize = 4 << 20;

/// Which of the two formats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Edf,
    Bdf,
}

impl Kind {
    const fn name(self) -> &'static str {
        match self {
            Self::Edf => "EDF",
            Self::Bdf => "BDF",
        }
    }

    /// The file's first bytes.
    const fn magic(self) -> &'static [u8; 8] {
        match self {
            Self::Edf => b"0       ",
            Self::Bdf => b"\xffBIOSEMI",
        }
    }

    const fn continuous(self) -> &'static str {
        match self {
            Self::Edf => "EDF+C",
            Self::Bdf => "BDF+C",
        }
    }

    /// Label of the signal that holds annotations.
    const fn annotations(self) -> &'static str {
        match self {
            Self::Edf => "EDF Annotations",
            Self::Bdf => "BDF Annotations",
        }
    }

    /// Bytes of a sample.
    const fn sample(self) -> usize {
        match self {
            Self::Edf => 2,
            Self::Bdf => 3,
        }
    }

    /// The greatest code, whose opposite is the digital minimum in the header: so physical values are codes times the LSB, without an offset. The one
    /// code below it is written like any other, and read so by EDFlib and MNE.
    const fn greatest(self) -> i32 {
        match self {
            Self::Edf => i16::MAX as i32,
            Self::Bdf => 0x7F_FFFF,
        }
    }

    /// The longest data record that EDFlib opens.
    const fn most_record_bytes(self) -> usize {
        match self {
            Self::Edf => 10 << 20,
            Self::Bdf => 15 << 20,
        }
    }
}

/// A file being written.
#[derive(Debug)]
pub(super) struct Edf {
    kind: Kind,
    out: Out,
    codes: Codes,
    record: Record,
    range: Range,
    channels: Vec<usize>,
    rate: f64,
    /// The first record's beginning within its second, in ticks.
    start: u64,
    /// Samples of the record that is being filled, a frame after the other.
    filling: Vec<i32>,
    /// The newest frame, for what is filled up.
    last: Vec<i32>,
    /// Whole records that are not in the file yet.
    whole: Vec<u8>,
    /// Records, in the file or in `whole`.
    records: u64,
    /// Bytes of annotations in each of them.
    used: Vec<u16>,
    /// Annotations that have no place yet.
    waiting: VecDeque<Vec<u8>>,
    /// Frames before the next one on the file's own line of time, which has no gaps.
    position: u64,
    /// For each stretch without a gap its first frame's number and position.
    stretches: Vec<(u64, u64)>,
    /// The newest frame's number, time and position, if the stream has times.
    newest: Option<(u64, f64, u64)>,
    /// Where the time was last told.
    told: Option<u64>,
    lossy: u64,
    /// Frames of the stream, without what was filled up: all, those of whole records, those in the file.
    frames: u64,
    whole_frames: u64,
    saved: u64,
}

impl Edf {
    pub(super) fn create(path: &Path, overwrite: bool, kind: Kind, head: &Head) -> Result<Self, RecordError> {
        let rate = head.rate.ok_or(RecordError::Irregular { format: kind.name() })?;
        let greatest = kind.greatest();
        let codes = Codes::new(head, kind.name(), -greatest - 1, greatest)?;
        let record = Record::of(kind, rate, head.channels.len())?;
        let range = Range::of(head, greatest);
        let header = header::header(kind, head, &record, &range)?;
        let mut out = Out::create(path, overwrite)?;
        out.append(&header)?;
        let mut edf = Self {
            kind,
            out,
            codes,
            record,
            range,
            channels: head.channels.clone(),
            rate,
            start: u64::try_from(head.start_utc_ns.rem_euclid(1_000_000_000) / 100).unwrap_or(0),
            filling: Vec::new(),
            last: vec![0; head.channels.len()],
            whole: Vec::new(),
            records: 0,
            used: Vec::new(),
            waiting: VecDeque::new(),
            position: 0,
            stretches: vec![(head.first_frame, 0)],
            newest: None,
            told: None,
            lossy: 0,
            frames: 0,
            whole_frames: 0,
            saved: 0,
        };
        edf.note_long("axismirror", &description(head).to_string());
        Ok(edf)
    }

    fn record_bytes(&self) -> usize {
        self.record.frames * self.channels.len() * self.kind.sample() + ANNOTATION_BYTES
    }

    /// Where a position of the file lies in time.
    fn onset(&self, position: u64) -> u64 {
        let frames = (self.record.frames as u64).max(1);
        let (records, rest) = (position / frames, position % frames);
        let past = records.saturating_mul(self.record.ticks).saturating_add(self.span(rest));
        self.start.saturating_add(past)
    }

    /// How long less than a record of frames takes.
    fn span(&self, frames: u64) -> u64 {
        let ticks = u128::from(frames) * u128::from(self.record.ticks) / (self.record.frames as u128).max(1);
        u64::try_from(ticks).unwrap_or(u64::MAX)
    }

    fn duration(&self, frames: u64) -> u64 {
        let whole = (self.record.frames as u64).max(1);
        (frames / whole).saturating_mul(self.record.ticks).saturating_add(self.span(frames % whole))
    }

    /// An annotation at the file's beginning that may be longer than one can be: `NAME 1/3 ...`.
    fn note_long(&mut self, name: &str, text: &str) {
        let pieces = tal::pieces(text, tal::LONGEST - name.len() - 16);
        let count = pieces.len();
        for (i, piece) in pieces.into_iter().enumerate() {
            let at = if name == "axismirror" { 0 } else { self.position };
            let onset = self.onset(at);
            self.waiting.push_back(tal::annotation(onset, None, &format!("{name} {}/{count} {piece}", i + 1)));
        }
    }

    fn note(&mut self, position: u64, frames: Option<u64>, text: &str) {
        let (onset, duration) = (self.onset(position), frames.map(|n| self.duration(n)));
        for piece in tal::pieces(text, tal::LONGEST) {
            self.waiting.push_back(tal::annotation(onset, duration, piece));
        }
    }

    fn tell_time(&mut self, position: u64, frame: u64, time: f64) {
        self.note(position, None, &format!("axismirror time: frame={frame} t={time}"));
        self.told = Some(position);
    }

    /// One frame's codes into the record.
    fn push(&mut self, codes: &[i32]) -> Result<(), RecordError> {
        self.filling.extend_from_slice(codes);
        self.position += 1;
        if self.filling.len() >= self.record.frames * self.channels.len() {
            self.close_record();
            if self.whole.len() >= ENOUGH {
                self.write()?;
            }
        }
        Ok(())
    }

    /// Puts the full record behind the others.
    fn close_record(&mut self) {
        let channels = self.channels.len().max(1);
        for channel in 0..channels {
            for code in self.filling.iter().skip(channel).step_by(channels) {
                let [a, b, c, _] = code.to_le_bytes();
                match self.kind {
                    Kind::Edf => self.whole.extend_from_slice(&[a, b]),
                    Kind::Bdf => self.whole.extend_from_slice(&[a, b, c]),
                }
            }
        }
        self.filling.clear();
        let mut lists = tal::record_time(self.start + self.records * self.record.ticks);
        while self.waiting.front().is_some_and(|next| lists.len() + next.len() <= ANNOTATION_BYTES) {
            lists.extend(self.waiting.pop_front().unwrap_or_default());
        }
        self.used.push(u16::try_from(lists.len()).unwrap_or(u16::MAX));
        lists.resize(ANNOTATION_BYTES, 0);
        self.whole.append(&mut lists);
        self.records += 1;
        self.whole_frames = self.frames;
    }

    /// Whole records into the file, and then their number into its header.
    fn write(&mut self) -> Result<(), RecordError> {
        if self.whole.is_empty() {
            return Ok(());
        }
        let whole = std::mem::take(&mut self.whole);
        self.out.append(&whole)?;
        self.saved = self.whole_frames;
        // Always room for eight digits: 99,999,999 records of a second are three years.
        self.out.replace(header::RECORDS_AT, format!("{:<8}", self.records).as_bytes())
    }

    /// Annotations that are left go where records have room for them.
    fn place_waiting(&mut self) -> Result<(), RecordError> {
        let record_bytes = self.record_bytes() as u64;
        let first = self.out.end() - self.records * record_bytes;
        for (record, used) in self.used.iter_mut().enumerate().rev() {
            while let Some(next) = self.waiting.front().filter(|n| usize::from(*used) + n.len() <= ANNOTATION_BYTES) {
                let lists = first + (record as u64 + 1) * record_bytes - ANNOTATION_BYTES as u64;
                self.out.replace(lists + u64::from(*used), next)?;
                *used += u16::try_from(next.len()).unwrap_or(0);
                self.waiting.pop_front();
            }
        }
        Ok(())
    }

    /// Fills the record up with the frame before.
    fn pad(&mut self) {
        let channels = self.channels.len();
        let missing = self.record.frames - self.filling.len() / channels.max(1);
        self.note(self.position, Some(missing as u64), &format!("BAD_padding: {missing} frames"));
        for _ in 0..missing {
            self.filling.extend_from_slice(&self.last);
        }
        self.position += missing as u64;
        self.close_record();
    }
}

impl Writer for Edf {
    fn append(&mut self, block: &Block<'_>) -> Result<(), RecordError> {
        let size = block.bytes.len() / (block.frames * self.channels.len()).max(1);
        if let (None, Some(time)) = (self.told, block.times.first()) {
            self.tell_time(self.position, block.first, *time);
        }
        let mut codes = vec![0; self.channels.len()];
        for (i, frame) in block.bytes.chunks_exact((size * self.channels.len()).max(1)).enumerate() {
            let number = block.number(i);
            for ((code, sample), channel) in codes.iter_mut().zip(frame.chunks_exact(size.max(1))).zip(&self.channels) {
                let found = self.codes.of(sample).map_err(|value| RecordError::Lossy {
                    frame: number,
                    channel: channel + 1,
                    value,
                    low: (-self.kind.greatest() - 1).into(),
                    high: self.kind.greatest().into(),
                })?;
                self.lossy += u64::from(found.changed);
                *code = found.code;
            }
            if let Some(time) = block.times.get(i) {
                // The file's line of time is the nominal one: where the stream's leaves it by a jump, that is told, too.
                let is_odd = self.newest.is_some_and(|(_, before, position)| {
                    let periods = (*time - before) * self.rate;
                    (periods - (self.position - position) as f64).abs() > 0.5
                });
                self.newest = Some((number, *time, self.position));
                let since = self.told.map_or(0, |told| self.duration(self.position - told));
                if since >= TELL_TIME_EVERY * tal::TICKS || is_odd {
                    self.tell_time(self.position, number, *time);
                }
            }
            self.frames += 1;
            self.push(&codes)?;
            self.last.clone_from(&codes);
        }
        Ok(())
    }

    fn gap(&mut self, gap: &Gap) -> Result<Goes, RecordError> {
        if gap.frames() as f64 / self.rate > LONGEST_FILL {
            return Ok(Goes::NewPart);
        }
        let mut position = self.position;
        for (frames, line) in [gap.overwritten, gap.not_acquired].into_iter().filter(|n| *n > 0).zip(gap.lines()) {
            self.note(position, Some(frames), &format!("BAD_gap: {line}"));
            position += frames;
        }
        let last = self.last.clone();
        for _ in 0..gap.frames() {
            self.push(&last)?;
        }
        self.stretches.push((gap.frame, self.position));
        Ok(Goes::On)
    }

    fn event(&mut self, event: &Event) -> Result<(), RecordError> {
        let stretch = self.stretches.iter().rev().find(|(first, _)| *first <= event.frame);
        let position = stretch.map_or(0, |(first, position)| position.saturating_add(event.frame - first));
        // Those that begin so are the recorder's own.
        let blank = if event.text.starts_with("axismirror ") { " " } else { "" };
        self.note(position, None, &format!("{blank}{}", event.text));
        Ok(())
    }

    fn flush(&mut self) -> Result<(), RecordError> {
        self.write()
    }

    fn finish(&mut self, end: &End) -> Result<(), RecordError> {
        if let Some((frame, time, position)) = self.newest.filter(|(_, _, position)| self.told != Some(*position)) {
            self.tell_time(position, frame, time);
        }
        self.note_long("axismirror end", &end.json().to_string());
        if !self.filling.is_empty() {
            self.pad();
        }
        self.write()?;
        self.place_waiting()?;
        // A recording of a moment: no record is left that has room.
        while !self.waiting.is_empty() {
            self.pad();
            self.write()?;
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.out.end()
    }

    fn saved(&self) -> u64 {
        self.saved
    }

    fn pending(&self) -> u64 {
        (self.whole.len() + self.record_bytes()) as u64
    }

    fn lossy(&self) -> u64 {
        self.lossy
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks = Vec::new();
        if self.record.rate_error > 1e-12 {
            remarks.push(format!("the rate in the header is off by {:.1e} of it", self.record.rate_error));
        }
        if self.range.error > 1e-12 {
            let error = self.range.error;
            remarks.push(format!("the LSB in the header is off by {error:.1e} of it; codes are exact, and so is volts_per_code in the description"));
        }
        remarks
    }
}

/// The description without what says nothing: annotations are short.
fn description(head: &Head) -> serde_json::Value {
    let mut json = head.short_json();
    if let Some(fields) = json.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
        if head.labels.iter().all(|label| label.len() <= 16 && label.is_ascii()) {
            fields.remove("labels");
        }
        if head.shape == [head.channels.len()] {
            fields.remove("shape");
            fields.remove("channels");
        }
    }
    json
}
