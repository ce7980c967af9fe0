//! Keeps names alive.
//!
//! A Python reader that exits unlinks every segment it attached; who comes later then finds nothing. The guard watches both of a segment's
//! names and links one again from the other, to the same file. When both are gone at once, the file cannot be linked by anybody any more
//! (linkat(2): ENOENT): then it says so, and the publisher makes another segment, as for one that was cut short. Never touches a segment's bytes.

use std::ffi::CStr;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{self, Stat, inotify};
use rustix::io::Errno;
use rustix::time::Timespec;

use super::names::{Names, Places};
use super::segment::FileId;
use super::truncation;

/// How long the guard waits for an event before it looks at the names anyway, and at most until it ends.
const LOOK_EVERY: Duration = Duration::from_millis(200);

impl Trouble {
    /// Whether another segment has to take its place.
    const fn is_final(self) -> bool {
        matches!(self, Self::Lost | Self::Cut)
    }
}

/// Names that are to be there.
#[derive(Debug)]
pub(super) struct Kept {
    places: Places,
    /// Of both folders. Without it names are looked at from time to time only.
    watch: Option<OwnedFd>,
    segments: Mutex<Vec<Segment>>,
    stop: AtomicBool,
    heals: AtomicU64,
    /// Whether one of them has lost both names, or some of its bytes.
    lost: AtomicBool,
}

#[derive(Debug)]
struct Segment {
    names: Names,
    file: FileId,
    made: Made,
    trouble: Option<Trouble>,
}

/// What a file was made with.
#[derive(Clone, Copy, Debug, Default)]
struct Made {
    len: usize,
    /// Blocks of memory, in the file system's unit: those of a file that was cut short do not come back with its length, but when they are touched.
    blocks: u64,
    /// When it was modified, in seconds and nanoseconds: what is stored by way of a mapping may count, too.
    at: (i64, u64),
    /// Whether it was modified by a call since then, as nobody has reason to: its length was set.
    is_modified: bool,
}

/// Why a segment cannot be found by its name, or is of no use to who finds it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    /// Another file has the public name.
    Taken,
    /// Both names are gone, and with them all hope.
    Lost,
    /// It is shorter than it was made, or was: what was behind its end is zeros, or gone.
    Cut,
    /// The system refuses.
    Refused(Errno),
}

impl Kept {
    pub(super) fn new(places: Places) -> Self {
        let watch = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK);
        let watch = watch.inspect_err(|e| tracing::warn!("names that Python readers unlink come back late: {e}")).ok();
        Self {
            places,
            watch,
            segments: Mutex::default(),
            stop: AtomicBool::new(false),
            heals: AtomicU64::new(0),
            lost: AtomicBool::new(false),
        }
    }

    /// From now on this file's names are restored from one another, and its `len` bytes are to stay.
    pub(super) fn add(&self, names: Names, file: FileId, len: usize) {
        let made = Made { len, ..names.stat(file).map(Made::from).unwrap_or_default() };
        // One that could not be replaced comes back as it was, and nothing new is to be said of it.
        let trouble = match names.lead_to(file) {
            (false, false) => Some(Trouble::Lost),
            _ => is_cut(&names, file, made).then_some(Trouble::Cut),
        };
        let mut segments = self.segments();
        segments.push(Segment { names, file, made, trouble });
        self.note_lost(&segments);
        drop(segments);
        // The folder of kept names may be a new one.
        self.watch();
    }

    /// No longer. When this returns, the guard will not bring the names back. Says which file it was.
    pub(super) fn forget(&self, names: &Names) -> Option<FileId> {
        let mut segments = self.segments();
        let file = segments.iter().find(|s| s.names == *names).map(|s| s.file);
        segments.retain(|s| s.names != *names);
        self.note_lost(&segments);
        file
    }

    /// Whether they are watched.
    pub(super) fn watches(&self, names: &Names) -> bool {
        self.segments().iter().any(|s| s.names == *names)
    }

    /// A segment that had lost both names was replaced.
    pub(super) fn count_replaced(&self) {
        self.heals.fetch_add(1, Ordering::Relaxed);
    }

    /// How often a public name was restored.
    pub(super) fn heals(&self) -> u64 {
        self.heals.load(Ordering::Relaxed)
    }

    /// Whether one has to be replaced: it has lost both names, or was cut short. Costs nothing.
    pub(super) fn has_lost(&self) -> bool {
        // Relaxed: a flag alone; what is lost is asked for under the lock.
        self.lost.load(Ordering::Relaxed)
    }

    /// Whether this one has.
    pub(super) fn is_lost(&self, names: &Names) -> bool {
        self.segments().iter().any(|s| s.names == *names && s.trouble.is_some_and(Trouble::is_final))
    }

    fn segments(&self) -> MutexGuard<'_, Vec<Segment>> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note_lost(&self, segments: &[Segment]) {
        // Relaxed: a flag alone; who finds it set looks at the segments under their lock.
        self.lost.store(segments.iter().any(|s| s.trouble.is_some_and(Trouble::is_final)), Ordering::Relaxed);
    }

    /// Watches both folders; one that is watched already stays so.
    fn watch(&self) {
        let Some(watch) = &self.watch else { return };
        // A file whose length is set is modified; what is stored in it by way of a mapping is not.
        let changes = inotify::WatchFlags::DELETE | inotify::WatchFlags::MOVED_FROM | inotify::WatchFlags::MODIFY;
        let flags = changes | inotify::WatchFlags::ONLYDIR;
        for dir in [self.places.dir(), self.places.folder()] {
            // The names are looked at from time to time all the same.
            let _ = inotify::add_watch(watch, dir, flags);
        }
    }

    /// Something with this name was modified by a call.
    fn note_modified(&self, name: &CStr) {
        let has_name = |path: &Path| path.file_name().is_some_and(|n| n.as_bytes() == name.to_bytes());
        for segment in self.segments().iter_mut().filter(|s| has_name(&s.names.public) || has_name(&s.names.kept)) {
            // It was not, when it was only made before we had it.
            let now = segment.names.stat(segment.file).map(Made::from);
            segment.made.is_modified |= now.is_some_and(|now| now.at != segment.made.at);
        }
    }

    /// Links again what is gone. Holds the lock meanwhile, so that a name that is being removed on purpose does not come back.
    pub(super) fn heal(&self) {
        let mut segments = self.segments();
        for segment in segments.iter_mut() {
            let trouble = self.heal_one(&segment.names, segment.file, segment.made);
            let before = std::mem::replace(&mut segment.trouble, trouble);
            if before != trouble {
                report(&segment.names.public, trouble);
            }
        }
        self.note_lost(&segments);
    }

    fn heal_one(&self, names: &Names, file: FileId, made: Made) -> Option<Trouble> {
        let linked = match names.lead_to(file) {
            (true, true) => Ok(()),
            (false, true) => fs::link(&names.kept, &names.public).inspect(|()| {
                // Relaxed: a count alone.
                self.heals.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(name = %names.public.display(), "a segment was unlinked; its name is back");
            }),
            (true, false) => self.keep_again(names, file),
            (false, false) => return Some(Trouble::Lost),
        };
        match linked {
            // NOENT: unlinked between the look and the link; there is another event to come.
            Ok(()) | Err(Errno::NOENT) => is_cut(names, file, made).then_some(Trouble::Cut),
            Err(Errno::EXIST) => Some(Trouble::Taken),
            Err(e) => Some(Trouble::Refused(e)),
        }
    }

    /// Gives a file its kept name again, in a folder that may be gone too.
    fn keep_again(&self, names: &Names, file: FileId) -> rustix::io::Result<()> {
        // Not into whatever somebody has put in its place.
        self.places.make().map_err(|_| Errno::NOTDIR)?;
        self.watch();
        // In our own folder nobody else's file has a place.
        match fs::link(&names.public, &names.kept) {
            Err(Errno::EXIST) => {
                fs::unlink(&names.kept)?;
                fs::link(&names.public, &names.kept)?;
            }
            linked => linked?,
        }
        if !names.lead_to(file).1 || self.places.make().is_err() {
            // Whoever was quick enough to take the public name meanwhile, or the folder's place.
            fs::unlink(&names.kept)?;
        }
        Ok(())
    }
}

/// Whether a segment is shorter than it was made, or was for an instant: its length was set, it has less memory, or a page of it was missed.
fn is_cut(names: &Names, file: FileId, made: Made) -> bool {
    let now = names.stat(file).map(Made::from);
    let is_less = now.is_some_and(|now| now.len < made.len || now.blocks < made.blocks);
    is_less || made.is_modified || truncation::is_cut(file)
}

impl From<Stat> for Made {
    fn from(stat: Stat) -> Self {
        Self {
            len: usize::try_from(stat.st_size).unwrap_or(0),
            blocks: u64::try_from(stat.st_blocks).unwrap_or(0),
            at: (stat.st_mtime, stat.st_mtime_nsec),
            is_modified: false,
        }
    }
}

/// One line for each turn of events.
fn report(name: &Path, trouble: Option<Trouble>) {
    let name = name.display();
    match trouble {
        None => tracing::info!(%name, "the segment can be found again"),
        Some(Trouble::Taken) => {
            tracing::warn!(%name, "another program has taken the segment's name: new readers find that one's")
        }
        Some(Trouble::Lost) => {
            tracing::warn!(%name, "all names of the segment were removed: new readers need another one")
        }
        Some(Trouble::Cut) => tracing::warn!(%name, "the segment was cut short: readers need another one"),
        Some(Trouble::Refused(e)) => {
            tracing::warn!(%name, "the segment's name is gone and cannot be linked again: {e}")
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
    /// Starts watching.
    pub(super) fn start(kept: Arc<Kept>) -> io::Result<Self> {
        kept.watch();
        let shared = kept.clone();
        let thread = std::thread::Builder::new().name("axm-guard".into()).spawn(move || {
            crate::realtime::leave();
            let kept = shared;
            let wait = Timespec::try_from(LOOK_EVERY).ok();
            let mut buffer = [std::mem::MaybeUninit::uninit(); 4096];
            // Relaxed: a flag alone.
            while !kept.stop.load(Ordering::Relaxed) {
                match &kept.watch {
                    Some(watch) => {
                        let _ = poll(&mut [PollFd::new(watch, PollFlags::IN)], wait.as_ref());
                        let mut events = inotify::Reader::new(watch, &mut buffer);
                        while let Ok(event) = events.next() {
                            // Which names are gone does not matter: all are looked at.
                            if event.events().contains(inotify::ReadFlags::MODIFY)
                                && let Some(name) = event.file_name()
                            {
                                kept.note_modified(name);
                            }
                        }
                    }
                    None => std::thread::sleep(LOOK_EVERY),
                }
                kept.heal();
            }
        })?;
        Ok(Self { kept, thread: Some(thread) })
    }
}

impl Drop for Guard {
    fn drop(&mut self) {
        // Relaxed: the thread is joined.
        self.kept.stop.store(true, Ordering::Relaxed);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
