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
        common::skipped(&format!("a private /dev/shm cannot be had here: {errors}"));
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

/// A stream in a file system that is full to the last byte, or whose free memory others take and give back all the time; what `after` says of it. `fill`
/// comes when it has had frames for a while. `$N` is the generation of its ring.
fn in_full_shm(size: &str, fill: &str, after: &str) -> Option<(String, String)> {
    let log = std::env::temp_dir().join(format!("{}.log", common::unique("fullest")));
    let script = format!(
        "LOG={log}; {UNTIL}
        $AXM run --simulate --name full --duration 60 2>$LOG & service=$!
        until_log publishing
        number() {{ $AXM info full --json | sed -n \"s/.*\\\"$1\\\": \\([0-9]*\\).*/\\1/p\"; }}
        n=0; until [ $(number published_ever) -gt 100 ] || [ $((n += 1)) -gt 500 ]; do sleep 0.02; done
        {fill}
        {after}
        kill -TERM $service; wait $service; echo $?",
        log = log.display(),
    );
    let said = in_own_shm(&format!("size={size}"), &script);
    let said = said.map(|said| (said, std::fs::read_to_string(&log).unwrap()));
    let _ = std::fs::remove_file(&log);
    said
}

/// First frame that the ring has, its generation, and how many frames were lost.
const HOW: &str = "echo first $($AXM tail full -n 100000 --format csv | sed -n '2s/,.*//p') generation $(number generation) lost $(number frames_lost)";

/// The new gain needs other static metadata beside a ring that is as long: one page more than there is.
#[test]
fn a_change_that_does_not_fit_leaves_the_stream_as_it_was() {
    let fill = "head -c 10M /dev/zero 2>/dev/null >/dev/shm/fill";
    let after = format!("$AXM set full gain=2 || echo refused; {HOW}");
    let Some((said, log)) = in_full_shm("400k", fill, &after) else { return };
    assert!(said.contains("has no room for a segment of") && said.contains("refused\n"), "{said}{log}");
    assert!(said.ends_with("first 0 generation 0 lost 0\n0\n"), "{said}{log}");
}

#[test]
fn a_ring_that_fits_in_the_place_of_the_old_one_is_made_there() {
    let fill = "head -c 10M /dev/zero 2>/dev/null >/dev/shm/fill";
    let after = format!("$AXM set full buf_dur=5 && {HOW}");
    let Some((said, log)) = in_full_shm("400k", fill, &after) else { return };
    assert!(said.contains("changed: buf_dur=5") && said.contains("generation 1 lost 0\n0\n"), "{said}{log}");
}

/// Somebody fills what is free and gives it back, again and again. A reader keeps the old ring: a new one has to fit beside it.
#[test]
fn memory_that_others_take_during_a_change_costs_the_stream_nothing() {
    let fill = "$AXM tail full --follow >/dev/null 2>&1 & tail=$!
        { while :; do head -c 10M /dev/zero 2>/dev/null >/dev/shm/fill; sleep 0.04; rm -f /dev/shm/fill; sleep 0.03; done; } & hog=$!";
    let after = "for i in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
            before=$(number generation)
            if $AXM set full buf_dur=$((5 + i % 2)) >/dev/null 2>&1; then echo changed; else
                [ \"$(number generation)\" = \"$before\" ] && echo refused || echo \"refused, and another ring: $before\"
            fi
        done
        kill $hog; kill $tail; rm -f /dev/shm/fill
        echo lost $(number frames_lost)";
    let Some((said, log)) = in_full_shm("400k", fill, after) else { return };
    assert!(said.contains("lost 0\n0\n") && !said.contains("another ring"), "{said}{log}");
    // Otherwise this has tried nothing.
    assert!(said.contains("changed") && said.contains("refused"), "{said}");
    assert!(!log.contains("no ring"), "{log}");
}

/// A picture that does not fit: nothing of it is left, and what has had its name is as it was.
#[test]
fn a_picture_is_whole_or_not_there() {
    let log = std::env::temp_dir().join(format!("{}.log", common::unique("full-plot")));
    let script = format!(
        "LOG={}; {UNTIL}
        $AXM run --simulate --name full --duration 60 2>$LOG & service=$!
        until_log publishing
        $AXM tail full --follow -n 100 >/dev/null
        disk=$(mktemp -d); mount -t tmpfs -o size=8k tmpfs $disk; echo before > $disk/old.png
        for file in new.svg new.png old.png; do $AXM plot full -o $disk/$file; echo \"status $?\"; done
        echo left: $(ls -A $disk) $(cat $disk/old.png)
        umount $disk; rmdir $disk; kill -TERM $service; wait $service",
        log.display()
    );
    let Some(said) = in_own_shm("size=240k", &script) else { return };
    let _ = std::fs::remove_file(&log);
    assert_eq!(said.matches("cannot be written\n  because: No space left on device").count(), 3, "{said}");
    assert!(said.matches("status 1").count() == 3 && said.contains("left: old.png before"), "{said}");
}
