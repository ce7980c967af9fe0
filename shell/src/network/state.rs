//! How a stream fares, as it goes over the network: JSON, about once a second.
//!
//! What comes in is a stranger's: its length is limited. Knows nothing of zenoh.

use axismirror_core::health::{Health, LeadOff};
use serde::{Deserialize, Serialize};

use super::info::{InfoError, MAX_JSON};
use crate::health::Counts;
use crate::mirror::StreamState;

/// How a stream fares, about once a second.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct State {
    /// The run of the relay.
    #[serde(with = "super::hex")]
    pub relay: u64,
    /// The run of the stream.
    #[serde(with = "super::hex")]
    pub instance: u64,
    /// Number of the frame that comes next.
    pub next: u64,
    /// How the stream is: the word of a [`StreamState`].
    pub state: String,
    /// The acquisition's counters; none of a stream whose writer does not count.
    #[serde(default)]
    pub health: Option<SentHealth>,
}

/// [`Health`] in JSON.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SentHealth {
    /// The counters.
    #[serde(flatten)]
    pub counts: Counts,
    /// Electrodes that are off on the positive side, as [`LeadOff`] has them.
    pub lead_off_positive: u64,
    /// And on the negative one.
    pub lead_off_negative: u64,
}

impl State {
    /// Reads what came.
    ///
    /// # Errors
    /// [`InfoError::TooLong`], [`InfoError::Json`].
    pub fn parse(json: &[u8]) -> Result<Self, InfoError> {
        if json.len() > MAX_JSON {
            return Err(InfoError::TooLong { len: json.len(), max: MAX_JSON });
        }
        Ok(serde_json::from_slice(json)?)
    }

    /// How the stream is, if it is a word that this version knows.
    #[must_use]
    pub fn stream_state(&self) -> Option<StreamState> {
        StreamState::from_word(&self.state)
    }

    /// The message.
    #[must_use]
    pub fn emit(&self) -> Vec<u8> {
        serde_json::to_vec(self).unwrap_or_default()
    }
}

impl From<Health> for SentHealth {
    fn from(health: Health) -> Self {
        let LeadOff { positive, negative } = health.lead_off;
        Self { counts: health.into(), lead_off_positive: positive, lead_off_negative: negative }
    }
}

impl From<SentHealth> for Health {
    fn from(sent: SentHealth) -> Self {
        sent.counts.health(LeadOff { positive: sent.lead_off_positive, negative: sent.lead_off_negative })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counters_come_through() {
        let health = Health {
            frames_lost: 7,
            measured_rate: 249.9,
            lead_off: LeadOff { positive: 1 << 63, negative: 2 },
            ..Health::default()
        };
        let state = State { relay: 1, instance: 2, next: u64::MAX, state: "live".into(), health: Some(health.into()) };
        let read = State::parse(&state.emit()).unwrap();
        assert_eq!(read, state);
        assert_eq!(read.stream_state(), Some(StreamState::Live));
        assert_eq!(Health::from(read.health.unwrap()), health);
    }
}
