//! Kills the service again and again under several readers, each of which checks every frame.
//!
//! usage: torture SERVICE [--kills N] [--readers N] [--rate HZ] [--version 0|1|2] [--python PYTHON]
//!
//! `SERVICE` is the `axismirror` binary. The stream carries the counter signal, so each frame says which one it is. With `--python` (an
//! interpreter that has ezmsg-tools) an unmodified `EZShmMirror` reads along. Prints a table; exit status 1 when a frame was torn, stale, repeated
//! or lost without being counted, or when a reader did not carry on.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Child, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use axismirror::mirror::{Mirror, Proof, Start};

/// The counter's codes run modulo this.
const MODULUS: i64 = 1 << 23;
const CHANNELS: i64 = 8;
/// How long a restarted service may take until a frame is seen.
const PATIENCE: Duration = Duration::from_secs(10);
/// A service lives at most so long after its first frame.
const LONGEST_LIFE: Duration = Duration::from_millis(60);

struct Args {
    service: PathBuf,
    kills: u64,
    readers: usize,
    rate: String,
    version: String,
    python: Option<PathBuf>,
}

fn args() -> Result<Args, String> {
    let mut words = std::env::args().skip(1);
    let service = words.next().ok_or("usage: torture SERVICE [--kills N] [--readers N] ...")?.into();
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

/// What a reader has seen.
#[derive(Default)]
struct Seen {
    frames: AtomicU64,
    generations: AtomicU64,
    missed: AtomicU64,
    stop: AtomicBool,
}

/// A reader's account, and its thread.
type Reader = (Arc<Seen>, thread::JoinHandle<Result<(), String>>);

/// Reads until told to stop; the first wrong frame ends it.
fn read(name: &str, seen: &Seen) -> Result<(), String> {
    let mut mirror = Mirror::open(name, Start::Oldest).map_err(|e| e.to_string())?;
    let mut next = None;
    let mut generation = None;
    while !seen.stop.load(Ordering::Relaxed) {
        mirror.wait(Duration::from_millis(20)).map_err(|e| e.to_string())?;
        let now = mirror.generation();
        if now != generation {
            seen.generations.fetch_add(1, Ordering::Relaxed);
            generation = now;
            next = None;
        }
        let chunk = mirror.read().map_err(|e| e.to_string())?;
        let first = chunk.first();
        seen.missed.fetch_add(chunk.missed(), Ordering::Relaxed);
        if chunk.frames() > 0 && chunk.proof() != Proof::Untorn {
            return Err("a read without proof".to_owned());
        }
        let samples = chunk.samples::<i32>().map_err(|e| e.to_string())?;
        let (frames, missed) = (chunk.frames(), chunk.missed());
        // The read may have gone over to a new generation, whose counter starts again.
        if mirror.generation() != generation {
            seen.generations.fetch_add(1, Ordering::Relaxed);
            generation = mirror.generation();
            next = None;
        }
        for (i, frame) in samples.chunks_exact(8).enumerate() {
            let code = i64::from(frame[0]);
            if frame.iter().zip(0..).any(|(s, c)| i64::from(*s) != (code + c) % MODULUS) {
                return Err(format!("a torn frame: {frame:?}"));
            }
            if let Some(expected) = next
                && i == 0
                && code != (expected + CHANNELS * missed as i64) % MODULUS
            {
                return Err(format!("frame {first}: code {code}, expected {expected} after {missed} missed"));
            }
            if let Some(expected) = next
                && i > 0
                && code != expected
            {
                return Err(format!("frame {}: code {code}, expected {expected}", first + i as u64));
            }
            next = Some((code + CHANNELS) % MODULUS);
        }
        seen.frames.fetch_add(frames as u64, Ordering::Relaxed);
    }
    Ok(())
}

/// A child that does not outlive us.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn start(args: &Args, name: &str) -> Result<Running, String> {
    let mut c = Command::new(&args.service);
    c.args(["-q", "run", "--simulate", "--signal", "counter", "--chunk", "7", "--buf-dur", "0.5", "--name", name]);
    c.args(["--rate", &args.rate, "--struct-version", &args.version]);
    c.stdin(Stdio::null()).spawn().map(Running).map_err(|e| format!("{}: {e}", args.service.display()))
}

/// Numbers that differ from run to run no more than they have to (a linear congruential generator).
fn random(state: &mut u64) -> u64 {
    *state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    *state >> 33
}

fn torture(args: &Args) -> Result<(), String> {
    let name = format!("torture-{}", std::process::id());
    let readers: Vec<Reader> = (0..args.readers)
        .map(|_| {
            let seen = Arc::new(Seen::default());
            let (name, shared) = (name.clone(), seen.clone());
            (seen, thread::spawn(move || read(&name, &shared)))
        })
        .collect();
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/reader.py");
    let python = args.python.as_ref().map(|python| {
        let mut c = Command::new(python);
        // It ends by itself when the killing is about over.
        let seconds = (args.kills * 45 / 100 + 3).to_string();
        c.args([script, &name, "--seconds", &seconds]).stdout(Stdio::piped()).stdin(Stdio::null());
        c.spawn().map_err(|e| format!("{}: {e}", python.display()))
    });
    let python = python.transpose()?;
    let mut state = 1;
    let mut watcher = Mirror::open(&name, Start::Next).map_err(|e| e.to_string())?;
    for kill in 0..=args.kills {
        let mut service = start(args, &name)?;
        let deadline = Instant::now() + PATIENCE;
        let before = watcher.generation();
        // What is left of the old generation comes first.
        while watcher.read().map_err(|e| e.to_string())?.frames() == 0 || watcher.generation() == before {
            watcher.wait(Duration::from_millis(5)).map_err(|e| e.to_string())?;
            if let Ok(Some(status)) = service.0.try_wait() {
                return Err(format!("after {kill} kills the service ended by itself: {status}"));
            }
            if Instant::now() > deadline {
                return Err(format!("after {kill} kills the watching reader sees no frame"));
            }
            if let Some(reader) = readers.iter().position(|(_, t)| t.is_finished()) {
                stop(&readers);
                return readers
                    .into_iter()
                    .nth(reader)
                    .map_or(Ok(()), |(_, t)| t.join().unwrap_or(Err("panic".into())));
            }
        }
        thread::sleep(Duration::from_micros(random(&mut state) % LONGEST_LIFE.as_micros() as u64));
        // Drop is SIGKILL; the last one too.
        drop(service);
    }
    stop(&readers);
    println!("{:<10} {:>10} {:>12} {:>8}  verdict", "reader", "frames", "generations", "missed");
    let mut wrong = 0;
    for (i, (seen, thread)) in readers.into_iter().enumerate() {
        let verdict = thread.join().unwrap_or(Err("panicked".to_owned()));
        let of = |n: &AtomicU64| n.load(Ordering::Relaxed);
        let carried_on = of(&seen.generations) > args.kills;
        let verdict = verdict.and(if carried_on { Ok(()) } else { Err("did not see every generation".to_owned()) });
        let text = verdict.as_ref().map_or_else(String::clone, |()| "every frame right".to_owned());
        println!(
            "{:<10} {:>10} {:>12} {:>8}  {text}",
            i + 1,
            of(&seen.frames),
            of(&seen.generations),
            of(&seen.missed)
        );
        wrong += usize::from(verdict.is_err());
    }
    if let Some(mut python) = python {
        let said = said_at_the_end(&mut python, args.kills);
        println!("{:<10} {said}", "Python");
        wrong += usize::from(!said.contains("\"ok\": true"));
    }
    println!("{} kills", args.kills + 1);
    // What the last one left.
    let leftovers = Command::new(&args.service)
        .args([
            "-q",
            "run",
            "--simulate",
            "--duration",
            "0.01",
            "--fast",
            "--name",
            &name,
            "--struct-version",
            &args.version,
        ])
        .status();
    if !leftovers.is_ok_and(|s| s.success()) {
        return Err("the stream cannot be taken over and ended".to_owned());
    }
    if wrong > 0 { Err(format!("{wrong} readers saw something wrong")) } else { Ok(()) }
}

fn stop(readers: &[Reader]) {
    for (seen, _) in readers {
        seen.stop.store(true, Ordering::Relaxed);
    }
}

/// The Python reader's own account; it is ended when it takes much longer than it was told to.
fn said_at_the_end(python: &mut Child, kills: u64) -> String {
    let deadline = Instant::now() + PATIENCE + Duration::from_secs(kills);
    while Instant::now() < deadline && !matches!(python.try_wait(), Ok(Some(_))) {
        thread::sleep(Duration::from_millis(20));
    }
    let _ = python.kill();
    let mut text = String::new();
    if let Some(mut out) = python.stdout.take() {
        let _ = out.read_to_string(&mut text);
    }
    let _ = python.wait();
    text.trim().to_owned()
}

fn main() -> ExitCode {
    match args().and_then(|a| torture(&a)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
