//! What can go wrong with segments, and how to mend it.
//!
//! Texts alone; touches nothing.

use std::io;
use std::path::{Path, PathBuf};

use rustix::io::Errno;

use super::closed::{Closed, removal};
use crate::access::AccessError;

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
    /// Somebody else has a name that a segment needs.
    #[error(
        "{} is {what} of user {owner}, and a segment of the stream needs that name; that user or root has to remove it ({} {})",
        path.display(), removal(what), path.display()
    )]
    Taken {
        /// The name.
        path: PathBuf,
        /// What has it.
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
