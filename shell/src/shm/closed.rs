//! What looks like a stream and is not for this user: whose it is, and what would open it.
//!
//! Asks the file system alone; never opens anything.

use std::fmt;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use rustix::fs;
use rustix::io::Errno;

use super::find::headers;

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
        let group = self.group;
        if self.is_group_readable() {
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
