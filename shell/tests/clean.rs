//! `axismirror clean` takes away what a killed service has left, and nothing of one that lives.

mod common;

use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axismirror::mirror::Mirror;
use axismirror_core::name::StreamName;
use common::{Service, eventually, info, run, unique};

/// How many of the stream's public and kept files are there.
fn files(name: &str) -> usize {
    common::files(name, common::user()).iter().filter(|file| file.exists()).count()
}

/// The same of its events.
fn event_files(name: &str) -> usize {
    files(&axismirror::events::name_of(name))
}

#[test]
fn only_what_a_dead_writer_left_is_removed() {
    let name = unique("clean");
    let service = Service::start(&name, &[]);
    let (status, out, _) = run(&["clean", &name]);
    assert_eq!((status, out.as_str(), files(&name)), (Some(0), "nothing was left behind\n", 6));
    assert_eq!(event_files(&name), 6);
    assert!(info(&name).unwrap()["valid"] == true);
    service.kill();
    // Another clean that looks at the header at this moment counts as a reader.
    let planned = eventually("it would be removed", || {
        let (_, out, _) = run(&["clean", "--dry-run", &name]);
        (!out.contains("attached")).then_some(out)
    });
    let of_both = |what: &str| format!("{name}: 6 files {what}\n{name}/events: 6 files {what}\n");
    assert_eq!((planned, files(&name), event_files(&name)), (of_both("would be removed"), 6, 6));
    let mut removed = String::new();
    eventually("it is removed", || {
        let (_, out, _) = run(&["clean", &name]);
        removed.extend(out.lines().filter(|l| l.ends_with(" removed")).map(|l| format!("{l}\n")));
        (files(&name) + event_files(&name) == 0).then_some(())
    });
    let sorted = |text: &str| text.lines().map(str::to_owned).collect::<std::collections::BTreeSet<_>>();
    assert_eq!(sorted(&removed), sorted(&of_both("removed")));
}

/// A killed process is gone before its memory is, when another looks into that at the same time (ps, another clean), and the memory holds the lock.
#[test]
fn the_lock_of_a_writer_that_is_dead_is_waited_for() {
    let name = unique("clean-locked");
    Service::start(&name, &[]).kill();
    let header = &common::files(&name, common::user())[0];
    // flock(1) has taken it and is gone; whoever has its file keeps it for a moment.
    let mut keeper = Command::new("sh");
    keeper.args(["-c", "exec 9<>\"$0\"; flock 9; echo; sleep 0.5"]).arg(header).stdout(Stdio::piped());
    let mut keeper = keeper.spawn().unwrap();
    std::io::Read::read_exact(keeper.stdout.as_mut().unwrap(), &mut [0]).unwrap();
    let (status, out, errors) = run(&["clean", "--attached", &name]);
    assert_eq!((status, files(&name) + event_files(&name)), (Some(0), 0), "{out}{errors}");
    assert!(keeper.wait().unwrap().success());
}

#[test]
fn a_copy_of_a_live_streams_header_is_nobodys_to_remove() {
    let name = unique("forged");
    let service = Service::start(&name, &[]);
    let header = StreamName::new(&name).unwrap().header().to_string();
    // As long as a segment's name, and not the one that the name in it makes.
    let forged = std::path::Path::new("/dev/shm").join(format!("sm_{:A>1$}", std::process::id(), header.len() - 3));
    std::fs::copy(std::path::Path::new("/dev/shm").join(header), &forged).unwrap();
    let (_, out, _) = run(&["clean", &name]);
    std::fs::remove_file(&forged).unwrap();
    assert_eq!((out.as_str(), files(&name)), ("nothing was left behind\n", 6));
    assert!(info(&name).unwrap()["valid"] == true);
    service.stop();
}

#[test]
fn a_start_with_another_version_removes_what_the_killed_writer_left() {
    let name = unique("versions");
    let first = Service::start(&name, &[]);
    let (changed, _) = common::set(&name, &["buf_dur=3"]);
    assert!(changed.is_ok(), "{changed:?}");
    let segment = StreamName::new(&name).unwrap().data(axismirror_core::header::Generation::from_number(1));
    let ring = std::path::Path::new("/dev/shm").join(segment.to_string());
    assert!(ring.exists());
    first.kill();
    let second = Service::start(&name, &["--struct-version", "1"]);
    // Until the second one has the header, the first one's still says that the stream is valid.
    eventually("the ring is removed", || (!ring.exists()).then_some(()));
    second.stop();
}

#[test]
fn a_clean_at_any_moment_neither_hinders_a_start_nor_takes_from_it() {
    let name = unique("clean-start");
    let stop = AtomicBool::new(false);
    let cleans = std::thread::scope(|scope| {
        let cleaner = scope.spawn(|| {
            let mut cleans = 0;
            while !stop.load(Ordering::Relaxed) {
                let (status, out, errors) = run(&["clean", "--attached", &name]);
                assert_eq!(status, Some(0), "{out}{errors}");
                cleans += 1;
            }
            cleans
        });
        let _stop = Stop(&stop);
        for round in 0..30 {
            // Waits until it publishes, and fails if it ends before; what it made has to be there after more cleans, too.
            let mut service = Service::start(&name, &[]);
            std::thread::sleep(Duration::from_millis(20));
            assert!(service.lives(), "round {round}");
            let i = info(&name).unwrap();
            assert!(i["valid"] == true && i["static_metadata"].is_object(), "round {round}: {i}");
            let mut late = Mirror::attach(&name).unwrap();
            assert!(late.wait(common::PATIENCE).unwrap(), "round {round}");
            if round % 3 == 2 {
                service.stop();
            } else {
                service.kill();
            }
        }
        drop(_stop);
        cleaner.join().unwrap()
    });
    // How many depends on what else the machine does.
    assert!(cleans > 2, "{cleans}");
    // Whatever the last one left.
    let (status, out, errors) = run(&["clean", "--attached", &name]);
    assert_eq!((status, files(&name) + event_files(&name)), (Some(0), 0), "{out}{errors}");
}

/// Tells the other thread to stop, also when a test fails.
struct Stop<'a>(&'a AtomicBool);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.store(true, Ordering::Relaxed);
    }
}
