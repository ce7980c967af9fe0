//! Adoption: a writer dies between any two of its stores, the next one takes over its header, and a mirror reads all the while.

use std::sync::Arc;
use std::sync::atomic::AtomicU64 as Plain;
use std::sync::atomic::Ordering::Relaxed;

use axismirror_core::extension::Extension;
use axismirror_core::header::HeaderView;
use axismirror_core::store::SegmentSource as _;
use loom::sync::atomic::{Ordering, fence};

use super::memory::LeftOut;
use super::segments::{BASES, BUFFER_GENERATION, Raced, SEQUENCE, Segments};
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

/// A writer with so many operations left of a new generation and its first frame, its successor, and a mirror. Says whether the writer died.
fn death(left: u64) -> bool {
    let died = Arc::new(std::sync::atomic::AtomicBool::new(false));
    let seen = died.clone();
    explore(1, move || {
        let died = seen.clone();
        let raced = Raced { header: &[SEQUENCE], ..Raced::default() };
        let segments = Segments::new(&name(), raced, LeftOut::Nothing);
        let life = Arc::new(Plain::new(LONG_LIFE));
        let mut first = publisher(segments.mortal(&life), 4);
        publish(&mut first, 0, 1, 1);
        let mut mirror = mirror(segments.clone());
        mirror.follow().unwrap();
        let mut others = segments.clone();
        let writer = spawn(move || {
            life.store(left, Relaxed);
            publish(&mut first, 1, 1, 2);
            died.store(life.load(Relaxed) == 0, Relaxed);
            drop(first);
            let mut next = publisher(others.clone(), 4);
            let number = published(&mut others);
            publish(&mut next, number, 1, 1);
        });
        let mut accounted = 0;
        let mut account = |m: &mut _| {
            let read = read_proven(m, 1);
            if let Some(read) = read.filter(|r| r.frames > 0) {
                assert!(read.first == accounted + read.missed, "model: frame {} after {accounted}", read.first);
                accounted = read.first + 1;
            }
            (read, accounted)
        };
        account(&mut mirror);
        writer.join().unwrap();
        let mut all = segments.clone();
        let total = published(&mut all);
        for _ in 0..6 {
            account(&mut mirror);
        }
        let (_, accounted) = account(&mut mirror);
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
fn loom_death_at_any_store_loses_only_what_was_not_published() {
    let deaths = (0..).take_while(|left| death(*left)).count();
    assert!(deaths > 20, "only {deaths} instants");
}
