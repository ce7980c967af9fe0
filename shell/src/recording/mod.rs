//! Recordings for a simulated ADC to measure: CSV, EDF, EDF+, BDF and BDF+ files as volts in memory.
//!
//! The format is found from the content. Knows no board: resampling and quantising are the simulated ADC's.
//!
//! ```no_run
//! let recording = axismirror::recording::Recording::open("night.edf".as_ref())?;
//! let first = &recording.channels[0];
//! println!("{}: {} samples at {:?} Hz", first.label, first.volts.len(), recording.rate);
//! # Ok::<(), axismirror::recording::RecordingError>(())
//! ```

use std::io::{self, BufReader, Read, Seek};
use std::path::{Path, PathBuf};

use crate::config::regular;

mod csv;
mod edf;
#[cfg(test)]
mod tests;
mod unit;

/// The most samples that are taken into memory, over all channels: 1 GiB of them.
const MAX_SAMPLES: u64 = 1 << 28;

/// A recording: all channels have the same rate and, at least one sample, the same length.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Samples per second and channel, in Hz; `None` when the file does not say.
    pub rate: Option<f64>,
    /// At least one.
    pub channels: Vec<Channel>,
}

/// One channel of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// As the file calls it; empty when it does not.
    pub label: String,
    /// Samples in volts, finite.
    pub volts: Vec<f32>,
}

/// Why a file is not a recording.
#[derive(Debug, thiserror::Error)]
#[error("recording {} cannot be played", path.display())]
pub struct RecordingError {
    /// As it was named.
    pub path: PathBuf,
    /// What is wrong with it.
    #[source]
    pub problem: Problem,
}

/// What is wrong with a recording.
#[derive(Debug, thiserror::Error)]
pub enum Problem {
    /// The operating system refuses.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// Too many samples.
    #[error("it has {samples} samples or more; {MAX_SAMPLES} are taken into memory")]
    TooLong {
        /// As far as was counted.
        samples: u64,
    },
    /// A value of a CSV file.
    #[error("line {line}, field {field}: `{given}` is not {possible}")]
    Field {
        /// From 1.
        line: usize,
        /// From 1.
        field: usize,
        /// As written, cut when long.
        given: String,
        /// What would be possible.
        possible: &'static str,
    },
    /// A line of a CSV file with fewer or more fields than the first.
    #[error("line {line} has {given} fields, the lines before have {needed}")]
    FieldCount {
        /// From 1.
        line: usize,
        /// In this line.
        given: usize,
        /// In the first line.
        needed: usize,
    },
    /// A line that is no text, or far too long to be one.
    #[error("line {line} is not text of at most {limit} bytes")]
    Line {
        /// From 1.
        line: usize,
        /// In bytes.
        limit: usize,
    },
    /// A field of an EDF or BDF header.
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
    /// The file is shorter than its header says.
    #[error("the file ends after {given} bytes, its header promises {needed}")]
    Truncated {
        /// According to the header.
        needed: u64,
        /// What there is.
        given: u64,
    },
    /// Nothing in it is a voltage.
    #[error("it has no channel whose unit is a voltage (V, mV, uV, nV)")]
    NoVoltage,
    /// No samples.
    #[error("it has no samples")]
    Empty,
}

impl Recording {
    /// Reads a file into memory.
    ///
    /// * EDF, EDF+, BDF, BDF+: the channels of the highest rate whose unit is a voltage; annotations and other channels are left
    ///   out, with a line in the log. Pauses of a discontinuous file are closed up.
    /// * CSV: values between `,`, `;` or tabs, a channel a column; optional are a header line with labels, a first column of times
    ///   (called `time` or the like, unit in brackets, else seconds), and comments from `#`. A unit may stand in brackets behind a
    ///   label, or in a comment (`# unit: mV`), else it is uV. The rate is that of the times, else that of a comment (`# rate: 250`).
    ///
    /// Only a regular file: nothing else can be read to its end without waiting.
    ///
    /// # Errors
    /// [`RecordingError`] with the line and field, or the offset in the header.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        read(path).map_err(|problem| RecordingError { path: path.to_owned(), problem })
    }
}

fn read(path: &Path) -> Result<Recording, Problem> {
    let mut file = regular::open(path)?;
    let mut magic = Vec::new();
    (&file).take(edf::MAGIC_LEN as u64).read_to_end(&mut magic)?;
    file.rewind()?;
    match edf::Kind::of(&magic) {
        Some(kind) => {
            let len = file.metadata()?.len();
            edf::read(BufReader::new(file), len, kind)
        }
        None => csv::read(BufReader::new(file)),
    }
}
