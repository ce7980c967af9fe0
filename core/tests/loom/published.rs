//! What readers without our block rely on: published ones, and our mirror when it does as they do.
//!
//! Published readers load in plain program order and fence nothing; on x86 a load is an acquire all the same. The models' readers have that much.

use axismirror_core::header::{Generation, HeaderView, StructVersion};
use axismirror_core::mirror::{Mirror, Status};
use axismirror_core::store::SegmentSource as _;
use loom::sync::atomic::{Ordering, fence};

use super::memory::LeftOut;
use super::segments::{BUFFER_GENERATION, BVALID, CHANNELS, Raced, Segments, WRAP_COUNTER, WRITE_INDEX};
use super::stream::{describe, explore, mirror, name, publish, read, spawn, stream};

/// A mirror without the block attaches while generation 0 (one channel) becomes generation 1 (two channels).
pub(crate) fn description(left_out: LeftOut) {
    explore(3, move || {
        let raced = Raced { header: &[BVALID, BUFFER_GENERATION, CHANNELS], ..Raced::default() };
        let (mut publisher, segments) = stream(2, raced, left_out);
        publish(&mut publisher, 0, 1, 1);
        let writer = spawn(move || describe(&mut publisher, 2));
        let mut mirror = mirror(segments.without_block());
        if mirror.follow().expect("model: the description does not fit the segment") == Status::Changed {
            let generation = mirror.generation().map(Generation::number);
            let channels = mirror.description().map(|d| d.frame_bytes() / 8);
            assert!(channels == generation.map(|g| g as usize + 1), "model: {channels:?} in generation {generation:?}");
        }
        writer.join().unwrap();
    });
}

/// A published reader waits for `bvalid` and then believes the rest.
pub(crate) fn valid(left_out: LeftOut) {
    explore(3, move || {
        let raced = Raced { header: &[BVALID, BUFFER_GENERATION, CHANNELS], ..Raced::default() };
        let (mut publisher, mut segments) = stream(2, raced, left_out);
        publish(&mut publisher, 0, 1, 1);
        publisher.invalidate();
        let header = segments.open(&name().header()).unwrap().unwrap();
        let writer = spawn(move || describe(&mut publisher, 2));
        let view = HeaderView::new(header, StructVersion::V1).unwrap();
        if view.bvalid() {
            fence(Ordering::Acquire);
            let seen = (view.buffer_generation().number(), view.shape(1));
            assert!(seen == (1, 2), "model: generation and channels are {seen:?} once they are valid");
        }
        writer.join().unwrap();
    });
}

/// A mirror without the block looks while frames 4 to 7 come, two by two, into a ring of three; what it did before is `before`.
fn lapped(left_out: LeftOut, before: fn(&mut Mirror<Segments>), look: fn(&mut Mirror<Segments>)) {
    explore(3, move || {
        let raced = Raced { header: &[WRITE_INDEX, WRAP_COUNTER], ..Raced::default() };
        let (mut publisher, segments) = stream(3, raced, left_out);
        publish(&mut publisher, 0, 2, 1);
        publish(&mut publisher, 2, 2, 1);
        let mut mirror = mirror(segments.without_block());
        assert_eq!(mirror.follow(), Ok(Status::Changed));
        before(&mut mirror);
        let writer = spawn(move || {
            publish(&mut publisher, 4, 2, 1);
            publish(&mut publisher, 6, 2, 1);
        });
        look(&mut mirror);
        writer.join().unwrap();
    });
}

/// The counters of such a reader: what they make is a total that there was, or a ring less between the stores of the two.
pub(crate) fn counters(left_out: LeftOut) {
    let look = |mirror: &mut Mirror<Segments>| {
        if let Some((read, _)) = read(mirror, 3)
            && read.frames > 0
        {
            let total = read.first + read.frames as u64;
            assert!([4, 6 - 3, 6, 8].contains(&total), "model: {total} frames");
        }
    };
    lapped(left_out, |_| {}, look);
}

/// The same, as the mirror tells without a read how much there is to read.
pub(crate) fn available(left_out: LeftOut) {
    let read_all = |mirror: &mut Mirror<Segments>| {
        assert!(read(mirror, 3).is_some_and(|(r, _)| r.first + r.frames as u64 == 4));
    };
    let look = |mirror: &mut Mirror<Segments>| {
        let available = mirror.available();
        // After 4, 6 and 8 frames; the ring holds 3.
        assert!([0, 2, 3].contains(&available), "model: {available} frames to read");
    };
    lapped(left_out, read_all, look);
}

/// The frames of such a reader, in a ring of one: torn or of the next lap, maybe, since it has nothing to prove the contrary by, but never of any later
/// lap, and never stale.
pub(crate) fn frames(left_out: LeftOut) {
    explore(3, move || {
        let raced = Raced { header: &[WRAP_COUNTER], data: &[0], ..Raced::default() };
        let (mut publisher, segments) = stream(1, raced, left_out);
        publish(&mut publisher, 0, 1, 1);
        let mut mirror = mirror(segments.without_block());
        assert_eq!(mirror.follow(), Ok(Status::Changed));
        let writer = spawn(move || {
            publish(&mut publisher, 1, 1, 1);
            publish(&mut publisher, 2, 1, 1);
        });
        if let Some((read, frames)) = read(&mut mirror, 1) {
            for frame in frames {
                assert!([1, 2].contains(&(frame - read.first)), "model: frame {} is {frame}", read.first);
            }
        }
        writer.join().unwrap();
    });
}

#[test]
fn loom_published_readers_see_one_description() {
    description(LeftOut::Nothing);
    valid(LeftOut::Nothing);
}

#[test]
fn loom_published_counters_are_of_one_lap() {
    counters(LeftOut::Nothing);
    available(LeftOut::Nothing);
}

#[test]
fn loom_published_readers_are_at_most_a_lap_off() {
    frames(LeftOut::Nothing);
}
