//! Many boxes, other programs, and strangers.

use serde_json::Value;

use super::*;

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

/// The plain subscriber of the examples, which knows the format from its description alone.
#[test]
fn a_plain_python_subscriber_decodes_the_chunks() {
    needs_namespaces!();
    let python = needs_python!("AXISMIRROR_ZENOH_PYTHON");
    let net = Net::new(&["pi", "pc"]);
    let name = unique("net-python");
    let _board = board(&net, "pi", &name, &["--labels", "a,b,c,d,e,f,g,h"]);
    let _relay = relay(&net, "pi", &name, &["--listen", TCP]);
    let connect = net.tcp("pi");
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
    let connect = net.tcp("pi");
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
