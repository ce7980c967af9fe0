//! What relay, receive and `list --network` have in common: flags of the network, and what went wrong.

pub(crate) mod list;

use std::path::PathBuf;

use axismirror::network::{NetworkError, NetworkSettings};
use clap::Args;

use super::Failure;

/// More seconds than anybody means.
const MOST_SECONDS: f64 = 86_400.0;

/// How the network is used.
#[derive(Debug, Args)]
pub(crate) struct NetworkFlags {
    /// Connect to a router or relay: tcp/ADDRESS:PORT, udp/ADDRESS:PORT; may be given more than once. A relay is then a client of the first that answers
    #[arg(long, value_name = "ENDPOINT", help_heading = "Network")]
    connect: Vec<String>,
    /// Be reached at an address [default of relay without --connect: a free TCP port on all; else none]
    #[arg(long, value_name = "ENDPOINT", help_heading = "Network")]
    listen: Vec<String>,
    /// zenoh's own configuration (JSON5): TLS, access control and the rest; the flags here win over it
    #[arg(long, value_name = "FILE", help_heading = "Network", value_hint = clap::ValueHint::FilePath)]
    zenoh_config: Option<PathBuf>,
    /// Do not look for other machines by multicast
    #[arg(long, help_heading = "Network")]
    no_multicast: bool,
}

impl NetworkFlags {
    /// As the library takes them.
    pub(crate) fn settings(&self) -> NetworkSettings {
        NetworkSettings {
            config: self.zenoh_config.clone(),
            connect: self.connect.clone(),
            listen: self.listen.clone(),
            no_multicast: self.no_multicast,
        }
    }
}

/// Seconds of a flag.
pub(crate) fn seconds(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(seconds) if (0.0..=MOST_SECONDS).contains(&seconds) => Ok(seconds),
        _ => Err(format!("0 to {MOST_SECONDS} seconds are possible")),
    }
}

impl From<NetworkError> for Failure {
    fn from(error: NetworkError) -> Self {
        let status = if error.is_usage() { crate::cli::failure::USAGE } else { crate::cli::failure::FAILED };
        crate::cli::failure::from_error(&error, status).hint(error.hint())
    }
}
