//! Frames as columns: `frame`, `time`, and one a channel under its label, in the stream's own type.
//!
//! Knows Arrow's arrays and no file; must never know when rows are written.

use std::collections::HashMap;
use std::sync::Arc;

use arrow_array::types::{
    Float16Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type, UInt8Type, UInt16Type,
    UInt32Type, UInt64Type,
};
use arrow_array::{ArrayRef, ArrowPrimitiveType, BooleanArray, Float64Array, Int64Array, PrimitiveArray, RecordBatch};
use arrow_buffer::{MutableBuffer, ScalarBuffer};
use arrow_schema::{ArrowError, DataType, Field, Schema, SchemaRef};
use axismirror_core::dtype::DType;

use super::{Block, Head, RecordError};
use crate::formats::columns::{FRAME, TIME};
use crate::formats::own::UNIT;

/// Rows that wait for a file.
#[derive(Debug)]
pub(super) struct Columns {
    schema: SchemaRef,
    dtype: DType,
    frames: Vec<i64>,
    times: Vec<Option<f64>>,
    /// Bytes of each channel.
    channels: Vec<MutableBuffer>,
    /// What is to be said of the columns' names.
    pub(super) remark: Option<String>,
}

impl Columns {
    /// # Errors
    /// [`RecordError::Type`] for complex numbers.
    pub(super) fn new(head: &Head, format: &'static str) -> Result<Self, RecordError> {
        let data_type = data_type(head.dtype);
        let data_type =
            data_type.ok_or(RecordError::Type { format, dtype: head.dtype, why: "it has no complex numbers" })?;
        let unit = HashMap::from([(UNIT.to_owned(), head.unit.clone())]);
        let mut fields = vec![Field::new(FRAME, DataType::Int64, false), Field::new(TIME, DataType::Float64, true)];
        for label in &head.labels {
            let taken = |name: &str| fields.iter().any(|field| field.name() == name);
            // A second one of the same name cannot be asked for by most readers.
            let numbered = (2..).map(|n| format!("{label}_{n}"));
            let name = std::iter::once(label.clone()).chain(numbered).find(|name| !taken(name)).unwrap_or_default();
            fields.push(Field::new(name, data_type.clone(), false).with_metadata(unit.clone()));
        }
        let channels = head.channels.iter().map(|_| MutableBuffer::new(0)).collect();
        let remark = head.remark_on_labels(fields.iter().skip(2).map(|field| field.name().as_str()));
        let schema = Arc::new(Schema::new(fields));
        Ok(Self { schema, dtype: head.dtype, frames: Vec::new(), times: Vec::new(), channels, remark })
    }

    pub(super) const fn schema(&self) -> &SchemaRef {
        &self.schema
    }

    /// Rows that wait.
    pub(super) const fn rows(&self) -> usize {
        self.frames.len()
    }

    /// About as many bytes.
    pub(super) fn bytes(&self) -> usize {
        self.rows() * (16 + self.channels.len() * self.dtype.size())
    }

    pub(super) fn append(&mut self, block: &Block<'_>) {
        let size = self.dtype.size();
        let numbers = (0..block.frames).map(|i| i64::try_from(block.number(i)).unwrap_or(i64::MAX));
        self.frames.extend(numbers);
        self.times.extend((0..block.frames).map(|i| block.times.get(i).copied()));
        let row = (size * self.channels.len()).max(1);
        for (channel, buffer) in self.channels.iter_mut().enumerate() {
            buffer.reserve(block.frames * size);
            for frame in block.bytes.chunks_exact(row) {
                buffer.extend_from_slice(frame.get(channel * size..(channel + 1) * size).unwrap_or_default());
            }
        }
    }

    /// Hands all rows out.
    pub(super) fn take(&mut self) -> Result<RecordBatch, ArrowError> {
        let rows = self.rows();
        let mut arrays: Vec<ArrayRef> = vec![
            Arc::new(Int64Array::from(std::mem::take(&mut self.frames))),
            Arc::new(Float64Array::from(std::mem::take(&mut self.times))),
        ];
        for buffer in &mut self.channels {
            arrays.push(array(self.dtype, std::mem::take(buffer), rows));
        }
        RecordBatch::try_new(Arc::clone(&self.schema), arrays)
    }
}

/// Arrow's type for samples; `None` for complex numbers.
const fn data_type(dtype: DType) -> Option<DataType> {
    Some(match dtype {
        DType::Bool => DataType::Boolean,
        DType::I8 => DataType::Int8,
        DType::U8 => DataType::UInt8,
        DType::I16 => DataType::Int16,
        DType::U16 => DataType::UInt16,
        DType::I32 => DataType::Int32,
        DType::U32 => DataType::UInt32,
        DType::I64 | DType::LongLong => DataType::Int64,
        DType::U64 | DType::ULongLong => DataType::UInt64,
        DType::F16 => DataType::Float16,
        DType::F32 => DataType::Float32,
        DType::F64 => DataType::Float64,
        DType::C64 | DType::C128 => return None,
    })
}

fn array(dtype: DType, bytes: MutableBuffer, rows: usize) -> ArrayRef {
    fn of<T: ArrowPrimitiveType>(bytes: MutableBuffer, rows: usize) -> ArrayRef {
        Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::new(bytes.into(), 0, rows), None))
    }
    match dtype {
        DType::Bool => Arc::new(BooleanArray::from(bytes.as_slice().iter().map(|b| *b != 0).collect::<Vec<_>>())),
        DType::I8 => of::<Int8Type>(bytes, rows),
        DType::U8 => of::<UInt8Type>(bytes, rows),
        DType::I16 => of::<Int16Type>(bytes, rows),
        DType::U16 => of::<UInt16Type>(bytes, rows),
        DType::I32 => of::<Int32Type>(bytes, rows),
        DType::U32 => of::<UInt32Type>(bytes, rows),
        DType::I64 | DType::LongLong => of::<Int64Type>(bytes, rows),
        DType::U64 | DType::ULongLong => of::<UInt64Type>(bytes, rows),
        DType::F16 => of::<Float16Type>(bytes, rows),
        DType::F32 => of::<Float32Type>(bytes, rows),
        DType::F64 | DType::C64 | DType::C128 => of::<Float64Type>(bytes, rows),
    }
}
