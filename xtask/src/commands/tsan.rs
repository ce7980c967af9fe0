//! `cargo xtask tsan`: a writer and readers in one process under ThreadSanitizer.
//!
//! It does not understand fences, but it has nothing to say about atomics either: what it can find is a plain access to shared bytes. Whether the
//! fences are right is what `miri` and `loom` find out.

use crate::step::{Outcome, Steps};
use crate::sys;

/// The file of core's tests with a writer and readers in threads.
const THREADS: &str = "threads";

/// Run core's writer and readers in threads under ThreadSanitizer (x86-64; needs the nightly toolchain with rust-src).
#[derive(clap::Args)]
pub(crate) struct Args {}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        tsan(steps);
    }
}

/// The step, for `ci` too. It builds its own standard library.
pub(crate) fn tsan(steps: &mut Steps) {
    steps.run("tsan", || {
        if !cfg!(all(target_arch = "x86_64", target_os = "linux")) {
            return Ok(Outcome::Skipped("only tried on x86-64 Linux".to_owned()));
        }
        let sources =
            ["run", "nightly", "sh", "-c", "test -d \"$(rustc --print sysroot)/lib/rustlib/src/rust/library\""];
        if !sys::succeeds("rustup", &sources) {
            let why = "no nightly with rust-src: rustup component add --toolchain nightly rust-src".to_owned();
            return if sys::in_ci() { Err(why) } else { Ok(Outcome::Skipped(why)) };
        }
        let test = || {
            let mut c = sys::cargo_of("nightly");
            c.args(["test", "-Zbuild-std", "--target", "x86_64-unknown-linux-gnu", "--package", "axismirror-core"]);
            c.args(["--test", THREADS]).env("RUSTFLAGS", "-Zsanitizer=thread");
            c.env("CARGO_TARGET_DIR", sys::target_dir().join("tsan"));
            c
        };
        sys::some_tests(test, &["never"])
    });
}
