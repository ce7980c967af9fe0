//! Rows of a name and a value, as wide as the terminal.
//!
//! Knows nothing of what is shown, which may come from a stranger: what nobody would see is escaped. What goes into a pipe or a file is not broken, unless COLUMNS asks for it.

use std::io::{IsTerminal as _, stdout};

use axismirror::config::visible;

/// Fewer columns than that are taken for that many: the names take part of them.
const LEAST: usize = 30;
/// What a terminal has that does not say.
const USUAL: usize = 80;
/// Columns before the values that go on under names which take too much of a line.
const FOLDED: usize = 2;

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

    /// The same, but that the names have lines of their own where less than `values` columns are left for the values.
    pub(crate) fn folding(names: usize, values: usize) -> Self {
        Self::new(names).folded(values)
    }

    fn folded(mut self, values: usize) -> Self {
        if self.width.saturating_sub(self.names + 1) < values {
            self.names = FOLDED;
        }
        self
    }

    /// One more; a value that is too long goes on under itself, and a name that is too long has lines of its own.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        let names = self.names;
        let (name, value) = (visible(name), visible(value));
        let mut name = name.as_ref();
        if self.width < usize::MAX && name.trim_end().chars().count() > names {
            self.line(name.trim_end());
            name = "";
        }
        for (i, line) in wrapped(&value, self.width.saturating_sub(names + 1)).into_iter().enumerate() {
            let name = if i == 0 { name } else { "" };
            let row = format!("{name:<names$} {line}");
            self.text += row.trim_end();
            self.text.push('\n');
        }
    }

    /// Text without a name.
    pub(crate) fn line(&mut self, text: &str) {
        for line in wrapped(&visible(text), self.width) {
            self.text += line.trim_end();
            self.text.push('\n');
        }
    }

    /// All of them.
    pub(crate) fn text(self) -> String {
        self.text
    }
}

/// Columns of standard output: what COLUMNS says, else the terminal; none when it is no terminal.
fn width() -> Option<usize> {
    let said = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok()).filter(|columns| *columns > 0);
    said.or_else(|| {
        let out = stdout();
        let size = || rustix::termios::tcgetwinsize(&out).map_or(0, |size| usize::from(size.ws_col));
        out.is_terminal().then(size).map(|columns| if columns > 0 { columns } else { USUAL })
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
    fn names_that_leave_too_little_have_lines_of_their_own() {
        let rows = |width| {
            let mut rows = Rows::within(10, width).folded(25);
            rows.add("short", "one two three four five six seven");
            rows.add("longer than ten", "eight");
            rows.line("nine ten eleven twelve thirteen fourteen");
            rows.text()
        };
        assert_eq!(
            rows(Some(36)),
            "short      one two three four five\n           six seven\nlonger than ten\n           eight\nnine ten eleven twelve thirteen\nfourteen\n"
        );
        assert_eq!(
            rows(Some(35)),
            "short\n   one two three four five six\n   seven\nlonger than ten\n   eight\nnine ten eleven twelve thirteen\nfourteen\n"
        );
        assert_eq!(rows(None).lines().count(), 3);
    }

    #[test]
    fn nothing_is_written_that_nobody_sees() {
        let mut rows = Rows::within(6, None);
        rows.add("a\u{202e}", "b\u{1b}[2J\nc");
        rows.line("d\u{200b}");
        assert_eq!(rows.text(), "a\\u{202e} b\\u{1b}[2J\\nc\nd\\u{200b}\n");
    }

    #[test]
    fn without_a_terminal_nothing_is_broken() {
        assert_eq!(rows(None).lines().count(), 3);
    }
}
