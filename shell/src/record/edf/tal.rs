//! Time-stamped annotation lists (EDF+ specification, 2.2.2 to 2.2.4): `+onset[\x15duration]\x14text\x14\0`, UTF-8.
//!
//! Onsets and durations are whole numbers of 100 ns: what readers keep of them.

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
    format!("+{}\x14\x14\0", seconds(onset)).into_bytes()
}

/// One annotation. The characters that separate, and NUL, are shown as others.
pub(super) fn annotation(onset: u64, duration: Option<u64>, text: &str) -> Vec<u8> {
    let duration = duration.map(|d| format!("\x15{}", seconds(d))).unwrap_or_default();
    let text: String = text.chars().map(|c| if matches!(c, '\0' | '\x14' | '\x15') { '\u{fffd}' } else { c }).collect();
    format!("+{}{duration}\x14{text}\x14\0", seconds(onset)).into_bytes()
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
