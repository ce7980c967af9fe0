//! `cargo xtask firmware`: core and boards on a Cortex-M4F that QEMU emulates.

use std::time::Duration;

use crate::host::{self, Tool};
use crate::step::{Outcome, StepResult, Steps};
use crate::{elf, sys};

/// A Cortex-M4F with an FPU that QEMU models; Arm's MPS2 board with image AN386 has one.
const TARGET: &str = "thumbv7em-none-eabihf";
const MACHINE: &str = "mps2-an386";
const QEMU: Tool = Tool { probe: &["qemu-system-arm", "-machine", "help"], package: "qemu-system-arm=1:10.0.*" };
/// A run takes a second; a program that hangs shows nothing more.
const LIMIT: Duration = Duration::from_secs(60);

/// Run driver, simulated ADC, ring and mirror on an emulated microcontroller.
///
/// The exit status comes from the target. Prints the size of code and memory.
#[derive(clap::Args)]
pub(crate) struct Args {}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        firmware(steps);
    }
}

/// The step, for `ci` too.
pub(crate) fn firmware(steps: &mut Steps) {
    steps.run("firmware", || match host::rust_target(TARGET).and_then(|()| host::tools(&[QEMU])) {
        Ok(()) => build_and_run(),
        Err(missing) => missing.outcome(),
    });
}

fn build_and_run() -> StepResult {
    let folder = sys::target_dir().join("firmware");
    let mut build = sys::cargo();
    build.args(["build", "--release", "--locked", "--manifest-path", "firmware/Cargo.toml", "--target", TARGET]);
    sys::pass_through(build.arg("--target-dir").arg(&folder))?;

    let program = folder.join(TARGET).join("release").join("axismirror-firmware");
    let file = std::fs::read(&program).map_err(|e| format!("{}: {e}", program.display()))?;
    let sizes = elf::sizes(&file).ok_or("the program is no 32-bit ELF file")?;

    let mut qemu = sys::command("qemu-system-arm");
    qemu.args(["-machine", MACHINE, "-nographic", "-semihosting-config", "enable=on,target=native", "-kernel"]);
    let run = sys::output(qemu.arg(&program), LIMIT)?;
    for text in [&run.stdout, &run.stderr] {
        String::from_utf8_lossy(text).lines().for_each(|l| println!("    {l}"));
    }
    println!("    code and constants {} bytes, variables {} + {} bytes", sizes.text, sizes.data, sizes.bss);
    if run.status.success() { Ok(Outcome::Passed) } else { Err(format!("the target ended with {}", run.status)) }
}
