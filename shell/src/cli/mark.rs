//! `axismirror mark`: stamps an event beside a running stream.

use axismirror::control::ControlError;
use axismirror::events::{self, Mark, MarkError, Seconds};
use axismirror::mirror::{Mirror, Start, State};
use clap::Args;

use super::{Failure, output};

/// Stamp an event with a stream's clock and frame number, and print both
///
/// The event goes into the stream NAME/events beside the data: `axismirror tail NAME/events` shows it, `axismirror tail --follow NAME` shows it between
/// the frames.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MarkArgs {
    /// Name of the stream
    #[arg(value_name = "NAME")]
    name: String,
    /// What happened; several words are one text, of at most 224 bytes
    #[arg(value_name = "TEXT", required = true)]
    text: Vec<String>,
    /// When it happened, in seconds of the stream's clock [default: now]
    #[arg(long, value_name = "SECONDS", value_parser = seconds, allow_negative_numbers = true)]
    time: Option<Seconds>,
    /// At which frame, as `axismirror tail` numbers them, instead of a time
    #[arg(long, value_name = "N", conflicts_with = "time")]
    frame: Option<u64>,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

const EXAMPLES: &str = "\
Examples:
  axismirror mark lab eyes closed
  axismirror mark lab 'stimulus 12' --time 5123.250417
  axismirror tail lab/events --follow          see the events that are marked

Programs that mark often use the socket of the setting `events`: a line of text a mark.";

fn seconds(text: &str) -> Result<Seconds, String> {
    events::parse_seconds(text).map(Seconds).ok_or_else(|| "a number of seconds such as 5123.250417".to_owned())
}

/// Asks the service, prints what it stamped.
pub(crate) fn run(args: &MarkArgs) -> Result<(), Failure> {
    let mark = Mark { text: args.text.join(" "), time_ns: args.time.map(|s| s.0), frame: args.frame };
    let stamped = events::mark(&args.name, &mark).map_err(|error| refused(error, &args.name))?;
    let (frame, time) = (stamped.frame, stamped.time());
    output::print(match args.json {
        true => output::json(&serde_json::json!({ "frame": frame, "time_ns": stamped.time_ns }))?,
        false => format!("frame {frame} at {time} s\n"),
    })
}

fn refused(error: ControlError, name: &str) -> Failure {
    match &error {
        ControlError::Mark(MarkError::NoFrame | MarkError::Renaming | MarkError::Publish { .. }) => error.into(),
        ControlError::Mark(wrong) => Failure::usage(wrong),
        ControlError::NotRunning { .. } if is_foreign(name) => Failure::from(error).hint(
            "it is a stream of another package (a Python writer), which has no service that could stamp events"
                .to_owned(),
        ),
        _ => error.into(),
    }
}

/// Whether the stream is there and has not our block.
fn is_foreign(name: &str) -> bool {
    Mirror::open(name, Start::Next).is_ok_and(|mut mirror| {
        mirror.state().is_ok_and(|state| state != State::Absent) && mirror.extension().is_none()
    })
}
