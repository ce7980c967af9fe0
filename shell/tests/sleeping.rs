//! Readers that sleep until there is something new.

mod common;

use std::time::Duration;

use axismirror::mirror::{Mirror, Start};
use common::{Service, eventually, unique};

/// Frames that are read are not new any more, and what is to know of a stream is told once: a reader that never asks for changes sleeps, too.
#[test]
fn a_wait_without_news_waits() {
    const LONG: Duration = Duration::from_millis(20);
    let name = unique("sleeping");
    let service = Service::start(&name, &[]);
    let mut mirror = Mirror::open(&name, Start::Next).unwrap();
    eventually("frames come", || {
        mirror.wait(LONG).unwrap();
        (mirror.read().unwrap().frames() > 0).then_some(())
    });
    service.signal("KILL");
    eventually("nothing is left to read", || {
        let waited = mirror.wait(LONG).unwrap();
        let frames = mirror.read().unwrap().frames();
        (!waited && frames == 0).then_some(())
    });
    assert!(mirror.changes().static_metadata, "the stream has static metadata that was never asked for");
    for _ in 0..3 {
        assert!(!mirror.wait(LONG).unwrap());
    }
}

#[test]
fn a_wait_without_end_ends_with_the_first_news() {
    let name = unique("for-ever");
    let mut mirror = Mirror::open(&name, Start::Next).unwrap();
    let _service = Service::start(&name, &[]);
    assert!(mirror.wait(Duration::MAX).unwrap());
}
