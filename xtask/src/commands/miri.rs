//! `cargo xtask miri`: core's unsafe room under the interpreter that finds undefined behaviour.

use crate::step::{Outcome, Steps};
use crate::sys;

/// Parts of test names that touch memory which another process shares.
const FILTERS: [&str; 2] = ["shared", "ring"];

/// Run core's tests of shared memory and ring under Miri (needs the nightly toolchain with miri and rust-src).
#[derive(clap::Args)]
pub(crate) struct Args {}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        miri(steps);
    }
}

/// The step, for `ci` too. Without nightly it is skipped, but not where CI=true.
pub(crate) fn miri(steps: &mut Steps) {
    steps.run("miri", || {
        if !sys::succeeds("rustup", &["run", "nightly", "cargo", "miri", "--version"]) {
            let why = "no miri: rustup component add --toolchain nightly miri rust-src".to_owned();
            return if sys::in_ci() { Err(why) } else { Ok(Outcome::Skipped(why)) };
        }
        let test = || {
            let mut c = sys::cargo_of("nightly");
            c.args(["miri", "test", "--package", "axismirror-core", "--lib"]);
            // Property tests keep a file of failures, which the interpreter's isolation forbids; and it is slow: few cases.
            c.env("MIRIFLAGS", "-Zmiri-disable-isolation").env("PROPTEST_CASES", "8");
            // Its own folder: what Miri builds is of no use to others.
            c.env("CARGO_TARGET_DIR", sys::target_dir().join("miri"));
            c
        };
        sys::some_tests(test, &FILTERS)
    });
}
