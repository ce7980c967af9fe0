//! README's readers: what it shows is what the examples hold, and the Rust one reads a running service. (The Python one is run by
//! `cargo xtask interop`, which has the published package.)

mod common;

use std::path::{Path, PathBuf};
use std::process::Command;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: &str) -> String {
    std::fs::read_to_string(root().join(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// The first fenced block of a language.
fn block(readme: &str, language: &str) -> String {
    let start = format!("```{language}\n");
    let (_, rest) = readme.split_once(&start).unwrap_or_else(|| panic!("README has no {language} block"));
    rest.split_once("```").expect("the block's end").0.to_owned()
}

#[test]
fn readme_shows_the_examples_as_they_are() {
    let readme = read("README.md");
    let example = read("shell/examples/reader.rs");
    let shown = example.split_once('\n').expect("a first line").1;
    assert_eq!(block(&readme, "rust"), shown);
    assert_eq!(block(&readme, "python"), read("examples/python/reader.py"));
}

#[test]
fn readme_shows_a_settings_file_that_holds() {
    let text = block(&read("README.md"), "toml");
    let settings = axismirror::config::Settings::from_toml(&text, Path::new("README.md")).expect("the settings file");
    assert!(settings.simulate.enabled);
}

/// The guides' follower: over 250 frames of the counter, which rises by 8 with each, the deviation is 8 sqrt((250^2 - 1) / 12).
#[test]
fn the_rust_follower_computes() {
    let name = common::unique("follower");
    let service = common::Service::start(&name, &["--signal", "counter", "--rate", "1000"]);
    let example = Path::new(env!("CARGO_BIN_EXE_axismirror")).with_file_name("examples").join("rms");
    let output = Command::new(&example).args([&name, "1000"]).output().expect("the example");
    service.stop();
    let text = String::from_utf8_lossy(&output.stdout);
    let expected = format!("{:.6}", 8.0 * ((250.0_f64.powi(2) - 1.0) / 12.0).sqrt());
    let line = (1..=8).map(|c| format!("Ch{c} {expected}")).collect::<Vec<_>>().join("  ");
    assert!(output.status.success() && text.lines().count() >= 4, "{text}");
    assert!(text.lines().all(|l| l == line), "{text}, expected {line}");
}

#[test]
fn the_rust_reader_reads() {
    let name = common::unique("readme");
    let service = common::Service::start(&name, &["--signal", "counter", "--rate", "1000"]);
    // Cargo builds the examples with the tests, beside them.
    let example = Path::new(env!("CARGO_BIN_EXE_axismirror")).with_file_name("examples").join("reader");
    let output = Command::new(&example).arg(&name).output().expect("the example");
    service.stop();
    let text = String::from_utf8_lossy(&output.stdout);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), 10, "{text}");
    assert!(lines.iter().all(|l| l.contains(", 0 missed, ")), "{text}");
    let last = lines[9].split_once('[').expect("samples").1.trim_end_matches("])");
    let samples: Vec<i64> = last.split(", ").map(|s| s.parse().expect("a number")).collect();
    // The counter: channel c of frame k is 8 k + c.
    assert!(samples[0] % 8 == 0 && samples.iter().zip(samples[0]..).all(|(a, b)| *a == b), "{text}");
}
