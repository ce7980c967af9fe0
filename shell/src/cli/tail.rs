//! `axismirror tail`: frames of a stream, as a mirror process sees them.

use clap::{Args, ValueEnum};

use super::Failure;

/// Print the newest frames of a stream, and with --follow all that come; gaps are marked
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TailArgs {
    /// Name of the stream
    #[arg(value_name = "NAME", default_value = "axismirror")]
    pub(crate) name: String,
    /// Go on with each new frame until stopped or until -n frames were printed
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// How many frames; with --follow without end when not given [default: 10]
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) frames: Option<u64>,
    /// Channels to print, counted from 1 in the published order: 1-4,8 [default: all]
    #[arg(long, value_name = "LIST", value_parser = channels)]
    pub(crate) channels: Option<Channels>,
    /// text: aligned columns; csv: a header line, then a line a frame, times in seconds; raw: the samples' bytes, little-endian
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

const EXAMPLES: &str = "\
Examples:
  axismirror tail --follow
  axismirror tail lab -n 1000 --format csv > lab.csv
  axismirror tail lab --follow --format raw --channels 1 | od -t d4";

/// Channels from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Channels(pub(crate) Vec<usize>);

/// How frames are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Csv,
    Raw,
}

fn channels(text: &str) -> Result<Channels, String> {
    axismirror::config::parse_channels(text).map(Channels)
}

/// Prints frames.
pub(crate) fn run(args: &TailArgs) -> Result<(), Failure> {
    Err(Failure::failed(format!("stream `{}` cannot be read: the mirror is not part of this build", args.name)))
}
