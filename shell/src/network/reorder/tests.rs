//! Cases by hand, and any order against a plain model.

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
