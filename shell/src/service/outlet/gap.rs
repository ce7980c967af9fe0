//! The frames that are missing since the newest one, by its time and the time now.
//!
//! An ADC that is silent tells of no frame that it loses: until it answers again, or the stream ends, time alone says how many there are. Pure.
//! Must never read a clock.

/// No frame has come since the newest one, for some reason.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Gap {
    /// Time of DRDY of the newest frame. Of the moment at which the gap was noticed, before the first frame of all.
    since_ns: i64,
    /// From one frame to the next, in nanoseconds. Infinite before the first frame of all: none is missing yet.
    period_ns: f64,
    /// Frames lost up to the newest one.
    lost_before: u64,
    /// Frames of the gap that are lost for certain, by the clock.
    lost: u64,
    /// Another acquisition has begun since, which does not know of the newest frame.
    pub(super) is_anew: bool,
    /// The ADC does not answer.
    pub(super) is_silent: bool,
}

impl Gap {
    /// Since a frame, whose `lost_before` were lost; frames come every `period_ns`.
    pub(super) const fn after(newest_ns: i64, period_ns: f64, lost_before: u64) -> Self {
        Self { since_ns: newest_ns, period_ns, lost_before, lost: 0, is_anew: false, is_silent: false }
    }

    /// There has been no frame yet.
    pub(super) const fn from_the_start(now_ns: i64) -> Self {
        Self::after(now_ns, f64::INFINITY, 0)
    }

    /// Its beginning, in nanoseconds.
    pub(super) const fn since_ns(&self) -> i64 {
        self.since_ns
    }

    /// Frames that were lost for another reason, after its beginning or outside of the clock's time.
    pub(super) const fn lost_besides(&mut self, frames: u64) {
        self.lost_before += frames;
    }

    fn periods(&self, ns: i64) -> f64 {
        ns.saturating_sub(self.since_ns) as f64 / self.period_ns
    }

    /// No frame has come until now. Says whether more are lost for certain: the one that may be on its way is not, nor the one before, which may wait
    /// to be read.
    pub(super) fn lasts(&mut self, now_ns: i64) -> bool {
        // `as` makes 0 of what is negative.
        let lost = (self.periods(now_ns).round() - 2.0) as u64;
        let more = lost > self.lost;
        self.lost = self.lost.max(lost);
        more
    }

    /// No frame comes until this time, nor after it: all that were due are lost.
    pub(super) fn ends_without_frame(&mut self, end_ns: i64) {
        self.lost = self.lost.max(self.periods(end_ns).floor() as u64);
    }

    /// A frame of this time ends it: how many there were before.
    pub(super) fn ends_with_frame(&mut self, time_ns: i64) {
        self.lost = (self.periods(time_ns).round() - 1.0) as u64;
    }

    /// Frames lost since the stream began, where `counted` is what has been counted of them one by one: some of the gap's are among these.
    pub(super) fn lost_ever(&self, counted: u64) -> u64 {
        counted.max(self.lost_before.saturating_add(self.lost))
    }

    /// Frames lost of the gap alone.
    pub(super) fn lost_within(&self, counted: u64) -> u64 {
        self.lost_ever(counted).saturating_sub(self.lost_before)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    /// Frames every 4 ms, the newest at 100 ms; 7 were lost before.
    fn gap() -> Gap {
        Gap::after(100 * MS, 4.0 * MS as f64, 7)
    }

    #[test]
    fn while_it_lasts_no_more_are_lost_than_when_a_frame_ends_it() {
        for now in 0..2000 {
            // At once, or a frame that has waited for half a period; jitter shifts it by a tenth.
            for frame in [now * MS / 10 - 2 * MS, now * MS / 10, now * MS / 10 + 9 * MS] {
                let (mut lasts, mut ended) = (gap(), gap());
                lasts.lasts(now * MS / 10);
                ended.ends_with_frame(frame);
                assert!(lasts.lost <= ended.lost, "{now} {frame}: {} {}", lasts.lost, ended.lost);
                assert!(ended.lost - lasts.lost <= 4);
            }
        }
    }

    #[test]
    fn it_grows_and_never_shrinks() {
        let mut g = gap();
        assert!(!g.lasts(108 * MS) && g.lost_ever(7) == 7);
        assert!(g.lasts(200 * MS));
        // 24 were due from 104 to 196 ms, one of which may wait.
        assert_eq!((g.lost_within(7), g.lost_ever(7)), (23, 30));
        assert!(!g.lasts(150 * MS));
        assert_eq!(g.lost_ever(7), 30);
    }

    #[test]
    fn what_was_counted_one_by_one_is_not_counted_twice() {
        let mut g = gap();
        g.ends_with_frame(200 * MS);
        // 104, 108 .. 196.
        assert_eq!((g.lost_ever(7), g.lost_ever(17), g.lost_ever(40)), (31, 31, 40));
        assert_eq!((g.lost_within(17), g.lost_within(40)), (24, 33));
        // Frames of the machine's sleep, which its clock has not seen.
        g.lost_besides(100);
        assert_eq!(g.lost_ever(117), 131);
    }

    #[test]
    fn at_the_end_all_that_were_due_are_lost() {
        let mut g = gap();
        g.ends_without_frame(120 * MS);
        assert_eq!(g.lost_within(7), 5);
        g.ends_without_frame(90 * MS);
        assert_eq!(g.lost_within(7), 5);
    }

    #[test]
    fn before_the_first_frame_none_is_missing() {
        let mut g = Gap::from_the_start(0);
        assert!(!g.lasts(i64::MAX));
        g.ends_without_frame(i64::MAX);
        assert_eq!(g.lost_ever(0), 0);
        g.ends_with_frame(i64::MAX);
        assert_eq!(g.lost_ever(0), 0);
    }
}
