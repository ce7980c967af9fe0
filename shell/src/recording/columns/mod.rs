//! `.parquet` and `.arrow`: recordings of our own recorder, a column a channel.
//!
//! | in | is |
//! |---|---|
//! | `parquet`, `arrow` | the two containers |
//! | `rows` | a column's samples as the bytes of a stream |
//! | `guard` | other people's code, whose panics are errors |
//!
//! The libraries that read the containers are other people's, and large: whatever they do with a damaged file, a panic of theirs is an error here. None of them
//! must ever be called but through `guard`.

mod arrow;
mod guard;
mod parquet;
mod rows;

use std::sync::Arc;

use arrow_array::{Array as _, Float64Array, Int64Array, RecordBatch};
use axismirror_core::dtype::DType;
use serde::de::DeserializeOwned;

use self::guard::guarded;
use self::rows::{Column, dtype_of};
use super::choice::{Choice, Signals};
use super::content::{Block, ChannelInfo, Content, LeftOut, Mark, Numbers};
use super::error::Problem;
use super::format::Format;
use super::source::Source;
use crate::formats::columns::{DESCRIPTION, EVENTS, FRAME, GAPS, TIME};
use crate::formats::own::{Description, Event, Gap};

/// Rows that are decoded at once, where the container lets one choose.
const ROWS: usize = 4096;

/// A text of the footer by its key.
type Text = Box<dyn Fn(&str) -> Option<String>>;
type Batches = Box<dyn Iterator<Item = Result<RecordBatch, String>> + Send>;

/// A container's columns and texts.
struct Opened {
    /// Name and type of each column; no type where the stream has none like it.
    columns: Vec<(String, Option<DType>)>,
    text: Text,
    /// Rows, where the footer says it.
    rows: Option<u64>,
}

/// Rows of a file.
pub(super) struct Columns {
    format: &'static str,
    /// Begins again, with the batch of a frame's number or one before it.
    open: Box<dyn Fn(u64) -> Result<Batches, Problem> + Send>,
    batches: Batches,
    /// The batch that is being read, and its next row.
    batch: Option<(RecordBatch, usize)>,
    /// Places of the channels' columns, of one type.
    picks: Vec<usize>,
    dtype: DType,
    has_times: bool,
    gaps: Vec<Gap>,
    next_gap: usize,
}

/// Opens a file of one of the two containers.
pub(super) fn open<S: Source + 'static>(
    source: S,
    is_parquet: bool,
    choice: &Choice,
) -> Result<(Content, Columns), Problem> {
    let source = Arc::new(source);
    let format = if is_parquet { "Parquet" } else { "Arrow" };
    let opened = guarded(|| if is_parquet { parquet::open(&source) } else { arrow::open(&source) });
    let opened = opened.map_err(|what| Problem::Container { format, what })?;
    let own = opened.description(format)?;
    let dtype = own.samples();
    let Picks { picks, chosen, left_out } = Picks::of(&opened, dtype, choice)?;
    let channel = |&i: &usize| ChannelInfo { label: opened.label(i).to_owned(), ..ChannelInfo::default() };
    let mut content = Content {
        frames: opened.rows,
        numbers: Numbers::Missing,
        is_raw: true,
        marks: opened.marks(),
        left_out,
        ..Content::new(format, dtype, picks.iter().map(channel).collect())
    };
    own.apply(&mut content, &chosen);
    let gaps = opened.gaps();
    let again = move |frame| {
        guarded(|| if is_parquet { parquet::batches(&source, frame) } else { arrow::batches(&source, frame) })
            .map_err(|what| Problem::Container { format, what })
    };
    let batches = again(0)?;
    let mut columns = Columns {
        format,
        open: Box::new(again),
        batches,
        batch: None,
        picks,
        dtype,
        has_times: false,
        gaps,
        next_gap: 0,
    };
    columns.next_batch()?;
    let Some((batch, _)) = &columns.batch else { return Err(Problem::Empty) };
    content.has_times = times(batch).is_some();
    if numbers(batch).is_some() {
        content.numbers = Numbers::Each;
    }
    columns.has_times = content.has_times;
    Ok((content, columns))
}

impl Opened {
    /// The description of the stream: without one it is no recording.
    fn description(&self, format: &str) -> Result<Description, Problem> {
        let text = (self.text)(DESCRIPTION).ok_or_else(|| {
            Problem::Unknown(format!(
                "it is no recording of axismirror's: its {format} footer has no description of a stream; written as CSV it is played"
            ))
        })?;
        let unreadable = || {
            format!(
                "the description of its stream, in the {format} footer, cannot be read: it is damaged, or of a later version"
            )
        };
        Description::known(&text).ok_or_else(|| Problem::Unknown(unreadable()))
    }

    fn label(&self, column: usize) -> &str {
        self.columns.get(column).map_or("", |(name, _)| name)
    }

    /// What happened, by time.
    fn marks(&self) -> Vec<Mark> {
        let events: Vec<Event> = self.list(EVENTS);
        let mark = |event: Event| Mark { time: event.time, duration: None, text: event.text };
        let mut marks: Vec<Mark> = events.into_iter().map(mark).collect();
        marks.sort_by(|a, b| a.time.total_cmp(&b.time));
        marks
    }

    /// What is missing, by the frames behind it.
    fn gaps(&self) -> Vec<Gap> {
        let mut gaps: Vec<Gap> = self.list(GAPS);
        gaps.sort_by_key(|gap| gap.frame);
        gaps
    }

    /// A list of the footer; empty when it is not there, or none.
    fn list<T: DeserializeOwned>(&self, key: &str) -> Vec<T> {
        (self.text)(key).and_then(|list| serde_json::from_str(&list).ok()).unwrap_or_default()
    }
}

/// Which columns are played.
struct Picks {
    /// Their places among all columns, of one type.
    picks: Vec<usize>,
    /// And among those of channels.
    chosen: Vec<usize>,
    left_out: Vec<LeftOut>,
}

impl Picks {
    fn of(opened: &Opened, dtype: DType, choice: &Choice) -> Result<Self, Problem> {
        let is_lead = |i: usize| i < 2 && matches!(opened.label(i), FRAME | TIME);
        let all: Vec<usize> = (0..opened.columns.len()).filter(|i| !is_lead(*i)).collect();
        let labels = all.iter().map(|&i| opened.label(i));
        let chosen: Vec<usize> = match &choice.signals {
            Signals::Named(names) => super::choice::find(names, labels.clone())?,
            _ => (0..all.len()).collect(),
        };
        let picks: Vec<usize> = chosen.iter().filter_map(|&i| all.get(i).copied()).collect();
        for &i in &picks {
            if opened.columns.get(i).and_then(|(_, of)| *of).map(DType::code) != Some(dtype.code()) {
                let label = opened.label(i);
                return Err(Problem::Unknown(format!(
                    "its column `{label}` is not of the recorded type, {}; --signals chooses others",
                    dtype.code()
                )));
            }
        }
        if picks.is_empty() {
            return Err(Problem::Empty);
        }
        let left_out = LeftOut::unasked(labels, &chosen);
        Ok(Self { picks, chosen, left_out })
    }
}

/// The times of a batch, when all of its rows have one.
fn times(batch: &RecordBatch) -> Option<&Float64Array> {
    let times = batch.column_by_name(TIME)?.as_any().downcast_ref::<Float64Array>()?;
    (times.null_count() == 0).then_some(times)
}

fn numbers(batch: &RecordBatch) -> Option<&Int64Array> {
    batch.column_by_name(FRAME)?.as_any().downcast_ref()
}

impl Columns {
    /// The next batch that has rows, if there is one.
    fn next_batch(&mut self) -> Result<(), Problem> {
        let (format, batches) = (self.format, &mut self.batches);
        self.batch = loop {
            let next = guarded(|| batches.next().transpose());
            match next.map_err(|what| Problem::Container { format, what })? {
                Some(batch) if batch.num_rows() == 0 => {}
                batch => break batch.map(|batch| (batch, 0)),
            }
        };
        Ok(())
    }
}

impl Format for Columns {
    fn read(&mut self, most: usize, block: &mut Block) -> Result<(), Problem> {
        let format = self.format;
        let wrong = |what: &str| Problem::Container { format, what: what.to_owned() };
        while block.frames < most {
            let Some((batch, row)) = &mut self.batch else { break };
            let left = batch.num_rows().saturating_sub(*row);
            if left == 0 {
                self.next_batch()?;
                continue;
            }
            let mut rows = left.min(most - block.frames);
            if let Some(numbers) = numbers(batch) {
                let number = |row: usize| numbers.values().get(row).map_or(0, |n| n.unsigned_abs());
                // What is lost is lost before a block.
                while let Some(gap) = self.gaps.get(self.next_gap).filter(|gap| gap.frame <= number(*row)) {
                    if block.frames > 0 {
                        return Ok(());
                    }
                    block.lost = block.lost.saturating_add(gap.frames());
                    self.next_gap += 1;
                }
                if let Some(gap) = self.gaps.get(self.next_gap) {
                    rows = (*row..*row + rows).take_while(|row| number(*row) < gap.frame).count().max(1);
                }
            }
            let columns: Option<Vec<Column>> =
                self.picks.iter().map(|&i| Column::of(batch.columns().get(i)?, self.dtype)).collect();
            let columns = columns.ok_or_else(|| wrong("a column is not what the schema says"))?;
            for row in *row..*row + rows {
                columns.iter().for_each(|column| column.put(row, &mut block.bytes));
            }
            if self.has_times {
                let times = times(batch).and_then(|times| times.values().get(*row..*row + rows));
                let times = times.ok_or_else(|| wrong("some of its frames have no time, and others have one"))?;
                if times.iter().any(|time| !time.is_finite()) {
                    return Err(wrong("some of its times are no numbers"));
                }
                block.times.extend_from_slice(times);
            }
            if let Some(numbers) = numbers(batch).and_then(|numbers| numbers.values().get(*row..*row + rows)) {
                block.numbers.extend(numbers.iter().map(|n| n.unsigned_abs()));
            }
            block.frames += rows;
            *row += rows;
        }
        Ok(())
    }

    fn rewind(&mut self) -> Result<(), Problem> {
        self.batches = (self.open)(0)?;
        self.next_gap = 0;
        self.next_batch()
    }

    fn seek(&mut self, frame: u64) -> Result<bool, Problem> {
        self.batches = (self.open)(frame)?;
        // Numbers that are none are before all.
        let is_before = |number: &i64| u64::try_from(*number).map_or(true, |number| number < frame);
        loop {
            self.next_batch()?;
            let Some((batch, row)) = &mut self.batch else { break };
            let Some(numbers) = numbers(batch) else { return Ok(false) };
            *row = numbers.values().partition_point(is_before);
            if *row < numbers.len() {
                break;
            }
        }
        self.next_gap = self.gaps.partition_point(|gap| gap.frame < frame);
        Ok(true)
    }
}
