//! The change of generation, by the publisher's and the mirror's own code: what a mirror reads of a description and of counters belongs together.

use axismirror_core::header::Generation;
use axismirror_core::mirror::Status;

use super::memory::LeftOut;
use super::segments::{BASES, BUFFER_GENERATION, CHANNELS, COMMITTED, RESERVED, Raced, SEQUENCE};
use super::stream::{describe, explore, mirror, publish, read_proven, spawn, stream};

/// A mirror attaches while generation 0 (one channel, no frames before it) becomes generation 1 (two channels, one frame before it).
pub(crate) fn description(left_out: LeftOut) {
    explore(2, move || {
        let raced = Raced { header: &[SEQUENCE, BUFFER_GENERATION, CHANNELS, BASES[1]], ..Raced::default() };
        let (mut publisher, segments) = stream(2, raced, left_out);
        publish(&mut publisher, 0, 1, 1);
        let writer = spawn(move || describe(&mut publisher, 2));
        let mut mirror = mirror(segments);
        if mirror.follow().expect("model: the description does not fit the segment") == Status::Changed {
            let generation = mirror.generation().map(Generation::number);
            let channels = mirror.description().map(|d| d.frame_bytes() / 8);
            assert!(channels == generation.map(|g| g as usize + 1), "model: {channels:?} in generation {generation:?}");
            if let Some(read) = read_proven(&mut mirror, 1)
                && mirror.generation().map(Generation::number) == Some(1)
            {
                assert!(read.first == 1, "model: generation 1 begins with frame {}", read.first);
            }
        }
        writer.join().unwrap();
    });
}

/// A mirror reads in generation 0 while the writer laps it and goes on to generations 1 and 2, the second of which has the first one's counters begin anew.
pub(crate) fn counters(left_out: LeftOut) {
    explore(2, move || {
        let raced = Raced { header: &[SEQUENCE, RESERVED[0], COMMITTED[0]], data: &[0], ..Raced::default() };
        let (mut publisher, segments) = stream(2, raced, left_out);
        publish(&mut publisher, 0, 2, 1);
        let mut mirror = mirror(segments);
        assert_eq!(mirror.follow(), Ok(Status::Changed));
        let writer = spawn(move || {
            publish(&mut publisher, 2, 1, 1);
            describe(&mut publisher, 2);
            describe(&mut publisher, 1);
        });
        read_proven(&mut mirror, 1);
        writer.join().unwrap();
    });
}

#[test]
fn loom_a_description_is_of_one_generation() {
    description(LeftOut::Nothing);
}

#[test]
fn loom_a_new_generation_tears_nothing() {
    counters(LeftOut::Nothing);
}
