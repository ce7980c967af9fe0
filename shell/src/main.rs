//! The `axismirror` command: reads the command line, sets up the log, hands over to a subcommand, and says what went wrong.
//!
//! Holds no subcommand's work: that is in `cli`, one file each.
#![forbid(unsafe_code)]

mod cli;

use std::process::ExitCode;

use cli::{Cli, Failure};

fn main() -> ExitCode {
    match cli::parse().and_then(run) {
        Ok(()) => ExitCode::SUCCESS,
        Err(failure) => failure.report(),
    }
}

fn run(cli: Option<Cli>) -> Result<(), Failure> {
    let Some(cli) = cli else { return Ok(()) };
    cli::log::start(cli.verbose, cli.quiet, cli.command.default_level());
    if let Err(error) = axismirror::shm::survive_truncation() {
        tracing::warn!("a segment that is cut short will end this process: {error}");
    }
    cli.command.run()
}
