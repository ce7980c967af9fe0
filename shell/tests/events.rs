//! Events of a simulated stream: that they belong to the frames that they say, that a flood of them disturbs nothing, and that they last as long as
//! their stream does.

mod common;

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Write};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use axismirror::events::{Event, EventReader, Given, Mark, mark, name_of};
use axismirror::mirror::{Mirror, Start, State};
use axismirror_core::name::StreamName;
use common::{Service, eventually, info, run, set, unique};

/// Frames per second of the simulated board.
const RATE: f64 = 250.0;

fn socket_path(name: &str) -> PathBuf {
    std::env::temp_dir().join(format!("{name}.sock"))
}

/// Every frame that comes until one is behind `last`: its number, its time, and the first channel's code.
fn frames_up_to(mirror: &mut Mirror, last: u64) -> HashMap<u64, (f64, i32)> {
    let mut frames = HashMap::new();
    eventually("the frames come", || {
        let chunk = mirror.read().unwrap();
        let codes = chunk.samples::<i32>().unwrap();
        for (i, (time, frame)) in chunk.times().iter().zip(codes.chunks(8)).enumerate() {
            frames.insert(chunk.first() + i as u64, (*time, frame[0]));
        }
        frames.contains_key(&(last + 1)).then_some(())
    });
    frames
}

/// All events that come until there are so many.
fn events(reader: &mut EventReader, most: usize) -> Vec<Event> {
    let mut all = Vec::new();
    eventually("the events come", || {
        let new = reader.take().unwrap();
        assert_eq!((new.missed, new.unreadable), (0, 0));
        all.extend(new.events);
        (all.len() >= most).then_some(())
    });
    all
}

#[test]
fn an_event_belongs_to_the_frame_that_was_being_acquired() {
    for clock in ["monotonic", "realtime"] {
        let name = unique(&format!("events-frame-{clock}"));
        let service = Service::start(&name, &["--signal", "counter", "--clock", clock]);
        let mut mirror = Mirror::open(&name, Start::Oldest).unwrap();
        let mut reader = EventReader::open(&name, Start::Oldest).unwrap();
        let mut frames = frames_up_to(&mut mirror, 1);
        let stamped: Vec<_> = (0..40)
            .map(|i| {
                // From anywhere in a chunk.
                std::thread::sleep(Duration::from_micros(i * 331 % 5000));
                mark(&name, &Mark::now(format!("event {i}"))).unwrap()
            })
            .collect();
        let events = events(&mut reader, 40);
        frames.extend(frames_up_to(&mut mirror, stamped.last().unwrap().frame));
        for (i, (event, stamped)) in events.iter().zip(&stamped).enumerate() {
            assert_eq!((event.frame, event.time_ns), (stamped.frame, stamped.time_ns));
            assert_eq!((event.text.as_str(), event.given), (format!("event {i}").as_str(), Given::Nothing));
            // The rule: the first frame whose time is not before the event's, but for the jitter that is allowed.
            let (time, code) = frames[&event.frame];
            let since = (time - event.time()) * RATE;
            assert!((-0.0101..0.9901).contains(&since), "{clock}: {since} periods");
            // The counter's code of channel 1 in frame k is 8k: the number is that of the data.
            assert_eq!(code, i32::try_from(8 * event.frame).unwrap());
        }
        service.stop();
    }
}

#[test]
fn a_time_or_a_frame_can_be_given_within_reason() {
    let name = unique("events-given");
    let service = Service::start(&name, &["--signal", "counter"]);
    let mut mirror = Mirror::open(&name, Start::Oldest).unwrap();
    let frames = frames_up_to(&mut mirror, 50);
    let ask = |flags: &[&str]| {
        let (status, out, errors) = run(&[&["mark", &name, "stimulus", "12"], flags].concat());
        (status, out + &errors)
    };
    let time = format!("{:.9}", frames[&40].0);
    assert_eq!(ask(&["--time", &time]), (Some(0), format!("frame 40 at {time} s\n")));
    let (status, said) = ask(&["--frame", "30"]);
    let seconds: f64 = said.strip_prefix("frame 30 at ").unwrap().strip_suffix(" s\n").unwrap().parse().unwrap();
    assert!(status == Some(0) && (seconds - frames[&30].0).abs() < 1e-6, "{said}");
    for (flags, status, part) in [
        (&["--time", "0.5"][..], 1, "before the stream's first frame"),
        (&["--time", "4000000000"], 1, "more than 1 s ahead"),
        (&["--frame", "4000000000"], 1, "more than 1 s ahead"),
        (&["--frame", "1", "--time", "1"], 2, "cannot be used with"),
        (&["--time", "soon"], 2, "a number of seconds"),
        (&["--", "\n"], 2, "\\n"),
    ] {
        let (is, said) = ask(flags);
        assert!(is == Some(status) && said.contains(part), "{flags:?}: {is:?}: {said}");
    }
    let mut reader = EventReader::open(&name, Start::Oldest).unwrap();
    let events = reader.take().unwrap().events;
    let seen: Vec<_> = events.iter().map(|e| (e.frame, e.given, e.text.as_str())).collect();
    assert_eq!(seen, [(40, Given::Time, "stimulus 12"), (30, Given::Frame, "stimulus 12")]);
    // What was refused is counted: the three that came to the service.
    let events = info(&name_of(&name)).unwrap();
    assert_eq!((&events["health"]["bad_frames"], &events["frames"]["published_ever"]), (&3.into(), &2.into()));
    let (_, metrics, _) = run(&["metrics", &name]);
    for line in ["published_total{stream=\"NAME\"} 2", "refused_total{stream=\"NAME\"} 3"] {
        assert!(metrics.contains(&format!("axismirror_events_{line}\n").replace("NAME", &name)), "{metrics}");
    }
    assert!(!metrics.contains(&name_of(&name)), "{metrics}");
    service.stop();
}

#[test]
fn a_program_marks_with_a_line_and_a_flood_of_lines_disturbs_nothing() {
    const FLOOD: usize = 20_000;
    let name = unique("events-flood");
    let path = socket_path(&name);
    let service = Service::start(&name, &["--signal", "counter", "--rate", "1000", "--events", path.to_str().unwrap()]);
    let mut mirror = Mirror::open(&name, Start::Next).unwrap();
    mirror.wait(common::PATIENCE).unwrap();
    // One reader looks all the time, the other only before and after.
    let mut late = EventReader::open(&name, Start::Next).unwrap();
    assert_eq!(late.state().unwrap(), State::Valid);
    let mut prompt = EventReader::open(&name, Start::Oldest).unwrap();
    let flood = std::thread::spawn(move || {
        let mut client = UnixStream::connect(&path).unwrap();
        let mut lines = client.try_clone().unwrap();
        let writer = std::thread::spawn(move || {
            (0..FLOOD).for_each(|i| lines.write_all(format!("event {i}\n").as_bytes()).unwrap());
            lines.shutdown(Shutdown::Write).unwrap();
        });
        let answers: Vec<String> = BufReader::new(&mut client).lines().map(Result::unwrap).collect();
        writer.join().unwrap();
        answers
    });
    let (mut seen, mut missed, mut next) = (0, 0, 0);
    while seen + missed < FLOOD as u64 {
        prompt.wait(Duration::from_millis(50)).unwrap();
        let new = prompt.take().unwrap();
        assert_eq!(new.unreadable, 0);
        next += new.missed;
        missed += new.missed;
        for event in &new.events {
            // None is torn, none comes twice, and those that are missing were counted.
            assert_eq!(event.text, format!("event {next}"));
            next += 1;
        }
        seen += new.events.len() as u64;
    }
    let answers = flood.join().unwrap();
    assert_eq!((answers.len(), seen + missed), (FLOOD, FLOOD as u64));
    assert!(answers.iter().all(|a| a.starts_with("ok ")), "{answers:?}");
    let late = late.take().unwrap();
    // The ring holds 256.
    assert_eq!((late.missed, late.events.len()), (FLOOD as u64 - 256, 256));
    assert_eq!(late.events[0].text, format!("event {}", FLOOD - 256));
    // The data has no gap, by the counter, and the service lost nothing.
    let chunk = mirror.read().unwrap();
    let codes: Vec<i32> = chunk.samples::<i32>().unwrap().chunks(8).map(|frame| frame[0]).collect();
    assert!(chunk.missed() == 0 && codes.len() > 2 && codes.windows(2).all(|c| c[1] - c[0] == 8), "{}", codes.len());
    assert_eq!(info(&name).unwrap()["health"]["frames_lost"], 0);
    service.stop();
}

#[test]
fn a_service_that_is_killed_leaves_no_torn_event_and_its_readers_carry_on() {
    let name = unique("events-killed");
    let path = socket_path(&name);
    let flags = ["--signal", "counter", "--events", path.to_str().unwrap()];
    let mut reader = EventReader::open(&name, Start::Oldest).unwrap();
    // What `info` says at a start can be of two instants, of the killed service and of this one: only a new ring is this one's.
    let publishes = |round| {
        common::wait_for(&name, "it publishes", |i| {
            i["description"]["generation"] == round && i["frames"]["published"].as_u64() > Some(0)
        })
    };
    // Frames that the services before have published.
    let mut before = 0;
    for round in 0..4 {
        let service = Service::start(&name, &flags);
        publishes(round);
        let client = UnixStream::connect(&path).unwrap();
        let mut lines = client.try_clone().unwrap();
        let long = format!("{round}").repeat(200);
        let line = format!("{long}\n");
        let writer = std::thread::spawn(move || while lines.write_all(line.as_bytes()).is_ok() {});
        let mut answers = BufReader::new(client).lines();
        for answer in answers.by_ref().take(300 + 77 * round) {
            assert!(answer.unwrap().starts_with("ok "));
        }
        // In the middle of it.
        service.signal("KILL");
        let (status, _) = service.ends();
        assert!(!status.success());
        while let Some(Ok(_)) = answers.next() {}
        writer.join().unwrap();
        let new = reader.take().unwrap();
        assert!(new.unreadable == 0 && !new.events.is_empty());
        for event in new.events {
            assert_eq!(event.text, long);
            // Frames are counted on by the next service.
            assert!(event.frame >= before, "{} after {before}", event.frame);
        }
        before = info(&name).unwrap()["frames"]["published_ever"].as_u64().unwrap();
    }
    let service = Service::start(&name, &flags);
    publishes(4);
    // Nobody marks any more: the next event is the only one.
    let stamped = mark(&name, &Mark::now("the last")).unwrap();
    let last = eventually("the event comes", || reader.take().unwrap().events.pop());
    assert_eq!((last.text.as_str(), last.frame), ("the last", stamped.frame));
    assert!(stamped.frame >= before && before > 0);
    service.stop();
    assert_eq!(reader.state().unwrap(), State::NotValid);
    assert!(!path.exists(), "the socket's file is gone");
}

#[test]
fn events_are_renamed_with_their_stream() {
    let (name, other) = (unique("events-renamed"), unique("events-other"));
    let service = Service::start(&name, &["--signal", "counter"]);
    mark(&name, &Mark::now("before")).unwrap();
    set(&name, &[&format!("name={other}")]).0.unwrap();
    // The answer to the change has left by the old name's socket, which is there for an instant longer.
    eventually("nobody has the old name", || {
        let refused = mark(&name, &Mark::now("by the old name")).err()?;
        refused.to_string().contains("no service writes stream").then_some(())
    });
    let stamped = mark(&other, &Mark::now("after")).unwrap();
    let mut reader = EventReader::open(&other, Start::Oldest).unwrap();
    let after = eventually("the event comes", || reader.take().unwrap().events.into_iter().find(|e| e.text == "after"));
    assert_eq!(after.frame, stamped.frame);
    assert_eq!(EventReader::open(&name, Start::Oldest).unwrap().state().unwrap(), State::Absent);
    // Frames are counted anew under the new name, and the event is where the data says.
    let mut mirror = Mirror::open(&other, Start::Oldest).unwrap();
    let frames = frames_up_to(&mut mirror, stamped.frame);
    let since = (frames[&stamped.frame].0 - after.time()) * RATE;
    assert!((-0.0101..0.9901).contains(&since), "{since} periods");
    // Also to another wire version.
    set(&other, &["struct_version=1"]).0.unwrap();
    eventually("the events are of that version too", || {
        info(&name_of(&other)).filter(|i| i["struct_version"] == 1 && i["valid"] == true)
    });
    mark(&other, &Mark::now("version 1")).unwrap();
    // A name whose events another service has is refused.
    let third = Service::start(&name, &[]);
    let (said, _) = set(&other, &[&format!("name={name}")]);
    assert!(said.is_err());
    third.stop();
    service.stop();
    assert!(info(&name_of(&other)).is_none());
}

#[test]
fn segments_of_events_that_are_removed_come_back() {
    let name = unique("events-removed");
    let service = Service::start(&name, &[]);
    let segment = StreamName::new(&name_of(&name)).unwrap().header();
    let files = common::names(&segment, common::user());
    // What a reader of the published package does when it ends.
    std::fs::remove_file(&files[0]).unwrap();
    eventually("its name is back, and that is counted", || {
        info(&name_of(&name)).filter(|i| i["health"]["names_healed"].as_u64() > Some(0))
    });
    for file in files {
        std::fs::remove_file(file).unwrap();
    }
    eventually("there is another header", || info(&name_of(&name)).filter(|i| i["valid"] == true));
    mark(&name, &Mark::now("after all")).unwrap();
    let events = events(&mut EventReader::open(&name, Start::Oldest).unwrap(), 1);
    assert_eq!(events[0].text, "after all");
    service.stop();
}

#[test]
fn commands_show_events_and_know_whose_they_are() {
    let name = unique("events-shown");
    let service = Service::start(&name, &["--signal", "counter"]);
    frames_up_to(&mut Mirror::open(&name, Start::Oldest).unwrap(), 3);
    let (status, said, _) = run(&["mark", &name, "eyes", "closed", "--json"]);
    let stamped: serde_json::Value = serde_json::from_str(&said).unwrap();
    assert_eq!(status, Some(0));
    let frame = stamped["frame"].as_u64().unwrap();
    let (_, listed, _) = run(&["list"]);
    let of_events = listed.lines().find(|l| l.starts_with(&name_of(&name))).unwrap();
    assert!(of_events.contains("live") && of_events.contains("1 event so far"), "{listed}");
    let (_, listed, _) = run(&["list", "--json"]);
    let listed: serde_json::Value = serde_json::from_str(&listed).unwrap();
    let listed = listed.as_array().unwrap();
    let entry = |of: &str| listed.iter().find(|s| s["name"] == of).unwrap();
    assert_eq!(
        (&entry(&name_of(&name))["events_of"], entry(&name)["events_of"].is_null()),
        (&name.as_str().into(), true)
    );
    // The frames around it, and it before its own.
    eventually("its frame is there", || info(&name).filter(|i| i["frames"]["published"].as_u64() > Some(frame + 5)));
    let (_, shown, _) = run(&["tail", &name, "-n", "100000", "--format", "csv"]);
    let lines: Vec<_> = shown.lines().collect();
    let place = lines.iter().position(|l| l.starts_with("# event: ")).unwrap();
    assert!(
        lines[place].starts_with(&format!("# event: frame={frame} time=")) && lines[place].ends_with(" eyes closed")
    );
    assert!(
        lines[place + 1].starts_with(&format!("{frame},")) && lines[place - 1].starts_with(&format!("{},", frame - 1))
    );
    let (_, shown, _) = run(&["tail", &name_of(&name)]);
    let rows: Vec<Vec<&str>> = shown.lines().map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(rows[0], ["frame", "time/s", "event"]);
    assert_eq!((rows[1][0], &rows[1][2..]), (frame.to_string().as_str(), &["eyes", "closed"][..]));
    // The name is taken.
    let (status, _, said) = run(&["run", "--simulate", "--name", &name_of(&name)]);
    assert!(status == Some(2) && said.contains("the stream of events of a stream"), "{said}");
    // A killed service leaves both, and one name cleans both.
    service.signal("KILL");
    drop(service.ends());
    let (_, said, _) = run(&["clean", &name]);
    assert!(said.lines().count() == 2 && said.contains(&format!("{}: ", name_of(&name))), "{said}");
    assert!(info(&name).is_none() && info(&name_of(&name)).is_none());
}

#[test]
fn a_stream_without_a_service_says_so() {
    let name = unique("events-foreign");
    let (status, _, said) = run(&["mark", &name, "x"]);
    assert!(
        status == Some(1) && said.contains("no service writes stream") && said.contains("axismirror list"),
        "{said}"
    );
    // As a published writer of version 0.10 leaves it before its first message: a header of 1334 bytes with magic and version alone.
    let header = PathBuf::from("/dev/shm").join(StreamName::new(&name).unwrap().header().as_str());
    let mut bytes = vec![0; 1334];
    bytes[..8].copy_from_slice(&[0x53, 0x4d, 0x5a, 0x45, 2, 0, 0, 0]);
    std::fs::write(&header, bytes).unwrap();
    let (status, _, said) = run(&["mark", &name, "x"]);
    std::fs::remove_file(&header).unwrap();
    assert!(status == Some(1) && said.contains("another package"), "{said}");
}
