//! The mirror's side of /dev/shm: opens segments read-only and says whether a name still leads to one.

use std::path::{Path, PathBuf};

use axismirror_core::name::SegmentName;
use axismirror_core::store::{Presence, SegmentSource};
use rustix::fs;

use super::error::ShmError;
use super::file::open_existing;
use super::segment::{FileId, View};

/// Segments of a folder, opened for reading.
#[derive(Clone, Debug)]
pub struct ShmSource {
    dir: PathBuf,
}

impl Default for ShmSource {
    fn default() -> Self {
        Self::new(super::SHM_DIR)
    }
}

impl ShmSource {
    /// Segments of this folder (tests have their own).
    pub fn new(dir: impl AsRef<Path>) -> Self {
        Self { dir: dir.as_ref().to_owned() }
    }
}

impl SegmentSource for ShmSource {
    type Memory = View;
    type Error = ShmError;

    fn open(&mut self, name: &SegmentName) -> Result<Option<View>, ShmError> {
        let path = self.dir.join(name.as_str());
        let Some(file) = open_existing(&path, false)? else { return Ok(None) };
        // The published writer makes a segment and then gives it its length.
        if fs::fstat(&file).is_ok_and(|s| s.st_size == 0) {
            return Ok(None);
        }
        View::map(&file, &path).map(Some)
    }

    fn presence(&mut self, name: &SegmentName, memory: &View) -> Presence {
        match fs::lstat(self.dir.join(name.as_str())) {
            Ok(stat) if FileId::from(&stat) == memory.file() => Presence::Same,
            Ok(_) => Presence::Replaced,
            Err(_) => Presence::Gone,
        }
    }

    fn is_cut(&self, memory: &View) -> bool {
        memory.is_cut()
    }
}
