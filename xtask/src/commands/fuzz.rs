//! `cargo xtask fuzz`: libFuzzer over everything that must survive any bytes.

use std::fs;

use crate::step::{Outcome, Steps};
use crate::sys;

/// Where the fuzzer's package is.
const FOLDER: &str = "fuzz";
/// Targets whose memory stays: boards from files are kept for the life of the process, also the parts of one that turns out to be none.
const KEEP_MEMORY: [&str; 1] = ["board"];
/// An input that takes longer is a failure, in seconds.
const TIMEOUT: u32 = 10;

/// Run the fuzz targets (needs the nightly toolchain and cargo-fuzz).
///
/// What is found new is kept under target/fuzz and used again; fuzz/corpus holds the seeds. An input that fails is printed, and kept under
/// fuzz/artifacts.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// Only this one.
    target: Option<String>,
}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        fuzz(steps, self.target.as_deref(), self.seconds);
    }
}

/// A step for the build and one for each target, for `ci` too. Without cargo-fuzz it is skipped, but not where CI=true.
pub(crate) fn fuzz(steps: &mut Steps, only: Option<&str>, seconds: u32) {
    let fuzz = || {
        let mut c = sys::cargo_of("nightly");
        c.arg("fuzz");
        c
    };
    if !sys::succeeds("rustup", &["run", "nightly", "cargo", "fuzz", "--version"]) {
        steps.run("fuzz", || {
            let why = "no cargo-fuzz on nightly: cargo install --locked cargo-fuzz".to_owned();
            if sys::in_ci() { Err(why) } else { Ok(Outcome::Skipped(why)) }
        });
        return;
    }
    steps.run("build fuzz targets", || sys::pass_through(fuzz().args(["build", "--fuzz-dir", FOLDER])));
    let seeds = sys::workspace().join(FOLDER).join("corpus");
    for target in targets().into_iter().filter(|t| only.is_none_or(|o| o == t)) {
        steps.run(&format!("fuzz {target}"), || {
            let found = sys::target_dir().join("fuzz").join(&target);
            fs::create_dir_all(&found).map_err(|e| format!("{}: {e}", found.display()))?;
            let mut c = fuzz();
            c.args(["run", "--fuzz-dir", FOLDER, &target]).arg(found).arg(seeds.join(&target)).arg("--");
            c.arg(format!("-max_total_time={seconds}")).arg(format!("-timeout={TIMEOUT}")).arg("-print_final_stats=1");
            if KEEP_MEMORY.contains(&target.as_str()) {
                c.env("ASAN_OPTIONS", "detect_leaks=0").arg("-detect_leaks=0");
            }
            sys::pass_through(c.arg("-verbosity=0"))
        });
    }
    if let Some(only) = only
        && !targets().iter().any(|t| t == only)
    {
        steps.run(&format!("fuzz {only}"), || {
            Err(format!("there is no such target; there are {}", targets().join(", ")))
        });
    }
}

/// By the folder of their sources.
fn targets() -> Vec<String> {
    let files = fs::read_dir(sys::workspace().join(FOLDER).join("fuzz_targets"));
    let mut targets: Vec<String> = files
        .into_iter()
        .flatten()
        .flatten()
        .filter_map(|f| f.path().file_stem()?.to_str().map(str::to_owned))
        .collect();
    targets.sort();
    targets
}
