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
}

impl Follower {
    /// What follows may begin anywhere: another writer, another counter.
    pub const fn resync(&mut self) {
        self.next = None;
    }

    /// Checks frames of `channels` codes each. The first one is number `first` of the stream and comes behind `missed` others that the
    /// reader knows it does not have.
    ///
    /// # Errors
    /// What is wrong with the first wrong frame.
    pub fn feed(&mut self, samples: &[i32], channels: usize, first: u64, missed: u64) -> Result<(), String> {
        let mut gap = i64::try_from(missed).map_err(|_| format!("{missed} frames missed"))?;
        for (frame, number) in samples.chunks_exact(channels.max(1)).zip(first..) {
            let code = frame.first().copied().map_or(0, i64::from);
            if frame.iter().zip(0..).any(|(s, c)| i64::from(*s) != (code + c) % MODULUS) {
                return Err(format!("frame {number} is torn: {frame:?}"));
            }
            if let Some(expected) = self.next.map(|next| (next + STRIDE * (gap % MODULUS)) % MODULUS)
                && code != expected
            {
                return Err(format!("frame {number} has code {code} and not {expected}, after {gap} missed"));
            }
            self.next = Some((code + STRIDE) % MODULUS);
            gap = 0;
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
    fn lost_repeated_and_torn_frames_are_seen() {
        for wrong in [frames([1, 3]), frames([1, 1]), vec![8, 9, 16, 25]] {
            assert!(Follower::default().feed(&wrong, 2, 0, 0).is_err(), "{wrong:?}");
        }
        let mut follower = Follower::default();
        follower.feed(&frames([1]), 2, 0, 0).unwrap();
        assert!(follower.feed(&frames([4]), 2, 2, 1).is_err());
    }
}
