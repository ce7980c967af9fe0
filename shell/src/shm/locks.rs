//! Locks between writers: the one on a header's file, which its writer holds as long as it lives, and the one on the folder, which is held while a
//! header is being started.
//!
//! Knows nothing of how names come and go.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use axismirror_core::extension::{Extension, Writer};
use rustix::fs::{self, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::attached::{self, DEATH_PATIENCE};
use super::error::ShmError;
use super::names;
use super::segment::View;

/// How long the folder's lock is waited for.
pub(super) const START_PATIENCE: Duration = Duration::from_secs(2);

/// Takes the lock on the folder itself, which writers hold while they start. Anybody can hold it, so it is not waited for for ever: without it two
/// writers of one name that start within the same millisecond might not notice each other.
pub(super) fn one_at_a_time(dir: &Path, patience: Duration) -> Option<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let file = File::from(fs::open(dir, flags, Mode::empty()).ok()?);
    let deadline = Instant::now() + patience;
    while fs::flock(&file, FlockOperation::NonBlockingLockExclusive).is_err() {
        if Instant::now() > deadline {
            tracing::warn!("{} stays locked by another process; starting without its lock", dir.display());
            return None;
        }
        std::thread::sleep(Duration::from_millis(1));
    }
    Some(file)
}

/// Takes the writer's lock.
///
/// The lock of a writer that is dead or dying is waited for: the kernel lets go of it with the last mapping of the file, which takes as long as there is
/// memory to be let go of, and whoever looks into the process by /proc at that moment (ps, another service) keeps that for a little longer.
pub(super) fn lock(file: &File, path: &Path) -> Result<(), ShmError> {
    take(file, path, FlockOperation::NonBlockingLockExclusive)
}

/// Takes a shared one, under which no writer can begin with the file; whether nobody who lives writes it. Waits as [`lock`] does.
pub(super) fn keep_writers_out(file: &File, path: &Path) -> bool {
    take(file, path, FlockOperation::NonBlockingLockShared).is_ok()
}

fn take(file: &File, path: &Path, operation: FlockOperation) -> Result<(), ShmError> {
    let deadline = Instant::now() + DEATH_PATIENCE;
    loop {
        match fs::flock(file, operation) {
            Ok(()) => return Ok(()),
            Err(Errno::WOULDBLOCK) => {
                let named = named_in(file, path);
                // The kernel knows better than the header, whose new writer may not have written into it yet; but not of another pid namespace.
                let holder = names::id(file, path).ok().and_then(attached::writer);
                let pid = holder.unwrap_or(named.pid);
                if attached::lives(pid, named) || Instant::now() > deadline {
                    return Err(ShmError::InUse { pid });
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(e) => return Err(ShmError::io("cannot lock", path, e)),
        }
    }
}

/// The process that a header names as its writer; 0 when it does not say.
pub(super) fn named_in(file: &File, path: &Path) -> Writer {
    View::map(file, path).ok().and_then(Extension::find).map(|e| e.writer()).unwrap_or_default()
}
