//! `cargo xtask flood`: one process writes, paced for most of the time by others that check every frame.

use crate::interop::service;
use crate::step::Steps;
use crate::sys;

/// Write frames until each reader, in a process of its own, has checked as many as asked for; lap the readers now and then.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many frames each reader checks.
    #[arg(long, default_value_t = 1_000_000_000)]
    frames: u64,
    /// How many readers.
    #[arg(long, default_value_t = 2)]
    readers: usize,
}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        flood(steps, self.frames, self.readers);
    }
}

/// The step, for `ci` too.
pub(crate) fn flood(steps: &mut Steps, frames: u64, readers: usize) {
    steps.run(&format!("flood: {frames} frames checked by each of {readers}"), || {
        let mut build = sys::cargo();
        sys::pass_through(build.args(["build", "--release", "--package", "axismirror-tests", "--bin", "flood"]))?;
        let mut c = sys::command(service::binary().with_file_name("flood"));
        c.args(["--frames", &frames.to_string(), "--readers", &readers.to_string()]);
        sys::pass_through(&mut c)
    });
}
