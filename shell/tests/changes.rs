//! Changes of a running stream, from `axismirror set` and SIGHUP to what a reader sees.

mod common;

use std::path::PathBuf;
use std::time::Duration;

use axismirror::mirror::{Mirror, Start};
use axismirror_core::header::Generation;
use axismirror_core::name::StreamName;
use common::{Service, axismirror, eventually, info, run, set, unique, wait_for};
use serde_json::Value;

fn generation(info: &Value) -> u64 {
    info["description"]["generation"].as_u64().unwrap()
}

fn lost(info: &Value) -> u64 {
    info["health"]["frames_lost"].as_u64().unwrap()
}

fn published(info: &Value) -> u64 {
    info["frames"]["published_ever"].as_u64().unwrap()
}

/// Changes are answered long before the service would give up.
const SOON: Duration = Duration::from_secs(3);

#[test]
fn a_stream_that_is_renamed_answers_and_is_found_under_its_new_name() {
    let (old, new) = (unique("rename-old"), unique("rename-new"));
    let service = Service::start(&old, &["--signal", "counter", "--rate", "1000"]);
    let (said, took) = set(&old, &[&format!("name={new}")]);
    assert!(said.as_ref().is_ok_and(|s| s.contains("changed")) && took < SOON, "{said:?} after {took:?}");
    // It has happened when the answer comes.
    assert_eq!(info(&new).unwrap()["valid"], true);
    assert_eq!(info(&old), None);
    let (said, took) = set(&new, &["buf_dur=2"]);
    assert!(said.is_ok() && took < SOON, "{said:?} after {took:?}");
    assert_eq!(info(&new).unwrap()["description"]["n_frames"], 2000);
    let error = eventually("nobody listens under the old name", || {
        set(&old, &["buf_dur=2"]).0.err().filter(|e| e.contains("no service writes"))
    });
    assert!(error.contains(&old), "{error}");
    let i = info(&new).unwrap();
    assert_eq!((lost(&i), &i["health"]["drdy_missed"]), (0, &Value::from(0)), "the acquisition waited for the answer");
    service.stop();
    assert_eq!(info(&new), None);
}

#[test]
fn an_axis_that_the_stream_does_not_have_is_refused() {
    for axis in ["foo", "ch"] {
        let name = unique("axis");
        let (status, _, errors) = run(&["run", "--simulate", "--name", &name, "--axis", axis]);
        assert_eq!(status, Some(2), "{errors}");
        assert!(errors.contains("axis") && errors.contains("only time has a rate"), "{errors}");
    }
    let name = unique("axis-set");
    let mut service = Service::start(&name, &[]);
    let error = set(&name, &["axis=foo"]).0.unwrap_err();
    assert!(error.contains("only time has a rate"), "{error}");
    set(&name, &["axis=time"]).0.unwrap();
    assert!(service.lives() && info(&name).unwrap()["valid"] == true);
    service.stop();
}

#[test]
fn the_gap_of_an_adc_restart_is_counted() {
    let name = unique("gap");
    let service = Service::start(&name, &["--signal", "counter", "--rate", "1000"]);
    let before = wait_for(&name, "frames", |i| published(i) > 50);
    assert_eq!(lost(&before), 0);
    set(&name, &["signal=sine"]).0.unwrap();
    let before_gap = published(&info(&name).unwrap());
    let after = wait_for(&name, "more frames", |i| published(i) > before_gap + 100);
    // Nothing that the samples mean has changed.
    assert_eq!(generation(&before), generation(&after));
    // Every period since the first frame is a frame that is published or lost.
    let line = |format: &str| run(&["tail", &name, "-n", "1000000", "--format", format]).1;
    let csv = line("csv");
    let times: Vec<f64> = csv.lines().filter_map(|l| l.split(',').nth(1)?.parse().ok()).collect();
    let periods = ((times[times.len() - 1] - times[0]) * 1000.0).round() as u64;
    let (lost, published) = (lost(&info(&name).unwrap()), times.len() as u64 - 1);
    assert!((periods - published).abs_diff(lost) <= 1, "{periods} periods, {published} published, {lost} lost");
    assert!(csv.contains(&format!("# gap: {} frames were not acquired", periods - published)), "{csv}");
    let log = service.stop();
    assert!(log.contains(&format!("lost={lost}")) && log.contains("the stream ends"), "{log}");
}

#[test]
fn what_samples_mean_begins_a_new_generation_and_labels_do_not() {
    let name = unique("meaning");
    let service = Service::start(&name, &["--channels", "1-4"]);
    let mut before = generation(&info(&name).unwrap());
    for change in ["gain=12", "channels=5-8"] {
        set(&name, &[change]).0.unwrap();
        let now = generation(&info(&name).unwrap());
        assert_eq!(now, before + 1, "{change}");
        before = now;
    }
    set(&name, &["labels=a,b,c,d"]).0.unwrap();
    let now = info(&name).unwrap();
    assert_eq!(generation(&now), before);
    assert_eq!(now["static_metadata"]["axes"]["ch"]["labels"], serde_json::json!(["a", "b", "c", "d"]));
    service.stop();
}

#[test]
fn an_adc_that_does_not_start_with_new_settings_goes_on_with_the_old_ones() {
    let name = unique("adc");
    let mut service = Service::start(&name, &["--signal", "counter", "--rate", "1000"]);
    let (said, took) = set(&name, &["faults=wrong-id=0", "gain=12"]);
    let error = said.unwrap_err();
    assert!(error.contains("does not start") && error.contains("ID") && took < SOON, "{error} after {took:?}");
    let before = published(&info(&name).unwrap());
    wait_for(&name, "frames go on", |i| published(i) > before);
    let i = info(&name).unwrap();
    assert_eq!((&i["static_metadata"]["attrs"]["gain"], generation(&i)), (&Value::from(1), 0));
    assert!(lost(&i) > 0, "the gap is counted");
    set(&name, &["gain=12"]).0.unwrap();
    assert_eq!(info(&name).unwrap()["static_metadata"]["attrs"]["gain"], 12);
    assert!(service.lives());
    service.stop();
}

/// What is in the way of the new ring is in the way of the old one, too: somebody else may have taken the memory that was freed for it.
#[test]
fn a_change_that_can_neither_be_made_nor_undone_waits_until_it_can() {
    let name = unique("stranded");
    let mut service = Service::start(&name, &["--signal", "counter", "--rate", "1000"]);
    let mut mirror = Mirror::open(&name, Start::Oldest).unwrap();
    // The counter signal: sample c of frame n is 8 n + c.
    let read = |mirror: &mut Mirror| -> Vec<i32> {
        let chunk = mirror.read().unwrap();
        assert_eq!(chunk.missed(), 0);
        chunk.samples().unwrap().chunks_exact(8).map(|frame: &[i32]| frame[0] / 8).collect()
    };
    eventually("it reads", || (!read(&mut mirror).is_empty()).then_some(()));
    let segment = StreamName::new(&name).unwrap().data(Generation::from_number(1));
    let [_, folder] = common::names(&segment, common::user());
    std::fs::create_dir(&folder).unwrap();
    let error = set(&name, &["buf_dur=3"]).0.unwrap_err();
    assert!(error.contains("refuses") && error.contains(folder.to_str().unwrap()), "{error}");
    eventually("the frames are counted as lost", || {
        assert!(service.lives());
        info(&name).filter(|i| lost(i) > 1000).map(|i| assert_eq!(i["valid"], false))
    });
    std::fs::remove_dir(&folder).unwrap();
    let i = wait_for(&name, "the stream is back", |i| published(i) > 100);
    assert_eq!(i["description"]["n_frames"], 10_000, "with the settings from before");
    let mut numbers = Vec::new();
    eventually("all frames are there or counted", || {
        numbers.extend(read(&mut mirror));
        let lost = lost(&info(&name)?);
        let (first, last) = (numbers.first()?, numbers.last()?);
        let missing = i64::from(last - first + 1) - i64::try_from(numbers.len()).unwrap();
        (*last > 1500).then(|| assert_eq!(missing, i64::try_from(lost).unwrap()))
    });
    let log = service.stop();
    assert!(log.contains("until one can be made") && log.contains("a new ring"), "{log}");
    assert!(log.lines().count() < 20, "{log}");
}

#[test]
fn a_change_that_fails_half_way_is_refused_and_undone() {
    let (name, new) = (unique("undo"), unique("undo-new"));
    let mut service = Service::start(&name, &["--signal", "counter", "--rate", "1000"]);
    let header = StreamName::new(&new).unwrap();
    // A folder in the place of the segments that the new name needs: first of the ring, then of the header.
    for segment in [header.data(Generation::from_number(0)), header.header()] {
        let [_, folder] = common::names(&segment, common::user());
        std::fs::create_dir(&folder).unwrap();
        let (said, took) = set(&name, &[&format!("name={new}"), "gain=12"]);
        std::fs::remove_dir(&folder).unwrap();
        let error = said.unwrap_err();
        assert!(
            error.contains("refuses") && error.contains(folder.to_str().unwrap()) && took < SOON,
            "{error} after {took:?}"
        );
        assert_eq!(info(&new), None);
        let before = wait_for(&name, "the old one is back", |_| true);
        let before = published(&before);
        let i = wait_for(&name, "frames go on", |i| published(i) > before);
        assert_eq!(i["static_metadata"]["attrs"]["gain"], 1);
        assert!(service.lives());
    }
    // Nothing is in the way any more.
    set(&name, &[&format!("name={new}")]).0.unwrap();
    service.stop();
}

#[test]
fn faults_that_the_chip_cannot_show_are_refused_in_a_running_stream_too() {
    let name = unique("faults");
    let service = Service::start(&name, &["--board", "mcp3008"]);
    let error = set(&name, &["faults=drdy-low@10"]).0.unwrap_err();
    assert!(error.contains("MCP3008") && error.contains("miso-low"), "{error}");
    set(&name, &["faults=miso-low@10,bus-error@20"]).0.unwrap();
    service.stop();
}

#[test]
fn a_service_that_is_stopped_is_said_to_be_stopped() {
    let name = unique("stopped");
    let service = Service::start(&name, &[]);
    service.signal("STOP");
    let (said, took) = set(&name, &["buf_dur=3"]);
    service.signal("CONT");
    let error = said.unwrap_err();
    assert!(error.contains("is stopped") && error.contains("kill -CONT") && took < SOON, "{error} after {took:?}");
    // It was not asked: nothing is carried out behind the asker's back.
    set(&name, &["chunk=7"]).0.unwrap();
    assert_eq!(info(&name).unwrap()["description"]["n_frames"], 2500);
    service.stop();
    // A stream whose writer was killed leaves its segments.
    let mut service = Service::start(&name, &[]);
    service.0.kill().unwrap();
    service.0.wait().unwrap();
    let (said, took) = set(&name, &["buf_dur=3"]);
    let error = said.unwrap_err();
    assert!(error.contains("no service writes stream") && took < SOON, "{error} after {took:?}");
    run(&["clean", &name]);
}

#[test]
fn changes_are_carried_out_while_the_adc_does_not_answer() {
    let name = unique("dead");
    let mut service = Service::start(&name, &["--rate", "1000", "--faults", "bus-error@200x100000000"]);
    wait_for(&name, "the ADC is tried again", |i| i["health"]["restarts"].as_u64().unwrap() >= 2);
    for change in ["buf_dur=3", "gain=12", "gain=2"] {
        let (said, took) = set(&name, &[change]);
        assert!(took < SOON, "{said:?} after {took:?}");
        let i = info(&name).unwrap();
        let alive = i["writer"]["seconds_since_heartbeat"].as_f64().unwrap();
        assert!(alive < 0.5, "{alive}");
    }
    assert_eq!(info(&name).unwrap()["description"]["n_frames"], 3000);
    assert!(service.lives());
    service.stop();
}

#[test]
fn duration_is_stream_time_also_when_the_rate_changes() {
    let name = unique("duration");
    let begin = std::time::Instant::now();
    let service = Service::start(&name, &["--rate", "250", "--duration", "2"]);
    set(&name, &["rate=2000"]).0.unwrap();
    let (status, log) = service.ends();
    let took = begin.elapsed().as_secs_f64();
    assert!(status.success() && (1.9..4.0).contains(&took), "{took} s: {log}");
    // Without a change it is the frames of that time.
    let output =
        axismirror(&["run", "--simulate", "--fast", "--rate", "500", "--duration", "3", "--name", &name]).output();
    let log = String::from_utf8(output.unwrap().stderr).unwrap();
    assert!(log.contains("frames=1500"), "{log}");
}

#[test]
fn sighup_reads_the_file_again() {
    let name = unique("hup");
    let file = std::env::temp_dir().join(format!("{name}.toml"));
    let write = |text: &str| std::fs::write(&file, text).unwrap();
    write("rate = 1000\nbuf_dur = 4\n");
    let mut service = Service::start(&name, &[file.to_str().unwrap()]);
    assert_eq!(info(&name).unwrap()["description"]["n_frames"], 4000);
    write("rate = 1000\nbuf_dur = 2\n");
    service.signal("HUP");
    let changed = wait_for(&name, "the new ring", |i| i["description"]["n_frames"] == 2000);
    for broken in ["rate = 1000\nbuf_dur = = 3\n", "rate = 999\nbuf_dur = 3\n", "board = \"pieeg16\"\nbuf_dur = 3\n"] {
        write(broken);
        service.signal("HUP");
        std::thread::sleep(Duration::from_millis(300));
        let now = info(&name).unwrap();
        assert_eq!((generation(&now), &now["description"]["n_frames"]), (generation(&changed), &Value::from(2000)));
        assert!(service.lives(), "{broken}");
    }
    write("rate = 1000\nbuf_dur = 3\n");
    service.signal("HUP");
    wait_for(&name, "the mended file", |i| i["description"]["n_frames"] == 3000);
    std::fs::remove_file(&file).unwrap();
    let log = service.stop();
    assert_eq!(log.matches("the settings stay as they are").count(), 3, "{log}");
}

#[test]
fn nothing_is_left_behind_when_the_control_socket_is_taken() {
    use std::os::linux::net::SocketAddrExt;
    let name = unique("taken");
    let header = StreamName::new(&name).unwrap().header();
    let address = std::os::unix::net::SocketAddr::from_abstract_name(format!("axismirror/control/{}", header.as_str()));
    let _taken = std::os::unix::net::UnixListener::bind_addr(&address.unwrap()).unwrap();
    let (status, _, errors) = run(&["run", "--simulate", "--name", &name]);
    assert_eq!(status, Some(1), "{errors}");
    assert!(errors.contains(&format!("process {}", std::process::id())), "{errors}");
    assert!(!PathBuf::from("/dev/shm").join(header.as_str()).exists());
    assert_eq!(info(&name), None);
}

#[test]
fn tail_prints_a_header_for_each_layout() {
    let name = unique("tail");
    let service = Service::start(&name, &["--signal", "counter", "--rate", "1000", "--channels", "1-4"]);
    let log = std::env::temp_dir().join(format!("{name}.csv"));
    let mut tail = axismirror(&["tail", &name, "--follow", "-n", "1500", "--format", "csv"]);
    let mut tail = tail.stdout(std::fs::File::create(&log).unwrap()).spawn().unwrap();
    eventually("rows", || (std::fs::metadata(&log).unwrap().len() > 1000).then_some(()));
    for channels in ["5-8", "1-2", "1-8"] {
        set(&name, &[&format!("channels={channels}")]).0.unwrap();
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(tail.wait().unwrap().success());
    service.stop();
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::remove_file(&log).unwrap();
    let mut columns = 0;
    let mut headers = Vec::new();
    for line in text.lines().filter(|l| !l.starts_with('#')) {
        if line.starts_with("frame,") {
            columns = line.split(',').count();
            headers.push(line.to_owned());
        }
        assert_eq!(line.split(',').count(), columns, "{line}");
    }
    let labels = |range: std::ops::RangeInclusive<u32>| {
        "frame,time".to_owned() + &range.map(|c| format!(",Ch{c}")).collect::<String>()
    };
    assert_eq!(headers, [labels(1..=4), labels(5..=8), labels(1..=2), labels(1..=8)]);
    assert_eq!(text.matches("were not acquired").count(), 3, "a gap for each restart of the ADC");
}

#[test]
fn a_fault_that_is_refused_mentions_that_there_can_be_none() {
    let name = unique("fault-set");
    let service = Service::start(&name, &[]);
    for fault in ["buss-error", "wrong-id=0x3e", "bus-error@10:1"] {
        let error = set(&name, &["buf_dur=5", &format!("faults={fault}")]).0.unwrap_err();
        assert!(error.contains(fault) && error.contains("hint: faults=none, or auto, "), "{error}");
    }
    for none in ["none", "auto"] {
        set(&name, &[&format!("faults={none}")]).0.unwrap();
    }
    service.stop();
}
