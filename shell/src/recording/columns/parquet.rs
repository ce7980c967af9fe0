//! Parquet. Must never know what the columns mean, but that the first one has the numbers by which row groups are passed over.

use std::io;
use std::sync::Arc;

use parquet::arrow::arrow_reader::ParquetRecordBatchReaderBuilder;
use parquet::errors::ParquetError;
use parquet::file::metadata::RowGroupMetaData;
use parquet::file::reader::{ChunkReader, Length};
use parquet::file::statistics::Statistics;

use super::super::source::{Sequential, Source};
use super::{Batches, Opened, ROWS, dtype_of};

/// A source as the library reads it.
struct Chunks<S>(Arc<S>);

impl<S: Source> Length for Chunks<S> {
    fn len(&self) -> u64 {
        self.0.len()
    }
}

impl<S: Source + 'static> ChunkReader for Chunks<S> {
    type T = io::BufReader<Sequential<Arc<S>>>;

    fn get_read(&self, start: u64) -> Result<Self::T, ParquetError> {
        Ok(io::BufReader::new(Sequential::starting(self.0.clone(), start)))
    }

    fn get_bytes(&self, start: u64, length: usize) -> Result<bytes::Bytes, ParquetError> {
        // No more is made room for than the file holds.
        if start.saturating_add(length as u64) > self.0.len() {
            return Err(ParquetError::EOF(format!("{length} bytes at {start} are not in the file")));
        }
        let mut bytes = vec![0; length];
        self.0.read_all(&mut bytes, start)?;
        Ok(bytes.into())
    }
}

fn builder<S: Source + 'static>(source: &Arc<S>) -> Result<ParquetRecordBatchReaderBuilder<Chunks<S>>, String> {
    ParquetRecordBatchReaderBuilder::try_new(Chunks(source.clone())).map_err(|e| e.to_string())
}

pub(super) fn open<S: Source + 'static>(source: &Arc<S>) -> Result<Opened, String> {
    let builder = builder(source)?;
    let columns = builder.schema().fields().iter().map(|f| (f.name().clone(), dtype_of(f.data_type()))).collect();
    let file = builder.metadata().file_metadata().clone();
    let rows = u64::try_from(file.num_rows()).ok();
    let text = Box::new(move |key: &str| {
        let texts = file.key_value_metadata()?;
        texts.iter().find(|text| text.key == key)?.value.clone()
    });
    Ok(Opened { columns, text, rows })
}

/// Without the row groups whose frames are all before one.
pub(super) fn batches<S: Source + 'static>(source: &Arc<S>, frame: u64) -> Result<Batches, String> {
    let builder = builder(source)?;
    let last = |group: &RowGroupMetaData| match group.columns().first()?.statistics()? {
        Statistics::Int64(frames) => frames.max_opt().and_then(|last| u64::try_from(*last).ok()),
        _ => None,
    };
    let groups = builder.metadata().row_groups().iter().enumerate();
    let groups = groups.filter(|(_, group)| last(group).is_none_or(|last| last >= frame)).map(|(i, _)| i).collect();
    let reader = builder.with_row_groups(groups).with_batch_size(ROWS).build().map_err(|e| e.to_string())?;
    Ok(Box::new(reader.map(|batch| batch.map_err(|e| e.to_string()))))
}
