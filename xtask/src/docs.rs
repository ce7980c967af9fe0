//! The guides of `docs/`: read as Markdown, checked, run and built.
//!
//! A fenced block says in its info string what is to be done with it; the first word is its language, as GitHub and mdBook know it:
//!
//! | block | what it is |
//! |---|---|
//! | `sh run` | commands that are run, in order, in the chapter's own folder; all must succeed |
//! | `sh run status=N` | the last command ends with N, and the block with it |
//! | `sh run needs=python` | needs the packages of `examples/python/requirements.txt`; left out where they cannot be had |
//! | `sh run makes=FILE` | makes a picture that the guides show (`docs/src/pictures/FILE`) |
//! | `sh board`, `sh install` | not run: needs a board, or installs something on the reader's machine |
//! | `text output` | what the run block before it prints, by its shape: any number may be another; a line `...` stands for any lines |
//! | `text output exact` | the same, to the letter |
//! | `toml file=NAME` | a file of the chapter's folder |
//! | `rust`, `python`, `c` | one `{{#include FILE}}` and nothing else: code that is compiled and run by the tests |
//!
//! The folder has links to the workspace's `examples`, `boards` and `shell`. Where the kernel lets it, a chapter has a /dev/shm, a network and processes of its own.

mod chapter;
mod compare;
mod links;
mod session;

use std::fs;
use std::path::{Path, PathBuf};

use crate::step::{Outcome, StepResult, Steps};
use crate::{interop, python, sys};

use chapter::Chapter;

/// The book's folder.
fn folder() -> PathBuf {
    sys::workspace().join("docs")
}

/// What to do beside the checks.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Options<'a> {
    /// Only chapters with this in their names are run.
    pub(crate) only: Option<&'a str>,
    /// Outputs and pictures that are no longer right are replaced by what was printed.
    pub(crate) update: bool,
}

/// Every check of the guides.
pub(crate) fn run(steps: &mut Steps, options: Options<'_>) {
    let mut chapters = Vec::new();
    steps.run("guides: form and links", || {
        chapters = Chapter::all(&folder().join("src"))?;
        let problems: Vec<String> =
            chapters.iter().flat_map(Chapter::problems).chain(links::check(&chapters)).collect();
        if problems.is_empty() {
            Ok(Outcome::Checked(format!("{} chapters", chapters.len())))
        } else {
            Err(problems.join("\n      "))
        }
    });
    let mut built = Err("not built".to_owned());
    steps.run("build", || {
        built = interop::service::build().map(|_| ());
        built.clone().map(|()| Outcome::Passed)
    });
    for chapter in chapters.iter().filter(|c| c.runs() && options.only.is_none_or(|o| c.name.contains(o))) {
        steps.run(&format!("guides: {}", chapter.name), || {
            built.clone()?;
            let python = if chapter.needs_python() { Some(python::examples()) } else { None };
            match python {
                Some(Err(why)) if sys::in_ci() => Err(why),
                Some(Err(why)) => {
                    session::run(chapter, None, options.update)?;
                    Ok(Outcome::Skipped(format!("the commands in Python: {why}")))
                }
                Some(Ok(python)) => session::run(chapter, Some(&python), options.update).map(Outcome::Checked),
                None => session::run(chapter, None, options.update).map(Outcome::Checked),
            }
        });
    }
    steps.run("guides: book", || book(&chapters));
}

/// Builds the book; every link of its pages must lead somewhere.
fn book(chapters: &[Chapter]) -> StepResult {
    if !sys::succeeds("mdbook", &["--version"]) {
        let why = "no mdbook: cargo install --locked --no-default-features mdbook";
        return if sys::in_ci() { Err(why.to_owned()) } else { Ok(Outcome::Skipped(why.to_owned())) };
    }
    let output = sys::output(sys::command("mdbook").arg("build").arg(folder()), session::LIMIT)?;
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    // A file that cannot be included is only a line in its log.
    if !output.status.success() || said.contains("ERROR") || said.contains("WARN") {
        return Err(format!("{}\n{said}", output.status));
    }
    let pages = links::check_book(&folder().join("book"))?;
    let missing: Vec<&str> = chapters.iter().filter(|c| !c.is_listed).map(|c| c.name.as_str()).collect();
    let left_out = if missing.is_empty() { String::new() } else { format!(", not in it yet: {}", missing.join(", ")) };
    Ok(Outcome::Checked(format!("{pages} pages{left_out}")))
}

/// Reads a text file.
fn read(path: &Path) -> Result<String, String> {
    fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}
