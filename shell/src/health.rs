//! A stream's counters as JSON: what `info`, recordings and the network say of them, in the same words.
//!
//! Which counter is what says [`Health`]. Which electrodes are off each of them says in its own way.

use axismirror_core::health::{Health, LeadOff};
use serde::{Deserialize, Serialize};

/// [`Health`] but for the electrodes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[expect(missing_docs, reason = "the fields are those of Health")]
pub struct Counts {
    pub frames_lost: u64,
    pub drdy_missed: u64,
    pub bad_frames: u64,
    pub bus_errors: u64,
    pub overruns: u64,
    pub slips: u64,
    pub restarts: u64,
    pub messages_ignored: u64,
    pub frames_cut: u64,
    /// In Hz; `None` until it is known.
    pub measured_rate: Option<f64>,
}

impl From<Health> for Counts {
    fn from(h: Health) -> Self {
        Self {
            frames_lost: h.frames_lost,
            drdy_missed: h.drdy_missed,
            bad_frames: h.bad_frames,
            bus_errors: h.bus_errors,
            overruns: h.overruns,
            slips: h.slips,
            restarts: h.restarts,
            messages_ignored: h.messages_ignored,
            frames_cut: h.frames_cut,
            measured_rate: Some(h.measured_rate).filter(|rate| rate.is_finite() && *rate > 0.0),
        }
    }
}

impl Counts {
    /// With the electrodes that are off.
    #[must_use]
    pub fn health(self, lead_off: LeadOff) -> Health {
        Health {
            frames_lost: self.frames_lost,
            drdy_missed: self.drdy_missed,
            bad_frames: self.bad_frames,
            bus_errors: self.bus_errors,
            overruns: self.overruns,
            slips: self.slips,
            restarts: self.restarts,
            messages_ignored: self.messages_ignored,
            frames_cut: self.frames_cut,
            measured_rate: self.measured_rate.unwrap_or(0.0),
            lead_off,
        }
    }
}
