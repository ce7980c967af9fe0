//! `axismirror relay`: sends streams of this machine to others.

use std::path::PathBuf;
use std::time::Duration;

use axismirror::network::host_name;
use axismirror::network::relay::{RelaySettings, relay};
use clap::Args;

use super::network::NetworkFlags;
use super::{Failure, stop};

/// Send streams to other machines over zenoh, where `axismirror receive` takes them
///
/// A mirror of its own: the acquisition waits neither for it nor for the network. What is lost on the way is asked for again by who lost it.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RelayArgs {
    /// Names of streams, whose events (NAME/events) go with them [default: all of this machine, those that come later too, but none that was received itself]
    #[arg(value_name = "NAME")]
    names: Vec<String>,
    /// What this machine is called on the network [default: the host's name]
    #[arg(long = "box", value_name = "BOX")]
    box_name: Option<String>,
    /// Seconds of frames that are kept for those who lost them
    #[arg(long, value_name = "SECONDS", default_value_t = 30.0, value_parser = super::network::seconds)]
    keep: f64,
    /// MiB of frames that are kept for each stream, at most
    #[arg(long, value_name = "MIB", default_value_t = 128, value_parser = clap::value_parser!(u32).range(1..=65536))]
    keep_mib: u32,
    /// Take frames that are kept no longer from a recording: a FILE of `axismirror record` (.csv, .parquet, .arrow), with the parts that it gets
    /// (FILE-2 ...), or a FOLDER of them; may be given more than once
    ///
    /// Frames come from it as they were published, to the bit: so the recording has to be of this very run of the stream, and of all its channels. EDF,
    /// BDF and XDF are refused: they keep not the number and the time of each frame as they were. A FILE of another run is an error; in a FOLDER it is
    /// passed over.
    ///
    /// A recording may still be written. CSV brings frames a second after they came, Parquet and Arrow up to a minute after: keep at least as much
    /// (--keep). What is lost is asked for as long as `axismirror receive` runs, and is brought in its order, the oldest first. Marks are in no
    /// recording that is read here; of those the newest MiB are kept, however old.
    #[arg(long = "recording", value_name = "FILE|FOLDER", value_hint = clap::ValueHint::AnyPath)]
    recordings: Vec<PathBuf>,
    #[command(flatten)]
    network: NetworkFlags,
}

const EXAMPLES: &str = "\
Examples:
  axismirror relay                                  all streams of this machine, found by others through multicast
  axismirror relay lab --box bench3                 one stream, as bench3/lab
  axismirror relay --connect tcp/192.168.1.5:7447   over a router
  axismirror relay lab --recording lab.csv          what a link lost that was cut for an hour, from `axismirror record lab -o lab.csv`

zenoh is neither encrypted nor asks who somebody is, unless a configuration says so (--zenoh-config): see SECURITY.md.";

/// Sends until it is stopped.
pub(crate) fn run(args: &RelayArgs) -> Result<(), Failure> {
    let settings = RelaySettings {
        names: args.names.clone(),
        box_name: args.box_name.clone().unwrap_or_else(host_name),
        keep: Duration::from_secs_f64(args.keep),
        keep_bytes: usize::try_from(args.keep_mib).unwrap_or(1) << 20,
        recordings: args.recordings.clone(),
        network: args.network.settings(),
    };
    Ok(relay(settings, stop::on_signals()?)?)
}
