//! A file that grows: what was written whole stays whole.
//!
//! Knows no format.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use super::RecordError;

/// An open file and how much of it is good.
#[derive(Debug)]
pub(super) struct Out {
    file: File,
    path: PathBuf,
    end: u64,
}

impl Out {
    /// Makes the file.
    pub(super) fn create(path: &Path, overwrite: bool) -> Result<Self, RecordError> {
        let mut options = OpenOptions::new();
        options.write(true).custom_flags(libc::O_CLOEXEC);
        if overwrite {
            options.create(true).truncate(true);
        } else {
            options.create_new(true);
        }
        let file = options.open(path).map_err(|source| match source.kind() {
            io::ErrorKind::AlreadyExists => RecordError::Exists { path: path.to_owned() },
            _ => RecordError::File { path: path.to_owned(), source },
        })?;
        Ok(Self { file, path: path.to_owned(), end: 0 })
    }

    /// The file's path.
    #[cfg(feature = "parquet")]
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Bytes that are good.
    pub(super) const fn end(&self) -> u64 {
        self.end
    }

    /// Adds bytes. When that fails, none of them are there.
    pub(super) fn append(&mut self, bytes: &[u8]) -> Result<(), RecordError> {
        match self.file.write_all_at(bytes, self.end) {
            Ok(()) => {
                self.end += bytes.len() as u64;
                Ok(())
            }
            Err(e) => {
                // A piece of it may be there; to cut needs no room.
                let _ = self.file.set_len(self.end);
                Err(self.broken(e))
            }
        }
    }

    /// Replaces bytes that are there.
    pub(super) fn replace(&self, at: u64, bytes: &[u8]) -> Result<(), RecordError> {
        self.file.write_all_at(bytes, at).map_err(|e| self.broken(e))
    }

    /// The file itself.
    #[cfg(feature = "parquet")]
    pub(super) const fn file(&self) -> &File {
        &self.file
    }

    /// The error of a write.
    pub(super) fn broken(&self, source: io::Error) -> RecordError {
        RecordError::File { path: self.path.clone(), source }
    }
}
