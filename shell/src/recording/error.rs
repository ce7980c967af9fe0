//! Why a file is not a recording, or not one that can be read, and what would help.
//!
//! Must never know what the recording was wanted for: who wants it says so.

use std::io;
use std::path::PathBuf;

use super::volts::MAX_SAMPLES;
use crate::config::visible;

/// Why a file is not a recording.
#[derive(Debug, thiserror::Error)]
#[error("recording {} cannot be read", path.display())]
pub struct RecordingError {
    /// As it was named.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub problem: Problem,
}

fn in_column(name: &str) -> String {
    if name.is_empty() { String::new() } else { format!(" ({})", visible(name)) }
}

/// What is wrong with a recording.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The operating system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Too many samples.
    #[error(
        "it has {samples} samples or more, and {MAX_SAMPLES} are taken into memory; `axismirror replay` plays a file of any length"
    )]
    TooLong {
        /// As far as was counted.
        samples: u64,
    },
    /// A value of a CSV file.
    #[error("line {line}, field {field}{}: `{given}` is not {possible}", in_column(column))]
    Field {
        /// From 1.
        line: usize,
        /// From 1.
        field: usize,
        /// What the header calls it; empty when it does not.
        column: String,
        /// As written, cut when long.
        given: String,
        /// What would be possible.
        possible: &'static str,
    },
    /// A line of a CSV file with fewer or more fields than the first.
    #[error(
        "line {line} has {given} fields, the lines before have {needed}; a field that holds the delimiter stands in quotation marks"
    )]
    FieldCount {
        /// From 1.
        line: usize,
        /// In this line.
        given: usize,
        /// In the first line.
        needed: usize,
    },
    /// A line that is no text, or far too long to be one.
    #[error(
        "line {line} is not text of at most {limit} bytes, and the file begins like no other format; possible: EDF, BDF, XDF, CSV, and Parquet and Arrow of axismirror's"
    )]
    Line {
        /// From 1.
        line: usize,
        /// In bytes.
        limit: usize,
    },
    /// A field of a header.
    #[error("header, offset {offset}: {what} is `{given}`; possible: {possible}")]
    Header {
        /// In bytes from the file's beginning.
        offset: u64,
        /// Which field.
        what: &'static str,
        /// As written.
        given: String,
        /// What would be possible.
        possible: String,
    },
    /// A chunk of an XDF file.
    #[error("the chunk at offset {offset}: {what}")]
    Chunk {
        /// In bytes from the file's beginning.
        offset: u64,
        /// What is wrong with it.
        what: String,
    },
    /// The file is shorter than its header.
    #[error("the file ends after {given} bytes, within its header of {needed}; copy it again")]
    NoHeader {
        /// For the whole header, as far as is known.
        needed: u64,
        /// What there is.
        given: u64,
    },
    /// The file is shorter than its header says.
    #[error(
        "the file ends after {given} bytes, its header promises {needed}; copy it again, or write -1 and six blanks at offset 236 (the number of data records): then what is there is played"
    )]
    Truncated {
        /// According to the header.
        needed: u64,
        /// What there is.
        given: u64,
    },
    /// A signal or stream that was asked for by name.
    #[error("it has no {what} `{given}`; there are {possible}")]
    NotThere {
        /// Signal or stream.
        what: &'static str,
        /// As asked for.
        given: String,
        /// What there is.
        possible: String,
    },
    /// Signals that cannot be in one stream.
    #[error("the signals asked for have different rates: {rates}; ask for those of one rate")]
    Rates {
        /// Each signal with its rate.
        rates: String,
    },
    /// Nothing in it is a voltage.
    #[error("it has no channel whose unit is a voltage (V, mV, uV, nV); `axismirror replay` plays any unit")]
    NoVoltage,
    /// No samples.
    #[error("it has no samples")]
    Empty,
    /// A container of columns that its library does not decode.
    #[error("its {format} cannot be decoded: {what}; if it is a copy, copy it again")]
    Container {
        /// Parquet or Arrow.
        format: &'static str,
        /// In the library's words.
        what: String,
    },
    /// Something that a reader of ours does not know.
    #[error("{0}")]
    Unknown(String),
}
