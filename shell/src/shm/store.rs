//! The publisher's side of /dev/shm: makes, locks, adopts and removes segments.
//!
//! The writer of a stream holds `flock(LOCK_EX)` on the header's file: the kernel lets go of it when the process is gone, however it went. So a
//! header that can be locked is nobody's, and a second writer on a live name is refused.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use axismirror_core::extension::Extension;
use axismirror_core::name::{SegmentName, StreamName};
use axismirror_core::store::{HeaderSegment, SegmentStore};
use rustix::fs::{self, FlockOperation, Mode, OFlags};
use rustix::io::Errno;

use super::guard::{Guard, Kept};
use super::segment::{FileId, Segment, ShmError, View, create_reserved, no_space, open_existing, share};
use super::{attached, private_name};
use crate::access::Access;

/// How long the folder's lock, and that of a dead writer, are waited for.
const START_PATIENCE: Duration = Duration::from_secs(2);
/// How often making a segment starts again when its name changes hands meanwhile.
const TRIES: usize = 16;

/// Segments that one publisher makes in a folder.
#[derive(Debug)]
pub struct ShmStore {
    dir: PathBuf,
    access: Access,
    /// Header files, open and locked, by public name.
    locks: HashMap<SegmentName, File>,
    /// Held from a header's opening to its announcement: of two writers that start at once, one waits and then finds the other's header locked.
    starting: Option<File>,
    kept: Arc<Kept>,
    _guard: Option<Guard>,
}

impl ShmStore {
    /// Segments of this folder: [`SHM_DIR`](super::SHM_DIR), but for tests.
    pub fn new(dir: impl AsRef<Path>) -> Self {
        let dir = dir.as_ref().to_owned();
        let kept = Arc::new(Kept::default());
        let guard = Guard::start(&dir, kept.clone())
            .inspect_err(|e| tracing::warn!("names that Python readers unlink will not come back: {e}"))
            .ok();
        Self { dir, access: Access::default(), locks: HashMap::new(), starting: None, kept, _guard: guard }
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

    /// Whether a segment of `needed` bytes would fit beside those that there are.
    ///
    /// # Errors
    /// [`ShmError::NoSpace`].
    pub fn check_room(&self, needed: usize) -> Result<(), ShmError> {
        let error = no_space(&self.dir.join("segment"), needed as u64);
        match error {
            ShmError::NoSpace { available, needed, .. } if available < needed => Err(error),
            _ => Ok(()),
        }
    }

    /// Whether no live writer has a header of this name.
    ///
    /// # Errors
    /// [`ShmError::InUse`].
    pub fn check_free(&self, name: &SegmentName) -> Result<(), ShmError> {
        let file = fs::lstat(self.public(name)).map(|s| FileId::from(&s));
        // Of one that was just killed the lock may outlast the process; whoever takes it waits for that.
        match file.ok().and_then(attached::writer).filter(|pid| attached::lives(*pid)) {
            Some(pid) => Err(ShmError::InUse { pid }),
            None => Ok(()),
        }
    }

    fn public(&self, name: &SegmentName) -> PathBuf {
        self.dir.join(name.as_str())
    }

    fn private(&self, name: &SegmentName) -> PathBuf {
        self.dir.join(private_name(name.as_str()))
    }

    /// The header that a writer left, locked for us; `None` when there is none that can be adopted.
    ///
    /// The private name comes first: the public one may have been unlinked by a reader, or taken by a writer that knows no locks.
    fn left_behind(&self, name: &SegmentName, len: usize) -> Result<Option<File>, ShmError> {
        for path in [self.private(name), self.public(name)] {
            for _ in 0..TRIES {
                let Some(file) = open_existing(&path, true)? else { break };
                lock(&file, &path)?;
                if !is_at(&file, &path) {
                    // Its last owner removed it between our open and our lock.
                    continue;
                }
                let stat = fs::fstat(&file).map_err(|e| ShmError::io("cannot look at", &path, e))?;
                let owner = stat.st_uid;
                if owner != rustix::process::geteuid().as_raw() {
                    return Err(ShmError::OtherOwner { path, owner });
                }
                if usize::try_from(stat.st_size) == Ok(len) {
                    return Ok(Some(file));
                }
                tracing::warn!(file = %path.display(), "replacing a header that another program left");
                unlink(&path)?;
            }
        }
        Ok(None)
    }

    /// Gives a file both of its names, whatever had them before, and watches over the public one. Readers find the old file or the new one,
    /// but never none.
    fn name(&self, name: &SegmentName, file: &File) -> Result<(), ShmError> {
        let (public, private) = (self.public(name), self.private(name));
        let (has, lacks) = match (is_at(file, &public), is_at(file, &private)) {
            (true, true) => (None, &public),
            (true, false) => (Some(&public), &private),
            _ => (Some(&private), &public),
        };
        if let Some(has) = has {
            let link = self.dir.join(format!("{}.new", private_name(name.as_str())));
            unlink(&link)?;
            fs::link(has, &link).map_err(|e| ShmError::io("cannot link", &link, e))?;
            fs::rename(&link, lacks).map_err(|e| ShmError::io("cannot rename to", lacks, e))?;
        }
        self.kept.add(&public, &private);
        Ok(())
    }

    /// A new file under the private name, whatever had it before.
    fn make(&self, name: &SegmentName, len: usize) -> Result<File, ShmError> {
        let private = self.private(name);
        for _ in 0..TRIES {
            unlink(&private)?;
            if let Some(file) = create_reserved(&private, len, self.access)? {
                return Ok(file);
            }
        }
        Err(ShmError::io("cannot make", &private, Errno::EXIST))
    }
}

impl SegmentStore for ShmStore {
    type Memory = Segment;
    type Error = ShmError;

    fn header(&mut self, name: &SegmentName, len: usize, fresh: bool) -> Result<HeaderSegment<Segment>, ShmError> {
        let public = self.public(name);
        self.kept.forget(&public);
        if self.starting.is_none() {
            self.starting = one_at_a_time(&self.dir);
        }
        let ours = self.locks.remove(name);
        let found = if ours.is_some() { ours } else { self.left_behind(name, len)? };
        let (file, adopted) = match found {
            Some(file) if !fresh => {
                // Its last writer may have shared it with others.
                share(&file, &public, self.access)?;
                (file, true)
            }
            old => match self.make(name, len).and_then(|file| lock(&file, &public).map(|()| file)) {
                // The old file's lock is let go of only now.
                Ok(file) => (file, false),
                Err(error) => {
                    // As it was: locked, and under both of its names.
                    if let Some(old) = old {
                        self.name(name, &old)?;
                        self.locks.insert(name.clone(), old);
                    }
                    self.starting = None;
                    return Err(error);
                }
            },
        };
        let memory = Segment::map(&file, &public)?;
        self.locks.insert(name.clone(), file);
        Ok(HeaderSegment { memory, adopted })
    }

    fn announce(&mut self, name: &SegmentName) -> Result<(), ShmError> {
        let named = self.locks.get(name).map_or(Ok(()), |file| self.name(name, file));
        self.starting = None;
        named
    }

    fn create(&mut self, name: &SegmentName, len: usize) -> Result<Segment, ShmError> {
        self.kept.forget(&self.public(name));
        let file = self.make(name, len)?;
        let segment = Segment::map(&file, &self.public(name))?;
        self.name(name, &file)?;
        Ok(segment)
    }

    fn remove(&mut self, name: &SegmentName) {
        let public = self.public(name);
        self.kept.forget(&public);
        for path in [self.private(name), public] {
            if let Err(e) = unlink(&path) {
                tracing::warn!("a segment stays behind: {e}");
            }
        }
    }

    fn remove_header(&mut self, name: &SegmentName) {
        let Some(file) = self.locks.remove(name) else { return };
        // Whether another user's process has it mapped cannot be seen: a shared header is kept for all cases.
        let is_read = self.access.is_shared()
            || fs::fstat(&file).is_ok_and(|s| attached::by_another_process(&self.dir, FileId::from(&s)));
        if is_read {
            let public = self.public(name);
            self.kept.forget(&public);
            if let Err(e) = unlink(&public) {
                tracing::warn!("a segment stays behind: {e}");
            }
            tracing::info!(name = %private_name(name.as_str()), "readers are attached, or could be: their header is kept for the next start");
        } else {
            self.remove(name);
        }
    }

    fn unique_name(&mut self) -> StreamName {
        let pid = std::process::id();
        (0u32..)
            .filter_map(|i| StreamName::new(&format!("axismirror-{pid}-{i}")).ok())
            .find(|n| !self.public(&n.header()).exists())
            .unwrap_or_default()
    }
}

/// Takes the lock on the folder itself, which writers hold while they start. Anybody can hold it, so it is not waited for for ever: without it two
/// writers of one name that start within the same millisecond might not notice each other.
fn one_at_a_time(dir: &Path) -> Option<File> {
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
    let file = File::from(fs::open(dir, flags, Mode::empty()).ok()?);
    let deadline = Instant::now() + START_PATIENCE;
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
/// The lock of a writer that is dead already is waited for: the kernel lets go of it with the last mapping of the file, and whoever looks into
/// the process by /proc at that moment (ps, another service) keeps its memory for a little longer than itself.
pub(super) fn lock(file: &File, path: &Path) -> Result<(), ShmError> {
    let deadline = Instant::now() + START_PATIENCE;
    loop {
        match fs::flock(file, FlockOperation::NonBlockingLockExclusive) {
            Ok(()) => return Ok(()),
            Err(Errno::WOULDBLOCK) => {
                let pid = writer_of(file, path);
                if attached::lives(pid) || Instant::now() > deadline {
                    return Err(ShmError::InUse { pid });
                }
                std::thread::sleep(Duration::from_millis(1));
            }
            Err(e) => return Err(ShmError::io("cannot lock", path, e)),
        }
    }
}

/// The process that a header names as its writer; 0 when it does not say.
fn writer_of(file: &File, path: &Path) -> u32 {
    View::map(file, path).ok().and_then(Extension::find).map_or(0, |e| e.writer().pid)
}

/// Whether a name leads to this file.
fn is_at(file: &File, path: &Path) -> bool {
    match (fs::fstat(file), fs::lstat(path)) {
        (Ok(a), Ok(b)) => FileId::from(&a) == FileId::from(&b),
        _ => false,
    }
}

/// Removes a name; none is as good.
fn unlink(path: &Path) -> Result<(), ShmError> {
    match fs::unlink(path) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(e) => Err(ShmError::io("cannot remove", path, e)),
    }
}
