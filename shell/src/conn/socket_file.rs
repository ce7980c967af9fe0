//! The file of a Unix socket: made for its owner alone or for a group too, taken over from the dead, refused to the living, removed at the end.
//!
//! Knows nothing of what goes through the socket.

use std::fs::{self, File};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::fs::{FileTypeExt, MetadataExt};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::thread::sleep;
use std::time::Duration;

use rustix::fs::{AtFlags, FlockOperation, Mode, OFlags};
use rustix::net::{AddressFamily, SocketAddrUnix, SocketFlags, SocketType};

use super::peers::Peer;
use crate::access::{Access, AccessError};

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 16;
/// How often, and how long apart, the folder's lock is tried.
const LOCK_TRIES: (u32, Duration) = (50, Duration::from_millis(10));

/// Why there is no socket at a path.
#[derive(Debug, thiserror::Error)]
pub enum SocketFileError {
    /// Somebody listens there.
    #[error("{}: process {pid} listens there; end it or choose another path", path.display())]
    InUse {
        /// The socket.
        path: PathBuf,
        /// Who listens.
        pid: u32,
    },
    /// Its file changes hands all the time.
    #[error("{}: other processes make and remove sockets there; choose another path", path.display())]
    Contended {
        /// The socket.
        path: PathBuf,
    },
    /// Something that is no socket lies there; it is left alone.
    #[error("{}: there is a file which is not a socket; remove it or choose another path", path.display())]
    NotASocket {
        /// The file.
        path: PathBuf,
    },
    /// A group cannot be given access.
    #[error("{}: cannot be shared", path.display())]
    Access {
        /// The socket.
        path: PathBuf,
        /// Why not.
        source: AccessError,
    },
    /// The operating system refuses.
    #[error("{}: cannot {what}", path.display())]
    Io {
        /// The socket.
        path: PathBuf,
        /// What failed.
        what: &'static str,
        /// Why.
        source: io::Error,
    },
}

/// A listening socket and its file, which is removed when this is dropped.
#[derive(Debug)]
pub(crate) struct SocketFile {
    pub(crate) listener: UnixListener,
    path: PathBuf,
    /// Device and inode of the file that we made: nobody else's is removed.
    identity: (u64, u64),
}

impl SocketFile {
    /// Listens at `path`, non-blocking; who has `access` may connect.
    pub(crate) fn bind(path: &Path, access: Access) -> Result<Self, SocketFileError> {
        let failed = |what| move |source: io::Error| SocketFileError::Io { path: path.to_owned(), what, source };
        let _lock = lock_folder(path);
        remove_stale(path)?;
        let address = SocketAddrUnix::new(path).map_err(io::Error::from).map_err(failed("use this path"))?;
        let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
        let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)
            .map_err(io::Error::from)
            .map_err(failed("make a socket"))?;
        // Before bind, so that the file never has another mode, not even for an instant (Linux gives it the socket's).
        rustix::fs::fchmod(&socket, Access::Owner.mode()).map_err(io::Error::from).map_err(failed("set the mode"))?;
        rustix::net::bind(&socket, &address).map_err(io::Error::from).map_err(failed("make the socket's file"))?;
        let meta = fs::symlink_metadata(path).map_err(failed("look at the socket's file"))?;
        let file =
            Self { listener: UnixListener::from(socket), path: path.to_owned(), identity: (meta.dev(), meta.ino()) };
        if access.is_shared() {
            file.share(access)?;
        }
        rustix::net::listen(&file.listener, BACKLOG).map_err(io::Error::from).map_err(failed("listen"))?;
        Ok(file)
    }

    /// Before anybody can connect. The umask takes from the mode at bind, so it is set afterwards, through a descriptor of the very file:
    /// its name may lead elsewhere by now.
    fn share(&self, access: Access) -> Result<(), SocketFileError> {
        let path = &self.path;
        let failed = |source: io::Error| SocketFileError::Io { path: path.clone(), what: "set the mode", source };
        let flags = OFlags::PATH | OFlags::NOFOLLOW | OFlags::CLOEXEC;
        let file = rustix::fs::open(path, flags, Mode::empty()).map_err(|e| failed(e.into()))?;
        let stat = rustix::fs::fstat(&file).map_err(|e| failed(e.into()))?;
        if (stat.st_dev, stat.st_ino) != self.identity {
            return Err(SocketFileError::Contended { path: path.clone() });
        }
        access
            .set_group(|gid| rustix::fs::chownat(&file, "", None, Some(gid), AtFlags::EMPTY_PATH))
            .map_err(|source| SocketFileError::Access { path: path.clone(), source })?;
        // fchmod refuses such a descriptor (open(2), O_PATH); the kernel's link to its file serves.
        let link = format!("/proc/self/fd/{}", file.as_raw_fd());
        rustix::fs::chmod(link, access.mode()).map_err(|e| failed(e.into()))
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for SocketFile {
    fn drop(&mut self) {
        let ours = fs::symlink_metadata(&self.path).is_ok_and(|meta| (meta.dev(), meta.ino()) == self.identity);
        if ours && let Err(error) = fs::remove_file(&self.path) {
            tracing::warn!(path = %self.path.display(), %error, "the socket's file stays behind");
        }
    }
}

/// Two processes that start at once must not each take the other's new socket for a stale one. Where the folder cannot be
/// locked the rest is still right for all but that instant.
fn lock_folder(path: &Path) -> Option<File> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let folder = File::open(folder).ok()?;
    let (tries, pause) = LOCK_TRIES;
    for _ in 0..tries {
        match rustix::fs::flock(&folder, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Some(folder),
            Err(_) => sleep(pause),
        }
    }
    None
}

/// Removes the socket of a process that is gone or dying: its file is there, but nobody listens any more.
fn remove_stale(path: &Path) -> Result<(), SocketFileError> {
    let failed = |what| move |source| SocketFileError::Io { path: path.to_owned(), what, source };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(failed("look at the path")(error)),
        Ok(meta) if !meta.file_type().is_socket() => {
            return Err(SocketFileError::NotASocket { path: path.to_owned() });
        }
        Ok(_) => {}
    }
    match knock(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Ok(peer) if peer.lives() => Err(SocketFileError::InUse { path: path.to_owned(), pid: peer.pid }),
        Err(error) if error.kind() != io::ErrorKind::ConnectionRefused => {
            // A listener whose queue is full is alive: "resource temporarily unavailable".
            Err(failed("ask who listens there")(error))
        }
        Ok(_) | Err(_) => fs::remove_file(path).map_err(failed("remove the socket of a dead process")),
    }
}

/// Connects and hangs up at once, without waiting. Says who listens.
fn knock(path: &Path) -> io::Result<Peer> {
    let flags = SocketFlags::CLOEXEC | SocketFlags::NONBLOCK;
    let socket = rustix::net::socket_with(AddressFamily::UNIX, SocketType::STREAM, flags, None)?;
    rustix::net::connect(&socket, &SocketAddrUnix::new(path)?)?;
    Peer::of(&socket)
}
