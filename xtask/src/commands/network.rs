//! `cargo xtask network`: streams between machines that are network namespaces.

use std::path::PathBuf;

use super::test::COMPLETE;
use crate::python::{self, Release};
use crate::step::{Outcome, Steps};
use crate::sys;

/// What a plain subscriber in Python needs.
const PACKAGES: [&str; 2] = ["eclipse-zenoh==1.10.*", "numpy"];
/// Tests that run at once: each has namespaces of its own.
const AT_ONCE: &str = "4";

/// Send streams between network namespaces: bad and cut links, killed relays and routers, strangers, other clocks (needs root and iproute2).
#[derive(clap::Args)]
pub(crate) struct Args {}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        network(steps);
    }
}

/// The step, for `ci` too.
pub(crate) fn network(steps: &mut Steps) {
    steps.run("network", || {
        let test = || {
            let mut c = sys::cargo();
            // The units, too: those of the feature are in no other step.
            c.args(["test", "--package", "axismirror", "--features", "network", "--lib", "--test", "network"]);
            c
        };
        // Also where the tests cannot run: what is built in no other step is at least built.
        sys::pass_through(test().arg("--no-run"))?;
        if !sys::succeeds("ip", &["-V"]) {
            return Ok(Outcome::Skipped("no iproute2: apt-get install iproute2".to_owned()));
        }
        if !rustix::process::geteuid().is_root() {
            return Ok(Outcome::Skipped("not root: no network namespaces can be made".to_owned()));
        }
        let mut tests = test();
        tests.args(["--", "--test-threads", AT_ONCE]).env(COMPLETE, "1");
        let mut without = Vec::new();
        let ezmsg = python::environment(Release::NEWEST);
        for (variable, python) in [("AXISMIRROR_ZENOH_PYTHON", zenoh()), ("AXISMIRROR_EZMSG_PYTHON", ezmsg)] {
            match python {
                Ok(python) => {
                    tests.env(variable, python);
                }
                Err(why) if sys::in_ci() => return Err(why),
                Err(why) => without.push(why),
            }
        }
        let outcome = sys::pass_through(&mut tests)?;
        Ok(if without.is_empty() {
            outcome
        } else {
            Outcome::Checked(format!("without Python: {}", without.join("; ")))
        })
    });
}

/// A Python with zenoh, which is made when it is not there.
fn zenoh() -> Result<PathBuf, String> {
    let folder = sys::target_dir().join("network").join("venv");
    let python = folder.join("bin").join("python");
    if sys::succeeds(&python, &["-c", "import zenoh, numpy"]) {
        return Ok(python);
    }
    let folder = folder.to_string_lossy().into_owned();
    sys::pass_through(sys::command("python3").args(["-m", "venv", "--clear", &folder]))
        .map_err(|why| format!("python3 -m venv: {why} (Debian and Ubuntu: apt-get install python3-venv)"))?;
    let mut pip = sys::command(&python);
    pip.args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--no-input"]).args(PACKAGES);
    sys::pass_through(&mut pip).map_err(|why| format!("pip install {}: {why}", PACKAGES.join(" ")))?;
    Ok(python)
}
