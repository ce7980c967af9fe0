//! The chunks of an XDF file, one after another.
//!
//! ```text
//! "XDF:"  then chunks:  [1 | 4 | 8]  length  tag (u16)  content        all little-endian; the length is of tag and content
//! ```
//!
//! Source: "Specifications" of the wiki of github.com/sccn/xdf, XDF 1.0.

use super::super::error::Problem;
use super::super::source::Source;

/// What an XDF file begins with.
pub(in super::super) const MAGIC: &[u8] = b"XDF:";

/// What is in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Tag {
    StreamHeader,
    Samples,
    ClockOffset,
    /// Of no use here: the file's header, boundaries, footers, and what later versions may bring.
    Other,
}

/// One chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Chunk {
    /// Where it begins.
    pub(super) offset: u64,
    pub(super) tag: Tag,
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
        let (length, behind) = var_len(head).ok_or_else(|| wrong("the length of its length is none of 1, 4, 8"))?;
        let at = offset + (head.len() - behind.len()) as u64;
        let end = at.checked_add(length).filter(|end| *end <= source.len()).ok_or_else(cut)?;
        let (tag, behind) = behind.split_first_chunk().ok_or_else(cut)?;
        let tag = match u16::from_le_bytes(*tag) {
            2 => Tag::StreamHeader,
            3 => Tag::Samples,
            4 => Tag::ClockOffset,
            _ => Tag::Other,
        };
        let has_stream = tag != Tag::Other;
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

/// A number behind the count of its bytes, and what comes after it.
pub(super) fn var_len(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (count, rest) = bytes.split_first()?;
    match count {
        1 => rest.split_first_chunk().map(|(n, rest)| (u8::from_le_bytes(*n).into(), rest)),
        4 => rest.split_first_chunk().map(|(n, rest)| (u32::from_le_bytes(*n).into(), rest)),
        8 => rest.split_first_chunk().map(|(n, rest)| (u64::from_le_bytes(*n), rest)),
        _ => None,
    }
}
