//! Kills the service again and again under several readers, each of which checks every frame; and kills readers.
//!
//! usage: torture SERVICE [--kills N] [--readers N] [--rate HZ] [--version 0|1|2] [--python PYTHON]
//!
//! `SERVICE` is the `axismirror` binary. The stream carries the counter signal, so each frame says which one it is. With `--python` (an
//! interpreter that has ezmsg-tools) an unmodified `EZShmMirror` reads along, and another is killed now and then, whose helper process then
//! unlinks the stream's names. Prints a table; exit status 1 when a frame was torn, stale, repeated or lost without being counted, when a reader
//! did not carry on, or when something is left behind.

mod blow;
mod readers;

use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use axismirror::mirror::{Mirror, Start};
use axismirror::shm::{SHM_DIR, left_behind};
use axismirror_core::name::StreamName;
use axismirror_tests::process::{Running, conclude};

use blow::{Blow, Random, Tally};
use readers::{Mortals, Readers};

/// How long a restarted service may take until a frame is seen.
const PATIENCE: Duration = Duration::from_secs(20);

/// Seconds of the ring. On a machine that is busy a service comes late and publishes in bursts, and a published mirror takes half a ring at once
/// for an overflow.
const RING_S: &str = "4";

/// What is tortured, and how.
struct Args {
    service: PathBuf,
    kills: u64,
    readers: usize,
    rate: String,
    version: String,
    python: Option<PathBuf>,
}

fn args(mut words: impl Iterator<Item = String>, service: String) -> Result<Args, String> {
    let service = service.into();
    let mut args = Args { service, kills: 20, readers: 3, rate: "4000".into(), version: "2".into(), python: None };
    while let Some(flag) = words.next() {
        let value = words.next().ok_or(format!("{flag} needs a value"))?;
        let number = || value.parse().map_err(|_| format!("{flag} {value}: not a number"));
        match flag.as_str() {
            "--kills" => args.kills = number()?,
            "--readers" => args.readers = usize::try_from(number()?).unwrap_or(1),
            "--rate" => args.rate = value,
            "--version" => args.version = value,
            "--python" => args.python = Some(value.into()),
            _ => return Err(format!("{flag} is unknown")),
        }
    }
    Ok(args)
}

fn start(args: &Args, name: &str) -> Result<Running, String> {
    let mut c = Command::new(&args.service);
    c.args(["-q", "run", "--simulate", "--signal", "counter", "--chunk", "7", "--buf-dur", RING_S, "--name", name]);
    c.args(["--rate", &args.rate, "--struct-version", &args.version]);
    Running::start(c.stdin(Stdio::null()))
}

/// Waits for a frame of this very service: what is left of those before does not count.
fn wait_for_frame(watcher: &mut Mirror, service: &mut Running, readers: &Readers) -> Result<(), String> {
    let deadline = Instant::now() + PATIENCE;
    loop {
        watcher.wait(Duration::from_millis(5)).map_err(|e| e.to_string())?;
        let frames = watcher.read().map_err(|e| e.to_string())?.frames();
        let header =
            watcher.header().is_some_and(|h| h.bvalid() && Some(h.buffer_generation()) == watcher.generation());
        let its = watcher.extension().is_some_and(|e| e.writer().pid == service.0.id());
        if frames > 0 && header && its {
            return Ok(());
        }
        if let Ok(Some(status)) = service.0.try_wait() {
            return Err(format!("the service ended by itself: {status}"));
        }
        if Instant::now() > deadline {
            return Err("the watching reader sees no frame".to_owned());
        }
        if let Some(who) = readers.finished() {
            return Err(format!("reader {who} has ended"));
        }
    }
}

/// All the kills; how often of which kind.
fn kills(args: &Args, name: &str, readers: &Readers) -> Result<Tally, String> {
    let mut random = Random::default();
    let mut tally = Tally::default();
    let mut mortals = Mortals::start(name, args.python.as_deref())?;
    let mut watcher = Mirror::open(name, Start::Next).map_err(|e| e.to_string())?;
    for kill in 0..args.kills {
        let after = |why: String| format!("after {kill} kills: {why}");
        let mut service = start(args, name)?;
        let blow = Blow::at(kill);
        if blow != Blow::Starting {
            let begin = Instant::now();
            wait_for_frame(&mut watcher, &mut service, readers).map_err(after)?;
            tally.started(begin.elapsed());
        }
        // By turns before and after the service's own end.
        if kill % 2 == 0 {
            mortals.kill(kill)?;
        }
        blow.strike(service, name, &mut random, &mut tally)?;
        if kill % 2 == 1 {
            mortals.kill(kill)?;
        }
        if (kill + 1) % 50 == 0 {
            eprintln!("struct_version {}: {} of {} kills", args.version, kill + 1, args.kills);
        }
    }
    // Whatever the last one left: one more has to be as good as the first.
    let mut service = start(args, name)?;
    wait_for_frame(&mut watcher, &mut service, readers).map_err(|why| format!("after the last kill: {why}"))?;
    tally.started(Duration::ZERO);
    tally.readers = mortals.killed();
    tally.newest = watcher.generation().map(|g| g.number());
    // So that the Python reader, which looks every few milliseconds, has seen it too.
    std::thread::sleep(Duration::from_millis(200));
    Ok(tally)
}

fn torture(args: &Args) -> Result<(), String> {
    let name = format!("torture-{}", std::process::id());
    let readers = Readers::start(&name, args.readers, args.python.as_deref())?;
    let killed = kills(args, &name, &readers);
    let (published, newest) = killed.as_ref().map_or((0, None), |t| (t.published, t.newest));
    let wrong = readers.conclude(published, newest);
    println!("{}", killed?);
    clean(args, &name)?;
    if wrong > 0 { Err(format!("{wrong} readers saw something wrong")) } else { Ok(()) }
}

/// What the last one left can be taken over and ended; of the names that were in use on the way nothing stays behind `axismirror clean`.
fn clean(args: &Args, name: &str) -> Result<(), String> {
    let run = |words: &[&str]| Command::new(&args.service).args(words).stdout(Stdio::null()).status();
    let version = ["--struct-version", &args.version];
    let last = ["-q", "run", "--simulate", "--duration", "0.01", "--fast", "--name", name];
    if !run(&[&last[..], &version].concat()).is_ok_and(|s| s.success()) {
        return Err("the stream cannot be taken over and ended".to_owned());
    }
    for name in [name, &blow::other_name(name)] {
        if !run(&["clean", name]).is_ok_and(|s| s.success()) {
            return Err(format!("`clean {name}` fails"));
        }
        let header = StreamName::new(name).map_err(|e| e.to_string())?.header();
        let left = left_behind(SHM_DIR, Some(std::slice::from_ref(&header))).map_err(|e| e.to_string())?;
        if let Some(stream) = left.first() {
            return Err(format!("{} files of {name} stay behind `clean`", stream.files.len()));
        }
    }
    Ok(())
}

fn run() -> Result<(), String> {
    let mut words = std::env::args().skip(1);
    match words.next().ok_or("usage: torture SERVICE [--kills N] [--readers N] ...")? {
        reader if reader == "read" => readers::read_until_killed(&words.next().unwrap_or_default()),
        service => torture(&args(words, service)?),
    }
}

fn main() -> ExitCode {
    conclude(run())
}
