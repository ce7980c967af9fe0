//! One process writes as fast as it can, others read and check every frame that they get.
//!
//! usage: flood [--frames N] [--readers N]
//!
//! Each frame holds eight words made from its number, and its number as its time, so that a torn or stale one is seen. A reader's frames have to
//! come in order, with proof, and together with those that it counts as missed make up all that was written. Prints a table; exit status 1 when
//! anything was wrong.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, ExitCode, Stdio};
use std::time::{Duration, Instant};

use axismirror::mirror::{Mirror, Proof, Start};
use axismirror::shm::{SHM_DIR, ShmStore};
use axismirror_core::axis_array::{Axis, AxisArray, Samples};
use axismirror_core::dtype::DType;
use axismirror_core::extension::{Clock, Writer};
use axismirror_core::header::StructVersion;
use axismirror_core::name::StreamName;
use axismirror_core::publisher::Publisher;
use axismirror_core::settings::Settings;

/// Words of a frame.
const CHANNELS: usize = 8;
/// Frames of a chunk: one that does not divide the ring, so that chunks wrap.
const CHUNK: usize = 61;
/// Frames of the ring.
const RING: usize = 4096;
/// Nothing new for so long means that the writer is gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// Word `c` of frame `n`.
fn word(n: u64, c: usize) -> i64 {
    // An odd factor: another n, another word, in each channel.
    (n.wrapping_mul(2 * c as u64 + 1) ^ (c as u64) << 56).cast_signed()
}

fn write(name: &str, frames: u64) -> Result<(), String> {
    let name = StreamName::new(name).map_err(|e| e.to_string())?;
    let settings =
        Settings { shmem_name: Some(name), buf_dur: RING as f64, axis: None, version: StructVersion::default() };
    let writer = Writer { pid: std::process::id(), start: 0 };
    let mut publisher =
        Publisher::open(ShmStore::new(SHM_DIR), (), settings, writer, Clock::Unknown).map_err(|e| e.to_string())?;
    let mut bytes = vec![0; CHUNK * CHANNELS * 8];
    let mut times = [0.0; CHUNK];
    let mut first = 0;
    let fill = |bytes: &mut [u8], first: u64, len: usize| {
        let words = (0..len * CHANNELS).map(|i| word(first + (i / CHANNELS) as u64, i % CHANNELS));
        for (target, word) in bytes.as_chunks_mut::<8>().0.iter_mut().zip(words) {
            *target = word.to_le_bytes();
        }
    };
    let mut lines = BufReader::new(std::io::stdin()).lines();
    while first < frames {
        let len = CHUNK.min(usize::try_from(frames - first).unwrap_or(CHUNK));
        fill(&mut bytes, first, len);
        let chunk = &bytes[..len * CHANNELS * 8];
        times.iter_mut().zip(first..).for_each(|(time, n)| *time = n as f64);
        if first == 0 {
            let message = AxisArray {
                data: Samples { dtype: DType::I64, shape: &[len, CHANNELS], bytes: chunk },
                dims: &["time", "ch"],
                // One frame a second, so that a ring of RING seconds has RING frames.
                axes: &[("time", Axis::Linear { unit: "s", gain: 1.0, offset: 0.0 })],
                attrs: &[],
                key: "flood",
                stream_dim: None,
            };
            publisher.publish(&message).map_err(|e| e.to_string())?;
            // The stream is there: the readers are started, and the word comes when all have attached.
            println!("ready");
            lines.next();
        } else {
            publisher.append(chunk, &times[..len], 0).map_err(|e| e.to_string())?;
        }
        first += len as u64;
    }
    // The readers look at what is left; then the word to end.
    println!("written");
    lines.next();
    Ok(())
}

/// Reads until all `frames` are read or missed. Says how many of each.
fn read(name: &str, frames: u64) -> Result<(u64, u64), String> {
    let mut mirror = Mirror::open(name, Start::Oldest).map_err(|e| e.to_string())?;
    let (mut read, mut missed, mut attached) = (0, 0, false);
    let mut last = Instant::now();
    while read + missed < frames {
        let chunk = mirror.read().map_err(|e| e.to_string())?;
        if chunk.frames() == 0 && chunk.missed() == 0 {
            if last.elapsed() > PATIENCE {
                return Err(format!("nothing new for {PATIENCE:?} after {read} frames and {missed} missed"));
            }
            std::hint::spin_loop();
            continue;
        }
        if chunk.proof() != Proof::Untorn {
            return Err("a read without proof".to_owned());
        }
        missed += chunk.missed();
        let number = read + missed;
        if chunk.frames() > 0 && chunk.first() != number {
            return Err(format!("frame {} was handed out after {read} and {missed} missed", chunk.first()));
        }
        for (i, frame) in chunk.bytes().chunks_exact(CHANNELS * 8).enumerate() {
            let n = number + i as u64;
            let right = frame.as_chunks::<8>().0.iter().enumerate().all(|(c, w)| i64::from_le_bytes(*w) == word(n, c));
            if !right || chunk.times().get(i) != Some(&(n as f64)) {
                return Err(format!("frame {n} is not what was written: {frame:02x?}"));
            }
        }
        read += chunk.frames() as u64;
        last = Instant::now();
        if !attached {
            attached = true;
            println!("attached");
        }
    }
    Ok((read, missed))
}

/// A child that does not outlive us.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Running {
    fn start(args: &[&str]) -> Result<Self, String> {
        let own = std::env::current_exe().map_err(|e| e.to_string())?;
        let child = Command::new(own).args(args).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
        child.map(Self).map_err(|e| e.to_string())
    }

    /// Waits for a line.
    fn line(&mut self) -> Result<String, String> {
        let out = self.0.stdout.as_mut().ok_or("no output")?;
        // Byte by byte: what comes behind the line is left for the next look.
        let mut line = Vec::new();
        let mut byte = [0];
        while out.read(&mut byte).map_err(|e| e.to_string())? > 0 && byte != *b"\n" {
            line.extend_from_slice(&byte);
        }
        String::from_utf8(line).map_err(|e| e.to_string())
    }

    fn go_on(&mut self) {
        if let Some(input) = &mut self.0.stdin {
            let _ = input.write_all(b"\n");
        }
    }
}

fn flood(frames: u64, readers: usize) -> Result<(), String> {
    let name = format!("flood-{}", std::process::id());
    let count = frames.to_string();
    let mut writer = Running::start(&["write", &name, &count])?;
    if writer.line()? != "ready" {
        return Err("the writer does not start".to_owned());
    }
    let mut all: Vec<Running> =
        (0..readers).map(|_| Running::start(&["read", &name, &count])).collect::<Result<_, _>>()?;
    for reader in &mut all {
        reader.line()?;
    }
    let begin = Instant::now();
    writer.go_on();
    if writer.line()? != "written" {
        return Err("the writer has failed".to_owned());
    }
    let took = begin.elapsed().as_secs_f64();
    let rate = frames as f64 / took;
    println!("{frames} frames of {} bytes written in {took:.1} s: {:.1} million a second", CHANNELS * 8, rate / 1e6);
    println!("{:<8} {:>14} {:>14}  verdict", "reader", "read", "missed");
    let mut wrong = 0;
    for (i, reader) in all.iter_mut().enumerate() {
        let said = reader.line()?;
        let ok = reader.0.wait().is_ok_and(|s| s.success());
        let mut counts = said.split(' ');
        let (read, missed) = (counts.next().unwrap_or_default(), counts.next().unwrap_or_default());
        let verdict = if ok { "every frame right, the rest counted" } else { "WRONG" };
        println!("{:<8} {read:>14} {missed:>14}  {verdict}", i + 1);
        wrong += usize::from(!ok);
    }
    writer.go_on();
    let ended = writer.0.wait().is_ok_and(|s| s.success());
    if wrong > 0 || !ended { Err(format!("{wrong} readers saw something wrong")) } else { Ok(()) }
}

fn run() -> Result<(), String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |word: &str| word.parse::<u64>().map_err(|_| format!("{word}: not a number"));
    match words[..] {
        ["write", name, frames] => return write(name, number(frames)?),
        ["read", name, frames] => {
            let (read, missed) = read(name, number(frames)?)?;
            println!("{read} {missed}");
            return Ok(());
        }
        _ => {}
    }
    let (mut frames, mut readers) = (10_000_000, 2);
    for pair in words.chunks(2) {
        match *pair {
            ["--frames", n] => frames = number(n)?,
            ["--readers", n] => readers = usize::try_from(number(n)?).unwrap_or(1),
            _ => return Err("usage: flood [--frames N] [--readers N]".to_owned()),
        }
    }
    flood(frames, readers)
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}
