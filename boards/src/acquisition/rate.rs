//! The rate of frames as it is, from the times of edges.
//!
//! (frames between two edges) / (time between them), over a window that slides along: an edge's jitter weighs the less
//! the longer it is. Must never know what happened in between.

use heapless::Deque;

use super::NS_PER_S;

/// Places that the window is kept by.
const ANCHORS: usize = 64;
/// Seconds between two of them: the window is up to a minute long.
const ANCHOR_S: f64 = 1.0;
/// Frames that there must be before there is a rate.
const MIN_FRAMES: u64 = 32;

/// Measures a rate.
#[derive(Clone, Debug)]
pub(super) struct RateMeter {
    nominal: f64,
    measured: f64,
    anchors: Deque<(u64, i64), ANCHORS>,
}

impl RateMeter {
    /// For a rate that is about `nominal` Hz.
    pub(super) fn new(nominal: f64) -> Self {
        let nominal = if nominal.is_finite() && nominal > 0.0 { nominal } else { 1.0 };
        Self { nominal, measured: 0.0, anchors: Deque::new() }
    }

    /// The edge of a frame.
    pub(super) fn edge(&mut self, frame: u64, time_ns: i64) {
        if let Some((first, first_ns)) = self.anchors.front() {
            let frames = frame.saturating_sub(*first);
            let seconds = time_ns.saturating_sub(*first_ns) as f64 / NS_PER_S;
            if frames >= MIN_FRAMES && seconds > 0.0 {
                self.measured = frames as f64 / seconds;
            }
        }
        let since = self.anchors.back().map(|(_, t)| time_ns.saturating_sub(*t) as f64 / NS_PER_S);
        if since.is_none_or(|s| s >= ANCHOR_S) {
            if self.anchors.is_full() {
                self.anchors.pop_front();
            }
            // Cannot fail: there is room now.
            let _ = self.anchors.push_back((frame, time_ns));
        }
    }

    /// Frame numbers behind this have nothing to do with those before: the chips were restarted.
    pub(super) fn interrupt(&mut self) {
        self.anchors.clear();
    }

    /// Hz, 0.0 until there are enough frames.
    pub(super) const fn measured(&self) -> f64 {
        self.measured
    }

    /// The measured rate, or the nominal one until there is one.
    pub(super) const fn best(&self) -> f64 {
        if self.measured > 0.0 { self.measured } else { self.nominal }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_true_rate_through_gaps_and_jitter() {
        let mut meter = RateMeter::new(250.0);
        let true_period = 4_000_080.0;
        let mut frame = 0;
        for k in 0..250 * 120_u64 {
            frame += if k % 1000 == 999 { 3 } else { 1 };
            let jitter = (k * 7919 % 61) as i64 * 1000;
            meter.edge(frame, (frame as f64 * true_period) as i64 + jitter);
        }
        // Jitter of 60 us at both ends of a minute: 2 ppm.
        assert!((meter.measured() / (NS_PER_S / true_period) - 1.0).abs() < 2e-6, "{}", meter.measured());
    }

    #[test]
    fn says_nothing_before_it_knows() {
        let mut meter = RateMeter::new(250.0);
        for k in 0..MIN_FRAMES {
            meter.edge(k, k as i64 * 4_000_000);
            assert_eq!((meter.measured(), meter.best()), (0.0, 250.0));
        }
        meter.edge(MIN_FRAMES, MIN_FRAMES as i64 * 4_000_000);
        assert!((meter.measured() - 250.0).abs() < 1e-9);
    }
}
