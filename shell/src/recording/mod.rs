//! Recordings: files of other people's programs and our own, read block by block, with what they say of their samples.
//!
//! | format | file |
//! |---|---|
//! | EDF, EDF+, BDF, BDF+ | `edf` |
//! | XDF | `xdf` |
//! | CSV and its relatives | `csv` |
//! | Parquet, Arrow IPC (our own) | `columns`, with the feature `parquet` |
//! | what all of our own have in common | `own` |
//! | frames of a stream by their numbers, out of all files that were recorded of it | [`Recordings`] |
//!
//! The format is found from the content. A [`Reader`] gives what [`replay`](crate::replay) publishes: samples exactly as the file has them, with
//! labels, units, scales, times, gaps and annotations. [`Recording`] is the same as volts in memory, for a simulated ADC to measure. Knows no
//! board and no stream.
//!
//! ```no_run
//! use axismirror::recording::{Block, Choice, Reader};
//! let mut reader = Reader::open("night.edf".as_ref(), &Choice::default())?;
//! println!("{} channels at {:?} Hz", reader.content().channels.len(), reader.content().rate);
//! let mut block = Block::default();
//! reader.read(1000, &mut block)?;
//! println!("the first {} frames have {} bytes", block.frames, block.bytes.len());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod choice;
#[cfg(feature = "parquet")]
mod columns;
mod content;
mod convert;
mod csv;
mod edf;
mod error;
mod format;
mod own;
mod reader;
mod recordings;
mod source;
#[cfg(test)]
mod tests;
pub(crate) mod unit;
mod volts;
mod xdf;

pub use choice::{Choice, Signals};
pub(crate) use content::RATES;
pub use content::{Block, ChannelInfo, Content, LeftOut, Mark, Numbers, Recorded, Scaling};
pub use convert::Converter;
pub use error::{Problem, RecordingError};
pub use reader::Reader;
pub use recordings::{Found, RecordingRefused, Recordings};
pub use volts::{Channel, Recording};
