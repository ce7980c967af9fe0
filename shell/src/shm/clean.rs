//! Removes what writers that are gone have left, and nothing of those that live.
//!
//! A service that is killed leaves its segments for the next one of the same name. When there will be none, this takes them away.

use std::collections::BTreeSet;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use axismirror_core::extension::Extension;
use axismirror_core::header::HeaderView;
use axismirror_core::name::{SEGMENT_NAME_LEN, SEGMENT_PREFIX};

use super::segment::{View, open_existing};
use super::store::lock;
use super::{attached, private_name};

/// A stream whose writer is gone.
#[derive(Clone, Debug)]
pub struct LeftBehind {
    /// Its long name.
    pub name: String,
    /// Its files.
    pub files: Vec<PathBuf>,
    /// Whether a process still has its header mapped: a reader that waits for the next writer.
    pub is_read: bool,
}

/// Streams of this folder whose writers are gone, by name. Only those with our block: whether a published writer lives cannot be known.
///
/// # Errors
/// When the folder cannot be read.
pub fn left_behind(dir: impl AsRef<Path>) -> io::Result<Vec<LeftBehind>> {
    let dir = dir.as_ref();
    // Both of a header's names are looked at: the public one may be gone.
    let names: BTreeSet<String> = std::fs::read_dir(dir)?
        .flatten()
        .filter_map(|entry| entry.file_name().into_string().ok())
        .filter(|name| name.len() == SEGMENT_NAME_LEN)
        .filter(|name| name.starts_with(SEGMENT_PREFIX) || *name == private_name(name))
        .collect();
    let mut found: Vec<LeftBehind> = names.iter().filter_map(|name| look(dir, name)).collect();
    found.sort_by(|a, b| a.name.cmp(&b.name));
    found.dedup_by(|a, b| a.name == b.name);
    Ok(found)
}

/// What belongs to the header in this file, if that is one, of ours, and nobody's.
fn look(dir: &Path, file: &str) -> Option<LeftBehind> {
    let path = dir.join(file);
    let open = open_existing(&path, true).ok()??;
    // Ours for an instant, if it is nobody's: no writer can begin with it meanwhile.
    lock(&open, &path).ok()?;
    let view = View::map(&open, &path).ok()?;
    let id = view.file();
    let header = HeaderView::detect(view.clone()).ok()?;
    let name = Extension::find(view)?.name()?;
    let header_file = name.header().to_string();
    if file != header_file && file != private_name(&header_file) {
        // Somebody's copy, or a forgery: what it names is not its own.
        return None;
    }
    let owner = open.metadata().ok()?.uid();
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
    let both = |public: String| [dir.join(&public), dir.join(private_name(&public))];
    let of_owner = |path: &PathBuf| path.symlink_metadata().is_ok_and(|m| m.uid() == owner);
    let files = segments.into_iter().flat_map(|s| both(s.to_string())).filter(of_owner).collect();
    let is_read = attached::by_another_process(dir, id);
    Some(LeftBehind { name: name.as_str().to_owned(), files, is_read })
}

impl LeftBehind {
    /// Removes its files.
    ///
    /// # Errors
    /// The first that cannot be removed.
    pub fn remove(&self) -> io::Result<()> {
        self.files.iter().try_for_each(|file| match std::fs::remove_file(file) {
            Err(e) if e.kind() != io::ErrorKind::NotFound => Err(e),
            _ => Ok(()),
        })
    }
}
