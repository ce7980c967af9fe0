//! A simulated chip's oscillator against the time of the simulated world.
//!
//! Integers only, so that hours of frames fall where they must. Must never know of conversions.

/// Attoseconds of a second, and of a nanosecond.
const AS_PER_S: f64 = 1e18;
const AS_PER_NS: u128 = 1_000_000_000;
/// More than this no oscillator is off.
const MAX_DRIFT_PPM: f64 = 100_000.0;

/// An oscillator that began to count at time 0.
#[derive(Clone, Copy, Debug)]
pub struct ChipClock {
    clock_as: u64,
}

impl ChipClock {
    /// One of `hz` that is `ppm` parts in a million too fast.
    #[must_use]
    pub fn new(hz: u32, ppm: f64) -> Self {
        let ppm = if ppm.is_finite() { ppm.clamp(-MAX_DRIFT_PPM, MAX_DRIFT_PPM) } else { 0.0 };
        let clock_as = libm::round(AS_PER_S / f64::from(hz.max(1)) / (1.0 + ppm * 1e-6)) as u64;
        Self { clock_as }
    }

    /// Whole tCLK at a time.
    #[must_use]
    pub fn clocks(self, ns: i64) -> u64 {
        let time = u128::from(ns.max(0).unsigned_abs()) * AS_PER_NS;
        u64::try_from(time / u128::from(self.clock_as)).unwrap_or(u64::MAX)
    }

    /// The first nanosecond at which so many tCLK are over.
    #[must_use]
    pub fn ns(self, clocks: u64) -> i64 {
        let time = u128::from(clocks) * u128::from(self.clock_as);
        i64::try_from(time.div_ceil(AS_PER_NS)).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_and_times_lead_back() {
        for (hz, ppm) in
            [(2_048_000, 0.0), (2_048_000, 20.0), (8_192_000, -20.0), (7_680_000, f64::NAN), (2_048_000, 1e9)]
        {
            let clock = ChipClock::new(hz, ppm);
            for n in [0, 1, 4, 8192, 2_048_000, 2_048_000 * 86_400 * 365] {
                assert_eq!(clock.clocks(clock.ns(n)), n, "{hz} {ppm} {n}");
            }
        }
    }

    #[test]
    fn a_second_has_its_clocks_and_a_fast_clock_has_more() {
        assert_eq!(ChipClock::new(2_048_000, 0.0).ns(2_048_000), 1_000_000_000);
        assert!(ChipClock::new(2_048_000, 20.0).clocks(1_000_000_000_000).abs_diff(2_048_000_000 + 40_960) <= 3);
    }
}
