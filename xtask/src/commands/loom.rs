//! `cargo xtask loom`: the interleavings of one writer and one reader that the memory model allows, and each fence taken out once.

use crate::step::Steps;
use crate::sys;

/// Run the loom models (tests with `loom` in their names, built with `--cfg loom`).
#[derive(clap::Args)]
pub(crate) struct Args {}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        loom(steps);
    }
}

/// The step, for `ci` too.
pub(crate) fn loom(steps: &mut Steps) {
    steps.run("loom", || {
        let test = || {
            let mut c = sys::cargo();
            c.args(["test", "--release", "--package", "axismirror-core", "--test", "loom"]);
            let flags = std::env::var("RUSTFLAGS").unwrap_or_default();
            c.env("RUSTFLAGS", format!("{flags} --cfg loom"));
            c.env("CARGO_TARGET_DIR", sys::target_dir().join("loom"));
            c
        };
        sys::some_tests(test, &["loom"])
    });
}
