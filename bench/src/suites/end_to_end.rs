//! From DRDY of a simulated ADC in real time to the frame in a reader's hands: the whole service, as it is run, and a reader in another process.
//!
//! Every frame carries the time of its edge, so each one tells how old it is when it is read. The Python pipeline in the same run has no ADC to
//! read: a process that sleeps until a frame is due, and publishes it.

use std::time::{Duration, Instant};

use axismirror::clock::monotonic_ns;
use axismirror::mirror::{Mirror, Start};
use serde_json::Value;

use crate::contestants::python::{Process, Release};
use crate::harness::Measured;
use crate::machine::{Cores, pin};
use crate::process::Service;
use crate::results::Histogram;
use crate::stats::Summary;

/// Frames per second.
pub const RATES: [u32; 4] = [250, 1000, 4000, 16_000];
/// Eight channels at every one of these rates.
const BOARD: &str = "pieeg8";
/// What is not looked at after a reader begins.
const SETTLE: Duration = Duration::from_millis(300);
/// How long a sleeping reader sleeps at most.
const SLEEP: Duration = Duration::from_millis(500);

/// How a reader waits for the next frame.
#[derive(Clone, Copy, Debug)]
enum Waiting {
    Spinning,
    Sleeping,
}

/// All contestants at one rate, taking turns, `passes` times `seconds` each.
///
/// # Errors
/// Of the first that fails.
pub fn end_to_end(
    program: &std::path::Path,
    rate: u32,
    cores: Cores,
    releases: &[Release],
    passes: usize,
    seconds: f64,
) -> Result<(Vec<Measured>, Histogram), String> {
    let ours = [("axismirror, spinning reader", Waiting::Spinning), ("axismirror, sleeping reader", Waiting::Sleeping)];
    let mut series: Vec<(String, Vec<f64>)> = ours.iter().map(|(name, _)| ((*name).to_owned(), Vec::new())).collect();
    series.extend(releases.iter().map(|r| (format!("ezmsg-tools {}", r.version), Vec::new())));
    for _ in 0..passes {
        let (mirrors, pipelines) = series.split_at_mut(ours.len());
        for ((_, ages), (_, waiting)) in mirrors.iter_mut().zip(ours) {
            ages.extend(mirror(program, rate, cores, waiting, seconds)?);
        }
        for ((_, ages), release) in pipelines.iter_mut().zip(releases) {
            ages.extend(pipeline(release, rate, cores, seconds)?);
        }
    }
    let mut measured = Vec::new();
    for (name, ages) in &series {
        let ns = Summary::of(ages.clone()).ok_or_else(|| format!("{name} at {rate} Hz: no frame"))?;
        measured.push(Measured { contestant: name.clone(), ns, rounds: passes, discarded: 0 });
    }
    Ok((measured, Histogram { case: format!("{rate} Hz"), series }))
}

/// Ages in nanoseconds of the frames that a mirror reads.
fn mirror(
    program: &std::path::Path,
    rate: u32,
    cores: Cores,
    waiting: Waiting,
    seconds: f64,
) -> Result<Vec<f64>, String> {
    let text = rate.to_string();
    let service = Service::start(program, &["--board", BOARD, "--simulate", "--rate", &text, "--chunk", "1"])?;
    let read = || -> Result<Vec<f64>, String> {
        pin(cores.reader)?;
        let mut ages = Vec::with_capacity((f64::from(rate) * (seconds + 1.0)) as usize);
        let failed = |e: axismirror::mirror::MirrorError| e.to_string();
        let mut mirror = Mirror::open(service.name(), Start::Next).map_err(failed)?;
        let begin = Instant::now();
        while begin.elapsed().as_secs_f64() < seconds {
            if let Waiting::Sleeping = waiting {
                mirror.wait(SLEEP).map_err(failed)?;
            }
            let chunk = mirror.read().map_err(failed)?;
            let now = monotonic_ns() as f64;
            if begin.elapsed() > SETTLE {
                ages.extend(chunk.times().iter().map(|t| now - t * 1e9));
            }
        }
        Ok(ages)
    };
    std::thread::scope(|scope| scope.spawn(read).join().map_err(|_| "the reader panicked".to_owned())?)
}

/// Ages of the frames that the published mirror reads from the published writer.
fn pipeline(release: &Release, rate: u32, cores: Cores, seconds: f64) -> Result<Vec<f64>, String> {
    let name = format!("axismirror-bench-{}-{}-{rate}", std::process::id(), release.version);
    let start = |role: &str, core: usize| {
        let arguments = [role.to_owned(), name.clone(), rate.to_string(), core.to_string()];
        Process::start(&release.python, "pipeline.py", &arguments)
    };
    let mut writer = start("write", cores.writer)?;
    writer.ask("begin")?;
    let mut reader = start("read", cores.reader)?;
    let answer = reader.ask(&seconds.to_string())?;
    let ages = answer.get("ages").and_then(Value::as_array).ok_or_else(|| format!("no ages in {answer}"))?;
    Ok(ages.iter().filter_map(Value::as_f64).collect())
}
