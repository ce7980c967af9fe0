//! XDF 1.0: chunks and their tags, lengths of variable size, and the formats of samples.
//!
//! ```text
//! "XDF:"  then chunks:  [1 | 4 | 8]  length  tag (u16)  [stream (u32)]  content        all little-endian; the length is of all behind it
//! samples:  count (of variable size), then of each:  [0] or [8] time (f64)  values
//! ```
//!
//! Source: "Specifications" of the wiki of github.com/sccn/xdf.

use axismirror_core::dtype::DType;

/// What a file begins with.
pub(crate) const MAGIC: &[u8] = b"XDF:";

/// What is in a chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub(crate) enum Tag {
    FileHeader = 1,
    StreamHeader = 2,
    Samples = 3,
    ClockOffset = 4,
    Boundary = 5,
    StreamFooter = 6,
}

impl Tag {
    /// `None`: of a later version.
    pub(crate) fn of(number: u16) -> Option<Self> {
        use Tag::{Boundary, ClockOffset, FileHeader, Samples, StreamFooter, StreamHeader};
        let all = [FileHeader, StreamHeader, Samples, ClockOffset, Boundary, StreamFooter];
        all.into_iter().find(|tag| tag.number() == number)
    }

    pub(crate) const fn number(self) -> u16 {
        self as u16
    }

    /// Whether the number of a stream comes before the content.
    pub(crate) const fn is_of_stream(self) -> bool {
        !matches!(self, Self::FileHeader | Self::Boundary)
    }
}

/// The content of each boundary chunk.
pub(crate) const BOUNDARY_ID: [u8; 16] =
    [0x43, 0xA5, 0x46, 0xDC, 0xCB, 0xF5, 0x41, 0x0F, 0xB3, 0x0E, 0xD5, 0x46, 0x73, 0x83, 0xCB, 0xE4];

/// What stands before a sample without and with a time, by the count of the time's bytes.
pub(crate) const NO_TIME: u8 = 0;
pub(crate) const TIME: u8 = 8;

/// Formats of numbers. Text is `string`.
const FORMATS: [(&str, DType); 6] = [
    ("int8", DType::I8),
    ("int16", DType::I16),
    ("int32", DType::I32),
    ("int64", DType::I64),
    ("float32", DType::F32),
    ("double64", DType::F64),
];
/// The format of texts.
pub(crate) const STRING: &str = "string";

/// What the format of a type is called, which XDF has not for each.
pub(crate) fn format_of(dtype: DType) -> Option<&'static str> {
    FORMATS.iter().find(|(_, of)| *of == dtype).map(|(format, _)| *format)
}

/// The type of a format of numbers.
pub(crate) fn dtype_of(format: &str) -> Option<DType> {
    FORMATS.iter().find(|(name, _)| *name == format).map(|(_, dtype)| *dtype)
}

/// Adds a number of variable size: how many bytes it has, and these.
pub(crate) fn put_number(out: &mut Vec<u8>, n: u64) {
    if let Ok(n) = u8::try_from(n) {
        out.extend_from_slice(&[1, n]);
    } else if let Ok(n) = u32::try_from(n) {
        out.push(4);
        out.extend_from_slice(&n.to_le_bytes());
    } else {
        out.push(8);
        out.extend_from_slice(&n.to_le_bytes());
    }
}

/// A number of variable size, and what comes behind it.
pub(crate) fn take_number(bytes: &[u8]) -> Option<(u64, &[u8])> {
    let (count, rest) = bytes.split_first()?;
    match count {
        1 => rest.split_first_chunk().map(|(n, rest)| (u8::from_le_bytes(*n).into(), rest)),
        4 => rest.split_first_chunk().map(|(n, rest)| (u32::from_le_bytes(*n).into(), rest)),
        8 => rest.split_first_chunk().map(|(n, rest)| (u64::from_le_bytes(*n), rest)),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_one_four_or_eight_bytes() {
        for (n, bytes) in [(255, &[1, 255][..]), (256, &[4, 0, 1, 0, 0]), (1 << 32, &[8, 0, 0, 0, 0, 1, 0, 0, 0])] {
            let mut out = Vec::new();
            put_number(&mut out, n);
            assert_eq!(out, bytes);
            assert_eq!(take_number(&[bytes, b"x"].concat()), Some((n, &b"x"[..])));
        }
        assert_eq!([take_number(&[2, 0, 0]), take_number(&[4, 0, 0]), take_number(&[])], [None; 3]);
    }

    #[test]
    fn tags_are_those_of_the_specification() {
        assert_eq!([Tag::of(1), Tag::of(6), Tag::of(7)], [Some(Tag::FileHeader), Some(Tag::StreamFooter), None]);
        assert!(Tag::ClockOffset.is_of_stream() && !Tag::Boundary.is_of_stream());
    }
}
