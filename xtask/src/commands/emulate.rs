//! `cargo xtask emulate`: real kernels on emulated boards, with our simulated ADCs at the end of their wires.

use crate::emulate::{self, Case, Machine};
use crate::step::Steps;

/// Boot emulated boards and read simulated ADCs through the kernel's own SPI and GPIO drivers.
///
/// The first run fetches QEMU, a kernel and QEMU's headers, some 100 MB; later runs take what is in target/emulate.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// The board; all of them when not given.
    #[arg(value_parser = Machine::ALL.map(|m| m.name))]
    machine: Option<String>,
    /// Cases with this chip alone.
    #[arg(long)]
    chip: Option<String>,
    /// Cases whose name contains this alone.
    #[arg(long = "case")]
    name: Option<String>,
    /// The short set.
    #[arg(long)]
    quick: bool,
}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        emulate::run(steps, |case: &Case| {
            self.machine.as_deref().is_none_or(|m| case.machine.name == m)
                && self.chip.as_deref().is_none_or(|c| case.chip.name == c)
                && self.name.as_deref().is_none_or(|n| case.name.contains(n))
                && (case.quick || !self.quick)
        });
    }
}

/// The short set, for `ci`.
pub(crate) fn quick(steps: &mut Steps) {
    emulate::run(steps, |case| case.quick);
}
