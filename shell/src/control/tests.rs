//! Both ends of the control socket.

use std::io::Write;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, Instant};

use super::client::SET_PATIENCE;
use super::protocol::{MAX_LINE, Marking, address, believed, is_stopped, obeyed, read_line};
use super::*;
use crate::config::Settings;

/// The next order, waited for.
fn order(server: &ControlServer) -> Order {
    let end = Instant::now() + SET_PATIENCE;
    loop {
        match server.next_order() {
            Some(order) => return order,
            None if Instant::now() > end => panic!("no order comes"),
            None => thread::sleep(Duration::from_millis(1)),
        }
    }
}

/// Events are no business of these tests.
fn nobody_marks() -> Marker {
    Arc::new(|_, _| Err(MarkError::NoFrame))
}

fn segment(test: &str) -> String {
    format!("sm_test_{}_{test}", std::process::id())
}

fn changes(texts: &[&str]) -> Vec<Change> {
    texts.iter().map(|t| Change::parse(t).unwrap()).collect()
}

#[test]
fn a_change_travels_and_its_answer_comes_back() {
    let segment = segment("travels");
    let server = ControlServer::start(&segment, nobody_marks()).unwrap();
    let service = thread::spawn(move || {
        let mut settings = Settings::default();
        for _ in 0..2 {
            let order = order(&server);
            match settings.with_changes(&order.changes) {
                Ok(new) => {
                    settings = new;
                    order.answer(Ok("done".to_owned()));
                }
                Err(error) => order.answer(Err(Refusal::from(&error))),
            }
        }
        settings
    });
    let said = set("lab", &segment, &changes(&["buf_dur=5", "labels=Fp1,Fp2"])).unwrap();
    assert_eq!(said, "done");
    // Each is right, together they are not: the service says so.
    let error = set("lab", &segment, &changes(&["units=codes", "dtype=f8"])).unwrap_err();
    assert!(matches!(&error, ControlError::Refused { why, .. } if why.contains("dtype")), "{error}");
    let settings = service.join().unwrap();
    assert_eq!((settings.buf_dur, settings.labels.unwrap().join("+").as_str()), (5.0, "Fp1+Fp2"));
}

#[test]
fn who_waits_hears_it_when_the_server_goes() {
    let segment = segment("goes");
    let asks = || {
        let segment = segment.clone();
        thread::spawn(move || set("lab", &segment, &changes(&["buf_dur=5"])))
    };
    // An order that was taken is answered after its server has retired, which takes the acquisition no time.
    let server = ControlServer::start(&segment, nobody_marks()).unwrap();
    let asked = asks();
    let taken = order(&server);
    let begin = Instant::now();
    server.retire();
    assert!(begin.elapsed() < Duration::from_secs(1), "{:?}", begin.elapsed());
    taken.answer(Ok("done".to_owned()));
    assert_eq!(asked.join().unwrap().unwrap(), "done");
    // One that is given up is no silence either.
    let end = Instant::now() + SET_PATIENCE;
    let server = loop {
        match ControlServer::start(&segment, nobody_marks()) {
            Ok(server) => break server,
            Err(error) if Instant::now() > end => panic!("{error}"),
            Err(_) => thread::sleep(Duration::from_millis(1)),
        }
    };
    let asked = asks();
    drop(order(&server));
    drop(server);
    let error = asked.join().unwrap().unwrap_err();
    assert!(error.to_string().contains("ending"), "{error}");
}

#[test]
fn nobody_listens_before_and_after() {
    let segment = segment("nobody");
    let ask = || set("lab", &segment, &changes(&["chunk=1"]));
    assert!(matches!(ask(), Err(ControlError::NotRunning { name }) if name == "lab"));
    let server = ControlServer::start(&segment, nobody_marks()).unwrap();
    assert!(matches!(ControlServer::start(&segment, nobody_marks()), Err(ControlError::InUse { .. })));
    drop(server);
    assert!(matches!(ask(), Err(ControlError::NotRunning { .. })));
    drop(ControlServer::start(&segment, nobody_marks()).unwrap());
}

#[test]
fn what_is_no_request_is_answered_with_what_is_wrong() {
    let segment = segment("wrong");
    let server = ControlServer::start(&segment, nobody_marks()).unwrap();
    for (request, part) in [
        ("hello\n", "not understood"),
        ("{\"get\":[]}\n", "not understood"),
        ("{\"set\":[]}\n", "no change"),
        ("{\"set\":[\"board=pieeg16\"]}\n", "cannot change"),
        ("{\"set\":[\"bufdur=1\"]}\n", "buf_dur"),
        ("{\"set\":[\"chunk=0\"]}\n", "from 1"),
        ("{\"set\":[\"chunk=1\",\"chunk=2\"]}\n", "given twice"),
        ("\u{0}\n", "not understood"),
    ] {
        let mut stream = UnixStream::connect_addr(&address(&segment).unwrap()).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let answer = read_line(&stream, SET_PATIENCE).unwrap();
        assert!(answer.starts_with("{\"error\":") && answer.contains(part), "{request:?}: {answer}");
    }
    let mut stream = UnixStream::connect_addr(&address(&segment).unwrap()).unwrap();
    let _ = stream.write_all(&vec![b'x'; MAX_LINE + 1]);
    assert!(read_line(&stream, SET_PATIENCE).unwrap().contains("longer than 65536"));
    assert!(server.next_order().is_none(), "nothing of it reached the acquisition");
}

#[test]
fn a_mark_is_stamped_with_the_time_at_which_it_was_asked_for_if_that_can_be() {
    let marked = |asked_ns| Marking::new(&Mark::now("x"), asked_ns).into_mark(50_000_000_000).1;
    let (second, arrived) = (1_000_000_000, 50_000_000_000);
    assert_eq!((marked(Some(49 * second)), marked(Some(40 * second))), (49 * second, 40 * second));
    for impossible in [None, Some(40 * second - 1), Some(arrived + 1), Some(0), Some(i64::MIN), Some(i64::MAX)] {
        assert_eq!(marked(impossible), arrived, "{impossible:?}");
    }
}

#[test]
fn a_stopped_process_is_known_by_its_state() {
    // proc_pid_stat(5): T is stopped by a signal, t by a tracer.
    assert!(is_stopped("17 (axismirror) T 1 17 17") && is_stopped("17 (a) S ) b) t 1"));
    assert!(!is_stopped("17 (axi) T) S 1 17") && !is_stopped("17 (axismirror) R 1") && !is_stopped(""));
}

#[test]
fn only_the_own_user_and_root_command() {
    assert!(obeyed(1000, 1000) && obeyed(0, 1000) && obeyed(0, 0));
    assert!(!obeyed(1001, 1000) && !obeyed(1000, 0));
}

#[test]
fn root_believes_the_owner_of_the_header_and_others_their_own_user() {
    assert!(believed(1000, 0, Some(1000)) && believed(0, 0, Some(1000)) && believed(0, 0, None));
    assert!(!believed(1001, 0, Some(1000)) && !believed(1000, 0, None));
    assert!(believed(1000, 1000, Some(1001)) && !believed(1001, 1000, Some(1001)));
}
