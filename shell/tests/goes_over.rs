//! Segments are cut short under readers of a running service: they go over to the ones that it makes instead, with no false frame and an exact count.
//!
//! In a process of its own: it survives segments that are cut.

mod common;

use std::fs::File;
use std::io::Read as _;
use std::path::PathBuf;
use std::process::Stdio;
use std::time::Duration;

use axismirror::events::{EventReader, name_of};
use axismirror::mirror::{Mirror, Start, State, Take};
use axismirror::shm::survive_truncation;
use axismirror_core::header::StructVersion;
use axismirror_core::name::StreamName;
use axismirror_core::settings::Settings;
use common::writes::Writes;
use common::{Service, axismirror, eventually, info, run, unique};
use rustix::time::{ClockId, clock_gettime};

/// What is emptied, or loses its second half.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Which {
    Header,
    Ring,
    HalfOfTheRing,
    StaticMetadata,
}

const ALL: [Which; 4] = [Which::Header, Which::Ring, Which::HalfOfTheRing, Which::StaticMetadata];

/// The segment as the stream has it now, and how many bytes it keeps.
fn segment(name: &str, which: Which) -> (PathBuf, u64) {
    let info = common::wait_for(name, "a stream that is whole", |i| i["meta_generation"].as_u64() > Some(0));
    let number = |i: &serde_json::Value| u32::try_from(i.as_u64().unwrap()).unwrap();
    let ring = axismirror_core::header::Generation::from_number(number(&info["description"]["generation"]));
    let stream = StreamName::new(name).unwrap();
    let segment = match which {
        Which::Header => stream.header(),
        Which::Ring | Which::HalfOfTheRing => stream.data(ring),
        Which::StaticMetadata => stream.static_metadata(number(&info["meta_generation"])),
    };
    let [public, _] = common::names(&segment, common::user());
    let half = std::fs::metadata(&public).unwrap().len() / 2 / 4096 * 4096;
    (public, if which == Which::HalfOfTheRing { half } else { 0 })
}

fn cut(name: &str, which: Which) {
    let (path, len) = segment(name, which);
    File::options().write(true).open(path).unwrap().set_len(len).unwrap();
}

fn start(test: &str) -> (String, Service) {
    let name = unique(&format!("over-{test}"));
    let service = Service::start(&name, &["--signal", "counter", "--rate", "1000", "--buf_dur", "2"]);
    (name, service)
}

/// The counter signal: sample c of frame n that the ADC made is 8 n + c.
#[derive(Default)]
struct Counter {
    newest: Option<i64>,
    /// Frames that are not there between two that are.
    missing: u64,
    /// What the mirror says of them.
    missed: u64,
    frames: usize,
}

impl Counter {
    fn read(&mut self, mirror: &mut Mirror) -> usize {
        let chunk = mirror.read().unwrap();
        self.missed += chunk.missed();
        for frame in chunk.samples::<i32>().unwrap().chunks_exact(8) {
            let number = i64::from(frame[0] / 8);
            let whole: Vec<i32> = (0..8).map(|c| i32::try_from(8 * number).unwrap() + c).collect();
            assert_eq!(frame, whole);
            if let Some(newest) = self.newest {
                self.missing += u64::try_from(number - newest - 1).expect("frames come in order, and once");
            }
            self.newest = Some(number);
        }
        self.frames += chunk.frames();
        chunk.frames()
    }
}

#[test]
fn a_mirror_goes_over_to_what_replaces_a_segment_and_counts_what_is_lost() {
    survive_truncation().unwrap();
    for which in ALL {
        let (name, mut service) = start(&format!("{which:?}").to_lowercase());
        let mut mirror = Mirror::open(&name, Start::Oldest).unwrap();
        let mut counter = Counter::default();
        eventually("frames", || (counter.read(&mut mirror) > 0).then_some(()));
        for _ in 0..3 {
            let heals = info(&name).unwrap()["health"]["names_healed"].as_u64().unwrap();
            cut(&name, which);
            eventually("another takes its place", || {
                assert!(service.lives());
                counter.read(&mut mirror);
                (info(&name)?["health"]["names_healed"].as_u64()? > heals).then_some(())
            });
            let before = counter.frames;
            eventually("frames go on", || {
                counter.read(&mut mirror);
                (counter.frames > before + 500).then_some(())
            });
        }
        // What this machine was too slow for is not what was cut.
        let lost = info(&name).unwrap()["health"]["frames_lost"].as_u64().unwrap();
        let (missing, missed) = (counter.missing, counter.missed);
        assert!(
            missed <= missing && missing <= missed + lost,
            "{which:?}: {missing} missing, {missed} missed, {lost} lost"
        );
        // Half a ring may have been read in time.
        assert_eq!(
            missed > 0 && which != Which::HalfOfTheRing,
            matches!(which, Which::Header | Which::Ring),
            "{which:?}: {missed}"
        );
        service.stop();
    }
}

/// Another wire version is another header, in which frames are counted on: what is lost between the two is known.
#[test]
fn a_segment_that_has_its_length_again_at_once_is_replaced() {
    survive_truncation().unwrap();
    for which in [Which::Header, Which::Ring, Which::StaticMetadata] {
        let (name, mut service) = start(&format!("again-{which:?}").to_lowercase());
        let before = info(&name).unwrap()["health"]["names_healed"].as_u64().unwrap();
        let (path, _) = segment(&name, which);
        let file = File::options().write(true).open(path).unwrap();
        let len = file.metadata().unwrap().len();
        file.set_len(0).unwrap();
        file.set_len(len).unwrap();
        let healed = |i: &serde_json::Value| i["health"]["names_healed"].as_u64() > Some(before);
        eventually(&format!("another takes the place of {which:?}"), || {
            assert!(service.lives());
            info(&name).filter(|i| i["valid"] == true && healed(i))
        });
        // Who comes now finds a stream.
        let mut mirror = Mirror::open(&name, Start::Next).unwrap();
        let mut counter = Counter::default();
        eventually("frames", || (counter.read(&mut mirror) > 0).then_some(()));
        service.stop();
    }
}

#[test]
fn frames_are_counted_on_under_another_wire_version() {
    let name = unique("over-version");
    let mut writes = Writes::new(&name, 256);
    writes.publish(10, 0.0, "code");
    let mut mirror = Mirror::open(&name, Start::Oldest).unwrap();
    let mut frames = eventually("the first frames", || {
        let frames = mirror.take(Take::UpTo(4)).unwrap().frames() as u64;
        (frames > 0).then_some(frames)
    });
    let settings = Settings { version: StructVersion::V1, ..writes.publisher.settings().clone() };
    writes.publisher.apply(settings).unwrap();
    // 44 of them are overwritten before they can be read; those of the old ring are still there.
    writes.publish(300, 10.0, "code");
    let mut missed = 0;
    let first = eventually("all that there is", || {
        let chunk = mirror.read().unwrap();
        (frames, missed) = (frames + chunk.frames() as u64, missed + chunk.missed());
        (frames + missed >= 310).then_some(chunk.first())
    });
    assert_eq!((frames, missed, first), (10 + 256, 44, 54));
    writes.publisher.close();
}

#[test]
fn commands_go_on_and_show_the_gap() {
    let (name, service) = start("commands");
    let dir = std::env::temp_dir().join(&name);
    std::fs::create_dir_all(&dir).unwrap();
    let rows = dir.join("rows.csv");
    let recording = dir.join("recording.csv");
    let mut tail = axismirror(&["tail", &name, "--follow", "--format", "csv"]);
    let mut tail = tail.stdout(File::create(&rows).unwrap()).stderr(Stdio::piped()).spawn().unwrap();
    let mut record = axismirror(&["record", &name, "-o", recording.to_str().unwrap()]);
    let mut record = record.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    let newest = || -> Option<i64> {
        let text = std::fs::read_to_string(&rows).ok()?;
        let whole = text.get(..text.rfind('\n')?)?;
        whole.rsplit('\n').find(|l| !l.starts_with('#'))?.split(',').nth(2)?.parse().ok()
    };
    // Under another header frames are counted in another file: such a part begins where the one before it ends.
    let parts = || -> Vec<PathBuf> {
        let all = [recording.clone(), dir.join("recording-2.csv")];
        all.into_iter().filter(|part| part.exists()).collect()
    };
    let grows = || parts().iter().map(|part| std::fs::metadata(part).map_or(0, |m| m.len())).sum::<u64>();
    for which in [Which::Ring, Which::Header] {
        let (row, len) = eventually("both read", || Some((newest()?, grows())).filter(|(_, len)| *len > 0));
        cut(&name, which);
        eventually("both go on", || (newest()? > row + 8 * 1500 && grows() > len).then_some(()));
    }
    let mut said = String::new();
    for (what, child) in [("tail", &mut tail), ("record", &mut record)] {
        let sent = std::process::Command::new("kill").args(["-s", "INT", &child.id().to_string()]).status().unwrap();
        let status = eventually("it ends", || child.try_wait().unwrap());
        child.stderr.take().unwrap().read_to_string(&mut said).unwrap();
        assert!(sent.success() && status.success(), "{what}: {status}: {said}");
    }
    service.stop();
    let text = std::fs::read_to_string(&rows).unwrap();
    assert!(text.contains("# gap: "), "{text}");
    assert!(text.ends_with('\n'), "the last line is whole");
    assert_eq!(parts().len(), 2, "{said}");
    let recorded: String = parts().iter().map(|part| std::fs::read_to_string(part).unwrap()).collect();
    let numbers: Vec<u64> = recorded.lines().filter_map(|l| l.split(',').next()?.parse().ok()).collect();
    assert!(numbers.len() > 1500 && numbers.is_sorted_by(|a, b| a < b), "{}: {said}\n{recorded}", numbers.len());
    std::fs::remove_dir_all(&dir).unwrap();
}

#[test]
fn events_go_on_and_are_counted() {
    survive_truncation().unwrap();
    let (name, service) = start("events");
    let mut reader = EventReader::open(&name, Start::Oldest).unwrap();
    let mut texts = Vec::new();
    let mut missed = 0;
    let mut take = |texts: &mut Vec<String>| {
        let new = reader.take().unwrap();
        missed += new.missed;
        assert_eq!(new.unreadable, 0);
        texts.extend(new.events.into_iter().map(|e| e.text));
    };
    let mark = |text: &str| assert_eq!(run(&["mark", &name, text]).0, Some(0));
    let mut marked = 0;
    for which in [Which::Header, Which::Ring] {
        marked += 2;
        mark(&format!("before {which:?}"));
        eventually("it is read", || {
            take(&mut texts);
            texts.last().filter(|t| **t == format!("before {which:?}")).map(|_| ())
        });
        let heals = info(&name_of(&name)).unwrap()["health"]["names_healed"].as_u64().unwrap();
        cut(&name_of(&name), which);
        eventually("it is replaced", || {
            take(&mut texts);
            (info(&name_of(&name))?["health"]["names_healed"].as_u64()? > heals).then_some(())
        });
        mark(&format!("after {which:?}"));
        eventually("it is read", || {
            take(&mut texts);
            texts.last().filter(|t| **t == format!("after {which:?}")).map(|_| ())
        });
    }
    assert_eq!((texts.len(), missed), (marked, 0), "{texts:?}");
    service.stop();
}

#[test]
fn a_stream_that_never_comes_back_is_one_that_went_away() {
    survive_truncation().unwrap();
    let (name, mut service) = start("dead");
    let mut mirror = Mirror::open(&name, Start::Oldest).unwrap();
    let mut counter = Counter::default();
    eventually("frames", || (counter.read(&mut mirror) > 0).then_some(()));
    let (header, _) = segment(&name, Which::Header);
    service.signal("STOP");
    File::options().write(true).open(&header).unwrap().set_len(0).unwrap();
    service.0.kill().unwrap();
    service.0.wait().unwrap();
    assert_eq!(mirror.state().unwrap(), State::NotValid);
    let _ = mirror.changes();
    // It sleeps while it waits.
    let cpu = || Duration::try_from(clock_gettime(ClockId::ThreadCPUTime)).unwrap();
    let before = cpu();
    assert!(!mirror.wait(Duration::from_secs(1)).unwrap());
    assert!(cpu() - before < Duration::from_millis(300), "{:?}", cpu() - before);
    assert_eq!(mirror.read().unwrap().frames(), 0);
    std::fs::remove_file(&header).unwrap();
    assert_eq!(mirror.state().unwrap(), State::Absent);
    let service = Service::start(&name, &["--signal", "counter", "--rate", "1000"]);
    let mut counter = Counter::default();
    eventually("frames of the next one", || (counter.read(&mut mirror) > 0).then_some(()));
    assert_eq!(counter.missed, 0, "of another run nobody knows");
    service.stop();
}
