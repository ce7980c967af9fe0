//! The room with `unsafe` code: plain memory in /dev/shm, for what is copied with memcpy.
//!
//! What the product does with shared memory is its own; this is only what it is compared with.
#![allow(unsafe_code)]

use std::fs::{File, OpenOptions};
use std::path::PathBuf;

use memmap2::MmapMut;

/// A file in /dev/shm, mapped shared; removed when it is dropped.
#[derive(Debug)]
pub struct PlainSegment {
    path: PathBuf,
    map: MmapMut,
}

impl PlainSegment {
    /// Of `len` bytes, all of them touched.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn new(len: usize) -> Result<Self, String> {
        let path = PathBuf::from(format!("/dev/shm/axismirror-bench-{}-{len}", std::process::id()));
        let make = || -> std::io::Result<MmapMut> {
            let file: File = OpenOptions::new().read(true).write(true).create_new(true).open(&path)?;
            file.set_len(len as u64)?;
            // SAFETY: the file was just made under a name of this process and nobody else knows it, so nothing but this map changes it.
            unsafe { MmapMut::map_mut(&file) }
        };
        let mut map = make().map_err(|e| format!("{}: {e}", path.display()))?;
        map.fill(0);
        Ok(Self { path, map })
    }

    /// Its bytes.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.map
    }

    /// Its bytes, to be written.
    pub fn bytes_mut(&mut self) -> &mut [u8] {
        &mut self.map
    }
}

impl Drop for PlainSegment {
    fn drop(&mut self) {
        // A file that stays behind in /dev/shm harms nothing but tidiness.
        let _ = std::fs::remove_file(&self.path);
    }
}
