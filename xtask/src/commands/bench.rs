//! `cargo xtask bench`: how fast it is, beside others, in one run; and the instructions of the hot functions, which repeat exactly.

use crate::instructions;
use crate::interop::service;
use crate::python::{self, Release};
use crate::step::{StepResult, Steps};
use crate::sys;

/// The release before times came in, and the newest.
const RELEASES: [Release; 2] = [Release::ALL[0], Release::NEWEST];

/// Measure publishing, reading, latency, cost of readers, decoding and the whole service against memcpy, iceoryx2, ringfire and ezmsg-tools.
///
/// Prints a table, writes target/bench/results.json and plots beside it, and with a full run BENCHMARKS.md.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Few rounds: a first look. BENCHMARKS.md stays.
    #[arg(long)]
    quick: bool,
    /// Only one suite: publish, read, nothing, latency, readers, decode, end-to-end, service. BENCHMARKS.md stays.
    #[arg(long, value_name = "NAME")]
    only: Option<String>,
    /// Count the instructions of the hot functions instead, and compare with bench/instructions.toml (needs valgrind).
    #[arg(long)]
    instructions: bool,
    /// With --instructions: write what was counted into bench/instructions.toml.
    #[arg(long, requires = "instructions")]
    bless: bool,
}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        if self.instructions {
            instructions::check(steps, self.bless);
            return;
        }
        steps.run("build", service::build);
        steps.run("build benchmark", instructions::build);
        if steps.all_well() {
            steps.run("bench", || self.measure());
        }
    }

    fn measure(&self) -> StepResult {
        let mut c = sys::command(instructions::program("axismirror-bench"));
        c.arg("--out").arg(sys::target_dir().join("bench")).arg("--service").arg(service::binary());
        if self.quick {
            c.arg("--quick");
        }
        match &self.only {
            Some(only) => {
                c.args(["--only", only]);
            }
            None if !self.quick => {
                c.arg("--markdown").arg(sys::workspace().join("BENCHMARKS.md"));
            }
            None => {}
        }
        for release in RELEASES {
            match python::environment(release) {
                Ok(python) => {
                    c.arg("--python").arg(format!("{}={}", release.version, python.display()));
                }
                Err(why) => println!("    without ezmsg-tools {}: {why}", release.version),
            }
        }
        sys::pass_through(&mut c)
    }
}
