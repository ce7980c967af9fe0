//! `axismirror completions`: what a shell needs to complete our command line.

use clap::{Args, CommandFactory};
use clap_complete::Shell;

use super::{Cli, Failure, output};

/// Print a shell's completions
#[derive(Debug, Args)]
#[command(
    after_help = "Example:\n  axismirror completions bash > ~/.local/share/bash-completion/completions/axismirror"
)]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: Shell,
}

/// Prints the completions.
pub(crate) fn run(args: &CompletionsArgs) -> Result<(), Failure> {
    // Not straight to standard output: the generator panics when that goes away.
    let mut text = Vec::new();
    clap_complete::generate(args.shell, &mut Cli::command(), "axismirror", &mut text);
    output::print(text)
}
