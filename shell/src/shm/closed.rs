//! What looks like a stream and cannot be opened: what it is, whose, and what would mend that.
//!
//! Asks the file system alone; never opens anything.

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs::{self, FileType, Stat};
use rustix::io::Errno;

use super::error::ShmError;
use super::find::headers;
use crate::access::group_name;

const FOLDER: &str = "a folder";

/// A segment that this process may not read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Closed {
    /// Its file's name.
    pub segment: String,
    /// Whose it is.
    pub user: u32,
    /// Its group.
    pub group: u32,
    /// Its permissions (the lowest nine bits of `st_mode`).
    pub mode: u32,
}

impl Closed {
    /// What has this path; `None` when there is nothing, or nobody says what.
    pub(super) fn at(path: &Path) -> Option<Self> {
        let stat = std::fs::symlink_metadata(path).ok()?;
        let segment = path.file_name()?.to_string_lossy().into_owned();
        Some(Self { segment, user: stat.uid(), group: stat.gid(), mode: stat.mode() & 0o777 })
    }

    /// Whether its group may read it.
    #[must_use]
    pub const fn is_group_readable(&self) -> bool {
        self.mode & 0o040 != 0
    }

    /// Who may read it, and what makes others be among them.
    #[must_use]
    pub fn mend(&self) -> String {
        if self.is_group_readable() {
            let group = group_name(self.group);
            format!("members of group {group} may: usermod -aG {group} USER, and log in again")
        } else {
            "its owner alone may; the settings `mode = \"0660\"` and `group` of its service share it".to_owned()
        }
    }
}

/// `user 1000 (group 1000, mode 0600)`
impl fmt::Display for Closed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "user {} (group {}, mode {:04o})", self.user, self.group, self.mode)
    }
}

/// What looks like a stream in a folder and may not be read, by name.
///
/// # Errors
/// The folder cannot be read.
pub fn closed(dir: impl AsRef<Path>) -> io::Result<Vec<Closed>> {
    let dir = dir.as_ref();
    let mut found: Vec<Closed> = headers(dir)?
        .map(|name| dir.join(name))
        .filter(|path| fs::access(path, fs::Access::READ_OK) == Err(Errno::ACCESS))
        .filter_map(|path| Closed::at(&path))
        .collect();
    found.sort_by(|a, b| a.segment.cmp(&b.segment));
    Ok(found)
}

/// Why what has this path cannot be opened.
pub(super) fn not_opened(path: &Path, errno: Errno) -> ShmError {
    // A socket, for one, cannot be opened at all (open(2): ENXIO).
    if let Some(error) = fs::lstat(path).ok().and_then(|stat| not_a_file(path, &stat)) {
        return error;
    }
    match Closed::at(path).filter(|_| errno == Errno::ACCESS) {
        Some(closed) => ShmError::Closed { path: path.to_owned(), user: rustix::process::geteuid().as_raw(), closed },
        None => ShmError::io("cannot open", path, errno),
    }
}

/// The error of what is not a regular file.
pub(super) fn not_a_file(path: &Path, stat: &Stat) -> Option<ShmError> {
    let is_file = FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile;
    (!is_file).then(|| ShmError::NotAFile { path: path.to_owned(), what: kind(stat), owner: stat.st_uid })
}

/// The error of a name that somebody else has, who keeps it: a folder, or what belongs to another user in a folder in which each has his own.
pub(super) fn taken(path: &Path) -> Option<ShmError> {
    let stat = fs::lstat(path).ok()?;
    let user = rustix::process::geteuid();
    let is_others = stat.st_uid != user.as_raw() && !user.is_root();
    let is_kept = is_others || FileType::from_raw_mode(stat.st_mode) == FileType::Directory;
    is_kept.then(|| ShmError::Taken { path: path.to_owned(), what: kind(&stat), owner: stat.st_uid })
}

fn kind(stat: &Stat) -> &'static str {
    match FileType::from_raw_mode(stat.st_mode) {
        FileType::RegularFile => "a file",
        FileType::Directory => FOLDER,
        FileType::Symlink => "a symbolic link",
        FileType::Fifo => "a FIFO",
        FileType::Socket => "a socket",
        _ => "a device",
    }
}

/// The command that removes it.
pub(super) fn removal(what: &str) -> &'static str {
    if what == FOLDER { "rm -r" } else { "rm" }
}
