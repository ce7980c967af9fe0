//! The chunks of an XDF file, one after another.

use super::super::error::Problem;
use super::super::source::Source;
use crate::formats::xdf::{Tag, take_number};

/// One chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Where it begins.
    pub(super) offset: u64,
    /// `None`: of a later version.
    pub(super) tag: Option<Tag>,
    /// Of which stream; 0 for one that is of none.
    pub(super) stream: u32,
    /// Where its content begins behind the stream's number, and where it ends.
    pub(super) begin: u64,
    pub(super) end: u64,
}

impl Chunk {
    /// The chunk that begins at `offset`; `None` at the end of the file.
    pub(super) fn at(source: &impl Source, offset: u64) -> Result<Option<Self>, Problem> {
        let left = source.len().saturating_sub(offset);
        if left == 0 {
            return Ok(None);
        }
        let wrong = |what: &str| Problem::Chunk { offset, what: what.to_owned() };
        let cut = || wrong("the file ends within it");
        // The longest: length of the length, length, tag, stream.
        let mut head = [0; 1 + 8 + 2 + 4];
        let head = head.get_mut(..left.min(15) as usize).unwrap_or_default();
        source.read_all(head, offset)?;
        let (length, behind) = take_number(head).ok_or_else(|| wrong("the length of its length is none of 1, 4, 8"))?;
        let at = offset + (head.len() - behind.len()) as u64;
        let end = at.checked_add(length).filter(|end| *end <= source.len()).ok_or_else(cut)?;
        let (tag, behind) = behind.split_first_chunk().ok_or_else(cut)?;
        let tag = Tag::of(u16::from_le_bytes(*tag));
        let has_stream = tag.is_some_and(Tag::is_of_stream);
        let (stream, len) = match behind.first_chunk() {
            Some(stream) if has_stream => (u32::from_le_bytes(*stream), 6),
            None if has_stream => return Err(cut()),
            _ => (0, 2),
        };
        let begin = Some(at + len).filter(|begin| *begin <= end).ok_or_else(|| wrong("it is too short for its tag"))?;
        Ok(Some(Self { offset, tag, stream, begin, end }))
    }

    pub(super) fn wrong(&self, what: impl Into<String>) -> Problem {
        Problem::Chunk { offset: self.offset, what: what.into() }
    }
}
