//! One segment: a file in /dev/shm, mapped.
//!
//! Its files are made and opened in `file`.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use axismirror_core::fence::{Acquire, Release};
use axismirror_core::memory::{Memory, MemoryMut, Word};
use axismirror_core::shared::{SharedBytes, SharedView};
use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{self, Stat};

use super::error::ShmError;
use super::truncation::Watched;

/// A mapped segment. Clones share the mapping, which lasts as long as the last of them.
///
/// It is memory itself, and never lends the handle on the bytes that it is made of: that one says `'static` and can be copied, and a copy
/// would outlast the mapping. What it hands out ([`Memory::first`]) borrows from it:
///
/// ```compile_fail,E0505
/// # use axismirror::shm::Segment;
/// # use axismirror_core::memory::Memory;
/// fn first_byte_of_what_is_gone(segment: Segment) -> u8 {
///     let bytes = segment.first(8).unwrap();
///     drop(segment);
///     bytes.load_u8(0)
/// }
/// ```
///
/// ```compile_fail,E0614
/// # use axismirror::shm::Segment;
/// # use axismirror_core::shared::SharedBytes;
/// fn outlasts(segment: &Segment) -> SharedBytes<'static> {
///     **segment
/// }
/// ```
#[derive(Clone, Debug)]
pub struct Mapped<B> {
    // Private, and lent to nobody: see above.
    bytes: B,
    file: FileId,
    map: Arc<Watched>,
}

/// A segment that we write.
pub type Segment = Mapped<SharedBytes<'static>>;
/// A segment that we only read: mapped without write permission.
pub type View = Mapped<SharedView<'static>>;

/// Which file it is, whatever its names.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct FileId {
    /// Device number.
    pub device: u64,
    /// Inode number.
    pub inode: u64,
}

impl From<&Stat> for FileId {
    fn from(stat: &Stat) -> Self {
        Self { device: stat.st_dev, inode: stat.st_ino }
    }
}

impl<B: Memory> Memory for Mapped<B> {
    type First<'m>
        = B::First<'m>
    where
        Self: 'm;

    #[inline]
    fn len(&self) -> usize {
        self.bytes.len()
    }
    #[inline]
    fn first(&self, len: usize) -> Option<B::First<'_>> {
        self.bytes.first(len)
    }
    #[inline]
    fn load_u8(&self, at: usize) -> u8 {
        self.bytes.load_u8(at)
    }
    #[inline]
    fn load_u16(&self, at: usize) -> u16 {
        self.bytes.load_u16(at)
    }
    #[inline]
    fn load_u32(&self, at: usize) -> u32 {
        self.bytes.load_u32(at)
    }
    #[inline]
    fn load_u64(&self, at: usize) -> u64 {
        self.bytes.load_u64(at)
    }
    #[inline]
    fn fence_acquire(&self, which: Acquire) {
        self.bytes.fence_acquire(which);
    }
    #[inline]
    fn load_bytes(&self, at: usize, target: &mut [u8], word: Word) {
        self.bytes.load_bytes(at, target, word);
    }
    #[inline]
    fn load_f64s(&self, at: usize, target: &mut [f64]) {
        self.bytes.load_f64s(at, target);
    }
}

impl<B: MemoryMut> MemoryMut for Mapped<B> {
    type FirstMut<'m>
        = B::FirstMut<'m>
    where
        Self: 'm;

    #[inline]
    fn first_mut(&self, len: usize) -> Option<B::FirstMut<'_>> {
        self.bytes.first_mut(len)
    }
    #[inline]
    fn store_u8(&self, at: usize, value: u8) {
        self.bytes.store_u8(at, value);
    }
    #[inline]
    fn store_u16(&self, at: usize, value: u16) {
        self.bytes.store_u16(at, value);
    }
    #[inline]
    fn store_u32(&self, at: usize, value: u32) {
        self.bytes.store_u32(at, value);
    }
    #[inline]
    fn store_u64(&self, at: usize, value: u64) {
        self.bytes.store_u64(at, value);
    }
    #[inline]
    fn fence_release(&self, which: Release) {
        self.bytes.fence_release(which);
    }
    #[inline]
    fn store_bytes(&self, at: usize, source: &[u8], word: Word) {
        self.bytes.store_bytes(at, source, word);
    }
    #[inline]
    fn store_f64s(&self, at: usize, source: &[f64]) {
        self.bytes.store_f64s(at, source);
    }
}

impl Segment {
    /// Maps a file for writing, with all its pages present.
    pub(super) fn map(file: &File, path: &Path) -> Result<Self, ShmError> {
        let (len, id) = size(file, path)?;
        let map = mapping(MmapOptions::new().len(len).populate().map_raw(file), path, id)?;
        // SAFETY: the mapping starts at a page boundary, has `len` bytes, is writable, and lives as long as this value or a clone, since `map`
        // keeps it and `bytes` is lent to nobody: what `Memory` hands out borrows from this value. This process accesses the
        // file, also where it has mapped it twice or as a futex's word, in atomic words of the layouts' sizes alone (core's rule 4).
        let bytes = unsafe { SharedBytes::from_raw(map.as_mut_ptr(), len) };
        Ok(Self { bytes, file: id, map })
    }
}

impl View {
    /// Maps a file for reading. No more than the file has: a byte behind its end would be SIGBUS.
    pub(super) fn map(file: &File, path: &Path) -> Result<Self, ShmError> {
        let (len, id) = size(file, path)?;
        let map = mapping(MmapOptions::new().len(len).map_raw_read_only(file), path, id)?;
        // SAFETY: as for a writable mapping, but for the permission, which a view does not need.
        let bytes = unsafe { SharedView::from_raw(map.as_mut_ptr(), len) };
        Ok(Self { bytes, file: id, map })
    }
}

impl<B: Memory> Mapped<B> {
    /// A word of the segment as the kernel's futex calls take it; `None` when it is out of range or not aligned. Only to be loaded from and
    /// slept on: the mapping may be read-only.
    pub(super) fn futex_word(&self, at: usize) -> Option<&AtomicU32> {
        let end = at.checked_add(size_of::<u32>())?;
        if end > self.bytes.len() || !at.is_multiple_of(align_of::<AtomicU32>()) {
            return None;
        }
        let word = self.map.as_mut_ptr().wrapping_add(at).cast();
        // SAFETY: in range and aligned as checked above; mapped as long as `self`; everybody accesses it with atomics of this size
        // (core's layout of the extension block).
        Some(unsafe { AtomicU32::from_ptr(word) })
    }
}

impl<B> Mapped<B> {
    /// Whether it has lost a page to somebody who cut the file short: what was loaded from that page since then are zeros. Known in a program
    /// that [survives](super::survive_truncation) this, as soon as the page was touched.
    #[must_use]
    pub fn is_cut(&self) -> bool {
        self.map.is_cut()
    }

    /// Which file it is.
    #[must_use]
    pub const fn file(&self) -> FileId {
        self.file
    }
}

fn mapping(map: io::Result<MmapRaw>, path: &Path, file: FileId) -> Result<Arc<Watched>, ShmError> {
    map.map(|map| Arc::new(Watched::new(map, file))).map_err(|source| ShmError::Io {
        action: "cannot map",
        path: path.to_owned(),
        source,
    })
}

fn size(file: &File, path: &Path) -> Result<(usize, FileId), ShmError> {
    let stat = fs::fstat(file).map_err(|e| ShmError::io("cannot look at", path, e))?;
    Ok((usize::try_from(stat.st_size).unwrap_or(0), FileId::from(&stat)))
}
