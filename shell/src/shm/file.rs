//! The files that segments are: opened, or made with all of their bytes reserved.
//!
//! A segment that could not be reserved is an error at once: `ftruncate` alone would let the first touch end in SIGBUS, here or in a reader.

use std::fs::File;
use std::os::fd::AsRawFd as _;
use std::path::Path;

use rustix::fs::{self, FallocateFlags, Mode, OFlags};
use rustix::io::Errno;

use super::closed::{not_a_file, not_opened};
use super::error::ShmError;
use crate::access::Access;

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
