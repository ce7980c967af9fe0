//! The futex word: a reader that looks for news, finds none and sleeps on the word that it saw before has not overlooked any.
//!
//! The kernel lets nobody sleep on a word that has changed. So a model need only ask what a reader has seen that would sleep on the last one.

use axismirror_core::mirror::{Mirror, Status};
use axismirror_core::publisher::Publisher;

use super::memory::LeftOut;
use super::segments::{COMMITTED, META_GENERATION, Raced, SEQUENCE, Segments, WAKE};
use super::stream::{describe, explore, message, mirror, publish, read_proven, spawn, stream};

/// Whether a mirror that would sleep on the last word has seen the news.
fn sleeper(
    left_out: LeftOut,
    raced: &'static [usize],
    news: fn(&mut Publisher<Segments>),
    sees: fn(&mut Mirror<Segments>) -> bool,
) {
    explore(4, move || {
        let (mut publisher, segments) = stream(2, Raced { header: raced, ..Raced::default() }, left_out);
        publish(&mut publisher, 0, 1, 1);
        let mut mirror = mirror(segments);
        assert_eq!(mirror.follow(), Ok(Status::Changed));
        assert!(read_proven(&mut mirror, 1).is_some_and(|r| r.frames == 1));
        assert!(mirror.changes().static_metadata);
        let before = mirror.extension().map(|e| e.wake());
        let writer = spawn(move || news(&mut publisher));
        let word = mirror.extension().map(|e| e.wake_before_looking());
        let seen = sees(&mut mirror);
        writer.join().unwrap();
        let last = mirror.extension().map(|e| e.wake());
        assert!(last != before, "model: the word is the same after the news");
        assert!(seen || word != last, "model: asleep on the news");
    });
}

/// New frames.
pub(crate) fn frames(left_out: LeftOut) {
    sleeper(
        left_out,
        &[WAKE, COMMITTED[0]],
        |p| publish(p, 1, 1, 1),
        |m| {
            m.follow().unwrap();
            m.available() > 0
        },
    );
}

/// A new generation.
pub(crate) fn generation(left_out: LeftOut) {
    sleeper(left_out, &[WAKE, SEQUENCE], |p| describe(p, 2), |m| m.follow() == Ok(Status::Changed));
}

/// New static metadata.
pub(crate) fn static_metadata(left_out: LeftOut) {
    sleeper(
        left_out,
        &[WAKE, SEQUENCE, META_GENERATION],
        |p| assert!(message(1, "new", |m| p.describe(m).unwrap().is_some())),
        |m| m.has_changes(),
    );
}

#[test]
fn loom_nobody_sleeps_on_frames() {
    frames(LeftOut::Nothing);
}

#[test]
fn loom_nobody_sleeps_on_a_new_generation() {
    generation(LeftOut::Nothing);
}

#[test]
fn loom_nobody_sleeps_on_new_static_metadata() {
    static_metadata(LeftOut::Nothing);
}
