//! What the TOML parser says of a text, as one line, and with what it leaves out: which key is there twice, and where it was before.
//!
//! Knows no key and no table.

use toml::de::Error;

/// What the parser says of a key that was there before.
const DUPLICATE: &str = "duplicate key";

/// The byte where it is, and what is wrong.
pub(crate) fn explained(text: &str, error: &Error) -> (usize, String) {
    let span = error.span().unwrap_or(text.len()..text.len());
    let written = text.get(span.clone()).map(bare).filter(|key| !key.is_empty());
    let message = match written {
        Some(key) if error.message() == DUPLICATE => match before(text, span.start, key) {
            Some(line) => format!("`{key}` is there twice; it is in line {line} too"),
            None => format!("`{key}` is there twice"),
        },
        // Some of the parser's messages have several lines.
        _ => error.message().lines().collect::<Vec<_>>().join(", "),
    };
    (span.start, message)
}

/// The line, from 1, where a key was before it came again at an offset.
fn before(text: &str, offset: usize, key: &str) -> Option<usize> {
    let begin = text.get(..offset)?.rfind('\n').map_or(0, |newline| newline + 1);
    let (above, left) = (text.get(..begin)?, text.get(begin..offset)?);
    let here = above.lines().count() + 1;
    let earlier: Vec<(usize, &str)> = (1..).zip(above.lines().map(str::trim)).collect();
    let mut earlier = earlier.into_iter().rev();
    if left.trim_start().starts_with('[') {
        let header = |line: &str| line.split('#').next().unwrap_or_default().replace(char::is_whitespace, "");
        let again = header(text.get(begin..)?.lines().next()?);
        return earlier.find(|(_, line)| header(line) == again).map(|(number, _)| number);
    }
    // A key behind others on its line is in a table that is written on that line.
    if left.contains(['{', ',']) {
        return Some(here);
    }
    let mut table = earlier.take_while(|(_, line)| !line.starts_with('['));
    table.find(|(_, line)| line.split_once('=').is_some_and(|(k, _)| bare(k) == key)).map(|(number, _)| number)
}

/// A key without blanks and quotes.
fn bare(key: &str) -> &str {
    key.trim().trim_matches(['"', '\''])
}

#[cfg(test)]
mod tests {
    use toml::de::DeTable;

    use super::explained;

    #[test]
    fn a_key_that_is_there_twice_is_named_with_both_lines() {
        for (text, line, key, first) in [
            ("a = 1\nb = 2\na = 3\n", 3, "a", 1),
            ("a = 1\n\"a\" = 3", 2, "a", 1),
            ("a = 1\n[t]\na = 2\n a= 3", 4, "a", 3),
            ("[t]\na = 1\n# a = 2\n[ t ] # again\n", 4, "t", 1),
            ("\nx = { a = 1, b = 2, a = 3 }", 2, "a", 2),
            ("[[c]]\na = 1\n[[c]]\na = 1\n[c.d]\ne = 1\n[c.d]\n", 7, "c.d", 5),
        ] {
            let error = DeTable::parse(text).unwrap_err();
            let (offset, message) = explained(text, &error);
            assert_eq!(text[..offset].matches('\n').count() + 1, line, "{text}");
            let key = key.rsplit('.').next().unwrap();
            assert_eq!(message, format!("`{key}` is there twice; it is in line {first} too"), "{text}");
        }
        let error = DeTable::parse("a = 1\nb = = 2").unwrap_err();
        assert!(!explained("a = 1\nb = = 2", &error).1.contains("twice"));
    }
}
