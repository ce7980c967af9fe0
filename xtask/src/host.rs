//! What the machine itself has to bring: packages of its distribution and Rust targets, fetched when they are not there.
//!
//! Says why when they cannot be had. Knows nothing of what they are for.

use std::process::Command;
use std::time::Duration;

use crate::step::{Outcome, StepResult};
use crate::sys;

/// How long a package manager may take.
const LIMIT: Duration = Duration::from_secs(600);

/// A program, and the package that has it. `NAME=PATTERN` asks for a version, from backports if need be.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Tool {
    /// How to see whether it is there: a program and arguments with which it succeeds.
    pub(crate) probe: &'static [&'static str],
    /// What to install.
    pub(crate) package: &'static str,
}

/// Why something is not there.
pub(crate) enum Missing {
    /// It cannot be had: a step that needs it is skipped.
    Unavailable(String),
    /// It was had and does not work: a step that needs it fails.
    Broken(String),
}

impl Missing {
    /// For a person.
    pub(crate) fn why(&self) -> &str {
        match self {
            Self::Unavailable(why) | Self::Broken(why) => why,
        }
    }

    /// The step's outcome: what cannot be had is no failure, but is said.
    pub(crate) fn outcome(self) -> StepResult {
        match self {
            Self::Unavailable(why) => Ok(Outcome::Skipped(why)),
            Self::Broken(why) => Err(why),
        }
    }
}

/// Makes sure that all tools are there.
pub(crate) fn tools(tools: &[Tool]) -> Result<(), Missing> {
    let missing = |t: &&Tool| !t.probe.split_first().is_some_and(|(program, args)| sys::succeeds(program, args));
    let packages: Vec<&str> = tools.iter().filter(missing).map(|t| t.package).collect();
    if packages.is_empty() {
        return Ok(());
    }
    let said = packages.join(" ");
    if !sys::succeeds("apt-get", &["--version"]) {
        return Err(Missing::Unavailable(format!("{said} is missing, and there is no apt to install it with")));
    }
    println!("    installing {said}");
    let mut install = sys::command("emulate/host.sh");
    install.args(&packages);
    match sys::output(&mut install, LIMIT) {
        Ok(out) if out.status.success() => {}
        Ok(out) => {
            let text = String::from_utf8_lossy(&out.stderr).into_owned();
            let last = text.lines().last().unwrap_or("no reason given").to_owned();
            return Err(Missing::Unavailable(format!("{said} cannot be installed: {last}")));
        }
        Err(why) => return Err(Missing::Unavailable(why)),
    }
    match tools.iter().find(missing) {
        None => Ok(()),
        Some(tool) => {
            Err(Missing::Broken(format!("{} is installed, but {} fails", tool.package, tool.probe.join(" "))))
        }
    }
}

/// Runs a script that downloads what it needs. Where that is the trouble, it cannot be had; everything else that goes wrong is a failure.
pub(crate) fn fetching(script: &mut Command, limit: Duration) -> Result<Result<(), Missing>, String> {
    let out = sys::output(script, limit)?;
    print!("{}", String::from_utf8_lossy(&out.stdout));
    let errors = String::from_utf8_lossy(&out.stderr).trim().to_owned();
    match out.status.code() {
        Some(0) => Ok(Ok(())),
        // What the script says when a download is the trouble, as apt-get's own failures do.
        Some(3 | 100) => Ok(Err(Missing::Unavailable(errors.lines().last().unwrap_or("a download failed").to_owned()))),
        _ => Err(format!("{}: {}\n{errors}", script.get_program().to_string_lossy(), out.status)),
    }
}

/// Makes sure that Rust's standard library for a target is there.
pub(crate) fn rust_target(triple: &str) -> Result<(), Missing> {
    let sysroot =
        sys::output(sys::command("rustc").args(["--print", "sysroot"]), LIMIT).map_err(Missing::Unavailable)?;
    let sysroot = String::from_utf8_lossy(&sysroot.stdout).trim().to_owned();
    let there = || std::path::Path::new(&sysroot).join("lib/rustlib").join(triple).join("lib").is_dir();
    if there() {
        return Ok(());
    }
    println!("    $ rustup target add {triple}");
    let added = sys::output(sys::command("rustup").args(["target", "add", triple]), LIMIT);
    match added {
        _ if there() => Ok(()),
        Ok(out) => {
            let text = String::from_utf8_lossy(&out.stderr).into_owned();
            let line = text.lines().find(|l| l.starts_with("error")).unwrap_or("no reason given").to_owned();
            Err(Missing::Unavailable(format!("no Rust target {triple}: {line}")))
        }
        Err(why) => Err(Missing::Unavailable(format!("no Rust target {triple}: {why}"))),
    }
}
