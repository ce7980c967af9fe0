//! `cargo xtask flood`: one process writes as fast as it can, others check every frame that they get.

use crate::interop::service;
use crate::step::Steps;
use crate::sys;

/// Write frames as fast as possible under readers, in processes of their own, that check every frame they get and count the rest.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// How many frames.
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
    steps.run(&format!("flood: {frames} frames"), || {
        let mut build = sys::cargo();
        sys::pass_through(build.args(["build", "--release", "--package", "axismirror-tests", "--bin", "flood"]))?;
        let mut c = sys::command(service::binary().with_file_name("flood"));
        c.args(["--frames", &frames.to_string(), "--readers", &readers.to_string()]);
        sys::pass_through(&mut c)
    });
}
