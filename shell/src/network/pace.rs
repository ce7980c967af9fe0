//! How fast frames that were held back go into a ring: so that its readers lose none of them.
//!
//! A link that was cut for a minute brings that minute at once when it is whole again. Into a ring of two seconds it goes only as fast as readers are
//! sure to follow; what has not gone yet waits. Pure: the time is given.

/// Rings a second: half a ring at once, and then two a second, leave a reader that looks every 250 ms the other half.
const RINGS_PER_S: f64 = 2.0;
/// At least so many times as fast as the stream itself, however short its ring is.
const LEAST: f64 = 2.0;

/// Frames that may go into a ring now.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pace {
    /// May be less than none, by the frames of a message.
    frames: f64,
    at_ns: Option<i64>,
}

impl Pace {
    /// Whether some may go into a ring of so many frames, at so many a second (0: irregular).
    pub(super) fn has_room(&mut self, ring: u32, rate: f64, now_ns: i64) -> bool {
        let most = (f64::from(ring) / 2.0).max(1.0);
        let before = self.at_ns.replace(now_ns);
        let seconds = before.map_or(f64::INFINITY, |before| now_ns.saturating_sub(before).max(0) as f64 / 1e9);
        let per_second = (f64::from(ring) * RINGS_PER_S).max(rate * LEAST);
        self.frames = (self.frames + seconds * per_second).min(most);
        self.frames > 0.0
    }

    /// So many went.
    pub(super) fn spend(&mut self, frames: usize) {
        self.frames -= frames as f64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MS: i64 = 1_000_000;

    /// Frames that go within so many ms when there is no end of them, in messages of `message`.
    fn gone(ring: u32, rate: f64, message: usize, ms: i64) -> usize {
        let (mut pace, mut sum) = (Pace::default(), 0);
        for at in 0..ms {
            while pace.has_room(ring, rate, at * MS) {
                pace.spend(message);
                sum += message;
            }
        }
        sum
    }

    #[test]
    fn what_was_held_back_goes_no_faster_than_readers_follow() {
        // The last bits of a sum of fractions may be one more.
        let is = |gone: usize, expected: usize| assert!(gone.abs_diff(expected) <= 1, "{gone}, not {expected}");
        // A ring of 2 s at 250 Hz: half of it, and 1000 frames a second behind it.
        is(gone(500, 250.0, 1, 1), 250);
        is(gone(500, 250.0, 1, 1001), 250 + 1000);
        // A ring of 40 ms: twice as fast as the stream.
        is(gone(10, 250.0, 1, 1001), 5 + 500);
        is(gone(1, 0.0, 1, 1001), 1 + 2);
        // Messages longer than that go one by one.
        assert_eq!(gone(10, 250.0, 100, 1), 100);
    }

    #[test]
    fn a_stream_as_it_comes_is_never_held_up() {
        let mut pace = Pace::default();
        for chunk in 0..1000_i64 {
            assert!(pace.has_room(500, 250.0, chunk * 20 * MS), "{chunk}");
            pace.spend(5);
        }
    }
}
