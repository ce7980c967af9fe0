//! `axismirror metrics`: what Prometheus' own reading of the text makes of it, against what `info` says.

mod common;

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::{Command, Stdio};

use axismirror_core::header::Generation;
use axismirror_core::name::StreamName;
use common::{Service, axismirror, eventually, info, run, unique, wait_for};
use serde_json::Value;

/// Parses the text with the prometheus_client package and prints its families as JSON: [name, type, [[sample, labels, value], ...]].
const PARSER: &str = "
import json, sys
from prometheus_client.parser import text_string_to_metric_families as families
print(json.dumps([[f.name, f.type, [[s.name, s.labels, s.value] for s in f.samples]] for f in families(sys.stdin.read())]))
";

/// The families by that parser, with the interpreter that `PROMETHEUS_PYTHON` names or `python3`; `None` where there is no such package.
fn parsed(text: &str) -> Option<Value> {
    let python = std::env::var("PROMETHEUS_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let mut python = Command::new(python);
    let python = python.args(["-c", PARSER]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut python = python.spawn().ok()?;
    python.stdin.take()?.write_all(text.as_bytes()).ok()?;
    let output = python.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("ModuleNotFoundError") {
        return None;
    }
    assert!(output.status.success(), "{errors}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

/// The value of the line that begins so.
fn value(text: &str, begin: &str) -> f64 {
    let line = text.lines().find(|l| l.starts_with(begin)).unwrap_or_else(|| panic!("no {begin} in\n{text}"));
    line.rsplit(' ').next().unwrap().parse().unwrap()
}

#[test]
fn the_counters_are_those_of_info_and_the_text_is_prometheus() {
    let name = unique("metrics");
    let flags = ["--rate", "1000", "--chunk", "10", "--faults", "bus-error@50x3", "--faults", "unplugged@100x100000"];
    let service = Service::start(&name, &flags);
    wait_for(&name, "the ADC is silent", |i| i["adc"]["answers"] == false);
    let (status, text, _) = run(&["metrics", &name]);
    assert_eq!(status, Some(0));
    let of = |metric: &str| value(&text, &format!("axismirror_{metric}{{stream=\"{name}\"}}"));
    assert_eq!(
        (of("up"), of("adc_answers"), of("bus_errors_total"), of("nominal_rate_hertz")),
        (1.0, 0.0, 3.0, 1000.0)
    );
    assert!(of("adc_silent_seconds") > 0.0 && of("ring_seconds") == 10.0);
    let latency = info(&name).unwrap()["timing"]["latency"].clone();
    // No frame comes any more.
    assert_eq!(of("latency_seconds_count"), latency["count"].as_f64().unwrap());
    assert_eq!(of("frames_published_total"), info(&name).unwrap()["frames"]["published_ever"].as_f64().unwrap());
    // Each family has its help, its type, and one place; buckets grow.
    for kind in text.lines().filter_map(|l| l.strip_prefix("# TYPE ")) {
        let (family, kind) = kind.split_once(' ').unwrap();
        assert_eq!(text.matches(&format!("# HELP {family} ")).count(), 1);
        assert_eq!(kind == "counter", family.ends_with("_total"), "{family}");
    }
    let buckets = text.lines().filter(|l| l.starts_with("axismirror_latency_seconds_bucket"));
    let counts: Vec<f64> = buckets.map(|l| l.rsplit(' ').next().unwrap().parse().unwrap()).collect();
    assert!(counts.is_sorted() && counts.last() == Some(&of("latency_seconds_count")), "{counts:?}");
    match parsed(&text) {
        None => println!("skipped: no prometheus_client"),
        Some(families) => {
            let families = families.as_array().unwrap();
            assert_eq!(families.len(), text.matches("# TYPE ").count());
            assert!(
                families
                    .iter()
                    .all(|f| f[1] != "unknown" && f[2].as_array().unwrap().iter().all(|s| s[1]["stream"] == *name))
            );
            assert!(families.iter().any(|f| f[0] == "axismirror_latency_seconds" && f[1] == "histogram"));
        }
    }
    service.stop();
    let (status, text, _) = run(&["metrics", &name]);
    assert_eq!((status, value(&text, &format!("axismirror_up{{stream=\"{name}\"}}"))), (Some(0), 0.0));
    assert!(!run(&["metrics"]).1.contains(&name));
}

/// The words are those of `list --help`; a series goes to 0 where its writer is no more, and ends with the stream.
#[test]
fn up_is_what_list_says() {
    let name = unique("metrics-up");
    let service = Service::start(&name, &[]);
    let says = |word: &str, up: &str| {
        eventually(&format!("the writer is {word}"), || {
            let list: Value = serde_json::from_str(&run(&["list", "--json"]).1).unwrap();
            let text = run(&["metrics"]).1;
            let is = |entry: &Value| entry["name"] == *name && entry["state"] == *word;
            let listed = list.as_array().unwrap().iter().any(is);
            (listed && text.contains(&format!("axismirror_up{{stream=\"{name}\"}} {up}\n"))).then_some(())
        });
    };
    says("live", "1");
    service.signal("STOP");
    says("stopped", "0");
    service.signal("CONT");
    says("live", "1");
    service.signal("KILL");
    drop(service);
    says("no writer", "0");
    Service::start(&name, &[]).stop();
    assert!(!run(&["metrics"]).1.contains(&name));
}

/// What a stranger has put there, as if it were written: a copy of a header under a name that is not its own, and a stream whose ring is none.
#[test]
fn strangers_streams_neither_double_nor_hide_others() {
    let name = unique("metrics-own");
    let service = Service::start(&name, &[]);
    let dir = Path::new("/dev/shm");
    let segments = |name: &str| {
        let name = StreamName::new(name).unwrap();
        [name.header(), name.data(Generation::from_number(0))].map(|segment| dir.join(segment.as_str()))
    };
    let [header, ring] = segments(&name);
    let bytes = std::fs::read(&header).unwrap();
    let copy = dir.join(format!("sm_{:B>20}", std::process::id()));
    std::fs::write(&copy, &bytes).unwrap();
    // A name as long as the other one's.
    let spoilt = name.replace("metrics-own", "metrics-bad");
    let [bad_header, bad_ring] = segments(&spoilt);
    let at = bytes.windows(name.len()).position(|w| w == name.as_bytes()).unwrap();
    let mut bad = bytes;
    bad[at..at + name.len()].copy_from_slice(spoilt.as_bytes());
    std::fs::write(&bad_header, bad).unwrap();
    std::fs::write(&bad_ring, [0; 10]).unwrap();
    let locks = [&copy, &bad_header].map(|path| {
        let file = std::fs::File::open(path).unwrap();
        file.lock().unwrap();
        file
    });
    let (status, text, errors) = run(&["metrics"]);
    drop(locks);
    for file in [copy, bad_header, bad_ring] {
        std::fs::remove_file(file).unwrap();
    }
    assert!(ring.exists());
    assert_eq!(status, Some(0), "{errors}");
    assert!(value(&text, &format!("axismirror_up{{stream=\"{name}\"}}")) > 0.0);
    assert!(value(&text, &format!("axismirror_up{{stream=\"{spoilt}\"}}")) < 1.0);
    let mut samples: Vec<&str> = text.lines().filter_map(|l| l.rsplit_once(' ')).map(|(sample, _)| sample).collect();
    let all = samples.len();
    samples.sort_unstable();
    samples.dedup();
    assert_eq!(samples.len(), all, "{text}");
    service.stop();
}

#[test]
fn a_scrape_over_the_loopback_interface_gets_the_same() {
    let name = unique("scrape");
    let service = Service::start(&name, &[]);
    // A port that was free a moment ago.
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let server = axismirror(&["metrics", "--listen", &address]).spawn().unwrap();
    let ask = |path: &str| {
        let mut client = eventually("it listens", || TcpStream::connect(&address).ok());
        write!(client, "GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n").unwrap();
        let mut answer = String::new();
        client.read_to_string(&mut answer).unwrap();
        answer
    };
    let answer = ask("/metrics");
    assert!(answer.starts_with("HTTP/1.0 200 OK\r\n") && answer.contains("text/plain; version=0.0.4"), "{answer}");
    assert!(answer.contains(&format!("axismirror_up{{stream=\"{name}\"}} 1\n")), "{answer}");
    assert!(ask("/").starts_with("HTTP/1.0 404 "));
    // Who connects and says nothing keeps nobody from it, and the server from nothing.
    let silent: Vec<_> = (0..8).map(|_| TcpStream::connect(&address).unwrap()).collect();
    assert!(ask("/metrics").starts_with("HTTP/1.0 200 OK\r\n"));
    Service(server).stop();
    drop(silent);
    service.stop();
}

/// A script's shell starts what it puts into the background with SIGINT ignored (POSIX, Shell Command Language, 2.11).
#[test]
fn a_signal_that_was_inherited_as_ignored_ends_it() {
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    let script = format!("trap '' INT; exec {} metrics --listen {address}", env!("CARGO_BIN_EXE_axismirror"));
    let server = Command::new("sh").args(["-c", &script]).stderr(Stdio::piped()).spawn().unwrap();
    let server = Service(server);
    eventually("it listens", || TcpStream::connect(&address).ok());
    server.signal("INT");
    let (status, errors) = server.ends();
    assert!(status.success(), "{status}: {errors}");
}
