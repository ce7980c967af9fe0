//! Where the next frame goes: arithmetic that never touches memory.

/// Up to two runs of neighbouring frames in the ring.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Span {
    /// First frame of the run in the ring.
    pub index: u32,
    /// Frames in it; may be 0.
    pub len: u32,
}

/// Splits `len` frames from ring index `index` on where the ring ends. `len` is at most `n_frames`, `index` is below it.
#[must_use]
pub const fn spans(n_frames: u32, index: u32, len: u32) -> [Span; 2] {
    let room = n_frames - index;
    let first = if len < room { len } else { room };
    [Span { index, len: first }, Span { index: 0, len: len - first }]
}

/// The writer's place: frames ever written, kept also as what old readers know (ring index and wraps).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Cursor {
    n_frames: u32,
    index: u32,
    wraps: u64,
    position: u64,
}

impl Cursor {
    /// At the start of a ring of `n_frames` (at least 1).
    #[must_use]
    pub const fn new(n_frames: u32) -> Self {
        Self { n_frames, index: 0, wraps: 0, position: 0 }
    }

    /// The frame of the ring that is written next; below `n_frames`, since the cursor wraps at once.
    #[must_use]
    pub const fn index(&self) -> u32 {
        self.index
    }

    /// How often the ring was filled.
    #[must_use]
    pub const fn wraps(&self) -> u64 {
        self.wraps
    }

    /// Frames ever written.
    #[must_use]
    pub const fn position(&self) -> u64 {
        self.position
    }

    /// Goes on by so many frames. Whether the ring's end was reached: otherwise the wraps stay as they are.
    #[inline]
    pub const fn advance(&mut self, frames: u64) -> bool {
        let stop = self.index as u64 + frames;
        if stop < self.n_frames as u64 {
            self.index = stop as u32;
            self.position = self.position.wrapping_add(frames);
            return false;
        }
        *self = self.after(frames);
        true
    }

    /// The cursor `frames` later.
    #[must_use]
    pub const fn after(&self, frames: u64) -> Self {
        let n = self.n_frames as u64;
        let stop = self.index as u64 + frames;
        // A chunk rarely passes the end, and more than once only when it is longer than the ring.
        let (index, laps) = if stop < n { (stop, 0) } else { (stop % n, stop / n) };
        Self {
            n_frames: self.n_frames,
            index: index as u32,
            wraps: self.wraps.wrapping_add(laps),
            position: self.position.wrapping_add(frames),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_chunk_that_ends_at_the_rings_end_wraps_at_once() {
        let c = Cursor::new(10).after(10);
        assert_eq!((c.index(), c.wraps(), c.position()), (0, 1, 10));
    }

    proptest! {
        #[test]
        fn index_and_wraps_are_quotient_and_remainder(n in 1u32..1000, steps in prop::collection::vec(0u64..3000, 0..50)) {
            let mut c = Cursor::new(n);
            let mut total = 0;
            for s in steps {
                let (before, wraps) = (c, c.wraps());
                prop_assert_eq!(c.advance(s), c.wraps() != wraps);
                prop_assert_eq!(c, before.after(s));
                total += s;
                prop_assert_eq!(c.position(), total);
                prop_assert_eq!(c.wraps(), total / u64::from(n));
                prop_assert_eq!(u64::from(c.index()), total % u64::from(n));
            }
        }

        #[test]
        fn spans_cover_each_frame_once_in_order(n in 1u32..200, index in 0u32..200, len in 0u32..200) {
            prop_assume!(index < n && len <= n);
            let covered: std::vec::Vec<u32> =
                spans(n, index, len).iter().flat_map(|s| s.index..s.index + s.len).collect();
            let expected: std::vec::Vec<u32> = (0..len).map(|i| (index + i) % n).collect();
            prop_assert_eq!(covered, expected);
        }
    }
}
