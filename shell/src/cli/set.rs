//! `axismirror set`: changes the settings of a running stream.

use axismirror::config::{Change, Key};
use axismirror::control::{self, ControlError};
use axismirror_core::name::StreamName;
use clap::Args;

use super::{Failure, output};

/// Change settings of a running stream, all together or none
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct SetArgs {
    /// Name of the stream
    #[arg(value_name = "NAME")]
    name: String,
    /// What to change, and to what; the keys are those of the settings file
    #[arg(value_name = "KEY=VALUE", required = true)]
    changes: Vec<String>,
}

const EXAMPLES: &str = "\
Examples:
  axismirror set lab buf_dur=5 chunk=32
  axismirror set lab units=volts dtype=f8
  axismirror set lab labels=Fp1,Fp2,C3,C4
  axismirror set lab signal=eeg                 the simulated ADC is restarted";

/// Checks the changes, asks the service, prints its answer.
pub(crate) fn run(args: &SetArgs) -> Result<(), Failure> {
    let changes = Change::parse_all(&args.changes)?;
    let name = StreamName::new(&args.name).map_err(Failure::usage)?;
    let answer =
        control::set(&args.name, name.header().as_str(), &changes).map_err(|error| refused(error, &changes))?;
    output::print(format!("{answer}\n"))
}

/// With a hint where a fault is refused: that there can be none is the settings' affair, not the service's.
fn refused(error: ControlError, changes: &[Change]) -> Failure {
    let of_faults = matches!(&error, ControlError::Refused { why, hint: None, .. } if why.contains("fault"))
        && changes.iter().any(|change| change.key() == Key::Faults);
    let failure = Failure::from(error);
    if of_faults { failure.hint("faults=none, or auto, for no fault".to_owned()) } else { failure }
}
