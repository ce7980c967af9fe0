//! Static metadata: what a message says besides its samples, as a pickled dict of plain Python types.
//!
//! [`encode`] streams it out of an [`AxisArray`](crate::axis_array::AxisArray), [`decode`] reads what any published writer left, by
//! recognition alone: nothing in a blob is executed or imported. Knows nothing of segments, headers or generations.
//!
//! ```
//! use axismirror_core::axis_array::{AxisArray, Axis, Samples};
//! use axismirror_core::dtype::DType;
//! use axismirror_core::static_metadata::{SliceSink, decode, encode, node::Node};
//!
//! let message = AxisArray {
//!     data: Samples { dtype: DType::F32, shape: &[0, 2], bytes: &[] },
//!     dims: &["time", "ch"],
//!     axes: &[("time", Axis::Linear { unit: "s", gain: 0.004, offset: 0.0 })],
//!     attrs: &[],
//!     key: "eeg",
//!     stream_dim: Some("time"),
//! };
//! let mut room = [0; 512];
//! let mut sink = SliceSink::new(&mut room);
//! encode(&message, "time", &mut sink).unwrap();
//! let mut arena = [Node::EMPTY; 128];
//! let read = decode(sink.written(), &mut arena).unwrap();
//! assert_eq!(read.key(), "eeg");
//! assert!(read.dims().eq(["time", "ch"]));
//! ```

#![forbid(unsafe_code)]

pub mod channels;
mod decode;
mod encode;
mod opcode;
mod repr;
pub mod sink;
#[cfg(test)]
mod tests;
pub mod view;

pub use decode::{Construct, DecodeError, EXCERPT_LEN, Excerpt, Limit, Part, decode, node, nodes_needed};
pub use encode::{EncodeError, MAX_ARRAY_RANK, Place, encode, encoded_len};
pub use sink::{Counter, Sink, SliceFull, SliceSink};
pub use view::StaticMetadata;

/// Version of the dict. A reader refuses any other; a new key alone does not change it.
pub const FORMAT_VERSION: i64 = 1;

/// How deep lists, tuples and dicts may lie within one another in one attribute (published writers know no limit; a limit bounds the stack).
pub const MAX_DEPTH: usize = 32;

/// How many fields a structured element may have.
pub const MAX_FIELDS: usize = 64;

/// The name of the channel dimension, whose labels readers look for.
pub const CHANNEL_DIM: &str = "ch";

/// The field of a structured channel axis that holds the names of the channels.
pub const LABEL_FIELD: &str = "label";
