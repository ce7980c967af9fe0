//! The files of a recording: the one that is being written, and what further ones are called.

use std::fs::File;
use std::path::{Path, PathBuf};

use rustix::fs::Access;

use super::{End, Options, RecordError, Writer};
use crate::record::Head;

/// A file that is being written.
#[derive(Debug)]
pub(super) struct Part {
    pub(super) path: PathBuf,
    pub(super) writer: Box<dyn Writer>,
    /// Number of its first frame.
    pub(super) first: u64,
    /// Seconds from one frame to the next; 0 when they are irregular.
    period_s: f64,
    pub(super) sums: End,
}

impl Part {
    /// The next part's file: those behind the first one take names that are free.
    pub(super) fn create(options: &Options, head: &Head) -> Result<Self, RecordError> {
        let mut number = head.part;
        loop {
            let path = part_path(&options.path, number);
            match options.format.create(&path, options.overwrite, head) {
                Err(RecordError::Exists { .. }) if number > 1 => number += 1,
                Ok(writer) => {
                    let (first, period_s) = (head.first_frame, head.rate.map_or(0.0, |rate| 1.0 / rate));
                    return Ok(Self { path, writer, first, period_s, sums: End::default() });
                }
                Err(error) => {
                    remove_if_empty(&path, &error);
                    return Err(error);
                }
            }
        }
    }
}

impl Part {
    /// How long so many of its frames last.
    pub(super) fn seconds(&self, frames: u64) -> f64 {
        frames as f64 * self.period_s
    }
}

/// Whether files can be made where this one is to be: who waits for a stream wants to know it before that comes.
pub(super) fn check_folder(path: &Path) -> Result<(), RecordError> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    rustix::fs::access(folder, Access::WRITE_OK | Access::EXEC_OK)
        .map_err(|errno| RecordError::File { path: path.to_owned(), source: errno.into() })
}

/// A file that could not even be begun is none.
fn remove_if_empty(path: &Path, error: &RecordError) {
    let is_made = matches!(error, RecordError::File { .. });
    if is_made && std::fs::metadata(path).is_ok_and(|file| file.is_file() && file.len() == 0) {
        let _ = std::fs::remove_file(path);
    }
}

/// Whoever sees the end may pull the plug.
pub(super) fn sync(path: &Path) -> Result<(), RecordError> {
    let synced = File::open(path).and_then(|file| file.sync_all());
    synced.map_err(|source| RecordError::File { path: path.to_owned(), source })
}

/// `FILE.bdf`, `FILE-2.bdf`, ...
fn part_path(path: &Path, part: u32) -> PathBuf {
    if part <= 1 {
        return path.to_owned();
    }
    let stem = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let ending = path.extension().map(|e| format!(".{}", e.to_string_lossy())).unwrap_or_default();
    path.with_file_name(format!("{stem}-{part}{ending}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_are_called_after_the_first() {
        let name = |part| part_path(Path::new("/a.b/night.x.bdf"), part).display().to_string();
        assert_eq!([name(1), name(2), name(11)], ["/a.b/night.x.bdf", "/a.b/night.x-2.bdf", "/a.b/night.x-11.bdf"]);
    }
}
