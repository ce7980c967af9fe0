//! What a relay keeps of the newest frames, to give them once more to who lost them.
//!
//! Pure: pieces go in with their numbers and a time, and are looked up by number. Bounded in time and bytes. Knows neither messages nor networks.

use std::collections::VecDeque;
use std::ops::Range;

/// Pieces in order of their frames' numbers.
#[derive(Debug)]
pub struct Cache<T> {
    pieces: VecDeque<Piece<T>>,
    bytes: usize,
    keep_ns: i64,
    keep_bytes: usize,
    /// The number behind the newest frame.
    tip: u64,
}

#[derive(Debug)]
struct Piece<T> {
    frames: Range<u64>,
    bytes: usize,
    at_ns: i64,
    content: T,
}

/// What is known of frames that somebody asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<T> {
    /// A piece with some of them.
    Piece(T),
    /// They are not here any more, or never were.
    Gone(Range<u64>),
}

impl<T: Clone> Cache<T> {
    /// Keeps pieces for so long, and no more than so many bytes of them.
    #[must_use]
    pub const fn new(keep_ns: i64, keep_bytes: usize) -> Self {
        Self { pieces: VecDeque::new(), bytes: 0, keep_ns, keep_bytes, tip: 0 }
    }

    /// The number behind the newest frame; 0 before the first.
    #[must_use]
    pub const fn tip(&self) -> u64 {
        self.tip
    }

    /// The newest piece. Its frames come behind all that there are; others are not taken.
    pub fn push(&mut self, frames: Range<u64>, bytes: usize, content: T, now_ns: i64) {
        if frames.start < self.tip || frames.is_empty() {
            return;
        }
        self.tip = frames.end;
        self.bytes = self.bytes.saturating_add(bytes);
        self.pieces.push_back(Piece { frames, bytes, at_ns: now_ns, content });
        while let Some(oldest) = self.pieces.front()
            && (now_ns.saturating_sub(oldest.at_ns) > self.keep_ns || self.bytes > self.keep_bytes)
        {
            self.bytes -= oldest.bytes;
            self.pieces.pop_front();
        }
    }

    /// Another numbering begins.
    pub fn clear(&mut self) {
        self.pieces.clear();
        (self.bytes, self.tip) = (0, 0);
    }

    /// What there is of these frames, until it takes more than `budget` bytes. Of those that have not come yet nothing is said.
    #[must_use]
    pub fn answer(&self, asked: &[Range<u64>], budget: usize) -> Vec<Answer<T>> {
        let mut answers = Vec::new();
        let mut spent = 0_usize;
        for range in asked {
            let end = range.end.min(self.tip);
            let mut next = range.start;
            let from = self.pieces.partition_point(|p| p.frames.end <= next);
            for piece in self.pieces.iter().skip(from).take_while(|p| p.frames.start < end) {
                if piece.frames.start > next {
                    answers.push(Answer::Gone(next..piece.frames.start));
                }
                if spent > 0 && spent.saturating_add(piece.bytes) > budget {
                    return answers;
                }
                spent = spent.saturating_add(piece.bytes);
                answers.push(Answer::Piece(piece.content.clone()));
                next = piece.frames.end;
            }
            if next < end {
                answers.push(Answer::Gone(next..end));
            }
        }
        answers
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "one range of frames is meant")]
mod tests {
    use super::*;

    fn filled(keep_ns: i64, keep_bytes: usize) -> Cache<&'static str> {
        let mut cache = Cache::new(keep_ns, keep_bytes);
        cache.push(10..20, 100, "a", 1);
        cache.push(20..30, 100, "b", 2);
        // The relay itself lost 30..40.
        cache.push(40..50, 100, "d", 3);
        cache
    }

    #[test]
    fn what_is_there_is_given_and_what_is_not_is_said() {
        use Answer::{Gone, Piece};
        let cache = filled(100, 1000);
        assert_eq!(cache.answer(&[12..15], 1000), [Piece("a")]);
        assert_eq!(cache.answer(&[5..25], 1000), [Gone(5..10), Piece("a"), Piece("b")]);
        assert_eq!(cache.answer(&[30..40], 1000), [Gone(30..40)]);
        assert_eq!(cache.answer(&[29..41, 49..60], 1000), [Piece("b"), Gone(30..40), Piece("d"), Piece("d")]);
        assert_eq!(cache.answer(&[50..60], 1000), [], "they may still come");
        assert_eq!(cache.answer(&[10..50], 200), [Piece("a"), Piece("b"), Gone(30..40)]);
        assert_eq!(cache.answer(&[10..50], 0), [Piece("a")], "one at least");
        assert_eq!(cache.answer(&[0..u64::MAX], 1000).len(), 5);
    }

    #[test]
    fn what_is_old_or_too_much_goes() {
        use Answer::{Gone, Piece};
        let cache = filled(1, 1000);
        assert_eq!(cache.answer(&[10..30], 1000), [Gone(10..20), Piece("b")]);
        let cache = filled(100, 199);
        assert_eq!(cache.answer(&[10..50], 1000), [Gone(10..40), Piece("d")]);
        assert_eq!((cache.tip(), cache.bytes), (50, 100));
    }

    #[test]
    fn numbers_do_not_go_back() {
        let mut cache = filled(100, 1000);
        cache.push(45..60, 1, "x", 4);
        assert_eq!(cache.tip(), 50);
        cache.clear();
        cache.push(0..5, 1, "new", 5);
        assert_eq!(cache.answer(&[0..10], 10), [Answer::Piece("new")]);
    }
}
