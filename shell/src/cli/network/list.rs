//! `axismirror list --network`: the streams that other machines send.

use std::time::Duration;

use axismirror::network::discover::{Sent, discover};
use axismirror::network::info::Announced;
use clap::Args;
use serde_json::{Value, json};

use super::{NetworkFlags, seconds};
use crate::cli::columns::Rows;
use crate::cli::list::described;
use crate::cli::{Failure, output, stop};

/// The network, and how long it is looked at.
#[derive(Debug, Args)]
pub(crate) struct NetworkListFlags {
    /// List what relays of other machines, and of this one, send
    #[arg(long)]
    pub(crate) network: bool,
    /// Seconds to look around
    #[arg(long, value_name = "SECONDS", default_value_t = 2.0, value_parser = seconds, requires = "network")]
    look_for: f64,
    #[command(flatten)]
    flags: NetworkFlags,
}

/// Prints what is sent.
pub(crate) fn run(args: &NetworkListFlags, as_json: bool) -> Result<(), Failure> {
    let stop = stop::on_signals()?;
    let found = discover(&args.flags.settings(), Duration::from_secs_f64(args.look_for), &stop)?;
    let text = if as_json {
        output::json(&found.iter().map(entry).collect::<Vec<_>>())?
    } else if found.is_empty() {
        "no streams\n".to_owned()
    } else {
        let mut rows = Rows::folding(24, 55);
        found.iter().for_each(|sent| rows.add(&sent.address.readable(), &line(sent)));
        rows.text()
    };
    output::print(text)
}

fn line(sent: &Sent) -> String {
    let Some(Announced { info, description, .. }) = &sent.info else {
        return "found, but its relay does not answer".to_owned();
    };
    let host = if info.host == info.box_name { String::new() } else { format!(", host {}", info.host) };
    format!("{:<9} {}{host}", info.state, described(description, None))
}

fn entry(sent: &Sent) -> Value {
    let info = sent.info.as_ref().map(|announced| &announced.info);
    json!({
        "key": sent.address.to_string(),
        "box": sent.address.box_name,
        "stream": sent.address.stream,
        "host": info.map(|i| &i.host),
        "relay": info.map(|i| format!("{:016x}", i.relay)),
        "state": info.map(|i| &i.state),
        "srate": info.map(|i| i.rate),
        "frame_shape": info.map(|i| &i.frame_shape),
        "dtype": sent.info.as_ref().map(|announced| announced.description.dtype().code()),
        "labels": info.map(|i| &i.labels),
        "unit": info.map(|i| &i.unit),
        "message_key": info.map(|i| &i.key),
    })
}
