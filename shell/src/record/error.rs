//! Why a recording cannot begin, or not go on.
//!
//! Says what stands against it and, as a hint, what would help. Must never know a subcommand; the flags that it names are those of `record`.

use std::io;
use std::path::PathBuf;

use axismirror_core::dtype::DType;

use crate::channels::NoChannel;
use crate::count::count;
use crate::mirror::MirrorError;

/// What goes wrong with a recording.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file's ending names no format.
    #[error("{} has no ending that names a format; possible: {}", path.display(), super::Format::ENDINGS)]
    Ending {
        /// As it was named.
        path: PathBuf,
    },
    /// The format was left out of this build.
    #[error(
        "{} files are not part of this build: it was made without the cargo feature `parquet`; possible: .bdf, .edf, .xdf, .csv",
        path.extension().unwrap_or_default().display()
    )]
    NotBuilt {
        /// As it was named.
        path: PathBuf,
    },
    /// There is such a file.
    #[error("{} is there already", path.display())]
    Exists {
        /// Its path.
        path: PathBuf,
    },
    /// The file cannot be made or written.
    #[error("{} cannot be written", path.display())]
    File {
        /// Its path.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// What comes next would leave the disk without the room that is left to others. The file takes what still has to be said.
    #[error("the disk of {} is nearly full: the next write needs {needed} bytes, {free} are free, and {reserve} of them are left alone", path.display())]
    DiskNearlyFull {
        /// The file's path.
        path: PathBuf,
        /// What the next write may need.
        needed: u64,
        /// What is free.
        free: u64,
        /// What is never used.
        reserve: u64,
    },
    /// There was no room for what was to be written: others took it, or have a claim on it (a quota). The file takes no more.
    #[error("the disk of {} is full: the last write found no room, and {free} bytes are free", path.display())]
    DiskFull {
        /// The file's path.
        path: PathBuf,
        /// What is free, perhaps for others.
        free: u64,
    },
    /// The format cannot hold samples of this type.
    #[error("{format} cannot hold samples of the type {}: {why}", dtype.code())]
    Type {
        /// The format.
        format: &'static str,
        /// What the samples are.
        dtype: DType,
        /// What stands against it.
        why: &'static str,
    },
    /// The format needs a regular rate.
    #[error("{format} needs a regular rate, and the stream has none")]
    Irregular {
        /// The format.
        format: &'static str,
    },
    /// A rate that the format cannot say.
    #[error("{format} cannot say the rate {rate} Hz with {}: a data record would be too long", count(*channels, "channel"))]
    Rate {
        /// The format.
        format: &'static str,
        /// In Hz.
        rate: f64,
        /// How many.
        channels: usize,
    },
    /// More channels than the format has.
    #[error("{format} has at most {most} channels, not {given}")]
    Channels {
        /// The format.
        format: &'static str,
        /// How many it has.
        most: usize,
        /// How many there are.
        given: usize,
    },
    /// A channel that the stream has not.
    #[error(transparent)]
    Channel(#[from] NoChannel),
    /// The stream is one of events.
    #[error("a stream of events is recorded with the stream that it belongs to, `{stream}`")]
    Events {
        /// That stream's name.
        stream: String,
    },
    /// A sample that would not be the same in the file.
    #[error("frame {frame}, channel {channel} is {value}, which is no whole code from {low} to {high}")]
    Lossy {
        /// Its number.
        frame: u64,
        /// From 1.
        channel: usize,
        /// The sample.
        value: f64,
        /// The least code of the format.
        low: i64,
        /// The greatest code of the format.
        high: i64,
    },
    /// The stream cannot be read.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// What is to be written cannot be put into the format (a table that is too large for Parquet, say).
    #[error("{} cannot be written: {why}", path.display())]
    Format {
        /// The file's path.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

impl RecordError {
    /// What would help.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        let text = match self {
            Self::Exists { .. } => "--overwrite replaces it",
            Self::Type { dtype: DType::C64 | DType::C128, .. } => "complex samples: .csv",
            Self::Type { .. } | Self::Irregular { .. } | Self::Rate { .. } | Self::Channels { .. } => {
                "formats that hold any stream: .parquet, .arrow, .csv"
            }
            Self::Lossy { .. } => {
                "--lossy rounds and clips such samples and counts them; .parquet, .arrow, .xdf and .csv hold them as they are"
            }
            Self::DiskNearlyFull { .. } | Self::DiskFull { .. } => {
                "what was recorded until now is in the file; make room, or record on another disk"
            }
            _ => return None,
        };
        Some(text.to_owned())
    }
}
