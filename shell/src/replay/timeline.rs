//! From the times of a recording to those that are published, and to when each is due.
//!
//! ```text
//! recorded   12.0  12.1  12.2        20.0  20.1   |  12.0  12.1 ...         the second round of a loop
//! line        0.0   0.1   0.2         8.0   8.1   |   8.2   8.3 ...         seconds of the recording that have been played
//! due        start + line / speed
//! published  start + line, or the recorded time
//! ```
//!
//! The line never goes back, whatever the recording's clock did. Pure: must never read a clock.

/// Where a recording is.
#[derive(Clone, Debug)]
pub(super) struct Timeline {
    /// Seconds from one frame to the next, where that is known.
    period: Option<f64>,
    /// line = recorded time + shift, once there was a frame in this round.
    shift: Option<f64>,
    /// Recorded time and place on the line of the newest frame.
    newest: Option<(f64, f64)>,
    /// Of the last two frames.
    step: f64,
}

impl Timeline {
    /// At the beginning, for a rate in Hz.
    pub(super) fn new(rate: Option<f64>) -> Self {
        let period = rate.map(|rate| 1.0 / rate);
        Self { period, shift: None, newest: None, step: period.unwrap_or(0.0) }
    }

    /// The next frame, by its recorded time: its place on the line.
    pub(super) fn next(&mut self, time: f64) -> f64 {
        let goes_back = self.newest.is_some_and(|(before, _)| time < before);
        let shift = match (self.shift, self.newest) {
            (Some(shift), _) if !goes_back && shift.is_finite() => shift,
            // The first frame of a round, or of a clock that was set back: one step behind the frame before.
            (_, Some((_, line))) => line + self.period.unwrap_or(self.step) - time,
            (_, None) => -time,
        };
        self.shift = Some(shift);
        let line = time + shift;
        let line = self.newest.map_or(line, |(_, newest)| line.max(newest));
        if let Some((before, _)) = self.newest
            && time > before
            && before.is_finite()
        {
            self.step = time - before;
        }
        self.newest = Some((time, line));
        line
    }

    /// The place of another time of this round, such as a mark's; `None` before its first frame.
    pub(super) fn place(&self, time: f64) -> Option<f64> {
        self.shift.map(|shift| time + shift)
    }

    /// How far it is, in seconds.
    pub(super) fn seconds(&self) -> f64 {
        self.newest.map_or(0.0, |(_, line)| line)
    }

    /// Seconds from the first frame to the end of the newest one's period; of irregular frames, to one more step like the last.
    pub(super) fn played(&self) -> f64 {
        self.newest.map_or(0.0, |(_, line)| line + self.period.unwrap_or(self.step))
    }

    /// Whether the step to a frame at `time` is longer than one frame's.
    pub(super) fn is_gap(&self, time: f64) -> bool {
        match (self.newest, self.period) {
            // By less it is jitter, and back it is another clock.
            (Some((before, _)), Some(period)) => time - before > 1.5 * period,
            _ => false,
        }
    }

    /// Frames that the step to a frame at `time` is too long for, by the rate; 0 where it is none too long.
    pub(super) fn missing(&self, time: f64) -> u64 {
        match (self.newest, self.period) {
            // `as` saturates, and makes 0 of what is negative.
            (Some((before, _)), Some(period)) => (((time - before) / period).round() - 1.0) as u64,
            _ => 0,
        }
    }

    /// The recording begins again.
    pub(super) const fn begin_round(&mut self) {
        self.shift = None;
        // The next frame's time is compared with none.
        if let Some((before, _)) = &mut self.newest {
            *before = f64::NEG_INFINITY;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(timeline: &mut Timeline, times: &[f64]) -> Vec<f64> {
        times.iter().map(|t| (timeline.next(*t) * 1e6).round() / 1e6).collect()
    }

    #[test]
    fn distances_are_the_recorded_ones_and_rounds_follow_one_another() {
        let mut t = Timeline::new(Some(10.0));
        assert_eq!(t.played(), 0.0);
        assert_eq!(lines(&mut t, &[12.0, 12.1, 12.2]), [0.0, 0.1, 0.2]);
        // Three frames at 10 Hz.
        assert_eq!((t.played() * 1e6).round(), 0.3e6);
        assert!(!t.is_gap(12.3) && !t.is_gap(12.21) && !t.is_gap(12.0) && t.is_gap(12.4) && t.is_gap(20.0));
        assert_eq!([12.3, 12.4, 20.0, 3.0].map(|time| t.missing(time)), [0, 1, 77, 0]);
        assert_eq!(lines(&mut t, &[20.0, 20.1]), [8.0, 8.1]);
        assert_eq!(t.place(20.05).map(|x| (x * 1e6).round()), Some(8.05e6));
        t.begin_round();
        assert_eq!(t.place(12.0), None);
        assert!(t.is_gap(12.0));
        assert_eq!(lines(&mut t, &[12.0, 12.1]), [8.2, 8.3]);
    }

    #[test]
    fn a_clock_that_is_set_back_or_stands_still_does_not_turn_the_line() {
        let mut t = Timeline::new(Some(4.0));
        assert_eq!(lines(&mut t, &[1000.0, 1000.25, 3.0, 3.25, 3.25]), [0.0, 0.25, 0.5, 0.75, 0.75]);
        let mut t = Timeline::new(None);
        assert_eq!(lines(&mut t, &[5.0, 7.0, 1.0, 2.0]), [0.0, 2.0, 4.0, 5.0]);
        let mut t = Timeline::new(Some(1.0));
        assert!(t.next(-1e308).is_finite());
        // Farther than numbers go.
        let far = t.next(1e308);
        assert!(far > 1e300 && t.next(1.0) >= far);
    }
}
