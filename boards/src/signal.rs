//! What a simulated ADC measures: codes by channel and time, the same on every run.
//!
//! Everything is a pure function of channel and time, so that a lost frame changes nothing in those behind it. Must
//! never know of a chip; files are read by whoever implements [`Recording`].

mod eeg;
mod noise;
mod resample;

use core::f64::consts::TAU;

pub use resample::{Sampled, sample_at};

use crate::adc::Input;

/// Channels that [`Signal::Counter`] counts by. A board with more counts on: channel 8 of frame k is channel 0 of frame k + 1.
pub const COUNTER_STRIDE: u64 = 8;

/// Codes of [`Signal::Counter`] run modulo this on a converter whose greatest code is `code_max`: as many as there are
/// codes from 0 up. 2^23 with 24 signed bits, 4096 and 1024 with 12 and 10 bits without a sign, 256 with 8.
///
/// ```
/// assert_eq!(axismirror_boards::signal::counter_modulus(0x7F_FFFF), 1 << 23);
/// assert_eq!(axismirror_boards::signal::counter_modulus(1023), 1024);
/// ```
#[must_use]
pub fn counter_modulus(code_max: i32) -> u64 {
    u64::try_from(code_max).map_or(1, |max| max + 1)
}

/// A recording to be measured again.
pub trait Recording {
    /// Volts at the pins of a channel (from 0, over the whole board), `time_s` seconds after the first conversion.
    /// What lies outside of the recording is for the implementation to say.
    fn volts(&self, channel: usize, time_s: f64) -> f64;
}

/// What is at the pins.
#[derive(Clone, Copy)]
pub enum Signal<'a> {
    /// Channel c of frame k has the code (8 k + c) mod [`counter_modulus`], whatever the gain.
    Counter,
    /// A sine on every channel, each 1/16 of a period behind its neighbour.
    Sine {
        /// Hz.
        frequency: f64,
        /// Volts from the middle to the peak.
        amplitude: f64,
    },
    /// Nothing at the pins: the chip makes its test signal, see [`Signal::input`].
    Square,
    /// White noise with a normal distribution.
    Noise {
        /// Another seed, another noise.
        seed: u64,
        /// Standard deviation in volts.
        rms: f64,
    },
    /// Like an EEG: 1/f background, bursts of alpha at 10 Hz, blinks, mains at 50 Hz.
    Eeg {
        /// Another seed, another person.
        seed: u64,
    },
    /// A recording.
    Recording(&'a dyn Recording),
}

impl core::fmt::Debug for Signal<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Counter => f.write_str("Counter"),
            Self::Sine { frequency, amplitude } => write!(f, "Sine({frequency} Hz, {amplitude} V)"),
            Self::Square => f.write_str("Square"),
            Self::Noise { seed, rms } => write!(f, "Noise(seed {seed}, {rms} V)"),
            Self::Eeg { seed } => write!(f, "Eeg(seed {seed})"),
            Self::Recording(_) => f.write_str("Recording"),
        }
    }
}

impl Signal<'_> {
    const SINE_PHASE: f64 = 1.0 / 16.0;

    /// What the chip's channels must be connected to for it.
    #[must_use]
    pub const fn input(&self) -> Input {
        match self {
            Self::Square => Input::TestSignal,
            _ => Input::Normal,
        }
    }

    /// The code that a converter makes of it: for conversion `index`, `time_s` seconds after the first one.
    #[must_use]
    pub fn code(&self, channel: usize, index: u64, time_s: f64, scale: Scale) -> i32 {
        match self.volts(channel, index, time_s) {
            Some(volts) => scale.code(volts + self.bias(scale)),
            None => {
                let counted = index.wrapping_mul(COUNTER_STRIDE).wrapping_add(channel as u64);
                let code = counted % counter_modulus(scale.max);
                i32::try_from(code).unwrap_or(i32::MAX).clamp(scale.min, scale.max)
            }
        }
    }

    /// Volts at the pins. `None` for the counter, which is made of codes.
    #[must_use]
    pub fn volts(&self, channel: usize, index: u64, time_s: f64) -> Option<f64> {
        let c = channel as u64;
        match *self {
            Self::Counter => None,
            Self::Sine { frequency, amplitude } => {
                let turns = frequency * time_s - channel as f64 * Self::SINE_PHASE;
                Some(amplitude * libm::sin(TAU * (turns - libm::floor(turns))))
            }
            Self::Square => Some(0.0),
            Self::Noise { seed, rms } => Some(rms * noise::normal(seed, c, index)),
            Self::Eeg { seed } => Some(eeg::volts(seed, c, time_s)),
            Self::Recording(recording) => Some(recording.volts(channel, time_s)),
        }
    }

    /// A converter without negative codes sees signals that swing around zero in the middle of its range, as the input
    /// circuits before such converters do it. Recordings are what was at the pins, and stay as they are.
    fn bias(&self, scale: Scale) -> f64 {
        let recorded = matches!(self, Self::Recording(_));
        if recorded || scale.min < 0 { 0.0 } else { (f64::from(scale.max) + 1.0) / 2.0 * scale.volts_per_code }
    }
}

/// What a converter makes of volts.
#[derive(Clone, Copy, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Scale {
    /// Volts at the pins for one step.
    pub volts_per_code: f64,
    /// The least code.
    pub min: i32,
    /// The greatest code.
    pub max: i32,
}

impl Scale {
    /// The nearest code; clips at both ends. What is not a number is 0.
    #[must_use]
    pub fn code(&self, volts: f64) -> i32 {
        // `as` saturates and makes 0 of what is not a number.
        (libm::round(volts / self.volts_per_code) as i32).clamp(self.min, self.max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::vec::Vec;

    const SCALE: Scale = Scale { volts_per_code: 4.5 / 24.0 / 8_388_607.0, min: -0x80_0000, max: 0x7F_FFFF };

    #[test]
    fn volts_become_the_nearest_code_and_clip() {
        assert_eq!(SCALE.code(4.5 / 24.0), 0x7F_FFFF);
        assert_eq!(SCALE.code(1.0), 0x7F_FFFF);
        assert_eq!(SCALE.code(-1.0), -0x80_0000);
        assert_eq!(SCALE.code(22.352e-9 * 1.4), 1);
        assert_eq!(SCALE.code(-22.352e-9 * 1.6), -2);
        assert_eq!(SCALE.code(f64::NAN), 0);
        assert_eq!(SCALE.code(f64::NEG_INFINITY), -0x80_0000);
    }

    #[test]
    fn the_counter_counts_over_the_board_and_wraps() {
        let code = |c, k| Signal::Counter.code(c, k, 0.0, SCALE);
        assert_eq!((code(0, 0), code(7, 0), code(0, 1), code(15, 2)), (0, 7, 8, 31));
        assert_eq!((code(7, (1 << 20) - 1), code(0, 1 << 20)), (0x7F_FFFF, 0));
    }

    #[test]
    fn the_counter_wraps_where_the_chips_codes_end() {
        for (max, last) in [(4095, 511), (1023, 127), (255, 31), (127, 15)] {
            let scale = Scale { volts_per_code: 1.0, min: 0, max };
            let code = |c, k| Signal::Counter.code(c, k, 0.0, scale);
            assert_eq!((code(7, last), code(0, last + 1), code(1, last + 1)), (max, 0, 1));
        }
    }

    #[test]
    fn a_converter_without_a_sign_sees_the_swing_in_its_middle() {
        let scale = Scale { volts_per_code: 3.3 / 4096.0, min: 0, max: 4095 };
        let sine = Signal::Sine { frequency: 1.0, amplitude: 1.0 };
        assert_eq!(sine.code(0, 0, 0.0, scale), 2048);
        assert_eq!(sine.code(0, 0, 0.25, scale), 2048 + 1241);
        assert_eq!(sine.code(0, 0, 0.75, scale), 2048 - 1241);
    }

    #[test]
    fn a_sine_has_its_frequency_amplitude_and_phase() {
        let sine = Signal::Sine { frequency: 10.0, amplitude: 1e-3 };
        let peak = (1e-3 / SCALE.volts_per_code) as i32;
        assert_eq!(sine.code(0, 0, 0.0, SCALE), 0);
        assert!((sine.code(0, 0, 0.025, SCALE) - peak).abs() <= 1);
        assert!((sine.code(0, 0, 0.075, SCALE) + peak).abs() <= 1);
        assert!((sine.code(4, 0, 0.05, SCALE) - peak).abs() <= 1);
    }

    fn moments(signal: Signal<'_>, channel: usize, frames: u64, rate: f64) -> (f64, f64) {
        let volts = |k: u64| f64::from(signal.code(channel, k, k as f64 / rate, SCALE)) * SCALE.volts_per_code;
        let mean = (0..frames).map(volts).sum::<f64>() / frames as f64;
        let variance = (0..frames).map(|k| (volts(k) - mean) * (volts(k) - mean)).sum::<f64>() / frames as f64;
        (mean, libm::sqrt(variance))
    }

    #[test]
    fn noise_has_its_deviation_no_mean_and_no_relation_between_channels() {
        let noise = Signal::Noise { seed: 1, rms: 10e-6 };
        let (mean, rms) = moments(noise, 3, 20_000, 250.0);
        // Three standard errors: 3 / sqrt(20000) of the deviation, and 3 / sqrt(40000).
        assert!(mean.abs() < 0.022 * 10e-6, "{mean}");
        assert!((rms / 10e-6 - 1.0).abs() < 0.016, "{rms}");
        let product = |k| f64::from(noise.code(0, k, 0.0, SCALE)) * f64::from(noise.code(1, k, 0.0, SCALE));
        let covariance = (0..20_000).map(product).sum::<f64>() / 20_000.0 * SCALE.volts_per_code * SCALE.volts_per_code;
        assert!(covariance.abs() < 0.022 * 1e-10, "{covariance}");
        let other = Signal::Noise { seed: 2, rms: 10e-6 };
        assert_ne!(noise.code(0, 0, 0.0, SCALE), other.code(0, 0, 0.0, SCALE));
    }

    const RATE: f64 = 250.0;

    fn minute(signal: Signal<'_>, channel: usize) -> Vec<f64> {
        let code = |k: u32| signal.code(channel, k.into(), f64::from(k) / RATE, SCALE);
        (0..250 * 60).map(|k| f64::from(code(k)) * SCALE.volts_per_code).collect()
    }

    /// Power at a frequency: one term of the discrete Fourier transform.
    fn power(volts: &[f64], frequency: f64) -> f64 {
        let (mut re, mut im) = (0.0, 0.0);
        for (k, volts) in volts.iter().enumerate() {
            let turns = TAU * frequency * k as f64 / RATE;
            re += volts * libm::cos(turns);
            im += volts * libm::sin(turns);
        }
        (re * re + im * im) / (volts.len() * volts.len()) as f64
    }

    fn band(volts: &[f64], from: f64, to: f64) -> f64 {
        const STEPS: u32 = 40;
        let step = (to - from) / f64::from(STEPS);
        (0..STEPS).map(|i| power(volts, from + step * f64::from(i))).sum::<f64>() / f64::from(STEPS)
    }

    #[test]
    fn an_eeg_has_microvolts_alpha_mains_and_falls_with_frequency() {
        let eeg = Signal::Eeg { seed: 7 };
        let (mean, rms) = moments(eeg, 7, 250 * 60, RATE);
        assert!(mean.abs() < 20e-6, "{mean}");
        assert!((5e-6..60e-6).contains(&rms), "{rms}");
        let (front, back) = (minute(eeg, 0), minute(eeg, 7));
        assert!(band(&back, 9.7, 10.3) > 4.0 * band(&back, 13.0, 14.0));
        assert!(power(&back, 50.0) > 20.0 * power(&back, 53.0));
        assert!(band(&back, 1.0, 2.0) > 4.0 * band(&back, 20.0, 24.0));
        // Blinks are seen in front.
        let peak = |volts: &[f64]| volts.iter().copied().fold(0.0, f64::max);
        assert!(peak(&front) > 1.5 * peak(&back));
    }

    #[test]
    fn no_time_or_channel_panics() {
        for signal in [
            Signal::Counter,
            Signal::Sine { frequency: f64::INFINITY, amplitude: f64::MAX },
            Signal::Noise { seed: u64::MAX, rms: f64::NAN },
            Signal::Eeg { seed: 0 },
        ] {
            for time in [0.0, -1.0, 1e300, f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
                let _ = signal.code(usize::MAX, u64::MAX, time, SCALE);
            }
        }
    }
}
