//! `axismirror run`: publishes a stream until it is stopped.

use std::path::PathBuf;

use axismirror::config::Sources;
use axismirror::service;
use clap::Args;

use super::setting_flags::SettingFlags;
use super::{Failure, output};

/// Publish a stream until it is stopped (SIGINT, SIGTERM, `quit` on the life-cycle channel, or its duration)
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES, allow_negative_numbers = true)]
pub(crate) struct RunArgs {
    /// Settings file (TOML); flags win over it. SIGHUP reads it again
    #[arg(value_name = "SETTINGS", value_hint = clap::ValueHint::FilePath)]
    settings: Option<PathBuf>,
    /// Print the settings that hold, as a settings file, and do nothing else
    #[arg(long)]
    print_settings: bool,
    #[command(flatten)]
    flags: SettingFlags,
}

const EXAMPLES: &str = "\
Examples:
  axismirror run --simulate                                  a 10 Hz sine of 100 uV on a simulated PiEEG-8
  axismirror run --simulate --signal counter --chunk 32      numbered frames, to see that none is lost
  axismirror run --simulate --file night.edf --units volts   play a recording
  axismirror run lab.toml --name lab2 --buf-dur 5            a settings file, with two settings replaced
  axismirror run lab.toml --rate 500 --print-settings        see what would hold";

impl RunArgs {
    /// The settings file and the flags.
    pub(crate) fn sources(&self) -> Sources {
        self.flags.over(self.settings.clone())
    }
}

/// Reads the settings, and prints them or publishes with them.
pub(crate) fn run(args: &RunArgs) -> Result<(), Failure> {
    let sources = args.sources();
    let settings = sources.load()?;
    if args.print_settings {
        return output::print(settings.to_toml());
    }
    Ok(service::run(&sources, settings)?)
}
