//! A first walk over all chunks: which streams there are, how many samples each has, what the streams of texts say, and the clocks' offsets.
//!
//! Samples are passed over, not read.

use std::collections::BTreeMap;

use super::super::content::Mark;
use super::super::error::Problem;
use super::super::source::Source;
use super::chunk::Chunk;
use super::header::Info;
use crate::count::count;
use crate::formats::own::frames_of;
use crate::formats::xdf::{MAGIC, NO_TIME, TIME, Tag, take_number};

/// One stream of the file.
#[derive(Debug, Default)]
pub(super) struct Stream {
    pub(super) info: Info,
    pub(super) frames: u64,
    /// Of a stream of texts: those that are not empty, by their sender's clock.
    texts: Vec<Mark>,
    /// When the clock's offset was measured, and that to the recorder's clock, in seconds.
    offsets: Vec<(f64, f64)>,
    last_time: f64,
}

impl Stream {
    /// As a person would ask for it.
    pub(super) fn named(&self, id: u32) -> String {
        if self.info.name.is_empty() { id.to_string() } else { format!("{} ({id})", self.info.name) }
    }

    pub(super) fn why_not(&self) -> String {
        let rate = self.info.rate.map_or("irregular".to_owned(), |r| format!("{r} Hz"));
        format!(
            "another stream: {}, {rate}, {}",
            count(self.info.channel_count, "channel"),
            count(self.frames, "frame")
        )
    }

    /// What the offset was nearest to a time.
    fn offset(&self, time: f64) -> f64 {
        let distance = |(at, _): &&(f64, f64)| (at - time).abs();
        self.offsets.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).map_or(0.0, |(_, offset)| *offset)
    }
}

/// All that was found.
#[derive(Debug)]
pub(super) struct Scan {
    /// By the number of the stream.
    pub(super) streams: BTreeMap<u32, Stream>,
    /// Where the walk came to an end.
    pub(super) end: u64,
}

impl Scan {
    /// Walks over the file. It ends at a chunk that is damaged or cut, with a line in the log: what comes before it can be played.
    pub(super) fn of(source: &impl Source) -> Result<Self, Problem> {
        let mut scan = Self { streams: BTreeMap::new(), end: MAGIC.len() as u64 };
        loop {
            let taken = match Chunk::at(source, scan.end) {
                Ok(Some(chunk)) => scan.take(source, &chunk).map(|()| chunk.end),
                Ok(None) => return Ok(scan),
                Err(problem) => Err(problem),
            };
            match taken {
                Ok(end) => scan.end = end,
                Err(Problem::Io(error)) => return Err(error.into()),
                // Then there is nothing to be played at all.
                Err(problem) if scan.streams.values().all(|s| s.frames == 0) => return Err(problem),
                Err(problem) => {
                    tracing::warn!("recording: the file is played up to offset {}: {problem}", scan.end);
                    return Ok(scan);
                }
            }
        }
    }

    /// All that the streams of texts say, on the clock of stream `id`, by time.
    pub(super) fn marks(&self, id: u32) -> Vec<Mark> {
        let here = self.streams.get(&id);
        let mut marks = Vec::new();
        for stream in self.streams.values().filter(|s| !s.info.is_gaps()) {
            for text in &stream.texts {
                let common = text.time + stream.offset(text.time);
                let time = common - here.map_or(0.0, |s| s.offset(common));
                marks.push(Mark { time, ..text.clone() });
            }
        }
        marks.sort_by(|a, b| a.time.total_cmp(&b.time));
        marks
    }

    /// Frames that our own recorder says were lost, each with the time of the frame behind them, by time.
    pub(super) fn lost(&self) -> Vec<(f64, u64)> {
        let texts = self.streams.values().filter(|s| s.info.is_gaps()).flat_map(|s| &s.texts);
        texts.filter_map(|text| Some((text.time, frames_of(&text.text)?))).collect()
    }

    fn take(&mut self, source: &impl Source, chunk: &Chunk) -> Result<(), Problem> {
        match chunk.tag {
            Some(Tag::StreamHeader) => {
                let bytes = content(source, chunk)?;
                let info = Info::parse(&String::from_utf8_lossy(&bytes)).map_err(|what| chunk.wrong(what))?;
                self.streams.entry(chunk.stream).or_default().info = info;
            }
            Some(Tag::ClockOffset) => {
                let bytes = content(source, chunk)?;
                let (numbers, _) = bytes.as_chunks();
                let [time, offset] = numbers else { return Err(chunk.wrong("it is no clock offset")) };
                let measured = (f64::from_le_bytes(*time), f64::from_le_bytes(*offset));
                if measured.0.is_finite() && measured.1.is_finite() {
                    self.streams.entry(chunk.stream).or_default().offsets.push(measured);
                }
            }
            Some(Tag::Samples) => {
                let stream = self.streams.get_mut(&chunk.stream);
                let stream = stream.filter(|s| s.info.channel_count > 0);
                let stream = stream.ok_or_else(|| chunk.wrong("it has samples of a stream without a header"))?;
                match stream.info.dtype {
                    Some(dtype) => {
                        let mut head = [0; 9];
                        let head = head.get_mut(..(chunk.end - chunk.begin).min(9) as usize).unwrap_or_default();
                        source.read_all(head, chunk.begin)?;
                        let (count, _) =
                            take_number(head).ok_or_else(|| chunk.wrong("it does not say how many samples it has"))?;
                        let frame = 1 + (stream.info.channel_count * dtype.size()) as u64;
                        if count.saturating_mul(frame) > chunk.end - chunk.begin {
                            return Err(chunk.wrong("it has fewer samples than it says"));
                        }
                        stream.frames += count;
                    }
                    None => stream.read_texts(&content(source, chunk)?).ok_or_else(|| {
                        chunk.wrong("it has fewer texts than it says, or a text's time has neither 0 nor 8 bytes")
                    })?,
                }
            }
            // Of no use here.
            Some(Tag::FileHeader | Tag::Boundary | Tag::StreamFooter) | None => {}
        }
        Ok(())
    }
}

impl Stream {
    /// The samples of a chunk of texts.
    fn read_texts(&mut self, bytes: &[u8]) -> Option<()> {
        let (count, mut rest) = take_number(bytes)?;
        for _ in 0..count {
            let (&time_bytes, behind) = rest.split_first()?;
            rest = behind;
            match time_bytes {
                NO_TIME => self.last_time += self.info.rate.map_or(0.0, |rate| 1.0 / rate),
                TIME => {
                    let (time, behind) = rest.split_first_chunk()?;
                    rest = behind;
                    self.last_time = Some(f64::from_le_bytes(*time)).filter(|t| t.is_finite())?;
                }
                _ => return None,
            }
            let mut texts = Vec::new();
            for _ in 0..self.info.channel_count {
                let (len, behind) = take_number(rest)?;
                let (text, behind) = behind.split_at_checked(usize::try_from(len).ok()?)?;
                rest = behind;
                texts.push(String::from_utf8_lossy(text).into_owned());
            }
            let text = texts.join("\t");
            if !text.trim().is_empty() {
                self.texts.push(Mark { time: self.last_time, duration: None, text });
            }
            self.frames += 1;
        }
        Some(())
    }
}

fn content(source: &impl Source, chunk: &Chunk) -> Result<Vec<u8>, Problem> {
    // Not more than the file holds: a chunk's end lies within it.
    let mut bytes = vec![0; usize::try_from(chunk.end - chunk.begin).unwrap_or(0)];
    source.read_all(&mut bytes, chunk.begin)?;
    Ok(bytes)
}
