//! Time-stamped annotations lists of EDF+ and BDF+ (Kemp & Olivan 2003, 2.2.2 and 2.2.4).
//!
//! ```text
//! +180.5 [15] 30 [14] Lights off [14] Close door [14] [00]
//! onset    duration   texts
//! ```
//!
//! The first one of a data record has an empty text first: it says when the record begins.

use super::super::content::Mark;
use crate::formats::edf::{BEFORE_DURATION, LIST_END, TEXT_END};

/// One list: all that began at one time.
#[derive(Debug, PartialEq)]
pub(super) struct Annotations<'a> {
    /// Seconds from the file's start.
    pub(super) onset: f64,
    duration: Option<f64>,
    texts: &'a [u8],
}

/// All lists of one signal in one data record. What is no list is passed over.
pub(super) fn lists(bytes: &[u8]) -> impl Iterator<Item = Annotations<'_>> {
    bytes.split(|b| *b == LIST_END).filter_map(|list| {
        let end = list.iter().position(|b| *b == TEXT_END)?;
        let (when, texts) = list.split_at_checked(end)?;
        let mut when = when.split(|b| *b == BEFORE_DURATION);
        let onset = seconds(when.next()?).filter(|_| list.starts_with(b"+") || list.starts_with(b"-"))?;
        Some(Annotations { onset, duration: when.next().and_then(seconds), texts })
    })
}

impl Annotations<'_> {
    /// Its texts that are not empty.
    pub(super) fn marks(&self) -> impl Iterator<Item = Mark> {
        self.texts.split(|b| *b == TEXT_END).filter(|text| !text.is_empty()).map(|text| Mark {
            time: self.onset,
            duration: self.duration,
            text: super::text::text(text),
        })
    }
}

fn seconds(text: &[u8]) -> Option<f64> {
    str::from_utf8(text).ok()?.parse().ok().filter(|s: &f64| s.is_finite())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_examples_of_the_specification() {
        let marks = |bytes: &[u8]| -> Vec<(f64, Option<f64>, String)> {
            lists(bytes).flat_map(|l| l.marks().map(|m| (m.time, m.duration, m.text)).collect::<Vec<_>>()).collect()
        };
        let bytes = b"+0\x14\x14\0+180\x14Lights off\x14Close door\x14\0+993.2\x151.2\x14Apnea\x14\0\0\0";
        let expected = [(180.0, None, "Lights off"), (180.0, None, "Close door"), (993.2, Some(1.2), "Apnea")];
        assert_eq!(marks(bytes), expected.map(|(t, d, x)| (t, d, x.to_owned())));
        assert_eq!(lists(bytes).next().map(|l| l.onset), Some(0.0));
        assert_eq!(marks(b"-0.065\x14Pre-stimulus 1000Hz\x14\0"), [(-0.065, None, "Pre-stimulus 1000Hz".to_owned())]);
        assert_eq!(marks(b"+1\x14\xb5V\x14\0"), [(1.0, None, "µV".to_owned())]);
        for broken in [&b""[..], b"\0\0", b"+1", b"1\x14x\x14\0", b"+x\x14x\x14\0", b"+inf\x14x\x14\0", b"\x14\x14"] {
            assert_eq!(marks(broken), [], "{broken:?}");
        }
    }
}
