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
        (&["set", "lab", "chunk=5", "buf_dur=2", "chunk=6"], "chunk is given twice: chunk=5 and chunk=6"),
        (
            &["run", "--simulate", "--buf-dur", "1e300"],
            "buf_dur = 1e300 is not possible; possible: up to 17179869.18 seconds",
        ),
        (&["man", "rum"], "`run`"),
        (&["nonsense"], "nonsense"),
    ] {
        let (status, out, errors) = run(args);
        assert_eq!((status, out.as_str()), (Some(2), ""), "{args:?}: {errors}");
        assert!(errors.contains(part), "{args:?}: {errors}");
    }
}

/// What each chip has is from its datasheet.
#[test]
fn faults_that_the_boards_chip_cannot_show_are_refused_with_what_it_can() {
    for (board, fault, part) in [
        ("mcp3008", "drdy-low@10", "MCP3008"),
        ("mcp3008", "missed-edge", "status-bit=0, data-bit=0 to 9, bus-error, miso-low, miso-high, unplugged"),
        ("mcp3208", "wrong-id=1", "data-bit=0 to 11"),
        ("mcp3208", "status-bit=1", "status-bit=0,"),
        ("max1111", "status-bit=2", "status-bit=0 to 1"),
        ("waveshare-adda", "status-bit=23", "status-bit=0 to 7"),
        ("waveshare-adda", "data-bit=24", "data-bit=0 to 23"),
        ("waveshare-adda", "wrong-id=0x10", "wrong-id=0 to 15"),
        ("ads131m04", "data-bit=96", "data-bit=0 to 95"),
        ("ads131m08", "status-bit=16", "status-bit=0 to 15"),
        ("pieeg8", "status-bit=24", "status-bit=0 to 23"),
        ("pieeg8", "data-bit=192", "missed-edge, dropped-edge, drdy-low, drdy-high"),
        ("pieeg8", "wrong-id=0x3e", "but not its own, 0x1e"),
        ("pieeg8", "bus-error@10:1", "pieeg8 has chip 0 alone"),
        ("pieeg16", "bus-error@10:2", "pieeg16 has the chips 0 and 1"),
        ("pieeg8", "bus-error@10x0", "KIND[=VALUE]"),
        ("pieeg8", "buss-error", "KIND[=VALUE]"),
    ] {
        for name in ["--faults", "--fault"] {
            let (status, out, errors) = run(&["run", "--simulate", "--board", board, name, fault, "--duration", "0.1"]);
            assert_eq!((status, out.as_str()), (Some(2), ""), "{board} {fault}: {errors}");
            assert!(errors.contains(part) && errors.contains(fault), "{board} {fault}: {errors}");
            assert!(!errors.contains("publishing"), "{errors}");
        }
    }
}

#[test]
fn faults_have_one_name() {
    let (_, help, _) = run(&["run", "--help"]);
    assert!(help.contains("--faults <FAULT>") && !help.contains("--fault "), "{help}");
    let args =
        ["run", "--simulate", "--faults", "miso-low@5,miso-high@9", "--faults", "bus-error@1", "--print-settings"];
    let (_, settings, _) = run(&args);
    assert!(settings.contains("\nfaults = [\"miso-low@5\", \"miso-high@9\", \"bus-error@1\"]\n"), "{settings}");
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
fn nothing_is_wider_than_the_terminal() {
    let name = format!("columns-with-a-name-that-is-longer-than-forty-columns-{}", std::process::id());
    let args = ["run", "--simulate", "--name", &name, "--rate", "1000", "--labels", "Fp1,Fp2,C3,C4,P7,P8,O1,O2"];
    let mut service = axismirror(&args).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
    let end = std::time::Instant::now() + std::time::Duration::from_secs(20);
    // Until there is all that it can show.
    while !run(&["info", &name]).1.contains("DRDY to readers") && std::time::Instant::now() < end {
        std::thread::sleep(std::time::Duration::from_millis(50));
    }
    let widest = |columns: usize, args: &[&str]| {
        let output = axismirror(args).env("COLUMNS", columns.to_string()).output().unwrap();
        // A machine without a board is a problem that the doctor ends with.
        assert!(output.status.success() || args == ["doctor"]);
        String::from_utf8(output.stdout).unwrap().lines().map(|l| l.chars().count()).max().unwrap()
    };
    for columns in [40, 60, 80, 120] {
        for args in [&["info", name.as_str()][..], &["boards", "pieeg16"], &["boards"], &["list"], &["doctor"]] {
            let found = widest(columns, args);
            assert!(found <= columns, "{args:?}: {found} in {columns}");
        }
    }
    assert!(widest(1000, &["info", &name]) > 80);
    // What goes into a pipe has a line for each stream and each board.
    let lines = |args: &[&str]| run(args).1.lines().count();
    assert_eq!(lines(&["boards"]), axismirror_boards::board::Board::all().len());
    let (_, list, _) = run(&["list"]);
    let line = list.lines().find(|line| line.starts_with(&name)).unwrap();
    assert!(line.contains(" v2 live ") && line.ends_with("samples a frame, i4"), "{line}");
    let _ = service.kill();
    let _ = service.wait();
    run(&["clean", &name]);
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
fn help_that_cannot_be_written_is_a_failure_and_help_that_nobody_reads_is_none() {
    for args in
        [&["--help"][..], &["run", "--help"], &["help", "run"], &["--version"], &["man"], &["completions", "zsh"]]
    {
        let full = std::fs::File::options().write(true).open("/dev/full").unwrap();
        let output = axismirror(args).stdout(full).stderr(Stdio::piped()).output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert!(
            errors.starts_with("error: standard output cannot be written\n  because: No space left"),
            "{args:?}: {errors}"
        );
        assert_eq!(output.status.code(), Some(1), "{args:?}");
        let (read, written) = std::io::pipe().unwrap();
        drop(read);
        let output = axismirror(args).stdout(written).stderr(Stdio::piped()).output().unwrap();
        assert_eq!((output.status.code(), &output.stderr[..]), (Some(0), &b""[..]), "{args:?}");
    }
}

#[test]
fn a_self_test_passes_or_says_what_was_lost() {
    let (status, out, errors) = run(&["selftest", "--simulate", "--board", "pieeg16"]);
    assert_eq!((status, errors.as_str()), (Some(0), ""), "{out}");
    assert!(out.contains("result    passed") && out.contains("Ch16"), "{out}");
    let (status, out, errors) = run(&["selftest", "--simulate", "--faults", "bus-error@300x5"]);
    assert_eq!(status, Some(1));
    assert!(out.contains("5 frames lost, 5 SPI errors") && errors.contains("self-test"), "{out}{errors}");
    assert_eq!(run(&["selftest", "--faults", "bus-error"]).0, Some(2));
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

#[cfg(not(feature = "network"))]
#[test]
fn what_needs_another_build_says_which() {
    for args in
        [&["relay"][..], &["receive", "bench3/*", "--name", "lab"], &["relay", "--help"], &["list", "--network"]]
    {
        let (status, _, errors) = run(args);
        assert_eq!(status, Some(2), "{args:?}: {errors}");
        assert!(errors.contains("--features network"), "{args:?}: {errors}");
    }
}
