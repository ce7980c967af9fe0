//! A plausible mix for demonstrations: it has the bands and artefacts that people look for first. Not a model of a brain.

use core::f64::consts::{PI, TAU};

use super::noise::{smooth, uniform};

/// Fastest octave of the background, Hz. Each further octave is half as fast and has the same power, which makes 1/f.
const BACKGROUND_TOP_HZ: f64 = 64.0;
const BACKGROUND_OCTAVES: u64 = 9;
/// Deviation of each octave.
const BACKGROUND_VOLTS: f64 = 4e-6;
const ALPHA_HZ: f64 = 10.0;
const ALPHA_VOLTS: f64 = 15e-6;
/// How fast bursts of alpha come and go.
const ALPHA_ENVELOPE_HZ: f64 = 0.4;
const MAINS_HZ: f64 = 50.0;
const MAINS_VOLTS: f64 = 2e-6;
/// One blink in each span of so many seconds.
const BLINK_SPAN_S: f64 = 4.0;
const BLINK_LENGTH_S: f64 = 0.3;
const BLINK_VOLTS: f64 = 150e-6;
/// Channels count from front to back; a blink fades by this from each to the next, alpha grows.
const BLINK_FADE: f64 = 0.55;
const CHANNELS_FRONT_TO_BACK: f64 = 8.0;

/// Seeds of the parts, so that they have nothing to do with one another.
const ALPHA_SEED: u64 = 101;
const BLINK_SEED: u64 = 102;

/// Volts at a channel, which is taken modulo 8 as a place from front to back.
pub(super) fn volts(seed: u64, channel: u64, time_s: f64) -> f64 {
    let place = channel as f64 % CHANNELS_FRONT_TO_BACK;
    background(seed, channel, time_s)
        + alpha(seed, place, time_s)
        + mains(channel, time_s)
        + blinks(seed, place, time_s)
}

fn background(seed: u64, channel: u64, time_s: f64) -> f64 {
    let octave = |n: u64| {
        let frequency = BACKGROUND_TOP_HZ / (1_u64 << n) as f64;
        smooth(seed.wrapping_add(n), channel, time_s * frequency)
    };
    (0..BACKGROUND_OCTAVES).map(octave).sum::<f64>() * BACKGROUND_VOLTS
}

fn alpha(seed: u64, place: f64, time_s: f64) -> f64 {
    let envelope = smooth(seed.wrapping_add(ALPHA_SEED), 0, time_s * ALPHA_ENVELOPE_HZ).max(0.0);
    let weight = (place + 1.0) / CHANNELS_FRONT_TO_BACK;
    ALPHA_VOLTS * weight * envelope * libm::sin(TAU * (ALPHA_HZ * time_s + place * 0.02))
}

fn mains(channel: u64, time_s: f64) -> f64 {
    MAINS_VOLTS * libm::sin(TAU * MAINS_HZ * time_s + channel as f64 * 0.1)
}

fn blinks(seed: u64, place: f64, time_s: f64) -> f64 {
    let span = libm::floor(time_s / BLINK_SPAN_S);
    let begin = uniform(seed, BLINK_SEED, span as i64 as u64) * (BLINK_SPAN_S - BLINK_LENGTH_S);
    let part = (time_s - span * BLINK_SPAN_S - begin) / BLINK_LENGTH_S;
    if !(0.0..1.0).contains(&part) {
        return 0.0;
    }
    let bump = libm::sin(PI * part);
    BLINK_VOLTS * libm::pow(BLINK_FADE, place) * bump * bump
}
