//! Names of a live stream are removed, one by one and all at once: who reads carries on, who comes late finds the stream, and the log stays short.

mod common;

use std::collections::BTreeSet;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use axismirror::mirror::{Mirror, Proof, Start};
use axismirror_core::header::Generation;
use axismirror_core::name::StreamName;
use common::{Service, info, names, unique, user, wait_for};

/// Lines that a log may have about names that vanish all the time for [`STORM`]: a few for each turn of events, of which there is one a second.
const LINES: usize = 30;
const STORM: Duration = Duration::from_secs(1);

/// Both names of all segments that the stream may have had: public ones, kept ones.
fn all(name: &str) -> (Vec<PathBuf>, Vec<PathBuf>) {
    let name = StreamName::new(name).unwrap();
    let data = (0..10).map(|g| name.data(Generation::from_number(g)));
    let static_metadata = (1..10).map(|g| name.static_metadata(g));
    let both = |s: axismirror_core::name::SegmentName| names(&s, user());
    [name.header()].into_iter().chain(data).chain(static_metadata).map(both).map(|[p, k]: [PathBuf; 2]| (p, k)).unzip()
}

/// Reads what there is; nothing may be torn, nothing come twice or in another order. `next` is the least number that the next frame may have.
fn read(mirror: &mut Mirror, next: &mut i32) -> usize {
    let chunk = mirror.read().unwrap();
    let frames = chunk.frames();
    if frames > 0 {
        assert_eq!(chunk.proof(), Proof::Untorn);
        // The counter signal: sample c of frame n is 8 n + c.
        for frame in chunk.samples::<i32>().unwrap().chunks(8) {
            let number = frame[0] / 8;
            assert!(number >= *next, "frame {number} after {next}");
            assert_eq!(frame, (8 * number..8 * number + 8).collect::<Vec<_>>());
            *next = number + 1;
        }
    }
    frames
}

/// Removes names every millisecond while a reader streams.
fn storm(mirror: &mut Mirror, remove: impl Fn()) {
    let (begin, mut next, mut frames) = (Instant::now(), 0, 0);
    while begin.elapsed() < STORM {
        remove();
        std::thread::sleep(Duration::from_millis(1));
        frames += read(mirror, &mut next);
    }
    assert!(frames > 0, "nothing came during the storm");
}

/// The reader that was there goes on, and one that comes now streams.
fn both_stream(name: &str, early: &mut Mirror) {
    wait_for(name, "the stream is valid", |_| true);
    let mut late = Mirror::open(name, Start::Next).unwrap();
    for mirror in [early, &mut late] {
        let mut next = 0;
        common::eventually("frames come", || (read(mirror, &mut next) > 0).then_some(()));
    }
}

/// A log that nothing floods.
fn short(log: &str) {
    let lines = log.lines().count();
    assert!(lines < LINES, "{lines} lines: {log}");
}

#[test]
fn all_public_names_every_millisecond() {
    let name = unique("storm-public");
    let service = Service::start(&name, &["--signal", "counter", "--rate", "1000"]);
    let mut mirror = Mirror::attach(&name).unwrap();
    let (public, _) = all(&name);
    let inode = |path: &PathBuf| std::fs::metadata(path).map(|m| m.ino());
    let header = inode(&public[0]).unwrap();
    storm(&mut mirror, || public.iter().for_each(|p| drop(std::fs::remove_file(p))));
    both_stream(&name, &mut mirror);
    // The same segments as ever: a published reader has not noticed anything.
    assert_eq!(inode(&public[0]).unwrap(), header);
    let i = info(&name).unwrap();
    assert!(i["health"]["names_healed"].as_u64() > Some(100), "{i}");
    assert_eq!(mirror.generation().map(Generation::number), Some(0));
    short(&service.stop());
}

#[test]
fn all_names_every_millisecond() {
    let name = unique("storm-all");
    let service = Service::start(&name, &["--signal", "counter", "--rate", "1000"]);
    let mut mirror = Mirror::attach(&name).unwrap();
    let (public, kept) = all(&name);
    let files: BTreeSet<_> = public.iter().chain(&kept).collect();
    storm(&mut mirror, || files.iter().for_each(|p| drop(std::fs::remove_file(p))));
    both_stream(&name, &mut mirror);
    let i = info(&name).unwrap();
    assert!(i["health"]["names_healed"].as_u64() > Some(0), "{i}");
    // A header that somebody reads is kept.
    drop(mirror);
    short(&service.stop());
    assert!(files.iter().all(|f| !f.exists()));
}

#[test]
fn a_ring_that_lost_its_names_is_replaced_under_the_same_header() {
    let name = unique("lost-ring");
    let service = Service::start(&name, &["--signal", "counter", "--rate", "1000"]);
    let mut mirror = Mirror::attach(&name).unwrap();
    let (public, kept) = all(&name);
    let header = std::fs::metadata(&public[0]).unwrap().ino();
    // Faster than the guard, sooner or later.
    common::eventually("another ring is there", || {
        // The first ring.
        for path in [&kept[1], &public[1]] {
            let _ = std::fs::remove_file(path);
        }
        read(&mut mirror, &mut 0);
        mirror.generation().filter(|g| g.number() > 0)
    });
    both_stream(&name, &mut mirror);
    assert_eq!(std::fs::metadata(&public[0]).unwrap().ino(), header);
    let log = service.stop();
    assert!(log.contains("all names of the segment were removed") && log.contains("a new ring"), "{log}");
    short(&log);
}
