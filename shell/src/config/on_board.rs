//! Settings against what a board can do: what is missing is filled in, what is impossible is refused.
//!
//! Knows a board as a few numbers only; which boards there are is for others to say.

use axismirror_core::settings::Settings as RingSettings;

use super::error::ConfigError;
use super::key::Key;
use super::settings::Settings;

/// Rates that differ by less than this share of themselves are one rate.
const SAME_RATE: f64 = 1e-9;
/// The longest number that a message says without an exponent, in characters.
const MAX_DIGITS: usize = 20;

/// What settings need to know of a board.
#[derive(Clone, Copy, Debug)]
pub struct BoardFacts<'a> {
    /// Board id, for messages.
    pub id: &'a str,
    /// Possible rates.
    pub rates: PossibleRates<'a>,
    /// Rate in Hz when none is given.
    pub default_rate: f64,
    /// Possible gains. Empty when the ADC has no amplifier: then only 1.
    pub gains: &'a [u32],
    /// Gain when none is given.
    pub default_gain: u32,
    /// Number of channels.
    pub channels: usize,
    /// A label for each channel.
    pub labels: &'a [&'a str],
}

/// Rates of frames that a board can have, in Hz.
#[derive(Clone, Copy, Debug)]
pub enum PossibleRates<'a> {
    /// These: the ADC has a clock of its own.
    Steps(&'a [f64]),
    /// Any up to this: the host's clock paces the ADC.
    UpTo(f64),
}

/// Settings that a board can do, with nothing left open.
#[derive(Clone, Debug, PartialEq)]
pub struct OnBoard {
    /// Frames per second in Hz.
    pub rate: f64,
    /// Gain of the amplifier.
    pub gain: u32,
    /// Channels from 0, in the order of publication.
    pub channels: Vec<usize>,
    /// A label for each of `channels`.
    pub labels: Vec<String>,
    /// Frames of a chunk, from 1 to those of the ring.
    pub chunk: u32,
}

impl Settings {
    /// What the settings mean on a board.
    ///
    /// # Errors
    /// [`ConfigError::Value`] with the place where the value was written and with what the board can do.
    pub fn on_board(&self, board: &BoardFacts<'_>) -> Result<OnBoard, ConfigError> {
        let rate = self.rate_on(board)?;
        let gain = self.gain_on(board)?;
        let channels = self.channels_on(board)?;
        let labels = self.labels_on(board, &channels)?;
        let chunk = self.chunk_at(rate)?;
        Ok(OnBoard { rate, gain, channels, labels, chunk })
    }

    fn rate_on(&self, board: &BoardFacts<'_>) -> Result<f64, ConfigError> {
        let Some(rate) = self.rate else { return Ok(board.default_rate) };
        let (found, possible) = match board.rates {
            PossibleRates::Steps(rates) => {
                let same = rates.iter().find(|r| (*r - rate).abs() <= SAME_RATE * r.abs());
                (same.copied(), format!("{} Hz", list(rates)))
            }
            PossibleRates::UpTo(highest) => (Some(rate).filter(|r| *r <= highest), format!("up to {highest} Hz")),
        };
        found.ok_or_else(|| self.impossible(Key::Rate, number(rate), format!("{possible} on board {}", board.id)))
    }

    fn gain_on(&self, board: &BoardFacts<'_>) -> Result<u32, ConfigError> {
        let gains = if board.gains.is_empty() { &[1] } else { board.gains };
        match self.gain {
            None if board.gains.is_empty() => Ok(1),
            None => Ok(board.default_gain),
            Some(gain) if gains.contains(&gain) => Ok(gain),
            Some(gain) => {
                let possible = format!("{} on board {}", list(gains), board.id);
                Err(self.impossible(Key::Gain, gain.to_string(), possible))
            }
        }
    }

    fn channels_on(&self, board: &BoardFacts<'_>) -> Result<Vec<usize>, ConfigError> {
        let Some(channels) = &self.channels else { return Ok((0..board.channels).collect()) };
        channels.places_in(board.channels).map_err(|_| {
            let possible = format!("1 to {} on board {}", board.channels, board.id);
            self.impossible(Key::Channels, list(channels.numbers()), possible)
        })
    }

    fn labels_on(&self, board: &BoardFacts<'_>, channels: &[usize]) -> Result<Vec<String>, ConfigError> {
        match &self.labels {
            None => {
                let label =
                    |&c: &usize| board.labels.get(c).map_or_else(|| format!("CH{}", c + 1), |l| (*l).to_owned());
                Ok(channels.iter().map(label).collect())
            }
            Some(labels) if labels.len() == channels.len() => Ok(labels.clone()),
            Some(labels) => {
                let possible =
                    format!("{} labels, one for each published channel; given are {}", channels.len(), labels.len());
                Err(self.impossible(Key::Labels, labels.join(","), possible))
            }
        }
    }

    /// Frames of a chunk, and whether the ring that has to hold it is possible.
    fn chunk_at(&self, rate: f64) -> Result<u32, ConfigError> {
        let ring = RingSettings { shmem_name: None, buf_dur: self.buf_dur, axis: None, version: self.struct_version };
        // The header says the rate as the reciprocal of the axis' gain, which may differ in the last bit.
        let ring_frames = ring.ring_frames(1.0 / (1.0 / rate)).map_err(|_| {
            let (longest, hz) = (number(f64::from(u32::MAX) / rate), number(rate));
            let possible = format!("up to {longest} seconds at {hz} Hz, a ring of {} frames", u32::MAX);
            self.impossible(Key::BufDur, number(self.buf_dur), possible)
        })?;
        if let Some(chunk) = self.chunk
            && chunk.get() > ring_frames
        {
            let (seconds, hz) = (number(self.buf_dur), number(rate));
            let possible = format!("up to {ring_frames} frames, the ring of buf_dur = {seconds} s at {hz} Hz");
            return Err(self.impossible(Key::Chunk, chunk.to_string(), possible));
        }
        Ok(self.chunk_frames(rate).min(ring_frames))
    }
}

/// In digits as long as that is short, else with an exponent.
fn number(value: f64) -> String {
    let digits = value.to_string();
    if digits.len() > MAX_DIGITS { format!("{value:e}") } else { digits }
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}
