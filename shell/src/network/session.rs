//! zenoh's session as we open it: who listens, who is looked for, and what is taken.

use std::path::PathBuf;

use zenoh::{Config, Session, Wait as _};

use super::error::NetworkError;
use super::key::MAX_BOX;

/// The longest message that zenoh puts together for us, in bytes: its own limit is a gigabyte of a stranger's.
const MAX_MESSAGE: usize = 16 << 20;

/// How the network is used.
#[derive(Clone, Debug, Default)]
pub struct NetworkSettings {
    /// zenoh's own configuration (JSON5); what follows wins over it.
    pub config: Option<PathBuf>,
    /// Endpoints of routers or relays to connect to.
    pub connect: Vec<String>,
    /// Endpoints to be reached at.
    pub listen: Vec<String>,
    /// Nobody is looked for by multicast.
    pub no_multicast: bool,
}

/// What a session is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// To be found: listens on a free TCP port when neither endpoint is given.
    Offer,
    /// To find: listens nowhere, if that is not asked for.
    Seek,
}

impl NetworkSettings {
    pub(super) fn open(&self, purpose: Purpose) -> Result<Session, NetworkError> {
        let mut config = match &self.config {
            Some(path) => {
                Config::from_file(path).map_err(|source| NetworkError::Config { path: path.clone(), source })?
            }
            None => Self::usual(purpose, self)?,
        };
        if !self.connect.is_empty() {
            set(&mut config, "connect/endpoints", &json(&self.connect))?;
        }
        if !self.listen.is_empty() {
            set(&mut config, "listen/endpoints", &json(&self.listen))?;
        }
        if self.no_multicast {
            set(&mut config, "scouting/multicast/enabled", "false")?;
        }
        zenoh::open(config).wait().map_err(NetworkError::Open)
    }

    /// Without a configuration of zenoh's own.
    fn usual(purpose: Purpose, flags: &Self) -> Result<Config, NetworkError> {
        let mut config = Config::default();
        set(&mut config, "mode", "\"peer\"")?;
        set(&mut config, "transport/link/rx/max_message_size", &MAX_MESSAGE.to_string())?;
        if purpose == Purpose::Seek || !flags.connect.is_empty() {
            set(&mut config, "listen/endpoints", "[]")?;
        }
        Ok(config)
    }
}

fn set(config: &mut Config, key: &'static str, value: &str) -> Result<(), NetworkError> {
    config.insert_json5(key, value).map_err(|source| NetworkError::Setting { key, value: value.to_owned(), source })
}

fn json(endpoints: &[String]) -> String {
    serde_json::json!(endpoints).to_string()
}

/// The host's name: what a box is called if nothing else is said.
#[must_use]
pub fn host_name() -> String {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname").unwrap_or_default();
    let name = name.trim().to_owned();
    if name.is_empty() || name.len() > MAX_BOX { "box".to_owned() } else { name }
}
