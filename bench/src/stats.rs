//! Medians, ranges and percentiles.

/// What is said of many measurements of one thing.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Summary {
    /// Half are below.
    pub median: f64,
    /// One in twenty is below.
    pub p5: f64,
    /// One in twenty is above.
    pub p95: f64,
    /// The least.
    pub min: f64,
    /// One in a hundred is above.
    pub p99: f64,
    /// The greatest.
    pub max: f64,
}

impl Summary {
    /// `None` of nothing.
    #[must_use]
    pub fn of(mut samples: Vec<f64>) -> Option<Self> {
        samples.sort_by(f64::total_cmp);
        let at = |q| percentile(&samples, q);
        Some(Self { median: at(0.5)?, p5: at(0.05)?, p95: at(0.95)?, min: at(0.0)?, p99: at(0.99)?, max: at(1.0)? })
    }
}

/// The value below which a part `q` of sorted samples lies (between two, on the line between them).
#[must_use]
pub fn percentile(sorted: &[f64], q: f64) -> Option<f64> {
    let place = q * sorted.len().checked_sub(1)? as f64;
    let (low, high) = (sorted.get(place.floor() as usize)?, sorted.get(place.ceil() as usize)?);
    Some(low + (high - low) * place.fract())
}

#[cfg(test)]
mod tests {
    use super::*;

    // As numpy.percentile computes them (method "linear").
    #[test]
    fn percentiles_lie_on_the_line_between_samples() {
        let sorted = [1.0, 2.0, 4.0, 8.0];
        for (q, value) in [(0.0, 1.0), (0.5, 3.0), (0.25, 1.75), (0.9, 6.8), (1.0, 8.0)] {
            assert!((percentile(&sorted, q).unwrap() - value).abs() < 1e-12, "{q}");
        }
        assert_eq!(percentile(&[], 0.5), None);
        assert_eq!(percentile(&[3.0], 0.99), Some(3.0));
    }

    #[test]
    fn order_does_not_matter() {
        let s = Summary::of(vec![5.0, 1.0, 3.0]).unwrap();
        assert_eq!((s.min, s.median), (1.0, 3.0));
        assert_eq!(Summary::of(Vec::new()), None);
    }
}
