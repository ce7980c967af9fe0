//! Recordings of what the published writer leaves in shared memory, as `tests/golden/record.py` makes them.
//!
//! Reads a folder of such files, whatever they are called. Must never know what our own code does with the messages.

pub mod compare;
mod json;
mod message;
mod numpy;

use std::fs;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use serde::{Deserialize, Deserializer};

pub use json::{Json, Ordered};
pub use message::{AxisScript, MessageScript, OwnedArray, OwnedAxis, OwnedMessage};

/// Environment variable that names another folder of recordings.
pub const FOLDER_VARIABLE: &str = "AXISMIRROR_GOLDEN";

/// Why recordings cannot be read or their messages not be built.
#[derive(Debug, thiserror::Error)]
pub enum GoldenError {
    /// The file system said no.
    #[error("{path}: {source}")]
    Io {
        /// Which file or folder.
        path: PathBuf,
        /// What it said.
        source: std::io::Error,
    },
    /// The file is a recording by its looks but not by its content.
    #[error("{path}: {source}")]
    Json {
        /// Which file.
        path: PathBuf,
        /// Where and why.
        source: serde_json::Error,
    },
    /// No recording in the folder.
    #[error("{path}: no recording (a JSON object with `steps` and `struct_version`) here")]
    Empty {
        /// Which folder.
        path: PathBuf,
    },
    /// A message uses an element type that the loader does not know.
    #[error("element type {name:?} is none that the ring carries")]
    ElementType {
        /// As it stands in the script.
        name: String,
    },
    /// The values of a coordinate axis are no regular array.
    #[error("axis {axis:?}: {reason}")]
    AxisData {
        /// Which axis.
        axis: String,
        /// Why.
        reason: String,
    },
}

/// One recorded stream.
#[derive(Clone, Debug, Deserialize)]
pub struct Recording {
    /// Name of the script.
    pub name: String,
    /// What it is about.
    #[serde(default)]
    pub why: String,
    /// Settings at the start.
    pub settings: Settings,
    /// Name of the header's segment at the start.
    pub meta_name: String,
    /// What happened, in order. The first step is the writer's start.
    pub steps: Vec<Step>,
    /// Wire version.
    pub struct_version: u32,
    /// Bytes of the header.
    pub header_size: usize,
    /// Name, offset and size of each header field, as Python's ctypes had them.
    pub header_fields: Vec<(String, usize, usize)>,
    /// Where it was read from; for messages.
    #[serde(skip)]
    pub path: PathBuf,
}

/// Settings of the published writer.
#[derive(Clone, Debug, Deserialize, PartialEq)]
pub struct Settings {
    /// Long name; `None` lets the writer choose.
    pub shmem_name: Option<String>,
    /// Length of the ring in seconds.
    pub buf_dur: f64,
    /// The buffered axis; `None` leaves it to the message.
    pub axis: Option<String>,
}

/// A change of settings: what is absent keeps the value that it had at the start.
#[derive(Clone, Debug, Default, Deserialize, PartialEq)]
pub struct SettingsChange {
    /// `Some(None)` where the script says `null`.
    #[serde(default, deserialize_with = "present")]
    pub shmem_name: Option<Option<String>>,
    /// Length of the ring in seconds.
    pub buf_dur: Option<f64>,
    /// `Some(None)` where the script says `null`.
    #[serde(default, deserialize_with = "present")]
    pub axis: Option<Option<String>>,
}

/// One step of a stream and what the writer left after it.
#[derive(Clone, Debug, Deserialize)]
pub struct Step {
    /// What was done.
    #[serde(flatten)]
    pub action: Action,
    /// What lay in shared memory afterwards.
    pub after: Snapshot,
}

/// What is done to a writer.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "do", rename_all = "lowercase")]
pub enum Action {
    /// The writer starts.
    Initialize,
    /// A message arrives.
    Message {
        /// How to build it.
        message: Box<MessageScript>,
    },
    /// Settings change.
    Settings {
        /// What of them.
        settings: SettingsChange,
    },
}

/// What lay in shared memory.
#[derive(Clone, Debug, Deserialize)]
pub struct Snapshot {
    /// The header's bytes.
    #[serde(deserialize_with = "bytes")]
    pub header: Vec<u8>,
    /// The buffer generation that the header held.
    pub generation: u32,
    /// The data segment's bytes without page rounding; `None` when there was no segment.
    #[serde(default, deserialize_with = "optional_bytes")]
    pub data: Option<Vec<u8>>,
    /// Segment name of the data.
    #[serde(default)]
    pub data_name: Option<String>,
    /// Segment name of the static metadata.
    #[serde(default)]
    pub aux_name: Option<String>,
    /// The static metadata as pickled.
    #[serde(default, deserialize_with = "optional_bytes")]
    pub aux_pickle: Option<Vec<u8>>,
    /// The static metadata as Python prints it; for messages.
    #[serde(default)]
    pub aux_repr: Option<String>,
}

impl Recording {
    /// The settings that hold from a change on. The recorder merges each change with the settings at the start.
    #[must_use]
    pub fn changed_settings(&self, change: &SettingsChange) -> Settings {
        let start = self.settings.clone();
        Settings {
            shmem_name: change.shmem_name.clone().unwrap_or(start.shmem_name),
            buf_dur: change.buf_dur.unwrap_or(start.buf_dur),
            axis: change.axis.clone().unwrap_or(start.axis),
        }
    }

    /// Offset and size of a header field.
    #[must_use]
    pub fn field(&self, name: &str) -> Option<(usize, usize)> {
        self.header_fields.iter().find(|f| f.0 == name).map(|f| (f.1, f.2))
    }
}

/// The folder to test: what [`FOLDER_VARIABLE`] names, else the one beside these tests.
#[must_use]
pub fn folder() -> PathBuf {
    std::env::var_os(FOLDER_VARIABLE)
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("golden"), PathBuf::from)
}

/// Every recording under a folder, sorted by path. JSON files that are no recordings (the scripts themselves) are left out.
///
/// # Errors
/// The first file that cannot be read, or [`GoldenError::Empty`]: testing nothing must not look like success.
pub fn load(folder: &Path) -> Result<Vec<Recording>, GoldenError> {
    let mut paths = Vec::new();
    collect(folder, &mut paths)?;
    paths.sort();
    let mut recordings = Vec::new();
    for path in paths {
        let text = fs::read(&path).map_err(|source| GoldenError::Io { path: path.clone(), source })?;
        let json = |source| GoldenError::Json { path: path.clone(), source };
        if !serde_json::from_slice::<Json>(&text).map_err(json)?.has_keys(&["steps", "struct_version"]) {
            continue;
        }
        let mut recording: Recording = serde_json::from_slice(&text).map_err(json)?;
        recording.path.clone_from(&path);
        recordings.push(recording);
    }
    if recordings.is_empty() { Err(GoldenError::Empty { path: folder.to_owned() }) } else { Ok(recordings) }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) -> Result<(), GoldenError> {
    let io = |source| GoldenError::Io { path: folder.to_owned(), source };
    for entry in fs::read_dir(folder).map_err(io)? {
        let path = entry.map_err(io)?.path();
        if path.is_dir() {
            collect(&path, paths)?;
        } else if path.extension().is_some_and(|e| e == "json") {
            paths.push(path);
        }
    }
    Ok(())
}

fn decode<E: serde::de::Error>(text: &str) -> Result<Vec<u8>, E> {
    base64::engine::general_purpose::STANDARD.decode(text).map_err(E::custom)
}

fn bytes<'de, D: Deserializer<'de>>(d: D) -> Result<Vec<u8>, D::Error> {
    decode(&String::deserialize(d)?)
}

fn optional_bytes<'de, D: Deserializer<'de>>(d: D) -> Result<Option<Vec<u8>>, D::Error> {
    Option::<String>::deserialize(d)?.map(|s| decode(&s)).transpose()
}

fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(d: D) -> Result<Option<Option<T>>, D::Error> {
    Option::<T>::deserialize(d).map(Some)
}
