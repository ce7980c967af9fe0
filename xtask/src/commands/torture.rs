//! `cargo xtask torture`: the service is killed again and again under readers that check every frame, and readers are killed.

use crate::interop::service;
use crate::python::{self, Release};
use crate::step::Steps;
use crate::sys;

/// Kill the service in its stream, start, changes and renames, and start it again, under several readers that check every frame; kill readers, too.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often, for each wire version.
    #[arg(long, default_value_t = 500)]
    kills: u64,
    /// How many of our readers; where the published package can be had, one of its mirrors reads along.
    #[arg(long, default_value_t = 3)]
    readers: usize,
    /// Only this wire version.
    #[arg(long, value_parser = clap::value_parser!(u32).range(0..=2))]
    version: Option<u32>,
}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        build(steps);
        for release in Release::ALL.into_iter().filter(|r| self.version.is_none_or(|v| v == r.struct_version)) {
            torture(steps, release, self.kills, self.readers);
        }
    }
}

/// Builds what `torture` needs.
pub(crate) fn build(steps: &mut Steps) {
    steps.run("build", service::build);
    steps.run("build torture", || {
        let mut c = sys::cargo();
        sys::pass_through(c.args(["build", "--release", "--package", "axismirror-tests", "--bin", "torture"]))
    });
}

/// The step, for `ci` too.
pub(crate) fn torture(steps: &mut Steps, release: Release, kills: u64, readers: usize) {
    steps.run(&format!("torture: struct_version {}, {kills} kills", release.struct_version), || {
        let mut c = sys::command(service::binary().with_file_name("torture"));
        c.arg(service::binary()).args(["--kills", &kills.to_string(), "--readers", &readers.to_string()]);
        c.args(["--version", &release.struct_version.to_string()]);
        match python::environment(release) {
            Ok(python) => {
                c.arg("--python").arg(python);
            }
            Err(why) if sys::in_ci() => return Err(why),
            Err(why) => println!("    without the published mirror: {why}"),
        }
        sys::pass_through(&mut c)
    });
}
