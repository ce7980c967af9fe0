//! Memory that is taken before the segments are made that it is for.
//!
//! Knows nothing of which segments those are: what is made with so many bytes gets what was reserved with as many.

use std::fs::File;

use rustix::fs;

use super::super::error::ShmError;
use super::super::file::{create_unnamed, no_space};
use super::ShmStore;

/// Memory that is kept for segments to come, as files without names: a process that dies leaves nothing of it.
#[derive(Debug, Default)]
pub(super) struct Reserved {
    /// With so many bytes each.
    files: Vec<(usize, File)>,
    /// One that comes in the place of another: its bytes, and those of `files` that it has beyond the other's.
    in_place: Option<(usize, usize)>,
}

/// A segment that comes in the place of another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct InPlace {
    /// Bytes of the one that comes.
    pub(crate) len: usize,
    /// Bytes of the one that goes.
    pub(crate) before: usize,
}

impl Reserved {
    pub(super) fn take(&mut self, len: usize) -> Option<File> {
        let at = self.files.iter().position(|(has, _)| *has == len)?;
        Some(self.files.swap_remove(at).1)
    }

    fn clear(&mut self) {
        *self = Self::default();
    }
}

impl ShmStore {
    /// Takes the memory of segments that are to be made beside those that there are, so that nobody else can have it by then; those of no bytes are
    /// none. It is kept until they are made, or until [`ShmStore::release`].
    ///
    /// # Errors
    /// [`ShmError::NoSpace`]; nothing is taken then.
    pub fn reserve(&mut self, lens: &[usize]) -> Result<(), ShmError> {
        self.reserved.clear();
        self.reserve_more(lens).inspect_err(|_| self.reserved.clear())
    }

    /// The same, where besides those a segment is to be made in the place of another, which is removed first. What it needs more than that is taken now,
    /// the rest when the other one is removed.
    ///
    /// # Errors
    /// [`ShmError::NoSpace`].
    pub(crate) fn reserve_in_place(
        &mut self,
        lens: &[usize],
        InPlace { len, before }: InPlace,
    ) -> Result<(), ShmError> {
        // What a file system gives at once: tmpfs a page.
        let page = fs::statvfs(self.places.dir()).map_or(1, |v| usize::try_from(v.f_frsize).unwrap_or(1)).max(1);
        let pages = |len: usize| len.div_ceil(page);
        self.reserve(lens)?;
        let more = pages(len).saturating_sub(pages(before)) * page;
        let taken = self.reserve_more(&[more]).map_err(|_| no_space(self.places.dir(), len as u64));
        self.reserved.in_place = Some((len, more));
        taken.inspect_err(|_| self.reserved.clear())
    }

    /// What is reserved is free again.
    pub fn release(&mut self) {
        self.reserved.clear();
    }

    fn reserve_more(&mut self, lens: &[usize]) -> Result<(), ShmError> {
        for &len in lens.iter().filter(|len| **len > 0) {
            // Nothing is tried that cannot be: to fill memory takes time.
            self.check_room(len)?;
            if let Some(file) = create_unnamed(self.places.dir(), self.places.folder(), len)? {
                self.reserved.files.push((len, file));
            }
        }
        Ok(())
    }

    /// A segment is gone, in whose place another is to come: now there is room for that.
    pub(super) fn reserve_freed(&mut self) {
        let Some((len, more)) = self.reserved.in_place.take() else { return };
        drop(self.reserved.take(more));
        if self.reserve_more(&[len]).is_err() {
            // Not yet: it was another one that is gone.
            let _ = self.reserve_more(&[more]);
            self.reserved.in_place = Some((len, more));
        }
    }
}
