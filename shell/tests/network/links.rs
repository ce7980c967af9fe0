//! Bad and cut links: what comes late, and what does not come at all.

use std::time::Duration;

use super::*;

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
    let (_relay, receiver, key) = link(&net, &name);
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

/// Who has what a relay keeps no longer.
#[derive(Clone, Copy)]
enum Recorded {
    /// A recording of the sender's stream that is still written, with such an ending.
    As(&'static str),
    Nowhere,
}

/// A link that is cut for longer than ring and relay remember, and healed: what a reader of the received stream saw, and what its recorder wrote.
fn a_long_cut(test: &str, recorded: Recorded, keep_s: u64, cut_s: u64) -> (Counted, String) {
    let net = Net::new(&["pi", "pc"]);
    let name = unique(test);
    // A small ring, here as there.
    let _board = board(&net, "pi", &name, &["--buf-dur", "2"]);
    let keep = keep_s.to_string();
    let mut flags = vec!["--listen", TCP, "--keep", &keep];
    let file = std::env::temp_dir().join(format!("{name}-there"));
    let mut recorder = None;
    let path = match recorded {
        Recorded::As(ending) => file.with_extension(ending).display().to_string(),
        Recorded::Nowhere => String::new(),
    };
    if let Recorded::As(_) = recorded {
        recorder = Some(net.axismirror("pi", &["record", &name, "-o", &path]));
        eventually("there is a recording", || std::fs::metadata(&path).ok());
        flags.extend(["--recording", &path]);
    }
    let _relay = relay(&net, "pi", &name, &flags);
    let key = format!("pi/{name}");
    let receiver = receive(&net, "pc", &key, &["--connect", &net.tcp("pi")]);
    wait_for(&key, "frames come", |i| i["frames"]["published"].as_u64() > Some(0));
    let here = std::env::temp_dir().join(format!("{name}-here.csv")).display().to_string();
    let recorder_here = net.axismirror("pc", &["record", &key, "-o", &here]);
    let mut reader = Reader::of(&key);
    reader.frames(250);
    eventually("there is a recording here", || std::fs::metadata(&here).ok());
    net.plug("pc", false);
    // TCP keeps for its part what the machines' buffers hold; beyond the lease of 10 s zenoh gives up the link, and that is gone.
    Proc::pause(Duration::from_secs(cut_s));
    net.plug("pc", true);
    let cut = 250 * i64::try_from(cut_s).unwrap();
    let counted = reader.read(Duration::from_secs(90), |c| c.frames + c.missing > cut + 1500);
    eventually("what is missing is counted", || (lost(&key) == counted.missing).then_some(()));
    recorder_here.stop();
    receiver.stop();
    drop(recorder);
    let text = std::fs::read_to_string(&here).unwrap();
    for path in [path, here] {
        let _ = std::fs::remove_file(path);
    }
    (counted, text)
}

/// Frames of a CSV of the counter: each has to follow the one before.
fn are_in_a_row(csv: &str) -> usize {
    let rows = csv.lines().filter(|line| line.starts_with(|c: char| c.is_ascii_digit()));
    let first_samples: Vec<i64> = rows.map(|row| row.split(',').nth(2).unwrap().parse().unwrap()).collect();
    for (i, pair) in first_samples.windows(2).enumerate() {
        assert_eq!(pair[1], pair[0] + CHANNELS as i64, "behind row {i}");
    }
    first_samples.len()
}

#[test]
fn what_nobody_has_any_more_is_a_gap_that_is_counted() {
    needs_namespaces!();
    let (counted, csv) = a_long_cut("net-gap", Recorded::Nowhere, 3, 14);
    assert!(counted.missing > 500, "{counted:?}");
    assert!(csv.contains("# gap: "), "a recorder is told, too");
}

#[test]
fn a_link_that_was_cut_for_long_costs_nothing_with_a_recording() {
    needs_namespaces!();
    let (counted, csv) = a_long_cut("net-csv", Recorded::As("csv"), 3, 20);
    assert_eq!(counted.missing, 0, "{counted:?}");
    assert!(are_in_a_row(&csv) > 250 * 20);
    assert!(!csv.contains("# gap: "));
}

/// Rows of Parquet wait for the file for some seconds; the relay keeps them so long.
#[test]
fn a_recording_with_a_footer_is_read_while_it_is_written() {
    needs_namespaces!();
    let (counted, csv) = a_long_cut("net-parquet", Recorded::As("parquet"), 20, 40);
    assert_eq!(counted.missing, 0, "{counted:?}");
    assert!(are_in_a_row(&csv) > 250 * 40);
}

/// A recording that gives other frames is an error, before anything is sent.
#[test]
fn a_recording_of_another_run_is_refused() {
    needs_namespaces!();
    let net = Net::new(&["pi"]);
    let name = unique("net-other-run");
    let path = std::env::temp_dir().join(format!("{name}.csv")).display().to_string();
    let first = board(&net, "pi", &name, &[]);
    net.output("pi", &["record", &name, "-o", &path, "--seconds", "1"]);
    // Of the run that is there it is taken.
    relay(&net, "pi", &name, &["--recording", &path]).stop();
    first.stop();
    let _second = board(&net, "pi", &name, &[]);
    let mut relay = net.axismirror("pi", &["relay", &name, "--no-multicast", "--recording", &path]);
    assert_eq!(relay.ends().code(), Some(2));
    assert!(relay.log().contains("is of another run of"), "{}", relay.log());
    let bdf = path.replace(".csv", ".bdf");
    net.output("pi", &["record", &name, "-o", &bdf, "--seconds", "4"]);
    let mut relay = net.axismirror("pi", &["relay", &name, "--no-multicast", "--recording", &bdf]);
    assert_eq!(relay.ends().code(), Some(2));
    assert!(relay.log().contains("keeps not the number and the time of each frame"), "{}", relay.log());
    for path in [path, bdf] {
        let _ = std::fs::remove_file(path);
    }
}
