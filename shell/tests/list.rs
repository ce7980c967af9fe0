//! `axismirror list` says of each stream what is so: streams that live, are silent, were killed, and those of other writers.

mod common;

use std::path::Path;

use axismirror::mirror::Mirror;
use axismirror_core::name::StreamName;
use common::{Service, eventually, run, unique};
use serde_json::Value;

/// The entry of a stream, by its segment.
fn entry(name: &str) -> Option<Value> {
    let (status, out, errors) = run(&["list", "--json"]);
    assert_eq!(status, Some(0), "{errors}");
    let segment = StreamName::new(name).unwrap().header().to_string();
    let all: Vec<Value> = serde_json::from_str(&out).unwrap();
    all.into_iter().find(|entry| entry["segment"] == segment.as_str())
}

fn state(name: &str) -> Option<String> {
    Some(entry(name)?["state"].as_str()?.to_owned())
}

#[test]
fn a_stream_is_live_until_it_ended() {
    let name = unique("list-ends");
    let service = Service::start(&name, &[]);
    assert_eq!(state(&name).as_deref(), Some("live"));
    let mirror = Mirror::attach(&name).unwrap();
    service.stop();
    // The reader keeps its header, but that has no public name any more.
    assert_eq!(state(&name), None);
    drop(mirror);
    run(&["clean", &name]);
}

#[test]
fn a_stream_whose_writer_was_killed_has_none() {
    let name = unique("list-killed");
    Service::start(&name, &[]).kill();
    let found = entry(&name).unwrap();
    assert_eq!((&found["state"], &found["valid"]), (&"no writer".into(), &true.into()), "{found}");
    run(&["clean", &name]);
}

#[test]
fn a_stream_whose_adc_does_not_answer_is_silent() {
    let name = unique("list-silent");
    let service = Service::start(&name, &["--faults", "drdy-high@200x1000000"]);
    eventually("it is silent", || (state(&name)? == "silent").then_some(()));
    let found = entry(&name).unwrap();
    assert!(found["valid"] == true && found["silent_for_s"].as_f64() > Some(0.0), "{found}");
    let (_, list, _) = run(&["list"]);
    let line = list.lines().find(|line| line.starts_with(&name)).unwrap();
    assert!(line.contains(" silent ") && line.contains(", no answer for "), "{line}");
    service.stop();
}

/// A header without our block: what the published packages make.
#[test]
fn of_another_writer_nobody_knows_whether_it_lives() {
    let (ours, theirs) = (unique("list-ours"), unique("list-theirs"));
    let segment = |name: &str| Path::new("/dev/shm").join(StreamName::new(name).unwrap().header().as_str());
    let service = Service::start(&ours, &[]);
    let header = std::fs::read(segment(&ours)).unwrap();
    service.stop();
    std::fs::write(segment(&theirs), &header[..1334]).unwrap();
    let found = entry(&theirs);
    std::fs::remove_file(segment(&theirs)).unwrap();
    let found = found.unwrap();
    assert_eq!((&found["state"], &found["valid"]), (&"unknown".into(), &true.into()), "{found}");
}
