//! One process writes, others read and check frames until each of them has checked as many as asked for.
//!
//! usage: flood [--frames N] [--readers N]
//!
//! Each frame holds eight words made from its number, and its number as its time, so that a torn or stale one is seen. A reader's frames have to
//! come in order, with proof, and together with those that it counts as missed make up all that were written so far. The readers say through a
//! pipe, which no real reader has, how far they are: for most of the time the writer stays just so far ahead of the slowest that none is lost, at
//! intervals it laps them. Prints a table; exit status 1 when anything was wrong.

use std::io::{BufRead, BufReader};
use std::process::{Command, ExitCode, Stdio};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
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
use axismirror_tests::process::{Running, conclude};

/// Words of a frame.
const CHANNELS: usize = 8;
/// Frames of a chunk: one that does not divide the ring, so that chunks wrap.
const CHUNK: u32 = 61;
/// Frames of the ring.
const RING: u64 = 16384;
/// How many frames the writer may be ahead of the slowest reader, by turns: nobody is lost, the frame that is read is about to be overwritten,
/// readers are lapped now and then, and the writer does not wait at all.
const AHEAD: [u64; 8] = [RING / 2, RING, RING / 2, RING, RING / 2, RING, RING + RING / 4, u64::MAX];
/// Frames of such a turn.
const TURN: u64 = 8 * RING;
/// A reader says how far it is at least every so many frames.
const STEP: u64 = RING / 8;
/// Nothing new for so long means that the other side is gone.
const PATIENCE: Duration = Duration::from_secs(20);

/// Word `c` of frame `n`.
fn word(n: u64, c: usize) -> i64 {
    // An odd factor: another n, another word, in each channel.
    (n.wrapping_mul(2 * c as u64 + 1) ^ (c as u64) << 56).cast_signed()
}

/// How far a reader is, as it says.
#[derive(Clone, Copy, Debug, Default)]
struct Account {
    /// Frames that it found right, and those that it did not get.
    checked: u64,
    missed: u64,
    /// It has ended; with everything right?
    ended: Option<bool>,
}

/// What the readers say, and that one of them has said something.
struct Accounts {
    of: Mutex<Vec<Account>>,
    news: Condvar,
}

impl Accounts {
    fn all(&self) -> MutexGuard<'_, Vec<Account>> {
        self.of.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes down what reader `i` says until it ends.
    fn follow(&self, i: usize, mut reader: Running) {
        let said = reader.0.stdout.take().map(BufReader::new);
        for line in said.into_iter().flat_map(BufReader::lines).map_while(Result::ok) {
            if let Some((Ok(checked), Ok(missed))) = line.split_once(' ').map(|(c, m)| (c.parse(), m.parse())) {
                self.all()[i] = Account { checked, missed, ended: None };
                self.news.notify_one();
            }
        }
        self.all()[i].ended = Some(reader.0.wait().is_ok_and(|s| s.success()));
        self.news.notify_one();
    }

    /// How far the slowest is that still reads; `None` when none does any more.
    fn slowest(&self) -> Option<u64> {
        self.all().iter().filter(|a| a.ended.is_none()).map(|a| a.checked + a.missed).min()
    }

    /// Waits until the slowest is at `frame`, or all have ended.
    fn wait_for(&self, frame: u64) -> Result<(), String> {
        let behind = |all: &mut Vec<Account>| {
            let mut reading = all.iter().filter(|a| a.ended.is_none()).peekable();
            reading.peek().is_some() && reading.any(|a| a.checked + a.missed < frame)
        };
        let waited = self.news.wait_timeout_while(self.all(), PATIENCE * 2, behind);
        let (all, outcome) = waited.unwrap_or_else(PoisonError::into_inner);
        if outcome.timed_out() { Err(format!("a reader does not come to frame {frame}: {all:?}")) } else { Ok(()) }
    }
}

/// The stream, described and empty.
fn open(name: &str) -> Result<Publisher<ShmStore>, String> {
    let name = StreamName::new(name).map_err(|e| e.to_string())?;
    let settings =
        Settings { shmem_name: Some(name), buf_dur: RING as f64, axis: None, version: StructVersion::default() };
    let writer = Writer { pid: std::process::id(), start: 0 };
    let mut publisher =
        Publisher::open(ShmStore::new(SHM_DIR), (), settings, writer, Clock::Unknown).map_err(|e| e.to_string())?;
    let message = AxisArray {
        data: Samples { dtype: DType::I64, shape: &[0, CHANNELS], bytes: &[] },
        dims: &["time", "ch"],
        // One frame a second, so that a ring of RING seconds has RING frames.
        axes: &[("time", Axis::Linear { unit: "s", gain: 1.0, offset: 0.0 })],
        attrs: &[],
        key: "flood",
        stream_dim: None,
    };
    publisher.describe(&message).map_err(|e| e.to_string())?;
    Ok(publisher)
}

/// Publishes frames `first ..` of a chunk as the service does: reserved one by one, filled in the ring, committed together.
fn publish(publisher: &mut Publisher<ShmStore>, first: u64) -> Result<(), String> {
    for (i, n) in (0..CHUNK).zip(first..) {
        let reserved = publisher.reserve(i + 1).map_err(|e| e.to_string())?;
        let mut frame = reserved.frame::<i64>(i).ok_or("the ring's frames have other samples")?;
        (0..CHANNELS).for_each(|c| frame.set(c, word(n, c)));
        reserved.set_time(i, n as f64);
    }
    publisher.commit(CHUNK, 0).map_err(|e| e.to_string())
}

/// Writes until no reader reads any more. Says how many frames that were.
fn write(name: &str, accounts: &Accounts, start_readers: impl FnOnce() -> Result<(), String>) -> Result<u64, String> {
    let mut publisher = open(name)?;
    let chunk = u64::from(CHUNK);
    publish(&mut publisher, 0)?;
    start_readers()?;
    let mut written = chunk;
    // All have attached.
    accounts.wait_for(written)?;
    while let Some(slowest) = accounts.slowest() {
        let ahead = AHEAD[(written / TURN) as usize % AHEAD.len()];
        let end = slowest.saturating_add(ahead).min(written.next_multiple_of(TURN).max(written + chunk));
        if written + chunk > end {
            accounts.wait_for((written + chunk).saturating_sub(ahead))?;
        }
        while written + chunk <= end {
            publish(&mut publisher, written)?;
            written += chunk;
        }
    }
    Ok(written)
}

/// Reads until `frames` are checked, and says now and then how many are, and how many were missed.
fn read(name: &str, frames: u64) -> Result<(), String> {
    let mut mirror = Mirror::open(name, Start::Oldest).map_err(|e| e.to_string())?;
    let (mut checked, mut missed, mut next_word) = (0, 0, 0);
    let mut last = Instant::now();
    while checked < frames {
        let chunk = mirror.read().map_err(|e| e.to_string())?;
        if chunk.frames() == 0 && chunk.missed() == 0 {
            if last.elapsed() > PATIENCE {
                return Err(format!("nothing new for {PATIENCE:?} after {checked} frames and {missed} missed"));
            }
            thread::yield_now();
            continue;
        }
        if chunk.proof() != Proof::Untorn {
            return Err("a read without proof".to_owned());
        }
        missed += chunk.missed();
        let number = checked + missed;
        if chunk.frames() > 0 && chunk.first() != number {
            return Err(format!("frame {} was handed out after {checked} and {missed} missed", chunk.first()));
        }
        if chunk.times().len() != chunk.frames() {
            return Err(format!("{} times for {} frames", chunk.times().len(), chunk.frames()));
        }
        let bytes = chunk.bytes().as_chunks::<{ CHANNELS * 8 }>().0;
        for (n, (frame, time)) in (number..).zip(bytes.iter().zip(chunk.times())) {
            let right = frame.as_chunks::<8>().0.iter().enumerate().all(|(c, w)| i64::from_le_bytes(*w) == word(n, c));
            if !right || *time != n as f64 {
                return Err(format!("frame {n} is not what was written: {frame:02x?} at {time}"));
            }
            checked += 1;
        }
        last = Instant::now();
        if checked + missed >= next_word || checked >= frames {
            println!("{checked} {missed}");
            next_word = checked + missed + STEP;
        }
    }
    Ok(())
}

fn flood(frames: u64, readers: usize) -> Result<(), String> {
    let name = format!("flood-{}", std::process::id());
    let accounts = Accounts { of: Mutex::new(vec![Account::default(); readers]), news: Condvar::new() };
    let own = std::env::current_exe().map_err(|e| e.to_string())?;
    let begin = Instant::now();
    let written = thread::scope(|scope| {
        write(&name, &accounts, || {
            for i in 0..readers {
                let mut command = Command::new(&own);
                command.args(["read", &name, &frames.to_string()]).stdin(Stdio::null()).stdout(Stdio::piped());
                let reader = Running::start(&mut command)?;
                let accounts = &accounts;
                scope.spawn(move || accounts.follow(i, reader));
            }
            Ok(())
        })
    })?;
    let took = begin.elapsed().as_secs_f64();
    let all = accounts.all();
    let checked: u64 = all.iter().map(|a| a.checked).sum();
    println!("{written} frames of {} bytes written, {checked} checked in {took:.1} s", CHANNELS * 8);
    println!("{:<8} {:>14} {:>14}  verdict", "reader", "checked", "missed");
    let mut wrong = 0;
    for (i, account) in all.iter().enumerate() {
        let right =
            account.ended == Some(true) && account.checked >= frames && account.checked + account.missed <= written;
        let verdict = if right { "every frame right, the rest counted" } else { "WRONG" };
        println!("{:<8} {:>14} {:>14}  {verdict}", i + 1, account.checked, account.missed);
        wrong += usize::from(!right);
    }
    if wrong > 0 { Err(format!("{wrong} readers saw something wrong")) } else { Ok(()) }
}

fn run() -> Result<(), String> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    let number = |word: &str| word.parse::<u64>().map_err(|_| format!("{word}: not a number"));
    if let ["read", name, frames] = words[..] {
        return read(name, number(frames)?);
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
    conclude(run())
}
