//! A segment's two names: the public one, by which readers find it, and a kept one that nobody unlinks by the way.
//!
//! Python's resource tracker unlinks the public names of segments that a reader attached, and a careless `rm /dev/shm/*` all that it matches. A
//! file that has another name left can be linked again. So each has a second one, in a hidden folder that belongs to the writer's user alone. That
//! one says which stream the file is of, whatever becomes of the stream's header: that of a header is the public one, that of another segment
//! `HEADER+SEGMENT`.
//! Knows nothing of what lies in a segment.

use std::fs::File;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use axismirror_core::name::{SEGMENT_NAME_LEN, SEGMENT_PREFIX, SegmentName};
use rustix::fs::{self, Mode, OFlags, Stat};
use rustix::io::Errno;

use super::closed::taken;
use super::error::ShmError;
use super::segment::FileId;

/// What the folder of a user's kept names begins with; the user's number follows.
const FOLDER_PREFIX: &str = ".axismirror-";
const FOLDER_MODE: Mode = Mode::RWXU;
/// How often the folder is made again when the last stream of another process takes it away meanwhile.
const TRIES: usize = 16;

/// Between the names of the stream's header and of the segment; in no segment's name (base64).
const OF: char = '+';
/// What a name ends with that is about to take another's place.
const COMING: &str = "new";

/// Where a user's segments have their names.
#[derive(Clone, Debug)]
pub(super) struct Places {
    dir: PathBuf,
    folder: PathBuf,
}

impl Places {
    /// Of this process' user.
    pub(super) fn own(dir: &Path) -> Self {
        Self::of(dir, rustix::process::geteuid().as_raw())
    }

    /// Of a user.
    pub(super) fn of(dir: &Path, user: u32) -> Self {
        Self { dir: dir.to_owned(), folder: dir.join(format!("{FOLDER_PREFIX}{user}")) }
    }

    /// Of all users who have such a folder; whether this process may look into it is another question.
    pub(super) fn all(dir: &Path) -> std::io::Result<Vec<Self>> {
        let user = |name: &str| name.strip_prefix(FOLDER_PREFIX)?.parse().ok();
        let users = std::fs::read_dir(dir)?.flatten().filter_map(|e| user(e.file_name().to_str()?));
        // No other than that user can have made it, and a link leads somewhere else.
        Ok(users
            .filter(|user| Self::of(dir, *user).open().is_ok_and(|f| owner(&f) == Some(*user)))
            .map(|u| Self::of(dir, u))
            .collect())
    }

    /// The folder that all share.
    pub(super) fn dir(&self) -> &Path {
        &self.dir
    }

    /// The folder of kept names.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Both names of a segment.
    pub(super) fn names(&self, segment: &SegmentName) -> Names {
        self.names_of(segment.of_header(), segment.as_str())
    }

    /// Both names of a segment of a stream whose header's name this is.
    pub(super) fn names_of(&self, header: &str, segment: &str) -> Names {
        let kept = if segment == header { segment.to_owned() } else { format!("{header}{OF}{segment}") };
        Names { public: self.dir.join(segment), kept: self.folder.join(kept) }
    }

    /// The header and the names of each segment that has a kept name, as these say it; a segment may be there twice.
    pub(super) fn kept(&self) -> std::io::Result<Vec<(String, Names)>> {
        let is_segment = |name: &str| name.len() == SEGMENT_NAME_LEN && name.starts_with(SEGMENT_PREFIX);
        let names = |entry: std::fs::DirEntry| {
            let name = entry.file_name().into_string().ok()?;
            let name = name.strip_suffix(COMING).and_then(|n| n.strip_suffix('.')).unwrap_or(&name);
            let (header, segment) = name.split_once(OF).unwrap_or((name, name));
            let names = self.names_of(header, segment);
            (is_segment(header) && is_segment(segment)).then(|| (header.to_owned(), names))
        };
        Ok(std::fs::read_dir(&self.folder)?.flatten().filter_map(names).collect())
    }

    /// Names of the segments of a stream that have a kept name, but for its header.
    pub(super) fn kept_of(&self, header: &str) -> Vec<Names> {
        let header_names = self.names_of(header, header);
        // No such folder: nothing is kept.
        let kept = self.kept().unwrap_or_default();
        kept.into_iter().filter(|(h, names)| h == header && *names != header_names).map(|(_, names)| names).collect()
    }

    /// Makes the folder, if it is not there.
    pub(super) fn make(&self) -> Result<(), ShmError> {
        let failed = |e| ShmError::io("cannot make", &self.folder, e);
        match fs::mkdir(&self.folder, FOLDER_MODE) {
            Ok(()) | Err(Errno::EXIST) => {}
            Err(e) => return Err(failed(e)),
        }
        let folder = self.open().map_err(|e| self.not_opened(e))?;
        let stat = fs::fstat(&folder).map_err(failed)?;
        if stat.st_uid != rustix::process::geteuid().as_raw() {
            return Err(ShmError::FolderOfOther { path: self.folder.clone(), owner: stat.st_uid });
        }
        if Mode::from_raw_mode(stat.st_mode) != FOLDER_MODE {
            fs::fchmod(&folder, FOLDER_MODE).map_err(failed)?;
        }
        Ok(())
    }

    /// Does something in the folder, which is there, unless somebody takes it away again and again.
    pub(super) fn in_folder<T>(&self, mut f: impl FnMut() -> Result<T, ShmError>) -> Result<T, ShmError> {
        for _ in 1..TRIES {
            self.make()?;
            match f() {
                Err(ShmError::Io { source, .. }) if source.kind() == std::io::ErrorKind::NotFound => {}
                result => return result,
            }
        }
        self.make()?;
        f()
    }

    /// Removes the folder, if no name is left in it.
    pub(super) fn tidy(&self) {
        // Not empty, the usual case, or gone: both are as good.
        let _ = fs::rmdir(&self.folder);
    }

    /// Why what is in the folder's place is not our folder.
    fn not_opened(&self, errno: Errno) -> ShmError {
        let path = self.folder.clone();
        let Ok(stat) = fs::lstat(&path) else { return ShmError::io("cannot open", &path, errno) };
        let owner = stat.st_uid;
        if owner != rustix::process::geteuid().as_raw() {
            return ShmError::FolderOfOther { path, owner };
        }
        match fs::FileType::from_raw_mode(stat.st_mode) {
            fs::FileType::Directory => ShmError::io("cannot open", &path, errno),
            fs::FileType::Symlink => ShmError::NoFolder { path, what: "a symbolic link" },
            _ => ShmError::NoFolder { path, what: "no folder" },
        }
    }

    fn open(&self) -> rustix::io::Result<OwnedFd> {
        fs::open(&self.folder, OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC, Mode::empty())
    }
}

fn owner(folder: &OwnedFd) -> Option<u32> {
    fs::fstat(folder).ok().map(|s| s.st_uid)
}

/// The two names of one segment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    pub(super) public: PathBuf,
    pub(super) kept: PathBuf,
}

impl Names {
    /// Which of them lead to this file: the public one, the kept one.
    pub(super) fn lead_to(&self, file: FileId) -> (bool, bool) {
        (leads_to(&self.public, file), leads_to(&self.kept, file))
    }

    /// What is said of this file, by whichever name leads to it.
    pub(super) fn stat(&self, file: FileId) -> Option<Stat> {
        let mut stats = [&self.public, &self.kept].into_iter().filter_map(|path| fs::lstat(path).ok());
        stats.find(|stat| FileId::from(stat) == file)
    }

    /// Whether this file has less than so many bytes.
    pub(super) fn is_shorter(&self, file: FileId, len: usize) -> bool {
        self.stat(file).is_some_and(|stat| usize::try_from(stat.st_size).is_ok_and(|size| size < len))
    }

    /// Gives a file the name that it lacks of the two, whoever had it before. Readers find the old file or the new one, but never none.
    pub(super) fn give(&self, file: FileId) -> Result<(), ShmError> {
        let (has, lacks) = match self.lead_to(file) {
            (true, true) => return Ok(()),
            (true, false) => (&self.public, &self.kept),
            (false, true) => (&self.kept, &self.public),
            (false, false) => return Err(ShmError::Unnamed { path: self.public.clone() }),
        };
        let link = self.coming();
        unlink(&link)?;
        fs::link(has, &link).map_err(|e| ShmError::io("cannot link", &link, e))?;
        fs::rename(&link, lacks).map_err(|e| {
            let _ = fs::unlink(&link);
            taken(lacks).unwrap_or_else(|| ShmError::io("cannot rename to", lacks, e))
        })
    }

    /// What a name is called for an instant before it takes the place of another.
    pub(super) fn coming(&self) -> PathBuf {
        self.kept.with_extension(COMING)
    }

    /// Takes the names from what has the kept one, and from what was about to have it: in our own folder all is ours.
    pub(super) fn take_away(&self) {
        for path in [&self.coming(), &self.kept] {
            if let Some(file) = file_at(path) {
                self.take_from(file);
            }
        }
    }

    /// Takes from a file, and from no other, its names.
    pub(super) fn take_from(&self, file: FileId) {
        for path in [&self.kept, &self.public, &self.coming()] {
            if leads_to(path, file) {
                let _ = fs::unlink(path);
            }
        }
    }
}

/// Which file has this name, if one does.
pub(super) fn file_at(path: &Path) -> Option<FileId> {
    fs::lstat(path).ok().map(|s| FileId::from(&s))
}

/// Which file this is.
pub(super) fn id(file: &File, path: &Path) -> Result<FileId, ShmError> {
    fs::fstat(file).map(|s| FileId::from(&s)).map_err(|e| ShmError::io("cannot look at", path, e))
}

/// Whether a name leads to this file.
pub(super) fn leads_to(path: &Path, file: FileId) -> bool {
    file_at(path) == Some(file)
}

/// Removes a name; none is as good.
pub(super) fn unlink(path: &Path) -> Result<(), ShmError> {
    match fs::unlink(path) {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(e) => Err(ShmError::io("cannot remove", path, e)),
    }
}
