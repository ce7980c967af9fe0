//! `cargo xtask dist`: static binaries and Debian packages for boards.

use crate::dist::{self, Architecture};
use crate::host::{self, Tool};
use crate::interop::service;
use crate::step::{Outcome, StepResult, Steps};

const DPKG: Tool = Tool { probe: &["dpkg-deb", "--version"], package: "dpkg" };

/// Which package is installed: emulated boards are such machines.
const INSTALLED: &str = "arm64";

/// Build static binaries and .deb packages for arm64 and armhf, and check what is in them.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// Debian's name of an architecture; all of them when not given.
    #[arg(value_parser = Architecture::ALL.map(|a| a.debian))]
    architecture: Option<String>,
    /// Also install the arm64 package on an emulated board, and check it there, with its service running.
    #[arg(long)]
    install: bool,
}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        run(steps, |a| self.architecture.as_deref().is_none_or(|wanted| a.debian == wanted));
        if self.install {
            install(steps);
        }
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

/// The package of the architecture that an emulated board has, as the steps before left it.
pub(crate) fn install(steps: &mut Steps) {
    steps.run("dist: installed", || {
        let Some(package) = dist::made(INSTALLED) else {
            return Ok(Outcome::Skipped(format!("there is no package for {INSTALLED}")));
        };
        match dist::installed::check(&package)? {
            Ok(checked) => Ok(Outcome::Checked(checked)),
            Err(missing) => missing.outcome(),
        }
    });
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
    println!("    {}", package.display());
    Ok(Outcome::Checked(checked))
}
