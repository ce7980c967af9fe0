//! What others can make the service log as often as they like is logged at once, with who it was, and then seldom.

mod common;

use std::fs;
use std::io::{Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::UnixStream;
use std::process::{Command, Stdio};

use common::{Service, unique};

/// Users that no machine has.
const STRANGER: u32 = 61_235;
const TRIES: usize = 20;

/// One line of this kind, which says who it was.
fn once(log: &str, what: &str, who: &str) {
    let lines: Vec<_> = log.lines().filter(|l| l.contains(what)).collect();
    assert!(matches!(lines[..], [line] if line.contains(who)), "{what:?} is to be there once, with {who:?}: {log}");
}

#[test]
fn messages_that_mean_nothing_to_the_life_cycle_channel() {
    let name = unique("flood-conn");
    let path = std::env::temp_dir().join(format!("{name}.sock"));
    let service = Service::start(&name, &["--conn", path.to_str().unwrap()]);
    // As Python's multiprocessing.connection sends "hi": four bytes of length, then a pickle.
    let pickle = b"\x80\x03X\x02\x00\x00\x00hi.";
    let message = [&u32::try_from(pickle.len()).unwrap().to_be_bytes()[..], pickle].concat();
    let garbage = b"\x00\x00\x00\x01?".repeat(TRIES);
    let mut client = UnixStream::connect(&path).unwrap();
    client.write_all(&message.repeat(TRIES)).unwrap();
    for _ in 0..TRIES {
        let mut client = UnixStream::connect(&path).unwrap();
        let _ = client.write_all(&garbage);
        // Until it is given up.
        let _ = client.read_to_end(&mut Vec::new());
    }
    drop(client);
    let log = service.stop();
    let me = format!("process {} of user {}", std::process::id(), common::user());
    once(&log, "conn: refused", &me);
    once(&log, "client given up", &me);
}

#[test]
fn requests_of_another_user() {
    let name = unique("flood-control");
    let dir = std::env::temp_dir().join(format!("axismirror-{name}"));
    fs::create_dir_all(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o755)).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_axismirror"), dir.join("axismirror")).unwrap();
    let user = [format!("--reuid={STRANGER}"), format!("--regid={STRANGER}"), "--clear-groups".to_owned()];
    let set = || {
        let mut command = Command::new("setpriv");
        command.args(&user).arg("--").arg(dir.join("axismirror")).args(["set", &name, "buf_dur=5"]);
        command.current_dir("/").stdin(Stdio::null()).output()
    };
    let service = Service::start(&name, &[]);
    let refused = set().is_ok_and(|o| String::from_utf8_lossy(&o.stderr).contains("another user"));
    if refused {
        (1..TRIES).for_each(|_| drop(set()));
    } else {
        common::skipped("needs root and setpriv");
    }
    let log = service.stop();
    fs::remove_dir_all(&dir).unwrap();
    if refused {
        once(&log, "request of another user", &format!("user {STRANGER}"));
    }
}
