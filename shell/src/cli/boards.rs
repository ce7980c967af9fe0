//! `axismirror boards`: what boards there are and what each can do.

use clap::Args;

use super::Failure;

/// List the boards, or show one: chips, wiring, rates in Hz, gains, channel labels
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  axismirror boards\n  axismirror boards pieeg8")]
pub(crate) struct BoardsArgs {
    /// Board id
    #[arg(value_name = "BOARD")]
    pub(crate) board: Option<String>,
}

/// Prints the boards, or one of them.
pub(crate) fn run(args: &BoardsArgs) -> Result<(), Failure> {
    let what = args.board.as_deref().unwrap_or("the list");
    Err(Failure::failed(format!("{what} cannot be shown: the boards are not part of this build")))
}
