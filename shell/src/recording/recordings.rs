//! Frames of a stream out of the files that `axismirror record` wrote of it, or is writing.
//!
//! A file is taken only when what it gives is what was published, bit by bit: the same stream in the same count of frames
//! ([`Mirror::instance`](crate::mirror::Mirror::instance)), all its channels, and the number and time of each frame. Knows neither who asks
//! nor what becomes of them.

mod files;
mod open;

use std::collections::HashMap;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use self::files::Place;
use self::open::Open;
use super::{Choice, Numbers, Problem, Reader, Recorded};
use crate::causes;
use crate::config::visible;

/// The most files of one stream that are looked into for an answer: the newest ones.
const MOST_FILES: usize = 64;

/// Why a file is not one that lost frames can be taken from.
#[derive(Debug, thiserror::Error)]
pub enum RecordingRefused {
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(#[from] crate::recording::RecordingError),
    /// A folder that cannot be read.
    #[error("the folder {} cannot be read", path.display())]
    Folder {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// Not of our own recorder, or of some of its channels.
    #[error("{} is no recording that axismirror made of all channels of a stream", path.display())]
    NotWhole {
        /// The file.
        path: PathBuf,
    },
    /// A format that keeps less than was published.
    #[error("{} is {format}, which keeps not the number and the time of each frame as they were", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// Its format.
        format: &'static str,
    },
    /// Nobody knows what its numbers mean.
    #[error("{} does not say which run of the stream it is of", path.display())]
    NoInstance {
        /// The file.
        path: PathBuf,
    },
    /// Of a stream that is not relayed.
    #[error("{} is a recording of {}, which is not relayed", path.display(), visible(stream))]
    OtherStream {
        /// The file.
        path: PathBuf,
        /// The stream that it is of.
        stream: String,
    },
    /// Of the same name, and another start.
    #[error("{} is of another run of {} than the present one: its frame numbers mean other frames", path.display(), visible(stream))]
    OtherRun {
        /// The file.
        path: PathBuf,
        /// The stream.
        stream: String,
    },
}

/// What is known of frames that were asked for.
#[derive(Clone, Debug)]
pub enum Found {
    /// Frames in a row.
    Frames {
        /// Number of the first.
        first: u64,
        /// Samples, frame by frame.
        bytes: Vec<u8>,
        /// The time of each; empty when the stream has none.
        times: Vec<f64>,
        /// What the file says of them.
        of: Arc<Recorded>,
    },
    /// They are in no file.
    Gone(Range<u64>),
}

/// A file as it was found.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FileKey {
    path: PathBuf,
    device: u64,
    inode: u64,
}

/// The files that frames may be in.
#[derive(Debug)]
pub struct Recordings {
    places: Vec<Place>,
    /// What files are, once they have been looked into; `None`: none to take frames from.
    known: HashMap<FileKey, Option<Arc<Recorded>>>,
}

impl Recordings {
    /// Of files, each with the parts that the recorder adds to it, and folders of them. A file need not be there yet.
    #[must_use]
    pub fn new(paths: &[PathBuf]) -> Self {
        Self { places: paths.iter().map(|path| Place::of(path)).collect(), known: HashMap::new() }
    }

    /// Whether there are none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Checks the files that were named and are there, against the streams that are relayed (all when there is no name) and the `instance` of each that
    /// is there.
    ///
    /// # Errors
    /// [`RecordingRefused`], of the first that no frame could be taken from.
    pub fn check(&self, names: &[String], instance: impl Fn(&str) -> Option<u64>) -> Result<(), RecordingRefused> {
        for place in &self.places {
            let Some(path) = place.named().map_err(|(path, source)| RecordingRefused::Folder { path, source })? else {
                continue;
            };
            if path.symlink_metadata().is_err() {
                tracing::warn!("{} is not there yet: frames are taken from it when it is", path.display());
                continue;
            }
            let recorded = match look_into(path) {
                Ok((recorded, _)) => recorded,
                // It was begun just now.
                Err(RecordingRefused::Unreadable(error))
                    if matches!(error.problem, Problem::Empty) && open::is_written(path) =>
                {
                    tracing::warn!("{} has no frames yet: they are taken from it when it has", path.display());
                    continue;
                }
                Err(refused) => return Err(refused),
            };
            let (stream, path) = (recorded.stream.name.clone(), path.to_owned());
            if !names.is_empty() && !names.contains(&stream) {
                return Err(RecordingRefused::OtherStream { path, stream });
            }
            // A recording that went on when the stream got another header has parts of both.
            let is_of = |part: &FileKey, now| {
                look_into(&part.path).is_ok_and(|(of, _)| of.stream.name == stream && of.instance == Some(now))
            };
            if let Some(now) = instance(&stream)
                && Some(now) != recorded.instance
                && !place.files().iter().any(|part| is_of(part, now))
            {
                return Err(RecordingRefused::OtherRun { path, stream });
            }
        }
        Ok(())
    }

    /// What there is of some frames, oldest first, until it takes more than `budget` bytes. Of those that a file may still bring nothing is said.
    pub fn find(&mut self, stream: &str, instance: u64, frames: Range<u64>, budget: usize) -> Vec<Found> {
        let (mut files, may_come) = self.open(stream, instance, frames.end);
        let (mut found, mut spent, mut next) = (Vec::new(), 0_usize, frames.start);
        while next < frames.end && spent < budget {
            let firsts = files.iter_mut().enumerate().filter_map(|(i, file)| Some((file.first(next)?, i)));
            let nearest = firsts.min();
            let begins = nearest.map_or(frames.end, |(first, _)| first.min(frames.end));
            if begins > next {
                if may_come || files.iter().any(|file| file.may_bring(next)) {
                    break;
                }
                found.push(Found::Gone(next..begins));
                next = begins;
                continue;
            }
            let Some(file) = nearest.and_then(|(_, i)| files.get_mut(i)) else { break };
            let run = file.run(next, frames.end);
            spent = spent.saturating_add(run.bytes.len().saturating_add(size_of_val(run.times.as_slice())));
            next = run.end;
            found.push(match run.bytes.is_empty() {
                true => Found::Gone(run.first..run.end),
                false => {
                    Found::Frames { first: run.first, bytes: run.bytes, times: run.times, of: file.recorded.clone() }
                }
            });
        }
        found
    }

    /// The files of a stream with frames before one, and whether there are others that may become some.
    fn open(&mut self, stream: &str, instance: u64, end: u64) -> (Vec<Open>, bool) {
        let keys: Vec<FileKey> = self.places.iter().flat_map(Place::files).collect();
        self.known.retain(|key, _| keys.contains(key));
        let (mut files, mut may_come) = (Vec::new(), false);
        for key in keys {
            let is_of =
                |of: &Recorded| of.stream.name == stream && of.instance == Some(instance) && of.first_frame < end;
            // One that is none, or of something else, stays so: it is not opened again.
            if self.known.get(&key).is_some_and(|known| !known.as_deref().is_some_and(is_of)) {
                continue;
            }
            let opened = match self.known.get(&key).cloned().flatten() {
                Some(recorded) => Reader::open(&key.path, &Choice::default())
                    .map(|reader| (recorded, reader))
                    .map_err(RecordingRefused::from),
                None => look_into(&key.path).map(|(recorded, reader)| (Arc::new(recorded), reader)),
            };
            match opened {
                Ok((recorded, reader)) => {
                    if is_of(&recorded) {
                        files.push(Open::new(&key.path, recorded.clone(), reader));
                    }
                    self.known.insert(key, Some(recorded));
                }
                // It may have no frame yet, or get a new end at this very moment.
                Err(RecordingRefused::Unreadable(error)) => {
                    tracing::debug!("not read: {}", causes::line(&error));
                    may_come |= open::is_written(&key.path);
                }
                Err(refused) => {
                    tracing::debug!("no frames are taken from it: {refused}");
                    self.known.insert(key, None);
                }
            }
        }
        files.sort_by_key(|file| std::cmp::Reverse(file.recorded.first_frame));
        files.truncate(MOST_FILES);
        (files, may_come)
    }
}

/// What a file is, and its reader at any place.
fn look_into(path: &Path) -> Result<(Recorded, Reader), RecordingRefused> {
    let reader = Reader::open(path, &Choice::default())?;
    let path = || path.to_owned();
    let content = reader.content();
    let format = content.format;
    let recorded = match content.numbers {
        Numbers::Each => content.recorded.clone(),
        Numbers::Missing => None,
        Numbers::NotKept => return Err(RecordingRefused::Format { path: path(), format }),
    };
    let recorded = recorded.ok_or_else(|| RecordingRefused::NotWhole { path: path() })?;
    if recorded.stream.struct_version.has_times() != content.has_times {
        return Err(RecordingRefused::Format { path: path(), format });
    }
    if recorded.instance.is_none() {
        return Err(RecordingRefused::NoInstance { path: path() });
    }
    Ok((recorded, reader))
}

#[cfg(test)]
mod tests;
