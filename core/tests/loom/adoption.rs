//! Adoption: a writer dies between any two of its stores, the next one takes over its header, and a mirror reads all the while.

use std::sync::Arc;
use std::sync::atomic::AtomicU64 as Plain;
use std::sync::atomic::Ordering::Relaxed;

use axismirror_core::extension::Extension;
use axismirror_core::header::HeaderView;
use axismirror_core::store::SegmentSource as _;
use loom::sync::atomic::{Ordering, fence};

use super::memory::LeftOut;
use super::segments::{BASES, BUFFER_GENERATION, COMMITTED, RESERVED, Raced, SEQUENCE, Segments};
use super::stream::{describe, explore, mirror, name, publish, publisher, read_proven, spawn, stream};

/// Operations of a writer that is not to die.
const LONG_LIFE: u64 = 1 << 40;

/// Frames ever published under the header, as the next writer reckons.
fn published(segments: &mut Segments) -> u64 {
    let header = segments.open(&name().header()).unwrap().unwrap();
    let generation = HeaderView::detect(header.clone()).unwrap().buffer_generation();
    let extension = Extension::find(header).unwrap();
    let counters = extension.counters(generation);
    counters.base() + counters.committed()
}

/// What a writer is at when it dies.
#[derive(Clone, Copy)]
struct Life {
    /// Frames of the ring, and those that were published before.
    ring: u32,
    before: u32,
    /// What it publishes: frames, of so many channels.
    frames: u32,
    channels: usize,
    raced: Raced<'static>,
}

/// A new generation and its first frame.
const CHANGING: Life = Life {
    ring: 4,
    before: 1,
    frames: 1,
    channels: 2,
    raced: Raced { header: &[SEQUENCE], data: &[], static_metadata: &[] },
};

/// The next frames, over those that the mirror reads: each is reserved and filled, then they are committed.
const STREAMING: Life = Life {
    ring: 2,
    before: 2,
    frames: 2,
    channels: 1,
    raced: Raced { header: &[SEQUENCE, RESERVED[0], COMMITTED[0]], data: &[0, 8], static_metadata: &[] },
};

/// A writer with so many operations left, its successor, and a mirror. Says whether the writer died.
fn death(life: Life, left: u64) -> bool {
    let died = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let seen = died.clone();
    explore(1, move || {
        let died = seen.clone();
        let segments = Segments::new(&name(), life.raced, LeftOut::Nothing);
        let operations = Arc::new(Plain::new(LONG_LIFE));
        let mut first = publisher(segments.mortal(&operations), life.ring);
        publish(&mut first, 0, life.before, 1);
        let mut mirror = mirror(segments.clone());
        mirror.follow().unwrap();
        let mut others = segments.clone();
        let writer = spawn(move || {
            operations.store(left, Relaxed);
            publish(&mut first, life.before.into(), life.frames, life.channels);
            died.store(operations.load(Relaxed) == 0, Relaxed);
            drop(first);
            let mut next = publisher(others.clone(), life.ring);
            let number = published(&mut others);
            publish(&mut next, number, 1, 1);
        });
        let mut accounted = 0;
        let mut account = |m: &mut _| {
            if let Some(read) = read_proven(m, 1) {
                // Also a read that hands out nothing, since a frame is being overwritten, tells of those that are gone.
                accounted += read.missed;
                if read.frames > 0 {
                    assert!(read.first == accounted, "model: frame {} after {accounted}", read.first);
                    accounted += 1;
                }
            }
            accounted
        };
        account(&mut mirror);
        writer.join().unwrap();
        let mut all = segments.clone();
        let total = published(&mut all);
        for _ in 0..6 {
            account(&mut mirror);
        }
        let accounted = account(&mut mirror);
        assert!(accounted == total, "model: {accounted} frames of {total}");
    });
    died.load(Relaxed)
}

/// Whoever sees a generation, as the next writer does in the header that it adopts, finds that generation's counters begun.
pub(crate) fn counters(left_out: LeftOut) {
    explore(3, move || {
        let raced = Raced { header: &[BUFFER_GENERATION, BASES[1]], ..Raced::default() };
        let (mut publisher, mut segments) = stream(2, raced, left_out);
        publish(&mut publisher, 0, 1, 1);
        let header = segments.open(&name().header()).unwrap().unwrap();
        let writer = spawn(move || describe(&mut publisher, 2));
        let generation = HeaderView::detect(header.clone()).unwrap().buffer_generation();
        if generation.number() == 1 {
            fence(Ordering::Acquire);
            let base = Extension::find(header).unwrap().counters(generation).base();
            assert!(base == 1, "model: {base} frames before generation 1");
        }
        writer.join().unwrap();
    });
}

#[test]
fn loom_a_generation_has_its_counters() {
    counters(LeftOut::Nothing);
}

#[test]
fn loom_death_in_a_change_loses_only_what_was_not_published() {
    let deaths = (0..).take_while(|left| death(CHANGING, *left)).count();
    assert!(deaths > 20, "only {deaths} instants");
}

#[test]
fn loom_death_between_reserve_and_commit_loses_only_what_was_not_published() {
    let deaths = (0..).take_while(|left| death(STREAMING, *left)).count();
    assert!(deaths > 8, "only {deaths} instants");
}
