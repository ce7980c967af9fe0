//! Arrow IPC's file format.

use std::io::BufReader;
use std::sync::Arc;

use arrow_ipc::reader::FileReader;

use super::super::source::{Sequential, Source};
use super::{Batches, Opened, dtype_of};

type Reader<S> = FileReader<BufReader<Sequential<Arc<S>>>>;

fn reader<S: Source + 'static>(source: &Arc<S>) -> Result<Reader<S>, String> {
    FileReader::try_new(BufReader::new(Sequential::new(source.clone())), None).map_err(|e| e.to_string())
}

pub(super) fn open<S: Source + 'static>(source: &Arc<S>) -> Result<Opened, String> {
    let schema = reader(source)?.schema();
    let columns = schema.fields().iter().map(|f| (f.name().clone(), dtype_of(f.data_type()))).collect();
    let end: Option<serde_json::Value> =
        schema.metadata().get("axismirror.end").and_then(|end| serde_json::from_str(end).ok());
    let rows = end.and_then(|end| end.get("frames")?.as_u64());
    let text = Box::new(move |key: &str| schema.metadata().get(key).cloned());
    Ok(Opened { format: "Arrow", columns, text, rows })
}

pub(super) fn batches<S: Source + 'static>(source: &Arc<S>) -> Result<Batches, String> {
    Ok(Box::new(reader(source)?.map(|batch| batch.map_err(|e| e.to_string()))))
}
