//! A segment of a live stream is cut short, and none of its pages is gone: the service notices, and makes another.

mod common;

use std::collections::BTreeSet;
use std::fs::{File, metadata};
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

use axismirror::mirror::{Mirror, Start};
use axismirror_core::header::{Generation, HEADER_SEGMENT_LEN};
use axismirror_core::name::StreamName;
use common::{Service, eventually, names, unique, user, wait_for};

/// Bytes of the ring of 100 frames of 8 channels.
const RING_LEN: u64 = 100 * (8 * 4 + 8);

fn path(segment: &str) -> PathBuf {
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
    [name.header()].into_iter().chain(data).chain(static_metadata).flat_map(|s| names(s.as_str(), user())).collect()
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
        let header = path(name.header().as_str());
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
    type Segment = fn(&StreamName) -> (String, u64);
    let segments: [Segment; 2] = [
        |name| (name.data(Generation::from_number(0)).to_string(), RING_LEN - 1),
        |name| (name.static_metadata(1).to_string(), 1),
    ];
    for segment in segments {
        let (name, mut service) = start("cut-contents");
        let header = path(name.header().as_str());
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

/// Faster than the service notices it.
#[test]
fn nothing_stays_behind_of_a_stream_that_ends_with_a_header_that_is_cut_short() {
    let (name, service) = start("cut-end");
    service.signal("STOP");
    service.signal("TERM");
    cut(&path(name.header().as_str()), 1);
    service.signal("CONT");
    let (status, log) = service.ends();
    assert!(status.success(), "{log}");
    let left: Vec<_> = all(&name).into_iter().filter(|f| f.exists()).collect();
    assert!(left.is_empty(), "{left:?}");
}
