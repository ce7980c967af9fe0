//! One segment: a file in /dev/shm, reserved to its last byte and mapped.
//!
//! A segment that could not be reserved is an error at once: `ftruncate` alone would let the first touch end in SIGBUS, here or in a reader.
#![allow(unsafe_code)]

use std::fs::File;
use std::io;
use std::os::fd::AsRawFd as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use axismirror_core::fence::{Acquire, Release};
use axismirror_core::memory::{Memory, MemoryMut, Word};
use axismirror_core::shared::{SharedBytes, SharedView};
use memmap2::{MmapOptions, MmapRaw};
use rustix::fs::{self, FallocateFlags, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::closed::{Closed, not_a_file, not_opened, removal};
use super::truncation::Watched;
use crate::access::{Access, AccessError};

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

/// Bytes up to which no ring is much of what a segment needs.
const SMALL: u64 = 1 << 16;

/// What can go wrong with a segment.
#[derive(Debug, thiserror::Error)]
pub enum ShmError {
    /// The file system is full.
    #[error(
        "{} has no room for a segment of {needed} bytes: {available} bytes are free. {}emove files there, or mount it larger (mount -o remount,size=...)",
        dir.display(), if *needed > SMALL { "Choose a smaller buf_dur, r" } else { "R" }
    )]
    NoSpace {
        /// Where.
        dir: PathBuf,
        /// Bytes asked for.
        needed: u64,
        /// Bytes free.
        available: u64,
    },
    /// Another process writes this stream.
    #[error("the stream is being written by process {pid}; stop it, or choose another name")]
    InUse {
        /// The process, 0 when it does not say.
        pid: u32,
    },
    /// Not a regular file.
    #[error(
        "{} is {what} of user {owner}, not a regular file, so no stream can be there; remove it ({} {})",
        path.display(), removal(what), path.display()
    )]
    NotAFile {
        /// Which.
        path: PathBuf,
        /// What it is.
        what: &'static str,
        /// Whose.
        owner: u32,
    },
    /// It is not for this process' user.
    #[error("{} may not be opened by user {user}: it belongs to {closed}; {}", path.display(), closed.mend())]
    Closed {
        /// Which file.
        path: PathBuf,
        /// For whom it is not.
        user: u32,
        /// Whose it is, and for whom.
        closed: Closed,
    },
    /// It belongs to another user, who could do anything with it.
    #[error("{} belongs to user {owner}, {}", path.display(), about_owner(*writer))]
    OtherOwner {
        /// Which file.
        path: PathBuf,
        /// Whose.
        owner: u32,
        /// The process that writes it, if one does.
        writer: Option<u32>,
    },
    /// The folder of kept names belongs to somebody else.
    #[error("{} is for the names of this user's streams and belongs to user {owner}; root has to remove it", path.display())]
    FolderOfOther {
        /// Which folder.
        path: PathBuf,
        /// Whose.
        owner: u32,
    },
    /// There is something else in the place of the folder of kept names.
    #[error("{} is for the names of this user's streams, and is {what}; remove it (rm {})", path.display(), path.display())]
    NoFolder {
        /// Where.
        path: PathBuf,
        /// What it is.
        what: &'static str,
    },
    /// A file has lost all its names, and can be given none any more.
    #[error("all names of {} were removed", path.display())]
    Unnamed {
        /// What it was called.
        path: PathBuf,
    },
    /// Mode or group cannot be set.
    #[error("cannot share {}: {source}", path.display())]
    Access {
        /// Which file.
        path: PathBuf,
        /// Why not.
        source: AccessError,
    },
    /// Anything else that the system says.
    #[error("{} {}: {source}", action, path.display())]
    Io {
        /// What was tried.
        action: &'static str,
        /// With which file.
        path: PathBuf,
        /// Why not.
        source: io::Error,
    },
}

fn about_owner(writer: Option<u32>) -> String {
    match writer {
        Some(pid) => format!("whose process {pid} writes the stream; choose another name"),
        None => "who may not be trusted with the stream; choose another name, or remove it".to_owned(),
    }
}

impl ShmError {
    pub(super) fn io(action: &'static str, path: &Path, errno: Errno) -> Self {
        Self::Io { action, path: path.to_owned(), source: errno.into() }
    }
}

/// Opens an existing file for reading and, for a writer, writing; `None` when there is none. Follows no symbolic link and waits for nothing.
pub(super) fn open_existing(path: &Path, write: bool) -> Result<Option<File>, ShmError> {
    let access = if write { OFlags::RDWR } else { OFlags::RDONLY };
    let flags = access | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let file = match fs::open(path, flags, Mode::empty()) {
        Ok(fd) => File::from(fd),
        Err(Errno::NOENT) => return Ok(None),
        Err(e) => return Err(not_opened(path, e)),
    };
    let stat = fs::fstat(&file).map_err(|e| ShmError::io("cannot look at", path, e))?;
    not_a_file(path, &stat).map_or(Ok(Some(file)), Err)
}

/// Makes a new file of zeros with all of its bytes reserved; `None` when the name is taken. `dir` is what lacks the room when it does not fit.
pub(super) fn create_reserved(dir: &Path, path: &Path, len: usize, access: Access) -> Result<Option<File>, ShmError> {
    let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    let file = match fs::open(path, flags, Access::Owner.mode()) {
        Ok(fd) => File::from(fd),
        Err(Errno::EXIST) => return Ok(None),
        Err(e) => return Err(ShmError::io("cannot make", path, e)),
    };
    let reserved = reserve(&file, len as u64).map_err(|e| match e {
        Errno::NOSPC => no_space(dir, len as u64),
        e => ShmError::io("cannot reserve", path, e),
    });
    if let Err(e) = reserved.and_then(|()| share(&file, path, access)) {
        // A file that is not whole is of no use to anybody.
        let _ = fs::unlink(path);
        return Err(e);
    }
    Ok(Some(file))
}

/// A file of zeros that has no name yet and goes with its last handle, with all of its bytes reserved; `None` where files need a name from the beginning.
pub(super) fn create_unnamed(dir: &Path, folder: &Path, len: usize) -> Result<Option<File>, ShmError> {
    let flags = OFlags::RDWR | OFlags::TMPFILE | OFlags::CLOEXEC;
    let file = match fs::open(folder, flags, Access::Owner.mode()) {
        Ok(fd) => File::from(fd),
        Err(Errno::OPNOTSUPP | Errno::ISDIR | Errno::NOENT) => return Ok(None),
        Err(e) => return Err(ShmError::io("cannot make a file in", folder, e)),
    };
    reserve(&file, len as u64).map_err(|e| match e {
        Errno::NOSPC => no_space(dir, len as u64),
        e => ShmError::io("cannot reserve memory in", folder, e),
    })?;
    Ok(Some(file))
}

/// Gives such a file its name.
pub(super) fn name_unnamed(file: &File, path: &Path, access: Access) -> Result<(), ShmError> {
    // By way of /proc, since the other way is root's (open(2), O_TMPFILE).
    let this = format!("/proc/self/fd/{}", file.as_raw_fd());
    fs::linkat(fs::CWD, this, fs::CWD, path, fs::AtFlags::SYMLINK_FOLLOW)
        .map_err(|e| ShmError::io("cannot make", path, e))?;
    share(file, path, access).inspect_err(|_| {
        let _ = fs::unlink(path);
    })
}

/// Gives a segment its mode and group.
pub(super) fn share(file: &File, path: &Path, access: Access) -> Result<(), ShmError> {
    access.set(file).map_err(|source| ShmError::Access { path: path.to_owned(), source })
}

fn reserve(file: &File, len: u64) -> rustix::io::Result<()> {
    loop {
        match fs::fallocate(file, FallocateFlags::empty(), 0, len) {
            Err(Errno::INTR) => {}
            result => return result,
        }
    }
}

/// The error for a segment that does not fit in a folder, with what is free there.
pub(super) fn no_space(dir: &Path, needed: u64) -> ShmError {
    ShmError::NoSpace { dir: dir.to_owned(), needed, available: free_bytes(dir) }
}

/// Bytes that a file system has left; none where it does not say.
pub(super) fn free_bytes(dir: &Path) -> u64 {
    fs::statvfs(dir).map_or(0, |v| v.f_bavail.saturating_mul(v.f_frsize))
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
