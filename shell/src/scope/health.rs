//! How a stream and its writer are, as the health line says it.

use std::collections::VecDeque;

use crate::clock;
use crate::mirror::{Mirror, State, StateFacts, StreamState};

/// Over how long the rate of arrival is taken, in seconds.
const RATE_OVER_S: f64 = 10.0;
/// Fewer seconds without a frame are not worth a word.
const IDLE_S: f64 = 2.0;
/// Before, it says nothing.
const RATE_FROM_S: f64 = 2.0;

/// What is known of the writer.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub enum Link {
    /// There is no such stream (yet).
    #[default]
    Absent,
    /// It publishes nothing (yet).
    NotYet,
    /// Its writer lives.
    Alive,
    /// Its writer is there, and has shown no sign of life for so many seconds.
    Stopped(f64),
    /// Its writer went away.
    Gone,
    /// Of a published Python package: nobody can say.
    Unknown,
}

/// A stream at one instant.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Health {
    /// The writer.
    pub link: Link,
    /// Since how many seconds the ADC does not answer.
    pub silent_s: Option<f64>,
    /// Frames a second as the acquisition measured them.
    pub rate: Option<f64>,
    /// Standard deviation of DRDY's times in seconds.
    pub jitter_s: Option<f64>,
    /// Frames that the ADC converted and nobody has; `None` with a writer that does not count.
    pub lost: Option<u64>,
    /// Frames with a wrong status word or checksum, and failed transfers.
    pub bad: u64,
    /// Electrodes that are off.
    pub electrodes_off: u32,
    /// Whether torn frames are excluded.
    pub proven: bool,
}

impl Health {
    /// Of the stream that a mirror reads.
    #[must_use]
    pub fn of(mirror: &Mirror, state: State) -> Self {
        let (Some(facts), Some(extension)) = (StateFacts::of(mirror), mirror.extension()) else {
            let link = match state {
                State::Absent => Link::Absent,
                State::NotValid => Link::NotYet,
                State::Valid => Link::Unknown,
            };
            return Self { link, ..Self::default() };
        };
        let (health, timing) = (extension.health(), extension.timing());
        let since = |ns: i64| clock::monotonic_ns().saturating_sub(ns) as f64 / 1e9;
        let link = match StreamState::of(&facts) {
            _ if state == State::Absent => Link::Absent,
            StreamState::NoWriter => Link::Gone,
            StreamState::Stopped => Link::Stopped(facts.sign_of_life_s.unwrap_or_default()),
            StreamState::Live | StreamState::Silent => Link::Alive,
            StreamState::NotYet | StreamState::NotValid => Link::NotYet,
            StreamState::Unknown => Link::Unknown,
        };
        let silent = Some(extension.silent_since()).filter(|ns| *ns != 0 && link == Link::Alive);
        Self {
            link,
            silent_s: silent.map(since),
            rate: Some(health.measured_rate).filter(|rate| *rate > 0.0),
            jitter_s: Some(timing.jitter_ns / 1e9).filter(|jitter| *jitter > 0.0),
            lost: Some(health.frames_lost),
            bad: health.bad_frames.saturating_add(health.bus_errors),
            electrodes_off: (health.lead_off.positive | health.lead_off.negative).count_ones(),
            proven: true,
        }
    }
}

/// How many frames arrive, where no acquisition says how many it makes.
#[derive(Clone, Debug, Default)]
pub struct Arrivals {
    /// When, in seconds, and how many until then.
    seen: VecDeque<(f64, u64)>,
    /// When the last ones were seen, and how many there were.
    last: Option<(f64, u64)>,
}

impl Arrivals {
    /// So many frames had arrived at this time, counted from the start.
    pub fn note(&mut self, now_s: f64, frames: u64) {
        if frames > self.last.map_or(0, |(_, frames)| frames) {
            self.last = Some((now_s, frames));
        }
        self.seen.push_back((now_s, frames));
        while self.seen.get(1).is_some_and(|(then, _)| now_s - then >= RATE_OVER_S) {
            self.seen.pop_front();
        }
    }

    /// For how many seconds none has arrived; `None` when that is no time, or none ever has.
    #[must_use]
    pub fn idle(&self, now_s: f64) -> Option<f64> {
        let (since, _) = self.last?;
        Some(now_s - since).filter(|s| *s >= IDLE_S)
    }

    /// Frames a second of late.
    #[must_use]
    pub fn rate(&self) -> Option<f64> {
        let ((from, before), (to, after)) = (self.seen.front()?, self.seen.back()?);
        (to - from >= RATE_FROM_S).then(|| after.saturating_sub(*before) as f64 / (to - from))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arrivals_are_counted_over_the_last_seconds() {
        let mut arrivals = Arrivals::default();
        assert_eq!(arrivals.rate(), None);
        (0..20).for_each(|i| arrivals.note(f64::from(i) / 10.0, 25 * i as u64));
        assert_eq!(arrivals.rate(), None, "too early to say");
        (20..200).for_each(|i| arrivals.note(f64::from(i) / 10.0, 25 * i as u64));
        assert!((arrivals.rate().unwrap() - 250.0).abs() < 1e-9);
        // Nothing comes any more.
        (200..400).for_each(|i| arrivals.note(f64::from(i) / 10.0, 25 * 199));
        assert_eq!(arrivals.rate(), Some(0.0));
        assert!(arrivals.seen.len() < 110);
        assert_eq!((arrivals.idle(21.0), arrivals.idle(22.5).map(f64::round)), (None, Some(3.0)));
        assert_eq!(Arrivals::default().idle(99.0), None);
    }
}
