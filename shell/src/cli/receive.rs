//! `axismirror receive`: streams of other machines in this one's shared memory.

use std::time::Duration;

use axismirror::access::Access;
use axismirror::network::key::Selection;
use axismirror::network::receive::{ReceiveSettings, receive};
use axismirror_core::name::StreamName;
use clap::Args;

use super::network::{NetworkFlags, seconds};
use super::{Failure, stop};

/// Receive streams that other machines send: the same frames, times, labels and attributes in this machine's shared memory, for any mirror
///
/// A received stream is called BOX/STREAM here. Frames that are lost on the way are asked for again; those that nobody has any more leave a gap, and are
/// counted in the stream's health. Events come along (BOX/STREAM/events): their times are those of the data, but the frame numbers in them are the
/// sender's. Times stay those of the sender's clock; `axismirror info` tells how that is off this machine's.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReceiveArgs {
    /// BOX/STREAM as `axismirror list --network` shows them; * stands for every box or stream
    #[arg(value_name = "KEY", default_value = "*/*")]
    keys: Vec<String>,
    /// What the stream is called here; for one KEY without * [default: BOX/STREAM]
    #[arg(long, value_name = "NAME")]
    name: Option<String>,
    /// Seconds that a gap may hold up what is behind it while its frames are asked for
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = seconds)]
    repair: f64,
    /// The most memory that a stream's ring may take, in bytes; a longer one is cut
    #[arg(long, value_name = "BYTES", default_value_t = 256 << 20)]
    max_ring_bytes: usize,
    /// The most streams that are received until it ends; one that is silent keeps its place
    #[arg(long, value_name = "N", default_value_t = 64)]
    max_streams: usize,
    /// Share the received streams with a group (mode 0660): its name or number
    #[arg(long, value_name = "GROUP")]
    group: Option<String>,
    #[command(flatten)]
    network: NetworkFlags,
}

const EXAMPLES: &str = "\
Examples:
  axismirror receive                        every stream of every box
  axismirror receive 'bench3/*'             every stream of one box
  axismirror receive bench3/lab --name lab  one stream, called lab here too
  axismirror tail bench3/lab --follow       look at it, as at any other";

/// Receives until it is stopped.
pub(crate) fn run(args: &ReceiveArgs) -> Result<(), Failure> {
    let keys = args.keys.iter().map(|key| Selection::parse(key)).collect::<Result<Vec<_>, _>>();
    let selections = keys.map_err(Failure::usage)?;
    if let Some(name) = &args.name {
        StreamName::new(name).map_err(Failure::usage)?;
        if !matches!(selections.as_slice(), [only] if only.single().is_some()) {
            return Err(Failure::usage("--name is for one stream: one KEY without *"));
        }
    }
    let access = args.group.as_deref().map_or(Ok(Access::Owner), |group| Access::of_group(Some(group)));
    let settings = ReceiveSettings {
        selections,
        name: args.name.clone(),
        repair: Duration::from_secs_f64(args.repair),
        max_ring_bytes: args.max_ring_bytes,
        max_streams: args.max_streams,
        access: access.map_err(Failure::usage)?,
        network: args.network.settings(),
    };
    Ok(receive(settings, stop::on_signals()?)?)
}
