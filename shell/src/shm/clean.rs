//! Removes what writers that are gone have left, and nothing of those that live.
//!
//! A service that is killed leaves its segments for the next one of the same name. When there will be none, this takes them away. A header says what
//! belongs to it; where there is none, or one that cannot be read, the kept names say it.

use std::collections::BTreeSet;
use std::fs::File;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use axismirror_core::extension::Extension;
use axismirror_core::header::HeaderView;
use axismirror_core::name::{SEGMENT_NAME_LEN, SEGMENT_PREFIX, SegmentName};

use super::attached::Mapped;
use super::file::open_existing;
use super::locks::{START_PATIENCE, keep_writers_out, one_at_a_time};
use super::names::{Places, file_at, id, leads_to};
use super::segment::View;

/// A stream whose writer is gone.
#[derive(Clone, Debug)]
pub struct LeftBehind {
    /// Its long name; that of its header's segment where the header does not say it any more.
    pub name: String,
    /// Name of its header's segment.
    pub segment: String,
    /// Its files.
    pub files: Vec<PathBuf>,
    /// Whether a process still has its header mapped: a reader that waits for the next writer.
    pub is_read: bool,
    found: Found,
    places: Places,
}

/// How it was found.
#[derive(Clone, Debug)]
enum Found {
    /// By one of the names of its header.
    Header(PathBuf),
    /// By kept names alone.
    KeptNames,
}

/// Streams of this folder whose writers are gone, by name; all of them, or those whose headers' segments are given. Only those with our block: whether a
/// published writer lives cannot be known.
///
/// # Errors
/// When the folder cannot be read.
pub fn left_behind(dir: impl AsRef<Path>, only: Option<&[SegmentName]>) -> io::Result<Vec<LeftBehind>> {
    let dir = dir.as_ref();
    let mapped = Mapped::new(dir);
    let is_wanted = |segment: &str| only.is_none_or(|only| only.iter().any(|name| name.as_str() == segment));
    // Both of a header's names are looked at: the public one may be gone. A folder of another user cannot be read, but by root.
    let folders = Places::all(dir)?;
    let folders = folders.iter().map(Places::folder).filter_map(|f| std::fs::read_dir(f).ok());
    let names: BTreeSet<PathBuf> = folders
        .chain([std::fs::read_dir(dir)?])
        .flat_map(Iterator::flatten)
        .filter(|e| {
            let is_segment = |n: &str| n.len() == SEGMENT_NAME_LEN && n.starts_with(SEGMENT_PREFIX);
            e.file_name().to_str().is_some_and(|n| is_segment(n) && is_wanted(n))
        })
        .map(|e| e.path())
        .collect();
    let mut found: Vec<LeftBehind> =
        names.iter().filter_map(|path| look(dir, path, &mapped)).map(|(found, _)| found).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.name == b.name && a.places.folder() == b.places.folder());
    for places in Places::all(dir)? {
        let headers: BTreeSet<String> =
            places.kept().unwrap_or_default().into_iter().map(|(header, _)| header).collect();
        for header in headers.into_iter().filter(|header| is_wanted(header)) {
            let is_found = found.iter().any(|f| f.segment == header && f.places.folder() == places.folder());
            found.extend(
                (!is_found).then(|| without_header(&places, &header, &mapped)).flatten().map(|(found, _)| found),
            );
        }
    }
    Ok(found)
}

/// What has the kept names of a stream whose header is not there, or is nobody's and says nothing; and locks on that, under which no writer can begin
/// with it.
fn without_header(places: &Places, header: &str, mapped: &Mapped<'_>) -> Option<(LeftBehind, Vec<File>)> {
    let names = places.names_of(header, header);
    let owner = std::fs::symlink_metadata(places.folder()).ok()?.uid();
    let of_owner = |path: &PathBuf| path.symlink_metadata().is_ok_and(|m| m.uid() == owner);
    let (mut locks, mut unreadable) = (Vec::new(), BTreeSet::new());
    for path in [&names.kept, &names.public] {
        // Another user's is not this stream's, and what is no file at all is nobody's header.
        let Some(open) = open_existing(path, true).ok().flatten().filter(|_| of_owner(path)) else { continue };
        keep_writers_out(&open, path).then_some(())?;
        if look(places.dir(), path, mapped).is_some() || !leads_to(path, id(&open, path).ok()?) {
            return None;
        }
        if View::map(&open, path).ok().is_none_or(|view| HeaderView::detect(view).is_err()) {
            unreadable.insert(path.clone());
        }
        locks.push(open);
    }
    // A published writer's header may have the public name; one that nobody can read is nobody's.
    let mut files = unreadable;
    let segments = places.kept_of(header);
    if segments.is_empty() {
        // Nothing says that it is a header.
        return None;
    }
    for names in segments.iter().chain([&names]) {
        let kept = [names.kept.clone(), names.coming()];
        let is_public = file_at(&names.public).is_some_and(|file| kept.iter().any(|path| leads_to(path, file)));
        files.extend(is_public.then(|| names.public.clone()));
        files.extend(kept);
    }
    let files: Vec<PathBuf> = files.into_iter().filter(of_owner).collect();
    // A service whose header has lost its names has its ring mapped, as readers have theirs.
    let is_read = files.iter().filter_map(|path| file_at(path)).any(|file| mapped.has(file));
    let (name, segment, found) = (header.to_owned(), header.to_owned(), Found::KeptNames);
    Some((LeftBehind { name, segment, files, is_read, found, places: places.clone() }, locks))
}

/// What belongs to the header in this file, if that is one, of ours, and nobody's; and a lock on it, under which no writer can begin with it.
///
/// The lock is a shared one: it keeps writers from theirs, and whoever asks for the writer is not told of it.
fn look(dir: &Path, path: &Path, mapped: &Mapped<'_>) -> Option<(LeftBehind, File)> {
    let open = open_existing(path, true).ok()??;
    keep_writers_out(&open, path).then_some(())?;
    if !leads_to(path, id(&open, path).ok()?) {
        return None;
    }
    let view = View::map(&open, path).ok()?;
    let file = view.file();
    let header = HeaderView::detect(view.clone()).ok()?;
    let name = Extension::find(view)?.name()?;
    if path.file_name()? != name.header().as_str() {
        // Somebody's copy, or a forgery: what it names is not its own.
        return None;
    }
    let owner = open.metadata().ok()?.uid();
    let places = Places::of(dir, owner);
    let names = places.names(&name.header());
    if ![&names.public, &names.kept].into_iter().all(|path| file_at(path) == Some(file) || is_free(path)) {
        // A copy has taken the public name of a header that is being written.
        return None;
    }
    let (generation, static_metadata) = (header.buffer_generation(), header.meta_generation());
    let segments = [
        name.data(generation),
        name.data(generation.previous()),
        name.data(generation.next()),
        name.static_metadata(static_metadata),
        name.static_metadata(static_metadata.wrapping_sub(1)),
        name.static_metadata(static_metadata.wrapping_add(1)),
        name.header(),
    ];
    let of_owner = |path: &PathBuf| path.symlink_metadata().is_ok_and(|m| m.uid() == owner);
    // A public name is only removed when it is known to be ours: another writer may have taken it since.
    let is_found = leads_to(&names.public, file);
    let both = |segment| {
        let names = places.names(segment);
        let is_ours = file_at(&names.kept).map_or(is_found, |file| leads_to(&names.public, file));
        let coming = names.coming();
        [is_ours.then_some(names.public), Some(names.kept), Some(coming)].into_iter().flatten()
    };
    let mut files: Vec<PathBuf> = segments.iter().flat_map(both).collect();
    // What this header does not name: of one before it that was lost.
    for names in places.kept_of(name.header().as_str()) {
        let is_ours = file_at(&names.kept).is_some_and(|file| leads_to(&names.public, file));
        let coming = names.coming();
        let left = [is_ours.then_some(names.public), Some(names.kept), Some(coming)].into_iter().flatten();
        let left: Vec<_> = left.filter(|path| !files.contains(path)).collect();
        files.extend(left);
    }
    files.retain(of_owner);
    let is_read = mapped.has(file);
    let (segment, name) = (name.header().to_string(), name.as_str().to_owned());
    Some((LeftBehind { name, segment, files, is_read, found: Found::Header(path.to_owned()), places }, open))
}

/// Whether nobody writes a file of this name.
fn is_free(path: &Path) -> bool {
    match open_existing(path, true) {
        Ok(Some(file)) => keep_writers_out(&file, path),
        // What cannot be opened is none of its owner's headers.
        Ok(None) | Err(_) => true,
    }
}

impl LeftBehind {
    /// Removes its files, unless a writer has taken them over since they were found. Says how many.
    ///
    /// # Errors
    /// The first that cannot be removed.
    pub fn remove(&self) -> io::Result<usize> {
        // As it is by now. The locks last until the last file is gone: a service that starts meanwhile waits for them.
        let mapped = Mapped::new(self.places.dir());
        let now = match &self.found {
            Found::Header(path) => look(self.places.dir(), path, &mapped).map(|(now, lock)| (now, vec![lock])),
            Found::KeptNames => {
                // Where there is no header, nothing but the folder's lock keeps a writer from making one.
                let folder = one_at_a_time(self.places.dir(), START_PATIENCE).ok_or(io::ErrorKind::WouldBlock)?;
                without_header(&self.places, &self.segment, &mapped)
                    .filter(|(now, _)| self.is_read || !now.is_read)
                    .map(|(now, mut locks)| {
                        locks.push(folder);
                        (now, locks)
                    })
            }
        };
        let Some((now, _locks)) = now.filter(|(now, _)| now.name == self.name) else { return Ok(0) };
        let mut removed = 0;
        for file in &now.files {
            match std::fs::remove_file(file) {
                Ok(()) => removed += 1,
                Err(e) if e.kind() == io::ErrorKind::NotFound => {}
                Err(e) => return Err(e),
            }
        }
        now.places.tidy();
        Ok(removed)
    }
}
