//! zenoh's session as we open it: who listens, who is looked for, and what is taken.

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

use zenoh::{Config, Session, Wait as _};

use super::error::NetworkError;
use super::key::MAX_BOX;

/// The longest message that zenoh puts together for us, in bytes: its own limit is a gigabyte of a stranger's.
const MAX_MESSAGE: usize = 16 << 20;

/// How late a stop is noticed.
const LOOK: Duration = Duration::from_millis(50);

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
    /// Opens a session; `None` when `stop` was set before there was one: a client waits for its router.
    pub(super) fn open(&self, purpose: Purpose, stop: &AtomicBool) -> Result<Option<Session>, NetworkError> {
        let config = self.config(purpose)?;
        let (opened, opens) = channel();
        let thread = std::thread::Builder::new().name("axm-zenoh-open".to_owned());
        let open = move || {
            // Nobody listens when it was stopped meanwhile.
            let _ = opened.send(zenoh::open(config).wait());
        };
        thread.spawn(open).map_err(NetworkError::Thread)?;
        // Relaxed: a flag alone, nothing is published with it.
        while !stop.load(Ordering::Relaxed) {
            match opens.recv_timeout(LOOK) {
                Ok(session) => return session.map(Some).map_err(NetworkError::Open),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return Err(NetworkError::Open("it panicked".into())),
            }
        }
        Ok(None)
    }

    fn config(&self, purpose: Purpose) -> Result<Config, NetworkError> {
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
        Ok(config)
    }

    /// Without a configuration of zenoh's own.
    fn usual(purpose: Purpose, flags: &Self) -> Result<Config, NetworkError> {
        let mut config = Config::default();
        // A router sends nothing from one peer to another: they are to speak to one another themselves (zenoh since 1.10). But to and from clients.
        let is_client = purpose == Purpose::Offer && !flags.connect.is_empty() && flags.listen.is_empty();
        set(&mut config, "mode", if is_client { "\"client\"" } else { "\"peer\"" })?;
        set(&mut config, "transport/link/rx/max_message_size", &MAX_MESSAGE.to_string())?;
        set(&mut config, "connect/timeout_ms", "-1")?;
        set(&mut config, "connect/exit_on_failure", "false")?;
        if purpose == Purpose::Seek || is_client {
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
