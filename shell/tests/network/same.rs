//! What is received is what was sent: samples, times, descriptions, events.

use std::time::Duration;

use axismirror::events::EventReader;
use axismirror::mirror::{Follower, News, Start};
use serde_json::Value;

use super::*;

/// What two streams have in common when one is made of the other.
fn description(name: &str) -> Value {
    let i = info(name).unwrap();
    let mut d = i["description"].clone();
    d.as_object_mut().unwrap().remove("generation");
    serde_json::json!([d, i["static_metadata"], i["struct_version"], i["frames"]["clock"]])
}

#[test]
fn a_received_stream_is_the_same_stream() {
    needs_namespaces!();
    for version in ["2", "1", "0"] {
        let net = Net::new(&["pi", "pc"]);
        let name = unique(&format!("net-same{version}"));
        let labels = "Fp1,Fp2,C3,C4,P7,P8,O1,Ω";
        let _board = board(&net, "pi", &name, &["--struct-version", version, "--labels", labels, "--key", "Kanal µV"]);
        let (_relay, receiver, key) = link(&net, &name);
        wait_for(&key, "frames come", |i| i["frames"]["published"].as_u64() > Some(250));
        assert_eq!(description(&key), description(&name));
        if version == "2" {
            let counted = Reader::of(&key).frames(500);
            assert_eq!(counted.missing, 0, "{counted:?}");
            // The very times of the sender.
            let newest = |name: &str| {
                let mut follower = Follower::open(name, Start::Oldest).unwrap();
                eventually("frames", || match follower.next(Duration::from_millis(20)).unwrap() {
                    News::Frames(f) => Some(f.times.iter().map(|t| t.to_bits()).collect::<Vec<_>>()),
                    _ => None,
                })
            };
            let (here, there) = (newest(&key), newest(&name));
            assert!(here.iter().filter(|t| there.contains(t)).count() > 200);
            // One machine, so one clock: nothing is to be added, and the error is honest about that.
            let (offset, error) = clock_offset(&key);
            assert!(offset.abs() <= error && error < 0.5, "{offset} {error}");
        }
        assert_eq!(lost(&key), 0);
        receiver.stop();
        assert!(info(&key).is_none_or(|i| i["valid"] == false), "a stream that ended is there still");
    }
}

/// The published mirror, unmodified, on what was received.
#[test]
fn published_readers_read_what_was_received() {
    needs_namespaces!();
    let python = needs_python!("AXISMIRROR_EZMSG_PYTHON");
    let net = Net::new(&["pi", "pc"]);
    let name = unique("net-published");
    let _board = board(&net, "pi", &name, &["--labels", "a,b,c,d,e,f,g,h"]);
    let (_relay, receiver, key) = link(&net, &name);
    wait_for(&key, "frames come", |i| i["frames"]["published"].as_u64() > Some(0));
    let reader = script("tests/python/reader.py");
    let args = [&*reader, &key, "--frames", "750", "--channels", "8", "--rate", "250", "--labels", "a,b,c,d,e,f,g,h"];
    let attrs = ["--time-unit", "s", "--attrs", r#"{"board": "pieeg8", "unit": "code"}"#, "--dtypes", "i"];
    let mut read = net.start("pc", &python, &[&args[..], &attrs].concat());
    let status = read.ends();
    assert!(status.success(), "{}", read.log());
    receiver.stop();
}

#[test]
fn a_change_of_the_stream_is_one_here_too() {
    needs_namespaces!();
    let net = Net::new(&["pi", "pc"]);
    let name = unique("net-change");
    let _board = board(&net, "pi", &name, &[]);
    let (relay, receiver, key) = link(&net, &name);
    let generation = |i: &Value| i["description"]["generation"].as_u64();
    wait_for(&key, "frames come", |i| i["frames"]["published"].as_u64() > Some(0) && generation(i) == Some(0));
    net.output("pi", &["set", &name, "buf_dur=3"]);
    let i = wait_for(&key, "another ring", |i| generation(i) == Some(1));
    assert_eq!(i["description"]["n_frames"], 750);
    net.output("pi", &["set", &name, "units=volts"]);
    wait_for(&key, "another type", |i| generation(i) == Some(2) && i["description"]["dtype"] == "f4");
    wait_for(&key, "frames come", |i| i["frames"]["published"].as_u64() > Some(0));
    assert_eq!(description(&key), description(&name));
    assert_eq!(lost(&key), 0);
    receiver.stop();
    relay.stop();
}

#[test]
fn events_go_with_their_stream() {
    needs_namespaces!();
    let net = Net::new(&["pi", "pc"]);
    let name = unique("net-events");
    let here = format!("{name}-here");
    let _board = board(&net, "pi", &name, &[]);
    net.output("pi", &["mark", &name, "before anybody listened"]);
    let _relay = relay(&net, "pi", &name, &["--listen", TCP]);
    let connect = net.tcp("pi");
    let receiver = receive(&net, "pc", &format!("pi/{name}"), &["--name", &here, "--connect", &connect]);
    wait_for(&here, "frames come", |i| i["frames"]["published"].as_u64() > Some(0));
    let mut events = EventReader::open(&here, Start::Oldest).unwrap();
    // Where the board's own readers see it.
    let mut there = EventReader::open(&name, Start::Oldest).unwrap();
    net.output("pi", &["mark", &name, "eyes closed"]);
    let find = |reader: &mut EventReader| {
        eventually("the event is there", || {
            reader.take().unwrap().events.into_iter().find(|event| event.text == "eyes closed")
        })
    };
    assert_eq!(find(&mut events), find(&mut there));
    receiver.stop();
}

/// A sender whose clock is a day ahead: its times stay, and the offset is told.
#[test]
fn another_machines_clock_is_mapped() {
    needs_namespaces!();
    let net = Net::new(&["pi", "pc"]);
    let name = unique("net-clock");
    let program = env!("CARGO_BIN_EXE_axismirror");
    // A time namespace moves CLOCK_MONOTONIC (time_namespaces(7)).
    let ahead = ["--time", "--monotonic", "86400", "--fork", "--kill-child", program];
    let run = ["run", "--board", "pieeg8", "--simulate", "--signal", "counter", "--name", &name, "-q"];
    let _board = net.start("pi", "unshare", &[&ahead[..], &run].concat());
    wait_for(&name, "the board publishes", |i| i["frames"]["published"].as_u64() > Some(0));
    let flags = ["relay", &name, "--box", "pi", "--no-multicast", "--listen", TCP];
    let relay = net.start("pi", "unshare", &[&ahead[..], &flags].concat());
    relay.says("relaying stream");
    let key = format!("pi/{name}");
    let receiver = receive(&net, "pc", &key, &["--connect", &net.tcp("pi")]);
    let (offset, error) = clock_offset(&key);
    assert!((offset + 86400.0).abs() <= error && error < 0.5, "{offset} {error}");
    // What is newest is about now, when that is added.
    let age = || {
        let newest = info(&key).unwrap()["frames"]["newest_s"].as_f64().unwrap();
        axismirror::clock::monotonic_ns() as f64 / 1e9 - (newest + offset)
    };
    let age = eventually("a frame of now", || Some(age()).filter(|age| *age < 2.0));
    assert!(age > -error, "a frame of the future: {age}");
    receiver.stop();
}
