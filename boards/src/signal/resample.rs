//! Reads a sampled signal at any time: linear interpolation between neighbours.
//!
//! For recordings whose rate is not the board's. Must never know where the samples come from.

/// Samples at a constant rate.
pub trait Sampled {
    /// How many there are.
    fn len(&self) -> usize;

    /// One of them; `None` past the end.
    fn get(&self, index: usize) -> Option<f64>;

    /// Whether there are none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl Sampled for [f32] {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, index: usize) -> Option<f64> {
        <[f32]>::get(self, index).copied().map(f64::from)
    }
}

impl Sampled for [f64] {
    fn len(&self) -> usize {
        self.len()
    }

    fn get(&self, index: usize) -> Option<f64> {
        <[f64]>::get(self, index).copied()
    }
}

/// The value at a time in seconds, the first sample being at 0 and `rate` of them in a second.
///
/// Before the first and after the last sample the signal stays as it is there. With `repeat` it begins anew instead,
/// one sample's time after the last one. `None` when there are no samples, or time or rate are no numbers.
///
/// ```
/// use axismirror_boards::signal::sample_at;
/// let samples = [0.0_f32, 2.0, 4.0];
/// assert_eq!(sample_at(&samples[..], 10.0, 0.05, false), Some(1.0));
/// assert_eq!(sample_at(&samples[..], 10.0, 9.0, false), Some(4.0));
/// assert_eq!(sample_at(&samples[..], 10.0, 0.25, true), Some(2.0)); // half way from 4 to 0
/// ```
#[must_use]
pub fn sample_at<S: Sampled + ?Sized>(samples: &S, rate: f64, time_s: f64, repeat: bool) -> Option<f64> {
    let length = samples.len();
    let last = length.checked_sub(1)?;
    let mut position = time_s * rate;
    if !position.is_finite() {
        return None;
    }
    if repeat {
        position -= libm::floor(position / length as f64) * length as f64;
    } else {
        position = position.clamp(0.0, last as f64);
    }
    let index = (position as usize).min(last);
    let part = position - index as f64;
    let next = if index < last {
        index + 1
    } else if repeat {
        0
    } else {
        last
    };
    let (left, right) = (samples.get(index)?, samples.get(next)?);
    Some(left + (right - left) * part)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_straight_line_stays_straight_at_any_rate() {
        let line: [f32; 100] = core::array::from_fn(|i| i as f32 * 0.5);
        for k in 0..1000 {
            let time = k as f64 / 1000.0 * 0.99;
            let value = sample_at(&line[..], 100.0, time, false).unwrap();
            assert!((value - time * 50.0).abs() < 1e-9);
        }
    }

    #[test]
    fn ends_and_nonsense() {
        let samples = [1.0, 3.0];
        assert_eq!(sample_at(&samples[..], 1.0, -5.0, false), Some(1.0));
        assert_eq!(sample_at(&samples[..], 1.0, -1.0, true), Some(3.0));
        assert_eq!(sample_at(&samples[..], 1.0, f64::NAN, true), None);
        assert_eq!(sample_at(&samples[..0], 1.0, 0.0, true), None);
        assert_eq!(sample_at(&[7.0_f64][..], 1.0, 1e300, true).map(f64::is_finite), Some(true));
    }
}
