//! `cargo xtask soak`: one service for long at the highest rate that a board has.

use crate::interop::service;
use crate::python::{self, Release};
use crate::step::Steps;
use crate::sys;

/// Run the service for long at the highest rate that a board has, and watch memory, descriptors and counts.
#[derive(clap::Args)]
pub(crate) struct Args {
    /// For how long.
    #[arg(long, default_value_t = 60.0)]
    minutes: f64,
    /// Seconds between two looks.
    #[arg(long, default_value_t = 5.0)]
    every: f64,
    /// Another board than the fastest.
    #[arg(long)]
    board: Option<String>,
}

impl Args {
    pub(crate) fn run(&self, steps: &mut Steps) {
        steps.run("build", service::build);
        steps.run("build soak", || {
            let mut c = sys::cargo();
            sys::pass_through(c.args(["build", "--release", "--package", "axismirror-tests", "--bin", "soak"]))
        });
        steps.run(&format!("soak: {} minutes", self.minutes), || {
            let mut c = sys::command(service::binary().with_file_name("soak"));
            c.arg(service::binary());
            c.args(["--minutes", &self.minutes.to_string(), "--every", &self.every.to_string()]);
            if let Some(board) = &self.board {
                c.args(["--board", board]);
            }
            match python::environment(Release::NEWEST) {
                Ok(python) => {
                    c.arg("--python").arg(python);
                }
                Err(why) => println!("    without the published mirror: {why}"),
            }
            sys::pass_through(&mut c)
        });
    }
}
