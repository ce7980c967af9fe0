//! How long it took from DRDY until a frame could be read: a histogram of fixed size.
//!
//! Bucket k counts times of 2^(k-1) up to 2^k - 1 nanoseconds, bucket 0 those of none; a plain `[u64; N]`, so that a block of shared memory
//! can carry it as it is. Allocates nothing. Must never read a clock.

use core::fmt;

/// Buckets; the last one is everything from 2^38 ns (275 s) on.
pub const BUCKETS: usize = 40;

/// A histogram of times in nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Histogram {
    buckets: [u64; BUCKETS],
    worst_ns: u64,
}

impl Default for Histogram {
    fn default() -> Self {
        Self { buckets: [0; BUCKETS], worst_ns: 0 }
    }
}

impl Histogram {
    /// One more time. What is negative counts as none: clocks of different processors differ by a little.
    pub fn add(&mut self, ns: i64) {
        let ns = u64::try_from(ns).unwrap_or(0);
        let bucket = (u64::BITS - ns.leading_zeros()) as usize;
        if let Some(count) = self.buckets.get_mut(bucket.min(BUCKETS - 1)) {
            *count = count.saturating_add(1);
        }
        self.worst_ns = self.worst_ns.max(ns);
    }

    /// How many times there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.buckets.iter().fold(0, |sum, n| sum.saturating_add(*n))
    }

    /// The counts, by bucket.
    #[must_use]
    pub const fn buckets(&self) -> &[u64; BUCKETS] {
        &self.buckets
    }

    /// The longest time in nanoseconds.
    #[must_use]
    pub const fn worst_ns(&self) -> u64 {
        self.worst_ns
    }

    /// A time that `percent` of all are not above, in nanoseconds: the end of their last bucket, or the longest time where that is less.
    /// `None` when there are none.
    #[must_use]
    pub fn percentile_ns(&self, percent: f64) -> Option<u64> {
        let count = self.count();
        if count == 0 {
            return None;
        }
        let wanted = (count as f64 * percent / 100.0).ceil().max(1.0);
        let mut sum = 0.0;
        let bucket = self.buckets.iter().position(|n| {
            sum += *n as f64;
            sum >= wanted
        });
        let end = bucket.filter(|k| *k < BUCKETS - 1).map_or(u64::MAX, |k| (1 << k) - 1);
        Some(end.min(self.worst_ns))
    }
}

/// `50 % within 33 us, 99 % within 66 us, worst 41 us of 1000`.
impl fmt::Display for Histogram {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let us = |ns: u64| ns as f64 / 1000.0;
        match (self.percentile_ns(50.0), self.percentile_ns(99.0), self.percentile_ns(99.9)) {
            (Some(half), Some(most), Some(nearly)) => write!(
                f,
                "50 % within {:.1} us, 99 % within {:.1} us, 99.9 % within {:.1} us, worst {:.1} us of {}",
                us(half),
                us(most),
                us(nearly),
                us(self.worst_ns),
                self.count()
            ),
            _ => f.write_str("nothing yet"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn buckets_are_powers_of_two() {
        let mut h = Histogram::default();
        for ns in [-5, 0, 1, 2, 3, 4, 7, 8, 1023, 1024, 1 << 37, 1 << 38, i64::MAX] {
            h.add(ns);
        }
        let b = h.buckets();
        assert_eq!((b[0], b[1], b[2], b[3], b[4]), (2, 1, 2, 2, 1));
        assert_eq!((b[10], b[11], b[38], b[39]), (1, 1, 1, 2));
        assert_eq!((h.count(), h.worst_ns()), (13, i64::MAX as u64));
    }

    #[test]
    fn percentiles_are_never_below_the_truth_nor_above_the_worst() {
        let mut h = Histogram::default();
        assert_eq!((h.percentile_ns(50.0), h.to_string()), (None, "nothing yet".to_owned()));
        (1..=1000).for_each(|us| h.add(us * 1000));
        // The true ones are 500, 990 and 1000 us.
        for (percent, truth) in [(50.0, 500_000), (99.0, 990_000), (100.0, 1_000_000), (0.0, 1_000)] {
            let found = h.percentile_ns(percent).unwrap();
            assert!((truth..2 * truth).contains(&found), "{percent} {found}");
        }
        assert_eq!(h.percentile_ns(100.0), Some(1_000_000));
        assert!(h.to_string().contains("worst 1000.0 us of 1000"), "{h}");
    }
}
