//! Arrow IPC's file format. Must never know what the columns mean.

use std::io::BufReader;
use std::sync::Arc;

use arrow_ipc::reader::FileReader;
use arrow_schema::ArrowError;

use super::super::source::{Sequential, Source};
use super::{Batches, Opened, dtype_of, numbers};
use crate::formats::columns;
use crate::formats::own::End;

type Reader<S> = FileReader<BufReader<Sequential<Arc<S>>>>;

/// The library's error, without the trace of where in its own structures it was.
fn words(error: ArrowError) -> String {
    let text = error.to_string();
    text.split_once(", error_trace").map_or(text.clone(), |(what, _)| format!("{what} }}"))
}

fn reader<S: Source + 'static>(source: &Arc<S>, columns: Option<Vec<usize>>) -> Result<Reader<S>, String> {
    FileReader::try_new(BufReader::new(Sequential::new(source.clone())), columns).map_err(words)
}

pub(super) fn open<S: Source + 'static>(source: &Arc<S>) -> Result<Opened, String> {
    let schema = reader(source, None)?.schema();
    let names = schema.fields().iter().map(|f| (f.name().clone(), dtype_of(f.data_type()))).collect();
    let end: Option<End> = schema.metadata().get(columns::END).and_then(|end| serde_json::from_str(end).ok());
    let rows = end.map(|end| end.frames);
    let text = Box::new(move |key: &str| schema.metadata().get(key).cloned());
    Ok(Opened { columns: names, text, rows })
}

/// Without the batches whose frames are all before one: the first ones are looked for by halves.
pub(super) fn batches<S: Source + 'static>(source: &Arc<S>, frame: u64) -> Result<Batches, String> {
    let mut reader = reader(source, None)?;
    if frame > 0 {
        let mut firsts = self::reader(source, Some(vec![0]))?;
        let (mut low, mut high) = (0, firsts.num_batches());
        while high.saturating_sub(low) > 1 {
            let middle = low + (high - low) / 2;
            firsts.set_index(middle).map_err(words)?;
            let batch = firsts.next().transpose().map_err(words)?;
            let first = batch.as_ref().and_then(numbers).and_then(|numbers| numbers.values().first().copied());
            // One without frames says nothing: the search goes on before it.
            match first.and_then(|first| u64::try_from(first).ok()) {
                Some(first) if first <= frame => low = middle,
                _ => high = middle,
            }
        }
        if low > 0 {
            reader.set_index(low).map_err(words)?;
        }
    }
    Ok(Box::new(reader.map(|batch| batch.map_err(words))))
}
