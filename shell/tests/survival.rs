//! What one process, one user or one full file system can do to a stream, and that it survives.

mod common;

use std::path::Path;
use std::process::Command;

use axismirror_core::name::StreamName;
use common::{Service, eventually, info, run, unique};

fn header(name: &str) -> std::path::PathBuf {
    Path::new("/dev/shm").join(StreamName::new(name).unwrap().header().as_str())
}

#[test]
fn a_second_writer_is_refused_with_the_firsts_pid() {
    let name = unique("two-writers");
    let first = Service::start(&name, &["--signal", "counter"]);
    let pid = first.0.id();
    let before = info(&name).unwrap();
    for _ in 0..3 {
        let (status, _, errors) = run(&["run", "--simulate", "--name", &name, "--duration", "1"]);
        assert_eq!(status, Some(1), "{errors}");
        assert!(errors.contains(&format!("process {pid}")), "{errors}");
    }
    let after = info(&name).unwrap();
    for same in ["valid", "segment", "struct_version", "meta_generation"] {
        assert_eq!(before[same], after[same]);
    }
    assert_eq!(before["description"], after["description"]);
    let published = |i: &serde_json::Value| i["frames"]["published"].as_u64();
    eventually("it goes on", || info(&name).filter(|now| published(now) > published(&after)));
    first.stop();
}

#[test]
fn a_start_right_behind_a_kill_waits_until_the_killed_one_is_gone() {
    let name = unique("right-behind");
    // A process with a ring of 150 MB takes a while to be gone.
    let large = ["--board", "ads131m08", "--rate", "32000", "--buf-dur", "120"];
    let mut killed = Service::start(&name, &large);
    killed.0.kill().unwrap();
    // It has not been waited for.
    let (status, _, errors) = run(&["run", "--simulate", "--name", &name, "--duration", "0.1"]);
    assert_eq!(status, Some(0), "{errors}");
}

#[test]
fn names_that_a_reader_unlinks_come_back_and_are_counted() {
    let name = unique("unlinked");
    let service = Service::start(&name, &[]);
    let before = info(&name).unwrap()["health"]["names_healed"].as_u64().unwrap();
    for round in 1..=5 {
        std::fs::remove_file(header(&name)).unwrap();
        eventually("the name is back", || header(&name).exists().then_some(()));
        let healed = eventually("it is counted", || {
            info(&name).and_then(|i| i["health"]["names_healed"].as_u64()).filter(|n| *n >= before + round)
        });
        assert_eq!(healed, before + round);
    }
    service.stop();
    assert!(!header(&name).exists());
}

/// What `run` says in a /dev/shm of its own, mounted so, and what it leaves there; `None` where that cannot be had.
fn run_in(options: &str) -> Option<(String, String)> {
    let script = format!(
        "mount -t tmpfs -o {options} tmpfs /dev/shm && {{ \"$0\" -q run --simulate --name full --duration 1; echo $?; ls -A /dev/shm; }}"
    );
    let mut command = Command::new("unshare");
    // With a network namespace, so that no other test has the control socket.
    command.args(["--mount", "--net", "--", "sh", "-c", &script, env!("CARGO_BIN_EXE_axismirror")]);
    let output = command.output().unwrap();
    let text = |bytes| String::from_utf8_lossy(bytes).into_owned();
    let errors = text(&output.stderr);
    if errors.contains("unshare") || errors.contains("mount:") {
        common::skipped(&format!("a private /dev/shm cannot be had here: {errors}"));
        return None;
    }
    Some((text(&output.stdout), errors))
}

#[test]
fn a_full_file_system_is_an_error_that_says_how_much_is_needed() {
    // 8 channels x 4 bytes and a time for each of 2500 frames: 100 kB, where there are 64.
    let Some((left, errors)) = run_in("size=64k") else { return };
    assert!(errors.contains("no room for a segment of 100000 bytes") && errors.contains("bytes are free"), "{errors}");
    assert_eq!(left, "1\n", "it fails and leaves nothing");
}

#[test]
fn a_start_that_fails_half_way_leaves_nothing() {
    // A file, a folder and each further name count as an inode in a tmpfs: the start runs out of them later and later (tmpfs(5)).
    for inodes in 2..24 {
        let Some((left, errors)) = run_in(&format!("size=1m,nr_inodes={inodes}")) else { return };
        if left == "0\n" {
            assert!(inodes > 9, "the start did not fail often enough");
            return;
        }
        assert_eq!(left, "1\n", "{inodes} inodes: it fails and leaves nothing: {errors}");
    }
    panic!("it never starts");
}
