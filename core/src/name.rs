//! Long names to segment names.
//!
//! Readers and writers agree on a long name (`eeg`, `eeg/buffer0`); the file in shared memory carries a short one derived from it. Knows
//! nothing of where segments live.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use heapless::String;
use sha2::{Digest, Sha256};

use crate::header::Generation;

/// Characters of a segment name: `sm_` and 20 of base64.
pub const SEGMENT_NAME_LEN: usize = 23;
/// The longest stream name in bytes. The published packages know no limit; a name that is longer than this is taken for a mistake.
pub const MAX_STREAM_NAME: usize = 1024;

/// What every segment name begins with.
pub const SEGMENT_PREFIX: &str = "sm_";
const DIGEST_CHARS: usize = SEGMENT_NAME_LEN - SEGMENT_PREFIX.len();

/// The public name of a segment: `sm_` and the first 20 characters of the URL-safe base64 of the SHA-256 of the long name
/// (spec: wire, segments and names).
///
/// ```
/// use axismirror_core::header::Generation;
/// use axismirror_core::name::StreamName;
///
/// let stream = StreamName::new("TESTSHMEM")?;
/// assert_eq!(stream.header().as_str(), "sm_haP7fHG24nz2mRNNAfq1");
/// assert_eq!(stream.data(Generation::NONE.next()).as_str(), "sm_qUWkEAhoZqiur5OS8kSI");
/// # Ok::<(), axismirror_core::name::NameError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SegmentName {
    name: String<SEGMENT_NAME_LEN>,
    /// That of the stream's header.
    header: String<SEGMENT_NAME_LEN>,
}

impl SegmentName {
    /// The name as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.name
    }

    /// The name of the header of the stream that the segment is of; of a header its own.
    ///
    /// ```
    /// let stream = axismirror_core::name::StreamName::new("TESTSHMEM")?;
    /// assert_eq!(stream.static_metadata(1).of_header(), "sm_haP7fHG24nz2mRNNAfq1");
    /// # Ok::<(), axismirror_core::name::NameError>(())
    /// ```
    #[must_use]
    pub fn of_header(&self) -> &str {
        &self.header
    }

    fn text(parts: &[&[u8]]) -> String<SEGMENT_NAME_LEN> {
        let mut hasher = Sha256::new();
        for part in parts {
            hasher.update(part);
        }
        // 32 bytes are 43 characters of base64 without padding.
        let mut text = [0u8; 43];
        let digest = hasher.finalize();
        let len = URL_SAFE_NO_PAD.encode_slice(digest, &mut text).unwrap_or(0);
        let mut name = String::new();
        let ok = name.push_str(SEGMENT_PREFIX);
        debug_assert!(ok.is_ok() && len == text.len());
        for &c in text.iter().take(DIGEST_CHARS) {
            let ok = name.push(char::from(c));
            debug_assert!(ok.is_ok());
        }
        name
    }
}

impl core::fmt::Display for SegmentName {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&self.name)
    }
}

/// The long name of a stream (the setting `shmem_name`), from which its segments' names follow.
#[derive(Clone, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct StreamName(String<MAX_STREAM_NAME>);

/// `default`.
impl Default for StreamName {
    fn default() -> Self {
        Self(String::try_from("default").unwrap_or_default())
    }
}

/// Why a text is not the name of a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum NameError {
    /// No name at all.
    #[error("the stream's name is empty")]
    Empty,
    /// Longer than [`MAX_STREAM_NAME`].
    #[error("the stream's name has {len} bytes; at most {MAX_STREAM_NAME} are supported")]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
}

impl StreamName {
    /// A name that is neither empty nor too long.
    ///
    /// # Errors
    /// [`NameError`].
    pub fn new(name: &str) -> Result<Self, NameError> {
        if name.is_empty() {
            return Err(NameError::Empty);
        }
        String::try_from(name).map(Self).map_err(|_| NameError::TooLong { len: name.len() })
    }

    /// The name as given.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The header's segment.
    #[must_use]
    pub fn header(&self) -> SegmentName {
        let name = SegmentName::text(&[self.0.as_bytes()]);
        SegmentName { header: name.clone(), name }
    }

    /// The data segment of a generation: `{name}/buffer{generation}`.
    #[must_use]
    pub fn data(&self, generation: Generation) -> SegmentName {
        self.numbered("/buffer", generation.number())
    }

    /// The static metadata's segment of a generation: `{name}/meta{generation}`.
    #[must_use]
    pub fn static_metadata(&self, generation: u32) -> SegmentName {
        self.numbered("/meta", generation)
    }

    fn numbered(&self, kind: &str, number: u32) -> SegmentName {
        use core::fmt::Write as _;
        let mut digits: String<10> = String::new();
        let ok = write!(digits, "{number}");
        debug_assert!(ok.is_ok(), "a u32 has at most ten digits");
        let name = SegmentName::text(&[self.0.as_bytes(), kind.as_bytes(), digits.as_bytes()]);
        SegmentName { name, header: self.header().header }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specs_own_examples() {
        let s = StreamName::new("TESTSHMEM").unwrap();
        assert_eq!(s.header().as_str(), "sm_haP7fHG24nz2mRNNAfq1");
        assert_eq!(s.data(Generation::from_number(0)).as_str(), "sm_qUWkEAhoZqiur5OS8kSI");
    }

    #[test]
    fn names_seen_in_recordings_of_the_published_writer() {
        let s = StreamName::new("golden-lab").unwrap();
        assert_eq!(s.header().as_str(), "sm_15qIrY-9CUrPkstOkSGC");
        assert_eq!(s.data(Generation::from_number(0)).as_str(), "sm_sZHUFubxA4NUFo-9BwK5");
        assert_eq!(s.static_metadata(1).as_str(), "sm_54HT_qMYUcksLfsD9szZ");
    }

    #[test]
    fn refuses_no_name_and_endless_names() {
        assert_eq!(StreamName::new(""), Err(NameError::Empty));
        let long = [b'x'; MAX_STREAM_NAME + 1];
        let long = core::str::from_utf8(&long).unwrap();
        assert_eq!(StreamName::new(long), Err(NameError::TooLong { len: MAX_STREAM_NAME + 1 }));
        assert!(StreamName::new(&long[1..]).is_ok());
    }
}
