//! Characters that nobody sees: controls, what turns the direction of a text around, and what has no width.
//!
//! Names and labels that look alike are alike, and a line shows what is in it. Settings refuse them; foreign texts are shown with them escaped.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Unicode's format characters (Cf), its line and paragraph separators, and letters that are blank (`Default_Ignorable_Code_Point`, Unicode 16).
const INVISIBLE: [(char, char); 20] = [
    ('\u{ad}', '\u{ad}'),
    ('\u{34f}', '\u{34f}'),
    ('\u{600}', '\u{605}'),
    ('\u{61c}', '\u{61c}'),
    ('\u{6dd}', '\u{6dd}'),
    ('\u{70f}', '\u{70f}'),
    ('\u{115f}', '\u{1160}'),
    ('\u{17b4}', '\u{17b5}'),
    ('\u{180b}', '\u{180f}'),
    // Zero width, and the marks of direction.
    ('\u{200b}', '\u{200f}'),
    // Separators; embedding and overriding of directions.
    ('\u{2028}', '\u{202e}'),
    // Joiners, isolates of directions.
    ('\u{2060}', '\u{206f}'),
    ('\u{3164}', '\u{3164}'),
    ('\u{fe00}', '\u{fe0f}'),
    ('\u{feff}', '\u{feff}'),
    ('\u{ffa0}', '\u{ffa0}'),
    ('\u{fff0}', '\u{fffb}'),
    ('\u{1bca0}', '\u{1bca3}'),
    ('\u{1d173}', '\u{1d17a}'),
    // Tags, and variation selectors.
    ('\u{e0000}', '\u{e0fff}'),
];

/// Whether nobody sees it.
#[must_use]
pub fn is_invisible(c: char) -> bool {
    c.is_control() || INVISIBLE.iter().any(|(first, last)| (*first..=*last).contains(&c))
}

/// The text with what nobody sees as `\u{202e}` and the like, or as `\n`, `\t`.
///
/// ```
/// assert_eq!(axismirror::config::visible("C3\u{202e}4"), r"C3\u{202e}4");
/// ```
#[must_use]
pub fn visible(text: &str) -> Cow<'_, str> {
    escaped(text, |c, out| out.extend(c.escape_default()))
}

/// JSON, in which what nobody sees is escaped: the same JSON. Line breaks between its values stay.
#[must_use]
pub fn visible_json(json: &str) -> Cow<'_, str> {
    escaped(json, |c, out| match c {
        '\n' => out.push(c),
        // JSON has UTF-16 (RFC 8259, section 7). Writing to a string cannot fail.
        _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| {
            let _ = write!(out, "\\u{unit:04x}");
        }),
    })
}

fn escaped(text: &str, escape: impl Fn(char, &mut String)) -> Cow<'_, str> {
    if !text.contains(is_invisible) {
        return text.into();
    }
    let mut out = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_invisible(c) { escape(c, &mut out) } else { out.push(c) }
    }
    out.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_nobody_sees_is_escaped_and_all_else_is_left() {
        assert_eq!(visible("a\u{202e}b\u{200b}\u{1b}[2J\n\t\u{e0041}"), r"a\u{202e}b\u{200b}\u{1b}[2J\n\t\u{e0041}");
        for text in ["", "Fp1 µV ΔΩ é e\u{301} ä 日本 שלום عربي \\ \" '", "🧠"] {
            assert!(matches!(visible(text), Cow::Borrowed(same) if same == text));
        }
    }

    #[test]
    fn json_is_the_same_json() {
        let value = serde_json::json!({ "a\u{202e}": ["\u{7f}\u{feff}\n\"\\", "\u{e0041}µ", 1.5] });
        let text = serde_json::to_string_pretty(&value).unwrap() + "\n";
        let shown = visible_json(&text);
        assert!(shown.lines().count() > 3 && !shown.contains(|c| c != '\n' && is_invisible(c)), "{shown}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), value);
    }
}
