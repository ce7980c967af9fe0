//! The chip's oscillator against the time of the simulated world.
//!
//! Integers only, so that hours of frames fall where they must. Must never know of conversions.

/// Femtoseconds of one tCLK at 2.048 MHz.
const CLOCK_FS: f64 = 488_281_250.0;
const FS_PER_NS: u128 = 1_000_000;
/// More than this no oscillator is off.
const MAX_DRIFT_PPM: f64 = 100_000.0;

/// An oscillator that began to count at time 0.
#[derive(Clone, Copy, Debug)]
pub(super) struct ChipClock {
    clock_fs: u64,
}

impl ChipClock {
    /// One that is `ppm` parts in a million too fast.
    pub(super) fn new(ppm: f64) -> Self {
        let ppm = if ppm.is_finite() { ppm.clamp(-MAX_DRIFT_PPM, MAX_DRIFT_PPM) } else { 0.0 };
        Self { clock_fs: libm::round(CLOCK_FS / (1.0 + ppm * 1e-6)) as u64 }
    }

    /// Whole tCLK at a time.
    pub(super) fn clocks(self, ns: i64) -> u64 {
        let fs = u128::from(ns.max(0).unsigned_abs()) * FS_PER_NS;
        u64::try_from(fs / u128::from(self.clock_fs)).unwrap_or(u64::MAX)
    }

    /// The first nanosecond at which so many tCLK are over.
    pub(super) fn ns(self, clocks: u64) -> i64 {
        let fs = u128::from(clocks) * u128::from(self.clock_fs);
        i64::try_from(fs.div_ceil(FS_PER_NS)).unwrap_or(i64::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clocks_and_times_lead_back() {
        for ppm in [0.0, 20.0, -20.0, f64::NAN, 1e9] {
            let clock = ChipClock::new(ppm);
            for n in [0, 1, 4, 8192, 2_048_000, 2_048_000 * 86_400 * 365] {
                assert_eq!(clock.clocks(clock.ns(n)), n, "{ppm} {n}");
            }
        }
    }

    #[test]
    fn a_second_has_its_clocks_and_a_fast_clock_has_more() {
        assert_eq!(ChipClock::new(0.0).ns(2_048_000), 1_000_000_000);
        // Half a femtosecond of rounding in a tCLK is one in 10^9.
        assert!(ChipClock::new(20.0).clocks(1_000_000_000_000).abs_diff(2_048_000_000 + 40_960) <= 3);
    }
}
