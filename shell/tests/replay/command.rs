//! The command: how it begins, what it refuses, how it ends.

use rustix::process::{Pid, Signal, kill_process};

use crate::common::{axismirror, eventually, info, run, unique, wait_for};
use crate::play::data;

fn file(name: &str) -> String {
    data(name).to_string_lossy().into_owned()
}

#[test]
fn a_signal_ends_it_cleanly_and_removes_the_stream() {
    for signal in [Signal::INT, Signal::TERM, Signal::HUP] {
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
fn rate_and_length_are_those_that_are_played() {
    let path = std::env::temp_dir().join(format!("axismirror-{}.csv", unique("without-times")));
    std::fs::write(&path, format!("a,b\n{}", "1.0,2.0\n".repeat(30))).unwrap();
    let play = |more: &[&str]| {
        let file = path.to_string_lossy();
        run(&[&["replay", &file, "--name", &unique("replay-rate"), "--speed", "max"], more].concat())
    };
    let (status, _, errors) = play(&["--rate", "10"]);
    assert_eq!(status, Some(0), "{errors}");
    // 30 frames at 10 Hz.
    assert!(errors.contains("2 channels, 10 Hz, ") && errors.contains("played 3.000 s with 30 frames"), "{errors}");
    let (status, _, errors) = play(&[]);
    assert!(status == Some(2) && errors.contains("its channels are a, b; give the rate (--rate HZ)"), "{errors}");
    for rate in ["1e-7", "1e10", "0", "nan"] {
        let (status, _, errors) = play(&["--rate", rate]);
        assert!(status == Some(2) && errors.contains("1e-6 to 1e9 Hz"), "{rate}: {errors}");
    }
    std::fs::remove_file(&path).unwrap();
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

#[test]
fn a_file_that_is_damaged_farther_on_is_named_where_it_ends() {
    let path = std::env::temp_dir().join(format!("axismirror-{}.csv", unique("damaged")));
    let rows: String = (0..4000).map(|row| format!("{row}\n")).collect();
    std::fs::write(&path, format!("# rate: 1000\na\n{rows}x\n")).unwrap();
    let (status, _, errors) =
        run(&["replay", &path.to_string_lossy(), "--name", &unique("replay-damaged"), "--speed", "max"]);
    std::fs::remove_file(&path).unwrap();
    let expected = format!("error: recording {} cannot be played to its end", path.display());
    assert!(status == Some(1) && errors.contains(&expected), "{errors}");
    assert!(errors.contains("because: line 4003, field 1 (a): `x` is not a number"), "{errors}");
}

/// The libraries for these containers meet some damage with a panic: nobody sees one, and the file is named.
#[cfg(feature = "parquet")]
#[test]
fn damaged_columns_are_errors_with_the_files_name() {
    let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../fuzz/corpus/recording");
    let name = unique("replay-columns");
    let mut refused = 0;
    for (file, most) in [("ours-f4.parquet", 12), ("ours-b1.arrow", 12)] {
        let whole = std::fs::read(seeds.join(file)).unwrap();
        let path = std::env::temp_dir().join(format!("axismirror-{name}-{file}"));
        // Behind the magic, which tells the format, and up to the footer's length.
        for at in (8..whole.len() - 4).step_by(whole.len() / most) {
            let mut bytes = whole.clone();
            bytes[at..at + 4].fill(0xff);
            std::fs::write(&path, bytes).unwrap();
            let (status, _, errors) = run(&["replay", &path.to_string_lossy(), "--name", &name, "--speed", "max"]);
            assert!(!errors.contains("panicked"), "{file} {at}: {errors}");
            let is_named = errors.contains(&format!("error: recording {} cannot be", path.display()));
            assert!(
                status == Some(0) || status == Some(1) && is_named && errors.contains("because: "),
                "{file} {at}: {errors}"
            );
            refused += u32::from(status == Some(1));
        }
        std::fs::remove_file(&path).unwrap();
    }
    assert!(refused > 5, "{refused}");
}
