//! What can be wrong with settings, with the place where it was written.
//!
//! Knows how to say it; never reads or changes settings.

use core::fmt;
use std::path::PathBuf;

use super::key::{Key, Reach};

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    /// A settings file.
    File {
        /// As it was named.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
    },
    /// A flag of the command line.
    Flag,
    /// A `key=value` for a running stream.
    Change,
    /// Nowhere: the default.
    Default,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File { path, line } => write!(f, "{}, line {line}", path.display()),
            Self::Flag => f.write_str("command line"),
            Self::Change => f.write_str("change"),
            Self::Default => f.write_str("default"),
        }
    }
}

/// What is wrong with settings.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("settings file {} cannot be read", path.display())]
    Read {
        /// As it was named.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file is too large to be a settings file.
    #[error("{} is longer than the {limit} bytes that a settings file may have", path.display())]
    FileTooLong {
        /// As it was named.
        path: PathBuf,
        /// In bytes.
        limit: u64,
    },
    /// The file is not TOML.
    #[error("{place}, column {column}: {message}")]
    Syntax {
        /// File and line.
        place: Place,
        /// In characters, counted from 1.
        column: usize,
        /// What the parser says.
        message: String,
    },
    /// A key that does not exist, or not in this table.
    #[error("{place}: there is no setting `{key}`{suggestion}")]
    UnknownKey {
        /// Where.
        place: Place,
        /// As written, with its table.
        key: String,
        /// `; did you mean ...?`, or where it belongs, or nothing.
        suggestion: String,
    },
    /// A value of the wrong type or outside of what is possible.
    #[error("{place}: {key} = {given} is not possible; possible: {possible}")]
    Value {
        /// Where.
        place: Place,
        /// Which key.
        key: Key,
        /// As written, cut when long.
        given: String,
        /// What would be possible.
        possible: String,
    },
    /// A flag for a simulated ADC, without one.
    #[error("{place}: {key} = {given} is for a simulated ADC, but the ADC is not simulated")]
    NeedsSimulate {
        /// Where.
        place: Place,
        /// Which key.
        key: Key,
        /// As written.
        given: String,
    },
    /// The signal `recording` without a recording.
    #[error("{place}: signal `recording` needs a file to play")]
    NoRecording {
        /// Where the signal was chosen.
        place: Place,
    },
    /// A change that is not `key=value`.
    #[error("`{given}` is not of the form key=value")]
    NotKeyValue {
        /// As written.
        given: String,
    },
    /// Two changes of one key.
    #[error("{key} is given twice: {first} and {second}")]
    Twice {
        /// Which key.
        key: Key,
        /// As written.
        first: String,
        /// As written.
        second: String,
    },
    /// A change of a key that holds for the life of the stream.
    #[error("{key} cannot change while the stream runs")]
    Fixed {
        /// Which key.
        key: Key,
    },
}

impl ConfigError {
    /// How to mend it, where the message itself does not say.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::NeedsSimulate { .. } => Some("add --simulate".to_owned()),
            Self::NoRecording { .. } => Some("add --file PATH, or `file` in the table [simulate]".to_owned()),
            Self::NotKeyValue { .. } => Some("write for example buf_dur=5 or channels=1-4,8".to_owned()),
            Self::Fixed { .. } => {
                let live: Vec<_> = Key::all().filter(|k| k.reach() != Reach::Fixed).map(Key::name).collect();
                Some(format!("stop the stream and start it with the new value; these can change: {}", live.join(", ")))
            }
            _ => None,
        }
    }
}
