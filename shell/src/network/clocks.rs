//! From the sender's clock to the receiver's: round trips in, a mapping out.
//!
//! As NTP does it (RFC 5905, sections 8 and 10): of a round trip the times of leaving and coming on both sides are known; the offset is the mean of
//! both ways' differences, and no further from the truth than half of what the trip took. Trips that had to wait say less, so the shortest one of the last
//! minutes counts, whose word grows old as two quartz clocks part. Pure: must never read a clock.

use std::collections::VecDeque;

use crate::clock::Readings;

/// Round trips that are remembered.
const REMEMBERED: usize = 128;
/// How fast two clocks may part, in parts of one: NTP's tolerance (RFC 5905, PHI) for each of both.
const DRIFT: f64 = 30e-6;
/// Bytes of an answer: four times.
const ANSWER_LEN: usize = 32;

/// A sender's answer to the question what time it is: both of its clocks, in ns, when the question came and when the answer went.
///
/// As bytes: `CLOCK_MONOTONIC` when it came and when it went, `CLOCK_REALTIME` the same; i64 each, little-endian.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SenderTimes {
    /// When the question came.
    pub came: Readings,
    /// When the answer went.
    pub went: Readings,
}

impl SenderTimes {
    /// The message.
    #[must_use]
    pub fn emit(&self) -> [u8; ANSWER_LEN] {
        let mut out = [0; ANSWER_LEN];
        let Self { came, went } = self;
        let times = [came.monotonic_ns, went.monotonic_ns, came.realtime_ns, went.realtime_ns];
        for (to, ns) in out.as_chunks_mut().0.iter_mut().zip(times) {
            *to = ns.to_le_bytes();
        }
        out
    }

    /// Reads the message; `None` when it has another length.
    #[must_use]
    pub fn parse(bytes: &[u8]) -> Option<Self> {
        let &[a, b, c, d] = bytes.as_chunks().0 else { return None };
        let [a, b, c, d] = [a, b, c, d].map(i64::from_le_bytes);
        let (came, went) = (Readings { monotonic_ns: a, realtime_ns: c }, Readings { monotonic_ns: b, realtime_ns: d });
        (bytes.len() == ANSWER_LEN).then_some(Self { came, went })
    }
}

/// The times of a round trip in ns: leaving and coming back by the receiver's clock, coming and leaving again by the sender's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RoundTrip {
    /// The question leaves the receiver.
    pub asked_ns: i64,
    /// It comes to the sender.
    pub came_ns: i64,
    /// The answer leaves the sender.
    pub went_ns: i64,
    /// It is at the receiver.
    pub answered_ns: i64,
}

/// What is known of the other clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// To be added to the sender's time to get the receiver's, in ns.
    pub offset_ns: i64,
    /// How far that may be off, in ns.
    pub error_ns: i64,
    /// When that was measured, by the receiver's clock.
    pub measured_ns: i64,
}

impl Mapping {
    fn error_at(&self, now_ns: i64) -> i64 {
        let age = now_ns.saturating_sub(self.measured_ns).max(0);
        self.error_ns.saturating_add((age as f64 * DRIFT) as i64)
    }
}

/// Makes a mapping of round trips.
#[derive(Clone, Debug, Default)]
pub struct ClockFilter {
    trips: VecDeque<Mapping>,
}

impl ClockFilter {
    /// One more round trip. What cannot have been (an answer before its question) is not taken; says whether it was.
    pub fn push(&mut self, trip: &RoundTrip) -> bool {
        let there = i128::from(trip.asked_ns) - i128::from(trip.came_ns);
        let back = i128::from(trip.answered_ns) - i128::from(trip.went_ns);
        // What the ways took together.
        let delay = back - there;
        let (Ok(offset_ns), Ok(error_ns)) = (i64::try_from((there + back) / 2), i64::try_from(delay / 2)) else {
            return false;
        };
        if delay < 0 || trip.went_ns < trip.came_ns {
            return false;
        }
        let new = Mapping { offset_ns, error_ns: error_ns.saturating_add(1), measured_ns: trip.answered_ns };
        // Both cannot be right: one of the clocks was set. What was before says nothing any more.
        if let Some(best) = self.mapping(trip.answered_ns) {
            let apart = (i128::from(best.offset_ns) - i128::from(offset_ns)).unsigned_abs();
            if apart > i128::from(best.error_ns.saturating_add(new.error_ns)).unsigned_abs() {
                self.trips.clear();
            }
        }
        if self.trips.len() == REMEMBERED {
            self.trips.pop_front();
        }
        self.trips.push_back(new);
        true
    }

    /// What holds now: the trip with the smallest error, its age included.
    #[must_use]
    pub fn mapping(&self, now_ns: i64) -> Option<Mapping> {
        let best = self.trips.iter().min_by_key(|trip| trip.error_at(now_ns))?;
        Some(Mapping { error_ns: best.error_at(now_ns), ..*best })
    }

    /// Forgets all: it is another sender.
    pub fn clear(&mut self) {
        self.trips.clear();
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const MS: i64 = 1_000_000;

    /// The sender's clock is `ahead` before the receiver's.
    fn trip(asked_ns: i64, there: i64, stay: i64, back: i64, ahead: i64) -> RoundTrip {
        RoundTrip {
            asked_ns,
            came_ns: asked_ns + there + ahead,
            went_ns: asked_ns + there + stay + ahead,
            answered_ns: asked_ns + there + stay + back,
        }
    }

    #[test]
    fn an_answer_by_hand() {
        let came = Readings { monotonic_ns: 1, realtime_ns: 0x0102_0304_0506_0708 };
        let times = SenderTimes { came, went: Readings { monotonic_ns: -2, realtime_ns: 4 } };
        let bytes = times.emit();
        assert_eq!(&bytes[..10], [1, 0, 0, 0, 0, 0, 0, 0, 0xfe, 0xff]);
        assert_eq!(&bytes[16..24], [8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(SenderTimes::parse(&bytes), Some(times));
        assert_eq!(SenderTimes::parse(&bytes[1..]), None);
        assert_eq!(SenderTimes::parse(&[0; 33]), None);
    }

    #[test]
    fn the_shortest_trip_counts_until_it_is_old() {
        let mut filter = ClockFilter::default();
        assert_eq!(filter.mapping(0), None);
        assert!(filter.push(&trip(0, 30 * MS, MS, 2 * MS, 1000 * MS)));
        // By hand: (-1030 + -998) / 2 = -1014 ms, half of 32 ms.
        let first = filter.mapping(33 * MS).unwrap();
        assert_eq!((first.offset_ns, first.error_ns), (-1014 * MS, 16 * MS + 1));
        assert!(filter.push(&trip(100 * MS, MS, MS, MS, 1000 * MS)));
        assert!(filter.push(&trip(200 * MS, 3 * MS, 0, MS, 1000 * MS)));
        let best = filter.mapping(204 * MS).unwrap();
        assert_eq!((best.offset_ns, best.measured_ns), (-1000 * MS, 103 * MS));
        // 30 parts in a million of 100 s are 3 ms.
        assert!(filter.push(&trip(100_000 * MS, 3 * MS, 0, MS, 1000 * MS)));
        let old = filter.mapping(100_004 * MS).unwrap();
        assert_eq!(old.measured_ns, 100_004 * MS);
        assert_eq!((old.offset_ns, old.error_ns), (-1001 * MS, 2 * MS + 1));
    }

    #[test]
    fn a_clock_that_was_set_is_noticed() {
        let mut filter = ClockFilter::default();
        filter.push(&trip(0, MS, 0, MS, 0));
        filter.push(&trip(10 * MS, 5 * MS, 0, 5 * MS, 3_600_000 * MS));
        assert_eq!(filter.mapping(20 * MS).unwrap().offset_ns, -3_600_000 * MS);
    }

    #[test]
    fn what_cannot_be_is_not_taken() {
        let mut filter = ClockFilter::default();
        assert!(!filter.push(&trip(0, 1, 1, -3, 0)));
        assert!(!filter.push(&trip(0, 1, -1, 3, 0)));
        let far = RoundTrip { asked_ns: i64::MIN, came_ns: i64::MAX, went_ns: i64::MAX, answered_ns: i64::MAX };
        assert!(!filter.push(&far) || filter.mapping(0).is_some());
        assert!(!filter.push(&RoundTrip { asked_ns: i64::MAX, came_ns: i64::MIN, went_ns: i64::MIN, answered_ns: 0 }));
    }

    proptest! {
        /// The truth is never further away than the mapping says, whatever the ways took and however the clocks part within the tolerance.
        #[test]
        fn the_truth_is_within_the_error(
            trips in prop::collection::vec((0..80 * MS, 0..5 * MS, 0..80 * MS, 1..3000 * MS), 1..60),
            ahead in -1_000_000_000_000..1_000_000_000_000_i64,
            ppm in -29.0..29.0_f64,
        ) {
            let mut filter = ClockFilter::default();
            let mut now = 0;
            let sender = |ns: i64| ns + ahead + (ns as f64 * ppm * 1e-6) as i64;
            for (there, stay, back, pause) in trips {
                now += pause;
                let (came, went) = (now + there, now + there + stay);
                let answered_ns = went + back;
                filter.push(&RoundTrip { asked_ns: now, came_ns: sender(came), went_ns: sender(went), answered_ns });
                now = answered_ns;
                let m = filter.mapping(now).unwrap();
                let truth = now - sender(now);
                // The clocks part while the trip takes its time, too: 30 ppm of at most 165 ms.
                prop_assert!((m.offset_ns - truth).abs() <= m.error_ns + 5_000, "{m:?} {truth}");
            }
        }
    }
}
