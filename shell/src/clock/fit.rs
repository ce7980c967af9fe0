//! A line through the times of DRDY: the measured rate, how far it is off, and how much the times jitter about it.
//!
//! Least squares over the last one to two windows, in a fixed amount of memory: two fits run, one half a life ahead of the other, so that
//! what is reported always has a whole window behind it. Pure: frame numbers and times in, numbers out. Must never read a clock.

const NS_PER_S: f64 = 1e9;

/// Sums of a least-squares line, relative to its first point and to the nominal period so that no digits are lost.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Line {
    origin: Option<(u64, i64)>,
    n: f64,
    mean_x: f64,
    mean_y: f64,
    xx: f64,
    xy: f64,
    yy: f64,
}

impl Line {
    /// One more point: `y` is how much later it was than the nominal period says (Welford's update of means and co-moments).
    fn push(&mut self, frame: u64, time_ns: i64, period_ns: f64) {
        let (first, first_ns) = *self.origin.get_or_insert((frame, time_ns));
        let x = frame.wrapping_sub(first) as f64;
        let y = time_ns.saturating_sub(first_ns) as f64 - x * period_ns;
        self.n += 1.0;
        let (dx, dy) = (x - self.mean_x, y - self.mean_y);
        self.mean_x += dx / self.n;
        self.mean_y += dy / self.n;
        self.xx += dx * (x - self.mean_x);
        self.xy += dx * (y - self.mean_y);
        self.yy += dy * (y - self.mean_y);
    }

    /// Nanoseconds by which a frame is longer than nominal, and the residuals' standard deviation in nanoseconds.
    fn solve(&self) -> Option<(f64, f64)> {
        if self.n < 3.0 || self.xx <= 0.0 {
            return None;
        }
        let slope = self.xy / self.xx;
        let left = (self.yy - slope * self.xy).max(0.0);
        Some((slope, (left / (self.n - 2.0)).sqrt()))
    }
}

/// What a line through the times of DRDY says.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Fitted {
    /// Frames per second in Hz, by the host's clock.
    pub rate: f64,
    /// How much faster than nominal, in parts in a million; negative where slower.
    pub drift_ppm: f64,
    /// Standard deviation of the times about the line, in nanoseconds.
    pub jitter_ns: f64,
    /// Frame times that it is made of.
    pub points: u64,
}

/// Fits a line to the times of DRDY.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClockFit {
    nominal: f64,
    window: f64,
    older: Line,
    younger: Line,
}

impl ClockFit {
    /// For a rate that is about `nominal` Hz, over `window_s` seconds at least.
    ///
    /// A rate or window that is not a positive number is taken as 1.
    #[must_use]
    pub fn new(nominal: f64, window_s: f64) -> Self {
        let positive = |x: f64| if x.is_finite() && x > 0.0 { x } else { 1.0 };
        let nominal = positive(nominal);
        Self { nominal, window: positive(window_s) * nominal, older: Line::default(), younger: Line::default() }
    }

    /// Frame `frame` was ready at `time_ns`. Numbers may leave gaps; one that goes back begins anew.
    pub fn push(&mut self, frame: u64, time_ns: i64) {
        let period_ns = NS_PER_S / self.nominal;
        if self.older.origin.is_some_and(|(first, _)| frame < first) {
            self.restart();
        }
        self.older.push(frame, time_ns, period_ns);
        let age = |line: &Line| line.origin.map_or(0.0, |(first, _)| frame.wrapping_sub(first) as f64);
        if age(&self.older) >= self.window {
            self.younger.push(frame, time_ns, period_ns);
        }
        if age(&self.younger) >= self.window {
            self.older = core::mem::take(&mut self.younger);
        }
    }

    /// Times from now on have nothing to do with those before: the converter was started again.
    pub fn restart(&mut self) {
        self.older = Line::default();
        self.younger = Line::default();
    }

    /// The line, once there are three points.
    #[must_use]
    pub fn fitted(&self) -> Option<Fitted> {
        let (longer_ns, jitter_ns) = self.older.solve()?;
        let period_ns = NS_PER_S / self.nominal + longer_ns;
        if period_ns <= 0.0 {
            return None;
        }
        let rate = NS_PER_S / period_ns;
        let drift_ppm = (rate / self.nominal - 1.0) * 1e6;
        Some(Fitted { rate, drift_ppm, jitter_ns, points: self.older.n as u64 })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Times of a converter that is `ppm` too fast, with a jitter of `jitter_ns` to either side by turns.
    fn time(frame: u64, nominal: f64, ppm: f64, jitter_ns: i64) -> i64 {
        let period = 1e9 / (nominal * (1.0 + ppm * 1e-6));
        let sign = if frame.is_multiple_of(2) { 1 } else { -1 };
        // An uptime of a year: nothing of it may be lost.
        31_536_000_000_000_000 + (frame as f64 * period).round() as i64 + sign * jitter_ns
    }

    #[test]
    fn rate_drift_and_jitter_of_a_known_clock_are_found() {
        for (nominal, ppm) in [(250.0, 37.5), (16000.0, -120.0), (4000.0, 0.0)] {
            let mut fit = ClockFit::new(nominal, 10.0);
            for frame in 0..(nominal * 15.0) as u64 {
                fit.push(frame, time(frame, nominal, ppm, 5_000));
            }
            let f = fit.fitted().unwrap();
            assert!((f.drift_ppm - ppm).abs() < 0.1, "{f:?}");
            assert!((f.rate / (nominal * (1.0 + ppm * 1e-6)) - 1.0).abs() < 1e-7, "{f:?}");
            // By turns 5 us early and late: a standard deviation of 5 us.
            assert!((f.jitter_ns - 5_000.0).abs() < 10.0, "{f:?}");
        }
    }

    #[test]
    fn gaps_in_the_numbers_do_not_matter() {
        let mut fit = ClockFit::new(1000.0, 10.0);
        for frame in (0..8000).filter(|f| f % 100 < 60) {
            fit.push(frame, time(frame, 1000.0, 20.0, 0));
        }
        let f = fit.fitted().unwrap();
        assert!((f.drift_ppm - 20.0).abs() < 0.01 && f.jitter_ns < 1.0, "{f:?}");
        assert_eq!(f.points, 4800);
    }

    #[test]
    fn old_times_are_forgotten_and_a_window_is_always_there() {
        let mut fit = ClockFit::new(100.0, 10.0);
        let mut now = 0;
        for frame in 0..10_000_u64 {
            // After half the time the oscillator warms up.
            now += if frame < 5_000 { 10_000_000 } else { 10_000_100 };
            fit.push(frame, now);
            let f = fit.fitted();
            assert!(frame < 1000 || f.is_some_and(|f| (1000..=2001).contains(&f.points)), "{frame} {f:?}");
        }
        // 10.0001 ms is 10 ppm slow.
        assert!((fit.fitted().unwrap().drift_ppm + 10.0).abs() < 0.01);
    }

    #[test]
    fn nothing_is_said_before_there_is_a_line() {
        let mut fit = ClockFit::new(f64::NAN, -1.0);
        assert_eq!(fit.fitted(), None);
        fit.push(7, 1);
        fit.push(7, 1);
        fit.push(7, 1);
        assert_eq!(fit.fitted(), None);
        fit.push(3, 0);
        fit.push(4, 1_000_000_000);
        fit.push(u64::MAX, i64::MAX);
        let _ = fit.fitted();
    }
}
