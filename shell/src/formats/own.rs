//! What our own recorder says in each format, word for word: its description's version and attributes, and what it writes among annotations and
//! comments. A replay takes it back.

use crate::count::{count, were};

/// The version of the description's JSON.
pub(crate) const VERSION: u32 = 1;
/// Unit of samples that are codes.
pub(crate) const CODE: &str = "code";
/// The attribute that says what a code is in volts.
pub(crate) const VOLTS_PER_CODE: &str = "volts_per_code";

// Annotations of EDF and BDF. Each comes first in its text, and a blank before the rest.
/// The description, in pieces: `axismirror 1/3 {...`.
pub(crate) const DESCRIPTION: &str = "axismirror";
/// The sums, in pieces: `axismirror end 1/2 {...`.
pub(crate) const END: &str = "axismirror end";
/// The stream's time at a place: `axismirror time: frame=1000 t=12.000123`.
pub(crate) const TIME: &str = "axismirror time:";
/// Frames that stand for lost ones: `BAD_gap: 12 frames were not acquired`.
pub(crate) const GAP: &str = "BAD_gap:";
/// Frames up to the end of the last record: `BAD_padding: 3 frames`.
pub(crate) const PADDING: &str = "BAD_padding:";

// XDF.
/// Type of the stream of gaps.
pub(crate) const GAPS_TYPE: &str = "Gaps";
/// What the `source_id` of all streams begins with.
pub(crate) const SOURCE: &str = "axismirror:";

/// Why frames are missing, of a gap's line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// The ring was written over before they were read.
    Overwritten,
    /// They never came from the ADC, or its writer lost them.
    NotAcquired,
}

/// `12 frames were not acquired`
pub(crate) fn gap_line(frames: u64, cause: Cause) -> String {
    let what = match cause {
        Cause::Overwritten => format!("overwritten before {} read", if frames == 1 { "it was" } else { "they were" }),
        Cause::NotAcquired => "not acquired".to_owned(),
    };
    format!("{} {} {what}", count(frames, "frame"), were(frames))
}

/// The frames that such a line says are missing, or another one that begins with their number.
pub(crate) fn frames_of(line: &str) -> Option<u64> {
    let (number, rest) = line.trim_start().split_once(' ')?;
    let word = rest.split(' ').next();
    number.parse().ok().filter(|_| matches!(word, Some("frame" | "frames")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_gaps() {
        assert_eq!(gap_line(12, Cause::NotAcquired), "12 frames were not acquired");
        assert_eq!(gap_line(1, Cause::Overwritten), "1 frame was overwritten before it was read");
        assert_eq!(gap_line(2, Cause::Overwritten), "2 frames were overwritten before they were read");
        assert_eq!([frames_of("12 frames were not acquired"), frames_of("1 frame was x")], [Some(12), Some(1)]);
        assert_eq!(frames_of("1 frames were not acquired"), Some(1));
        assert_eq!([frames_of("12 apples"), frames_of(""), frames_of("3 framesets")], [None; 3]);
    }
}
