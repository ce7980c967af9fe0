//! Frames that come in any order, more than once, or not at all: put in order, asked for again, given up.
//!
//! Pure: pieces with their numbers and the time of day go in, what is to be done comes out. Whatever is lost, doubled or comes late on the way, each
//! frame is either handed out once and in order or counted as lost. Knows neither messages nor networks.

use std::collections::BTreeMap;
use std::ops::Range;

use super::ask::MOST_RANGES;

/// What a held piece costs besides its bytes.
const OVERHEAD: usize = 128;
/// How many times [`Limits::held_bytes`] are held at most, whatever comes.
const MOST_HELD: usize = 2;

/// How patient it is. Times in ns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How long a gap may be mere disorder before its frames are asked for.
    pub patience_ns: i64,
    /// Pause after an answer that brought nothing.
    pub retry_ns: i64,
    /// How long an answer may take.
    pub answer_ns: i64,
    /// How long a gap holds up what is behind it while no answer brings anything.
    pub give_up_ns: i64,
    /// Bytes that may be held behind gaps. When there are more, a gap that nobody fills is given up; behind one that is being filled, the newest are
    /// not taken, and asked for later. What fills the gap is taken up to twice as much; beyond that nothing is.
    pub held_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            patience_ns: 10_000_000,
            retry_ns: 50_000_000,
            answer_ns: 500_000_000,
            give_up_ns: 2_000_000_000,
            held_bytes: 64 << 20,
        }
    }
}

/// What comes next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step<T> {
    /// A piece, but for its first `skip` frames, which were handed out already.
    Piece {
        /// The piece as it came.
        piece: T,
        /// Frames at its beginning that are not new.
        skip: u64,
    },
    /// So many frames are given up.
    Lost(u64),
}

/// A piece, or the news that there is none to be had, from its first frame's number on.
#[derive(Clone, Debug)]
struct Held<T> {
    end: u64,
    /// When it came: since when the gap before it is known.
    came_ns: i64,
    bytes: usize,
    piece: Option<T>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asking {
    /// Nothing is asked for, and nothing to be before then.
    Idle { until_ns: i64 },
    /// An answer is awaited.
    Asked { since_ns: i64, progress: bool },
}

/// Puts pieces in order.
#[derive(Clone, Debug)]
pub struct Reorder<T> {
    limits: Limits,
    /// Number of the frame that is to be handed out next; `None`: whichever comes.
    next: Option<u64>,
    held: BTreeMap<u64, Held<T>>,
    held_bytes: usize,
    /// What the sender said that there is: the number behind its newest frame, and since when that is known.
    tip: Option<(u64, i64)>,
    asking: Asking,
    /// When an answer last brought something.
    progress_ns: i64,
}

impl<T> Reorder<T> {
    /// Begins with the first piece that comes.
    #[must_use]
    pub const fn new(limits: Limits) -> Self {
        Self {
            limits,
            next: None,
            held: BTreeMap::new(),
            held_bytes: 0,
            tip: None,
            asking: Asking::Idle { until_ns: i64::MIN },
            progress_ns: i64::MIN,
        }
    }

    /// Begins with this frame, unless something has begun already.
    pub fn begin(&mut self, next: u64) {
        self.next.get_or_insert(next);
    }

    /// Whether it is settled where to begin.
    #[must_use]
    pub const fn has_begun(&self) -> bool {
        self.next.is_some()
    }

    /// Frames `first..end` have come, maybe as an answer; `bytes` is what they take. What is there already changes nothing.
    pub fn push(&mut self, frames: Range<u64>, bytes: usize, piece: T, answer: bool, now_ns: i64) {
        self.insert(frames, bytes, Some(piece), answer, now_ns);
    }

    /// Frames that cannot be had any more, but for those that are here: some may have come while others were asked for.
    pub fn gone(&mut self, frames: Range<u64>, now_ns: i64) {
        let is_here = |(start, held): (&u64, &Held<T>)| held.piece.is_some().then_some((*start, held.end));
        let before = self.held.range(..frames.start).next_back().and_then(is_here);
        let mut start = before.map_or(frames.start, |(_, behind)| behind.max(frames.start));
        while start < frames.end {
            let here = self.held.range(start..frames.end).find_map(is_here);
            let (end, behind) = here.unwrap_or((frames.end, frames.end));
            self.insert(start..end, 0, None, true, now_ns);
            start = behind;
        }
    }

    /// The sender has frames up to this number.
    pub fn tip(&mut self, end: u64, now_ns: i64) {
        // Which it was first said to have is what counts for how long they are missing.
        if self.tip.is_none_or(|(known, _)| known < end && self.next.is_none_or(|next| known <= next)) {
            self.tip = Some((end, now_ns));
        }
    }

    fn insert(&mut self, frames: Range<u64>, bytes: usize, piece: Option<T>, answer: bool, now_ns: i64) {
        let Range { start, end } = frames;
        if start >= end || self.next.is_some_and(|next| end <= next) {
            return;
        }
        // Nobody takes any out as long as it is not settled where to begin, and answers may come faster than they are taken out.
        if self.held_bytes > self.limits.held_bytes.saturating_mul(MOST_HELD) {
            return;
        }
        // While a long gap is being filled, what would have to wait behind it is asked for again when there is room.
        let is_newest = self.held.last_key_value().is_some_and(|(_, last)| start >= last.end);
        if is_newest && self.is_full() && self.is_being_filled(now_ns) {
            return;
        }
        // Of pieces that overlap, those that bring nothing of their own are dropped here; of the others the overlap is skipped later.
        if self.held.range(..=start).next_back().is_some_and(|(_, before)| before.end >= end) {
            return;
        }
        if answer {
            self.progress_ns = now_ns;
            if let Asking::Asked { progress, .. } = &mut self.asking {
                *progress = true;
            }
        }
        let bytes = bytes.saturating_add(OVERHEAD);
        self.held_bytes += bytes;
        if let Some(old) = self.held.insert(start, Held { end, came_ns: now_ns, bytes, piece }) {
            self.held_bytes -= old.bytes;
        }
    }

    /// What asked for frames has ended, whatever it brought.
    pub fn answered(&mut self, now_ns: i64) {
        if let Asking::Asked { progress, .. } = self.asking {
            let pause = if progress { 0 } else { self.limits.retry_ns };
            self.asking = Asking::Idle { until_ns: now_ns.saturating_add(pause) };
        }
    }

    /// Which frames to ask for now, oldest first; nothing when none are missing, or an answer is awaited.
    pub fn ask(&mut self, now_ns: i64) -> Vec<Range<u64>> {
        match self.asking {
            Asking::Asked { since_ns, .. } if now_ns.saturating_sub(since_ns) < self.limits.answer_ns => return vec![],
            Asking::Idle { until_ns } if now_ns < until_ns => return vec![],
            _ => {}
        }
        if self.held_bytes > self.limits.held_bytes / 2 && self.is_ready() {
            // It comes faster than it is taken. What is asked for now would have to wait, too.
            return vec![];
        }
        let due = now_ns.saturating_sub(self.limits.patience_ns);
        let missing: Vec<_> =
            self.gaps().filter(|(_, known_ns)| *known_ns <= due).map(|(gap, _)| gap).take(MOST_RANGES).collect();
        if !missing.is_empty() {
            self.asking = Asking::Asked { since_ns: now_ns, progress: false };
        }
        missing
    }

    /// What is ready is not taken at the moment: that time does not count for the gaps behind it.
    pub const fn wait(&mut self, now_ns: i64) {
        self.progress_ns = now_ns;
    }

    /// Whether something can be handed out.
    fn is_ready(&self) -> bool {
        self.held.first_key_value().is_some_and(|(start, _)| self.next.is_none_or(|next| *start <= next))
    }

    const fn is_full(&self) -> bool {
        self.held_bytes > self.limits.held_bytes
    }

    /// Whether answers bring something.
    const fn is_being_filled(&self, now_ns: i64) -> bool {
        now_ns.saturating_sub(self.progress_ns) < self.limits.give_up_ns
    }

    /// Frames that are missing, and since when that is known.
    fn gaps(&self) -> impl Iterator<Item = (Range<u64>, i64)> {
        let mut next = self.next;
        let tip = self.tip.map(|(end, since)| (end, end, since));
        let held = self.held.iter().map(|(start, h)| (*start, h.end, h.came_ns));
        held.chain(tip).filter_map(move |(start, end, known)| {
            let expected = next?;
            next = Some(expected.max(end));
            (start > expected).then_some((expected..start, known))
        })
    }

    /// The piece that comes next, if no gap is before it.
    #[must_use]
    pub fn peek(&self) -> Option<&T> {
        let next = self.next;
        self.held
            .iter()
            .find(|(_, h)| next.is_none_or(|next| h.end > next))
            .filter(|(start, _)| next.is_none_or(|next| **start <= next))
            .and_then(|(_, h)| h.piece.as_ref())
    }

    /// What is to be done next; nothing as long as a gap may still be filled.
    pub fn pop(&mut self, now_ns: i64) -> Option<Step<T>> {
        self.step(Some(now_ns))
    }

    /// As [`Reorder::pop`], when nothing will come any more: gaps are given up at once.
    pub fn finish(&mut self) -> Option<Step<T>> {
        self.step(None)
    }

    fn step(&mut self, now_ns: Option<i64>) -> Option<Step<T>> {
        loop {
            let Some((&start, held)) = self.held.first_key_value() else {
                let (next, (tip, since)) = (self.next?, self.tip?);
                return (tip > next && self.is_over(since, now_ns)).then(|| self.lose(next, tip));
            };
            let next = *self.next.get_or_insert(start);
            if start > next {
                let since = self.tip.filter(|(tip, _)| *tip > next).map_or(held.came_ns, |(_, s)| s.min(held.came_ns));
                return self.is_over(since, now_ns).then(|| self.lose(next, start));
            }
            let (_, Held { end, bytes, piece, .. }) = self.held.pop_first()?;
            self.held_bytes -= bytes;
            if end <= next {
                continue;
            }
            self.next = Some(end);
            return Some(match piece {
                Some(piece) => Step::Piece { piece, skip: next - start },
                None => Step::Lost(end - next),
            });
        }
    }

    /// Whether a gap that has been known for so long is given up.
    fn is_over(&self, since_ns: i64, now_ns: Option<i64>) -> bool {
        let Some(now_ns) = now_ns else { return true };
        let since_ns = since_ns.max(self.progress_ns);
        now_ns.saturating_sub(since_ns) >= self.limits.give_up_ns || self.is_full() && !self.is_being_filled(now_ns)
    }

    fn lose(&mut self, next: u64, end: u64) -> Step<T> {
        self.next = Some(end);
        Step::Lost(end - next)
    }
}

#[cfg(test)]
#[allow(clippy::single_range_in_vec_init, reason = "one range of frames is meant")]
mod tests;
