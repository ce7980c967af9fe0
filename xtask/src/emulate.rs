//! Emulated boards: Debian's kernel with its own SPI and GPIO drivers under QEMU, our simulated devices at the other end of the wires.
//!
//! Which machines, chips and cases there are is data in `machine`, `chip` and `case`; how one is run is in `run`, what is made of its output in
//! `report`. The shell scripts in the folder `emulate/` fetch and build what does not change.

mod case;
mod chip;
mod machine;
mod report;
mod run;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use crate::host::{self, Missing, Tool};
use crate::step::{Outcome, StepResult, Steps};
use crate::sys;

pub(crate) use case::Case;
use case::Spi;
pub(crate) use machine::Machine;
use report::Codes;

/// What the guest's programs are built for: static, so that the guest needs no libraries.
const GUEST: &str = "aarch64-unknown-linux-musl";
/// The bridge is built against one series of QEMU's headers.
const QEMU_SERIES: &str = "10.0.";
/// Downloads and the bridge's build.
const SETUP_LIMIT: Duration = Duration::from_secs(600);

const TOOLS: &[Tool] = &[
    Tool { probe: &["qemu-system-aarch64", "-machine", "imx8mp-evk,help"], package: "qemu-system-arm=1:10.0.*" },
    Tool { probe: &["dtc", "--version"], package: "device-tree-compiler" },
    Tool { probe: &["cpio", "--version"], package: "cpio" },
    Tool { probe: &["xz", "--version"], package: "xz-utils" },
    Tool { probe: &["gcc", "--version"], package: "gcc" },
    Tool { probe: &["pkg-config", "--version"], package: "pkg-config" },
    Tool { probe: &["pkg-config", "--exists", "glib-2.0"], package: "libglib2.0-dev" },
    Tool { probe: &["python3", "--version"], package: "python3" },
];

/// What cases are run with.
pub(crate) struct Ground {
    /// Where everything is kept.
    pub(crate) folder: PathBuf,
    /// The peer, for this machine.
    pub(crate) peer: PathBuf,
    /// The program that reads and verifies, for the guest.
    pub(crate) guest: PathBuf,
    /// The service, for the guest: what `dist` packs.
    pub(crate) service: PathBuf,
}

/// Prepares, then runs the cases that `wanted` picks, in their order.
pub(crate) fn run(steps: &mut Steps, wanted: impl Fn(&Case) -> bool) {
    let all = case::all();
    let cases: Vec<&Case> = all.iter().filter(|c| wanted(c)).collect();
    if cases.is_empty() {
        steps.run("emulate", || Err(format!("no such case; there are: {}", names(&all))));
        return;
    }
    let mut ground = None;
    steps.run("emulate: prepare", || match prepare() {
        Ok(Ok(made)) => {
            ground = Some(made);
            Ok(Outcome::Passed)
        }
        Ok(Err(missing)) => missing.outcome(),
        Err(why) => Err(why),
    });
    let Some(ground) = ground else { return };
    for machine in Machine::ALL {
        let cases: Vec<&Case> = cases.iter().copied().filter(|c| c.machine.name == machine.name).collect();
        if !cases.is_empty() {
            steps.run(&format!("emulate: {}", machine.name), || run_cases(&ground, &cases));
        }
    }
}

fn names(cases: &[Case]) -> String {
    cases.iter().map(|c| format!("{}/{}/{}", c.machine.name, c.chip.name, c.name)).collect::<Vec<_>>().join(", ")
}

/// What cannot be had is [`Missing`]; everything else that goes wrong is a failure.
pub(crate) fn prepare() -> Result<Result<Ground, Missing>, String> {
    if let Err(missing) = host::rust_target(GUEST).and_then(|()| host::tools(TOOLS)).and_then(|()| qemu_fits()) {
        return Ok(Err(missing));
    }
    let folder = sys::target_dir().join("emulate");
    sys::pass_through(sys::cargo().args(["build", "--release", "--package", "axismirror-emulate-peer"]))?;
    let mut guest = sys::cargo();
    guest.args(["build", "--release", "--package", "axismirror-emulate-guest", "--package", "axismirror"]);
    sys::pass_through(guest.args(["--target", GUEST]))?;
    let mut setup = sys::command("emulate/setup.sh");
    if let Err(missing) = host::fetching(setup.arg(&folder), SETUP_LIMIT)? {
        return Ok(Err(missing));
    }
    let release = |triple: &str, name: &str| sys::target_dir().join(triple).join("release").join(name);
    Ok(Ok(Ground {
        folder,
        peer: release("", "axismirror-emulate-peer"),
        guest: release(GUEST, "axismirror-emulate-guest"),
        service: release(GUEST, "axismirror"),
    }))
}

fn qemu_fits() -> Result<(), Missing> {
    let out =
        sys::output(sys::command("qemu-system-aarch64").arg("--version"), SETUP_LIMIT).map_err(Missing::Broken)?;
    let text = String::from_utf8_lossy(&out.stdout).into_owned();
    let version = text.split_whitespace().skip_while(|w| *w != "version").nth(1).unwrap_or("?");
    if version.starts_with(QEMU_SERIES) {
        return Ok(());
    }
    Err(Missing::Unavailable(format!("QEMU {version} is installed; the bridge is written for {QEMU_SERIES}x")))
}

fn run_cases(ground: &Ground, cases: &[&Case]) -> StepResult {
    let mut failed = Vec::new();
    let mut spidev: Option<(&str, Codes)> = None;
    for case in cases {
        let start = Instant::now();
        let result = run::run(ground, case).and_then(|output| report::judge(case, &output));
        // What one way read is what the other way reads.
        let result = result.and_then(|seen| match (case.spi, &spidev) {
            (Spi::Mapped, Some((chip, codes))) if *chip == case.chip.name => report::same(codes, seen),
            _ => Ok(seen),
        });
        let took = start.elapsed().as_secs_f64();
        if sys::interrupted() {
            return Err("interrupted".to_owned());
        }
        let (verdict, text) = match &result {
            Ok(seen) => ("ok    ", &seen.text),
            Err(why) => ("FAILED", why),
        };
        println!("    {verdict}  {:<11} {:<15} {took:>5.1} s  {text}", case.chip.name, case.name);
        match result {
            Ok(seen) if case.spi == Spi::Spidev => spidev = seen.codes.map(|codes| (case.chip.name, codes)),
            Ok(_) => {}
            Err(_) => failed.push(format!("{}/{}", case.chip.name, case.name)),
        }
    }
    if failed.is_empty() {
        Ok(Outcome::Passed)
    } else {
        Err(format!("{} of {}: {}", failed.len(), cases.len(), failed.join(", ")))
    }
}
