//! When a chip without a clock is at which frame: it converts when it is asked, and only then.
//!
//! Shared by the simulated chips that the host's clock paces. Must never know of a particular chip.

/// Count and time of the frames that a host asks for.
///
/// A frame begins with the conversion of channel 0. When the host's pace is known, frames that it left out are counted
/// too, as on a chip that has a clock: [`Signal::Counter`](crate::signal::Signal::Counter) shows them as a gap, and a planned
/// fault ends by time. Without a pace (the chip is read by somebody else's driver) it counts the frames it was asked for.
#[derive(Clone, Copy, Debug, Default)]
pub struct Asked {
    now_ns: i64,
    rate: Option<f64>,
    first_ns: Option<i64>,
    frame: u64,
}

impl Asked {
    /// The host asks so often in a second.
    pub fn set_pace(&mut self, rate: f64) {
        self.rate = Some(rate).filter(|r| r.is_finite() && *r > 0.0);
    }

    /// Lets time pass.
    pub fn advance_to(&mut self, time_ns: i64) {
        self.now_ns = self.now_ns.max(time_ns);
    }

    /// Channel 0 is converted.
    pub fn begin(&mut self) {
        let next = if self.first_ns.is_some() { self.frame + 1 } else { 0 };
        self.first_ns = self.first_ns.or(Some(self.now_ns));
        self.frame = self.by_time().unwrap_or(next);
    }

    /// The frame that is being converted.
    #[must_use]
    pub const fn frame(&self) -> u64 {
        self.frame
    }

    /// The frame that the clock has come to, asked for or not: what faults are planned by.
    #[must_use]
    pub fn frame_now(&self) -> u64 {
        self.by_time().unwrap_or(self.frame)
    }

    /// Seconds since the first conversion.
    #[must_use]
    pub fn time_s(&self) -> f64 {
        self.now_ns.saturating_sub(self.first_ns.unwrap_or(self.now_ns)) as f64 * 1e-9
    }

    fn by_time(&self) -> Option<u64> {
        let since = self.now_ns.saturating_sub(self.first_ns?);
        Some(libm::round(since as f64 * 1e-9 * self.rate?) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn with_a_pace_what_was_left_out_counts_and_without_it_does_not() {
        let (mut paced, mut free) = (Asked::default(), Asked::default());
        paced.set_pace(1000.0);
        let mut frames = std::vec::Vec::new();
        for ms in [5, 6, 7, 10, 11] {
            for asked in [&mut paced, &mut free] {
                asked.advance_to(ms * 1_000_000);
                asked.begin();
            }
            frames.push((paced.frame(), free.frame()));
        }
        assert_eq!(frames, [(0, 0), (1, 1), (2, 2), (5, 3), (6, 4)]);
        paced.advance_to(15_000_000);
        assert_eq!((paced.frame(), paced.frame_now()), (6, 10));
    }
}
