//! Between DRDY and commit, and while others mark events, the acquisition's thread allocates nothing, and calls the system for nothing but the wait for DRDY (and the
//! SPI transfer, which a simulated ADC does not need).

#![allow(unsafe_code, reason = "an allocator that counts")]

mod common;

use std::alloc::{GlobalAlloc, Layout, System};
use std::collections::BTreeMap;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicI32, AtomicU64, Ordering};
use std::time::Duration;

use axismirror::config::{Key, Sources};
use axismirror::events::{Mark, mark};
use axismirror::mirror::{Mirror, Start};
use common::unique;

/// Frames that are watched.
const FRAMES: u64 = 500;

/// The thread whose allocations are counted; 0: none.
static WATCHED: AtomicI32 = AtomicI32::new(0);
static ALLOCATIONS: AtomicU64 = AtomicU64::new(0);

/// Counts the allocations of one thread.
struct Counting;

impl Counting {
    fn count() {
        // Relaxed: counts alone.
        let watched = WATCHED.load(Ordering::Relaxed);
        if watched != 0 && rustix::thread::gettid().as_raw_nonzero().get() == watched {
            ALLOCATIONS.fetch_add(1, Ordering::Relaxed);
        }
    }
}

// SAFETY: everything is the system's allocator's; counting allocates nothing.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        Self::count();
        // SAFETY: the caller's contract is the same.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        // SAFETY: the caller's contract is the same.
        unsafe { System.dealloc(pointer, layout) }
    }

    unsafe fn realloc(&self, pointer: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        Self::count();
        // SAFETY: the caller's contract is the same.
        unsafe { System.realloc(pointer, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// Reads until so many more frames have come.
fn read(mirror: &mut Mirror, frames: u64) {
    let mut seen = 0;
    while seen < frames {
        mirror.wait(Duration::from_millis(100)).unwrap();
        seen += mirror.read().unwrap().frames() as u64;
    }
}

/// Marks as fast as it can until `done`, and says how often.
fn flood(name: &str, done: &AtomicBool) -> u64 {
    let mut marks = 0;
    while !done.load(Ordering::Relaxed) {
        marks += u64::from(mark(name, &Mark::now("an event")).is_ok());
    }
    marks
}

/// The acquisition's thread in this process.
fn acquisition() -> Option<i32> {
    std::fs::read_dir("/proc/self/task").unwrap().flatten().find_map(|task| {
        let name = std::fs::read_to_string(task.path().join("comm")).ok()?;
        (name.trim() == "acquisition").then(|| task.file_name().to_str()?.parse().ok())?
    })
}

#[test]
fn the_acquisition_allocates_nothing_while_it_publishes() {
    for (board, units, chunk) in
        [("pieeg8", "volts", "1"), ("ads131m08", "codes", "7"), ("waveshare-adda", "volts", "3")]
    {
        let name = unique("allocations");
        let flags = [
            (Key::Name, name.as_str()),
            (Key::Board, board),
            (Key::Units, units),
            (Key::Chunk, chunk),
            (Key::Simulate, "true"),
            (Key::Duration, "30"),
        ];
        let flags = flags.map(|(key, value)| (key, vec![value.to_owned()])).to_vec();
        let service = std::thread::spawn(move || {
            let sources = Sources { file: None, flags };
            let settings = sources.load().unwrap();
            axismirror::service::run(&sources, settings).unwrap();
        });
        let mut mirror = common::eventually("the stream", || Mirror::open(&name, Start::Next).ok());
        read(&mut mirror, 20);
        let done = AtomicBool::new(false);
        let marks = std::thread::scope(|scope| {
            let flood = scope.spawn(|| flood(&name, &done));
            WATCHED.store(acquisition().unwrap(), Ordering::Relaxed);
            read(&mut mirror, 100);
            WATCHED.store(0, Ordering::Relaxed);
            done.store(true, Ordering::Relaxed);
            flood.join().unwrap()
        });
        assert!(marks > 0);
        assert_eq!(ALLOCATIONS.swap(0, Ordering::Relaxed), 0, "{board}");
        signal_hook::low_level::raise(signal_hook::consts::SIGTERM).unwrap();
        service.join().unwrap();
    }
}

#[test]
fn the_acquisition_calls_the_system_only_to_wait_for_drdy() {
    let may_trace = Command::new("strace").args(["--decode-pids=comm", "--output=/dev/null", "true"]).output();
    if !may_trace.is_ok_and(|o| o.status.success()) {
        common::skipped("there is no strace that may trace");
        return;
    }
    let name = unique("calls");
    let log = std::env::temp_dir().join(format!("{name}.strace"));
    let mut service = Command::new("strace")
        .args(["--follow-forks", "--decode-pids=comm", "--output"])
        .arg(&log)
        .arg(env!("CARGO_BIN_EXE_axismirror"))
        .args(["run", "--simulate", "--name", &name, "--chunk", "1"])
        .stderr(std::process::Stdio::null())
        .spawn()
        .unwrap();
    let mut mirror = common::eventually("the stream", || Mirror::open(&name, Start::Oldest).ok());
    let done = AtomicBool::new(false);
    let marks = std::thread::scope(|scope| {
        let flood = scope.spawn(|| flood(&name, &done));
        read(&mut mirror, FRAMES + 200);
        done.store(true, Ordering::Relaxed);
        flood.join().unwrap()
    });
    assert!(marks > 0);
    let pid = common::info(&name).unwrap()["writer"]["pid"].as_u64().unwrap();
    assert!(Command::new("kill").arg(pid.to_string()).status().unwrap().success());
    service.wait().unwrap();
    let text = std::fs::read_to_string(&log).unwrap();
    std::fs::remove_file(&log).unwrap();
    let calls: Vec<&str> = text.lines().filter(|l| l.contains("<acquisition>")).filter_map(call).collect();
    // From one wait to another, well behind the start and before the end.
    let waits: Vec<usize> = (0..calls.len()).filter(|i| calls[*i] == "clock_nanosleep").collect();
    let watched = &calls[waits[100]..waits[100 + FRAMES as usize]];
    let mut counts = BTreeMap::new();
    watched.iter().for_each(|name| *counts.entry(*name).or_insert(0) += 1);
    assert_eq!(counts, BTreeMap::from([("clock_nanosleep", FRAMES as usize)]));
}

/// The call that a line of strace's log begins; none on a line that ends one.
fn call(line: &str) -> Option<&str> {
    let (_, rest) = line.split_once("> ")?;
    let (name, _) = rest.split_once('(')?;
    (!name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_')).then_some(name)
}
