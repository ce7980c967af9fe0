//! `cargo xtask fuzz`: libFuzzer over everything that must survive any bytes.

use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Mutex;
use std::thread;
use std::time::Duration;

use crate::step::{Outcome, StepResult, Steps};
use crate::sys;

/// Where the fuzzer's package is.
const FOLDER: &str = "fuzz";
/// An input that takes longer is a failure, in seconds. It is the clock on the wall: what waits for a processor is no endless loop.
const TIMEOUT: u32 = 30;

/// How long each target runs in `ci`, in seconds.
const CI_SECONDS: u32 = 10;
/// The profile of `ci`, in the fuzzer's Cargo.toml.
const CI_PROFILE: &str = "quick";
/// What cargo-fuzz gives to the compiler, but for the address sanitizer, which alone needs nightly.
const CI_FLAGS: &str = "--cfg fuzzing -Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters -Cllvm-args=-sanitizer-coverage-pc-table \
    -Cllvm-args=-sanitizer-coverage-trace-compares -Cllvm-args=-sanitizer-coverage-stack-depth \
    -Cllvm-args=-simplifycfg-branch-fold-threshold=0";
/// How long a target may take to come to its end behind its seconds.
const GRACE: Duration = Duration::from_secs(60);

/// Run the fuzz targets, with the address sanitizer (needs the nightly toolchain and cargo-fuzz).
///
/// What is found new is kept under target/fuzz and used again; fuzz/corpus holds the seeds. An input that fails is printed, and kept under
/// fuzz/artifacts.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How long each target runs.
    #[arg(long, default_value_t = 60)]
    seconds: u32,
    /// As ci does: ten seconds of each, without the sanitizer; needs neither nightly nor cargo-fuzz.
    #[arg(long, conflicts_with_all = ["seconds", "target"])]
    quick: bool,
    /// Only this one.
    target: Option<String>,
}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        if self.quick {
            quick(steps);
        } else {
            fuzz(steps, self.target.as_deref(), self.seconds);
        }
    }
}

/// A step for the build and one for each target. Without cargo-fuzz it is skipped.
fn fuzz(steps: &mut Steps, only: Option<&str>, seconds: u32) {
    let fuzz = || {
        let mut c = sys::cargo_of("nightly");
        c.arg("fuzz");
        c
    };
    if !sys::succeeds("rustup", &["run", "nightly", "cargo", "fuzz", "--version"]) {
        steps.run("fuzz", || without("no cargo-fuzz on nightly: cargo install --locked cargo-fuzz"));
        return;
    }
    steps.run("build fuzz targets", || sys::pass_through(fuzz().args(["build", "--fuzz-dir", FOLDER])));
    for target in targets().into_iter().filter(|t| only.is_none_or(|o| o == t)) {
        steps.run(&format!("fuzz {target}"), || {
            let mut c = fuzz();
            c.args(["run", "--fuzz-dir", FOLDER, &target]).args(inputs(&target)?).arg("--");
            sys::pass_through(limits(&mut c, seconds))
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

/// Ten seconds of each target for `ci`, as many at a time as there are processors.
///
/// Without cargo-fuzz, which takes as long to install as all of this takes, and without the address sanitizer: what that would find is in the few
/// rooms with unsafe code, and Miri looks there. Panics, overflows, failed assertions, and inputs that take for ever or all memory are found.
pub(crate) fn quick(steps: &mut Steps) {
    if !sys::succeeds("c++", &["--version"]) {
        steps.run("fuzz", || without("no C++ compiler for libFuzzer (Debian and Ubuntu: apt-get install g++)"));
        return;
    }
    let mut programs = Err("the targets were not built".to_owned());
    steps.run("build fuzz targets", || {
        programs = Ok(build_quick()?);
        Ok(Outcome::Passed)
    });
    let targets = targets();
    steps.run(&format!("fuzz {} targets, {CI_SECONDS} s each", targets.len()), || {
        let programs = programs?;
        let waiting = Mutex::new(targets.iter());
        let failures = Mutex::new(Vec::new());
        let worker = || {
            // The lock is free again while a target runs.
            let next = || waiting.lock().ok()?.next();
            while let Some(target) = next() {
                match run_quick(target, &mut Command::new(programs.join(target))) {
                    Ok(said) => println!("    {target}: {said}"),
                    Err(why) => failures.lock().into_iter().for_each(|mut f| f.push(format!("{target}: {why}"))),
                }
            }
        };
        let processors = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| (0..processors).for_each(|_| drop(scope.spawn(worker))));
        let failures = failures.into_inner().map_err(|e| e.to_string())?;
        if failures.is_empty() { Ok(Outcome::Passed) } else { Err(failures.join("\n")) }
    });
}

/// The folder of the programs.
fn build_quick() -> Result<PathBuf, String> {
    // Named, so that the flags are not for build scripts and macros too.
    let host = sys::output(sys::command("rustc").args(["--print", "host-tuple"]), GRACE)?;
    let host = String::from_utf8_lossy(&host.stdout).trim().to_owned();
    let folder = sys::target_dir().join("fuzz").join(CI_PROFILE);
    let mut c = sys::cargo();
    c.args(["build", "--profile", CI_PROFILE, "--target", &host, "--target-dir"]).arg(&folder);
    c.arg("--manifest-path").arg(sys::workspace().join(FOLDER).join("Cargo.toml"));
    sys::pass_through(c.env("RUSTFLAGS", CI_FLAGS).env_remove("CARGO_ENCODED_RUSTFLAGS"))?;
    Ok(folder.join(host).join(CI_PROFILE))
}

/// How many inputs a target has had.
fn run_quick(target: &str, c: &mut Command) -> Result<String, String> {
    let artifacts = sys::workspace().join(FOLDER).join("artifacts").join(target);
    fs::create_dir_all(&artifacts).map_err(|e| format!("{}: {e}", artifacts.display()))?;
    c.args(inputs(target)?).arg(format!("-artifact_prefix={}/", artifacts.display()));
    let limit = Duration::from_secs(CI_SECONDS.into()) + GRACE;
    let output = sys::output(limits(c, CI_SECONDS), limit)?;
    let said = String::from_utf8_lossy(&output.stderr);
    if !output.status.success() {
        return Err(format!("{}\n{said}", output.status));
    }
    let executed = said.lines().find_map(|l| l.strip_prefix("stat::number_of_executed_units:"));
    executed.map(|n| format!("{} inputs", n.trim())).ok_or_else(|| format!("no number of inputs\n{said}"))
}

/// Where what is found new goes, and the seeds.
fn inputs(target: &str) -> Result<[PathBuf; 2], String> {
    let found = sys::target_dir().join("fuzz").join("found").join(target);
    fs::create_dir_all(&found).map_err(|e| format!("{}: {e}", found.display()))?;
    Ok([found, sys::workspace().join(FOLDER).join("corpus").join(target)])
}

fn limits(c: &mut Command, seconds: u32) -> &mut Command {
    c.arg(format!("-max_total_time={seconds}")).arg(format!("-timeout={TIMEOUT}"));
    c.args(["-print_final_stats=1", "-verbosity=0"])
}

/// What cannot run is skipped, but not where CI=true.
fn without(why: &str) -> StepResult {
    if sys::in_ci() { Err(why.to_owned()) } else { Ok(Outcome::Skipped(why.to_owned())) }
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
