//! BDF+ (24 bits) and EDF+ (16 bits): codes exactly as the converter gave them, in data records of about a second.
//!
//! The file is continuous (`BDF+C`): EDFlib, and with it pyedflib, refuses discontinuous ones, and MNE closes their gaps up without a word. So gaps
//! are filled up and marked as `BAD_gap`, which MNE leaves out of an analysis by itself; what is too long for that begins a new part.
//!
//! | in | is |
//! |---|---|
//! | `header` | the header, and what is decided for it: physical ranges, the date |
//! | `length` | how long a data record is, and where a frame lies in time |
//! | `records` | data records on their way into the file, and room for annotations in them |
//! | `tal` | the text of annotations |

mod header;
mod length;
mod records;
mod tal;
#[cfg(test)]
mod tests;

use std::path::Path;

use serde_json::Value;

use self::header::Range;
use self::length::Length;
use self::records::Records;
use super::codes::Codes;
use super::out::Out;
use super::{Block, Description, End, Event, Gap, Goes, Head, RecordError, Writer};
use crate::count::count;
use crate::formats::edf::Kind;
use crate::formats::own::annotations;

/// The longest gap that is filled up, in seconds.
const LONGEST_FILL: f64 = 60.0;
/// Seconds between two annotations that tell the stream's own times.
const TELL_TIME_EVERY: u64 = 600;
/// So many bytes of data records are not held back until the next flush.
const ENOUGH: usize = 4 << 20;

/// A file being written.
#[derive(Debug)]
pub(super) struct Edf {
    kind: Kind,
    records: Records,
    codes: Codes,
    range: Range,
    labels: Option<String>,
    channels: Vec<usize>,
    rate: f64,
    /// The newest frame, for what is filled up.
    last: Vec<i32>,
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
        let codes = Codes::new(head, kind.name(), kind.smallest(), kind.greatest())?;
        // The first record begins within its second.
        let start = u64::try_from(head.start_utc_ns.rem_euclid(1_000_000_000) / 100).unwrap_or(0);
        let description = tal::numbered(start, annotations::DESCRIPTION, &description(head).to_string());
        let length = Length::of(kind, rate, head.channels.len(), description.iter().map(Vec::len).sum())?;
        let range = Range::of(head, kind.greatest());
        let header = header::header(kind, head, &length, &range)?;
        let written: Vec<String> = head.labels.iter().map(|label| header::label(label)).collect();
        let mut out = Out::create(path, overwrite)?;
        out.append(&header)?;
        let mut records = Records::new(out, kind, length, head.channels.len(), start);
        records.annotate(description);
        Ok(Self {
            kind,
            records,
            codes,
            range,
            labels: head.remark_on_labels(written.iter().map(|label| label.trim())),
            channels: head.channels.clone(),
            rate,
            last: vec![0; head.channels.len()],
            stretches: vec![(head.first_frame, 0)],
            newest: None,
            told: None,
            lossy: 0,
            frames: 0,
            whole_frames: 0,
            saved: 0,
        })
    }

    fn note(&mut self, position: u64, frames: Option<u64>, text: &str) {
        let (onset, duration) = (self.records.onset(position), frames.map(|n| self.records.length().ticks_of(n)));
        let pieces = tal::pieces(text, tal::LONGEST);
        self.records.annotate(pieces.into_iter().map(|piece| tal::annotation(onset, duration, piece)).collect());
    }

    fn tell_time(&mut self, position: u64, frame: u64, time: f64) {
        self.note(position, None, &annotations::time_line(frame, time));
        self.told = Some(position);
    }

    /// One frame's codes into the record.
    fn push(&mut self, codes: &[i32]) -> Result<(), RecordError> {
        if self.records.push(codes) {
            self.whole_frames = self.frames;
            if self.records.whole_bytes() >= ENOUGH {
                self.write()?;
            }
        }
        Ok(())
    }

    fn write(&mut self) -> Result<(), RecordError> {
        self.records.write()?;
        self.saved = self.whole_frames;
        Ok(())
    }

    /// Fills the record up with the frame before.
    fn pad(&mut self) {
        let missing = self.records.missing();
        self.note(
            self.records.position(),
            Some(missing),
            &format!("{} {}", annotations::PADDING, count(missing, "frame")),
        );
        for _ in 0..missing {
            self.records.push(&self.last);
        }
        self.whole_frames = self.frames;
    }
}

impl Writer for Edf {
    fn append(&mut self, block: &Block<'_>) -> Result<(), RecordError> {
        let size = block.bytes.len() / (block.frames * self.channels.len()).max(1);
        if let (None, Some(time)) = (self.told, block.times.first()) {
            self.tell_time(self.records.position(), block.first, *time);
        }
        let mut codes = vec![0; self.channels.len()];
        for (i, frame) in block.bytes.chunks_exact((size * self.channels.len()).max(1)).enumerate() {
            let number = block.number(i);
            for ((code, sample), channel) in codes.iter_mut().zip(frame.chunks_exact(size.max(1))).zip(&self.channels) {
                let found = self.codes.of(sample).map_err(|value| RecordError::Lossy {
                    frame: number,
                    channel: channel + 1,
                    value,
                    low: self.kind.smallest().into(),
                    high: self.kind.greatest().into(),
                })?;
                self.lossy += u64::from(found.changed);
                *code = found.code;
            }
            if let Some(time) = block.times.get(i) {
                // The file's line of time is the nominal one: where the stream's leaves it by a jump, that is told, too.
                let here = self.records.position();
                let is_odd = self.newest.is_some_and(|(_, before, position)| {
                    let periods = (*time - before) * self.rate;
                    (periods - (here - position) as f64).abs() > 0.5
                });
                self.newest = Some((number, *time, here));
                let since = self.told.map_or(0, |told| self.records.length().ticks_of(here - told));
                if since >= TELL_TIME_EVERY * tal::TICKS || is_odd {
                    self.tell_time(here, number, *time);
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
        let mut position = self.records.position();
        for (frames, line) in [gap.overwritten, gap.not_acquired].into_iter().filter(|n| *n > 0).zip(gap.lines()) {
            self.note(position, Some(frames), &format!("{} {line}", annotations::GAP));
            position += frames;
        }
        let last = self.last.clone();
        for _ in 0..gap.frames() {
            self.push(&last)?;
        }
        self.stretches.push((gap.frame, self.records.position()));
        Ok(Goes::On)
    }

    fn event(&mut self, event: &Event) -> Result<(), RecordError> {
        let stretch = self.stretches.iter().rev().find(|(first, _)| *first <= event.frame);
        let position = stretch.map_or(0, |(first, position)| position.saturating_add(event.frame - first));
        // Those that begin so are the recorder's own.
        let is_own = annotations::said(&event.text, annotations::DESCRIPTION).is_some();
        let blank = if is_own { " " } else { "" };
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
        let onset = self.records.onset(self.records.position());
        self.records.annotate(tal::numbered(onset, annotations::END, &end.json().to_string()));
        if !self.records.is_between() {
            self.pad();
        }
        self.write()?;
        self.records.place_annotations()?;
        // A recording of a moment: no record is left that has room.
        while self.records.has_annotations() {
            self.pad();
            self.write()?;
        }
        Ok(())
    }

    fn bytes(&self) -> u64 {
        self.records.file_bytes()
    }

    fn saved(&self) -> u64 {
        self.saved
    }

    fn pending(&self) -> u64 {
        (self.records.whole_bytes() + self.records.record_bytes()) as u64
    }

    fn lossy(&self) -> u64 {
        self.lossy
    }

    fn remarks(&self) -> Vec<String> {
        let mut remarks: Vec<String> = self.labels.iter().cloned().collect();
        let rate_error = self.records.length().rate_error;
        if rate_error > 1e-12 {
            remarks.push(format!("the rate in the header is off by {rate_error:.1e} of it"));
        }
        if self.range.error > 1e-12 {
            let error = self.range.error;
            remarks.push(format!("the LSB in the header is off by {error:.1e} of it; codes are exact, and so is volts_per_code in the description"));
        }
        remarks
    }
}

/// The description without what the header says, or nobody knows: annotations are short.
fn description(head: &Head) -> Value {
    let mut description = Description { static_metadata: None, ..head.description() };
    if head.labels.iter().all(|label| header::label_says(label)) {
        description.labels = None;
    }
    if head.shape == [head.channels.len()] && head.channels.iter().copied().eq(0..head.channels.len()) {
        (description.shape, description.channels) = (None, None);
    }
    let mut json = description.json();
    if let Some(fields) = json.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    json
}
