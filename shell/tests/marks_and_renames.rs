//! Marks while the stream gets another name: each that was answered is in one of the two event streams, by that stream's count of frames.

mod common;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::thread;
use std::time::Duration;

use axismirror::events::{Event, EventReader};
use axismirror::mirror::Start;
use common::{Service, eventually, set, unique, wait_for};

/// Marks through the socket, one after the other: the text of each that was stamped, and the frame that was answered.
fn mark(socket: &Path, round: u32, marks: &AtomicU32, over: &AtomicBool) -> Vec<(String, u64)> {
    let mut client = UnixStream::connect(socket).unwrap();
    let mut answers = BufReader::new(client.try_clone().unwrap()).lines();
    let mut stamped = Vec::new();
    for number in 0.. {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let text = format!("{round} {number}");
        client.write_all(format!("{text}\n").as_bytes()).unwrap();
        let answer = answers.next().unwrap().unwrap();
        match answer.split(' ').collect::<Vec<_>>()[..] {
            ["ok", frame, _] => {
                stamped.push((text, frame.parse().unwrap()));
                marks.fetch_add(1, Ordering::Relaxed);
            }
            // It says so, and why.
            _ => assert!(answer.starts_with("error the stream is being given another name"), "{answer}"),
        }
        // No more than the ring of 256 events holds.
        thread::sleep(Duration::from_micros(700));
    }
    stamped
}

/// Ends the threads, also when something fails.
struct Ends<'a>(&'a AtomicBool);

impl Drop for Ends<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}

fn take(reader: &mut EventReader, round: u32, events: &mut Vec<Event>) {
    let new = reader.take().unwrap();
    assert_eq!((new.missed, new.unreadable), (0, 0));
    events.extend(new.events.into_iter().filter(|e| e.text.starts_with(&format!("{round} "))));
}

#[test]
fn a_mark_during_a_rename_is_an_event_of_one_stream_or_an_error() {
    let name = |i: u32| unique(&format!("mark-rename-{i}"));
    let socket = std::env::temp_dir().join(unique("mark-rename"));
    let service = Service::start(&name(0), &["--rate", "1000", "--events", socket.to_str().unwrap()]);
    for round in 0..8 {
        let (old, new) = (name(round), name(round + 1));
        // Under another name frames are counted from 0: so many tell the counts apart.
        wait_for(&old, "frames", |i| i["frames"]["published_ever"].as_u64() > Some(500));
        let mut readers = [&old, &new].map(|name| EventReader::open(name, Start::Oldest).unwrap());
        let mut found = [Vec::new(), Vec::new()];
        let (over, marks) = (AtomicBool::new(false), AtomicU32::new(0));
        let stamped_at_least = |n| {
            eventually("marks", || (marks.load(Ordering::Relaxed) >= n).then_some(()));
        };
        let stamped = thread::scope(|scope| {
            let marking = scope.spawn(|| mark(&socket, round, &marks, &over));
            let events = scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    readers.iter_mut().zip(&mut found).for_each(|(r, f)| take(r, round, f));
                    thread::sleep(Duration::from_millis(1));
                }
            });
            let ends = Ends(&over);
            stamped_at_least(3);
            set(&old, &[&format!("name={new}")]).0.unwrap();
            stamped_at_least(marks.load(Ordering::Relaxed) + 3);
            drop(ends);
            events.join().unwrap();
            marking.join().unwrap()
        });
        eventually("each mark is found", || {
            readers.iter_mut().zip(&mut found).for_each(|(r, f)| take(r, round, f));
            (found.iter().flatten().count() >= stamped.len()).then_some(())
        });
        let [in_old, in_new] = &found;
        let all: Vec<(String, u64)> = in_old.iter().chain(in_new).map(|e| (e.text.clone(), e.frame)).collect();
        assert_eq!(all, stamped, "each once, in order");
        assert!(in_old.iter().all(|e| e.frame >= 500) && !in_old.is_empty(), "the old count: {in_old:?}");
        assert!(in_new.iter().all(|e| e.frame < 500) && !in_new.is_empty(), "the new count: {in_new:?}");
    }
    service.stop();
}
