//! A recording that is read block by block, whatever its format, which is found from the content.
//!
//! The only place that knows all formats, and no more of each than how it begins. An ending of a name says nothing here.

use std::path::Path;

use super::choice::Choice;
use super::content::{Block, Content};
use super::error::{Problem, RecordingError};
use super::format::Format;
use super::source::{FileSource, Source};
use super::{csv, edf, xdf};
use crate::config::regular;
use crate::formats::columns::{ARROW, PARQUET};
use crate::formats::edf::{Kind, MAGIC_LEN};
use crate::formats::xdf::MAGIC;

/// An open recording.
pub struct Reader {
    content: Content,
    format: Box<dyn Format>,
}

impl std::fmt::Debug for Reader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Reader").field("content", &self.content).finish_non_exhaustive()
    }
}

impl Reader {
    /// Opens a file and reads what it says of itself. Only a regular file: nothing else can be read to its end without waiting.
    ///
    /// # Errors
    /// [`RecordingError`] when it is no recording, or has nothing of what is wanted.
    pub fn open(path: &Path, choice: &Choice) -> Result<Self, RecordingError> {
        let opened = regular::open(path).and_then(FileSource::new).map_err(Problem::from);
        opened
            .and_then(|file| Self::of(file, choice))
            .map_err(|problem| RecordingError { path: path.to_owned(), problem })
    }

    pub(super) fn of(source: impl Source + 'static, choice: &Choice) -> Result<Self, Problem> {
        let mut magic = [0; MAGIC_LEN];
        let len = source.len().min(magic.len() as u64) as usize;
        source.read_all(magic.get_mut(..len).unwrap_or_default(), 0)?;
        if let Some(kind) = Kind::of(&magic) {
            return edf::open(source, kind, choice).map(Self::new);
        }
        if magic.starts_with(MAGIC) {
            return xdf::open(source, choice).map(Self::new);
        }
        if magic.starts_with(PARQUET) || magic.starts_with(ARROW) {
            return columns(source, magic.starts_with(PARQUET), choice);
        }
        if magic.starts_with(GZIP) {
            return Err(Problem::Unknown(
                "it is compressed with gzip (an .xdfz is that): unpack it with gunzip".into(),
            ));
        }
        csv::open(source, choice).map(Self::new)
    }

    pub(super) fn new((content, format): (Content, impl Format + 'static)) -> Self {
        Self { content, format: Box::new(format) }
    }

    /// What it holds.
    #[must_use]
    pub const fn content(&self) -> &Content {
        &self.content
    }

    /// Adds the next frames to a block, up to `most` in it; none at the end.
    ///
    /// # Errors
    /// [`Problem`].
    pub fn read(&mut self, most: usize, block: &mut Block) -> Result<(), Problem> {
        self.format.read(most, block)
    }

    /// Goes on with the frame of a number, or with the first one behind it, without reading all that is before. `false`, and nothing is done, where
    /// frames have no numbers: in files of other people's, and in formats that do not keep the number and the time of each (EDF, BDF, XDF).
    ///
    /// # Errors
    /// [`Problem`].
    pub fn seek(&mut self, frame: u64) -> Result<bool, Problem> {
        self.format.seek(frame)
    }

    /// Starts again with the first frame.
    ///
    /// # Errors
    /// [`Problem`].
    pub fn rewind(&mut self) -> Result<(), Problem> {
        self.format.rewind()
    }
}

#[cfg(feature = "parquet")]
fn columns(source: impl Source + 'static, is_parquet: bool, choice: &Choice) -> Result<Reader, Problem> {
    super::columns::open(source, is_parquet, choice).map(Reader::new)
}

#[cfg(not(feature = "parquet"))]
fn columns(_: impl Source + 'static, is_parquet: bool, _: &Choice) -> Result<Reader, Problem> {
    let format = if is_parquet { "Parquet" } else { "Arrow" };
    Err(Problem::Unknown(format!(
        "it is {format}, and this axismirror was built without the cargo feature `parquet`; build it with that"
    )))
}

/// What a file of gzip begins with (RFC 1952).
const GZIP: &[u8] = b"\x1f\x8b";
