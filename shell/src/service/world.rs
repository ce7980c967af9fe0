//! What a simulated board measures, made from the settings: the signal, a file, the faults.

use std::sync::Arc;

use axismirror_boards::board::Board;
use axismirror_boards::signal::{self, Signal};
use axismirror_boards::sim::{Faults, SimSettings};

use super::{ServiceError, faults};
use crate::config::{Settings, SignalKind};
use crate::recording::Recording;

/// Standard deviation of the simulated noise in volts: 10 uV.
const NOISE_RMS: f64 = 10e-6;
/// Another seed, another noise; the same on every run.
const SEED: u64 = 1;

/// What is loaded before the simulated board can be made.
#[derive(Clone, Debug)]
pub(super) struct World {
    played: Option<Arc<Played>>,
    faults: Faults,
}

/// A recording with the rate that it is played at.
#[derive(Debug)]
struct Played {
    recording: Recording,
    rate: f64,
}

impl World {
    /// Reads what the settings name.
    pub(super) fn load(settings: &Settings, rate: f64, board: &Board) -> Result<Self, ServiceError> {
        let simulate = &settings.simulate;
        let played = match (&simulate.file, simulate.kind()) {
            (Some(path), SignalKind::Recording) => {
                let recording = Recording::open(path)?;
                // A file that says no rate is taken to have been recorded at the board's.
                let rate = recording.rate.unwrap_or(rate);
                Some(Arc::new(Played { recording, rate }))
            }
            _ => None,
        };
        let mut all = Faults::new();
        for text in &simulate.faults {
            all.push(faults::on_board(text, board)?)
                .map_err(|_| ServiceError::TooManyFaults { most: all.capacity() })?;
        }
        Ok(Self { played, faults: all })
    }

    /// What is at the pins.
    pub(super) fn signal<'a>(&'a self, settings: &Settings) -> Signal<'a> {
        let simulate = &settings.simulate;
        match (simulate.kind(), &self.played) {
            (SignalKind::Counter, _) => Signal::Counter,
            (SignalKind::Square, _) => Signal::Square,
            (SignalKind::Noise, _) => Signal::Noise { seed: SEED, rms: NOISE_RMS },
            (SignalKind::Eeg, _) => Signal::Eeg { seed: SEED },
            (SignalKind::Recording, Some(played)) => Signal::Recording(&**played),
            _ => Signal::Sine { frequency: simulate.frequency_hz, amplitude: simulate.amplitude_uv * 1e-6 },
        }
    }

    /// All that the simulated board is told.
    pub(super) fn sim_settings<'a>(&'a self, settings: &Settings) -> SimSettings<'a> {
        SimSettings { faults: self.faults.clone(), ..SimSettings::new(self.signal(settings)) }
    }
}

impl signal::Recording for Played {
    /// Plays from the start again at the end; a board with more channels than the file plays them again.
    fn volts(&self, channel: usize, time_s: f64) -> f64 {
        let channels = &self.recording.channels;
        let Some(channel) = channels.get(channel % channels.len().max(1)) else { return 0.0 };
        signal::sample_at(&channel.volts[..], self.rate, time_s, true).unwrap_or(0.0)
    }
}
