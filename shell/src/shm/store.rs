//! The publisher's side of /dev/shm: makes, locks, adopts and removes segments.
//!
//! The writer of a stream holds `flock(LOCK_EX)` on the header's file: the kernel lets go of it when the process is gone, however it went. So a
//! header that can be locked is nobody's, and a second writer on a live name is refused.

mod reserved;

use std::collections::HashMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axismirror_core::name::{SegmentName, StreamName};
use axismirror_core::publisher::Lost;
use axismirror_core::store::{HeaderSegment, SegmentStore};
use rustix::fs::{self, FileType, Stat};
use rustix::io::Errno;

pub(crate) use self::reserved::InPlace;
use self::reserved::Reserved;
use super::attached;
use super::closed::{not_a_file, taken};
use super::error::ShmError;
use super::file::{create_reserved, free_bytes, name_unnamed, no_space, open_existing, share};
use super::guard::{Guard, Kept};
use super::locks::{START_PATIENCE, lock, named_in, one_at_a_time};
use super::names::{self, Names, Places, leads_to, unlink};
use super::segment::{FileId, Segment};
use crate::access::Access;

/// How often making a segment starts again when its name changes hands meanwhile.
const TRIES: usize = 16;

/// Segments that one publisher makes in a folder.
#[derive(Debug)]
pub struct ShmStore {
    places: Places,
    access: Access,
    /// Header files, open and locked, by public name.
    locks: HashMap<SegmentName, File>,
    starting: Option<Start>,
    reserved: Reserved,
    kept: Arc<Kept>,
    _guard: Option<Guard>,
}

/// A header between its opening and its announcement.
#[derive(Debug)]
struct Start {
    name: SegmentName,
    /// Bytes of a header.
    len: usize,
    /// Of two writers that start at once, one waits for this and then finds the other's header locked.
    _folder: Option<File>,
    /// The header that this store had under the name until now.
    before: Option<File>,
    /// Whether the one that it has is a new file.
    made: bool,
}

impl ShmStore {
    /// Segments of this folder: [`SHM_DIR`](super::SHM_DIR), but for tests.
    pub fn new(dir: impl AsRef<Path>) -> Self {
        let places = Places::own(dir.as_ref());
        let kept = Arc::new(Kept::new(places.clone()));
        let guard = Guard::start(kept.clone())
            .inspect_err(|e| tracing::warn!("names that Python readers unlink will not come back: {e}"))
            .ok();
        let (access, reserved) = (Access::default(), Reserved::default());
        Self { places, access, locks: HashMap::new(), starting: None, reserved, kept, _guard: guard }
    }

    /// Who may open the segments that are made or adopted from now on; the owner alone, if this is not said.
    #[must_use]
    pub const fn with_access(mut self, access: Access) -> Self {
        self.access = access;
        self
    }

    /// How often a public name vanished and was restored.
    #[must_use]
    pub fn heals(&self) -> u64 {
        self.kept.heals()
    }

    /// A segment that had lost its names was replaced: that counts as one restored.
    pub fn count_replaced(&self) {
        self.kept.count_replaced();
    }

    /// What new readers cannot find any more, since somebody has removed all of its names, or what was cut short.
    #[must_use]
    pub fn lost(&self) -> Option<Lost> {
        if !self.kept.has_lost() {
            return None;
        }
        let header = self.locks.keys().any(|name| self.kept.is_lost(&self.places.names(name)));
        Some(if header { Lost::Header } else { Lost::Contents })
    }

    /// Whether a segment of `needed` bytes would fit beside those that there are.
    ///
    /// # Errors
    /// [`ShmError::NoSpace`].
    pub fn check_room(&self, needed: usize) -> Result<(), ShmError> {
        let (dir, needed) = (self.places.dir(), needed as u64);
        if free_bytes(dir) < needed { Err(no_space(dir, needed)) } else { Ok(()) }
    }

    /// Whether another process has a header of this store mapped, or could have: other users' processes, which a shared one may be read by,
    /// cannot be looked into. Asks about every process of the machine.
    #[must_use]
    pub fn has_readers(&self) -> bool {
        self.access.is_shared() || self.locks.values().any(|file| self.is_read(file))
    }

    fn is_read(&self, file: &File) -> bool {
        fs::fstat(file).is_ok_and(|s| attached::by_another_process(self.places.dir(), FileId::from(&s)))
    }

    /// Whether no live writer has a header of this name, and nothing is there that is none, or somebody else's.
    ///
    /// # Errors
    /// [`ShmError::InUse`], [`ShmError::OtherOwner`], [`ShmError::NotAFile`].
    pub fn check_free(&self, name: &SegmentName) -> Result<(), ShmError> {
        let path = self.places.names(name).public;
        let Ok(stat) = fs::lstat(&path) else { return Ok(()) };
        match writer_that_lives(&path, &stat) {
            Some(pid) if is_own(&stat) => Err(ShmError::InUse { pid }),
            writer if !is_own(&stat) && FileType::from_raw_mode(stat.st_mode) == FileType::RegularFile => {
                Err(ShmError::OtherOwner { path, owner: stat.st_uid, writer })
            }
            _ => not_a_file(&path, &stat).map_or(Ok(()), Err),
        }
    }

    /// Whether nobody else keeps the name of a segment that is to be made.
    ///
    /// # Errors
    /// [`ShmError::Taken`].
    pub(crate) fn check_name(&self, name: &SegmentName) -> Result<(), ShmError> {
        taken(&self.places.names(name).public).map_or(Ok(()), Err)
    }

    /// The header that a writer left, locked for us; `None` when there is none that can be adopted.
    ///
    /// The kept name comes first: the public one may have been unlinked by a reader, or taken by a writer that knows no locks.
    fn left_behind(&self, name: &SegmentName, len: usize) -> Result<Option<File>, ShmError> {
        let Names { public, kept } = self.places.names(name);
        for path in [kept, public] {
            for _ in 0..TRIES {
                let opened = open_existing(&path, true).map_err(|error| match fs::lstat(&path) {
                    // It may not even be permitted to open it.
                    Ok(stat) if !is_own(&stat) => of_other(&path, &stat),
                    _ => error,
                });
                let Some(file) = opened? else { break };
                let stat = fs::fstat(&file).map_err(|e| ShmError::io("cannot look at", &path, e))?;
                if !is_own(&stat) {
                    return Err(of_other(&path, &stat));
                }
                lock(&file, &path)?;
                if !leads_to(&path, names::id(&file, &path)?) {
                    // Its last owner removed it between our open and our lock.
                    continue;
                }
                let stat = fs::fstat(&file).map_err(|e| ShmError::io("cannot look at", &path, e))?;
                if usize::try_from(stat.st_size) == Ok(len) {
                    return Ok(Some(file));
                }
                tracing::warn!(file = %path.display(), "replacing a header that another program left");
                unlink(&path)?;
            }
        }
        Ok(None)
    }

    /// Gives a segment both of its names, and watches over them. One whose names somebody was quick enough to remove all is as good as one that loses
    /// them a moment later: it is replaced.
    fn name(&self, name: &SegmentName, file: FileId, len: usize) -> Result<(), ShmError> {
        let names = self.places.names(name);
        match self.places.in_folder(|| names.give(file)) {
            Ok(()) | Err(ShmError::Unnamed { .. }) => {}
            Err(error) => return Err(error),
        }
        self.kept.add(names, file, len);
        Ok(())
    }

    /// A new file under the kept name, whatever had it before.
    fn make(&mut self, name: &SegmentName, len: usize) -> Result<File, ShmError> {
        let kept = self.places.names(name).kept;
        if let Some(file) = self.reserved.take(len) {
            // Without /proc, say, it is made in the place of what was reserved.
            if unlink(&kept).and_then(|()| name_unnamed(&file, &kept, self.access)).is_ok() {
                return Ok(file);
            }
        }
        for _ in 0..TRIES {
            let made = self.places.in_folder(|| {
                unlink(&kept)?;
                create_reserved(self.places.dir(), &kept, len, self.access)
            });
            if let Some(file) = made? {
                return Ok(file);
            }
        }
        Err(ShmError::io("cannot make", &kept, Errno::EXIST))
    }

    /// The header to begin with, locked, and whether it was there before.
    fn open_header(&mut self, name: &SegmentName, len: usize, fresh: bool) -> Result<(File, bool), ShmError> {
        let names = self.places.names(name);
        let public = &names.public;
        // One that lies elsewhere by now is nobody's who looks for the stream, and of one that was cut short the rest is of no use.
        let is_whole = |file: &File| {
            names::id(file, public).is_ok_and(|id| names.lead_to(id) != (false, false) && !names.is_shorter(id, len))
        };
        let found = match self.locks.remove(name) {
            Some(ours) if is_whole(&ours) && !fresh => Some(ours),
            Some(ours) => {
                // Its lock is let go of only when another has taken its place.
                if let Some(start) = &mut self.starting {
                    start.before = Some(ours);
                }
                None
            }
            None => self.left_behind(name, len)?,
        };
        match found {
            Some(file) if !fresh => {
                // Its last writer may have shared it with others.
                share(&file, public, self.access)?;
                Ok((file, true))
            }
            left => {
                let file = self.make(name, len)?;
                if let Some(start) = &mut self.starting {
                    start.made = true;
                }
                lock(&file, public)?;
                drop(left);
                Ok((file, false))
            }
        }
    }

    /// Removes the segments that a dead writer of a stream has left and that its header did not name, or not any more. Nobody else has the stream:
    /// its header is locked.
    fn remove_left_behind(&self, header: &SegmentName) {
        let left = self.places.kept_of(header.as_str());
        left.iter().filter(|names| !self.kept.watches(names)).for_each(Names::take_away);
    }

    /// Leaves of a header that is not announced what there was before.
    fn undo(&mut self) {
        // The folder's lock is let go of when all is as it was.
        let Some(Start { name, len, before, made, _folder }) = self.starting.take() else { return };
        let names = self.places.names(&name);
        if made
            && let Some(file) = self.locks.remove(&name)
            && let Ok(id) = names::id(&file, &names.public)
        {
            names.take_from(id);
        }
        // What it had before, or has still.
        if let Some(before) = before.or_else(|| self.locks.remove(&name))
            && let Ok(id) = names::id(&before, &names.public)
        {
            // It may have none any more; then that is what the guard sees.
            if names.give(id).is_err() {
                tracing::debug!(name = %names.public.display(), "the header has no name");
            }
            self.kept.add(names, id, len);
            self.locks.insert(name, before);
        }
        self.places.tidy();
    }
}

fn is_own(stat: &Stat) -> bool {
    stat.st_uid == rustix::process::geteuid().as_raw()
}

/// The process that has the writer's lock on a file. Of one that was just killed the lock may outlast the process; whoever takes it waits for that.
fn writer_that_lives(path: &Path, stat: &Stat) -> Option<u32> {
    let pid = attached::writer(FileId::from(stat))?;
    let named = open_existing(path, false).ok().flatten().map(|file| named_in(&file, path));
    attached::lives(pid, named.unwrap_or_default()).then_some(pid)
}

fn of_other(path: &Path, stat: &Stat) -> ShmError {
    ShmError::OtherOwner { path: path.to_owned(), owner: stat.st_uid, writer: writer_that_lives(path, stat) }
}

impl Drop for ShmStore {
    fn drop(&mut self) {
        self.undo();
    }
}

impl SegmentStore for ShmStore {
    type Memory = Segment;
    type Error = ShmError;

    fn header(&mut self, name: &SegmentName, len: usize, fresh: bool) -> Result<HeaderSegment<Segment>, ShmError> {
        self.kept.forget(&self.places.names(name));
        if self.starting.is_none() {
            // Who runs already does not stand still for it.
            let patience = if self.locks.is_empty() { START_PATIENCE } else { Duration::ZERO };
            let folder = one_at_a_time(self.places.dir(), patience);
            self.starting = Some(Start { name: name.clone(), len, _folder: folder, before: None, made: false });
        }
        let opened =
            self.places.make().and_then(|()| self.open_header(name, len, fresh)).and_then(|(file, adopted)| {
                let memory = Segment::map(&file, &self.places.names(name).public);
                // In any case: what is undone is undone to this file.
                self.locks.insert(name.clone(), file);
                Ok(HeaderSegment { memory: memory?, adopted })
            });
        opened.inspect_err(|_| self.undo())
    }

    fn announce(&mut self, name: &SegmentName) -> Result<(), ShmError> {
        let Some(file) = self.locks.get(name) else { return Ok(()) };
        let len = self.starting.as_ref().map_or(0, |start| start.len);
        let named = names::id(file, &self.places.names(name).public).and_then(|id| self.name(name, id, len));
        match named {
            Ok(()) => {
                self.remove_left_behind(name);
                self.starting = None;
            }
            Err(_) => self.undo(),
        }
        named
    }

    fn create(&mut self, name: &SegmentName, len: usize) -> Result<Segment, ShmError> {
        let names = self.places.names(name);
        self.kept.forget(&names);
        let file = self.make(name, len)?;
        let made = Segment::map(&file, &names.public).and_then(|s| self.name(name, s.file(), len).map(|()| s));
        made.inspect_err(|_| {
            if let Ok(id) = names::id(&file, &names.public) {
                names.take_from(id);
            }
        })
    }

    fn remove(&mut self, name: &SegmentName) {
        let names = self.places.names(name);
        // The public name may be another program's by now. Of what a killed writer left nobody has watched it.
        match self.kept.forget(&names).or_else(|| names::file_at(&names.kept)) {
            Some(file) => names.take_from(file),
            None => {
                if let Err(e) = unlink(&names.public) {
                    tracing::warn!("a segment stays behind: {e}");
                }
            }
        }
        self.reserve_freed();
        self.places.tidy();
    }

    fn remove_header(&mut self, name: &SegmentName) {
        let Some(file) = self.locks.remove(name) else { return };
        // Whether another user's process has it mapped cannot be seen: a shared header is kept for all cases.
        if self.access.is_shared() || self.is_read(&file) {
            let names = self.places.names(name);
            self.kept.forget(&names);
            if names::id(&file, &names.public).is_ok_and(|id| leads_to(&names.public, id))
                && let Err(e) = unlink(&names.public)
            {
                tracing::warn!("a segment stays behind: {e}");
            }
            tracing::info!(name = %names.kept.display(), "readers are attached, or could be: their header is kept for the next start");
        } else {
            self.remove(name);
        }
    }

    fn is_taken(&self, name: &SegmentName) -> bool {
        self.check_name(name).is_err()
    }

    fn unique_name(&mut self) -> StreamName {
        let pid = std::process::id();
        (0u32..)
            .filter_map(|i| StreamName::new(&format!("axismirror-{pid}-{i}")).ok())
            .find(|n| !self.places.names(&n.header()).public.exists())
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests;
