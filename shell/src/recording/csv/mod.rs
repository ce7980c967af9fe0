//! Numbers in columns: CSV and its relatives.
//!
//! What is understood is said at [`super::Recording::open`]. A broken value is an error with its line and field, never
//! a silent zero; one that is missing is NaN, in a column that has numbers with decimal points.
//!
//! | in | is |
//! |---|---|
//! | `columns` | what the header and comments say |
//! | `survey` | what the first rows say |
//! | `times` | numbers and dates as times |
//! | `own` | what our own recorder says among the rows |
//! | `seek` | the row of a frame's number |

mod columns;
mod own;
mod seek;
mod survey;
mod times;

use std::io::{BufRead, BufReader, Read, Seek, SeekFrom};

use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;

use self::columns::{Columns, Comments};
use self::own::Among;
use self::survey::Survey;
use self::times::{TimeColumn, TimeKind};
use super::choice::{Choice, Signals};
use super::content::{Block, ChannelInfo, Content, LeftOut, Numbers};
use super::error::Problem;
use super::format::Format;
use super::source::{Sequential, Source};
use crate::formats::own::Description;
use crate::sample;

/// The longest line, in bytes.
const MAX_LINE: usize = 1 << 20;
/// The longest part of a field that a message repeats, in characters.
const SHOWN: usize = 40;
/// Lines that the rate is estimated from.
const ESTIMATE: usize = 1000;
/// A rate that is so near to a whole number, relatively, is that number: times are rounded.
const WHOLE: f64 = 1e-6;
/// A number that is missing, in a column that has no NaN.
const NO_NAN: &str = "a number, and a column of whole numbers has no NaN; fill it, or write the column with decimal points (pandas: .astype(float))";
const LATER: &str = "a later time than the one before";

/// The rows of a file.
#[derive(Debug)]
pub(super) struct Csv<S> {
    lines: Lines<S>,
    columns: Columns,
    /// Which channels are played, from 0.
    chosen: Vec<usize>,
    /// Where the first row begins.
    begin: Place,
    last_time: Option<f64>,
    /// The description, if our own recorder wrote the file; and what it said of the frame that comes next.
    own: Option<Description>,
    among: Among,
}

/// A place in the file.
#[derive(Clone, Copy, Debug, Default)]
struct Place {
    /// In bytes.
    at: u64,
    /// Lines before it.
    line: usize,
}

#[derive(Debug)]
struct Lines<S> {
    file: BufReader<Sequential<S>>,
    place: Place,
    /// Whether the last line had an end.
    is_ended: bool,
    /// Whether comments have lines of their own alone, as our own recorder writes them: a label may hold anything.
    is_own: bool,
}

/// Opens a file.
pub(super) fn open<S: Source>(source: S, choice: &Choice) -> Result<(Content, Csv<S>), Problem> {
    let mut lines =
        Lines { file: BufReader::new(Sequential::new(source)), place: Place::default(), is_ended: true, is_own: false };
    let mut comments = Comments::default();
    let mut own = None;
    let (mut columns, begin, has_header) = loop {
        let begin = lines.place;
        let (line, comment) = lines.next()?.ok_or(Problem::Empty)?;
        comments.take(&comment);
        own = own.or_else(|| own::description(&comment));
        lines.is_own = own.is_some();
        if !line.trim().is_empty() {
            let columns = Columns::find(&line, &comments, own.is_some());
            break (columns.0, if columns.1 { lines.place } else { begin }, columns.1);
        }
    };
    let mut left_out = Vec::new();
    if own.is_none() {
        left_out = survey(&mut lines, begin, &columns)?.settle(&mut columns, has_header);
    }
    let chosen: Vec<usize> = match &choice.signals {
        Signals::Named(names) => super::choice::find(names, columns.channels.iter().map(|c| c.label.as_str()))?,
        _ => (0..columns.channels.len()).collect(),
    };
    let channels: Vec<ChannelInfo> = chosen.iter().filter_map(|&i| columns.channels.get(i).cloned()).collect();
    left_out.extend(LeftOut::unasked(columns.channels.iter().map(|c| c.label.as_str()), &chosen));
    let mut csv = Csv { lines, columns, chosen, begin, last_time: None, own, among: Among::default() };
    csv.rewind()?;
    let mut first = Block::default();
    csv.rows(ESTIMATE, &mut first, &mut comments)?;
    if first.frames == 0 || channels.is_empty() {
        return Err(Problem::Empty);
    }
    let has_times = !first.times.is_empty();
    let estimate = rate_of(&first.times);
    csv.rewind()?;
    let origin =
        csv.columns.time.and_then(|time| if let TimeKind::Date(origin) = time.kind { Some(origin) } else { None });
    let mut content = Content {
        clock: origin.map_or(Clock::Unknown, |_| Clock::Realtime),
        origin: origin.unwrap_or(0) as f64,
        rate: estimate.or(comments.rate),
        rate_is_estimate: estimate.is_some(),
        has_times,
        numbers: if csv.has_numbers() { Numbers::Each } else { Numbers::Missing },
        has_texts: true,
        left_out,
        ..Content::new("CSV", DType::F64, channels)
    };
    if let Some(own) = &csv.own {
        own.apply(&mut content, &csv.chosen);
    }
    Ok((content, csv))
}

/// Looks at the first rows.
fn survey<S: Source>(lines: &mut Lines<S>, begin: Place, columns: &Columns) -> Result<Survey, Problem> {
    let mut survey = Survey::default();
    lines.go_to(begin)?;
    for _ in 0..ESTIMATE {
        let Some((line, _)) = lines.next()? else { break };
        if !line.trim().is_empty() {
            survey.take(columns.fields(&line), columns.delimiter != ',');
        }
    }
    Ok(survey)
}

impl<S: Source> Csv<S> {
    fn rows(&mut self, most: usize, block: &mut Block, comments: &mut Comments) -> Result<(), Problem> {
        self.among.lay_down(block);
        while block.frames < most {
            let Some((line, comment)) = self.lines.next()? else { break };
            if self.own.is_some() && !self.lines.is_ended {
                // Its last number may be cut, and a number still.
                tracing::warn!("recording: the file ends within line {}, which is left out", self.lines.place.line);
                break;
            }
            comments.take(&comment);
            if self.own.is_some() && self.among.take(&comment, block) && block.frames > 0 {
                // What is lost is lost before a block.
                break;
            }
            self.among.lay_down(block);
            if line.trim().is_empty() {
                continue;
            }
            self.row(&line, block)?;
        }
        Ok(())
    }

    fn row(&mut self, line: &str, block: &mut Block) -> Result<(), Problem> {
        let number = self.lines.place.line;
        let columns = &self.columns;
        let fields = columns.fields(line);
        if fields.len() != columns.count {
            return Err(Problem::FieldCount { line: number, given: fields.len(), needed: columns.count });
        }
        let wrong = |i: usize, possible| Problem::Field {
            line: number,
            field: i + 1,
            column: columns.names.get(i).cloned().unwrap_or_default(),
            given: fields.get(i).map(|f| f.chars().take(SHOWN).collect()).unwrap_or_default(),
            possible,
        };
        let field = |i: usize| fields.get(i).map_or("", String::as_str);
        let number_of = |i: usize| columns::parse(field(i), columns.delimiter != ',');
        let value = |i: usize| match number_of(i) {
            Some(number) => Ok(number),
            None if !Columns::is_missing(field(i)) => Err(wrong(i, "a number")),
            // Of whole numbers, none is no number: who lost it has to say what it shall be.
            None if columns.wholes.get(i).is_some_and(|wholes| *wholes) => Err(wrong(i, NO_NAN)),
            None => Ok(f64::NAN),
        };
        // Ours is without times where the recorded stream was.
        if let Some(TimeColumn { at, kind }) =
            columns.time.filter(|time| self.own.is_none() || !field(time.at).is_empty())
        {
            let time = match kind {
                TimeKind::Number(seconds) => number_of(at).map(|number| number * seconds),
                TimeKind::Date(origin) => times::since(origin, field(at)),
            };
            let time = time.ok_or_else(|| wrong(at, kind.possible()))?;
            if self.own.is_none() && self.last_time.is_some_and(|last| time <= last) {
                return Err(wrong(at, LATER));
            }
            self.last_time = Some(time);
            block.times.push(time);
        }
        if let Some(number) = self.own.as_ref().and_then(|_| columns.number(line)) {
            block.numbers.push(number);
        }
        if let Some(own) = &self.own {
            for i in self.chosen.iter().filter_map(|&i| columns.places().get(i).copied()) {
                let sample = sample::parse(own.samples(), field(i));
                let sample = sample.ok_or_else(|| wrong(i, "a sample of the recorded type"))?;
                sample.put(own.samples(), &mut block.bytes);
            }
        } else {
            // All of them: a broken value is an error also where nobody asked for it.
            let values: Vec<f64> = columns.places().iter().map(|&i| value(i)).collect::<Result<_, _>>()?;
            for value in self.chosen.iter().filter_map(|&i| values.get(i)) {
                block.bytes.extend_from_slice(&value.to_le_bytes());
            }
        }
        block.frames += 1;
        Ok(())
    }
}

impl<S: Source> Format for Csv<S> {
    fn read(&mut self, most: usize, block: &mut Block) -> Result<(), Problem> {
        self.rows(most, block, &mut Comments::default())
    }

    fn rewind(&mut self) -> Result<(), Problem> {
        self.lines.go_to(self.begin)?;
        self.last_time = None;
        self.among = Among::default();
        Ok(())
    }

    fn seek(&mut self, frame: u64) -> Result<bool, Problem> {
        self.seek_frame(frame)
    }
}

impl<S: Source> Lines<S> {
    fn go_to(&mut self, place: Place) -> Result<(), Problem> {
        self.file.seek(SeekFrom::Start(place.at))?;
        self.place = place;
        Ok(())
    }

    /// A line without its end, and the comment behind it; `None` at the end of the file.
    fn next(&mut self) -> Result<Option<(String, String)>, Problem> {
        let mut bytes = Vec::new();
        self.file.by_ref().take(MAX_LINE as u64 + 1).read_until(b'\n', &mut bytes)?;
        if bytes.is_empty() {
            return Ok(None);
        }
        let is_first = self.place.at == 0;
        self.is_ended = bytes.ends_with(b"\n");
        self.place = Place { at: self.place.at + bytes.len() as u64, line: self.place.line + 1 };
        if bytes.len() > MAX_LINE || bytes.contains(&0) {
            return Err(Problem::Line { line: self.place.line, limit: MAX_LINE });
        }
        // Latin-1 is common in units (a micro sign); values are ASCII in any case.
        let text = String::from_utf8(bytes).unwrap_or_else(|e| e.as_bytes().iter().map(|b| char::from(*b)).collect());
        let text = text.trim_end_matches(['\n', '\r']);
        let text = if is_first { text.trim_start_matches('\u{feff}') } else { text };
        let (line, comment) = match self.is_own && !text.starts_with('#') {
            true => (text, ""),
            false => columns::split_comment(text),
        };
        Ok(Some((line.to_owned(), comment.to_owned())))
    }
}

/// Samples per second by the median step of some times, or `None` when there are fewer than two.
fn rate_of(times: &[f64]) -> Option<f64> {
    let mut steps: Vec<f64> = times.windows(2).filter_map(|w| Some(w.last()? - w.first()?)).collect();
    steps.sort_by(f64::total_cmp);
    let rate = 1.0 / steps.get(steps.len() / 2)?;
    let whole = rate.round();
    let rate = if (rate - whole).abs() <= WHOLE * whole { whole } else { rate };
    Some(rate).filter(|r| r.is_finite() && *r > 0.0)
}
