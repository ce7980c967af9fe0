//! What our own recorder says in each format, word for word: the description and its attributes, and the line that tells of a gap. A replay takes it
//! back.
//!
//! | in | is |
//! |---|---|
//! | `description` | what is said as JSON |
//! | `annotations` | what is said in EDF and BDF |
//!
//! The words of CSV and of files of columns are those of the formats beside this one. Knows nothing of what a replay makes of it.

pub(crate) mod annotations;
mod description;

pub(crate) use self::description::volts_per_code;
pub use self::description::{Description, End, Event, Gap};
use crate::count::{count, were};

/// The version of the description's JSON.
pub(crate) const VERSION: u32 = 1;
/// What the description is called in every format, and the sums in XDF's footer.
pub(crate) const DESCRIPTION: &str = "axismirror";
/// Unit of samples that are codes.
pub(crate) const CODE: &str = "code";
/// Unit of samples that are volts.
pub(crate) const VOLTS: &str = "V";
/// The attribute that says what a code is in volts.
pub(crate) const VOLTS_PER_CODE: &str = "volts_per_code";
/// The attribute that says the unit of the samples; in XDF and in a column's metadata it is called so, too.
pub(crate) const UNIT: &str = "unit";

/// XDF: type of the stream of gaps.
pub(crate) const GAPS_TYPE: &str = "Gaps";
/// What the `source_id` of all streams begins with, and the equipment in the header of EDF and BDF.
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
