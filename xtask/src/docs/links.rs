//! Links: of the chapters to files, chapters and headings, and of the built pages to whatever they lead to. Other people's sites are not asked.

use std::path::{Path, PathBuf};

use super::chapter::Chapter;
use super::{folder, read};

/// What is wrong with the chapters' links.
pub(super) fn check(chapters: &[Chapter]) -> Vec<String> {
    let mut problems = Vec::new();
    for chapter in chapters {
        for (line, text) in &chapter.prose {
            for target in targets(text) {
                if let Err(why) = resolve(chapter, &target, chapters) {
                    problems.push(format!("{}: {target}: {why}", chapter.place(*line)));
                }
            }
        }
        for block in &chapter.blocks {
            for include in block.text.lines().filter_map(|l| l.strip_prefix("{{#include ")?.strip_suffix("}}")) {
                let file = include.split(':').next().unwrap_or(include);
                if !chapter.path.with_file_name(file).is_file() {
                    problems.push(format!("{}: {file}: there is no such file to include", chapter.place(block.line)));
                }
            }
        }
    }
    problems
}

/// What the links of a line lead to, but for those in code.
fn targets(line: &str) -> Vec<String> {
    // Every second piece between backticks is code.
    let prose: String = line.split('`').step_by(2).collect::<Vec<_>>().join("`");
    prose.split("](").skip(1).filter_map(|rest| rest.split_once(')').map(|(target, _)| target.to_owned())).collect()
}

fn resolve(from: &Chapter, target: &str, chapters: &[Chapter]) -> Result<(), String> {
    if target.starts_with("http://") || target.starts_with("https://") {
        return Ok(());
    }
    let (file, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if file.is_empty() { from.path.clone() } else { from.path.with_file_name(file) };
    let path = path.canonicalize().map_err(|_| "there is no such file".to_owned())?;
    let is_chapter = chapters.iter().find(|c| c.path.canonicalize().is_ok_and(|p| p == path));
    match is_chapter {
        Some(chapter) if !chapter.is_listed && from.is_listed => Err("SUMMARY.md does not have it".to_owned()),
        Some(chapter) if !anchor.is_empty() && !chapter.anchors().iter().any(|a| a == anchor) => {
            Err(format!("it has the headings {}", chapter.anchors().join(", ")))
        }
        None if path.extension().is_some_and(|e| e == "md") => Err("mdBook takes it for a chapter".to_owned()),
        _ => Ok(()),
    }
}

/// Checks every local link of the built pages; how many pages there are.
pub(super) fn check_book(book: &Path) -> Result<usize, String> {
    let entries = std::fs::read_dir(book).map_err(|e| format!("{}: {e}", book.display()))?;
    let mut pages: Vec<PathBuf> = entries.flatten().map(|e| e.path()).collect();
    pages.retain(|p| p.extension().is_some_and(|e| e == "html"));
    let mut problems = Vec::new();
    for page in &pages {
        let text = read(page)?;
        let links =
            [" href=\"", " src=\""].iter().flat_map(|a| text.split(a).skip(1)).filter_map(|r| r.split('"').next());
        for link in links.filter(|l| !l.is_empty() && !l.contains("://") && !l.starts_with("mailto:")) {
            let (file, anchor) = link.split_once('#').unwrap_or((link, ""));
            // 404.html is served at any address.
            if file.starts_with('/') {
                continue;
            }
            let target = if file.is_empty() { page.clone() } else { page.with_file_name(file) };
            let name = page.file_name().unwrap_or_default().to_string_lossy();
            if !target.exists() {
                problems.push(format!("{name}: {link} leads nowhere"));
            } else if !anchor.is_empty()
                && file.ends_with(".html") | file.is_empty()
                && !read(&target)?.contains(&format!("id=\"{anchor}\""))
            {
                problems.push(format!("{name}: {link} has no such place"));
            }
        }
    }
    let src = folder().join("src");
    if problems.is_empty() {
        Ok(pages.len())
    } else {
        Err(format!("{}\n      (from {})", problems.join("\n      "), src.display()))
    }
}

#[cfg(test)]
mod tests {
    use super::targets;

    #[test]
    fn links_are_found_but_not_in_code() {
        assert_eq!(targets("a [b](c.md#d) and ![e](f.png), `[g](h)`"), ["c.md#d", "f.png"]);
    }
}
