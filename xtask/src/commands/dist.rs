//! `cargo xtask dist`: static binaries and Debian packages for boards.

use crate::dist::{self, Architecture};
use crate::host::{self, Tool};
use crate::interop::service;
use crate::step::{Outcome, StepResult, Steps};

const DPKG: Tool = Tool { probe: &["dpkg-deb", "--version"], package: "dpkg" };

/// Build static binaries and .deb packages for arm64 and armhf, and check what is in them.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Debian's name of an architecture; all of them when not given.
    #[arg(value_parser = Architecture::ALL.map(|a| a.debian))]
    architecture: Option<String>,
}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        run(steps, |a| self.architecture.as_deref().is_none_or(|wanted| a.debian == wanted));
    }
}

/// The steps, for `ci` too.
pub(crate) fn run(steps: &mut Steps, wanted: impl Fn(&Architecture) -> bool) {
    // Manual pages and completions are what the command prints on this machine.
    let mut built = false;
    steps.run("dist: build for this machine", || service::build().inspect(|_| built = true));
    if !built {
        return;
    }
    for architecture in Architecture::ALL.iter().filter(|a| wanted(a)) {
        steps.run(&format!("dist: {}", architecture.debian), || one(architecture));
    }
}

fn one(architecture: &Architecture) -> StepResult {
    if let Err(missing) = host::tools(&[DPKG]) {
        return missing.outcome();
    }
    let binary = match architecture.build()? {
        Ok(binary) => binary,
        Err(missing) => return missing.outcome(),
    };
    let host = service::binary();
    let package = dist::package(architecture, &binary, &host)?;
    let checked = dist::check(&package, architecture, &host)?;
    println!("    {}: {checked}", package.display());
    Ok(Outcome::Passed)
}
