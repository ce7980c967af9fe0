//! A file system that is full, in a /dev/shm of the test's own. Needs unshare(1) and the right to mount; says so where it is skipped.

use std::process::Command;

/// What a shell script says in a /dev/shm with these options. `$AXM` is the program.
fn in_own_shm(options: &str, script: &str) -> Option<String> {
    let script = format!("mount -t tmpfs -o {options} tmpfs /dev/shm && {{ {script}\n}} 2>&1");
    let mut command = Command::new("unshare");
    command.args(["--mount", "--", "sh", "-c", &script]).env("AXM", env!("CARGO_BIN_EXE_axismirror"));
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
