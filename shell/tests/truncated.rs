//! A segment that is cut short under a reader does not end it, by a signal or otherwise; a service goes on with another segment.

mod common;

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use axismirror::mirror::{Mirror, Start};
use axismirror_core::axis_array::{Axis, AxisArray, Samples};
use axismirror_core::dtype::DType;
use axismirror_core::extension::{Clock, Writer};
use axismirror_core::header::Generation;
use axismirror_core::name::StreamName;
use axismirror_core::publisher::Publisher;
use axismirror_core::settings::Settings;

fn message<T>(first: usize, f: impl FnOnce(&AxisArray<'_>) -> T) -> T {
    let frames = 100;
    let bytes = vec![7; frames * 8];
    f(&AxisArray {
        data: Samples { dtype: DType::I32, shape: &[frames, 2], bytes: &bytes },
        dims: &["time", "ch"],
        axes: &[("time", Axis::Linear { unit: "s", gain: 0.001, offset: first as f64 * 0.001 })],
        attrs: &[],
        key: "",
        stream_dim: None,
    })
}

/// What `tail --follow` says when the segment that `cut` names is emptied under it.
fn tail_while_cut(test: &str, cut: impl Fn(&StreamName) -> String) -> String {
    let name = StreamName::new(&format!("truncated-{test}-{}", std::process::id())).unwrap();
    let settings = Settings { shmem_name: Some(name.clone()), buf_dur: 60.0, axis: None, version: Default::default() };
    let store = axismirror::shm::ShmStore::new("/dev/shm");
    let mut publisher = Publisher::open(store, (), settings, Writer::default(), Clock::Monotonic).unwrap();
    message(0, |m| publisher.publish(m).unwrap());
    let mut tail = Command::new(env!("CARGO_BIN_EXE_axismirror"));
    tail.args(["tail", name.as_str(), "--follow"]).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut tail = tail.spawn().unwrap();
    let mut lines = BufReader::new(tail.stdout.take().unwrap()).lines();
    // It has attached once it prints frames.
    for first in 1..50 {
        message(first * 100, |m| publisher.publish(m).unwrap());
        std::thread::sleep(Duration::from_millis(20));
    }
    assert!(lines.next().is_some());
    let path = std::path::Path::new("/dev/shm").join(cut(&name));
    // The writer goes first: it would run into the missing pages itself.
    drop(publisher);
    File::options().write(true).open(&path).unwrap().set_len(0).unwrap();
    std::thread::spawn(move || lines.for_each(drop));
    // A tail of a stream whose writer is gone waits; the header's pages are looked at all the time, the data's with the next read only.
    std::thread::sleep(Duration::from_millis(500));
    let _ = Command::new("kill").args(["-TERM", &tail.id().to_string()]).status();
    let output = tail.wait_with_output().unwrap();
    let _ = std::fs::remove_file(&path);
    for file in common::files(name.as_str(), common::user()) {
        let _ = std::fs::remove_file(file);
    }
    format!("{:?} {}", output.status.code(), String::from_utf8_lossy(&output.stderr))
}

/// Nobody makes another: it waits, as for any stream that went away, and ends when it is told to.
#[test]
fn a_reader_whose_segment_is_emptied_waits_for_another() {
    type Segment = fn(&StreamName) -> String;
    let segments: [(&str, Segment); 2] =
        [("header", |n| n.header().to_string()), ("ring", |n| n.data(Generation::from_number(0)).to_string())];
    for (which, segment) in segments {
        let said = tail_while_cut(which, segment);
        assert!(said.starts_with("Some(0)") && !said.contains("error"), "{said}");
    }
}

/// The segments that a stream has now.
fn segments(name: &StreamName) -> Vec<PathBuf> {
    let mirror = Mirror::attach(name.as_str()).unwrap();
    let header = mirror.header().unwrap();
    let ring = name.data(header.buffer_generation());
    let segments = [name.header(), ring, name.static_metadata(header.meta_generation())];
    segments.iter().map(|segment| Path::new("/dev/shm").join(segment.as_str())).collect()
}

fn inode(path: &Path) -> Option<u64> {
    std::fs::metadata(path).ok().map(|m| m.ino())
}

/// Each segment of a service's stream and of its events, emptied under it.
#[test]
fn a_service_whose_segment_is_emptied_goes_on_with_another() {
    for events in [false, true] {
        let data = common::unique(&format!("emptied-{events}"));
        let mut service = common::Service::start(&data, &["--rate", "4000", "--buf_dur", "2"]);
        let name = if events { axismirror::events::name_of(&data) } else { data.clone() };
        let name = StreamName::new(&name).unwrap();
        for which in 0..3 {
            let segment = &segments(&name)[which];
            let before = inode(segment);
            File::options().write(true).open(segment).unwrap().set_len(0).unwrap();
            // Another file of that name, or a ring of another generation.
            common::eventually("it is replaced", || {
                assert!(service.lives(), "{events} {which}: {}", service.log());
                (inode(segment) != before && common::info(name.as_str())?["valid"] == true).then_some(())
            });
            let mut mirror = Mirror::open(name.as_str(), Start::Next).unwrap();
            common::eventually("frames come", || {
                let marked = !events || common::run(&["mark", &data, "still here"]).0 == Some(0);
                (mirror.read().unwrap().frames() > 0 && marked).then_some(())
            });
        }
        let left: Vec<_> = segments(&name);
        let log = service.stop();
        assert_eq!(log.matches("was cut short").count(), 3, "{log}");
        assert!(left.iter().all(|path| !path.exists()), "{left:?}");
    }
}
