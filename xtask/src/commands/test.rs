//! `cargo xtask test`: every Rust test with the usual features, and one quick look with Python when it can be had.

use std::path::PathBuf;

use crate::interop;
use crate::step::Steps;
use crate::sys;

/// Names another folder of recordings for the golden tests.
const GOLDEN_FOLDER: &str = "AXISMIRROR_GOLDEN";
/// Set where tests are not to be skipped (shell/tests/common).
pub(crate) const COMPLETE: &str = "AXISMIRROR_COMPLETE";

/// Run the tests: units, documentation, golden bytes, integration, and a quick look with Python when it is there.
///
/// `test golden` runs only the golden tests; AXISMIRROR_GOLDEN=DIR makes them take the recordings in DIR.
/// Any other FILTER is what `cargo test` takes.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// `golden`, or a part of the tests' names.
    filter: Option<String>,
}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        match self.filter.as_deref() {
            None => {
                workspace(steps);
                interop::smoke(steps);
            }
            Some("golden") => golden(steps),
            Some(filter) => steps.run(&format!("tests: {filter}"), || {
                sys::pass_through(sys::cargo().args(["test", "--workspace", filter]))
            }),
        }
    }
}

/// Every Rust test of the workspace with its usual features. Where CI=true, none may be skipped.
pub(crate) fn workspace(steps: &mut Steps) {
    steps.run("tests", || {
        let complete = sys::in_ci().then_some((COMPLETE, "1"));
        sys::pass_through(sys::cargo().args(["test", "--workspace"]).envs(golden_folder()?).envs(complete))
    });
}

fn golden(steps: &mut Steps) {
    steps.run("golden tests", || {
        let mut c = sys::cargo();
        c.args(["test", "--package", "axismirror-tests", "--test", "golden*"]).envs(golden_folder()?);
        sys::pass_through(&mut c)
    });
}

/// The folder as seen from where we were called: cargo runs tests elsewhere.
fn golden_folder() -> Result<Option<(&'static str, PathBuf)>, String> {
    std::env::var_os(GOLDEN_FOLDER)
        .map(|dir| match std::fs::canonicalize(&dir) {
            Ok(path) => Ok((GOLDEN_FOLDER, path)),
            Err(e) => Err(format!("{GOLDEN_FOLDER}={}: {e}", dir.to_string_lossy())),
        })
        .transpose()
}
