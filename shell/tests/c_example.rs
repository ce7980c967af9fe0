//! The program in C of `examples/c`, compiled as its head says: what it prints of a running service is what the counter signal is.

mod common;

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use axismirror_core::name::StreamName;
use common::{Service, eventually, info, unique, wait_for};

const CHANNELS: usize = 8;
const MODULUS: i64 = 1 << 23;

fn examples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/c")
}

/// The program, compiled for a test.
fn program(test: &str) -> PathBuf {
    compile(&examples().join("read_frames.c"), test)
}

fn compile(source: &Path, test: &str) -> PathBuf {
    let program = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("c-example-{test}"));
    let flags = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-o"];
    let compiled =
        Command::new("cc").args(flags).args([&program, source]).arg("-I").arg(examples()).output().expect("cc");
    assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
    program
}

/// Lines of number, time and codes; each frame is the counter's, and they follow one another.
fn check(text: &str, frames: usize, step: f64) {
    let rows: Vec<(i64, f64, Vec<i64>)> = text
        .lines()
        .map(|line| {
            let mut words = line.split(' ');
            let number = words.next().unwrap().parse().unwrap();
            let time = words.next().unwrap().parse().unwrap();
            (number, time, words.map(|w| w.parse().unwrap()).collect())
        })
        .collect();
    assert_eq!(rows.len(), frames, "{text}");
    for (_, _, codes) in &rows {
        // Channel c of frame k is 8 k + c.
        assert!(codes.len() == CHANNELS && codes[0] % 8 == 0, "{codes:?}");
        assert!(codes.iter().zip(codes[0]..).all(|(code, expected)| *code == expected % MODULUS), "{codes:?}");
    }
    for pair in rows.windows(2) {
        assert_eq!(pair[1].0, pair[0].0 + 1);
        assert_eq!(pair[1].2[0], (pair[0].2[0] + 8) % MODULUS);
        assert!((pair[1].1 - pair[0].1 - step).abs() < 0.5 * step, "{} {}", pair[0].1, pair[1].1);
    }
}

#[test]
fn reads_what_is_published() {
    // With `/buffer0` the name is longer than one block of SHA-256, and than what fits behind one.
    let name = unique(&format!("c-{}", "x".repeat(110)));
    let service = Service::start(&name, &["--signal", "counter", "--rate", "1000", "--buf-dur", "1"]);
    // Three times round the ring.
    let output = Command::new(program("reads")).args([&name, "3000"]).output().unwrap();
    service.stop();
    let (out, errors) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{errors}");
    check(&out, 3000, 1e-3);
    assert!(errors.contains("1000 Hz, 8 values of type i a frame, ring of 1000 frames"), "{errors}");
    assert!(errors.ends_with("3000 frames, 0 missed\n"), "{errors}");
}

#[test]
fn names_of_every_length_are_the_same() {
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join("names.c");
    let text = "#include <stdio.h>
        #include \"segment_name.h\"
        int main(void) {
            char name[201] = {0}, out[AXM_SEGMENT_NAME_LEN + 1];
            for (int i = 0; i < 200; i++) { name[i] = (char)('a' + i % 26); axm_segment_name(name, out); puts(out); }
        }";
    std::fs::write(&source, text).unwrap();
    let output = Command::new(compile(&source, "names")).output().unwrap();
    let found = String::from_utf8_lossy(&output.stdout);
    let name: String = ('a'..='z').cycle().take(200).collect();
    let expected: Vec<String> =
        (1..=200).map(|n| StreamName::new(&name[..n]).unwrap().header().as_str().to_owned()).collect();
    assert_eq!(found.lines().collect::<Vec<_>>(), expected);
}

#[test]
fn follows_a_change() {
    let name = unique("c-change");
    let service = Service::start(&name, &["--signal", "counter", "--rate", "1000"]);
    let mut reader = Command::new(program("follows"));
    let reader = reader.args([&name, "4000"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // It maps the ring: only then is there a change to follow.
    let maps = format!("/proc/{}/maps", reader.id());
    eventually("the reader has mapped header and ring", || {
        (std::fs::read_to_string(&maps).unwrap_or_default().matches("/dev/shm/sm_").count() >= 2).then_some(())
    });
    common::set(&name, &["dtype=f8", "units=volts"]).0.unwrap();
    wait_for(&name, "volts are published", |i| i["description"]["dtype_char"] == "d");
    let output = reader.wait_with_output().unwrap();
    service.stop();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && errors.contains("values of type i") && errors.contains("values of type d"),
        "{errors}"
    );
    let last = String::from_utf8_lossy(&output.stdout).lines().last().unwrap().to_owned();
    // Volts a code at gain 1 and 4.5 V (hardware: ADS1299), and a counter that never stands still.
    let volts: Vec<f64> = last.split(' ').skip(2).map(|w| w.parse().unwrap()).collect();
    let lsb = 4.5 / f64::from((1 << 23) - 1);
    assert!(volts.windows(2).all(|p| ((p[1] - p[0]) / lsb - 1.0).abs() < 1e-6), "{last}");
}

#[test]
fn a_stream_that_is_not_there_is_an_error() {
    let output = Command::new(program("absent")).arg(unique("c-absent")).output().unwrap();
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("there is no stream"));
    assert!(info(&unique("c-absent")).is_none());
}
