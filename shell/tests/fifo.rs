//! Named pipes where files are expected: nobody waits for a writer, and the error says what is wrong.

mod common;

use std::path::{Path, PathBuf};

use common::{Service, run, set, unique, wait_for};
use rustix::fs::{CWD, FileType, Mode, mknodat};

/// A FIFO that nobody writes into.
fn fifo(name: &str) -> PathBuf {
    let path = std::env::temp_dir().join(unique(name));
    mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
    path
}

fn text(path: &Path) -> &str {
    path.to_str().unwrap()
}

#[test]
fn a_fifo_is_no_settings_file_no_board_file_and_no_recording() {
    let path = fifo("fifo-files.toml");
    let file = text(&path);
    for (args, status) in [
        (&["run", file][..], 2),
        (&["run", file, "--print-settings"], 2),
        (&["boards", file], 2),
        (&["run", "--simulate", "--board", file], 2),
        (&["run", "--simulate", "--name", &unique("fifo-recording"), "--file", file], 1),
    ] {
        let (found, _, errors) = run(args);
        assert_eq!(found, Some(status), "{args:?}: {errors}");
        assert!(errors.contains("a FIFO") && errors.contains(file), "{args:?}: {errors}");
    }
    std::fs::remove_file(path).unwrap();
}

/// The acquisition goes on as it was.
#[test]
fn a_running_stream_does_not_wait_for_a_fifo() {
    let (path, name) = (fifo("fifo-change"), unique("fifo-change"));
    let file = std::env::temp_dir().join(unique("fifo-recording.csv"));
    std::fs::write(&file, "1,2\n3,4\n").unwrap();
    let service = Service::start(&name, &["--file", text(&file)]);
    let frames = |i: &serde_json::Value| i["frames"]["published"].as_u64();
    let before = frames(&wait_for(&name, "frames come", |i| frames(i) > Some(0)));
    let refused = set(&name, &[&format!("simulate.file={}", text(&path))]).0.unwrap_err();
    assert!(refused.contains("a FIFO"), "{refused}");
    wait_for(&name, "frames go on", |i| frames(i) > before);
    service.stop();
    for path in [path, file] {
        std::fs::remove_file(path).unwrap();
    }
}
