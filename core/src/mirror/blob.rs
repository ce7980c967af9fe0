//! The stream's static metadata, a pickle in a segment of its own.
//!
//! Must never know what is in it.

use super::{Mirror, MirrorError};
use crate::memory::{Memory, Word};
use crate::store::SegmentSource;

/// Pickled static metadata in shared memory.
#[derive(Clone, Debug)]
pub struct Blob<M> {
    memory: M,
    len: usize,
}

impl<M: Memory> Blob<M> {
    /// The segment's memory.
    #[must_use]
    pub const fn memory(&self) -> &M {
        &self.memory
    }

    /// Length in bytes.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether it has no byte.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Copies as many bytes as fit into `target`, for [`decode`](crate::static_metadata::decode()): what lies in shared memory may change
    /// under a decoder's hands.
    pub fn copy_to(&self, target: &mut [u8]) {
        let len = self.len.min(target.len());
        self.memory.load_bytes(0, target.get_mut(..len).unwrap_or_default(), Word::B1);
    }
}

impl<S: SegmentSource> Mirror<S> {
    /// Opens the segment with the stream's static metadata; `None` when there is none (yet).
    ///
    /// # Errors
    /// [`MirrorError::Source`], [`MirrorError::StaticMetadataTooShort`].
    pub fn static_metadata(&mut self) -> Result<Option<Blob<S::Memory>>, MirrorError<S::Error>> {
        let Some(header) = &self.header else { return Ok(None) };
        let Some((generation, nbytes)) = header.static_metadata() else { return Ok(None) };
        let needed = usize::try_from(nbytes).unwrap_or(usize::MAX);
        let name = self.name.static_metadata(generation);
        let Some(memory) = self.source.open(&name).map_err(MirrorError::Source)? else { return Ok(None) };
        let len = memory.len();
        if header.view.meta_generation() != generation {
            // Another one has come meanwhile; the next call opens that.
            return Ok(None);
        }
        if len < needed {
            return Err(MirrorError::StaticMetadataTooShort { len, needed });
        }
        Ok(Some(Blob { memory, len: needed }))
    }
}
