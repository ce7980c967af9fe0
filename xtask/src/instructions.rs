//! Instructions of the hot functions, counted by callgrind and compared with those that are stored.
//!
//! A count repeats exactly with the same compiler, so a margin of a few per cent finds what a clock on a shared machine does not. Knows the names of the
//! functions only from the stored file and from the program itself.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use crate::host::{self, Missing, Tool};
use crate::step::{Outcome, StepResult, Steps};
use crate::sys;

/// The benchmark's package.
const MANIFEST: &str = "bench/Cargo.toml";
/// What was counted last.
const STORED: &str = "bench/instructions.toml";
/// More or fewer by so many per cent is a change that has to be looked at.
const MARGIN: f64 = 3.0;
/// The program that runs one function, and the function in which callgrind collects.
const PROGRAM: &str = "counted";
const COLLECT: &str = "*counted::counted*";
const VALGRIND: Tool = Tool { probe: &["valgrind", "--version"], package: "valgrind" };
const LIMIT: Duration = Duration::from_secs(300);
const HEAD: &str = "\
# Instructions of one operation (publishing a chunk, reading it, decoding a frame), counted by callgrind.
# `cargo xtask bench --instructions` compares, `--bless` writes. Another compiler counts otherwise: compare with the one named here.
# A string move, which long stores are, counts as one for each byte.
";

/// Builds the benchmark's programs.
pub(crate) fn build() -> StepResult {
    let mut c = sys::cargo();
    c.args(["build", "--release", "--locked", "--manifest-path", MANIFEST, "--target-dir"]).arg(folder());
    sys::pass_through(&mut c)
}

/// One of them.
pub(crate) fn program(name: &str) -> PathBuf {
    folder().join("release").join(name)
}

fn folder() -> PathBuf {
    sys::target_dir().join("bench")
}

/// The steps, for `ci` too. Skipped where valgrind cannot be had, or where nothing can be compared.
pub(crate) fn check(steps: &mut Steps, bless: bool) {
    if let Err(why) = host::tools(&[VALGRIND]).map_err(Missing::outcome).and_then(|()| comparable().map_err(Ok)) {
        steps.run("instructions", || why);
        return;
    }
    let before = steps.failures();
    steps.run("build benchmark", build);
    if steps.failures() == before {
        steps.run("instructions", || count_all(bless));
    }
}

/// The stored counts are of a processor whose copies are by AVX's moves.
fn comparable() -> Result<(), Outcome> {
    let processor = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let avx = processor.lines().any(|l| l.starts_with("flags") && l.split_ascii_whitespace().any(|f| f == "avx"));
    if avx { Ok(()) } else { Err(Outcome::Skipped("the stored counts are of an x86-64 processor with AVX".to_owned())) }
}

fn count_all(bless: bool) -> StepResult {
    let counted =
        names()?.into_iter().map(|name| count(&name).map(|n| (name, n))).collect::<Result<BTreeMap<_, _>, _>>()?;
    let compiler = compiler()?;
    let path = sys::workspace().join(STORED);
    if bless {
        let lines: String = counted.iter().map(|(name, n)| format!("{name} = {n:.1}\n")).collect();
        let text = format!("{HEAD}rustc = \"{compiler}\"\n\n{lines}");
        std::fs::write(&path, text).map_err(|e| format!("{}: {e}", path.display()))?;
        println!("    written: {STORED}");
        return Ok(Outcome::Passed);
    }
    let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
    let stored = parse(&text);
    let mut wrong = 0;
    println!("    {:<20} {:>10} {:>10} {:>8}", "function", "stored", "counted", "change");
    for (name, n) in &counted {
        let Some(before) = stored.get(name.as_str()).and_then(|v| v.parse::<f64>().ok()) else {
            println!("    {name:<20} {:>10} {n:>10.1}", "-");
            wrong += 1;
            continue;
        };
        let change = (n / before - 1.0) * 100.0;
        let off = change.abs() > MARGIN;
        wrong += usize::from(off);
        println!("    {name:<20} {before:>10.1} {n:>10.1} {change:>+7.1}%{}", if off { "  <--" } else { "" });
    }
    wrong += stored.keys().filter(|k| **k != "rustc" && !counted.contains_key(**k)).count();
    if wrong == 0 {
        return Ok(Outcome::Passed);
    }
    let with = stored.get("rustc").copied().unwrap_or("nobody knows which");
    let bless = "cargo xtask bench --instructions --bless";
    if with != compiler {
        return Ok(Outcome::Skipped(format!(
            "{wrong} functions differ from {STORED} by more than {MARGIN} %, but that was with {with}, this is {compiler}: {bless}"
        )));
    }
    Err(format!("{wrong} functions differ from {STORED} by more than {MARGIN} %. Better or meant: {bless}"))
}

/// Every function that the program knows.
fn names() -> Result<Vec<String>, String> {
    let output = sys::output(sys::command(program(PROGRAM)).arg("--list"), LIMIT)?;
    Ok(String::from_utf8_lossy(&output.stdout).lines().map(str::to_owned).collect())
}

/// Instructions of one operation.
fn count(name: &str) -> Result<f64, String> {
    let mut c = sys::command("valgrind");
    c.args(["--tool=callgrind", "--callgrind-out-file=/dev/null", "--collect-atstart=no"]);
    c.arg(format!("--toggle-collect={COLLECT}")).arg(program(PROGRAM)).arg(name);
    let output = sys::output(&mut c, LIMIT)?;
    let (out, err) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let operations = out.trim().parse::<f64>().ok().filter(|n| *n > 0.0);
    // `==123== Collected : 456`
    let collected = err.lines().find_map(|l| l.split_once("Collected :")?.1.trim().parse::<f64>().ok());
    match (operations, collected) {
        (Some(operations), Some(collected)) if collected > 0.0 => Ok(collected / operations),
        _ => Err(format!("{name}: nothing was counted: {}{}", out.trim(), err.trim())),
    }
}

fn compiler() -> Result<String, String> {
    let output = sys::output(sys::command("rustc").arg("--version"), LIMIT)?;
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// `key = value` a line, as it was written.
fn parse(text: &str) -> BTreeMap<&str, &str> {
    let lines = text.lines().filter(|l| !l.starts_with('#'));
    lines.filter_map(|l| l.split_once('=')).map(|(k, v)| (k.trim(), v.trim().trim_matches('"'))).collect()
}
