//! The channel against raw sockets and against Python's own `multiprocessing.connection.Client`.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::PathBuf;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::mpsc::channel;
use std::time::Duration;

use super::*;

/// A bound on waiting for another thread or process, so that a broken one fails the test instead of hanging it.
const PATIENCE: Duration = Duration::from_secs(20);

fn path() -> PathBuf {
    static NUMBER: AtomicU32 = AtomicU32::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    std::env::temp_dir().join(format!("axismirror-conn-{}-{number}.sock", std::process::id()))
}

fn connect(path: &Path) -> UnixStream {
    let stream = UnixStream::connect(path).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// One message as text: length, then protocol 4's fixed 13 bytes, the text, MEMOIZE and STOP.
fn receive(stream: &mut UnixStream) -> Option<String> {
    let mut len = [0; 4];
    stream.read_exact(&mut len).ok()?;
    let mut payload = vec![0; u32::from_be_bytes(len) as usize];
    stream.read_exact(&mut payload).unwrap();
    Some(String::from_utf8(payload[13..payload.len() - 2].to_vec()).unwrap())
}

#[test]
fn every_event_arrives_in_order_and_close_is_the_last() {
    let path = path();
    let server = ConnServer::start(&path, Access::Owner, || {}).unwrap();
    let sender = server.sender();
    sender.send(Event::MetaReset);
    let mut client = connect(&path);
    assert_eq!(receive(&mut client).as_deref(), Some("meta reset"), "the state at the time of connecting");
    for event in Event::ALL {
        assert!(sender.send(event));
    }
    server.close();
    let rest: Vec<_> = std::iter::from_fn(|| receive(&mut client)).collect();
    let table = "meta cleanup,meta reset,buffer cleanup,begin update,meta updated,buffer reset,aux updated,close";
    assert_eq!(rest.join(","), table);
    assert!(!path.exists());
}

#[test]
fn the_socket_is_the_owners_alone_and_goes_with_the_server() {
    let path = path();
    let server = ConnServer::start(&path, Access::Owner, || {}).unwrap();
    assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o7777, 0o600);
    drop(server);
    assert!(!path.exists());
    let inner = path.clone();
    let panicked = std::thread::spawn(move || {
        let _server = ConnServer::start(&inner, Access::Owner, || {}).unwrap();
        panic!("on purpose");
    });
    assert!(panicked.join().is_err());
    assert!(!path.exists());
}

#[test]
fn takes_over_from_the_dead_but_not_from_the_living_nor_a_file() {
    let path = path();
    let first = ConnServer::start(&path, Access::Owner, || {}).unwrap();
    let error = ConnServer::start(&path, Access::Owner, || {}).unwrap_err();
    assert!(matches!(error, ConnError::Socket(SocketFileError::InUse { .. })), "{error:?}");
    // The first one is unharmed.
    first.sender().send(Event::MetaReset);
    assert_eq!(receive(&mut connect(&path)).as_deref(), Some("meta reset"));
    drop(first);

    drop(UnixListener::bind(&path).unwrap());
    assert!(path.exists(), "std leaves the file behind, as a killed process does");
    drop(ConnServer::start(&path, Access::Owner, || {}).unwrap());

    std::fs::write(&path, "precious").unwrap();
    let error = ConnServer::start(&path, Access::Owner, || {}).unwrap_err();
    assert!(matches!(error, ConnError::Socket(SocketFileError::NotASocket { .. })), "{error:?}");
    assert_eq!(std::fs::read_to_string(&path).unwrap(), "precious");
    std::fs::remove_file(&path).unwrap();

    for impossible in ["/no/such/folder/a.sock".to_owned(), format!("/tmp/{}", "x".repeat(200)), String::new()] {
        assert!(ConnServer::start(Path::new(&impossible), Access::Owner, || {}).is_err(), "{impossible:?}");
    }
}

#[test]
fn anothers_socket_is_not_removed_at_the_end() {
    let path = path();
    let server = ConnServer::start(&path, Access::Owner, || {}).unwrap();
    std::fs::remove_file(&path).unwrap();
    let other = UnixListener::bind(&path).unwrap();
    drop(server);
    assert!(path.exists());
    drop(other);
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn a_client_that_does_not_read_delays_nobody() {
    let path = path();
    let server = ConnServer::start(&path, Access::Owner, || {}).unwrap();
    let sender = server.sender();
    sender.send(Event::MetaReset);
    let deaf = connect(&path);
    let mut reader = connect(&path);
    assert_eq!(receive(&mut reader).as_deref(), Some("meta reset"));
    // More than any socket buffer and our queue hold together: 40,000 messages of 31 bytes and their bookkeeping.
    let mut sent = 0u32;
    for _ in 0..400 {
        for _ in 0..100 {
            sent += u32::from(sender.send(Event::BufferReset));
        }
        while sent > 0 {
            assert_eq!(receive(&mut reader).as_deref(), Some("buffer reset"));
            sent -= 1;
        }
    }
    // The deaf one was given up long ago: it finds the beginning, and then the end of the connection.
    let mut deaf = deaf;
    let got: Vec<_> = std::iter::from_fn(|| receive_or_end(&mut deaf)).collect();
    assert_eq!(got.first().map(String::as_str), Some("meta reset"));
    assert!(got.len() < 40_000, "all {} events were kept for it", got.len());
    drop(server);
    assert_eq!(receive(&mut reader).as_deref(), Some("close"));
}

/// As [`receive`], but a message cut by a hang-up is the end.
fn receive_or_end(stream: &mut UnixStream) -> Option<String> {
    let mut len = [0; 4];
    stream.read_exact(&mut len).ok()?;
    let mut payload = vec![0; u32::from_be_bytes(len) as usize];
    stream.read_exact(&mut payload).ok()?;
    Some(String::from_utf8(payload[13..payload.len() - 2].to_vec()).unwrap())
}

#[test]
fn quit_is_heard_and_nothing_else_is_obeyed() {
    let path = path();
    let (quit, quits) = channel();
    let server = ConnServer::start(&path, Access::Owner, move || quit.send(()).unwrap()).unwrap();
    let mut client = connect(&path);
    let mut send = |payload: &[u8]| {
        client.write_all(&(payload.len() as u32).to_be_bytes()).unwrap();
        client.write_all(payload).unwrap();
    };
    send(b"cos\nsystem\n(S'true'\ntR.");
    send(b"\x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00\x8c\x04stop\x94.");
    send(b"");
    assert!(quits.try_recv().is_err());
    // The connection was kept.
    send(b"\x80\x04\x95\x08\x00\x00\x00\x00\x00\x00\x00\x8c\x04quit\x94.");
    quits.recv_timeout(PATIENCE).unwrap();
    assert!(quits.try_recv().is_err());
    server.close();
}

#[test]
fn a_broken_stream_of_bytes_is_cut_off() {
    let path = path();
    let server = ConnServer::start(&path, Access::Owner, || {}).unwrap();
    for bad in [&[0xff, 0xff, 0xff, 0xf0][..], &[0x7f, 0xff, 0xff, 0xff], &[0xff; 12]] {
        let mut client = connect(&path);
        client.write_all(bad).unwrap();
        assert_eq!(client.read(&mut [0]).unwrap_or(0), 0, "hung up");
    }
    // Sixteen refusals are enough.
    let mut client = connect(&path);
    for _ in 0..16 {
        client.write_all(&[0, 0, 0, 0]).unwrap();
    }
    assert_eq!(client.read(&mut [0]).unwrap_or(0), 0);
    server.close();
}

#[test]
fn speaks_with_pythons_own_client() {
    const SCRIPT: &str = "
import sys
from multiprocessing.connection import Client
conn = Client(sys.argv[1], family='AF_UNIX')
conn.send({'not': 'a string'})
conn.send(7)
conn.send('x' * 1000)
while True:
    try:
        event = conn.recv()
    except EOFError:
        break
    print(event, flush=True)
    if event == 'buffer reset':
        conn.send('quit')
print('end')
";
    let path = path();
    let (quit, quits) = channel();
    let server = ConnServer::start(&path, Access::Owner, move || quit.send(()).unwrap()).unwrap();
    let sender = server.sender();
    sender.send(Event::MetaReset);
    let child = Command::new("python3").args(["-c", SCRIPT]).arg(&path).stdout(Stdio::piped()).spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => {
            eprintln!("SKIPPED speaks_with_pythons_own_client: python3 does not start: {error}");
            return;
        }
    };
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let mut line = || lines.next().unwrap().unwrap();
    assert_eq!(line(), "meta reset");
    for event in [Event::BeginUpdate, Event::MetaUpdated, Event::BufferReset] {
        sender.send(event);
        assert_eq!(line(), event.as_str());
    }
    quits.recv_timeout(PATIENCE).unwrap();
    server.close();
    assert_eq!((line().as_str(), line().as_str()), ("close", "end"));
    assert!(child.wait().unwrap().success());
}
