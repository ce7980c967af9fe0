//! The cases: what is run beside what, and what must come of it.
//!
//! Durations say how long to run at most; what is judged is content.

use std::thread::sleep;
use std::time::Duration;

use serde_json::Value;

use super::script::Script;
use super::service::{self, Service};
use super::tail::{self, Expected};
use super::{Case, Context, Work};
use crate::python::Release;
use crate::sys;

/// Labels that are no board's own.
pub(super) const LABELS: &str = "A1,B2,C3,D4,E5,F6,G7,Hµ";
const CHANNELS: usize = 8;
/// ADS1299: VREF 4.5 V, gain 24, 2^23 - 1 codes (hardware page).
const GAIN: &str = "24";
const LSB: f64 = 4.5 / 24.0 / 8_388_607.0;
/// `attrs` of a stream of codes and of one of volts.
const CODES_ATTRS: &str = r#"{"unit": "code"}"#;
const VOLTS_ATTRS: &str = r#"{"unit": "V"}"#;
/// Rates in Hz, and a ring of half a second: 125, 500 and 8000 frames.
const RATES: [u32; 3] = [250, 1000, 16_000];
const SHORT_RING: &str = "0.5";
/// 25 divides each of these rings, 7 none of them.
const CHUNKS: [u32; 5] = [1, 10, 32, 25, 7];
/// How long a stream runs on before something is done to it.
pub(super) const BEFORE: Duration = Duration::from_millis(700);
/// Longest that a reader waits for what it wants, in seconds.
const READER_SECONDS: &str = "40";

/// The cases of a release.
pub(super) fn of(release: Release, quick: bool) -> Vec<Case> {
    let mut cases = Vec::new();
    let mut add = |name: &str, work: Work| cases.push(Case { name: name.to_owned(), work });
    for rate in RATES {
        for chunk in CHUNKS {
            if !quick || matches!((rate, chunk), (250, 1) | (1000, 25) | (16_000, 32)) {
                add(&format!("read {rate} Hz, chunk {chunk}"), Box::new(move |c, n| read(c, n, rate, chunk)));
            }
        }
    }
    add("change of buf_dur", Box::new(|c, n| change(c, n, "buf_dur=2", "i,i", Some(2000))));
    add("conn", Box::new(conn));
    add("events", Box::new(events));
    add("restart after SIGKILL", Box::new(|c, n| restart(c, n, true)));
    add("README's reader", Box::new(example));
    add("our mirror, their writer", Box::new(our_mirror));
    add("a replayed recording", Box::new(replayed));
    if !quick {
        add("change of element type", Box::new(|c, n| change(c, n, "units=volts", "i,f", None)));
        add("restart after SIGTERM", Box::new(|c, n| restart(c, n, false)));
        add("volts as f8", Box::new(|c, n| volts(c, n, "f8", "d")));
        add("volts as f4", Box::new(|c, n| volts(c, n, "f4", "f")));
        add("a reader after another's end", Box::new(late_reader));
        add("their mirror, their writer", Box::new(|c, n| their_own(c, n, None)));
        for fault in ["skip", "repeat", "tear"] {
            add(&format!("a fault is told: {fault}"), Box::new(move |c, n| their_own(c, n, Some(fault))));
        }
        if release.struct_version >= 2 {
            add("a fault is told: time", Box::new(|c, n| their_own(c, n, Some("time"))));
        }
    }
    cases
}

/// Our service with a simulated board and the counter signal.
fn counter(context: &Context, name: &str, rate: u32, chunk: u32, more: &[&str]) -> Result<Service, String> {
    let (rate, chunk, version) = (rate.to_string(), chunk.to_string(), context.release.struct_version.to_string());
    let mut flags = vec!["--board", "pieeg8", "--simulate", "--signal", "counter", "--gain", GAIN, "--labels", LABELS];
    flags.extend(["--rate", &rate, "--chunk", &chunk, "--struct-version", &version]);
    flags.extend(more);
    // Should this process be killed, its services end some time.
    flags.extend(["--duration", "300"]);
    Service::start(name, &flags)
}

/// The published mirror on a stream of this rate.
fn reader(context: &Context, name: &str, rate: u32, attrs: &str, more: &[&str]) -> Result<Script, String> {
    let (rate, channels, lsb) = (rate.to_string(), CHANNELS.to_string(), LSB.to_string());
    let mut args = vec![name, "--rate", &rate, "--channels", &channels, "--lsb", &lsb, "--seconds", READER_SECONDS];
    args.extend(["--labels", LABELS, "--time-unit", "s", "--attrs", attrs]);
    args.extend(more);
    Script::start(&context.python, "reader.py", name, &args)
}

/// A reader's result, with what the service says of itself where it is bad.
fn judge(script: Script, service: &Service) -> Result<String, String> {
    match script.finish()? {
        (result, true) => Ok(summary(&result)),
        (result, false) => {
            let health = service.info().and_then(|i| i.get("health").cloned());
            Err(format!("{result}\n      service's health: {health:?}"))
        }
    }
}

fn summary(result: &Value) -> String {
    let of = |key: &str| result.get(key).cloned().unwrap_or_default();
    let generations = result.get("generations").and_then(Value::as_array).map_or(0, Vec::len);
    let late = result.get("late_overflows").and_then(Value::as_u64).unwrap_or(0);
    let late = if late == 0 { String::new() } else { format!(", {late} times the reader did not keep up") };
    format!("{} frames, {generations} generations, {} wraps{late}", of("frames"), of("wraps"))
}

fn read(context: &Context, name: &str, rate: u32, chunk: u32) -> Result<String, String> {
    let mut service = counter(context, name, rate, chunk, &["--buf-dur", SHORT_RING])?;
    service.wait_ready()?;
    let frames = (2 * rate).to_string();
    let script = reader(context, name, rate, CODES_ATTRS, &["--frames", &frames, "--min-wraps", "3"])?;
    let seen = judge(script, &service)?;
    service.stop_cleanly()?;
    Ok(seen)
}

fn volts(context: &Context, name: &str, dtype: &str, char: &str) -> Result<String, String> {
    let mut service = counter(context, name, 1000, 10, &["--buf-dur", "1", "--units", "volts", "--dtype", dtype])?;
    service.wait_ready()?;
    let script = reader(context, name, 1000, VOLTS_ATTRS, &["--frames", "1500", "--dtypes", char])?;
    let seen = judge(script, &service)?;
    service.stop_cleanly()?;
    Ok(seen)
}

/// A counter stream that was recorded, played again: the published mirror reads it as if it were live.
fn replayed(context: &Context, name: &str) -> Result<String, String> {
    let recorded = format!("{name}-recorded");
    let mut live = counter(context, &recorded, 1000, 10, &[])?;
    live.wait_ready()?;
    let file = sys::target_dir().join("interop").join(format!("{name}.bdf"));
    let path = file.to_string_lossy().into_owned();
    let out = service::axismirror(&["record", &recorded, "-o", &path, "--seconds", "3", "--overwrite"])?;
    if !out.status.success() {
        return Err(format!("record: {}: {}", out.status, String::from_utf8_lossy(&out.stderr).trim()));
    }
    live.stop_cleanly()?;
    let version = context.release.struct_version.to_string();
    let flags = ["--wait", "--stay", "--chunk", "10", "--buf-dur", SHORT_RING, "--struct-version", &version];
    let mut replay = Service::replay(name, &file, &flags)?;
    replay.wait_ready()?;
    let seen = judge(reader(context, name, 1000, CODES_ATTRS, &["--frames", "2500", "--min-wraps", "3"])?, &replay)?;
    replay.stop_cleanly()?;
    // Removed only when all went well: what is left explains a failure.
    std::fs::remove_file(&file).map_err(|e| format!("{path}: {e}"))?;
    Ok(seen)
}

/// The example that README shows, as it is.
fn example(context: &Context, name: &str) -> Result<String, String> {
    let mut service = counter(context, name, 1000, 10, &[])?;
    service.wait_ready()?;
    let script = sys::workspace().join("examples").join("python").join("reader.py");
    let mut command = sys::command(&context.python);
    let output = command.arg(script).arg(name).output().map_err(|e| format!("{}: {e}", sys::line(&command)))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let good = |line: &&str| line.contains(" frames, overflow False the last [");
    // It may look once before anything is there.
    if !output.status.success() || text.lines().filter(good).count() < 9 {
        return Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr)));
    }
    service.stop_cleanly()?;
    Ok(format!("{} lines", text.lines().count()))
}

/// One attached mirror through a change of settings: two generations, each without a fault.
fn change(context: &Context, name: &str, assignment: &str, dtypes: &str, ring: Option<u64>) -> Result<String, String> {
    let mut service = counter(context, name, 1000, 10, &["--buf-dur", "1"])?;
    service.wait_ready()?;
    let attrs = if assignment == "units=volts" { VOLTS_ATTRS } else { CODES_ATTRS };
    let more = ["--generations", "2", "--frames-each", "300", "--frames", "600", "--dtypes", dtypes, "--events"];
    let mut script = reader(context, name, 1000, attrs, &more)?;
    script.wait_event("generation")?;
    sleep(BEFORE);
    service.set(assignment)?;
    script.wait_event("generation")?;
    let result = script.finish_well()?;
    let length = result.pointer("/generations/1/shape/0").and_then(Value::as_u64);
    if ring.is_some() && length != ring {
        return Err(format!("a ring of {length:?} frames, expected {ring:?}"));
    }
    service.stop_cleanly()?;
    Ok(summary(&result))
}

/// One attached mirror through the end and the new start of the service.
fn restart(context: &Context, name: &str, kill: bool) -> Result<String, String> {
    let mut service = counter(context, name, 1000, 10, &["--buf-dur", "1"])?;
    service.wait_ready()?;
    let more = ["--generations", "2", "--frames-each", "300", "--frames", "600", "--events"];
    let mut script = reader(context, name, 1000, CODES_ATTRS, &more)?;
    script.wait_event("generation")?;
    sleep(BEFORE);
    if kill {
        service.kill()?;
    } else {
        service.stop_cleanly()?;
    }
    service.start_again()?;
    script.wait_event("generation").map_err(|e| format!("the attached mirror saw no second start: {e}"))?;
    let seen = judge(script, &service)?;
    service.stop_cleanly()?;
    Ok(seen)
}

/// Python unlinks what a reader attached when the reader ends; another one must still find the stream.
fn late_reader(context: &Context, name: &str) -> Result<String, String> {
    let mut service = counter(context, name, 1000, 10, &["--buf-dur", "1"])?;
    service.wait_ready()?;
    judge(reader(context, name, 1000, CODES_ATTRS, &["--frames", "300"])?, &service)?;
    let seen = judge(reader(context, name, 1000, CODES_ATTRS, &["--frames", "1200", "--min-wraps", "1"])?, &service)?;
    service.stop_cleanly()?;
    Ok(seen)
}

/// A Python program marks events through the service's socket, and the published mirror reads them.
fn events(context: &Context, name: &str) -> Result<String, String> {
    // A socket's path is short: beside the logs it might be too long.
    let socket =
        std::env::temp_dir().join(format!("axm-events-{}-{}.sock", std::process::id(), context.release.struct_version));
    let path = socket.to_string_lossy().into_owned();
    let mut service = counter(context, name, 1000, 10, &["--events", &path])?;
    service.wait_ready()?;
    let result = Script::start(&context.python, "events.py", name, &[name, &path])?.finish_well()?;
    service.stop_cleanly()?;
    Ok(format!("{} events", result["events"]))
}

/// Python's own Client follows the life cycle and ends the service with `quit`.
fn conn(context: &Context, name: &str) -> Result<String, String> {
    // A socket's path is short: beside the logs it might be too long.
    let socket =
        std::env::temp_dir().join(format!("axm-{}-{}.sock", std::process::id(), context.release.struct_version));
    let _ = std::fs::remove_file(&socket);
    let (path, version) = (socket.to_string_lossy().into_owned(), context.release.struct_version.to_string());
    let binary = service::binary().to_string_lossy().into_owned();
    let args = [&*path, "--struct-version", &version, "--change", &binary, "set", name, "buf_dur=2"];
    let mut client = Script::start(&context.python, "conn_client.py", name, &args)?;
    let mut service = counter(context, name, 1000, 10, &["--buf-dur", "1", "--conn", &path])?;
    client.wait_event("connected")?;
    service.wait_ready()?;
    client.say("go")?;
    let result = client.finish_well()?;
    service.wait_ended().map_err(|e| format!("after `quit`: {e}"))?;
    if service.info().is_some_and(|i| i.get("valid") == Some(&Value::Bool(true))) {
        return Err("after `quit` the stream is still valid".to_owned());
    }
    Ok(format!("start {}, change {}, end {}", result["start"], result["change"], result["end"]))
}

/// The published writer, in real time.
fn writer(context: &Context, name: &str, more: &[&str]) -> Result<Script, String> {
    // 7 divides no ring here: a chunk that ends exactly at the ring's end makes the published mirror repeat a lap.
    let mut args =
        vec![name, "--rate", "1000", "--chunk", "7", "--buf-dur", "1", "--labels", LABELS, "--seconds", "60"];
    args.extend(more);
    let mut writer = Script::start(&context.python, "writer.py", name, &args)?;
    writer.wait_event("ready")?;
    Ok(writer)
}

/// Our mirror reads what the published writer writes.
fn our_mirror(context: &Context, name: &str) -> Result<String, String> {
    const ROWS: usize = 2500;
    let _writer = writer(context, name, &[])?;
    let rows = ROWS.to_string();
    let start = std::time::Instant::now();
    let out = loop {
        // The writer needs a moment until it publishes.
        let valid = service::axismirror(&["info", name, "--json"])?;
        let info: Option<Value> = serde_json::from_slice(&valid.stdout).ok();
        if info.is_some_and(|i| i.get("valid") == Some(&Value::Bool(true))) {
            break service::axismirror(&["tail", name, "--follow", "-n", &rows, "--format", "csv"])?;
        }
        if start.elapsed() > Duration::from_secs(20) || sys::interrupted() {
            return Err(format!("info: {}", String::from_utf8_lossy(&valid.stderr).trim()));
        }
        sleep(Duration::from_millis(50));
    };
    if !out.status.success() {
        return Err(format!("tail: {}: {}", out.status, String::from_utf8_lossy(&out.stderr).trim()));
    }
    let version = context.release.struct_version;
    let labels = (version >= 1).then_some(LABELS);
    let rate = (version >= 2).then_some(1000.0);
    tail::check(&String::from_utf8_lossy(&out.stdout), &Expected { rows: ROWS, labels, channels: CHANNELS, rate })?;
    Ok(format!("{ROWS} frames"))
}

/// The published writer and mirror by themselves: what our checks say of them, also when the stream is spoiled.
fn their_own(context: &Context, name: &str, fault: Option<&str>) -> Result<String, String> {
    let flags: Vec<&str> = fault.map_or_else(Vec::new, |f| vec!["--fault", f]);
    let _writer = writer(context, name, &flags)?;
    let script = reader(context, name, 1000, CODES_ATTRS, &["--frames", "2500", "--min-wraps", "1"])?;
    let (result, well) = script.finish()?;
    match (fault, well) {
        (None, true) => Ok(summary(&result)),
        (None, false) => Err(result.to_string()),
        (Some(_), true) => Err(format!("not told: {result}")),
        (Some(fault), false) => {
            let counter = match fault {
                "skip" => "lost",
                "repeat" => "repeated",
                "tear" => "torn",
                _ => "bad_times",
            };
            let count = result.get(counter).and_then(Value::as_u64).unwrap_or(0);
            if count > 0 { Ok(format!("{count} {counter}")) } else { Err(format!("told as something else: {result}")) }
        }
    }
}
