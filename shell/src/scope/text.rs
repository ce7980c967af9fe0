//! Numbers with their units, and strangers' texts, in so many columns.

use std::borrow::Cow;

use axismirror_core::extension::Clock;
use unicode_segmentation::UnicodeSegmentation;
use unicode_width::UnicodeWidthStr;

use crate::config::visible;
use crate::sample::fixed;

/// Prefixes of the SI, from 10^-15 by thousands.
const PREFIXES: [&str; 10] = ["f", "p", "n", "\u{b5}", "m", "", "k", "M", "G", "T"];
/// The place of no prefix.
const NONE: i32 = 5;

/// From here on a number has an exponent.
const MANY: f64 = 1e7;

/// A number with three digits or so and a unit: `50 µV`, `0.1 code`. Codes, and what has no unit, get no prefix.
#[must_use]
pub fn quantity(x: f64, unit: &str) -> String {
    if matches!(unit, "" | "1" | "code") {
        let number = if x != 0.0 && x.abs() < 1e-3 { format!("{x:.0e}") } else { digits(x) };
        return format!("{number} {unit}").trim_end().to_owned();
    }
    let thousands = (x.abs().log10() / 3.0 + 1e-12).floor();
    let power = if x == 0.0 || !x.is_finite() { 0 } else { (thousands as i32).clamp(-NONE, 9 - NONE) };
    let prefix = PREFIXES.get(usize::try_from(power + NONE).unwrap_or_default()).copied().unwrap_or_default();
    let number = digits(x / 1000_f64.powi(power));
    format!("{number} {prefix}{unit}")
}

/// At most three digits behind those before the point; no zeros at the end.
fn digits(x: f64) -> String {
    if !x.is_finite() {
        return x.to_string();
    }
    if x.abs() >= MANY {
        return format!("{x:.0e}");
    }
    let before = if x.abs() < 1.0 { 1 } else { x.abs().log10().floor() as i32 + 1 };
    let text = format!("{x:.*}", usize::try_from(3 - before).unwrap_or_default());
    if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.').to_owned() } else { text }
}

/// A time on an axis of this length: `-0.5 s`, and `-500 ms` where all of it is less than a second.
#[must_use]
pub fn seconds(x: f64, length: f64) -> String {
    if x == 0.0 || length >= 1.0 { format!("{} s", round(x)) } else { quantity(x, "s") }
}

/// A frame's time by its clock: `09:15:02.250 UTC` of realtime, `12345.250 s` of any other.
#[must_use]
pub fn time_of_day(seconds: f64, clock: Clock) -> String {
    if clock != Clock::Realtime {
        return format!("{} s", fixed(seconds, 3));
    }
    let ms = (seconds * 1000.0).floor().rem_euclid(86_400_000.0) as u64;
    let (h, m, s) = (ms / 3_600_000, ms / 60_000 % 60, ms / 1000 % 60);
    format!("{h:02}:{m:02}:{s:02}.{:03} UTC", ms % 1000)
}

/// Without what binary fractions add to a decimal one.
fn round(x: f64) -> f64 {
    (x * 1e6).round() / 1e6
}

/// Columns that a text takes in a terminal.
#[must_use]
pub fn width(text: &str) -> usize {
    text.width()
}

/// A stranger's text in at most `columns` columns: what nobody sees is escaped, what is too long ends in `…` (`~` in ASCII). In ASCII, what is not is `?`, and µ is u.
#[must_use]
pub fn fit(text: &str, columns: usize, ascii: bool) -> String {
    let text = visible(text);
    let text: Cow<'_, str> = if ascii { to_ascii(&text).into() } else { text };
    if text.width() <= columns {
        return text.into_owned();
    }
    let end = if ascii { "~" } else { "\u{2026}" };
    let mut out = String::new();
    for cluster in text.graphemes(true) {
        if out.width() + cluster.width() + 1 > columns {
            break;
        }
        out.push_str(cluster);
    }
    if columns > 0 {
        out.push_str(end);
    }
    out
}

/// A text of our own in lines of at most `columns` columns, between words; a word that is longer has a line of its own.
#[must_use]
pub fn wrap(text: &str, columns: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for word in text.split(' ') {
        match lines.last_mut() {
            Some(line) if line.is_empty() => line.push_str(word),
            Some(line) if line.width() + 1 + word.width() <= columns => {
                line.push(' ');
                line.push_str(word);
            }
            _ => lines.push(word.to_owned()),
        }
    }
    lines
}

/// What a terminal without UTF-8 can show.
#[must_use]
pub fn to_ascii(text: &str) -> String {
    text.graphemes(true)
        .map(|cluster| match cluster {
            "\u{b5}" | "\u{3bc}" => "u",
            "\u{221a}" => "sqrt",
            "\u{b7}" => "|",
            "\u{d7}" => "x",
            "\u{2212}" => "-",
            one if one.is_ascii() => one,
            _ => "?",
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_prefixes() {
        for (x, unit, text) in [
            (5e-5, "V", "50 µV"),
            (1e-3, "V", "1 mV"),
            (-2.5e-7, "V", "-250 nV"),
            (0.0, "V", "0 V"),
            (1e6, "code", "1000000 code"),
            (0.1, "code", "0.1 code"),
            (5e-4, "code", "5e-4 code"),
            (1000.0, "", "1000"),
            (2e7, "", "2e7"),
            (12.345, "Hz", "12.3 Hz"),
            (0.01234, "V", "12.3 mV"),
            (1e30, "V", "1e18 TV"),
            (-1e308, "V", "-1e296 TV"),
            (1e308, "", "1e308"),
            (f64::INFINITY, "V", "inf V"),
            (1e-18, "V", "0 fV"),
        ] {
            assert_eq!(quantity(x, unit), text);
        }
        assert_eq!(quantity(f64::NAN, "V"), "NaN V");
        assert_eq!((seconds(-2.5, 5.0).as_str(), seconds(0.1 + 0.2, 1.0).as_str()), ("-2.5 s", "0.3 s"));
        assert_eq!((seconds(0.1 + 0.2, 0.5).as_str(), seconds(0.0, 0.5).as_str()), ("300 ms", "0 s"));
    }

    /// `date -u -d @1700000000.25`
    #[test]
    fn times_are_of_their_clock() {
        assert_eq!(time_of_day(1_700_000_000.25, Clock::Realtime), "22:13:20.250 UTC");
        assert_eq!(time_of_day(12_345.25, Clock::Monotonic), "12345.250 s");
        assert_eq!(time_of_day(1e308, Clock::Monotonic), "1e308 s");
        assert_eq!(time_of_day(f64::NAN, Clock::Realtime), "00:00:00.000 UTC");
    }

    #[test]
    fn texts_are_cut_between_what_people_call_letters() {
        assert_eq!(fit("Fp1", 3, false), "Fp1");
        assert_eq!(fit("Fp1-A2", 4, false), "Fp1…");
        assert_eq!(fit("日本語", 5, false), "日本…");
        assert_eq!(fit("日本語", 4, false), "日…");
        assert_eq!(fit("日本語", 6, false), "日本語");
        assert_eq!(fit("e\u{301}e\u{301}e\u{301}", 2, false), "e\u{301}…");
        assert_eq!(fit("abc", 0, false), "");
        assert_eq!(fit("abc", 1, true), "~");
        for columns in 0..12 {
            for text in ["👩\u{200d}🔬 lab", "日本語日本語", "a\u{301}\u{302}b", "\u{1b}[2J"] {
                assert!(width(&fit(text, columns, false)) <= columns, "{text:?} in {columns}");
                assert!(fit(text, columns, true).is_ascii());
            }
        }
    }

    #[test]
    fn lines_are_wrapped_between_words() {
        assert_eq!(wrap("less or more time", 12), ["less or more", "time"]);
        assert_eq!(wrap("less or more time", 11), ["less or", "more time"]);
        assert_eq!(wrap("spectrum of it", 3), ["spectrum", "of", "it"]);
        assert_eq!(wrap("", 3), [""]);
    }

    #[test]
    fn what_nobody_sees_is_escaped() {
        assert_eq!(fit("a\u{1b}[31m\u{202e}", 40, false), r"a\u{1b}[31m\u{202e}");
        assert_eq!(fit("µV Ω 日", 40, true), "uV ? ?");
    }
}
