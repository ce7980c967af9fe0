//! `axismirror info`: what is known of a stream.

use clap::Args;

use super::Failure;

/// Show a stream's header, description, static metadata, health, and whether its writer lives
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  axismirror info\n  axismirror info lab --json | jq .health")]
pub(crate) struct InfoArgs {
    /// Name of the stream
    #[arg(value_name = "NAME", default_value = "axismirror")]
    pub(crate) name: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints what is known of the stream.
pub(crate) fn run(args: &InfoArgs) -> Result<(), Failure> {
    let form = if args.json { "as JSON" } else { "as text" };
    Err(Failure::failed(format!("stream `{}` cannot be shown {form}: the mirror is not part of this build", args.name)))
}
