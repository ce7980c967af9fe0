//! What the project aims for, next to what was measured: met or not, computed.

use crate::results::{Load, NOTHING, PUBLISH, READ, READERS, Results, START, time};
use crate::stats::Summary;
use crate::suites::readers::Pace;
use crate::workload::Workload;

/// Whether an aim is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It is.
    Met,
    /// It is not.
    NotMet,
    /// This run has no figure for it.
    NotMeasured,
}

impl Verdict {
    /// As it is printed.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Met => "met",
            Self::NotMet => "not met",
            Self::NotMeasured => "not measured",
        }
    }

    const fn of(met: bool) -> Self {
        if met { Self::Met } else { Self::NotMet }
    }
}

/// One aim, the figure, the verdict.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Aim {
    /// What is wanted.
    pub wanted: String,
    /// What was measured.
    pub measured: String,
    /// Whether that is enough.
    pub verdict: Verdict,
}

const OURS: &str = "axismirror";
const IN_PLACE: &str = "axismirror, in place";
const MEMCPY: &str = "memcpy";

/// At most so many times memcpy, by workload.
const PUBLISH_RATIOS: [f64; 4] = [3.0, 1.3, 1.1, 1.1];
const READ_RATIO: f64 = 1.3;
const READ_PLUS_NS: f64 = 10.0;
const NOTHING_NEW_NS: f64 = 5.0;
const EZMSG_RATIO: f64 = 1000.0;
/// Of the whole service: share of a core, memory, start.
const CORE: f64 = 0.05;
const MEMORY_KIB: u64 = 8 << 10;
const START_NS: f64 = 50e6;
/// As good as the same: the medians of one program's runs differ by so much.
const SAME: f64 = 1.05;

/// All of them.
#[must_use]
pub fn aims(results: &Results) -> Vec<Aim> {
    let mut aims = Vec::new();
    for (w, most) in Workload::ALL.iter().zip(PUBLISH_RATIOS) {
        aims.push(ratio(results, (PUBLISH, w), format!("publish {}: at most {most} x memcpy", w.name), |r| r <= most));
    }
    for w in &Workload::ALL {
        aims.push(against(results, w, "iceoryx2 0.10", 1.0));
    }
    let [w1, ..] = &Workload::ALL;
    for release in ["ezmsg-tools 0.3.2", "ezmsg-tools 0.10.0"] {
        aims.push(against(results, w1, release, EZMSG_RATIO));
    }
    aims.push(in_place(results));
    for w in &Workload::ALL {
        let wanted = format!("read {}: at most {READ_RATIO} x memcpy + {READ_PLUS_NS} ns", w.name);
        let (ours, limit) = both(results, READ, &w.label(), MEMCPY);
        aims.push(compared(wanted, ours, limit, |ours, limit| ours <= READ_RATIO * limit + READ_PLUS_NS));
    }
    let wanted = format!("nothing new: under {NOTHING_NEW_NS} ns");
    let ours = results.cases(NOTHING).first().and_then(|case| results.median(NOTHING, case, OURS));
    aims.push(match ours {
        Some(ns) => Aim { wanted, measured: format!("{ns:.1} ns"), verdict: Verdict::of(ns < NOTHING_NEW_NS) },
        None => missing(wanted),
    });
    for w in Workload::ALL.iter().take(2) {
        aims.extend(Pace::ALL.map(|pace| readers(results, &pace.case(w))));
    }
    aims.push(Aim {
        wanted: "no system call and no allocation from DRDY to the commit".to_owned(),
        measured: "counted by the test hot_path, not by the clock".to_owned(),
        verdict: Verdict::NotMeasured,
    });
    aims.extend(service(results));
    aims
}

/// What the whole service takes, and how soon it is there.
fn service(results: &Results) -> [Aim; 3] {
    // Whatever their ring and their readers: the median of all tells more than one of them.
    let loads: Vec<&Load> = results.loads.iter().filter(|l| (l.channels, l.rate) == (8, 16_000)).collect();
    let wanted = format!("service, 8 ch x 16 kHz: under {:.0} % of a core", CORE * 100.0);
    let core = match Summary::of(loads.iter().map(|l| l.own()).collect()) {
        Some(own) => Aim {
            wanted,
            measured: format!(
                "median {:.1} % of {} lines ({:.1} to {:.1}), simulated ADC excluded",
                own.median * 100.0,
                loads.len(),
                own.min * 100.0,
                own.max * 100.0
            ),
            verdict: Verdict::of(own.median < CORE),
        },
        None => missing(wanted),
    };
    let wanted = format!("service, 8 ch x 16 kHz: under {} MiB beside the ring", MEMORY_KIB / 1024);
    let memory = match loads.iter().map(|l| l.memory_kib()).max() {
        Some(kib) => Aim {
            wanted,
            measured: format!("{:.1} MiB at most", kib as f64 / 1024.0),
            verdict: Verdict::of(kib < MEMORY_KIB),
        },
        None => missing(wanted),
    };
    let wanted = format!("service: ready within {}", time(START_NS));
    let start = match results.rows.iter().find(|r| r.suite == START) {
        Some(row) => {
            let median = row.measured.ns.median;
            Aim { wanted, measured: time(median), verdict: Verdict::of(median < START_NS) }
        }
        None => missing(wanted),
    };
    [core, memory, start]
}

fn missing(wanted: String) -> Aim {
    Aim { wanted, measured: "-".to_owned(), verdict: Verdict::NotMeasured }
}

fn both(results: &Results, suite: &str, case: &str, other: &str) -> (Option<f64>, Option<f64>) {
    (results.median(suite, case, OURS), results.median(suite, case, other))
}

fn compared(wanted: String, ours: Option<f64>, other: Option<f64>, met: impl Fn(f64, f64) -> bool) -> Aim {
    let (Some(ours), Some(other)) = (ours, other) else { return missing(wanted) };
    let measured = format!("{ours:.1} ns against {other:.1} ns: {:.2} x", ours / other);
    Aim { wanted, measured, verdict: Verdict::of(met(ours, other)) }
}

fn ratio(results: &Results, (suite, w): (&str, &Workload), wanted: String, met: impl Fn(f64) -> bool) -> Aim {
    let (ours, limit) = both(results, suite, &w.label(), MEMCPY);
    compared(wanted, ours, limit, |ours, limit| met(ours / limit))
}

fn against(results: &Results, w: &Workload, other: &str, times: f64) -> Aim {
    let wanted = match times {
        1.0 => format!("publish {}: ahead of {other}", w.name),
        _ => format!("publish {}: {times} x as fast as {other}", w.name),
    };
    let (Some(ours), Some(theirs)) = both(results, PUBLISH, &w.label(), other) else { return missing(wanted) };
    let measured = format!("{ours:.1} ns against {theirs:.1} ns: {:.1} x as fast", theirs / ours);
    Aim { wanted, measured, verdict: Verdict::of(ours * times < theirs) }
}

/// Reserve and commit cost the same whatever the size of the chunk.
fn in_place(results: &Results) -> Aim {
    let wanted = "in place: reserve and commit cost the same for every size".to_owned();
    let all: Option<Vec<f64>> = Workload::ALL.iter().map(|w| results.median(PUBLISH, &w.label(), IN_PLACE)).collect();
    let Some(all) = all else { return missing(wanted) };
    let (least, most) = all.iter().fold((f64::MAX, 0.0_f64), |(l, m), ns| (l.min(*ns), m.max(*ns)));
    Aim { wanted, measured: format!("{least:.1} to {most:.1} ns"), verdict: Verdict::of(most <= 2.0 * least) }
}

/// Sixteen readers make the writer no slower than none, within what runs of the same differ by.
fn readers(results: &Results, case: &str) -> Aim {
    let wanted = format!("readers cost the writer nothing measurable ({case})");
    let of = |n: &str| results.find(READERS, case, n).map(|m| m.ns);
    let (Some(none), Some(many)) = (of("0 readers"), of("16 readers")) else { return missing(wanted) };
    let measured = format!("{:.1} ns with none, {:.1} ns with 16", none.median, many.median);
    Aim { wanted, measured, verdict: Verdict::of(many.median <= SAME * none.p95) }
}
