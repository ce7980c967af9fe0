//! A stream followed over gaps, overflow and changes: every frame comes once and in order, behind what is said of it.
#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

mod common;

use std::time::Duration;

use axismirror::mirror::{Follower, Mirror, News, Start, State};
use axismirror_core::settings::Settings;
use common::writes::Writes;

/// Frames of the ring.
const RING: u32 = 64;

/// What was told, in short: frames as (first, how many, first value, overwritten, not acquired).
#[derive(Debug, PartialEq)]
enum Told {
    Stream { unit: String, labels: Vec<String> },
    Frames(u64, usize, f64, u64, u64),
}

fn all(follower: &mut Follower) -> Vec<Told> {
    let mut told = Vec::new();
    loop {
        match follower.next(Duration::ZERO).unwrap() {
            News::Nothing => return told,
            News::Waiting(state) => panic!("{state:?}"),
            News::Stream(info) => told.push(Told::Stream { unit: info.unit.clone(), labels: info.labels.clone() }),
            News::Frames(f) => {
                let first = f.values().next().unwrap();
                told.push(Told::Frames(f.first, f.len(), first, f.overwritten, f.not_acquired));
            }
        }
    }
}

fn stream(unit: &str) -> Told {
    Told::Stream { unit: unit.to_owned(), labels: vec!["ch1".to_owned(), "ch2".to_owned()] }
}

#[test]
fn gaps_and_changes_come_before_their_frames() {
    let name = format!("follow-{}", std::process::id());
    let mut follower = Follower::open(&name, Start::Next).unwrap();
    assert!(matches!(follower.next(Duration::ZERO).unwrap(), News::Waiting(State::Absent)));
    let mut w = Writes::new(&name, RING);
    assert!(matches!(follower.next(Duration::ZERO).unwrap(), News::Waiting(State::NotValid)));

    // Three periods are missing inside of what one read brings.
    w.publish(10, 0.0, "V");
    w.publish(5, 13.0, "V");
    assert_eq!(all(&mut follower), [stream("V"), Told::Frames(0, 10, 0.0, 0, 0), Told::Frames(10, 5, 20.0, 0, 3)]);

    // And between two reads.
    w.publish(1, 20.0, "V");
    assert_eq!(all(&mut follower), [Told::Frames(15, 1, 30.0, 0, 2)]);

    // 100 frames into a ring of 64: 36 are overwritten, and none of them is called lost by the ADC.
    w.publish(50, 21.0, "V");
    w.publish(50, 71.0, "V");
    assert_eq!(all(&mut follower), [Told::Frames(52, 64, 104.0, 36, 0)]);

    // Other static metadata under the same ring.
    w.publish(2, 121.0, "code");
    assert_eq!(all(&mut follower), [stream("code"), Told::Frames(116, 2, 232.0, 0, 0)]);

    // Another ring: what the old one still had comes first.
    w.publish(3, 123.0, "code");
    let longer = Settings { buf_dur: 1.0, ..w.publisher.settings().clone() };
    w.publisher.apply(longer).unwrap();
    w.publish(4, 126.0, "code");
    let told = all(&mut follower);
    assert_eq!(told.first(), Some(&Told::Frames(118, 3, 236.0, 0, 0)), "{told:?}");
    assert_eq!(told.get(1..), Some(&[stream("code"), Told::Frames(121, 4, 242.0, 0, 0)][..]));
    w.publisher.close();
}

#[test]
fn begins_with_the_newest_when_asked() {
    let name = format!("follow-latest-{}", std::process::id());
    let mut w = Writes::new(&name, RING);
    w.publish(40, 0.0, "V");
    let mut follower = Follower::of(Mirror::attach(&name).unwrap()).from_latest(3);
    assert_eq!(all(&mut follower), [stream("V"), Told::Frames(37, 3, 74.0, 0, 0)]);
    w.publish(6, 40.0, "V");
    // Only the first read is of the newest alone.
    assert_eq!(all(&mut follower), [Told::Frames(40, 6, 80.0, 0, 0)]);
    w.publisher.close();
}
