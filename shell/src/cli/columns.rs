//! Rows of a name and a value, as wide as the terminal.
//!
//! Knows nothing of what is shown. What goes into a pipe or a file is not broken, unless COLUMNS asks for it.

use std::io::{IsTerminal as _, stdout};

/// Fewer columns than that are taken for that many: the names take part of them.
const LEAST: usize = 30;

/// Rows under each other.
pub(crate) struct Rows {
    text: String,
    names: usize,
    width: usize,
}

impl Rows {
    /// With names of so many columns, in the width of standard output.
    pub(crate) fn new(names: usize) -> Self {
        Self::within(names, width())
    }

    fn within(names: usize, width: Option<usize>) -> Self {
        Self { text: String::new(), names, width: width.unwrap_or(usize::MAX).max(LEAST) }
    }

    /// One more; a value that is too long goes on under itself.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        let names = self.names;
        for (i, line) in wrapped(value, self.width.saturating_sub(names + 1)).into_iter().enumerate() {
            let name = if i == 0 { name } else { "" };
            let row = format!("{name:<names$} {line}");
            self.text += row.trim_end();
            self.text.push('\n');
        }
    }

    /// All of them.
    pub(crate) fn text(self) -> String {
        self.text
    }
}

/// Columns of standard output: what COLUMNS says, else the terminal.
fn width() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    said.or_else(|| {
        let out = stdout();
        let size = out.is_terminal().then(|| rustix::termios::tcgetwinsize(&out).ok()).flatten()?;
        Some(usize::from(size.ws_col)).filter(|columns| *columns > 0)
    })
}

/// Lines of at most `width` characters, at least one: broken between words, and within a word that is longer than a line.
fn wrapped(text: &str, width: usize) -> Vec<String> {
    let width = width.max(1);
    let mut lines = Vec::new();
    let (mut line, mut length) = (String::new(), 0);
    for word in text.split(' ') {
        let more = word.chars().count();
        if length > 0 && length + 1 + more > width {
            lines.push(std::mem::take(&mut line));
            length = 0;
        } else if !line.is_empty() {
            line.push(' ');
            length += 1;
        }
        for c in word.chars() {
            if length == width {
                lines.push(std::mem::take(&mut line));
                length = 0;
            }
            line.push(c);
            length += 1;
        }
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(width: Option<usize>) -> String {
        let mut rows = Rows::within(6, width);
        rows.add("name", "one two three four five six");
        rows.add("long", "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz");
        rows.add("none", "");
        rows.text()
    }

    #[test]
    fn values_go_on_under_themselves() {
        let expected = "name   one two three four five\n       six\nlong   abcdefghijklmnopqrstuvw\n       xyzabcdefghijklmnopqrst\n       uvwxyz\nnone\n";
        assert_eq!(rows(Some(30)), expected);
        assert_eq!(rows(Some(3)), expected, "not narrower");
        assert_eq!(rows(Some(59)).lines().count(), 3);
        assert_eq!(rows(Some(58)).lines().count(), 4);
    }

    #[test]
    fn without_a_terminal_nothing_is_broken() {
        assert_eq!(rows(None).lines().count(), 3);
    }
}
