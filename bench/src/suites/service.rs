//! What the whole service costs: time on a core, memory, its start, its size.
//!
//! The simulated ADC runs inside of it. What that takes is measured beside it and told apart: its answers through the same driver in virtual
//! time, its edges as a loop that does nothing but sleep until each of them.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};
use std::{convert::Infallible, sync::Arc};

use axismirror::board_file;
use axismirror::clock::{HostPace, monotonic_ns};
use axismirror::mirror::{Mirror, Start};
use axismirror_boards::acquisition::{Acquisition, Frame, Limits, Sink};
use axismirror_boards::adc::{Codes, Input};
use axismirror_boards::board::Board;
use axismirror_boards::drdy::{DataReady, Level, NoPace, Pace as _, Wait};
use axismirror_boards::signal::Signal;
use axismirror_boards::sim::{self, SimBoard, SimDelay, SimSettings, SimSpi};
use embedded_hal::spi::{ErrorType, Operation, SpiDevice};
use nix::time::{ClockId, clock_gettime};

use crate::clock::{ns_per_tick, ticks};
use crate::harness::Measured;
use crate::machine::{Cores, pin};
use crate::process::Service;
use crate::results::Load;
use crate::stats::Summary;

/// What is run: everything else is as the flags say.
#[derive(Clone, Copy, Debug)]
struct Case {
    board: &'static str,
    rate: u32,
    ring_s: u32,
    readers: usize,
}

/// How long nothing is looked at after the start.
const SETTLE: Duration = Duration::from_millis(700);
/// Frames in virtual time by which the simulated ADC is measured, and how often: what else runs on the core is in some of those figures.
const DEVICE_FRAMES: usize = 500;
const DEVICE_BLOCKS: usize = 41;
/// A board without a time that its converter needs to power up.
const PROMPT_BOARD: &str = "mcp3208";

impl Case {
    const fn new(board: &'static str, rate: u32) -> Self {
        Self { board, rate, ring_s: 10, readers: 0 }
    }

    /// Channels and rate, then ring, then readers.
    const ALL: [Self; 14] = [
        Self::new("pieeg8", 250),
        Self::new("pieeg8", 1000),
        Self::new("pieeg8", 4000),
        Self::new("pieeg8", 16_000),
        Self::new("ads131m08", 32_000),
        Self::new(concat!(env!("CARGO_MANIFEST_DIR"), "/boards/16-channels.toml"), 16_000),
        Self::new(concat!(env!("CARGO_MANIFEST_DIR"), "/boards/32-channels.toml"), 16_000),
        // Thirty thousand are wanted; this is the converters' next rate above.
        Self::new(concat!(env!("CARGO_MANIFEST_DIR"), "/boards/32-channels.toml"), 32_000),
        Self { ring_s: 1, ..Self::new("pieeg8", 16_000) },
        Self { ring_s: 60, ..Self::new("pieeg8", 16_000) },
        Self { readers: 1, ..Self::new("pieeg8", 16_000) },
        Self { readers: 4, ..Self::new("pieeg8", 16_000) },
        Self { readers: 16, ..Self::new("pieeg8", 16_000) },
        Self { readers: 16, ..Self::new("pieeg8", 250) },
    ];
}

/// Every case for so many seconds, the service on one core and its readers on another.
///
/// # Errors
/// Of the first that fails.
pub fn loads(program: &Path, cores: Cores, seconds: f64) -> Result<Vec<Load>, String> {
    Case::ALL.iter().map(|case| load(program, *case, cores, seconds)).collect()
}

fn load(program: &Path, case: Case, cores: Cores, seconds: f64) -> Result<Load, String> {
    let (rate, ring) = (case.rate.to_string(), case.ring_s.to_string());
    let service = Service::start(program, &["--board", case.board, "--simulate", "--rate", &rate, "--buf-dur", &ring])?;
    let readers: Vec<_> = (0..case.readers).map(|_| reader(service.name(), cores, seconds)).collect();
    sleep(SETTLE);
    let failed = |e: std::io::Error| format!("{case:?}: {e}");
    let (begin, before) = (Instant::now(), service.cpu().map_err(failed)?);
    sleep(Duration::from_secs_f64(seconds));
    let took = service.cpu().map_err(failed)?.saturating_sub(before).as_secs_f64() / begin.elapsed().as_secs_f64();
    let memory = service.memory().map_err(failed)?;
    for reader in readers {
        reader.join().map_err(|_| "a reader panicked".to_owned())??;
    }
    let board = board_file::find(case.board).map_err(|e| e.to_string())?;
    Ok(Load {
        channels: board.channels(),
        rate: case.rate,
        ring_s: case.ring_s,
        readers: case.readers,
        core: took,
        device: device_ns(board, case.rate)? * f64::from(case.rate) / 1e9,
        edges: edges(case.rate, cores, seconds)?,
        anonymous_kib: memory.anonymous,
        files_kib: memory.files,
        ring_kib: memory.shared,
    })
}

/// A mirror that sleeps until there is something, and reads it.
fn reader(name: &str, cores: Cores, seconds: f64) -> JoinHandle<Result<(), String>> {
    let name: Arc<str> = name.into();
    std::thread::spawn(move || {
        pin(cores.reader)?;
        let mut mirror = Mirror::open(&name, Start::Next).map_err(|e| e.to_string())?;
        let (begin, mut frames) = (Instant::now(), 0);
        while begin.elapsed().as_secs_f64() < seconds + SETTLE.as_secs_f64() {
            mirror.wait(Duration::from_millis(200)).map_err(|e| e.to_string())?;
            frames += mirror.read().map_err(|e| e.to_string())?.frames();
        }
        if frames > 0 { Ok(()) } else { Err("a reader has read nothing".to_owned()) }
    })
}

/// From the start of the process until it is ready, for a converter that needs no time to power up.
///
/// # Errors
/// Why it does not start.
pub fn start(program: &Path, times: usize) -> Result<Vec<Measured>, String> {
    let ns: Result<Vec<f64>, String> = (0..times)
        .map(|_| Service::start(program, &["--board", PROMPT_BOARD, "--simulate"]))
        .map(|service| Ok(service?.started_in().as_nanos() as f64))
        .collect();
    let ns = Summary::of(ns?).ok_or("nothing was started")?;
    Ok(vec![Measured { contestant: "axismirror".to_owned(), ns, rounds: times, discarded: 0 }])
}

/// Bytes of the program without its symbols.
///
/// # Errors
/// What the system says; there may be no `strip`.
pub fn size(program: &Path) -> Result<u64, String> {
    let stripped = std::env::temp_dir().join(format!("axismirror-bench-{}.stripped", std::process::id()));
    let status = std::process::Command::new("strip").arg("-o").arg(&stripped).arg(program).status();
    let size = match status {
        Ok(status) if status.success() => fs::metadata(&stripped).map(|m| m.len()).map_err(|e| e.to_string()),
        Ok(status) => Err(format!("strip: {status}")),
        Err(e) => Err(format!("strip: {e}")),
    };
    let _ = fs::remove_file(&stripped);
    size
}

/// What the simulated ADC takes for a frame, in nanoseconds: all of a transfer, and all of a wait for DRDY, in virtual time.
fn device_ns(board: &Board, rate: u32) -> Result<f64, String> {
    let spent = RefCell::new(0);
    let world = RefCell::new(SimBoard::new(board, SimSettings::new(Signal::Sine { frequency: 10.0, amplitude: 1e-4 })));
    world.borrow_mut().set_pace(f64::from(rate));
    let drivers = (0..board.chips.len()).map(|chip| {
        let spi = Timed { inner: SimSpi::new(&world, chip), spent: &spent };
        board.driver(chip, f64::from(rate), board.default_gain, Input::Normal, spi, SimDelay::new(&world))
    });
    let mut adcs = drivers.collect::<Result<Vec<_>, _>>().map_err(|e| e.to_string())?;
    let lines = sim::data_ready(&world, 0, || NoPace).into_iter();
    let mut drdys: Vec<_> = lines.map(|inner| Timed { inner, spent: &spent }).collect();
    let mut acquisition = Acquisition::new(&mut adcs, &mut drdys, Limits::default()).map_err(|e| e.to_string())?;
    acquisition.start().map_err(|e| e.to_string())?;
    let mut sink = Dropped { codes: vec![0; board.channels()], frames: 0 };
    let mut blocks = Vec::with_capacity(DEVICE_BLOCKS);
    for _ in 0..DEVICE_BLOCKS {
        *spent.borrow_mut() = 0;
        sink.frames = 0;
        while sink.frames < DEVICE_FRAMES {
            acquisition.step(&mut sink).map_err(|e| e.to_string())?;
        }
        blocks.push(*spent.borrow() as f64 * ns_per_tick() / DEVICE_FRAMES as f64);
    }
    Ok(Summary::of(blocks).map_or(0.0, |ns| ns.median))
}

/// Share of a core that sleeping until each edge takes, for so many seconds.
fn edges(rate: u32, cores: Cores, seconds: f64) -> Result<f64, String> {
    let sleeper = move || -> Result<f64, String> {
        pin(cores.writer)?;
        let cpu = || clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).map(Duration::from).map_err(|e| e.to_string());
        let mut pace = HostPace::new(Arc::default(), false);
        let (begin, before) = (monotonic_ns(), cpu()?);
        for n in 0..(f64::from(rate) * seconds) as i64 {
            pace.until(begin + n * 1_000_000_000 / i64::from(rate));
        }
        let took = (monotonic_ns() - begin) as f64 / 1e9;
        Ok((cpu()? - before).as_secs_f64() / took)
    };
    std::thread::spawn(sleeper).join().map_err(|_| "the sleeper panicked".to_owned())?
}

/// One end of a simulated wire, whose time is counted.
struct Timed<'t, T> {
    inner: T,
    spent: &'t RefCell<u64>,
}

impl<T> Timed<'_, T> {
    fn time<R>(&mut self, work: impl FnOnce(&mut T) -> R) -> R {
        let begin = ticks();
        let result = work(&mut self.inner);
        *self.spent.borrow_mut() += ticks().saturating_sub(begin);
        result
    }
}

impl<T: ErrorType> ErrorType for Timed<'_, T> {
    type Error = T::Error;
}

impl<T: SpiDevice> SpiDevice for Timed<'_, T> {
    fn transaction(&mut self, operations: &mut [Operation<'_, u8>]) -> Result<(), T::Error> {
        self.time(|spi| spi.transaction(operations))
    }
}

impl<T: DataReady> DataReady for Timed<'_, T> {
    type Error = T::Error;

    fn wait(&mut self, timeout_ns: i64) -> Result<Wait, T::Error> {
        self.time(|line| line.wait(timeout_ns))
    }

    fn level(&mut self) -> Result<Option<Level>, T::Error> {
        self.time(DataReady::level)
    }

    fn now_ns(&mut self) -> Option<i64> {
        self.time(DataReady::now_ns)
    }
}

/// Takes frames and forgets them.
struct Dropped {
    codes: Vec<i32>,
    frames: usize,
}

impl Sink for Dropped {
    type Error = Infallible;

    fn codes(&mut self) -> impl Codes + '_ {
        &mut self.codes[..]
    }

    fn frame(&mut self, _: &Frame<'_>) -> Result<(), Infallible> {
        self.frames += 1;
        Ok(())
    }
}
