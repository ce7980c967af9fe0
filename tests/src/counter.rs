//! Follows frames of the counter signal and says which one is wrong.
//!
//! The signal's definition: the code of channel c in frame k is (8 k + c) mod 2^23. Knows nothing of shared memory.

/// Codes run modulo this.
const MODULUS: i64 = 1 << 23;
/// Codes from one frame to the next.
const STRIDE: i64 = 8;

/// Where in the counter's sequence a reader is.
#[derive(Clone, Copy, Debug, Default)]
pub struct Follower {
    next: Option<i64>,
    /// Frames that the reader missed since the last one.
    gap: i64,
    /// Frames that the sequence leaps over, where that is no mistake.
    leapt: Option<i64>,
}

impl Follower {
    /// One that takes a leap of the sequence for frames that the service lost, and counts them.
    #[must_use]
    pub const fn of_losses() -> Self {
        Self { next: None, gap: 0, leapt: Some(0) }
    }

    /// What follows may begin anywhere: another writer, another counter.
    pub const fn resync(&mut self) {
        self.next = None;
        self.gap = 0;
    }

    /// Whether the sequence has leapt over so many frames, as far as its modulus lets one tell.
    #[must_use]
    pub fn has_leapt(&self, frames: u64) -> bool {
        let period = MODULUS / STRIDE;
        i64::try_from(frames).is_ok_and(|f| f % period == self.leapt.unwrap_or(0) % period)
    }

    /// Checks frames of `channels` codes each. The first one is number `first` of the stream and comes behind `missed` others that the
    /// reader knows it does not have.
    ///
    /// # Errors
    /// What is wrong with the first wrong frame.
    pub fn feed(&mut self, samples: &[i32], channels: usize, first: u64, missed: u64) -> Result<(), String> {
        self.gap += i64::try_from(missed).map_err(|_| format!("{missed} frames missed"))?;
        for (frame, number) in samples.chunks_exact(channels.max(1)).zip(first..) {
            let code = frame.first().copied().map_or(0, i64::from);
            if frame.iter().zip(0..).any(|(s, c)| i64::from(*s) != (code + c) % MODULUS) {
                return Err(format!("frame {number} is torn: {frame:?}"));
            }
            let gap = std::mem::take(&mut self.gap);
            if let Some(expected) = self.next.map(|next| (next + STRIDE * (gap % MODULUS)) % MODULUS)
                && code != expected
            {
                let leap = (code - expected).rem_euclid(MODULUS);
                match &mut self.leapt {
                    Some(leapt) if leap % STRIDE == 0 => *leapt += leap / STRIDE,
                    _ => return Err(format!("frame {number} has code {code} and not {expected}, after {gap} missed")),
                }
            }
            self.next = Some((code + STRIDE) % MODULUS);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frames(numbers: impl IntoIterator<Item = i64>) -> Vec<i32> {
        numbers.into_iter().flat_map(|k| (0..2).map(move |c| ((8 * k + c) % MODULUS) as i32)).collect()
    }

    #[test]
    fn a_sequence_is_right_with_counted_gaps_and_over_the_modulus() {
        let mut follower = Follower::default();
        assert_eq!(follower.feed(&frames([1_048_574, 1_048_575, 0]), 2, 0, 7), Ok(()));
        assert_eq!(follower.feed(&frames([4]), 2, 6, 3), Ok(()));
        follower.resync();
        assert_eq!(follower.feed(&frames([9]), 2, 7, 0), Ok(()));
    }

    #[test]
    fn what_was_missed_without_a_frame_to_show_counts_at_the_next() {
        let mut follower = Follower::default();
        assert_eq!(follower.feed(&frames([1]), 2, 0, 0), Ok(()));
        assert_eq!(follower.feed(&[], 2, 0, 2), Ok(()));
        assert_eq!(follower.feed(&frames([5]), 2, 4, 1), Ok(()));
    }

    #[test]
    fn leaps_are_counted_where_they_are_no_mistake() {
        let mut follower = Follower::of_losses();
        assert_eq!(follower.feed(&frames([1, 3, 4, 1_048_575, 2]), 2, 0, 0), Ok(()));
        assert!(follower.has_leapt(1 + 1_048_570 + 2) && !follower.has_leapt(3));
        assert!(follower.feed(&[25, 26], 2, 5, 0).is_err(), "no frame of the sequence");
    }

    #[test]
    fn lost_repeated_and_torn_frames_are_seen() {
        for wrong in [frames([1, 3]), frames([1, 1]), vec![8, 9, 16, 25]] {
            assert!(Follower::default().feed(&wrong, 2, 0, 0).is_err(), "{wrong:?}");
        }
        let mut follower = Follower::default();
        follower.feed(&frames([1]), 2, 0, 0).unwrap();
        assert!(follower.feed(&frames([4]), 2, 2, 1).is_err());
    }
}
