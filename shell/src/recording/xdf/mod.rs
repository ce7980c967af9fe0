//! XDF: what LabRecorder writes of the streams of a lab streaming layer (LSL).
//!
//! A file holds several streams, chunk by chunk as they came. One of numbers is played, the streams of texts are the marks. Times are those of
//! the sender's clock, as they were recorded: nothing is smoothed. The measured offsets between clocks serve to bring marks of another machine
//! onto the played stream's clock.

mod chunk;
mod header;
mod scan;

use std::io::{BufReader, Read, Seek, SeekFrom};

use axismirror_core::dtype::DType;
use serde_json::{Map, Value};

use self::chunk::Chunk;
use self::header::Info;
use self::scan::{Scan, Stream};
use super::choice::{Choice, Signals};
use super::content::{Block, ChannelInfo, Content, LeftOut};
use super::error::Problem;
use super::format::Format;
use super::source::{Sequential, Source};
use crate::formats::xdf::{MAGIC, NO_TIME, TIME, Tag, take_number};
use crate::sample::Number;

/// Bytes that are read from the file at once.
const BUFFER: usize = 1 << 16;

/// One stream of numbers of a file.
#[derive(Debug)]
pub(super) struct Xdf<S> {
    file: BufReader<Sequential<S>>,
    stream: u32,
    /// Where the scan has come to an end: at the file's, or at a chunk that is damaged.
    end: u64,
    frame_bytes: usize,
    /// Which samples of a frame are played, when not all.
    chosen: Option<Vec<usize>>,
    sample_bytes: usize,
    period: f64,
    /// Where the next chunk begins.
    next: u64,
    /// The chunk that is being read.
    chunk: Option<Samples>,
    last_time: Option<f64>,
    frame: Vec<u8>,
    /// Types of the samples as they are in the file, and as they were in the stream that our own recorder took them from.
    stored: DType,
    dtype: DType,
    /// Frames that were lost, each with the time of the frame behind them.
    lost: Vec<(f64, u64)>,
    next_lost: usize,
    /// A frame that is the first one behind a gap: its time; its samples are in `frame`.
    ahead: Option<f64>,
}

/// Where in a chunk of samples the reader is.
#[derive(Clone, Copy, Debug)]
struct Samples {
    chunk: Chunk,
    at: u64,
    left: u64,
}

/// Opens a file.
pub(super) fn open<S: Source>(source: S, choice: &Choice) -> Result<(Content, Xdf<S>), Problem> {
    let mut scan = Scan::of(&source)?;
    let id = choose(&scan, choice)?;
    let (marks, lost) = (scan.marks(id), scan.lost());
    let others = scan.streams.iter().filter(|(other, s)| **other != id && s.info.dtype.is_some());
    let mut left_out: Vec<LeftOut> = others.map(|(id, s)| LeftOut { label: s.named(*id), why: s.why_not() }).collect();
    let Some(Stream { mut info, frames, .. }) = scan.streams.remove(&id) else { return Err(Problem::Empty) };
    let own = info.own.take();
    let dtype = info.dtype.unwrap_or(DType::F64);
    let (rate, frame_bytes) = (info.rate, info.channel_count * dtype.size());
    let Played { channels, chosen, unasked } = Played::of(&mut info, choice)?;
    left_out.extend(unasked);
    let mut attrs = Map::new();
    if !info.kind.is_empty() {
        attrs.insert("type".to_owned(), Value::from(info.kind));
    }
    let mut content = Content {
        name: Some(info.name).filter(|n| !n.is_empty()),
        rate,
        has_times: true,
        frames: Some(frames),
        is_raw: true,
        attrs,
        marks,
        left_out,
        ..Content::new("XDF", dtype, channels)
    };
    if let Some(own) = &own {
        let all = || (0..content.channels.len()).collect();
        let picks: Vec<usize> = chosen.clone().unwrap_or_else(all);
        own.apply(&mut content, &picks);
    }
    let xdf = Xdf {
        file: BufReader::with_capacity(BUFFER, Sequential::new(source)),
        stream: id,
        end: scan.end,
        frame_bytes,
        chosen,
        sample_bytes: dtype.size(),
        period: rate.map_or(0.0, |rate| 1.0 / rate),
        next: MAGIC.len() as u64,
        chunk: None,
        last_time: None,
        frame: Vec::new(),
        stored: dtype,
        dtype: content.dtype,
        lost: if own.is_some() { lost } else { Vec::new() },
        next_lost: 0,
        ahead: None,
    };
    Ok((content, xdf))
}

/// The channels of a stream that are played.
struct Played {
    channels: Vec<ChannelInfo>,
    /// Their places, when those are not all in their order.
    chosen: Option<Vec<usize>>,
    unasked: Vec<LeftOut>,
}

impl Played {
    fn of(info: &mut Info, choice: &Choice) -> Result<Self, Problem> {
        let mut all = std::mem::take(&mut info.channels);
        all.resize_with(info.channel_count, ChannelInfo::default);
        let Signals::Named(names) = &choice.signals else {
            return Ok(Self { channels: all, chosen: None, unasked: Vec::new() });
        };
        let labels = all.iter().map(|c| c.label.as_str());
        let places = super::choice::find(names, labels.clone())?;
        let unasked = LeftOut::unasked(labels, &places);
        let channels = places.iter().filter_map(|&i| all.get(i).cloned()).collect();
        Ok(Self { channels, chosen: Some(places), unasked })
    }
}

/// The stream that was asked for, else the one of numbers that has the most samples.
fn choose(scan: &Scan, choice: &Choice) -> Result<u32, Problem> {
    let numbers = || scan.streams.iter().filter(|(_, s)| s.info.dtype.is_some());
    let Some(asked) = &choice.stream else {
        let samples = |s: &Stream| s.frames.saturating_mul(s.info.channel_count as u64);
        // Of two that have as many, the first.
        let most = numbers().map(|(_, s)| samples(s)).max().filter(|n| *n > 0).ok_or(Problem::Empty)?;
        return numbers().find(|(_, s)| samples(s) == most).map(|(id, _)| *id).ok_or(Problem::Empty);
    };
    let by_name = numbers().find(|(_, s)| s.info.name == *asked);
    let found = by_name.or_else(|| numbers().find(|(id, _)| asked.parse() == Ok(**id)));
    let (id, stream) = found.ok_or_else(|| Problem::NotThere {
        what: "stream",
        given: asked.clone(),
        possible: numbers().map(|(id, s)| s.named(*id)).collect::<Vec<_>>().join(", "),
    })?;
    if stream.frames == 0 { Err(Problem::Empty) } else { Ok(*id) }
}

impl<S: Source> Xdf<S> {
    /// The stream's next chunk of samples, opened.
    fn open_chunk(&mut self) -> Result<Option<Samples>, Problem> {
        while self.next < self.end {
            let Some(chunk) = Chunk::at(self.file.get_ref().source(), self.next)? else { break };
            self.next = chunk.end;
            if chunk.tag != Some(Tag::Samples) || chunk.stream != self.stream {
                continue;
            }
            self.seek(chunk.begin)?;
            let mut head = [0; 9];
            let head = head.get_mut(..(chunk.end - chunk.begin).min(9) as usize).unwrap_or_default();
            self.file.read_exact(head)?;
            let (left, behind) =
                take_number(head).ok_or_else(|| chunk.wrong("it does not say how many samples it has"))?;
            let at = chunk.begin + (head.len() - behind.len()) as u64;
            self.seek(at)?;
            return Ok(Some(Samples { chunk, at, left }));
        }
        Ok(None)
    }

    /// To a place that is mostly near: what was read ahead is kept.
    fn seek(&mut self, to: u64) -> Result<(), Problem> {
        let at = self.file.stream_position()?;
        let by = to.cast_signed().saturating_sub(at.cast_signed());
        self.file.seek_relative(by)?;
        Ok(())
    }

    /// The next sample of a chunk, into `frame`, and its time.
    fn sample(&mut self, samples: &mut Samples) -> Result<f64, Problem> {
        let Samples { chunk, mut at, .. } = *samples;
        let take = |this: &mut Self, at: &mut u64, len: usize| {
            *at += len as u64;
            if *at > chunk.end {
                return Err(chunk.wrong("it has fewer samples than it says"));
            }
            this.frame.resize(len, 0);
            this.file.read_exact(&mut this.frame)?;
            Ok(())
        };
        take(self, &mut at, 1)?;
        let time = match self.frame.first() {
            Some(&NO_TIME) => None,
            Some(&TIME) => {
                take(self, &mut at, 8)?;
                self.frame.first_chunk().map(|b| f64::from_le_bytes(*b)).filter(|t| t.is_finite())
            }
            _ => return Err(chunk.wrong("a sample's time has neither 0 nor 8 bytes")),
        };
        take(self, &mut at, self.frame_bytes)?;
        // Without a time a sample comes one period behind the one before (XDF 1.0, "Samples Chunk").
        let time = time.unwrap_or_else(|| self.last_time.map_or(0.0, |last| last + self.period));
        self.last_time = Some(time);
        samples.at = at;
        samples.left -= 1;
        Ok(time)
    }

    /// The next frame's time; its samples are in `frame` then.
    fn next_frame(&mut self) -> Result<Option<f64>, Problem> {
        if let Some(time) = self.ahead.take() {
            return Ok(Some(time));
        }
        loop {
            let mut samples = match self.chunk.take().filter(|s| s.left > 0) {
                Some(samples) => samples,
                None => match self.open_chunk()? {
                    Some(samples) if samples.left > 0 => samples,
                    Some(_) => continue,
                    None => return Ok(None),
                },
            };
            let time = self.sample(&mut samples)?;
            self.chunk = Some(samples);
            return Ok(Some(time));
        }
    }

    /// Adds the samples of `frame` that are played, as they were in the stream.
    fn put(&self, block: &mut Block) {
        let (is_same, dtype) = (self.stored.code() == self.dtype.code(), self.dtype);
        let mut put = |sample: &[u8]| match Number::of(self.stored, sample) {
            _ if is_same => block.bytes.extend_from_slice(sample),
            Some(number @ Number::Single(_)) if dtype == DType::F16 => number.put(dtype, &mut block.bytes),
            // The recorder took the next larger type where XDF has none.
            number => {
                let whole = number.map_or(0.0, Number::value) as i64;
                Number::of_whole(whole, dtype, 1.0).put(dtype, &mut block.bytes);
            }
        };
        match &self.chosen {
            None => self.frame.chunks_exact(self.sample_bytes).for_each(put),
            Some(chosen) => {
                for at in chosen.iter().map(|place| place * self.sample_bytes) {
                    put(self.frame.get(at..at + self.sample_bytes).unwrap_or_default());
                }
            }
        }
    }
}

impl<S: Source> Format for Xdf<S> {
    fn read(&mut self, most: usize, block: &mut Block) -> Result<(), Problem> {
        while block.frames < most {
            let Some(time) = self.next_frame()? else { break };
            let is_behind = |lost: &&(f64, u64)| lost.0 <= time;
            while let Some((_, frames)) = self.lost.get(self.next_lost).filter(is_behind) {
                if block.frames > 0 {
                    // What is lost is lost before a block.
                    self.ahead = Some(time);
                    return Ok(());
                }
                block.lost = block.lost.saturating_add(*frames);
                self.next_lost += 1;
            }
            self.put(block);
            block.times.push(time);
            block.frames += 1;
        }
        Ok(())
    }

    fn rewind(&mut self) -> Result<(), Problem> {
        self.file.seek(SeekFrom::Start(0))?;
        self.next = MAGIC.len() as u64;
        self.chunk = None;
        self.last_time = None;
        self.ahead = None;
        self.next_lost = 0;
        Ok(())
    }
}
