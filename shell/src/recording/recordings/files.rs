//! Where recordings are: a file with its parts, or a folder.
//!
//! Looks each time that it is asked: parts come while a stream is recorded.

use std::ffi::OsStr;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::FileKey;
use crate::record::Format;

/// The most entries of a folder that are looked at.
const MOST_ENTRIES: usize = 10_000;

/// Where recordings are.
#[derive(Debug)]
pub(super) struct Place {
    path: PathBuf,
}

impl Place {
    pub(super) fn of(path: &Path) -> Self {
        Self { path: path.to_owned() }
    }

    /// The file, if it is not a folder; one of those has to be readable.
    pub(super) fn named(&self) -> Result<Option<&Path>, (PathBuf, io::Error)> {
        if !self.path.is_dir() {
            return Ok(Some(&self.path));
        }
        std::fs::read_dir(&self.path).map(|_| None).map_err(|source| (self.path.clone(), source))
    }

    /// The files that there are now.
    pub(super) fn files(&self) -> Vec<FileKey> {
        let is_folder = self.path.is_dir();
        let folder = if is_folder { &self.path } else { self.path.parent().unwrap_or(Path::new("")) };
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        let Ok(entries) = std::fs::read_dir(folder) else { return Vec::new() };
        let is_ours = |path: &Path| if is_folder { may_be(path) } else { is_part(path, &self.path) };
        let paths = entries.take(MOST_ENTRIES).filter_map(Result::ok).map(|entry| entry.path());
        paths.filter(|path| is_ours(path)).filter_map(|path| key(path).ok()).collect()
    }
}

fn key(path: PathBuf) -> io::Result<FileKey> {
    let metadata = path.metadata()?;
    Ok(FileKey { device: metadata.dev(), inode: metadata.ino(), path })
}

/// Whether a file's ending is that of a recording which frames can be taken from.
fn may_be(path: &Path) -> bool {
    matches!(Format::of(path), Ok(Format::Csv | Format::Parquet | Format::Arrow))
}

/// Whether a path is that of a recording, or of one of its parts: `FILE.csv`, `FILE-2.csv`.
fn is_part(path: &Path, of: &Path) -> bool {
    let number = |stem: &OsStr| {
        let (stem, of) = (stem.to_str()?, of.file_stem()?.to_str()?);
        stem.strip_prefix(of)?.strip_prefix('-')?.parse::<u32>().ok()
    };
    path.file_name() == of.file_name()
        || path.extension() == of.extension() && path.file_stem().and_then(number).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_go_with_their_file() {
        let is = |path: &str| is_part(Path::new(path), Path::new("/data/night.x.csv"));
        assert!(is("/data/night.x.csv") && is("/data/night.x-2.csv") && is("/data/night.x-11.csv"));
        assert!(!is("/data/night.x-2.parquet") && !is("/data/night.csv") && !is("/data/night.x-b.csv"));
        assert!(may_be(Path::new("a.csv")) && !may_be(Path::new("a.bdf")) && !may_be(Path::new("a.txt")));
    }
}
