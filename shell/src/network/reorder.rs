//! Frames that come in any order, more than once, or not at all: put in order, asked for again, given up.
//!
//! Pure: pieces with their numbers and the time of day go in, what is to be done comes out. Whatever is lost, doubled or comes late on the way, each
//! frame is either handed out once and in order or counted as lost. Knows neither messages nor networks.

use std::collections::BTreeMap;
use std::ops::Range;

/// What a held piece costs besides its bytes.
const OVERHEAD: usize = 128;
/// The most ranges that are asked for at once.
const MOST_RANGES: usize = 64;

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
    /// not taken, and asked for later.
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
        // Nobody takes any out as long as it is not settled where to begin.
        if self.held_bytes > self.limits.held_bytes.saturating_mul(2) {
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
mod tests {
    use std::collections::{BTreeSet, VecDeque};

    use proptest::prelude::*;

    use super::*;

    const MS: i64 = 1_000_000;

    fn drain<T>(r: &mut Reorder<T>, now_ns: i64) -> Vec<Step<T>> {
        std::iter::from_fn(|| r.pop(now_ns)).collect()
    }

    fn piece(name: &'static str, skip: u64) -> Step<&'static str> {
        Step::Piece { piece: name, skip }
    }

    #[test]
    fn a_gap_is_asked_for_and_filled() {
        let mut r = Reorder::new(Limits::default());
        r.push(100..110, 10, "a", false, 0);
        r.push(120..130, 10, "c", false, 0);
        r.push(140..150, 10, "e", false, 0);
        assert_eq!(drain(&mut r, 0), [piece("a", 0)]);
        assert!(r.ask(9 * MS).is_empty(), "it may be disorder");
        assert_eq!(r.ask(10 * MS), [110..120, 130..140]);
        assert!(r.ask(11 * MS).is_empty(), "it is asked for already");
        r.push(110..120, 10, "b", true, 12 * MS);
        r.push(110..120, 10, "b again", true, 12 * MS);
        assert_eq!(drain(&mut r, 12 * MS), [piece("b", 0), piece("c", 0)]);
        r.answered(13 * MS);
        assert_eq!(r.ask(13 * MS), [130..140], "an answer that brought something is followed at once");
        r.answered(14 * MS);
        assert!(r.ask(63 * MS).is_empty(), "one that brought nothing is not");
        assert_eq!(r.ask(64 * MS), [130..140]);
        assert_eq!(r.ask(564 * MS), [130..140], "no answer came");
        r.gone(130..140, 565 * MS);
        assert_eq!(drain(&mut r, 565 * MS), [Step::Lost(10), piece("e", 0)]);
    }

    #[test]
    fn a_gap_is_given_up_in_time() {
        let mut r = Reorder::new(Limits::default());
        r.push(0..1, 1, "a", false, 0);
        r.push(5..6, 1, "f", false, 5 * MS);
        assert_eq!(drain(&mut r, 2004 * MS), [piece("a", 0)]);
        assert_eq!(drain(&mut r, 2005 * MS), [Step::Lost(4), piece("f", 0)]);
        // What comes later still is no news.
        r.push(1..5, 4, "late", false, 2006 * MS);
        assert_eq!(drain(&mut r, 9000 * MS), []);
        // The newest frames, behind which nothing comes.
        r.tip(8, 9000 * MS);
        r.tip(9, 9500 * MS);
        assert_eq!(r.ask(9010 * MS), [6..8]);
        assert_eq!(drain(&mut r, 10_999 * MS), []);
        assert_eq!(drain(&mut r, 11_000 * MS), [Step::Lost(2)]);
    }

    #[test]
    fn too_much_to_hold_ends_the_patience() {
        let mut r = Reorder::new(Limits { held_bytes: 3000, ..Limits::default() });
        r.push(0..1, 1000, "a", false, 0);
        r.push(2..3, 1000, "c", false, 0);
        r.push(4..5, 1000, "e", false, 0);
        assert_eq!(drain(&mut r, 0), [piece("a", 0)]);
        r.push(6..7, 1000, "g", false, 0);
        assert_eq!(drain(&mut r, 0), [Step::Lost(1), piece("c", 0)]);
    }

    #[test]
    fn a_long_gap_is_filled_whatever_comes_meanwhile() {
        // Frames of 100 bytes: 30 fit. The sender has all of them, and gives ten at a time.
        let limits = Limits { held_bytes: 30 * (100 + OVERHEAD), ..Limits::default() };
        let mut r: Reorder<u64> = Reorder::new(limits);
        r.push(0..1, 100, 0, false, 0);
        let (mut out, mut now, mut newest) = (Vec::new(), 0, 1000);
        while out.len() < 1500 {
            now += MS;
            assert!(now < 60_000 * MS, "{} frames", out.len());
            // Half as fast as it is taken, it goes on.
            if now % (4 * MS) == 0 && newest < 1500 {
                r.push(newest..newest + 1, 100, newest, false, now);
                newest += 1;
            }
            if now % (500 * MS) == 0 {
                r.tip(newest, now);
            }
            let missing = r.ask(now).into_iter().flatten().take(10).collect::<Vec<_>>();
            if !missing.is_empty() {
                missing.iter().for_each(|n| r.push(*n..n + 1, 100, *n, true, now));
                r.answered(now);
            }
            assert!(r.held_bytes <= limits.held_bytes + 11 * (100 + OVERHEAD));
            // One in 2 ms is taken.
            if now % (2 * MS) != 0 {
                r.wait(now);
            } else {
                match r.pop(now) {
                    Some(Step::Piece { piece, .. }) => out.push(piece),
                    Some(Step::Lost(n)) => panic!("{n} lost behind {:?}", out.last()),
                    None => {}
                }
            }
        }
        assert_eq!(out, (0..1500).collect::<Vec<_>>());
    }

    #[test]
    fn pieces_that_overlap_are_cut() {
        let mut r = Reorder::new(Limits::default());
        r.push(0..10, 1, "a", false, 0);
        r.push(5..20, 1, "b", false, 0);
        r.push(12..14, 1, "within b", false, 0);
        assert_eq!(drain(&mut r, 0), [piece("a", 0), piece("b", 5)]);
        assert_eq!(r.held_bytes, 0);
    }

    #[test]
    fn what_is_here_is_not_gone() {
        // A late piece overtakes the answer that says that it is gone: at the answer's beginning, within it, at its end, before it, several.
        for (here, gone, lost) in [
            (&[110..120][..], 110..130, 10),
            (&[110..120], 105..130, 15),
            (&[120..130], 105..130, 15),
            (&[100..120], 110..130, 10),
            (&[110..115, 120..125], 105..130, 15),
            (&[110..115, 115..130], 110..130, 0),
        ] {
            let mut r = Reorder::new(Limits::default());
            r.begin(here[0].start.min(gone.start));
            for frames in here {
                r.push(frames.clone(), 1, frames.clone(), false, 0);
            }
            r.gone(gone.clone(), MS);
            let steps = drain(&mut r, MS);
            let pieces = steps.iter().filter(|step| matches!(step, Step::Piece { skip: 0, .. })).count();
            let counted: u64 = steps.iter().map(|step| if let Step::Lost(n) = step { *n } else { 0 }).sum();
            assert_eq!((pieces, counted), (here.len(), lost), "{here:?} and {gone:?}: {steps:?}");
            assert_eq!(r.held_bytes, 0);
        }
    }

    /// When it arrives, what it is, whether it is an answer, which frames it is about.
    type OnItsWay = (i64, Option<Range<u64>>, bool, Range<u64>);

    /// What the network does with a message.
    #[derive(Clone, Copy, Debug)]
    enum Fate {
        Arrives { delay: u8, again: Option<u8> },
        Lost,
    }

    fn fate() -> impl Strategy<Value = Fate> {
        prop_oneof![
            6 => (0..3_u8).prop_map(|delay| Fate::Arrives { delay, again: None }),
            2 => (0..60_u8, prop::option::of(0..200_u8)).prop_map(|(delay, again)| Fate::Arrives { delay, again }),
            2 => Just(Fate::Lost),
        ]
    }

    proptest! {
        /// Against a plain model: the frames that were sent, each of which has to come out once and in order, or be counted.
        #[test]
        fn every_frame_is_handed_out_in_order_or_counted(
            sizes in prop::collection::vec(1..20_u64, 1..80),
            fates in prop::collection::vec(fate(), 1..200),
            kept in 0..400_u64,
            held_bytes in prop::sample::select(vec![500_usize, 1 << 20]),
        ) {
            let limits = Limits { held_bytes, ..Limits::default() };
            let mut r: Reorder<Range<u64>> = Reorder::new(limits);
            let mut fates = fates.into_iter().cycle();
            let mut way: Vec<OnItsWay> = Vec::new();
            let mut send = |way: &mut Vec<OnItsWay>, now: i64, piece: Option<Range<u64>>, answer: bool, frames: Range<u64>| {
                if let Some(Fate::Arrives { delay, again }) = fates.next() {
                    for d in [Some(delay), again].into_iter().flatten() {
                        way.push((now + i64::from(d) * MS, piece.clone(), answer, frames.clone()));
                    }
                }
            };
            let mut sizes: VecDeque<u64> = sizes.into();
            let (mut sent, mut asked, mut answer_at) = (0, vec![], None);
            // Numbers of the frames that came out, and the place and number of those that were counted.
            let (mut out, mut lost, mut first) = (Vec::new(), 0, None);
            // Frames that came in time, before they were said to be gone; and those that were.
            let (mut came, mut gone) = (BTreeSet::new(), BTreeSet::new());
            let mut now = 0;
            while now < 60_000 * MS {
                now += MS;
                if let Some(n) = sizes.pop_front() {
                    send(&mut way, now, Some(sent..sent + n), false, sent..sent + n);
                    sent += n;
                }
                if now % (1000 * MS) == 0 {
                    r.tip(sent, now);
                }
                let arrived: Vec<_> = way.extract_if(.., |(at, ..)| *at <= now).collect();
                for (_, piece, answer, frames) in arrived {
                    let next = first.map_or(0, |first| first + out.len() as u64 + lost);
                    match piece {
                        Some(piece) => {
                            came.extend(frames.clone().filter(|frame| *frame >= next && !gone.contains(frame)));
                            r.push(frames, 10, piece, answer, now);
                        }
                        None => {
                            gone.extend(frames.clone());
                            r.gone(frames, now);
                        }
                    }
                }
                if answer_at == Some(now) {
                    r.answered(now);
                    answer_at = None;
                }
                let ranges = r.ask(now);
                if !ranges.is_empty() {
                    asked = ranges;
                    answer_at = Some(now + 20 * MS);
                }
                for range in std::mem::take(&mut asked) {
                    prop_assert!(range.start < range.end);
                    let oldest = sent.saturating_sub(kept);
                    if range.start < oldest {
                        send(&mut way, now, None, true, range.start..range.end.min(oldest));
                    }
                    if range.end > oldest {
                        let had = range.start.max(oldest)..range.end;
                        send(&mut way, now, Some(had.clone()), true, had);
                    }
                }
                while let Some(step) = r.pop(now) {
                    match step {
                        Step::Piece { piece, skip } => {
                            let from = piece.start + skip;
                            prop_assert!(from < piece.end);
                            let start = *first.get_or_insert(from);
                            // What is not handed out was counted before it.
                            prop_assert_eq!(from, start + out.len() as u64 + lost);
                            out.extend(from..piece.end);
                        }
                        Step::Lost(n) => {
                            prop_assert!(n > 0);
                            lost += n;
                        }
                    }
                }
                if sizes.is_empty() && way.is_empty() && first.is_some_and(|f| f + out.len() as u64 + lost == sent) {
                    break;
                }
            }
            prop_assert!(out.is_sorted_by(|a, b| a < b));
            if held_bytes > 500 {
                let out: BTreeSet<u64> = out.iter().copied().collect();
                prop_assert!(came.is_subset(&out), "here, and counted as lost: {:?}", came.difference(&out));
            }
            if let Some(first) = first {
                prop_assert_eq!(first + out.len() as u64 + lost, sent, "nothing is left over");
            }
            prop_assert_eq!(r.held_bytes, 0);
        }

        /// What strangers may send: any numbers.
        #[test]
        fn any_numbers_are_taken(pieces in prop::collection::vec((any::<u64>(), any::<u64>(), any::<bool>(), 0..4_u8), 0..40)) {
            let mut r: Reorder<()> = Reorder::new(Limits::default());
            for (i, (start, end, answer, kind)) in pieces.into_iter().enumerate() {
                let now = i as i64 * 300 * MS;
                match kind {
                    0 => r.tip(end, now),
                    1 => r.gone(start..end, now),
                    _ => r.push(start..end, 5, (), answer, now),
                }
                let _ = r.ask(now);
                while r.pop(now).is_some() {}
            }
            while r.finish().is_some() {}
            prop_assert_eq!(r.held_bytes, 0);
        }
    }
}
