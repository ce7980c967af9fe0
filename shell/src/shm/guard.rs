//! Keeps public names alive.
//!
//! A Python reader that exits unlinks every segment it attached; who comes later then finds nothing. The guard watches the folder and links
//! a name again from the private one, to the same file. Never touches a segment's bytes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{self, inotify};
use rustix::io::Errno;
use rustix::time::Timespec;

/// How long the guard waits for an event before it looks at the names anyway, and at most until it ends.
const LOOK_EVERY: Duration = Duration::from_millis(200);

/// Names that are to be there.
#[derive(Debug, Default)]
pub(super) struct Kept {
    names: Mutex<Vec<Name>>,
    stop: AtomicBool,
    heals: AtomicU64,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Name {
    public: PathBuf,
    private: PathBuf,
}

impl Kept {
    /// From now on the public name is restored from the private one.
    pub(super) fn add(&self, public: &Path, private: &Path) {
        self.names().push(Name { public: public.to_owned(), private: private.to_owned() });
    }

    /// No longer. When this returns, the guard will not bring the name back.
    pub(super) fn forget(&self, public: &Path) {
        self.names().retain(|n| n.public != public);
    }

    /// How often a name was restored.
    pub(super) fn heals(&self) -> u64 {
        self.heals.load(Ordering::Relaxed)
    }

    fn names(&self) -> MutexGuard<'_, Vec<Name>> {
        self.names.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Links again what is gone. Holds the lock meanwhile, so that a name that is being removed on purpose does not come back.
    fn heal(&self) {
        for name in self.names().iter() {
            match fs::link(&name.private, &name.public) {
                Ok(()) => {
                    self.heals.fetch_add(1, Ordering::Relaxed);
                    tracing::debug!(name = %name.public.display(), "a reader unlinked a segment; its name is back");
                }
                // It is there: the usual case.
                Err(Errno::EXIST) => {}
                Err(e) => {
                    tracing::warn!(name = %name.public.display(), "a segment's name is gone and cannot be linked again: {e}")
                }
            }
        }
    }
}

/// The thread that watches; it ends when this is dropped.
#[derive(Debug)]
pub(super) struct Guard {
    kept: Arc<Kept>,
    thread: Option<JoinHandle<()>>,
}

impl Guard {
    /// Starts watching a folder.
    pub(super) fn start(dir: &Path, kept: Arc<Kept>) -> io::Result<Self> {
        let watch = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
        inotify::add_watch(&watch, dir, inotify::WatchFlags::DELETE | inotify::WatchFlags::MOVED_FROM)?;
        let shared = kept.clone();
        let thread = std::thread::Builder::new().name("axm-guard".into()).spawn(move || {
            crate::realtime::leave();
            let kept = shared;
            let wait = Timespec::try_from(LOOK_EVERY).ok();
            let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
            while !kept.stop.load(Ordering::Relaxed) {
                let _ = poll(&mut [PollFd::new(&watch, PollFlags::IN)], wait.as_ref());
                // Which names does not matter: all are looked at.
                let mut events = inotify::Reader::new(&watch, &mut buffer);
                while events.next().is_ok() {}
                kept.heal();
            }
        })?;
        Ok(Self { kept, thread: Some(thread) })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        self.kept.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
