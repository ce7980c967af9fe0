//! Named pipes, and what else is none, where files are expected: nobody waits for a writer, and the error says what is wrong.

mod common;

use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use common::{Service, files, run, set, unique, user, wait_for};
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

/// In the place of a stream's header in /dev/shm: nothing waits for it, and what it is and what mends it is said.
#[test]
fn what_is_no_file_is_no_stream_and_is_named() {
    let name = unique("no-file");
    let header = &files(&name, user())[0];
    let path = text(header);
    let special = |kind| mknodat(CWD, header, kind, Mode::RUSR | Mode::WUSR, 0).unwrap();
    let kinds: [(&str, &str, &dyn Fn()); 4] = [
        ("a FIFO", "rm", &|| special(FileType::Fifo)),
        ("a socket", "rm", &|| special(FileType::Socket)),
        ("a symbolic link", "rm", &|| symlink("/etc/passwd", header).unwrap()),
        ("a folder", "rm -r", &|| std::fs::create_dir(header).unwrap()),
    ];
    for (what, removal, make) in kinds {
        make();
        let said = [
            &["info", &name][..],
            &["tail", &name],
            &["tail", &name, "--follow"],
            &["metrics", &name],
            &["run", "--simulate", "--name", &name, "--duration", "0.1"],
        ]
        .map(run);
        let removed = std::process::Command::new("rm").args(removal.split(' ').skip(1)).arg(header).status().unwrap();
        assert!(removed.success());
        let part = format!("{path} is {what} of user {}, not a regular file", user());
        for (status, _, errors) in said {
            assert_eq!(status, Some(1), "{errors}");
            assert!(errors.contains(&part) && errors.contains(&format!("({removal} {path})")), "{errors}");
        }
    }
}
