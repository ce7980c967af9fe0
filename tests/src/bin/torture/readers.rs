//! Who reads meanwhile: those that have to survive everything, and those that are killed.
//!
//! Knows nothing of how the service dies.

use std::io::Read;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use axismirror::mirror::{Mirror, Proof, Start};
use axismirror_tests::counter::Follower;
use axismirror_tests::process::Running;

/// A Python reader takes as long as several services to start: it is killed with every so manieth of them only.
const PYTHON_EVERY: u64 = 20;
/// How long a Python reader may take to say what it has seen.
const PATIENCE: Duration = Duration::from_secs(30);
/// As long as the longest torture: it ends on SIGTERM.
const FOR_EVER: &str = "86400";

/// What a reader has seen.
#[derive(Debug, Default)]
struct Seen {
    frames: AtomicU64,
    generations: AtomicU64,
    missed: AtomicU64,
    stop: AtomicBool,
}

/// Reads until told to stop; the first wrong frame ends it.
fn read(name: &str, seen: &Seen) -> Result<(), String> {
    let mut mirror = Mirror::open(name, Start::Oldest).map_err(|e| e.to_string())?;
    let mut follower = Follower::default();
    let mut generation = None;
    // Relaxed here and below: numbers and a flag alone, nothing is published with them.
    while !seen.stop.load(Ordering::Relaxed) {
        mirror.wait(Duration::from_millis(20)).map_err(|e| e.to_string())?;
        let now = mirror.generation();
        let chunk = mirror.read().map_err(|e| e.to_string())?;
        if chunk.frames() > 0 && chunk.proof() != Proof::Untorn {
            return Err("a read without proof".to_owned());
        }
        let samples = chunk.samples::<i32>().map_err(|e| e.to_string())?;
        let (frames, channels, first, missed) = (chunk.frames(), chunk.frame_samples(), chunk.first(), chunk.missed());
        // Frames are of the generation behind the read, which may have gone over to a new one whose counter starts again.
        for generation_now in [now, mirror.generation()] {
            if generation_now != generation {
                generation = generation_now;
                seen.generations.fetch_add(1, Ordering::Relaxed);
                follower.resync();
            }
        }
        follower.feed(&samples, channels, first, missed)?;
        seen.missed.fetch_add(missed, Ordering::Relaxed);
        seen.frames.fetch_add(frames as u64, Ordering::Relaxed);
    }
    Ok(())
}

/// For a process that somebody will kill.
pub(crate) fn read_until_killed(name: &str) -> Result<(), String> {
    read(name, &Seen::default())
}

fn python_reader(python: &Path, name: &str) -> Command {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/python/reader.py");
    let mut c = Command::new(python);
    // A generation may die before its first frame.
    c.args([script, name, "--seconds", FOR_EVER, "--frames-each", "0"]).stdin(Stdio::null());
    c
}

/// What a reader of ours has to say at its end.
type Verdict = thread::JoinHandle<Result<(), String>>;

/// Readers that have to survive everything.
#[derive(Debug)]
pub(crate) struct Readers {
    ours: Vec<(Arc<Seen>, Verdict)>,
    python: Option<Running>,
}

impl Readers {
    /// So many of ours, and an `EZShmMirror`.
    pub(crate) fn start(name: &str, ours: usize, python: Option<&Path>) -> Result<Self, String> {
        let one = |_| {
            let seen = Arc::new(Seen::default());
            let (name, shared) = (name.to_owned(), seen.clone());
            (seen, thread::spawn(move || read(&name, &shared)))
        };
        let python = python.map(|p| Running::start(python_reader(p, name).stdout(Stdio::piped()))).transpose()?;
        Ok(Self { ours: (0..ours).map(one).collect(), python })
    }

    /// One of ours that has ended, which none may do.
    pub(crate) fn finished(&self) -> Option<usize> {
        self.ours.iter().position(|(_, thread)| thread.is_finished())
    }

    /// Stops them and prints what they have seen. How many saw something wrong, less than so many generations, or not the newest.
    pub(crate) fn conclude(mut self, published: u64, newest: Option<u32>) -> usize {
        println!("{:<12} {:>10} {:>12} {:>8}  verdict", "reader", "frames", "generations", "missed");
        let mut wrong = 0;
        self.ours.iter().for_each(|(seen, _)| seen.stop.store(true, Ordering::Relaxed));
        for (i, (seen, thread)) in self.ours.drain(..).enumerate() {
            let of = |n: &AtomicU64| n.load(Ordering::Relaxed);
            let verdict = match thread.join().unwrap_or(Err("panicked".to_owned())) {
                Ok(()) if of(&seen.generations) < published => Err(format!("saw less than {published} generations")),
                verdict => verdict,
            };
            let text = verdict.as_ref().map_or_else(String::clone, |()| "every frame right".to_owned());
            let (frames, generations, missed) = (of(&seen.frames), of(&seen.generations), of(&seen.missed));
            println!("{:<12} {frames:>10} {generations:>12} {missed:>8}  {text}", i + 1);
            wrong += usize::from(verdict.is_err());
        }
        if let Some(python) = self.python.take() {
            wrong += usize::from(!conclude_python(python, newest));
        }
        wrong
    }
}

/// Lets the Python reader say what it has seen, and prints it.
fn conclude_python(mut python: Running, newest: Option<u32>) -> bool {
    let _ = Command::new("kill").args(["-s", "TERM", &python.0.id().to_string()]).status();
    let deadline = Instant::now() + PATIENCE;
    while Instant::now() < deadline && !matches!(python.0.try_wait(), Ok(Some(_))) {
        thread::sleep(Duration::from_millis(20));
    }
    let _ = python.0.kill();
    let mut text = String::new();
    if let Some(mut out) = python.0.stdout.take() {
        let _ = out.read_to_string(&mut text);
    }
    let said: serde_json::Value = serde_json::from_str(text.trim()).unwrap_or_default();
    let generations = said["generations"].as_array().map_or(&[][..], Vec::as_slice);
    // It looks every few milliseconds, and may miss a service that lived for less; but never the last one.
    let last = generations.last().filter(|g| g["frames"].as_u64() > Some(0)).and_then(|g| g["generation"].as_u64());
    let carried_on = newest.is_some_and(|n| last == Some(n.into()));
    let right = said["ok"] == true && carried_on;
    let verdict = match &said["problems"] {
        _ if right => "every frame right".to_owned(),
        serde_json::Value::Null => "said nothing".to_owned(),
        _ if said["ok"] == true => format!("saw generation {last:?} last and not {newest:?}"),
        problems => format!("lost {} repeated {} torn {}: {problems}", said["lost"], said["repeated"], said["torn"]),
    };
    let of = |key: &str| said[key].as_u64().unwrap_or(0);
    println!(
        "{:<12} {:>10} {:>12} {:>8}  {verdict}",
        "EZShmMirror",
        of("frames"),
        generations.len(),
        of("late_overflows")
    );
    right
}

/// Readers that are killed and started again.
#[derive(Debug)]
pub(crate) struct Mortals<'a> {
    name: &'a str,
    python: Option<&'a Path>,
    ours: Running,
    theirs: Option<Running>,
    killed: (u64, u64),
}

impl<'a> Mortals<'a> {
    /// One of ours, and an `EZShmMirror`.
    pub(crate) fn start(name: &'a str, python: Option<&'a Path>) -> Result<Self, String> {
        let theirs = python.map(|p| start_python(p, name)).transpose()?;
        Ok(Self { name, python, ours: start_ours(name)?, theirs, killed: (0, 0) })
    }

    /// With the service's `kill`th end.
    pub(crate) fn kill(&mut self, kill: u64) -> Result<(), String> {
        // The one that is replaced is dropped: SIGKILL.
        self.ours = start_ours(self.name)?;
        self.killed.0 += 1;
        if let Some(python) = self.python.filter(|_| kill.is_multiple_of(PYTHON_EVERY)) {
            self.theirs = Some(start_python(python, self.name)?);
            self.killed.1 += 1;
        }
        Ok(())
    }

    /// How many of ours and of the others.
    pub(crate) const fn killed(&self) -> (u64, u64) {
        self.killed
    }
}

fn start_ours(name: &str) -> Result<Running, String> {
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    Running::start(Command::new(own).args(["read", name]).stdin(Stdio::null()))
}

fn start_python(python: &Path, name: &str) -> Result<Running, String> {
    // Its helper process grumbles about what was left to it, which is as it should be.
    Running::start(python_reader(python, name).stdout(Stdio::null()).stderr(Stdio::null()))
}
