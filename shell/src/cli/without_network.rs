//! `relay`, `receive` and `list --network` in a build without them: says how to get one that has them.

use std::ffi::OsString;

use super::Failure;

/// Whatever was meant for the subcommand.
#[derive(Debug, clap::Args)]
#[command(disable_help_flag = true)]
pub(crate) struct Args {
    #[arg(hide = true, trailing_var_arg = true, allow_hyphen_values = true)]
    _rest: Vec<OsString>,
}

/// Never succeeds.
pub(crate) fn refuse(what: &str) -> Result<(), Failure> {
    let failure = Failure::usage(format!("{what}: this build has no streams between machines"));
    Err(failure.hint("`cargo install --path shell --features network` makes one that has".to_owned()))
}
