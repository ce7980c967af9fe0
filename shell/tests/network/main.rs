//! Streams between machines that are network namespaces: `cargo xtask network`.
//!
//! Each stream has the signal `counter`, whose samples are their own numbers: what comes out of the receiver's ring is held against what that signal
//! is defined to be, not against what went in. Without root or iproute2 each test says so and is over; those with Python need it too.

#[path = "../common/mod.rs"]
mod common;
mod net;

use std::time::{Duration, Instant};

use axismirror::events::EventReader;
use axismirror::mirror::{Follower, News, Start};
use serde_json::Value;

use common::{eventually, info, unique, wait_for};
use net::{Net, Proc};

/// Channels of the board that all tests simulate.
const CHANNELS: usize = 8;
/// Where relays listen.
const TCP: &str = "tcp/0.0.0.0:7447";

macro_rules! needs_namespaces {
    () => {
        if let Err(why) = net::possible() {
            eprintln!("skipped: {why}");
            return;
        }
    };
}

/// The interpreter that an environment variable names.
macro_rules! needs_python {
    ($variable:literal) => {
        match std::env::var($variable) {
            Ok(python) => python,
            Err(_) => {
                eprintln!("skipped: {} names no Python; `cargo xtask network` makes one", $variable);
                return;
            }
        }
    };
}

fn script(name: &str) -> String {
    format!("{}/../{name}", env!("CARGO_MANIFEST_DIR"))
}

/// A simulated board on a machine. Segments are in the one /dev/shm, so that streams of one test have names of their own.
fn board(net: &Net, machine: &str, name: &str, flags: &[&str]) -> Proc {
    let fixed = ["run", "--board", "pieeg8", "--simulate", "--signal", "counter", "--name", name];
    let board = net.axismirror(machine, &[&fixed[..], flags].concat());
    wait_for(name, "the board publishes", |i| i["frames"]["published"].as_u64() > Some(0));
    board
}

fn relay(net: &Net, machine: &str, name: &str, flags: &[&str]) -> Proc {
    let relay = net.axismirror(machine, &[&["relay", name, "--box", machine, "--no-multicast"], flags].concat());
    relay.says("relaying stream");
    relay
}

fn receive(net: &Net, machine: &str, key: &str, flags: &[&str]) -> Proc {
    net.axismirror(machine, &[&["receive", key, "--no-multicast"], flags].concat())
}

/// Frames that were read of a counter: its first number, how many, and how many were missing among them.
#[derive(Clone, Copy, Debug, Default)]
struct Counted {
    first: Option<i64>,
    frames: i64,
    missing: i64,
    last_time: f64,
}

impl Counted {
    /// Each frame has to be the one that its numbers say, in order, at its time.
    fn frame(&mut self, samples: &[i32], time: f64, rate: f64) {
        let n = i64::from(samples[0]) / CHANNELS as i64;
        let expected: Vec<i32> = (0..CHANNELS).map(|c| (n * CHANNELS as i64) as i32 + c as i32).collect();
        assert_eq!(samples, expected, "a frame that no counter makes");
        if let Some(first) = self.first {
            let gap = n - (first + self.frames + self.missing);
            assert!(gap >= 0, "frame {n} comes again");
            let periods = ((time - self.last_time) * rate).round() as i64;
            assert_eq!(periods, gap + 1, "times do not jump as frames do");
            self.missing += gap;
        }
        self.first.get_or_insert(n);
        self.frames += 1;
        self.last_time = time;
    }
}

/// Reads a stream until it has brought so many frames, or `until` says that it is enough.
struct Reader {
    follower: Follower,
    counted: Counted,
    streams: u32,
    rate: f64,
}

impl Reader {
    fn of(name: &str) -> Self {
        Self {
            follower: Follower::open(name, Start::Oldest).unwrap(),
            counted: Counted::default(),
            streams: 0,
            rate: 0.0,
        }
    }

    fn read(&mut self, time: Duration, enough: impl Fn(&Counted) -> bool) -> Counted {
        let end = Instant::now() + time;
        while !enough(&self.counted) {
            assert!(Instant::now() < end, "not in time: {:?}", self.counted);
            match self.follower.next(Duration::from_millis(20)).unwrap() {
                News::Nothing | News::Waiting(_) => {}
                News::Stream(info) => {
                    self.streams += 1;
                    self.rate = info.rate.unwrap();
                }
                News::Frames(frames) => {
                    assert_eq!(frames.overwritten, 0, "the test is too slow");
                    for (i, time) in frames.times.iter().enumerate() {
                        let sample = |c| i32::from_le_bytes(frames.sample(i, c).try_into().unwrap());
                        let samples: Vec<i32> = (0..CHANNELS).map(sample).collect();
                        self.counted.frame(&samples, *time, self.rate);
                    }
                }
            }
        }
        self.counted
    }

    fn frames(&mut self, more: i64) -> Counted {
        let enough = self.counted.frames + more;
        self.read(Duration::from_secs(60), |c| c.frames >= enough)
    }
}

fn lost(name: &str) -> i64 {
    info(name).unwrap()["health"]["frames_lost"].as_i64().unwrap()
}

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
        let _relay = relay(&net, "pi", &name, &["--listen", TCP]);
        let key = format!("pi/{name}");
        let receiver = receive(&net, "pc", &key, &["--connect", &format!("tcp/{}:7447", net.address("pi"))]);
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
            let i = wait_for(&key, "clocks are compared", |i| i["received"]["clock_offset_s"].is_number());
            let (offset, error) =
                (i["received"]["clock_offset_s"].as_f64().unwrap(), i["received"]["clock_error_s"].as_f64().unwrap());
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
    let _relay = relay(&net, "pi", &name, &["--listen", TCP]);
    let key = format!("pi/{name}");
    let receiver = receive(&net, "pc", &key, &["--connect", &format!("tcp/{}:7447", net.address("pi"))]);
    wait_for(&key, "frames come", |i| i["frames"]["published"].as_u64() > Some(0));
    let reader = script("tests/python/reader.py");
    let args = [&*reader, &key, "--frames", "750", "--channels", "8", "--rate", "250", "--labels", "a,b,c,d,e,f,g,h"];
    let attrs = ["--time-unit", "s", "--attrs", r#"{"board": "pieeg8", "unit": "code"}"#, "--dtypes", "i"];
    let mut read = net.start("pc", &python, &[&args[..], &attrs].concat());
    let status = read.ends();
    assert!(status.success(), "{}", read.log());
    receiver.stop();
}

/// UDP datagrams that are lost, late and out of order.
#[test]
fn what_a_bad_network_loses_is_repaired() {
    needs_namespaces!();
    let net = Net::new(&["pi", "pc"]);
    let name = unique("net-bad");
    let _board = board(&net, "pi", &name, &["--rate", "1000", "--chunk", "4"]);
    let _relay = relay(&net, "pi", &name, &["--listen", "udp/0.0.0.0:7447"]);
    let to = format!("{}:7447", net.address("pi"));
    let proxy = net.start(
        "switch",
        "python3",
        &[
            &script("tests/python/network/udp_proxy.py"),
            "7448",
            &to,
            "--loss",
            "0.1",
            "--delay",
            "0.02",
            "--jitter",
            "0.03",
        ],
    );
    proxy.says("ready");
    let key = format!("pi/{name}");
    let receiver =
        receive(&net, "pc", &key, &["--repair", "20", "--connect", &format!("udp/{}:7448", net.address("switch"))]);
    wait_for(&key, "frames come", |i| i["frames"]["published"].as_u64() > Some(0));
    let counted = Reader::of(&key).frames(8000);
    assert_eq!((counted.missing, lost(&key)), (0, 0), "{counted:?}");
    let log = proxy.stop();
    let dropped: u64 = log.lines().last().and_then(|l| l.strip_prefix("dropped ")).unwrap().parse().unwrap();
    assert!(dropped > 100, "the network was not bad: {dropped}");
    receiver.stop();
}

#[test]
fn a_cut_link_costs_nothing_as_long_as_the_relay_remembers() {
    needs_namespaces!();
    let net = Net::new(&["pi", "pc"]);
    let name = unique("net-cut");
    let _board = board(&net, "pi", &name, &["--buf-dur", "60"]);
    let _relay = relay(&net, "pi", &name, &["--listen", TCP]);
    let key = format!("pi/{name}");
    let receiver = receive(&net, "pc", &key, &["--connect", &format!("tcp/{}:7447", net.address("pi"))]);
    let mut reader = Reader::of(&key);
    reader.frames(100);
    net.plug("pc", false);
    // Readers here see that nothing comes.
    wait_for(&key, "the sender is silent", |i| i["adc"]["answers"] == false);
    // Longer than zenoh's lease of 10 s, after which it gives up the link: what TCP would bring late is gone with it.
    Proc::pause(Duration::from_secs(12));
    net.plug("pc", true);
    wait_for(&key, "the sender is back", |i| i["adc"]["answers"] == true);
    let counted = reader.frames(5000);
    assert_eq!((counted.missing, lost(&key)), (0, 0), "{counted:?}");
    receiver.stop();
}

#[test]
fn what_nobody_has_any_more_is_a_gap_that_is_counted() {
    needs_namespaces!();
    let net = Net::new(&["pi", "pc"]);
    let name = unique("net-gap");
    let _board = board(&net, "pi", &name, &[]);
    let _relay = relay(&net, "pi", &name, &["--listen", TCP, "--keep", "1"]);
    let key = format!("pi/{name}");
    let receiver = receive(&net, "pc", &key, &["--connect", &format!("tcp/{}:7447", net.address("pi"))]);
    let mut reader = Reader::of(&key);
    reader.frames(100);
    net.plug("pc", false);
    // TCP keeps for its part what the machines' buffers hold; beyond the lease of 10 s zenoh gives up the link, and that is gone.
    Proc::pause(Duration::from_secs(14));
    net.plug("pc", true);
    let counted = reader.read(Duration::from_secs(60), |c| c.missing > 0);
    let counted = Counted { ..reader.read(Duration::from_secs(60), |c| c.frames > counted.frames + 250) };
    eventually("what is missing is counted", || (lost(&key) == counted.missing).then_some(()));
    receiver.stop();
}

#[test]
fn a_relay_and_a_receiver_that_were_killed_carry_on() {
    needs_namespaces!();
    let net = Net::new(&["pi", "pc"]);
    let name = unique("net-killed");
    let _board = board(&net, "pi", &name, &[]);
    let first = relay(&net, "pi", &name, &["--listen", TCP]);
    let key = format!("pi/{name}");
    let connect = format!("tcp/{}:7447", net.address("pi"));
    let receiver = receive(&net, "pc", &key, &["--connect", &connect]);
    let mut reader = Reader::of(&key);
    reader.frames(100);
    first.kill();
    Proc::pause(Duration::from_secs(1));
    let _second = relay(&net, "pi", &name, &["--listen", TCP]);
    let counted = reader.frames(500);
    assert_eq!((counted.missing, lost(&key)), (0, 0), "the ring had it all: {counted:?}");
    // Another one waits until it can have the name.
    let second = receive(&net, "pc", &key, &["--connect", &connect]);
    second.says("cannot be published");
    receiver.kill();
    // The header is adopted, and its readers carry on; what came meanwhile is missing, as with any writer that was killed.
    // First comes what was left in the old ring.
    while reader.streams < 2 {
        reader.frames(1);
    }
    reader.frames(250);
    second.stop();
}

#[test]
fn a_router_that_was_killed_is_taken_again() {
    needs_namespaces!();
    let python = needs_python!("AXISMIRROR_ZENOH_PYTHON");
    let net = Net::new(&["pi", "pc"]);
    let name = unique("net-router");
    let _board = board(&net, "pi", &name, &[]);
    let program = script("tests/python/network/router.py");
    let start = || {
        let router = net.start("switch", &python, &[&program, TCP]);
        router.says("ready");
        router
    };
    let router = start();
    let connect = format!("tcp/{}:7447", net.address("switch"));
    let _relay = relay(&net, "pi", &name, &["--connect", &connect]);
    let key = format!("pi/{name}");
    let receiver = receive(&net, "pc", &key, &["--connect", &connect]);
    let mut reader = Reader::of(&key);
    reader.frames(100);
    router.kill();
    wait_for(&key, "the sender is silent", |i| i["adc"]["answers"] == false);
    let _router = start();
    let counted = reader.frames(1500);
    assert_eq!((counted.missing, lost(&key)), (0, 0), "{counted:?}");
    receiver.stop();
}

#[test]
fn a_change_of_the_stream_is_one_here_too() {
    needs_namespaces!();
    let net = Net::new(&["pi", "pc"]);
    let name = unique("net-change");
    let _board = board(&net, "pi", &name, &[]);
    let relay = relay(&net, "pi", &name, &["--listen", TCP]);
    let key = format!("pi/{name}");
    let receiver = receive(&net, "pc", &key, &["--connect", &format!("tcp/{}:7447", net.address("pi"))]);
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
    let connect = format!("tcp/{}:7447", net.address("pi"));
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

/// Many boxes to one machine, found without any configuration.
#[test]
fn boxes_are_found_and_received_by_themselves() {
    needs_namespaces!();
    let net = Net::new(&["one", "two", "three", "pc"]);
    let names = ["one", "two", "three"].map(|machine| (machine, unique(&format!("net-{machine} #1"))));
    let mut running: Vec<Proc> = Vec::new();
    for (machine, name) in &names {
        running.push(board(&net, machine, name, &[]));
        running.push(net.axismirror(machine, &["relay", name, "--box", machine]));
    }
    let list = || -> Vec<Value> {
        let found = net.output("pc", &["list", "--network", "--look-for", "3", "--json"]);
        serde_json::from_str(&found).unwrap()
    };
    let found = eventually("all three are found", || Some(list()).filter(|l| l.len() == 3));
    for (entry, machine) in found.iter().zip(["one", "three", "two"]) {
        assert_eq!((&entry["box"], &entry["state"], &entry["srate"]), (&machine.into(), &"live".into(), &250.0.into()));
        assert_eq!(entry["frame_shape"][0], 8);
        assert!(entry["key"].as_str().unwrap().starts_with(&format!("{machine}/net-{machine}%20%231-")));
    }
    let receiver = net.axismirror("pc", &["receive"]);
    for (machine, name) in &names {
        let counted = Reader::of(&format!("{machine}/{name}")).frames(300);
        assert_eq!(counted.missing, 0);
    }
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
    let receiver = receive(&net, "pc", &key, &["--connect", &format!("tcp/{}:7447", net.address("pi"))]);
    let i = wait_for(&key, "clocks are compared", |i| i["received"]["clock_offset_s"].is_number());
    let (offset, error) =
        (i["received"]["clock_offset_s"].as_f64().unwrap(), i["received"]["clock_error_s"].as_f64().unwrap());
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

/// The plain subscriber of the examples, which knows the format from its description alone.
#[test]
fn a_plain_python_subscriber_decodes_the_chunks() {
    needs_namespaces!();
    let python = needs_python!("AXISMIRROR_ZENOH_PYTHON");
    let net = Net::new(&["pi", "pc"]);
    let name = unique("net-python");
    let _board = board(&net, "pi", &name, &["--labels", "a,b,c,d,e,f,g,h"]);
    let _relay = relay(&net, "pi", &name, &["--listen", TCP]);
    let connect = format!("tcp/{}:7447", net.address("pi"));
    let example = script("examples/python/zenoh_subscriber.py");
    let mut subscriber =
        net.start("pc", &python, &[&example, &format!("pi/{name}"), "--connect", &connect, "--frames", "500", "--csv"]);
    let status = subscriber.ends();
    assert!(status.success(), "{}", subscriber.log());
    let log = subscriber.log();
    let mut lines = log.lines();
    assert_eq!(lines.next(), Some("frame,time,a,b,c,d,e,f,g,h"), "{log}");
    let mut counted = Counted::default();
    for line in lines {
        let fields: Vec<f64> = line.split(',').map(|f| f.parse().unwrap()).collect();
        let samples: Vec<i32> = fields[2..].iter().map(|v| *v as i32).collect();
        counted.frame(&samples, fields[1], 250.0);
    }
    assert!(counted.frames >= 500 && counted.missing == 0, "{counted:?}");
}

/// Whoever is on the network can send anything.
#[test]
fn strangers_messages_do_no_harm() {
    needs_namespaces!();
    let python = needs_python!("AXISMIRROR_ZENOH_PYTHON");
    let net = Net::new(&["pi", "pc"]);
    let name = unique("net-stranger");
    let _board = board(&net, "pi", &name, &[]);
    let _relay = relay(&net, "pi", &name, &["--listen", TCP]);
    let key = format!("pi/{name}");
    let connect = format!("tcp/{}:7447", net.address("pi"));
    let limits = ["--max-streams", "3", "--max-ring-bytes", "100000"];
    let receiver = receive(&net, "pc", "*/*", &[&["--connect", &connect], &limits[..]].concat());
    let mut reader = Reader::of(&key);
    reader.frames(100);
    let stranger = net.start("switch", &python, &[&script("tests/python/network/stranger.py"), &connect, &key]);
    stranger.says("done");
    reader.frames(500);
    let huge = format!("stranger/{name}");
    let i = wait_for(&huge, "a stranger's stream", |i| i["frames"]["published"].as_u64() > Some(0));
    // 4 bytes a sample and 8 of its time.
    assert_eq!(i["description"]["n_frames"], 100_000 / 12);
    assert_eq!(i["static_metadata"], Value::Null, "a stranger's pickle is not published");
    let log = receiver.stop();
    assert!(log.contains("no more than 3 streams") && log.contains("a message is not taken"), "{log}");
}
