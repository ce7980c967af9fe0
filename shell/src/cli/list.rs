//! `axismirror list`: the streams of this machine.

use clap::Args;

use super::Failure;

/// List the streams of this machine, and whether their writers live
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints the streams.
pub(crate) fn run(_args: &ListArgs) -> Result<(), Failure> {
    Err(Failure::failed("streams cannot be listed: the mirror is not part of this build"))
}
