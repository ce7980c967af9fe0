//! The command that `cargo xtask bench` runs: which suites, how many rounds, where the results go.
#![forbid(unsafe_code)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use axismirror_bench::aims::aims;
use axismirror_bench::contestants::python::Release;
use axismirror_bench::decode::Chip;
use axismirror_bench::harness::Measured;
use axismirror_bench::machine::{self, Cores, Machine};
use axismirror_bench::report::{histogram, loads, markdown, plot};
use axismirror_bench::results::{
    self, DECODE, END_TO_END, LATENCY, NOTHING, PUBLISH, READ, READERS, Results, Row, START, WAKE_UP,
};
use axismirror_bench::suites::decode::Target;
use axismirror_bench::suites::readers::Pace;
use axismirror_bench::suites::{decode, end_to_end, latency, readers, service, throughput, wake_up};
use axismirror_bench::workload::Workload;
use clap::Parser as _;

/// Rounds of each contestant, blocks of each latency.
const FULL: usize = 200;
const QUICK: usize = 20;

/// Measures, and writes what came out.
#[derive(clap::Parser)]
struct Cli {
    /// Few rounds: a first look.
    #[arg(long)]
    quick: bool,
    /// Only this suite.
    #[arg(long)]
    only: Option<Suite>,
    /// Folder for results.json and the plots.
    #[arg(long)]
    out: PathBuf,
    /// Also write BENCHMARKS.md here.
    #[arg(long)]
    markdown: Option<PathBuf>,
    /// The service: the `axismirror` command.
    #[arg(long)]
    service: PathBuf,
    /// A release of ezmsg-tools and its interpreter: VERSION=PATH.
    #[arg(long = "python", value_parser = release)]
    releases: Vec<Release>,
}

#[derive(Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Suite {
    Publish,
    Read,
    Nothing,
    Latency,
    WakeUp,
    Readers,
    Decode,
    EndToEnd,
    Service,
}

fn release(text: &str) -> Result<Release, String> {
    let (version, python) = text.split_once('=').ok_or("VERSION=PATH is wanted")?;
    Ok(Release { version: version.to_owned(), python: python.into() })
}

fn main() -> ExitCode {
    match run(&Cli::parse()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("bench: {why}");
            ExitCode::FAILURE
        }
    }
}

fn run(cli: &Cli) -> Result<(), String> {
    let machine = Machine::this();
    let cores = Cores::find()?;
    machine::pin(cores.writer)?;
    let results = Results {
        machine,
        date: said_by("date", &["-u", "+%Y-%m-%d"]),
        rustc: said_by("rustc", &["--version"]),
        quick: cli.quick,
        rows: Vec::new(),
        histograms: Vec::new(),
        loads: Vec::new(),
        program_bytes: None,
        missing: Vec::new(),
    };
    let mut run = Run { cli, cores, rounds: if cli.quick { QUICK } else { FULL }, results };
    run.all()?;
    run.write()
}

struct Run<'a> {
    cli: &'a Cli,
    cores: Cores,
    rounds: usize,
    results: Results,
}

impl Run<'_> {
    fn all(&mut self) -> Result<(), String> {
        let (rounds, releases) = (self.rounds, self.cli.releases.as_slice());
        if releases.is_empty() {
            self.results.missing.push("ezmsg-tools and numpy: no Python with them".to_owned());
        }
        for w in self.wanted(Suite::Publish, Workload::ALL) {
            self.add(PUBLISH, w.label(), throughput::publish(w, releases, rounds)?);
        }
        for w in self.wanted(Suite::Read, Workload::ALL) {
            self.add(READ, w.label(), throughput::read(w, releases, rounds)?);
        }
        for () in self.wanted(Suite::Nothing, [()]) {
            self.add(NOTHING, "a look".to_owned(), throughput::nothing_new(releases, rounds)?);
        }
        if self.cores.are_two() {
            for () in self.wanted(Suite::Latency, [()]) {
                self.add(LATENCY, "one way".to_owned(), latency::latency(self.cores, rounds)?);
            }
            for () in self.wanted(Suite::WakeUp, [()]) {
                self.add(WAKE_UP, "one way".to_owned(), wake_up::wake_up(self.cores, rounds)?);
            }
            let [w1, w2, ..] = Workload::ALL;
            for w in self.wanted(Suite::Readers, [w1, w2]) {
                for pace in Pace::ALL {
                    self.add(READERS, pace.case(&w), readers::readers(w, pace, self.cores, rounds / 4)?);
                }
            }
            let (passes, seconds) = if self.cli.quick { (1, 1.5) } else { (3, 4.0) };
            for rate in self.wanted(Suite::EndToEnd, end_to_end::RATES) {
                let program = &self.cli.service;
                let (measured, spread) = end_to_end::end_to_end(program, rate, self.cores, releases, passes, seconds)?;
                self.results.histograms.push(spread);
                self.add(END_TO_END, format!("{rate} Hz"), measured);
            }
        } else {
            self.results.missing.push("latency, wake-up, end to end, cost of readers: they need two cores".to_owned());
        }
        let numpy = releases.last().map(|r| r.python.as_path());
        for chip in self.wanted(Suite::Decode, Chip::ALL) {
            for target in Target::ALL {
                let case = format!("{} to {}", chip.name, target.word());
                self.add(DECODE, case, decode::decode(chip, target, numpy, rounds)?);
            }
        }
        for () in self.wanted(Suite::Service, [()]) {
            self.service()?;
        }
        Ok(())
    }

    fn service(&mut self) -> Result<(), String> {
        let (program, quick) = (&self.cli.service, self.cli.quick);
        let start = service::start(program, if quick { 5 } else { 30 })?;
        self.results.loads = service::loads(program, self.cores, if quick { 1.0 } else { 5.0 })?;
        match service::size(program) {
            Ok(bytes) => self.results.program_bytes = Some(bytes),
            Err(why) => self.results.missing.push(format!("size of the program: {why}")),
        }
        self.add(START, "until ready".to_owned(), start);
        for load in &self.results.loads {
            println!("{}", results::load_line(load));
        }
        Ok(())
    }

    fn wanted<T, const N: usize>(&self, suite: Suite, cases: [T; N]) -> Vec<T> {
        if self.cli.only.is_none_or(|only| only == suite) { cases.into() } else { Vec::new() }
    }

    fn add(&mut self, suite: &'static str, case: String, measured: Vec<Measured>) {
        for measured in measured {
            let row = Row { suite, case: case.clone(), measured };
            println!("{}", results::line(&row));
            self.results.rows.push(row);
        }
    }

    fn write(&self) -> Result<(), String> {
        let out = &self.cli.out;
        fs::create_dir_all(out).map_err(|e| format!("{}: {e}", out.display()))?;
        println!();
        for aim in aims(&self.results) {
            println!("{:<56} {:<44} {}", aim.wanted, aim.measured, aim.verdict.word());
        }
        for missing in &self.results.missing {
            println!("not measured: {missing}");
        }
        save(&out.join("results.json"), &format!("{:#}\n", self.results.to_json()))?;
        for (suite, title, file) in [
            (PUBLISH, "Publishing one chunk", "publish.svg"),
            (READ, "Reading one chunk that is new", "read.svg"),
            (NOTHING, "Nothing new", "nothing-new.svg"),
            (LATENCY, "One way between two cores", "latency.svg"),
            (WAKE_UP, "A sleeping reader's wake-up", "wake-up.svg"),
            (READERS, "Publishing while others read", "readers.svg"),
            (DECODE, "Decoding one frame", "decode.svg"),
        ] {
            plot::suite(&self.results, suite, title, &out.join(file))?;
        }
        histogram::ages(&self.results.histograms, &out.join("end-to-end.svg"))?;
        loads::loads(&self.results.loads, &out.join("service.svg"))?;
        match &self.cli.markdown {
            Some(path) => save(path, &markdown::benchmarks(&self.results)),
            None => Ok(()),
        }
    }
}

fn save(path: &Path, text: &str) -> Result<(), String> {
    fs::write(path, text).map_err(|e| format!("{}: {e}", path.display()))?;
    println!("written: {}", path.display());
    Ok(())
}

/// The first line that a program prints; empty when there is none.
fn said_by(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output();
    let text = output.map(|o| String::from_utf8_lossy(&o.stdout).into_owned()).unwrap_or_default();
    text.lines().next().unwrap_or_default().to_owned()
}
