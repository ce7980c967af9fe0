//! What systemd is told, through a socket in its place (sd_notify(3)).

mod common;

use std::os::unix::net::UnixDatagram;
use std::process::Stdio;

use common::{PATIENCE, axismirror, unique};

#[test]
fn ready_with_the_first_frames_then_signs_of_life_then_stopping() {
    let name = unique("systemd");
    let path = std::env::temp_dir().join(&name);
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(PATIENCE)).unwrap();
    let hear = || {
        let mut text = [0; 256];
        let len = socket.recv(&mut text).unwrap();
        String::from_utf8(text[..len].to_vec()).unwrap().trim().to_owned()
    };
    let mut service = axismirror(&["-q", "run", "--simulate", "--name", &name]);
    service.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "200000").stderr(Stdio::null());
    let service = common::Service(service.spawn().unwrap());
    // Signs of life may come while the ADC is being started.
    let first = std::iter::repeat_with(hear).find(|t| t != "WATCHDOG=1").unwrap();
    assert_eq!(first, "READY=1");
    assert!(common::info(&name).unwrap()["frames"]["published"].as_u64() > Some(0));
    assert_eq!((hear(), hear()), ("WATCHDOG=1".to_owned(), "WATCHDOG=1".to_owned()));
    service.signal("TERM");
    let last = std::iter::repeat_with(hear).find(|t| t != "WATCHDOG=1").unwrap();
    assert_eq!(last, "STOPPING=1");
    let (status, _) = service.ends();
    assert!(status.success());
    std::fs::remove_file(path).unwrap();
}
