//! What can go wrong between machines.

use std::path::PathBuf;

use axismirror_core::name::NameError;

use super::key::KeyError;
use crate::mirror::MirrorError;
use crate::recording::RecordingRefused;

/// Why streams cannot be sent, received or looked for.
#[derive(Debug, thiserror::Error)]
pub enum NetworkError {
    /// Not a name, box or key.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// A received stream cannot be called so here.
    #[error(transparent)]
    Name(#[from] NameError),
    /// No zenoh configuration.
    #[error("zenoh's configuration {path} cannot be used")]
    Config {
        /// The file.
        path: PathBuf,
        /// Why.
        source: zenoh::Error,
    },
    /// Something that zenoh does not take, of a flag.
    #[error("zenoh does not take {value} for {key}")]
    Setting {
        /// Its own name of what was set.
        key: &'static str,
        /// What was given.
        value: String,
        /// Why.
        source: zenoh::Error,
    },
    /// The network cannot be used.
    #[error("no zenoh session can be opened")]
    Open(#[source] zenoh::Error),
    /// zenoh does not take what we declare.
    #[error("zenoh does not take the key {key}")]
    Declare {
        /// The key expression.
        key: String,
        /// Why.
        source: zenoh::Error,
    },
    /// A recording that no lost frame can be taken from.
    #[error("no lost frame can be taken from a recording")]
    Recording(#[from] RecordingRefused),
    /// A stream of this machine cannot be read.
    #[error(transparent)]
    Mirror(#[from] MirrorError),
    /// No thread.
    #[error("no thread can be started")]
    Thread(#[source] std::io::Error),
    /// /dev/shm cannot be looked into.
    #[error("/dev/shm cannot be looked into")]
    Look(#[source] std::io::Error),
}

impl NetworkError {
    /// Whether it is what was asked for that is wrong, and not what is there.
    #[must_use]
    pub const fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Key(_)
                | Self::Name(_)
                | Self::Config { .. }
                | Self::Setting { .. }
                | Self::Recording(_)
                | Self::Mirror(MirrorError::Name(_))
        )
    }

    /// Advice how to mend it.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Setting { key: "connect/endpoints" | "listen/endpoints", .. } => {
                Some("an endpoint is tcp/ADDRESS:PORT or udp/ADDRESS:PORT, with an IPv6 address in brackets".to_owned())
            }
            Self::Recording(
                RecordingRefused::Format { .. } | RecordingRefused::NotWhole { .. } | RecordingRefused::NoInstance { .. },
            ) => Some("`axismirror record NAME -o FILE.csv` (or .parquet, .arrow) keeps all that a lost frame needs".to_owned()),
            Self::Recording(RecordingRefused::OtherRun { .. }) => {
                Some("record the present run into another file, or name the folder: what is of other runs is passed over there".to_owned())
            }
            Self::Open(_) => Some("--listen and --connect say which addresses are used".to_owned()),
            _ => None,
        }
    }
}
