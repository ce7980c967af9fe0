//! `.parquet` and `.arrow`: recordings of our own recorder, a column a channel.
//!
//! The libraries that read the containers are other people's, and large: whatever they do with a damaged file, a panic of theirs is an error here.

mod arrow;
mod guard;
mod parquet;
mod rows;

use std::sync::Arc;

use arrow_array::{Array as _, Float64Array, Int64Array, RecordBatch};
use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;
use serde::Deserialize;
use serde_json::Map;

use self::guard::guarded;
use self::rows::{Column, dtype_of};
use super::choice::{Choice, Signals};
use super::content::{Block, ChannelInfo, Content, LeftOut, Mark};
use super::error::Problem;
use super::format::Format;
use super::own::{Gap, Own};
use super::source::Source;

/// Columns before those of the channels.
const FRAME: &str = "frame";
const TIME: &str = "time";
/// Rows that are decoded at once, where the container lets one choose.
const ROWS: usize = 4096;

/// A text of the footer by its key.
type Text = Box<dyn Fn(&str) -> Option<String>>;
type Batches = Box<dyn Iterator<Item = Result<RecordBatch, String>> + Send>;

/// A container's columns and texts.
struct Opened {
    format: &'static str,
    /// Name and type of each column; no type where the stream has none like it.
    columns: Vec<(String, Option<DType>)>,
    text: Text,
    /// Rows, where the footer says it.
    rows: Option<u64>,
}

/// Rows of a file.
pub(super) struct Columns {
    /// Begins again, with the batch of a frame's number or one before it.
    open: Box<dyn Fn(u64) -> Result<Batches, String> + Send>,
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

#[derive(Deserialize)]
struct Event {
    time: f64,
    text: String,
}

/// Opens a file of one of the two containers.
pub(super) fn open<S: Source + 'static>(
    source: S,
    is_parquet: bool,
    choice: &Choice,
) -> Result<(Content, Columns), Problem> {
    let source = Arc::new(source);
    let opened = guarded(|| if is_parquet { parquet::open(&source) } else { arrow::open(&source) });
    let opened = opened.map_err(Problem::Unknown)?;
    let own = (opened.text)("axismirror").as_deref().and_then(Own::parse).ok_or_else(|| {
        Problem::Unknown(format!(
            "it is no recording of axismirror's: its {} footer has no description of a stream",
            opened.format
        ))
    })?;
    let all: Vec<usize> = (0..opened.columns.len())
        .filter(|&i| !matches!(opened.columns.get(i), Some((name, _)) if i < 2 && (name == FRAME || name == TIME)))
        .collect();
    let label = |&i: &usize| opened.columns.get(i).map_or("", |(name, _)| name.as_str());
    let chosen: Vec<usize> = match &choice.signals {
        Signals::Named(names) => super::choice::find(names, all.iter().map(label))?,
        _ => (0..all.len()).collect(),
    };
    let picks: Vec<usize> = chosen.iter().filter_map(|&i| all.get(i).copied()).collect();
    let dtype = own.dtype();
    for &i in &picks {
        if opened.columns.get(i).and_then(|(_, of)| *of).map(DType::code) != Some(dtype.code()) {
            let what = format!("its column `{}` is not of the recorded type, {}", label(&i), dtype.code());
            return Err(Problem::Unknown(what));
        }
    }
    if picks.is_empty() {
        return Err(Problem::Empty);
    }
    let list = |name: &str| (opened.text)(name).unwrap_or_default();
    let mut gaps: Vec<Gap> = serde_json::from_str(&list("axismirror.gaps")).unwrap_or_default();
    gaps.sort_by_key(|gap| gap.frame);
    let events: Vec<Event> = serde_json::from_str(&list("axismirror.events")).unwrap_or_default();
    let mut marks: Vec<Mark> =
        events.into_iter().map(|e| Mark { time: e.time, duration: None, text: e.text }).collect();
    marks.sort_by(|a, b| a.time.total_cmp(&b.time));
    let rest = all.iter().enumerate().filter(|(i, _)| !chosen.contains(i));
    let left_out = rest.map(|(_, i)| LeftOut { label: label(i).to_owned(), why: "it was not asked for".to_owned() });
    let mut content = Content {
        format: opened.format,
        name: None,
        key: None,
        dtype,
        rate: None,
        rate_is_estimate: false,
        has_times: false,
        frame_shape: vec![picks.len()],
        channels: picks.iter().map(|i| ChannelInfo { label: label(i).to_owned(), ..ChannelInfo::default() }).collect(),
        clock: Clock::Unknown,
        origin: 0.0,
        frames: opened.rows,
        is_raw: true,
        attrs: Map::new(),
        static_metadata: None,
        recorded: None,
        marks,
        left_out: left_out.collect(),
    };
    own.apply(&mut content, &chosen);
    let again = move |frame| {
        guarded(|| if is_parquet { parquet::batches(&source, frame) } else { arrow::batches(&source, frame) })
    };
    let batches = again(0).map_err(Problem::Unknown)?;
    let mut columns =
        Columns { open: Box::new(again), batches, batch: None, picks, dtype, has_times: false, gaps, next_gap: 0 };
    columns.next_batch()?;
    let Some((batch, _)) = &columns.batch else { return Err(Problem::Empty) };
    content.has_times = times(batch).is_some();
    columns.has_times = content.has_times;
    Ok((content, columns))
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
        let batches = &mut self.batches;
        self.batch = loop {
            match guarded(|| batches.next().transpose()).map_err(Problem::Unknown)? {
                Some(batch) if batch.num_rows() == 0 => {}
                batch => break batch.map(|batch| (batch, 0)),
            }
        };
        Ok(())
    }
}

impl Format for Columns {
    fn read(&mut self, most: usize, block: &mut Block) -> Result<(), Problem> {
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
            let columns = columns.ok_or_else(|| Problem::Unknown("a column is not what the schema says".to_owned()))?;
            for row in *row..*row + rows {
                columns.iter().for_each(|column| column.put(row, &mut block.bytes));
            }
            if self.has_times {
                let times = times(batch).and_then(|times| times.values().get(*row..*row + rows));
                let times = times.ok_or_else(|| Problem::Unknown("some of its frames have no time".to_owned()))?;
                if times.iter().any(|time| !time.is_finite()) {
                    return Err(Problem::Unknown("some of its times are no numbers".to_owned()));
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
        self.batches = (self.open)(0).map_err(Problem::Unknown)?;
        self.next_gap = 0;
        self.next_batch()
    }

    fn seek(&mut self, frame: u64) -> Result<bool, Problem> {
        self.batches = (self.open)(frame).map_err(Problem::Unknown)?;
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
