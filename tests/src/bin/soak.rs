//! Runs one service for long at the highest rate that a board has, and watches that nothing grows and no count drifts.
//!
//! usage: soak SERVICE [--minutes M] [--every SECONDS] [--board ID] [--python PYTHON]
//!
//! `SERVICE` is the `axismirror` binary. Our mirror reads along and checks every frame; with `--python` (an interpreter that has ezmsg-tools) an
//! unmodified `EZShmMirror` does, too. Progress on standard error, at the end a table and a verdict; exit status 1 when a frame was wrong, when
//! frames are neither there nor counted as lost, or when memory, descriptors or threads did not stay as they were.

use std::io::Read;
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use axismirror::clock::monotonic_ns;
use axismirror::mirror::{Mirror, Proof, Start, State};
use axismirror_boards::board::Board;
use axismirror_core::health::Health;
use axismirror_tests::counter::Follower;
use axismirror_tests::process::{Holdings, Running, conclude, holdings};

/// How long anything but the soak itself may take.
const PATIENCE: Duration = Duration::from_secs(20);
/// Length of the ring: below 65536 frames at any rate of our boards, so that a published reader cannot see a torn index.
const RING: Duration = Duration::from_secs(2);
/// Share of the time after which everything has been touched once and must not grow any more.
const WARM: f64 = 0.2;
/// Memory that may come and go, in KiB.
const FLAT_KIB: f64 = 256.0;
/// Rows of the table.
const ROWS: usize = 12;

struct Args {
    service: PathBuf,
    seconds: f64,
    every: Duration,
    board: &'static Board,
    python: Option<PathBuf>,
}

/// The board whose chips make the most frames a second.
fn fastest() -> Option<&'static Board> {
    Board::all().iter().max_by_key(|b| b.rates.iter().max())
}

fn args() -> Result<Args, String> {
    let mut words = std::env::args().skip(1);
    let service = words.next().ok_or("usage: soak SERVICE [--minutes M] [--every SECONDS] ...")?.into();
    let board = fastest().ok_or("no boards")?;
    let mut args = Args { service, seconds: 3600.0, every: Duration::from_secs(5), board, python: None };
    while let Some(flag) = words.next() {
        let value = words.next().ok_or(format!("{flag} needs a value"))?;
        let number =
            || value.parse::<f64>().ok().filter(|n| *n > 0.0).ok_or(format!("{flag} {value}: not a number above 0"));
        match flag.as_str() {
            "--minutes" => args.seconds = number()? * 60.0,
            "--every" => args.every = Duration::from_secs_f64(number()?),
            "--board" => args.board = Board::find(&value).map_err(|e| e.to_string())?,
            "--python" => args.python = Some(value.into()),
            _ => return Err(format!("{flag} is unknown")),
        }
    }
    Ok(args)
}

/// What our mirror has seen.
#[derive(Clone, Copy, Debug, Default)]
struct Seen {
    /// Frames that it got, and those that it knows it did not get.
    frames: u64,
    missed: u64,
    /// What the frames' own counter says of those that the service lost.
    follower: Follower,
    generations: u64,
    /// Times of the first and the last frame, in seconds.
    span: Option<(f64, f64)>,
    /// How old the newest frame was when it was read, in seconds.
    age: f64,
    health: Health,
}

/// Reads until told to stop, or until the stream has ended.
fn read(name: &str, stop: &AtomicBool, account: &Mutex<Seen>) -> Result<(), String> {
    // It begins with a whole ring: after that its buffer is as large as it ever will be.
    let mut early = Mirror::open(name, Start::Next).map_err(|e| e.to_string())?;
    while !stop.load(Ordering::Relaxed) && early.state().map_err(|e| e.to_string())? != State::Valid {
        thread::sleep(Duration::from_millis(10));
    }
    drop(early);
    thread::sleep(RING.mul_f64(1.25));
    let mut mirror = Mirror::open(name, Start::Oldest).map_err(|e| e.to_string())?;
    let mut follower = Follower::of_losses();
    let mut generation = None;
    // Relaxed: a flag alone, nothing is published with it.
    while !stop.load(Ordering::Relaxed) {
        mirror.wait(Duration::from_millis(100)).map_err(|e| e.to_string())?;
        let health = mirror.extension().map(|e| e.health());
        let chunk = mirror.read().map_err(|e| e.to_string())?;
        if chunk.frames() > 0 && chunk.proof() != Proof::Untorn {
            return Err("a read without proof".to_owned());
        }
        let samples = chunk.samples::<i32>().map_err(|e| e.to_string())?;
        follower.feed(&samples, chunk.frame_samples(), chunk.first(), chunk.missed())?;
        let (frames, missed) = (chunk.frames() as u64, chunk.missed());
        let times = chunk.times().first().copied().zip(chunk.times().last().copied());
        let mut seen = account.lock().unwrap_or_else(PoisonError::into_inner);
        seen.frames += frames;
        // What was overwritten before the first frame lies before the time that is accounted for.
        seen.missed += if seen.span.is_some() { missed } else { 0 };
        seen.follower = follower;
        seen.health = health.unwrap_or(seen.health);
        if let Some((first, last)) = times {
            seen.span = Some((seen.span.map_or(first, |(first, _)| first), last));
            seen.age = monotonic_ns() as f64 / 1e9 - last;
        }
        if mirror.generation() != generation {
            generation = mirror.generation();
            seen.generations += 1;
        }
    }
    Ok(())
}

/// One look at everything.
#[derive(Clone, Copy, Debug)]
struct Sample {
    /// Seconds since the first look.
    at: f64,
    service: Holdings,
    /// This process: our mirror.
    mirror: Holdings,
    seen: Seen,
}

impl Sample {
    /// Frames that are neither there nor counted as lost: those of the time between the first and the last one at the ADC's rate, less
    /// those that were read, missed by the reader, or lost by the service. Right to a frame when no loss was counted but not yet passed by.
    fn unaccounted(&self, rate: f64) -> f64 {
        let Some((first, last)) = self.seen.span else { return 0.0 };
        let due = ((last - first) * rate).round() + 1.0;
        due - (self.seen.frames + self.seen.missed + self.seen.health.frames_lost) as f64
    }
}

/// A line through `y` over `x`: its slope.
fn slope(points: &[(f64, f64)]) -> f64 {
    let n = points.len() as f64;
    let (mean_x, mean_y) = points.iter().fold((0.0, 0.0), |(sx, sy), (x, y)| (sx + x / n, sy + y / n));
    let xx: f64 = points.iter().map(|(x, _)| (x - mean_x).powi(2)).sum();
    let xy: f64 = points.iter().map(|(x, y)| (x - mean_x) * (y - mean_y)).sum();
    if xx > 0.0 { xy / xx } else { 0.0 }
}

fn soak(args: &Args) -> Result<(), String> {
    let name = format!("soak-{}", std::process::id());
    let rate = args.board.rates.iter().max().copied().unwrap_or(0);
    eprintln!("{} at {rate} Hz, {} channels, for {} s", args.board.id, args.board.channels(), args.seconds);
    let stop = AtomicBool::new(false);
    let account = Arc::new(Mutex::new(Seen::default()));
    let mut wrong = Vec::new();
    let (samples, python) = thread::scope(|scope| {
        let reader = scope.spawn(|| read(&name, &stop, &account));
        let watched = watch(args, &name, rate, &account, || reader.is_finished());
        stop.store(true, Ordering::Relaxed);
        if let Err(error) = reader.join().unwrap_or(Err("it panicked".to_owned())) {
            wrong.push(format!("our mirror: {error}"));
        }
        // Why the mirror has ended is worth more than that it has.
        watched.map_err(|error| [wrong.join("; "), error].join("; "))
    })?;
    print(&samples, f64::from(rate));
    let end = *account.lock().unwrap_or_else(PoisonError::into_inner);
    let last = samples.last().map(|s| Sample { seen: end, ..*s }).ok_or("nothing was sampled")?;
    judge(&samples, &last, f64::from(rate), args.board.channels(), &mut wrong);
    if let Some(said) = python {
        println!("EZShmMirror: {said}");
        if !said.contains("\"ok\": true") {
            wrong.push("EZShmMirror saw something wrong".to_owned());
        }
    }
    if wrong.is_empty() {
        println!("verdict: flat, and every frame accounted for");
        Ok(())
    } else {
        Err(wrong.join("; "))
    }
}

/// Starts everything, and looks at it until the stream ends by itself. What was seen, and what Python said.
fn watch(
    args: &Args,
    name: &str,
    rate: u32,
    account: &Mutex<Seen>,
    reader_ended: impl Fn() -> bool,
) -> Result<(Vec<Sample>, Option<String>), String> {
    let (text, seconds) = (rate.to_string(), args.seconds.to_string());
    let mut command = Command::new(&args.service);
    command.args(["run", "--simulate", "--signal", "counter", "--name", name, "--board", args.board.id]);
    command
        .args(["--rate", &text, "--buf-dur", &RING.as_secs().to_string(), "--duration", &seconds])
        .stdin(Stdio::null());
    let mut service = Running::start(&mut command)?;
    let mut python =
        args.python.as_ref().map(|python| read_with_python(python, name, &text, args.seconds)).transpose()?;
    let looks = (args.seconds / args.every.as_secs_f64()) as usize + 16;
    // What grows here would be taken for a leak of the mirror.
    let mut samples: Vec<Sample> = Vec::with_capacity(looks);
    let begin = Instant::now();
    let limit = Duration::from_secs_f64(args.seconds) + PATIENCE;
    let mut next_word = Duration::from_secs(60);
    let status = loop {
        thread::sleep(args.every);
        if let Some(status) = service.0.try_wait().map_err(|e| e.to_string())? {
            break status;
        }
        let holds = (holdings(service.0.id()), holdings(std::process::id()));
        let (Ok(service_holds), Ok(mirror)) = holds else { continue };
        let seen = *account.lock().unwrap_or_else(PoisonError::into_inner);
        let at = begin.elapsed();
        samples.push(Sample { at: at.as_secs_f64(), service: service_holds, mirror, seen });
        if at > next_word {
            next_word += Duration::from_secs(60);
            let (frames, lost, kib) = (seen.frames, seen.health.frames_lost, service_holds.anonymous_kib);
            eprintln!(
                "{:5.0} s: {frames} frames, {lost} lost, {} missed, service {kib} KiB",
                at.as_secs_f64(),
                seen.missed
            );
        }
        if reader_ended() {
            return Err("our mirror ended before the stream".to_owned());
        }
        if at > limit {
            return Err(format!("the stream did not end within {PATIENCE:?} of its time"));
        }
    };
    if !status.success() {
        return Err(format!("the service ended: {status}"));
    }
    Ok((samples, python.as_mut().map(said)))
}

fn read_with_python(python: &PathBuf, name: &str, rate: &str, seconds: f64) -> Result<Running, String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/reader.py");
    // A little less than the stream lasts: its end is not what is looked at here.
    let seconds = (seconds - 5.0).max(1.0).to_string();
    let mut command = Command::new(python);
    command.args([script, name, "--rate", rate, "--seconds", &seconds, "--poll", "0.02"]);
    Running::start(command.stdin(Stdio::null()).stdout(Stdio::piped()))
}

/// The Python reader's own account. It has ended, or will soon.
fn said(python: &mut Running) -> String {
    let mut text = String::new();
    if let Some(mut out) = python.0.stdout.take() {
        let _ = out.read_to_string(&mut text);
    }
    text.trim().to_owned()
}

fn print(samples: &[Sample], rate: f64) {
    println!(
        "{:>7} {:>12} {:>6} {:>7} {:>12} {:>9} {:>13} {:>12} {:>10}",
        "s", "frames", "lost", "missed", "unaccounted", "age ms", "service KiB", "mirror KiB", "fds, thr."
    );
    let step = samples.len().div_ceil(ROWS).max(1);
    let shown = samples.iter().enumerate().filter(|(i, _)| i % step == 0 || i + 1 == samples.len());
    for (_, s) in shown {
        println!(
            "{:>7.0} {:>12} {:>6} {:>7} {:>12} {:>9.1} {:>13} {:>12} {:>10}",
            s.at,
            s.seen.frames,
            s.seen.health.frames_lost,
            s.seen.missed,
            s.unaccounted(rate),
            s.seen.age * 1e3,
            s.service.anonymous_kib,
            s.mirror.anonymous_kib,
            format!("{}, {}", s.service.descriptors, s.service.threads),
        );
    }
}

/// What is not as it should be.
fn judge(samples: &[Sample], last: &Sample, rate: f64, channels: usize, wrong: &mut Vec<String>) {
    let warm = samples.get((samples.len() as f64 * WARM) as usize..).unwrap_or_default();
    let seconds = warm.last().map_or(0.0, |s| s.at) - warm.first().map_or(0.0, |s| s.at);
    println!("{:<22} {:>10} {:>10} {:>16}", "after warming up", "least", "most", "by the line");
    let mut flat = |what: &str, allowed: f64, of: &dyn Fn(&Sample) -> f64| {
        let (least, most) = warm.iter().map(of).fold((f64::MAX, f64::MIN), |(l, m), v| (l.min(v), m.max(v)));
        let growth = slope(&warm.iter().map(|s| (s.at, of(s))).collect::<Vec<_>>()) * seconds;
        println!("{what:<22} {least:>10} {most:>10} {growth:>+16.1}");
        // Of memory the line counts, of things that are counted in pieces each one does.
        let by = if allowed > 0.0 { growth } else { most - least };
        if by > allowed {
            wrong.push(format!("{what} grew by {by} in {seconds:.0} s"));
        }
    };
    flat("service: memory KiB", FLAT_KIB, &|s| s.service.anonymous_kib as f64);
    flat("service: descriptors", 0.0, &|s| s.service.descriptors as f64);
    flat("service: threads", 0.0, &|s| s.service.threads as f64);
    // The samples of a late read are a copy, of a ring at most, and the allocator may keep it.
    let ring_kib = RING.as_secs_f64() * rate * (channels * size_of::<i32>()) as f64 / 1024.0;
    flat("mirror: memory KiB", FLAT_KIB + ring_kib, &|s| s.mirror.anonymous_kib as f64);
    flat("mirror: descriptors", 0.0, &|s| s.mirror.descriptors as f64);
    let h = last.seen.health;
    let counted = [
        ("frames lost", h.frames_lost),
        ("overruns", h.overruns),
        ("DRDY missed", h.drdy_missed),
        ("bad frames", h.bad_frames),
        ("bus errors", h.bus_errors),
        ("restarts", h.restarts),
        ("missed by our mirror", last.seen.missed),
    ];
    let counted: Vec<String> = counted.iter().filter(|(_, n)| *n > 0).map(|(what, n)| format!("{what} {n}")).collect();
    let counted = if counted.is_empty() { "nothing lost, nothing missed".to_owned() } else { counted.join(", ") };
    let (first, newest) = last.seen.span.unwrap_or_default();
    println!("{} frames in {:.6} s of their own time: {counted}", last.seen.frames, newest - first);
    let unaccounted = last.unaccounted(rate);
    if unaccounted != 0.0 {
        wrong.push(format!("{unaccounted} frames are neither there nor counted as lost"));
    }
    if !last.seen.follower.has_leapt(h.frames_lost) {
        wrong.push(format!("{} frames lost are not what the counter in the frames says", h.frames_lost));
    }
    if last.seen.generations != 1 {
        wrong.push(format!("{} generations where one was expected", last.seen.generations));
    }
}

fn main() -> ExitCode {
    conclude(args().and_then(|a| soak(&a)))
}
