//! Time-stamped annotation lists (EDF+ specification, 2.2.2 to 2.2.4): `+onset[\x15duration]\x14text\x14\0`, UTF-8.
//!
//! Onsets and durations are whole numbers of 100 ns: what readers keep of them.

use crate::formats::edf::{BEFORE_DURATION, LIST_END, TEXT_END};
use crate::formats::own::annotations;

/// Ticks of 100 ns in a second.
pub(super) const TICKS: u64 = 10_000_000;
/// The longest text of one annotation in bytes: EDFlib, and with it EDFbrowser and pyedflib, cut at 512.
pub(super) const LONGEST: usize = 480;

/// Seconds as EDF+ writes them, without zeros at the end.
fn seconds(ticks: u64) -> String {
    let text = format!("{}.{:07}", ticks / TICKS, ticks % TICKS);
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// The list at the beginning of each data record, which tells when it begins.
pub(super) fn record_time(onset: u64) -> Vec<u8> {
    list(&seconds(onset), "")
}

/// One annotation. The characters that separate, and NUL, are shown as others.
pub(super) fn annotation(onset: u64, duration: Option<u64>, text: &str) -> Vec<u8> {
    let mut when = seconds(onset);
    if let Some(duration) = duration {
        when.push(BEFORE_DURATION.into());
        when.push_str(&seconds(duration));
    }
    let separates = |c: char| [TEXT_END, BEFORE_DURATION, LIST_END].iter().any(|b| char::from(*b) == c);
    list(&when, &text.replace(separates, "\u{fffd}"))
}

fn list(when: &str, text: &str) -> Vec<u8> {
    let mut list = vec![b'+'];
    list.extend_from_slice(when.as_bytes());
    list.push(TEXT_END);
    list.extend_from_slice(text.as_bytes());
    list.extend_from_slice(&[TEXT_END, LIST_END]);
    list
}

/// Annotations of a text that may be longer than one can be: `NAME 1/3 ...`.
pub(super) fn numbered(onset: u64, name: &str, text: &str) -> Vec<Vec<u8>> {
    // With room for the name and the numbers.
    let pieces = pieces(text, LONGEST - name.len() - 16);
    let count = pieces.len();
    let one = |(i, piece): (usize, &str)| annotation(onset, None, &annotations::piece(name, i + 1, count, piece));
    pieces.into_iter().enumerate().map(one).collect()
}

/// A text in pieces of at most `longest` bytes, broken between characters; at least one.
pub(super) fn pieces(text: &str, longest: usize) -> Vec<&str> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while rest.len() > longest {
        let cut = (1..=longest).rev().find(|at| rest.is_char_boundary(*at)).unwrap_or(rest.len());
        let (piece, behind) = rest.split_at(cut);
        pieces.push(piece);
        rest = behind;
    }
    pieces.push(rest);
    pieces
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of the specification, 2.2.2: `+180\x14Lights off\x14Close door\x14\0`, `+1800.2\x1525.5\x14Apnea\x14\0`, `+567\x14\x14\0`.
    #[test]
    fn lists_are_those_of_the_specification() {
        assert_eq!(annotation(180 * TICKS, None, "Lights off"), b"+180\x14Lights off\x14\0");
        assert_eq!(
            annotation(1800 * TICKS + TICKS / 5, Some(TICKS * 51 / 2), "Apnea"),
            b"+1800.2\x1525.5\x14Apnea\x14\0"
        );
        assert_eq!(record_time(567 * TICKS), b"+567\x14\x14\0");
        assert_eq!(record_time(1), b"+0.0000001\x14\x14\0");
        assert_eq!(annotation(0, None, "a\x14b\0c"), "+0\x14a\u{fffd}b\u{fffd}c\x14\0".as_bytes());
    }

    #[test]
    fn pieces_end_between_characters() {
        assert_eq!(pieces("abcdef", 4), ["abcd", "ef"]);
        assert_eq!(pieces("aµµ", 2), ["a", "µ", "µ"]);
        assert_eq!(pieces("", 4), [""]);
        assert_eq!(pieces("abcd", 4), ["abcd"]);
    }
}
