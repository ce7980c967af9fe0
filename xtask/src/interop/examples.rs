//! The examples of `examples/python` that need more packages, against a running service: what they print and draw of a signal that is known.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::cases::LABELS;
use super::script::Script;
use super::service::{Service, log_file};
use super::{Case, Context, Work};
use crate::sys::{self, Child};

/// How long an example may take: the first import of matplotlib makes a cache of fonts.
const LIMIT: Duration = Duration::from_secs(120);
const POLL: Duration = Duration::from_millis(20);
/// Frames that the ADC loses in the middle of a stream, and from which one on.
const LOST: &str = "7";
const LOST_FROM: &str = "3000";

/// The cases.
pub(super) fn all() -> Vec<Case> {
    let case = |name: &str, work: Work| Case { name: format!("example: {name}"), work };
    let mut cases = vec![
        case("ezmsg graph", Box::new(graph)),
        case("missed frames", Box::new(missed)),
        case("MNE", Box::new(mne)),
        case("pictures of MNE", Box::new(pictures)),
    ];
    for (example, args) in [
        ("ezmsg_graph.py", &["--graph-port", "0"][..]),
        ("live_plot.py", &["--save", "none.png", "--frames", "1000000000"]),
        ("mne_notebook.py", &["--seconds", "1000000"]),
    ] {
        cases.push(case(&format!("Ctrl-C on {example}"), Box::new(move |c, n| interrupted(c, n, example, args))));
    }
    cases
}

/// A simulated PiEEG-8 at 1000 Hz.
fn service(name: &str, flags: &[&str]) -> Result<Service, String> {
    let fixed = ["--board", "pieeg8", "--simulate", "--rate", "1000", "--labels", LABELS, "--duration", "300"];
    let mut service = Service::start(name, &[&fixed, flags].concat())?;
    service.wait_ready()?;
    Ok(service)
}

/// An example, to be started.
fn command(context: &Context, file: &str, name: &str, args: &[&str]) -> std::process::Command {
    let mut c = sys::command(&context.python);
    c.arg(sys::workspace().join("examples").join("python").join(file)).arg(name).args(args);
    c.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUNBUFFERED", "1").env_remove("DISPLAY");
    c
}

/// What an example prints that ends well.
fn printed(context: &Context, file: &str, name: &str, args: &[&str]) -> Result<String, String> {
    let output = sys::output(&mut command(context, file, name, args), LIMIT)?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() { Ok(text) } else { Err(format!("{text}{}", String::from_utf8_lossy(&output.stderr))) }
}

/// `N frames, M missed`: both numbers.
fn counts(text: &str) -> Result<(u64, u64), String> {
    let counts = text.lines().find_map(|line| {
        let (frames, rest) = line.split_once(" frames, ")?;
        Some((frames.parse().ok()?, rest.split_once(" missed")?.0.parse().ok()?))
    });
    counts.ok_or_else(|| format!("no summary: {text}"))
}

/// A port that was free a moment ago, for ezmsg's graph server.
fn free_port() -> Result<String, String> {
    let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).and_then(|l| l.local_addr());
    listener.map(|address| address.port().to_string()).map_err(|e| format!("no free port: {e}"))
}

/// Each message is a piece of the counter, whose code rises by 8 with each frame: the deviation of n such numbers is 8 sqrt((n^2 - 1) / 12), on every channel.
fn graph(context: &Context, name: &str) -> Result<String, String> {
    let mut service = service(name, &["--signal", "counter"])?;
    let text = printed(context, "ezmsg_graph.py", name, &["--frames", "1500", "--graph-port", &free_port()?])?;
    let (mut messages, mut longest, mut sum) = (0, 0, 0);
    for line in text.lines().filter_map(|l| l.strip_prefix("rms in code: ")) {
        let words: Vec<&str> = line.split_whitespace().collect();
        let labels: Vec<&str> = words.iter().copied().step_by(2).collect();
        let values: Vec<f64> = words.iter().skip(1).step_by(2).filter_map(|v| v.parse().ok()).collect();
        let first = *values.first().ok_or_else(|| format!("no values: {line}"))?;
        let frames = (12.0 * (first / 8.0).powi(2) + 1.0).sqrt();
        let is_whole = (frames - frames.round()).abs() < 1e-3 * frames;
        if labels.join(",") != LABELS || values.len() != 8 || values.iter().any(|v| *v != first) || !is_whole {
            return Err(format!("{line}: {frames} frames"));
        }
        messages += 1;
        sum += frames.round() as u64;
        longest = longest.max(frames.round() as u64);
    }
    let (frames, missed) = counts(&text)?;
    // The graph may end before the last message has come through.
    if messages < 3 || frames < 1500 || missed > 0 || sum > frames || sum + longest < frames {
        return Err(text);
    }
    service.stop_cleanly()?;
    Ok(format!("{messages} messages, {frames} frames"))
}

/// Frames that the ADC lost are missed by the times alone; the service has counted them by itself.
fn missed(context: &Context, name: &str) -> Result<String, String> {
    let fault = format!("bus-error@{LOST_FROM}x{LOST}");
    let mut service = service(name, &["--signal", "counter", "--faults", &fault])?;
    let picture = sys::target_dir().join("interop").join(format!("{name}.png"));
    let file = picture.to_string_lossy().into_owned();
    let text = printed(context, "live_plot.py", name, &["--frames", "4500", "--save", &file])?;
    let (frames, missed) = counts(&text)?;
    let lost = service.info().and_then(|i| i.pointer("/health/frames_lost")?.as_u64());
    if Some(missed) != lost || missed < LOST.parse().unwrap_or(u64::MAX) {
        return Err(format!("the example says {missed} of {frames}, the service {lost:?}"));
    }
    let size = picture_size(&picture)?;
    service.stop_cleanly()?;
    Ok(format!("{missed} of {frames} frames, as the service says; a picture of {size} bytes"))
}

/// The sine in MNE: its amplitude in volts, its frequency, labels and rate (tests/python/mne_sine.py says which).
fn mne(context: &Context, name: &str) -> Result<String, String> {
    let sine = ["--signal", "sine", "--frequency-hz", "10", "--amplitude-uv", "100"];
    let mut service = service(name, &[&sine[..], &["--faults", &format!("bus-error@{LOST_FROM}x{LOST}")]].concat())?;
    let script = Script::start(&context.python, "mne_sine.py", name, &[name, "--labels", LABELS, "--seconds", "5"])?;
    let result = script.finish_well()?;
    service.stop_cleanly()?;
    Ok(result.to_string())
}

fn pictures(context: &Context, name: &str) -> Result<String, String> {
    let mut service = service(name, &["--signal", "eeg"])?;
    let files = ["psd", "traces"].map(|what| sys::target_dir().join("interop").join(format!("{name}-{what}.png")));
    let [psd, traces] = files.clone().map(|f| f.to_string_lossy().into_owned());
    let text = printed(context, "mne_notebook.py", name, &["--seconds", "3", "--psd", &psd, "--traces", &traces])?;
    counts(&text)?;
    let sizes = files.iter().map(picture_size).collect::<Result<Vec<_>, _>>()?;
    service.stop_cleanly()?;
    Ok(format!("{sizes:?} bytes"))
}

/// Removes a PNG that somebody made; its size.
fn picture_size(path: &PathBuf) -> Result<usize, String> {
    let bytes = fs::read(path).map_err(|e| format!("{}: {e}", path.display()))?;
    let _ = fs::remove_file(path);
    if bytes.starts_with(b"\x89PNG\r\n\x1a\n") && bytes.len() > 5000 {
        Ok(bytes.len())
    } else {
        Err(format!("{} is no picture", path.display()))
    }
}

/// An example that reads for ever ends at Ctrl-C, well, and says what it read.
fn interrupted(context: &Context, name: &str, file: &str, args: &[&str]) -> Result<String, String> {
    let mut service = service(name, &["--signal", "counter"])?;
    let port = free_port()?;
    let args: Vec<&str> = args.iter().map(|a| if *a == "0" { &*port } else { a }).collect();
    let (path, out) = log_file(&format!("{name}.out"))?;
    let mut c = command(context, file, name, &args);
    // The end of Python's resource tracker is of no interest here.
    c.stdout(out).stderr(Stdio::null());
    let mut child = Child::spawn(&mut c).map_err(|e| format!("{}: {e}", sys::line(&c)))?;
    let start = Instant::now();
    let maps = format!("/proc/{}/maps", child.pipes().id());
    // Header, ring and static metadata: it reads.
    while fs::read_to_string(&maps).unwrap_or_default().matches("/dev/shm/sm_").count() < 3 {
        if start.elapsed() > LIMIT || sys::interrupted() || child.try_wait().map_err(|e| e.to_string())?.is_some() {
            return Err(format!("{file} does not read"));
        }
        sleep(POLL);
    }
    // Some frames more.
    sleep(super::cases::BEFORE);
    child.signal(Signal::INT);
    let status = child.wait(Some(LIMIT)).map_err(|e| e.to_string())?.ok_or("it does not end")?;
    let text = fs::read_to_string(&path).unwrap_or_default();
    let (frames, missed) = counts(&text)?;
    if !status.success() || frames == 0 {
        return Err(format!("{status}: {text}"));
    }
    service.stop_cleanly()?;
    Ok(format!("{frames} frames, {missed} missed"))
}
