//! What can be wrong with a board file, with the line where it is.

use std::path::PathBuf;

use crate::config::Place;

/// What is wrong with a board file.
#[derive(Debug, thiserror::Error)]
pub enum BoardFileError {
    /// The file cannot be read.
    #[error("board file {} cannot be read", path.display())]
    Read {
        /// As it was named.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is too long to be a board.
    #[error("{} is longer than the {limit} bytes that a board file may have", path.display())]
    TooLong {
        /// As it was named.
        path: PathBuf,
        /// In bytes.
        limit: u64,
    },
    /// The file is not TOML.
    #[error("{place}: {message}")]
    Syntax {
        /// File and line.
        place: Place,
        /// What the parser says.
        message: String,
    },
    /// A key that does not exist, or not in this table.
    #[error("{place}: a board has no `{key}`{suggestion}")]
    UnknownKey {
        /// File and line.
        place: Place,
        /// As written, with its table.
        key: String,
        /// `; did you mean ...?`, or nothing.
        suggestion: String,
    },
    /// A key that must be there.
    #[error("{place}: `{key}` is missing; possible: {possible}")]
    Missing {
        /// File and line of its table.
        place: Place,
        /// With its table.
        key: String,
        /// What could be written.
        possible: String,
    },
    /// A value of the wrong type or outside of what is possible.
    #[error("{place}: {key} = {given} is not possible; possible: {possible}")]
    Value {
        /// File and line.
        place: Place,
        /// With its table.
        key: String,
        /// As written, cut when long.
        given: String,
        /// What would be possible.
        possible: String,
    },
}
