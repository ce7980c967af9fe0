//! A file system that is full, in a /dev/shm of the test's own (and with control sockets of its own, which a network namespace has). Needs unshare(1) and the right to mount; says so where it is skipped.

mod common;

use std::process::Command;

use axismirror_core::header::Generation;
use axismirror_core::name::{SegmentName, StreamName};

/// What a shell script says in a /dev/shm with these options. `$AXM` is the program.
fn in_own_shm(options: &str, script: &str) -> Option<String> {
    let script = format!("mount -t tmpfs -o {options} tmpfs /dev/shm && {{ {script}\n}} 2>&1");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--net", "--", "sh", "-c", &script]).env("AXM", env!("CARGO_BIN_EXE_axismirror"));
    let output = command.output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    if errors.contains("unshare") || errors.contains("mount:") {
        println!("skipped: a private /dev/shm cannot be had here: {errors}");
        return None;
    }
    Some(String::from_utf8_lossy(&output.stdout).into_owned())
}

#[test]
fn a_start_that_does_not_fit_says_where_and_nothing_else() {
    let Some(said) = in_own_shm("size=64k", "$AXM run --simulate --name full --duration 1; ls -A /dev/shm") else {
        return;
    };
    let [line] = said.lines().collect::<Vec<_>>()[..] else { panic!("one line, and no file: {said}") };
    assert!(line.contains("/dev/shm has no room for a segment of 100000 bytes"), "{said}");
}

/// Until `$1` is in the log; never for ever.
const UNTIL: &str =
    "until_log() { n=0; until grep -qs \"$1\" $LOG || [ $((n += 1)) -gt 500 ]; do eval \"$2\"; sleep 0.02; done; }";

/// A stream loses a segment in a file system that has no room for another ring, and is given room afterwards. Its files at the end, and its log.
fn loses(segment: &SegmentName) -> Option<(String, String)> {
    let names = common::names(segment, common::user()).map(|path| path.to_str().unwrap().to_owned());
    let log = std::env::temp_dir().join(format!("{}.log", common::unique("full")));
    let script = format!(
        "LOG={log}; {UNTIL}
        $AXM run --simulate --name full --duration 60 2>$LOG & service=$!
        until_log publishing
        $AXM tail full -n 1 >/dev/null
        until_log 'all names of the segment' 'rm -f {names}'
        until_log 'cannot be replaced'
        kill -0 $service && echo lives
        mount -o remount,size=10m /dev/shm
        until_log 'in place of what was removed'
        $AXM tail full -n 1 >/dev/null && echo streams
        kill -TERM $service; wait $service; echo $?
        ls -A /dev/shm",
        log = log.display(),
        names = names.join(" "),
    );
    let said = in_own_shm("size=240k", &script);
    let said = said.map(|said| (said, std::fs::read_to_string(&log).unwrap()));
    let _ = std::fs::remove_file(&log);
    said
}

#[test]
fn a_replacement_that_does_not_fit_waits_for_room() {
    let name = StreamName::new("full").unwrap();
    for segment in [name.data(Generation::from_number(0)), name.header()] {
        let Some((said, log)) = loses(&segment) else { return };
        assert_eq!(said, "lives\nstreams\n0\n", "{log}");
        assert!(log.contains("cannot be replaced: /dev/shm has no room for a segment of 100000 bytes"), "{log}");
        // However often it was tried.
        assert_eq!(log.matches("cannot be replaced").count(), 1, "{log}");
    }
}
