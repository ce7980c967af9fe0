//! Recordings: a stream's frames in files that other people's programs open, without loss, or with a word about it.
//!
//! [`Recorder`] follows a stream as any mirror does and hands what comes to a [`Writer`], one a format; the file's ending chooses it
//! ([`Format::of`]). Nothing here knows a terminal: progress is a value.
//!
//! # What is where in each format
//!
//! What a reader of these files (`replay`, a script) can rely on. *Description* is the JSON object whose fields are those of [`Description`]
//! (formats/own/description.rs), *end* that of [`End`]; a gap in JSON is a [`Gap`], an event an [`Event`].
//!
//! | | `.bdf` `.edf` | `.parquet` | `.arrow` `.feather` | `.xdf` | `.csv` |
//! |---|---|---|---|---|---|
//! | description | annotations at +0, in pieces: `axismirror 1/3 {...` | footer metadata `axismirror` | schema metadata `axismirror` | `desc/axismirror` of the stream header | `# axismirror: {...}` |
//! | rate | samples of a record / its duration | description | description | `nominal_srate` (0: irregular) | `# rate: 250 Hz` |
//! | labels | label fields, 16 ASCII characters; in the description, too, where that is not all of every one | column names | column names | `desc/channels/channel/label` | header line |
//! | unit | dimension `uV` of volts and of codes with a known LSB | description | description; field metadata `unit` | `desc/channels/channel/unit` | `# unit: V` |
//! | samples | codes, 24 or 16 bits | a column a channel, the stream's type | the same | int8 to int64, float32, double64 | shortest text that reads back to the same value |
//! | gain, LSB | physical range (6 digits or more); exact in the description's `attrs` and the transducer field: `1 code = 2.2351743960876465e-8 V` | `attrs` | `attrs` | `attrs`, and `desc/volts_per_code` | `attrs` |
//! | frame numbers | description, `axismirror time` annotations, gaps | column `frame` | column `frame` | description and gaps | column `frame` |
//! | times | header and first TAL (UTC); the stream's own in `axismirror time: frame=1000 t=12.000123` annotations: the first frame, every ten minutes, where times jump, the last | column `time`, f64 s, null when the stream has none | the same | a stamp a sample | column `time` |
//! | gaps | filled up with the sample before, and marked `BAD_gap: 12 frames ...` with onset and duration; a gap over a minute begins a new part | footer metadata `axismirror.gaps`, JSON | the same, in the footer | stream 3, strings | `# gap: 12 frames ...` |
//! | events | annotations | footer metadata `axismirror.events`, JSON | the same, in the footer | stream 2, strings, type `Markers` | `# event: frame=1000 time=12.5 TEXT` |
//! | end | `axismirror end {...}` annotation in pieces, `BAD_padding: 3 frames` over the last record's rest | footer metadata `axismirror.end` | the same, in the footer | `axismirror` in the stream footer | `# end: {...}` |
//! | open after kill -9 | up to the last flush | up to the last flush | up to the last flush | up to the last flush, perhaps a part of a chunk behind it | up to the last flush, perhaps a part of a line behind it |
//!
//! A flush comes every second. EDF and BDF write whole data records, of about a second. The first one has room for the whole description where that is little
//! beside its samples (an eighth: eight channels at 1 kHz and more); else each has room for one long annotation, and the pieces of the description,
//! with events behind them, are complete after as many seconds as it has pieces: a file that is killed before is anybody's to a replay. Parquet and Arrow write their footer again with each piece: a
//! piece waits until it is as long as the footer (Parquet: five seconds at least), a minute at most.
//!
//! Gaps say either `12 frames were not acquired` (`1 frame was ...`; the ADC or its writer lost them; they have no numbers) or `12 frames were overwritten before
//! they were read` (this recorder was too slow; they have numbers). The lists of gaps and
//! events in Parquet and Arrow stop at 10,000 entries; *end* has the sums.

mod batch;
mod codes;
#[cfg(feature = "parquet")]
mod columns;
mod csv;
mod disk;
mod edf;
mod error;
#[cfg(feature = "parquet")]
mod footed;
mod head;
mod out;
mod part;
mod positions;
mod progress;
mod recorder;
#[cfg(test)]
pub(crate) mod tests;
pub mod utc;
mod xdf;

use std::fmt::Debug;
use std::path::Path;

use crate::formats::edf::Kind;

pub use self::error::RecordError;
pub use self::head::{Block, Head};
pub use self::progress::{Options, Progress, Step, Summary};
pub use self::recorder::Recorder;
pub use crate::formats::own::{Description, End, Event, Gap};

/// Formats, by their files' endings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// `.bdf`: BDF+, 24 bits.
    Bdf,
    /// `.edf`: EDF+, 16 bits.
    Edf,
    /// `.parquet`
    Parquet,
    /// `.arrow`, `.feather`: Arrow IPC file, which is also called Feather 2.
    Arrow,
    /// `.xdf`
    Xdf,
    /// `.csv`
    Csv,
}

impl Format {
    /// For messages.
    pub const ENDINGS: &str = ".bdf, .edf, .parquet, .arrow, .feather, .xdf, .csv";

    /// What a file's ending says.
    ///
    /// # Errors
    /// [`RecordError::Ending`]; [`RecordError::NotBuilt`] for what was left out of this build.
    pub fn of(path: &Path) -> Result<Self, RecordError> {
        let ending = path.extension().unwrap_or_default().to_string_lossy().to_lowercase();
        let format = match ending.as_str() {
            "bdf" => Self::Bdf,
            "edf" => Self::Edf,
            "parquet" => Self::Parquet,
            "arrow" | "feather" => Self::Arrow,
            "xdf" => Self::Xdf,
            "csv" => Self::Csv,
            _ => return Err(RecordError::Ending { path: path.to_owned() }),
        };
        if matches!(format, Self::Parquet | Self::Arrow) && !cfg!(feature = "parquet") {
            return Err(RecordError::NotBuilt { path: path.to_owned() });
        }
        Ok(format)
    }

    /// Makes a file and begins it. Once there is a writer, the file opens in other programs (EDF and BDF: from the first second on).
    ///
    /// # Errors
    /// [`RecordError::Exists`] unless `overwrite`; what the format cannot hold; what the operating system says.
    pub fn create(self, path: &Path, overwrite: bool, head: &Head) -> Result<Box<dyn Writer>, RecordError> {
        Ok(match self {
            Self::Bdf => Box::new(edf::Edf::create(path, overwrite, Kind::Bdf, head)?),
            Self::Edf => Box::new(edf::Edf::create(path, overwrite, Kind::Edf, head)?),
            Self::Xdf => Box::new(xdf::Xdf::create(path, overwrite, head)?),
            Self::Csv => Box::new(csv::Csv::create(path, overwrite, head)?),
            #[cfg(feature = "parquet")]
            Self::Parquet => footed::parquet(path, overwrite, head)?,
            #[cfg(feature = "parquet")]
            Self::Arrow => footed::arrow(path, overwrite, head)?,
            #[cfg(not(feature = "parquet"))]
            Self::Parquet | Self::Arrow => return Err(RecordError::NotBuilt { path: path.to_owned() }),
        })
    }
}

/// What a writer makes of a gap.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Goes {
    /// It is in the file, and the next frame follows.
    On,
    /// It cannot be in the file: what comes next is for a new one.
    NewPart,
}

/// A file of one format that a recording goes into.
///
/// What [`Writer::append`], [`Writer::gap`] and [`Writer::event`] took is in the file after [`Writer::flush`] (EDF and BDF: but for the last second, and for annotations that
/// wait for a record with room).
/// A process that ends at any instant leaves a file that opens with what the last flush wrote.
pub trait Writer: Debug {
    /// Adds frames, which follow those before without a gap unless one was told.
    ///
    /// # Errors
    /// [`RecordError::Lossy`], [`RecordError::File`]. After an error the file holds what was flushed, and takes no more.
    fn append(&mut self, block: &Block<'_>) -> Result<(), RecordError>;

    /// Notes a gap before the frame that comes next.
    ///
    /// # Errors
    /// As [`Writer::append`].
    fn gap(&mut self, gap: &Gap) -> Result<Goes, RecordError>;

    /// Notes an event, of a frame that is there already or comes.
    ///
    /// # Errors
    /// As [`Writer::append`].
    fn event(&mut self, event: &Event) -> Result<(), RecordError>;

    /// Writes what was held back. Called every second; a format for which that is too often does it now and then.
    ///
    /// # Errors
    /// As [`Writer::append`].
    fn flush(&mut self) -> Result<(), RecordError>;

    /// Writes all that is left, and the sums.
    ///
    /// # Errors
    /// As [`Writer::append`].
    fn finish(&mut self, end: &End) -> Result<(), RecordError>;

    /// Bytes in the file.
    fn bytes(&self) -> u64;

    /// Frames that the file has.
    fn saved(&self) -> u64;

    /// Bytes that the next flush may need.
    fn pending(&self) -> u64;

    /// Samples that were changed to fit.
    fn lossy(&self) -> u64 {
        0
    }

    /// What the file says less exactly than the stream, in words.
    fn remarks(&self) -> Vec<String> {
        Vec::new()
    }
}
