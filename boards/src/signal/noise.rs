//! Random numbers without a state: the same place always has the same number.

use core::f64::consts::TAU;

/// A well-mixed 64-bit number for a place (the finaliser of splitmix64, by Sebastiano Vigna, public domain).
pub(super) fn hash(seed: u64, channel: u64, index: u64) -> u64 {
    let mut z = mix(seed) ^ mix(channel ^ 0xA5A5_5A5A_0F0F_F0F0) ^ index.wrapping_mul(0x9E37_79B9_7F4A_7C15);
    z = mix(z);
    mix(z)
}

fn mix(z: u64) -> u64 {
    let z = z.wrapping_add(0x9E37_79B9_7F4A_7C15);
    let z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// Above 0, at most 1.
pub(super) fn uniform(seed: u64, channel: u64, index: u64) -> f64 {
    ((hash(seed, channel, index) >> 11) + 1) as f64 / (1_u64 << 53) as f64
}

/// Normal distribution, mean 0, deviation 1 (Box and Muller).
pub(super) fn normal(seed: u64, channel: u64, index: u64) -> f64 {
    let radius = libm::sqrt(-2.0 * libm::log(uniform(seed, channel, index)));
    radius * libm::cos(TAU * uniform(!seed, channel, index))
}

/// Normally distributed numbers at whole `position`s, and a smooth way between them.
pub(super) fn smooth(seed: u64, channel: u64, position: f64) -> f64 {
    let whole = libm::floor(position);
    let part = position - whole;
    // Saturates for places that no run reaches.
    let index = whole as i64 as u64;
    let (left, right) = (normal(seed, channel, index), normal(seed, channel, index.wrapping_add(1)));
    let weight = part * part * (3.0 - 2.0 * part);
    left + (right - left) * weight
}
