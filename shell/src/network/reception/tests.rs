//! Relays, runs and changes, message by message.

use super::super::info::tests::stream;
use super::super::info::{Info, Run};
use super::super::key::Address;
use super::*;
use crate::mirror::StreamInfo;

const MS: i64 = 1_000_000;

fn announced(relay: u64, instance: u64, first: u64, key: &str) -> Announced {
    let address = Address::new("pi", "lab").unwrap();
    let info = Info::of(&StreamInfo { key: key.into(), ..stream() }, &address, "h", Run { relay, instance }, first);
    Announced::parse(&info.emit(), None, &address).unwrap()
}

fn chunk(of: &Announced, first: u64, frames: u32) -> Vec<u8> {
    let Info { relay, instance, description, .. } = of.info;
    let content = Content::Frames;
    Chunk { relay, instance, description, first, generation: 0, frames, frame_len: 1, content }.emit(&[], &[])
}

/// What is done, in short.
fn done(r: &mut Reception, now_ns: i64) -> Vec<String> {
    std::iter::from_fn(|| r.next(now_ns))
        .map(|action| match action {
            Action::Describe(a) => a.info.key.clone(),
            Action::Lost(n) => format!("lost {n}"),
            Action::Frames { message, skip } => {
                let chunk = Chunk::parse(&ChunkView::new(&message).unwrap());
                format!("{}+{}", chunk.first + skip, u64::from(chunk.frames) - skip)
            }
        })
        .collect()
}

#[test]
fn frames_wait_until_somebody_says_what_they_are() {
    let mut r = Reception::new(Limits::default());
    let a = announced(1, 1, 0, "a");
    r.chunk(chunk(&a, 50, 10), false, 0).unwrap();
    assert!(done(&mut r, 0).is_empty());
    assert_eq!(r.ask(0), [Question::Info]);
    assert!(r.ask(100 * MS).is_empty());
    assert_eq!(r.ask(200 * MS), [Question::Info]);
    r.info(a, 210 * MS).unwrap();
    assert_eq!(done(&mut r, 210 * MS), ["a", "50+10"]);
    assert!(r.ask(1000 * MS).is_empty());
    // Nobody says it: counted, and on it goes.
    let (b, c) = (announced(1, 1, 60, "b"), announced(1, 1, 70, "c"));
    r.chunk(chunk(&b, 60, 10), false, 1000 * MS).unwrap();
    r.chunk(chunk(&c, 70, 10), false, 1000 * MS).unwrap();
    r.info(c, 1000 * MS).unwrap();
    assert!(done(&mut r, 1000 * MS).is_empty());
    assert_eq!(done(&mut r, 3000 * MS), ["lost 10", "c", "70+10"]);
}

#[test]
fn a_change_comes_where_its_frames_begin() {
    let mut r = Reception::new(Limits::default());
    let (a, b) = (announced(1, 1, 0, "a"), announced(1, 1, 20, "b"));
    r.info(a.clone(), 0).unwrap();
    r.info(b.clone(), 0).unwrap();
    r.chunk(chunk(&a, 0, 10), false, 0).unwrap();
    r.chunk(chunk(&b, 20, 10), false, 0).unwrap();
    assert_eq!(done(&mut r, 0), ["a", "0+10"]);
    let asked = Question::Frames { instance: 1, missing: vec![10..20] };
    assert_eq!(r.ask(20 * MS), [asked]);
    r.chunk(chunk(&a, 5, 15), true, 30 * MS).unwrap();
    assert_eq!(done(&mut r, 30 * MS), ["10+10", "b", "20+10"]);
}

#[test]
fn a_relay_that_was_started_again_carries_on() {
    let mut r = Reception::new(Limits::default());
    let a = announced(1, 1, 0, "a");
    r.info(a.clone(), 0).unwrap();
    r.chunk(chunk(&a, 0, 10), false, 0).unwrap();
    // The same stream, so the same numbers and description.
    let again = announced(2, 1, 5, "a");
    r.chunk(chunk(&again, 30, 10), false, 10 * MS).unwrap();
    assert_eq!(done(&mut r, 10 * MS), ["a", "0+10"]);
    assert_eq!(r.ask(20 * MS), [Question::Frames { instance: 1, missing: vec![10..30] }]);
    assert_eq!(r.relay(), Some(2));
}

#[test]
fn another_run_begins_where_it_says() {
    let mut r = Reception::new(Limits::default());
    let a = announced(1, 1, 0, "a");
    r.info(a.clone(), 0).unwrap();
    r.chunk(chunk(&a, 100, 10), false, 0).unwrap();
    r.chunk(chunk(&a, 120, 10), false, 0).unwrap();
    // The same relay, another stream under the name: what is missing of the first is lost.
    let b = announced(1, 2, 3, "b");
    r.chunk(chunk(&b, 8, 2), false, MS).unwrap();
    assert_eq!(done(&mut r, MS), ["a", "100+10", "lost 10", "120+10"]);
    assert_eq!(r.ask(MS), [Question::Info]);
    r.info(b.clone(), 2 * MS).unwrap();
    assert!(done(&mut r, 2 * MS).is_empty());
    assert_eq!(r.ask(20 * MS), [Question::Frames { instance: 2, missing: vec![3..8] }]);
    // An answer about the first one is too late.
    r.chunk(chunk(&a, 110, 10), true, 21 * MS).unwrap();
    r.chunk(chunk(&b, 3, 5), true, 21 * MS).unwrap();
    assert_eq!(done(&mut r, 21 * MS), ["b", "3+5", "8+2"]);
}

#[test]
fn of_two_boxes_of_one_name_the_first_is_heard() {
    let mut r = Reception::new(Limits::default());
    let (a, b) = (announced(1, 1, 0, "a"), announced(2, 2, 0, "b"));
    r.info(a.clone(), 0).unwrap();
    r.chunk(chunk(&a, 0, 10), false, 0).unwrap();
    assert!(matches!(r.chunk(chunk(&b, 0, 10), false, 1000 * MS), Err(Refused::OtherRelay)));
    assert!(matches!(r.info(b.clone(), 1000 * MS), Err(Refused::OtherRelay)));
    r.chunk(chunk(&a, 10, 10), false, 1400 * MS).unwrap();
    assert!(r.chunk(chunk(&b, 10, 10), false, 2900 * MS).is_err());
    assert!(r.chunk(chunk(&b, 20, 10), false, 2901 * MS).is_ok(), "the first is gone");
    r.info(b, 2901 * MS).unwrap();
    assert_eq!(done(&mut r, 2901 * MS)[..3], ["a", "0+10", "10+10"]);
}
