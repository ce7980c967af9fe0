//! XDF 1.0, the format of the Lab Streaming Layer's recorder: the samples as stream 1, events as stream 2, gaps as stream 3.
//!
//! Source: github.com/sccn/xdf, "Specifications". Chunks follow one another, so that a file which ends too early can be read up to there; a boundary
//! chunk every ten seconds is where a reader takes up a damaged one.

#[cfg(test)]
mod tests;
mod xml;

use std::path::Path;
use std::time::{Duration, Instant};

use axismirror_core::dtype::DType;
use serde_json::Value;

use self::xml::Element;
use super::out::Out;
use super::utc::Civil;
use super::{Block, End, Event, Gap, Goes, Head, RecordError, Writer};
use crate::clock;
use crate::formats::own;
use crate::formats::xdf::{BOUNDARY_ID, MAGIC, NO_TIME, STRING, TIME, Tag, format_of, put_number};
use crate::sample::Number;

const BOUNDARY_EVERY: Duration = Duration::from_secs(10);
/// So many bytes of chunks are not held back until the next flush.
const ENOUGH: usize = 4 << 20;

const DATA: u32 = 1;
const EVENTS: u32 = 2;
const GAPS: u32 = 3;

/// What is counted of a stream.
#[derive(Clone, Copy, Debug, Default)]
struct Count {
    samples: u64,
    first: Option<f64>,
    last: f64,
}

/// A file being written.
#[derive(Debug)]
pub(super) struct Xdf {
    out: Out,
    dtype: DType,
    /// What samples become.
    stored: DType,
    channels: usize,
    rate: Option<f64>,
    pending: Vec<u8>,
    counts: [Count; 3],
    saved: u64,
    boundary: Instant,
}

impl Xdf {
    pub(super) fn create(path: &Path, overwrite: bool, head: &Head) -> Result<Self, RecordError> {
        let stored = stored(head.dtype)?;
        let format = format_of(stored).unwrap_or_default();
        let mut pending = MAGIC.to_vec();
        let start = Civil::of_ns(head.start_utc_ns).rfc3339();
        let mut info = Element::new("info");
        info.text("version", "1.0").text("datetime", &start);
        chunk(&mut pending, Tag::FileHeader, None, info.document().as_bytes());
        let data =
            stream(head, "", "EEG", head.channels.len(), head.rate.unwrap_or(0.0), format).child(description(head));
        chunk(&mut pending, Tag::StreamHeader, Some(DATA), data.document().as_bytes());
        for (id, name, kind) in [(EVENTS, "-events", "Markers"), (GAPS, "-gaps", own::GAPS_TYPE)] {
            let strings = stream(head, name, kind, 1, 0.0, STRING).child(Element::new("desc"));
            chunk(&mut pending, Tag::StreamHeader, Some(id), strings.document().as_bytes());
        }
        let out = Out::create(path, overwrite)?;
        let (dtype, channels) = (head.dtype, head.channels.len());
        let mut xdf = Self {
            out,
            dtype,
            stored,
            channels,
            rate: head.rate,
            pending,
            counts: Default::default(),
            saved: 0,
            boundary: Instant::now(),
        };
        xdf.mark(head.first_time.unwrap_or(0.0));
        xdf.flush()?;
        Ok(xdf)
    }

    /// A boundary, and the streams' clock against the recorder's: there is one clock.
    fn mark(&mut self, time: f64) {
        chunk(&mut self.pending, Tag::Boundary, None, &BOUNDARY_ID);
        for id in [DATA, EVENTS, GAPS] {
            let content = [time.to_le_bytes(), 0f64.to_le_bytes()].concat();
            chunk(&mut self.pending, Tag::ClockOffset, Some(id), &content);
        }
        self.boundary = Instant::now();
    }

    fn count(&mut self, id: u32, samples: usize, first: f64, last: f64) {
        if let Some(count) = self.counts.get_mut(id as usize - 1) {
            count.samples += samples as u64;
            count.first.get_or_insert(first);
            count.last = last;
        }
    }

    fn string(&mut self, id: u32, time: f64, text: &str) {
        let mut content = vec![1, 1, TIME];
        content.extend_from_slice(&time.to_le_bytes());
        put_number(&mut content, text.len() as u64);
        content.extend_from_slice(text.as_bytes());
        chunk(&mut self.pending, Tag::Samples, Some(id), &content);
        self.count(id, 1, time, time);
    }

    fn last_time(&self) -> f64 {
        self.counts.first().map_or(0.0, |c| c.last)
    }
}

impl Writer for Xdf {
    fn append(&mut self, block: &Block<'_>) -> Result<(), RecordError> {
        let size = self.dtype.size();
        let mut content = Vec::with_capacity(block.bytes.len() + 9 * block.frames + 9);
        put_number(&mut content, block.frames as u64);
        // A stream without times has those of arrival, and from there on its rate.
        let arrival = clock::monotonic_ns() as f64 / 1e9;
        let mut last = arrival;
        for (i, frame) in block.bytes.chunks_exact((size * self.channels).max(1)).enumerate() {
            match block.times.get(i).copied().or((i == 0 || self.rate.is_none()).then_some(arrival)) {
                Some(time) => {
                    content.push(TIME);
                    content.extend_from_slice(&time.to_le_bytes());
                    last = time;
                }
                None => content.push(NO_TIME),
            }
            for number in frame.chunks_exact(size.max(1)).filter_map(|sample| Number::of(self.dtype, sample)) {
                number.put(self.stored, &mut content);
            }
        }
        chunk(&mut self.pending, Tag::Samples, Some(DATA), &content);
        self.count(DATA, block.frames, block.times.first().copied().unwrap_or(arrival), last);
        if self.pending.len() >= ENOUGH { self.write() } else { Ok(()) }
    }

    fn gap(&mut self, gap: &Gap) -> Result<Goes, RecordError> {
        // Behind the frames before, whose first one has the time of arrival, and before the next one's.
        let time = gap.time.unwrap_or_else(|| clock::monotonic_ns() as f64 / 1e9);
        for line in gap.lines() {
            self.string(GAPS, time, &line);
        }
        Ok(Goes::On)
    }

    fn event(&mut self, event: &Event) -> Result<(), RecordError> {
        self.string(EVENTS, event.time, &event.text);
        Ok(())
    }

    fn flush(&mut self) -> Result<(), RecordError> {
        if self.boundary.elapsed() >= BOUNDARY_EVERY {
            self.mark(self.last_time());
        }
        self.write()
    }

    fn finish(&mut self, end: &End) -> Result<(), RecordError> {
        for (id, count) in (1..).zip(self.counts) {
            let mut info = Element::new("info");
            info.text("first_timestamp", &count.first.unwrap_or(0.0).to_string())
                .text("last_timestamp", &count.last.to_string())
                .text("sample_count", &count.samples.to_string());
            if id == DATA {
                info.text(own::DESCRIPTION, &end.json().to_string());
            }
            chunk(&mut self.pending, Tag::StreamFooter, Some(id), info.document().as_bytes());
        }
        self.write()
    }

    fn bytes(&self) -> u64 {
        self.out.end()
    }

    fn saved(&self) -> u64 {
        self.saved
    }

    fn pending(&self) -> u64 {
        self.pending.len() as u64
    }
}

impl Xdf {
    fn write(&mut self) -> Result<(), RecordError> {
        let pending = std::mem::take(&mut self.pending);
        self.out.append(&pending)?;
        self.saved = self.counts.first().map_or(0, |data| data.samples);
        Ok(())
    }
}

/// Adds a chunk: length of what follows, tag, stream, content.
fn chunk(out: &mut Vec<u8>, tag: Tag, stream: Option<u32>, content: &[u8]) {
    let bytes = 2 + stream.map_or(0, |_| 4) + content.len() as u64;
    put_number(out, bytes);
    out.extend_from_slice(&tag.number().to_le_bytes());
    if let Some(id) = stream {
        out.extend_from_slice(&id.to_le_bytes());
    }
    out.extend_from_slice(content);
}

/// The type that XDF has and that holds every value of the type.
fn stored(dtype: DType) -> Result<DType, RecordError> {
    let refused = |why| Err(RecordError::Type { format: "XDF", dtype, why });
    match dtype {
        DType::Bool | DType::I8 => Ok(DType::I8),
        DType::U8 | DType::I16 => Ok(DType::I16),
        DType::U16 | DType::I32 => Ok(DType::I32),
        DType::U32 | DType::I64 | DType::LongLong => Ok(DType::I64),
        DType::F16 | DType::F32 => Ok(DType::F32),
        DType::F64 => Ok(DType::F64),
        DType::U64 | DType::ULongLong => refused("its whole numbers have 63 bits and a sign"),
        DType::C64 | DType::C128 => refused("it has no complex numbers"),
    }
}

/// The header of a stream, as LSL's own recorder writes it.
fn stream(head: &Head, suffix: &str, kind: &str, channels: usize, rate: f64, format: &str) -> Element {
    let name = format!("{}{suffix}", head.name);
    let mut info = Element::new("info");
    info.text("name", &name)
        .text("type", kind)
        .text("channel_count", &channels.to_string())
        .text("nominal_srate", &rate.to_string())
        .text("channel_format", format)
        .text("source_id", &format!("{}{name}", own::SOURCE))
        .text("version", "1.1")
        .text("created_at", &head.first_time.unwrap_or(0.0).to_string())
        .text("uid", "")
        .text("session_id", "")
        .text("hostname", "");
    info
}

/// What is known of the samples: channels and device as XDF's recommended metadata, and all of it as JSON.
fn description(head: &Head) -> Element {
    let mut channels = Element::new("channels");
    for label in &head.labels {
        let mut channel = Element::new("channel");
        channel.text("label", label).text("unit", &head.unit).text("type", "EEG");
        channels = channels.child(channel);
    }
    let attribute = |name| head.attrs.get(name).and_then(Value::as_str).unwrap_or_default();
    let mut acquisition = Element::new("acquisition");
    acquisition.text("model", attribute("board")).text("adc", attribute("adc"));
    let mut desc = Element::new("desc").child(channels).child(acquisition);
    if let Some(lsb) = head.volts_per_code() {
        desc.text(own::VOLTS_PER_CODE, &lsb.to_string());
    }
    desc.text(own::DESCRIPTION, &head.description().json().to_string());
    desc
}
