//! Relays, receivers and routers that were killed.

use std::time::Duration;

use super::*;

#[test]
fn a_relay_and_a_receiver_that_were_killed_carry_on() {
    needs_namespaces!();
    let net = Net::new(&["pi", "pc"]);
    let name = unique("net-killed");
    let _board = board(&net, "pi", &name, &[]);
    let first = relay(&net, "pi", &name, &["--listen", TCP]);
    let key = format!("pi/{name}");
    let connect = net.tcp("pi");
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
    let connect = net.tcp("switch");
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
