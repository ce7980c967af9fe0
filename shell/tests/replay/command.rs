//! The command: how it begins, what it refuses, how it ends.

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{axismirror, eventually, info, run, unique, wait_for};
use crate::play::data;

fn file(name: &str) -> String {
    data(name).to_string_lossy().into_owned()
}

#[test]
fn a_signal_ends_it_cleanly_and_removes_the_stream() {
    for signal in [Signal::INT, Signal::TERM] {
        let name = unique("replay-signal");
        let mut child = axismirror(&["replay", &file("plain.edf"), "--name", &name, "--loop", "-q"]).spawn().unwrap();
        let seen = wait_for(&name, "frames", |i| i["frames"]["published"].as_u64().is_some_and(|n| n > 0));
        assert_eq!(seen["description"]["srate"], 100.0);
        assert_eq!(seen["static_metadata"]["attrs"]["recording"], "plain.edf");
        kill_process(Pid::from_child(&child), signal).unwrap();
        let status = eventually("its end", || child.try_wait().unwrap());
        assert!(status.success(), "{status}");
        assert_eq!((info(&name), info(&format!("{name}/events"))), (None, None));
    }
}

#[test]
fn it_ends_by_itself_and_says_what_it_played() {
    let name = unique("replay-once");
    let (status, out, errors) = run(&["replay", &file("plus.edf"), "--name", &name, "--speed", "max"]);
    assert_eq!((status, out.as_str()), (Some(0), ""), "{errors}");
    assert!(errors.contains("100 frames") && errors.contains("1 event\n"), "{errors}");
    assert!(errors.contains("Slow") && errors.contains("10 Hz"), "{errors}");
    assert_eq!(info(&name), None);
}

#[test]
fn wrong_use_is_told_from_files_that_are_none() {
    let edf = file("plus.edf");
    for (args, status, part) in [
        (&["replay", &edf, "--speed", "0"][..], 2, "greater than 0"),
        (&["replay", &edf, "--signals", "Oz"], 2, "no signal `Oz`"),
        (&["replay", &edf, "--mode", "0600", "--group", "audio"], 2, "group"),
        (&["replay", &edf, "--loop", "--original-times"], 2, "--original-times"),
        (&["replay", "/no/such/file.edf"], 1, "No such file"),
        (&["replay", "/dev/zero"], 1, "a device"),
        (&["replay", &file("make.py")], 1, "line"),
    ] {
        let (got, _, errors) = run(args);
        assert_eq!(got, Some(status), "{args:?}: {errors}");
        assert!(errors.contains(part), "{args:?}: {errors}");
    }
}
