//! The command as a process: exit status, what goes to which output, and an output that goes away.

use std::io::Read;
use std::process::{Command, Output, Stdio};

fn axismirror(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_axismirror"));
    command.args(args).env_remove("AXISMIRROR_LOG");
    command
}

fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = axismirror(args).output().unwrap();
    (status.code(), String::from_utf8(stdout).unwrap(), String::from_utf8(stderr).unwrap())
}

#[test]
fn prints_settings_that_it_reads_back() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/settings.example.toml");
    let (status, first, errors) = run(&["run", file, "--rate", "500", "--buf_dur=2", "--print-settings"]);
    assert_eq!((status, errors.as_str()), (Some(0), ""));
    assert!(first.contains("\nrate = 500.0\n") && first.contains("\nbuf_dur = 2.0\n"), "{first}");
    let again = std::env::temp_dir().join(format!("axismirror-printed-{}.toml", std::process::id()));
    std::fs::write(&again, &first).unwrap();
    let (_, second, _) = run(&["run", again.to_str().unwrap(), "--print-settings"]);
    std::fs::remove_file(&again).unwrap();
    assert_eq!(first, second);
}

#[test]
fn wrong_use_is_status_2_and_says_what_would_be_right() {
    for (args, part) in [
        (&["run", "--buf-dur", "0"][..], "greater than 0"),
        (&["run", "--signal", "eeg"], "hint: add --simulate"),
        (&["run", "no-such-file.toml"], "because: No such file"),
        (&["run", "--bufdur", "3"], "--buf-dur"),
        (&["set", "lab", "bufdur=3"], "`buf_dur`"),
        (&["set", "lab", "board=x"], "hint: stop the stream"),
        (&["man", "rum"], "`run`"),
        (&["nonsense"], "nonsense"),
    ] {
        let (status, out, errors) = run(args);
        assert_eq!((status, out.as_str()), (Some(2), ""), "{args:?}: {errors}");
        assert!(errors.contains(part), "{args:?}: {errors}");
    }
}

#[test]
fn completions_and_man_pages_are_there() {
    for shell in ["bash", "zsh", "fish"] {
        let (status, out, _) = run(&["completions", shell]);
        assert!(status == Some(0) && out.contains("buf-dur"), "{shell}");
    }
    assert!(run(&["man"]).1.contains(".TH axismirror 1"));
}

#[test]
fn a_reader_that_goes_away_is_no_failure() {
    let mut child = axismirror(&["completions", "bash"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stdout.take());
    let mut errors = String::new();
    child.stderr.take().unwrap().read_to_string(&mut errors).unwrap();
    assert_eq!((child.wait().unwrap().code(), errors.as_str()), (Some(0), ""));
}

#[test]
fn a_self_test_passes_or_says_what_was_lost() {
    let (status, out, errors) = run(&["selftest", "--simulate", "--board", "pieeg16"]);
    assert_eq!((status, errors.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("result    passed") && out.contains("Ch16"), "{out}");
    let (status, out, errors) = run(&["selftest", "--simulate", "--fault", "bus-error@300x5"]);
    assert_eq!(status, Some(1));
    assert!(out.contains("5 frames lost, 5 SPI errors") && errors.contains("self-test"), "{out}{errors}");
    assert_eq!(run(&["selftest", "--fault", "bus-error"]).0, Some(2));
    assert_eq!(run(&["selftest", "--simulate", "--rate", "123"]).0, Some(2));
}

/// Whatever this machine has: the report is whole, and its exit status fits it.
#[test]
fn a_doctor_examines_any_machine() {
    let (status, out, errors) = run(&["doctor", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&out).unwrap();
    let problems = report["problems"].as_u64().unwrap();
    assert_eq!(status, Some(i32::from(problems > 0)), "{errors}");
    for finding in report["findings"].as_array().unwrap() {
        assert_eq!(finding["severity"] == "ok", finding["mend"].is_null(), "{finding}");
    }
    assert_eq!(run(&["doctor", "--board", "pieg8"]).0, Some(2));
}

#[test]
fn a_board_that_is_not_there_is_named_with_what_to_do() {
    if std::path::Path::new("/dev/spidev0.0").exists() {
        return;
    }
    let name = format!("no-board-{}", std::process::id());
    for command in [&["run", "--name", &name][..], &["selftest"]] {
        let (status, _, errors) = run(command);
        assert_eq!(status, Some(1), "{errors}");
        assert!(errors.contains("/dev/spidev0.0") && errors.contains("hint: "), "{errors}");
    }
    assert_eq!(run(&["info", &name]).0, Some(1));
}
