//! One column's samples as the bytes of a stream.
//!
//! Must never copy a column to look at it, nor believe that it is as long as its batch says.

use arrow_array::{Array, ArrayRef, BooleanArray};
use arrow_buffer::Buffer;
use arrow_schema::DataType;
use axismirror_core::dtype::DType;

/// Samples of a column.
pub(super) enum Column {
    /// Little-endian, one after another from the first one on.
    Plain { bytes: Buffer, offset: usize, size: usize },
    /// A bit each.
    Bits(BooleanArray),
}

impl Column {
    /// Of an array that holds samples of a type, without nulls.
    pub(super) fn of(array: &ArrayRef, dtype: DType) -> Option<Self> {
        if dtype_of(array.data_type())?.code() != dtype.code() || array.null_count() > 0 {
            return None;
        }
        if let Some(bits) = array.as_any().downcast_ref::<BooleanArray>() {
            return Some(Self::Bits(bits.clone()));
        }
        let data = array.to_data();
        let bytes = data.buffers().first()?.clone();
        Some(Self::Plain { bytes, offset: data.offset(), size: dtype.size() })
    }

    /// Adds the sample of a row; zeros when there is none.
    pub(super) fn put(&self, row: usize, out: &mut Vec<u8>) {
        match self {
            Self::Plain { bytes, offset, size } => {
                let at = (offset + row) * size;
                let len = out.len() + size;
                out.extend_from_slice(bytes.get(at..at + size).unwrap_or_default());
                out.resize(len, 0);
            }
            Self::Bits(bits) => out.push((row < bits.len() && bits.value(row)).into()),
        }
    }
}

/// The sample's type that a column is of.
pub(super) const fn dtype_of(of: &DataType) -> Option<DType> {
    Some(match of {
        DataType::Boolean => DType::Bool,
        DataType::Int8 => DType::I8,
        DataType::UInt8 => DType::U8,
        DataType::Int16 => DType::I16,
        DataType::UInt16 => DType::U16,
        DataType::Int32 => DType::I32,
        DataType::UInt32 => DType::U32,
        DataType::Int64 => DType::I64,
        DataType::UInt64 => DType::U64,
        DataType::Float16 => DType::F16,
        DataType::Float32 => DType::F32,
        DataType::Float64 => DType::F64,
        _ => return None,
    })
}
