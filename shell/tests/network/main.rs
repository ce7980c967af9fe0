//! Streams between machines that are network namespaces: `cargo xtask network`.
//!
//! Each stream has the signal `counter`, whose samples are their own numbers: what comes out of the receiver's ring is held against what that signal
//! is defined to be, not against what went in. Without root or iproute2 each test says so and is over; those with Python need it too.

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

#[path = "../common/mod.rs"]
mod common;
mod counter;
mod links;
mod net;
mod others;
mod processes;
mod same;

use common::{eventually, info, unique, wait_for};
use counter::{Counted, Reader};
use net::{Net, Proc};

/// Channels of the board that all tests simulate.
const CHANNELS: usize = 8;
/// Where relays listen.
const TCP: &str = "tcp/0.0.0.0:7447";

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

/// A relay on `pi`, a receiver on `pc`, and what the stream is called there.
fn link(net: &Net, name: &str) -> (Proc, Proc, String) {
    let relay = relay(net, "pi", name, &["--listen", TCP]);
    let key = format!("pi/{name}");
    let receiver = receive(net, "pc", &key, &["--connect", &net.tcp("pi")]);
    (relay, receiver, key)
}

/// What is to be added to the times of a received stream, and how wrong that may be, in seconds.
fn clock_offset(key: &str) -> (f64, f64) {
    let i = wait_for(key, "clocks are compared", |i| i["received"]["clock_offset_s"].is_number());
    (i["received"]["clock_offset_s"].as_f64().unwrap(), i["received"]["clock_error_s"].as_f64().unwrap())
}

fn lost(name: &str) -> i64 {
    info(name).unwrap()["health"]["frames_lost"].as_i64().unwrap()
}
