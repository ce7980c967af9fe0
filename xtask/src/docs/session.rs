//! Runs a chapter's commands as its reader would: one shell, one folder, block after block, and compares what they print.

use std::fmt::Write as _;
use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::chapter::{Block, Chapter, Kind};
use super::compare::is_same;
use super::{folder, read};
use crate::interop::service;
use crate::sys;

/// How long a chapter may take.
pub(super) const LIMIT: Duration = Duration::from_secs(300);
/// What the chapter's folder has of the workspace.
const LINKS: [&str; 3] = ["boards", "examples", "shell"];
/// Namespaces of its own: no other stream of this machine is in the way, and nothing outlives the shell.
const APART: [&str; 9] =
    ["unshare", "--user", "--map-root-user", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];
/// Within them: an empty /dev/shm, and a loopback interface for what serves on it.
const SETUP: &str = "mount -t tmpfs none /dev/shm && ip link set lo up";
/// Before the first block: what the shell does with blocks. A stream that was started in the background publishes before the next block begins,
/// as it does by the time that a person has typed it.
const PRELUDE: &str = r#"
wait_for() {
  for _ in $(seq 200); do
    axismirror info "$1" --json 2> /dev/null | grep -q '"valid": true' && return 0
    sleep 0.1
  done
  echo "the stream $1 does not publish" >&2
  return 1
}
trap 'kill $(jobs -p) 2> /dev/null; wait' EXIT
"#;

/// Runs it; says how many blocks.
pub(super) fn run(chapter: &Chapter, python: Option<&Path>, update: bool) -> Result<String, String> {
    let work = sys::target_dir().join("docs").join(&chapter.name);
    prepare(chapter, &work)?;
    let result = run_in(chapter, python, update, &work);
    if result.is_ok() {
        fs::remove_dir_all(&work).map_err(|e| format!("{}: {e}", work.display()))?;
    }
    result
}

fn run_in(chapter: &Chapter, python: Option<&Path>, update: bool, work: &Path) -> Result<String, String> {
    let blocks: Vec<&Block> = chapter.blocks.iter().filter(|b| is_run(b, python.is_some())).collect();
    let script = script(&blocks);
    fs::write(work.join(".script"), &script).map_err(|e| format!("{}: {e}", work.display()))?;
    let is_apart = sys::succeeds(APART[0], &[&APART[1..], &["bash", "-c", SETUP]].concat());
    let mut shell = sys::command(if is_apart { APART[0] } else { "bash" });
    if is_apart {
        shell.args(&APART[1..]).args(["bash", "-c", &format!("{SETUP} && exec bash .script")]);
    } else {
        shell.arg(".script");
    }
    let mut path = vec![service::binary().parent().unwrap_or(Path::new("/")).to_owned()];
    path.extend(python.and_then(Path::parent).map(Path::to_owned));
    path.extend(std::env::split_paths(&std::env::var_os("PATH").unwrap_or_default()));
    let path = std::env::join_paths(path).map_err(|e| e.to_string())?;
    shell
        .current_dir(work)
        .env("PATH", path)
        .env("COLUMNS", "110")
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .env_remove("AXISMIRROR_LOG");
    let ended = sys::output(&mut shell, LIMIT)?;

    let mut problems = Vec::new();
    for (n, block) in blocks.iter().enumerate() {
        // A block that was not reached has no file.
        let Ok(printed) = read(&work.join(format!(".out-{n}"))) else { break };
        if let Err(why) = judge(chapter, block, &printed, work, update) {
            problems.push(format!("{}: {why}", chapter.place(block.line)));
        }
        let status = read(&work.join(format!(".status-{n}"))).unwrap_or_default();
        if !matches!(&block.kind, Kind::Run { status: wanted, .. } if status.trim() == wanted.to_string()) {
            let what =
                if status.is_empty() { "a command failed".to_owned() } else { format!("status {}", status.trim()) };
            problems.push(format!("{}: {what}:\n{printed}", chapter.place(block.line)));
            break;
        }
    }
    if problems.is_empty() && !ended.status.success() {
        problems.push(format!("the shell: {}: {}", ended.status, String::from_utf8_lossy(&ended.stderr).trim()));
    }
    if problems.is_empty() {
        return Ok(format!("{} blocks", blocks.len()));
    }
    if !is_apart {
        problems.push("(unshare makes no namespaces here: other streams of this machine were seen)".to_owned());
    }
    Err(problems.join("\n"))
}

const fn is_run(block: &Block, has_python: bool) -> bool {
    matches!(&block.kind, Kind::Run { needs_python, .. } if has_python || !*needs_python)
}

/// The chapter's files and links.
fn prepare(chapter: &Chapter, work: &Path) -> Result<(), String> {
    let made = || {
        let _ = fs::remove_dir_all(work);
        fs::create_dir_all(work)?;
        for link in LINKS {
            symlink(sys::workspace().join(link), work.join(link))?;
        }
        for block in &chapter.blocks {
            if let Kind::File(name) = &block.kind {
                fs::write(work.join(name), &block.text)?;
            }
        }
        Ok::<(), std::io::Error>(())
    };
    made().map_err(|e| format!("{}: {e}", work.display()))
}

/// Every block is a file that the one shell reads: variables and background jobs stay.
fn script(blocks: &[&Block]) -> String {
    let mut script = format!("{PRELUDE}\n");
    for (n, block) in blocks.iter().enumerate() {
        // errexit ends the whole shell at the first command that fails, but for the last one of a block that is to fail.
        let fails = matches!(block.kind, Kind::Run { status: 1.., .. });
        let body = block.text.trim_end().replace('\'', r"'\''");
        let _ = writeln!(script, "printf '%s\\n' '{body}' > .block-{n}");
        let _ = writeln!(
            script,
            "set {}e; . ./.block-{n} > .out-{n} 2>&1; status=$?; set +e",
            if fails { '+' } else { '-' }
        );
        let _ = writeln!(script, "echo $status > .status-{n}");
        for name in started(&block.text) {
            let _ = writeln!(script, "wait_for '{name}' >> .out-{n} 2>&1 || exit 1");
        }
    }
    script
}

/// Names of the streams that a block starts in the background.
fn started(text: &str) -> Vec<String> {
    let starts = |line: &str| ["axismirror run", "axismirror replay"].iter().any(|command| line.starts_with(command));
    let background = text.lines().filter(|l| starts(l) && l.trim_end().ends_with('&'));
    background
        .map(|line| {
            let mut words = line.split_whitespace();
            words.find(|w| *w == "--name").and_then(|_| words.next()).unwrap_or("axismirror").to_owned()
        })
        .collect()
}

/// Compares what a block printed with the output block behind it, and sees to its picture.
fn judge(chapter: &Chapter, block: &Block, printed: &str, work: &Path, update: bool) -> Result<(), String> {
    if let Kind::Run { makes: Some(picture), .. } = &block.kind {
        keep(&work.join(picture), &folder().join("src").join("pictures").join(picture), update)?;
    }
    let behind = chapter.blocks.iter().skip_while(|b| b.line <= block.line).find(|b| !matches!(b.kind, Kind::File(_)));
    let Some(Block { kind: Kind::Output { exact }, text, line, .. }) = behind else { return Ok(()) };
    let begins = block.text.lines().any(|l| l.trim_end().ends_with('&'));
    if (!text.is_empty() || printed.is_empty()) && is_same(text, printed, *exact, begins) {
        return Ok(());
    }
    if update {
        return replace(&chapter.path, *line, text, printed);
    }
    Err(format!(
        "it prints something else than line {line} on shows (cargo xtask docs --update {}):\n{printed}",
        chapter.name
    ))
}

/// A picture is there, and is one. The guides' own is made by `update` where there is none: to have a newer one, remove it first.
fn keep(made: &Path, shown: &PathBuf, update: bool) -> Result<(), String> {
    let bytes = fs::read(made).map_err(|e| format!("{}: {e}", made.display()))?;
    let is_picture = bytes.starts_with(b"\x89PNG\r\n") || bytes.windows(4).any(|w| w == b"<svg");
    if !is_picture || bytes.len() < 1000 {
        return Err(format!("{} is no picture", made.display()));
    }
    if update && !shown.is_file() {
        let folder = shown.parent().unwrap_or(shown);
        fs::create_dir_all(folder)
            .and_then(|()| fs::write(shown, bytes))
            .map_err(|e| format!("{}: {e}", shown.display()))?;
    }
    if shown.is_file() { Ok(()) } else { Err(format!("{} is not there (--update makes it)", shown.display())) }
}

/// Puts what was printed into the output block at a line. Blocks of the same text elsewhere stay: the line's own fence tells.
fn replace(path: &Path, line: usize, old: &str, printed: &str) -> Result<(), String> {
    let text = read(path)?;
    let lines: Vec<&str> = text.lines().collect();
    // Earlier replacements have moved it down or up.
    let is_it = |at: &usize| {
        let inside = lines[at + 1..].iter().take_while(|l| !l.starts_with("```"));
        lines[*at].starts_with("```text output") && inside.eq(&old.lines().collect::<Vec<_>>())
    };
    let at = (0..lines.len()).filter(is_it).min_by_key(|at| at.abs_diff(line - 1)).ok_or("the output block is gone")?;
    let rest = &lines[at + 1 + old.lines().count()..];
    let new = [lines[..=at].join("\n"), printed.trim_end().to_owned(), rest.join("\n")].join("\n");
    fs::write(path, format!("{new}\n")).map_err(|e| format!("{}: {e}", path.display()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_in_the_background_are_waited_for() {
        assert_eq!(
            started(
                "axismirror run --name lab --simulate &\naxismirror run &\naxismirror run --name no\naxismirror replay a.edf --name b &\n"
            ),
            ["lab", "axismirror", "b"]
        );
    }

    #[test]
    fn an_empty_output_block_is_not_taken_for_another() {
        let path = std::env::temp_dir().join(format!("axismirror-docs-{}.md", std::process::id()));
        fs::write(&path, "```text output\nshown\n```\n\n```text output\n```\n\n```text output\n```\n").unwrap();
        replace(&path, 5, "", "a\nb\n").unwrap();
        replace(&path, 7, "", "c\n").unwrap();
        let text = read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        assert_eq!(text, "```text output\nshown\n```\n\n```text output\na\nb\n```\n\n```text output\nc\n```\n");
    }
}
