//! Text within XML 1.0, as XDF's headers and SVG have it.

/// Text in which nothing is markup. Characters that XML 1.0 cannot hold (section 2.2) are shown as others.
pub(crate) fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\t' | '\n' => out.push(c),
            // A reader would make a line feed of it.
            '\r' => out.push_str("&#13;"),
            '\0'..='\u{1f}' | '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::escaped;

    #[test]
    fn nothing_is_markup_and_nothing_is_impossible() {
        assert_eq!(escaped("<c>&\u{1}\u{0}\u{ffff}µ\r\n"), "&lt;c&gt;&amp;\u{fffd}\u{fffd}\u{fffd}µ&#13;\n");
    }
}
