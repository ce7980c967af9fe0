//! How long a data record is: its frames, its duration, and its room for annotations.
//!
//! Arithmetic alone: decided once for a file, and never by what comes into it.

use super::super::RecordError;
use super::header::decimal;
use super::tal::{self, TICKS};
use crate::formats::edf::Kind;

/// The least room for annotations: a time, and an annotation of the greatest length. A whole number of samples, of 2 bytes or of 3.
const LEAST_ROOM: usize = 540;
/// The most that a description gets: more channels than that describes are described over several records.
const MOST_ROOM: usize = 48_000;
/// What a description may have of the first record, and with it annotations of each one, in parts of the samples.
const PART_OF_SAMPLES: usize = 8;
/// The least deviation of a rate that counts: less is rounding in an f64.
const EXACT: f64 = 1e-12;
/// The most lengths of a data record that are tried.
const TRIES: u64 = 4000;

/// The longest data record that EDFlib opens, in bytes.
const fn most_bytes(kind: Kind) -> usize {
    match kind {
        Kind::Edf => 10 << 20,
        Kind::Bdf => 15 << 20,
    }
}

/// A data record's length.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Length {
    /// Frames in it.
    pub(super) frames: usize,
    /// Its duration, as the header says it.
    pub(super) duration: String,
    /// The same in ticks of 100 ns.
    pub(super) ticks: u64,
    /// How far the rate in the header is from the stream's, relative to it.
    pub(super) rate_error: f64,
    /// Bytes for annotations in it.
    pub(super) annotation_bytes: usize,
}

impl Length {
    /// About a second, with whole frames and a duration that eight characters say exactly, if there is such a one. The first record has room for
    /// a description of so many bytes, if that is little beside the samples.
    pub(super) fn of(kind: Kind, rate: f64, channels: usize, description: usize) -> Result<Self, RecordError> {
        let refused = || RecordError::Rate { format: kind.name(), rate, channels };
        let frame = (channels * kind.sample()).max(1);
        let most = (most_bytes(kind) - MOST_ROOM) / frame;
        let most = u64::try_from(most).unwrap_or(u64::MAX).min(99_999_999);
        // `as` saturates.
        let about = (rate.round() as u64).clamp(1, most.max(1));
        let mut best: Option<Self> = None;
        for i in 0..TRIES {
            let step = i.div_ceil(2);
            // A second, a little less, a little more, ...
            let frames = if i % 2 == 1 { about.checked_sub(step) } else { about.checked_add(step) };
            let Some(frames) = frames.filter(|n| (1..=most).contains(n)) else { continue };
            let Some(length) = Self::with(frames, rate) else { continue };
            let error = length.rate_error;
            if best.as_ref().is_none_or(|b| error < b.rate_error) {
                best = Some(length);
            }
            if error < EXACT {
                break;
            }
        }
        let best = best.filter(|b| b.rate_error < 1e-3).ok_or_else(refused)?;
        let room = room(best.frames.saturating_mul(frame), description);
        Ok(Self { annotation_bytes: room, ..best })
    }

    fn with(frames: u64, rate: f64) -> Option<Self> {
        let duration = decimal(frames as f64 / rate, 8)?;
        let seconds: f64 = duration.parse().ok().filter(|s: &f64| *s > 0.0 && *s < 1e6)?;
        let ticks = (seconds * TICKS as f64).round() as u64;
        let rate_error = (seconds * rate / frames as f64 - 1.0).abs();
        Some(Self { frames: usize::try_from(frames).ok()?, duration, ticks, rate_error, annotation_bytes: LEAST_ROOM })
    }

    /// How long so many frames take, in ticks.
    pub(super) const fn ticks_of(&self, frames: u64) -> u64 {
        let whole = if self.frames == 0 { 1 } else { self.frames as u64 };
        // Less than a record's ticks.
        let rest = (frames % whole) as u128 * self.ticks as u128 / whole as u128;
        (frames / whole).saturating_mul(self.ticks).saturating_add(rest as u64)
    }
}

/// Bytes for annotations in a record with so many bytes of samples.
fn room(samples: usize, description: usize) -> usize {
    let wanted = (tal::record_time(u64::MAX).len() + description).next_multiple_of(6);
    if wanted <= (samples / PART_OF_SAMPLES).min(MOST_ROOM) { wanted.max(LEAST_ROOM) } else { LEAST_ROOM }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_have_whole_frames_and_exact_durations() {
        let of = |rate, channels| Length::of(Kind::Bdf, rate, channels, 0).unwrap();
        let known = |r: Length| (r.frames, r.duration, r.ticks);
        assert_eq!(known(of(250.0, 8)), (250, "1".into(), TICKS));
        assert_eq!(known(of(32_000.0, 8)), (32_000, "1".into(), TICKS));
        // 250/3 Hz: 12 ms a frame, 83 of them are 0.996 s.
        assert_eq!(known(of(250.0 / 3.0, 8)), (83, "0.996".into(), 9_960_000));
        assert_eq!(known(of(0.1, 1)), (1, "10".into(), 10 * TICKS));
        assert_eq!(known(of(2.5, 1)), (3, "1.2".into(), 12_000_000));
        // 1/7 of a Hz more: seven times as many frames have a whole number of seconds; fewer frames are nearer, and none of them is exact.
        let odd = of(1000.0 / 7.0, 1);
        assert_eq!((odd.frames, odd.duration.as_str(), odd.rate_error < EXACT), (143, "1.001", true));
        // No decimal fraction at all: the golden ratio.
        let never = of(1000.0 * 1.618_033_988_749_895, 1);
        assert!(never.rate_error > 0.0 && never.rate_error < 1e-8, "{never:?}");
        // 64 channels at 128 kHz are 24 MB a second; EDFlib takes 15 MB.
        assert_eq!(of(128_000.0, 64).frames * 64 * 3 / (15 << 20), 0);
    }

    #[test]
    fn frames_take_their_part_of_a_record() {
        let length = Length::of(Kind::Bdf, 250.0 / 3.0, 8, 0).unwrap();
        assert_eq!([length.ticks_of(1), length.ticks_of(83), length.ticks_of(84)], [120_000, 9_960_000, 10_080_000]);
        assert!(length.ticks_of(u64::MAX) > 1 << 60);
    }

    #[test]
    fn a_description_is_in_the_first_record_where_that_is_little() {
        let room = |rate, description| Length::of(Kind::Bdf, rate, 8, description).unwrap().annotation_bytes;
        // 6000 bytes of samples a record, 384,000 bytes.
        assert_eq!([room(250.0, 300), room(250.0, 2000)], [540, 540]);
        let fast = room(16_000.0, 2000);
        assert!((2000..2100).contains(&fast) && fast % 6 == 0, "{fast}");
        assert_eq!(room(16_000.0, 200_000), 540);
    }
}
