//! A chapter: its fenced blocks, headings and links, and whether it keeps the rules.
//!
//! Reads as much Markdown as the guides use: fences of three backticks at the start of a line, headings with `#`, links without titles.

use std::path::{Path, PathBuf};

use super::read;

/// What a fenced block is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// Commands to run, the status that they end with, whether they need Python's packages, and the picture that they make.
    Run { status: i32, needs_python: bool, makes: Option<String> },
    /// What the last run block prints.
    Output { exact: bool },
    /// A file of the chapter's folder.
    File(String),
    /// Commands that are not run, with a board's or an installation's.
    NotRun,
    /// Code that must be an include.
    Code,
    /// Anything else.
    Text,
    /// An info string that says nothing we know.
    Unknown,
}

/// A fenced block.
#[derive(Clone, Debug)]
pub(super) struct Block {
    pub(super) kind: Kind,
    pub(super) info: String,
    pub(super) text: String,
    /// The line of its fence, counted from 1.
    pub(super) line: usize,
}

/// A chapter's file.
#[derive(Clone, Debug)]
pub(crate) struct Chapter {
    /// The file's name without its ending.
    pub(crate) name: String,
    pub(super) path: PathBuf,
    /// Whether SUMMARY.md has it.
    pub(super) is_listed: bool,
    pub(super) blocks: Vec<Block>,
    /// Its text without the blocks' insides, line by line.
    pub(super) prose: Vec<(usize, String)>,
}

impl Chapter {
    /// Every chapter of the folder, by name.
    pub(super) fn all(folder: &Path) -> Result<Vec<Self>, String> {
        let summary = read(&folder.join("SUMMARY.md"))?;
        let entries = std::fs::read_dir(folder).map_err(|e| format!("{}: {e}", folder.display()))?;
        let mut paths: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
        paths.retain(|p| p.extension().is_some_and(|e| e == "md"));
        paths.sort();
        paths.into_iter().map(|path| Self::parse(&read(&path)?, path, &summary)).collect()
    }

    fn parse(text: &str, path: PathBuf, summary: &str) -> Result<Self, String> {
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        let is_listed = name == "SUMMARY" || summary.contains(&format!("({name}.md)"));
        let (mut blocks, mut prose) = (Vec::new(), Vec::new());
        let mut open: Option<Block> = None;
        for (number, line) in (1..).zip(text.lines()) {
            match (&mut open, line.strip_prefix("```")) {
                (None, Some(info)) => {
                    let kind = kind(info);
                    open = Some(Block { kind, info: info.to_owned(), text: String::new(), line: number });
                }
                (Some(_), Some("")) => blocks.extend(open.take()),
                (Some(block), _) => {
                    block.text.push_str(line);
                    block.text.push('\n');
                }
                (None, None) => prose.push((number, line.to_owned())),
            }
        }
        match open {
            Some(block) => Err(format!("{}:{}: the block has no end", path.display(), block.line)),
            None => Ok(Self { name, path, is_listed, blocks, prose }),
        }
    }

    /// Whether it has something to run: what is not in the book yet is not run.
    pub(super) fn runs(&self) -> bool {
        self.is_listed && self.blocks.iter().any(|b| matches!(b.kind, Kind::Run { .. }))
    }

    /// Whether a command of it needs Python's packages.
    pub(super) fn needs_python(&self) -> bool {
        self.blocks.iter().any(|b| matches!(b.kind, Kind::Run { needs_python: true, .. }))
    }

    /// Where it breaks the rules.
    pub(super) fn problems(&self) -> Vec<String> {
        let mut problems = Vec::new();
        let mut has_run = false;
        for block in &self.blocks {
            let mut problem =
                |why: &str| problems.push(format!("{}: ```{}: {why}", self.place(block.line), block.info));
            match &block.kind {
                Kind::Unknown => problem("sh is run, board or install, toml is file=NAME"),
                Kind::Code if !is_include(&block.text) => {
                    problem("code is one line {{#include FILE}}, so that it is tested")
                }
                Kind::Output { .. } if !has_run => problem("there is no run block before it"),
                Kind::NotRun if block.info == "sh board" && !self.says("not run here") => {
                    problem("the text has to say that commands for a board are \"not run here\"");
                }
                Kind::Run { .. } => has_run = true,
                _ => {}
            }
        }
        problems
    }

    /// Whether its text has these words.
    fn says(&self, words: &str) -> bool {
        self.prose.iter().any(|(_, line)| line.contains(words))
    }

    /// `FILE:LINE`.
    pub(super) fn place(&self, line: usize) -> String {
        format!("docs/src/{}.md:{line}", self.name)
    }

    /// Headings as mdBook and GitHub make anchors of them: lower case, words joined by hyphens, without marks.
    pub(super) fn anchors(&self) -> Vec<String> {
        let headings = self.prose.iter().filter_map(|(_, line)| line.strip_prefix('#'));
        headings.map(|h| anchor(h.trim_start_matches('#').trim())).collect()
    }
}

fn anchor(heading: &str) -> String {
    let kept = heading.chars().filter_map(|c| match c {
        ' ' => Some('-'),
        c if c.is_alphanumeric() || c == '-' || c == '_' => Some(c),
        _ => None,
    });
    kept.collect::<String>().to_lowercase()
}

fn is_include(text: &str) -> bool {
    let mut lines = text.lines();
    matches!((lines.next(), lines.next()), (Some(l), None) if l.starts_with("{{#include ") && l.ends_with("}}"))
}

fn kind(info: &str) -> Kind {
    let words: Vec<&str> = info.split(' ').collect();
    let value = |key: &str| words.iter().find_map(|w| w.strip_prefix(key)?.strip_prefix('='));
    match *words {
        ["sh", "run", ..] => Kind::Run {
            status: value("status").and_then(|s| s.parse().ok()).unwrap_or(0),
            needs_python: value("needs") == Some("python"),
            makes: value("makes").map(str::to_owned),
        },
        ["sh", "board" | "install"] => Kind::NotRun,
        ["text", "output"] => Kind::Output { exact: false },
        ["text", "output", "exact"] => Kind::Output { exact: true },
        ["text" | "ini"] => Kind::Text,
        ["toml", _] => value("file").map_or(Kind::Unknown, |f| Kind::File(f.to_owned())),
        ["rust" | "python" | "c"] => Kind::Code,
        _ => Kind::Unknown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chapter(text: &str) -> Chapter {
        Chapter::parse(text, PathBuf::from("x.md"), "[x](x.md)").unwrap()
    }

    #[test]
    fn blocks_headings_and_prose_are_told_apart() {
        let c = chapter(
            "# A `first` one, or two\n```sh run status=1 makes=a.png\n# no heading\n```\n```text output\n...\n```\n",
        );
        assert_eq!(c.anchors(), ["a-first-one-or-two"]);
        assert_eq!(c.blocks[0].kind, Kind::Run { status: 1, needs_python: false, makes: Some("a.png".into()) });
        assert_eq!(c.blocks[0].text, "# no heading\n");
        assert!(c.problems().is_empty() && c.runs());
    }

    #[test]
    fn what_is_not_tested_is_told() {
        for text in [
            "```sh\nls\n```",
            "```rust\nfn main() {}\n```",
            "```text output\nx\n```",
            "```toml\na = 1\n```",
            "```sh board\nls\n```",
        ] {
            assert_eq!(chapter(text).problems().len(), 1, "{text}");
        }
        assert!(Chapter::parse("```sh run\nls\n", PathBuf::from("x.md"), "").is_err());
    }
}
