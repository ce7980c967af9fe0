//! The figures of a run: as a table, and as `results.json`.
//!
//! Knows nothing of how they came about.

use serde_json::{Value, json};

use crate::harness::Measured;
use crate::machine::Machine;

/// One figure with its range.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// Which suite: [`PUBLISH`] and the like.
    pub suite: &'static str,
    /// Of the suite: a workload, a chip.
    pub case: String,
    /// What was measured.
    pub measured: Measured,
}

/// Publishing one chunk.
pub const PUBLISH: &str = "publish";
/// Reading one chunk.
pub const READ: &str = "read";
/// Nothing is new.
pub const NOTHING: &str = "nothing new";
/// One way between two cores.
pub const LATENCY: &str = "latency";
/// A sleeping reader's wake-up.
pub const WAKE_UP: &str = "wake-up";
/// Publishing while others read.
pub const READERS: &str = "readers";
/// Decoding a frame.
pub const DECODE: &str = "decode";

/// From DRDY to a reader.
pub const END_TO_END: &str = "end to end";
/// From the start of the service until it publishes.
pub const START: &str = "start";

/// How the figures of a case are spread, not only their percentiles.
#[derive(Clone, Debug, PartialEq)]
pub struct Histogram {
    /// Which case.
    pub case: String,
    /// All figures of each contestant, in nanoseconds.
    pub series: Vec<(String, Vec<f64>)>,
}

/// What the service takes while it runs.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Load {
    /// Channels of its board.
    pub channels: usize,
    /// Frames per second.
    pub rate: u32,
    /// Length of the ring in seconds.
    pub ring_s: u32,
    /// Mirrors that read it.
    pub readers: usize,
    /// Share of one core, the simulated ADC included.
    pub core: f64,
    /// Share of one core that the simulated ADC takes alone: its answers.
    pub device: f64,
    /// Share of one core that a loop takes that does nothing but sleep until each simulated edge.
    pub edges: f64,
    /// Heap and stacks in KiB.
    pub anonymous_kib: u64,
    /// What was touched of program and libraries, in KiB.
    pub files_kib: u64,
    /// The ring, in KiB.
    pub ring_kib: u64,
}

impl Load {
    /// Share of one core without the simulated ADC. A small difference of large measured ones: it may come out below 0.
    #[must_use]
    pub const fn own(&self) -> f64 {
        self.core - self.device - self.edges
    }

    /// Memory beside the ring, in KiB.
    #[must_use]
    pub const fn memory_kib(&self) -> u64 {
        self.anonymous_kib + self.files_kib
    }
}

/// All figures of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// Where.
    pub machine: Machine,
    /// When: `2026-11-23`, UTC.
    pub date: String,
    /// The compiler.
    pub rustc: String,
    /// Whether it was one with few rounds.
    pub quick: bool,
    /// The figures.
    pub rows: Vec<Row>,
    /// How the end-to-end figures are spread.
    pub histograms: Vec<Histogram>,
    /// What the service takes.
    pub loads: Vec<Load>,
    /// Bytes of the service's program without symbols.
    pub program_bytes: Option<u64>,
    /// What could not be measured, and why.
    pub missing: Vec<String>,
}

impl Results {
    /// The median of a contestant in a case.
    #[must_use]
    pub fn median(&self, suite: &str, case: &str, contestant: &str) -> Option<f64> {
        self.find(suite, case, contestant).map(|m| m.ns.median)
    }

    /// What was measured of a contestant in a case.
    #[must_use]
    pub fn find(&self, suite: &str, case: &str, contestant: &str) -> Option<&Measured> {
        let row = |r: &&Row| r.suite == suite && r.case == case && r.measured.contestant == contestant;
        self.rows.iter().find(row).map(|r| &r.measured)
    }

    /// The cases of a suite in the order that they were measured in.
    #[must_use]
    pub fn cases(&self, suite: &str) -> Vec<&str> {
        unique(self.rows.iter().filter(|r| r.suite == suite).map(|r| r.case.as_str()))
    }

    /// The contestants of a suite in the order that they were measured in.
    #[must_use]
    pub fn contestants(&self, suite: &str) -> Vec<&str> {
        unique(self.rows.iter().filter(|r| r.suite == suite).map(|r| r.measured.contestant.as_str()))
    }

    /// Rounds that were thrown away, of all rounds.
    #[must_use]
    pub fn discarded(&self) -> (usize, usize) {
        let sum = |f: fn(&Measured) -> usize| self.rows.iter().map(|r| f(&r.measured)).sum::<usize>();
        (sum(|m| m.discarded), sum(|m| m.discarded + m.rounds))
    }

    /// For a program to read.
    #[must_use]
    pub fn to_json(&self) -> Value {
        let row = |r: &Row| {
            let (m, ns) = (&r.measured, &r.measured.ns);
            json!({
                "suite": r.suite, "case": r.case, "contestant": m.contestant, "unit": "ns",
                "median": ns.median, "p5": ns.p5, "p95": ns.p95, "p99": ns.p99, "min": ns.min,
                "rounds": m.rounds, "discarded": m.discarded,
            })
        };
        let load = |l: &Load| {
            json!({
                "channels": l.channels, "rate": l.rate, "ring_s": l.ring_s, "readers": l.readers,
                "core": l.core, "device": l.device, "edges": l.edges,
                "anonymous_kib": l.anonymous_kib, "files_kib": l.files_kib, "ring_kib": l.ring_kib,
            })
        };
        let m = &self.machine;
        json!({
            "date": self.date, "rustc": self.rustc, "quick": self.quick,
            "machine": {
                "processor": m.processor, "cores": m.cores, "virtual": m.virtual_machine, "kernel": m.kernel, "load": m.load,
            },
            "rows": self.rows.iter().map(row).collect::<Vec<_>>(),
            "loads": self.loads.iter().map(load).collect::<Vec<_>>(),
            "program_bytes": self.program_bytes,
            "missing": self.missing,
        })
    }
}

fn unique<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut found = Vec::new();
    names.for_each(|n| {
        if !found.contains(&n) {
            found.push(n)
        }
    });
    found
}

/// A time for people: three figures, and the unit that they need.
#[must_use]
pub fn time(ns: f64) -> String {
    let (value, unit) = match ns {
        n if n < 1e4 => (n, "ns"),
        n if n < 1e7 => (n / 1e3, "us"),
        n => (n / 1e6, "ms"),
    };
    let decimals = if value < 100.0 { 1 } else { 0 };
    format!("{value:.decimals$} {unit}")
}

/// A line of a table on a terminal.
#[must_use]
pub fn line(row: &Row) -> String {
    let (m, ns) = (&row.measured, &row.measured.ns);
    let range = format!("{} .. {}", time(ns.p5), time(ns.p95));
    let noise = format!("{} of {} rounds thrown away", m.discarded, m.rounds + m.discarded);
    format!("{:<12} {:<18} {:<26} {:>10}   {range:<24} {noise}", row.suite, row.case, m.contestant, time(ns.median))
}

/// A line of what the service takes.
#[must_use]
pub fn load_line(load: &Load) -> String {
    format!(
        "service      {:>2} ch x {:>5} Hz, ring {:>2} s, {:>2} readers   {:>5.1} % of a core, and {:>4.1} % + {:>4.1} % the simulated ADC and its edges   {:>5} KiB, ring {} KiB",
        load.channels,
        load.rate,
        load.ring_s,
        load.readers,
        load.own() * 100.0,
        load.device * 100.0,
        load.edges * 100.0,
        load.memory_kib(),
        load.ring_kib,
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_have_the_unit_that_they_need() {
        assert_eq!(
            [3.04, 123.4, 9999.0, 12_345.0, 22e6].map(time),
            ["3.0 ns", "123 ns", "9999 ns", "12.3 us", "22.0 ms"]
        );
    }
}
