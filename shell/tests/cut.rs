//! A segment of a live stream is cut short, and none of its pages is gone: the service notices, and makes another.

mod common;

use std::collections::BTreeSet;
use std::fs::{File, metadata};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use axismirror::mirror::{Mirror, Start};
use axismirror_core::header::{Generation, HEADER_SEGMENT_LEN};
use axismirror_core::name::{SegmentName, StreamName};
use common::{Service, eventually, names, run, set, unique, user, wait_for};

/// Bytes of the ring of 100 frames of 8 channels.
const RING_LEN: u64 = 100 * (8 * 4 + 8);

fn path(segment: &SegmentName) -> PathBuf {
    let [public, _] = names(segment, user());
    public
}

fn cut(path: &PathBuf, len: u64) {
    File::options().write(true).open(path).unwrap().set_len(len).unwrap();
}

/// All files that the stream may have had.
fn all(name: &StreamName) -> BTreeSet<PathBuf> {
    let data = (0..10).map(|g| name.data(Generation::from_number(g)));
    let static_metadata = (1..10).map(|g| name.static_metadata(g));
    [name.header()].into_iter().chain(data).chain(static_metadata).flat_map(|s| names(&s, user())).collect()
}

fn start(test: &str) -> (StreamName, Service) {
    let name = unique(test);
    let service = Service::start(&name, &["--rate", "1000", "--buf_dur", "0.1"]);
    (StreamName::new(&name).unwrap(), service)
}

/// Who comes now finds a stream that goes on.
fn streams(name: &str) {
    wait_for(name, "the stream is valid", |_| true);
    let mut mirror = Mirror::open(name, Start::Next).unwrap();
    eventually("frames come", || (mirror.read().unwrap().frames() > 0).then_some(()));
}

#[test]
fn a_header_that_is_cut_short_is_replaced() {
    for len in [1, 100, HEADER_SEGMENT_LEN as u64 - 1] {
        let (name, mut service) = start(&format!("cut-header-{len}"));
        let header = path(&name.header());
        let before = metadata(&header).unwrap().ino();
        cut(&header, len);
        eventually("another header is there", || {
            assert!(service.lives(), "cut to {len}");
            metadata(&header).ok().filter(|m| m.ino() != before && m.len() == HEADER_SEGMENT_LEN as u64)
        });
        streams(name.as_str());
        let log = service.stop();
        assert!(log.contains("cut short") && log.contains("new segments"), "{log}");
        let left: Vec<_> = all(&name).into_iter().filter(|f| f.exists()).collect();
        assert!(left.is_empty(), "cut to {len}: {left:?}");
    }
}

#[test]
fn ring_and_static_metadata_that_are_cut_short_are_replaced_under_the_same_header() {
    type Segment = fn(&StreamName) -> (SegmentName, u64);
    let segments: [Segment; 2] =
        [|name| (name.data(Generation::from_number(0)), RING_LEN - 1), |name| (name.static_metadata(1), 1)];
    for segment in segments {
        let (name, mut service) = start("cut-contents");
        let header = path(&name.header());
        let before = metadata(&header).unwrap().ino();
        let (segment, len) = segment(&name);
        cut(&path(&segment), len);
        eventually("another generation of it is there", || {
            assert!(service.lives(), "{segment}");
            (!path(&segment).exists()).then_some(())
        });
        streams(name.as_str());
        assert_eq!(metadata(&header).unwrap().ino(), before);
        let log = service.stop();
        assert!(log.contains("cut short") && log.contains("a new ring"), "{log}");
        let left: Vec<_> = all(&name).into_iter().filter(|f| f.exists()).collect();
        assert!(left.is_empty(), "{segment}: {left:?}");
    }
}

/// The service cannot do anything about it: it is dead. Its header names nothing any more.
fn killed_with_a_cut_header(test: &str, len: u64) -> StreamName {
    let (name, mut service) = start(&format!("{test}-{len}"));
    // Another ring and other static metadata than the first.
    set(name.as_str(), &["buf_dur=0.2", "gain=4"]).0.unwrap();
    service.signal("STOP");
    cut(&path(&name.header()), len);
    service.0.kill().unwrap();
    service.0.wait().unwrap();
    assert_eq!(left(&name).len(), 6, "{:?}", left(&name));
    name
}

/// Its files that are there.
fn left(name: &StreamName) -> Vec<PathBuf> {
    all(name).into_iter().filter(|f| f.exists()).collect()
}

fn inodes(paths: &[PathBuf]) -> BTreeSet<u64> {
    paths.iter().map(|p| metadata(p).unwrap().ino()).collect()
}

const CUTS: [u64; 4] = [0, 1, 1400, HEADER_SEGMENT_LEN as u64 - 1];

#[test]
fn the_next_start_takes_away_what_a_header_that_was_cut_short_named() {
    for len in CUTS {
        let name = killed_with_a_cut_header("cut-killed", len);
        let before = inodes(&left(&name));
        let service = Service::start(name.as_str(), &["--rate", "1000", "--buf_dur", "0.1"]);
        streams(name.as_str());
        let after = left(&name);
        assert!(after.len() == 6 && inodes(&after).is_disjoint(&before), "{after:?}");
        service.stop();
        assert_eq!(left(&name), Vec::<PathBuf>::new(), "cut to {len}");
    }
}

#[test]
fn clean_takes_away_what_a_header_that_was_cut_short_named() {
    for len in CUTS {
        let name = killed_with_a_cut_header("cut-cleaned", len);
        // Another clean that looks at a file at this moment counts as a reader.
        let said = eventually("it is removed", || {
            let (status, out, errors) = run(&["clean", name.as_str()]);
            assert_eq!(status, Some(0), "{out}{errors}");
            (!out.contains("a reader is attached")).then_some(out)
        });
        assert!(said.contains(": 6 files removed"), "cut to {len}: {said}");
        assert_eq!(left(&name), Vec::<PathBuf>::new());
    }
}

#[test]
fn clean_leaves_a_ring_without_a_header_to_who_reads_it() {
    let (name, mut service) = start("cut-read");
    let mirror = Mirror::attach(name.as_str()).unwrap();
    service.signal("STOP");
    names(&name.header(), user()).iter().for_each(|p| std::fs::remove_file(p).unwrap());
    service.0.kill().unwrap();
    service.0.wait().unwrap();
    let (_, out, _) = run(&["clean", name.as_str()]);
    assert!(out.contains("a reader is attached: 4 files left alone") && left(&name).len() == 4, "{out}");
    drop(mirror);
    eventually("it is removed", || {
        run(&["clean", name.as_str()]);
        left(&name).is_empty().then_some(())
    });
}

/// Of a live one nothing is taken, cut or not.
#[test]
fn clean_leaves_a_live_stream_whose_header_is_cut_short() {
    let (name, mut service) = start("cut-live");
    service.signal("STOP");
    cut(&path(&name.header()), 1);
    let (_, out, _) = run(&["clean", "--attached", name.as_str()]);
    assert_eq!((out.as_str(), left(&name).len()), ("nothing was left behind\n", 6));
    names(&name.header(), user()).iter().for_each(|p| std::fs::remove_file(p).unwrap());
    let (_, out, _) = run(&["clean", name.as_str()]);
    assert!(out.contains("4 files left alone") && left(&name).len() == 4, "{out}");
    service.signal("CONT");
    streams(name.as_str());
    assert!(service.lives());
    service.stop();
    assert_eq!(left(&name), Vec::<PathBuf>::new());
}

/// Faster than the service notices it.
#[test]
fn nothing_stays_behind_of_a_stream_that_ends_with_a_header_that_is_cut_short() {
    let (name, service) = start("cut-end");
    service.signal("STOP");
    service.signal("TERM");
    cut(&path(&name.header()), 1);
    service.signal("CONT");
    let (status, log) = service.ends();
    assert!(status.success(), "{log}");
    let left: Vec<_> = all(&name).into_iter().filter(|f| f.exists()).collect();
    assert!(left.is_empty(), "{left:?}");
}
