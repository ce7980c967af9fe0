//! `cargo xtask miri`: core's unsafe room under the interpreter that finds undefined behaviour, and the ring between threads under its weak
//! memory, which knows what a fence is.

use std::process::Command;

use crate::step::{Outcome, Steps};
use crate::sys;

/// Parts of test names that touch memory which another process shares.
const FILTERS: [&str; 2] = ["shared", "ring"];

/// The file of core's tests with a writer and readers in threads.
const THREADS: &str = "threads";

/// Run core's tests of shared memory and ring, and a writer with readers in threads for many seeds, under Miri (needs the nightly toolchain with miri and rust-src).
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many seeds the threads run with: another seed, another order of the threads and of what they see.
    #[arg(long, default_value_t = 64)]
    seeds: u32,
}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        miri(steps, self.seeds);
    }
}

/// The step, for `ci` too. Without nightly it is skipped, but not where CI=true.
pub(crate) fn miri(steps: &mut Steps, seeds: u32) {
    if !sys::succeeds("rustup", &["run", "nightly", "cargo", "miri", "--version"]) {
        steps.run("miri", || {
            let why = "no miri: rustup component add --toolchain nightly miri rust-src".to_owned();
            if sys::in_ci() { Err(why) } else { Ok(Outcome::Skipped(why)) }
        });
        return;
    }
    steps.run("miri", || sys::some_tests(|| test(&["--lib"], ""), &FILTERS));
    // With the fences taken out, which one run of many turns has to find; and as it is, with every seed.
    steps.run("miri: threads, without fences", || sys::some_tests(|| test(&["--test", THREADS], ""), &["without"]));
    steps.run(&format!("miri: threads, {seeds} seeds"), || {
        sys::some_tests(|| test(&["--test", THREADS], &format!(" -Zmiri-many-seeds=0..{seeds}")), &["never"])
    });
}

fn test(what: &[&str], flags: &str) -> Command {
    let mut c = sys::cargo_of("nightly");
    c.args(["miri", "test", "--package", "axismirror-core"]).args(what);
    // Property tests keep a file of failures, which the interpreter's isolation forbids; and it is slow: few cases.
    c.env("MIRIFLAGS", format!("-Zmiri-disable-isolation{flags}")).env("PROPTEST_CASES", "8");
    // Its own folder: what Miri builds is of no use to others.
    c.env("CARGO_TARGET_DIR", sys::target_dir().join("miri"));
    c
}
