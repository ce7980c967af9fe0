//! Which streams there are: every segment that looks like a header.

use std::io;
use std::path::Path;

use axismirror_core::extension::Extension;
use axismirror_core::header::{Description, HeaderView, StructVersion};
use axismirror_core::memory::Memory as _;
use axismirror_core::name::{SEGMENT_NAME_LEN, SEGMENT_PREFIX};

use super::attached;
use super::file::open_existing;
use super::segment::View;

/// A header segment that was found.
#[derive(Clone, Debug)]
pub struct Found {
    /// The long name, which only our extension block carries.
    pub name: Option<String>,
    /// Name of the segment.
    pub segment: String,
    /// Which readers it is for.
    pub version: StructVersion,
    /// Whether it says that its data is valid.
    pub valid: bool,
    /// Whether it has our extension block.
    pub ours: bool,
    /// Whether it was received from another machine.
    pub received: bool,
    /// The process that holds the writer's lock.
    pub writer: Option<u32>,
    /// What it describes, if that is possible.
    pub description: Option<Description>,
}

/// The streams of a folder, by segment name. A version 0 header has no magic: only one of the published length or with our block counts.
///
/// # Errors
/// When the folder cannot be read.
pub fn streams(dir: impl AsRef<Path>) -> io::Result<Vec<Found>> {
    let dir = dir.as_ref();
    let mut found: Vec<Found> = headers(dir)?.filter_map(|name| look(dir, name)).collect();
    found.sort_by(|a, b| (&a.name, &a.segment).cmp(&(&b.name, &b.segment)));
    Ok(found)
}

/// Files that are called as headers are.
pub(super) fn headers(dir: &Path) -> io::Result<impl Iterator<Item = String>> {
    let names = std::fs::read_dir(dir)?.flatten().filter_map(|entry| entry.file_name().into_string().ok());
    Ok(names.filter(|name| name.starts_with(SEGMENT_PREFIX) && name.len() == SEGMENT_NAME_LEN))
}

fn look(dir: &Path, segment: String) -> Option<Found> {
    let path = dir.join(&segment);
    let file = open_existing(&path, false).ok()??;
    let memory = View::map(&file, &path).ok()?;
    let header = HeaderView::detect(memory.clone()).ok()?;
    let extension = Extension::find(memory.clone());
    let version = header.version();
    let plain = version == StructVersion::V0 && extension.is_none();
    let description = Description::parse(&header).ok();
    if plain && memory.len() != version.header_len() {
        return None;
    }
    Some(Found {
        name: extension.as_ref().and_then(Extension::name).map(|n| n.as_str().to_owned()),
        segment,
        version,
        valid: header.bvalid() && description.is_some(),
        ours: extension.is_some(),
        received: extension.as_ref().is_some_and(|e| e.received().is_some()),
        writer: attached::writer(memory.file()),
        description,
    })
}
