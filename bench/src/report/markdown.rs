//! BENCHMARKS.md: the last full run, what was measured, where, and how sure it is.

use std::fmt::Write as _;

use crate::aims::aims;
use crate::results::{DECODE, LATENCY, NOTHING, PUBLISH, READ, READERS, Results, time};

/// The whole file.
#[must_use]
pub fn benchmarks(results: &Results) -> String {
    let mut out = String::new();
    // Writing to a String does not fail.
    let _ = write(results, &mut out);
    out
}

fn write(r: &Results, out: &mut String) -> std::fmt::Result {
    let m = &r.machine;
    let (discarded, all) = r.discarded();
    writeln!(out, "# Benchmarks\n")?;
    writeln!(out, "Written by `cargo xtask bench` on {}; do not edit.\n", r.date)?;
    writeln!(
        out,
        "Machine: {}, {} cores{}; {}; {}; load {} when the run began.",
        m.processor,
        m.cores,
        if m.virtual_machine { ", a virtual machine" } else { "" },
        m.kernel,
        r.rustc,
        m.load
    )?;
    writeln!(
        out,
        "Noise: {discarded} of {all} rounds were thrown away because something else ran on the core meanwhile.\n"
    )?;
    writeln!(
        out,
        "Each figure is the median of rounds of about a millisecond, in brackets the 5th and the 95th percentile. All contestants of a \
table take turns, round by round, on the same core, with warm rings of the same length in /dev/shm; writer and reader have a core each \
where two are measured. After the rounds it is checked that the data really arrived. Only ratios within one run carry over to \
another machine.\n"
    )?;
    writeln!(
        out,
        "To repeat: `cargo xtask bench` (`--quick` for a first look, `--only NAME` for one suite). It needs Python 3 and a package index \
for ezmsg-tools; without them those rows are missing.\n"
    )?;
    for missing in &r.missing {
        writeln!(out, "- Not measured: {missing}")?;
    }
    writeln!(out, "\n## Aims\n\n| aim | measured | |\n|---|---|---|")?;
    for aim in aims(r) {
        writeln!(out, "| {} | {} | {} |", aim.wanted, aim.measured, aim.verdict.word())?;
    }
    table(
        r,
        out,
        PUBLISH,
        "Publishing one chunk",
        "Channels x frames of f32. *axismirror* reserves, fills and commits, as the service does, here from memory: frames, a time \
for each, the old header's fields and the extension block. *whole message* is `Publisher::publish`, which first compares description and static \
metadata with those published. memcpy copies the frames into a ring and does nothing else. ringfire's slots are values of a fixed size, which a \
megabyte is not. ezmsg-tools is `ShMemCircBuff.on_message` with advancing times and labels, in a process of its own.",
    )?;
    table(
        r,
        out,
        READ,
        "Reading one chunk that is new",
        "*axismirror* copies into its caller's memory and proves that nothing was overwritten \
meanwhile; *library* is `axismirror::mirror::Mirror`. iceoryx2: receive, copy, release. ezmsg-tools: `auto_view` and a copy.",
    )?;
    table(r, out, NOTHING, "Nothing new", "One look at a stream on which nothing has happened since the last.")?;
    table(
        r,
        out,
        LATENCY,
        "One way between two cores",
        "From before the writer publishes 8 samples until a spinning reader has copied them, one chunk at a \
time, 50th percentile (5th, 95th; 99th behind the bar). *one cache line* is four words and a counter: what the hardware takes.",
    )?;
    table(
        r,
        out,
        READERS,
        "What readers cost the writer",
        "Publishing while so many mirrors on the other core read all the time.",
    )?;
    table(
        r,
        out,
        DECODE,
        "Decoding one frame",
        "From its bytes to codes (i32) and to volts (f32), checksum included where there is one. numpy works on batches of 1000 \
frames, we frame by frame. Chips with one conversion at a time: a scan of all their inputs.",
    )?;
    Ok(())
}

fn table(r: &Results, out: &mut String, suite: &str, title: &str, what: &str) -> std::fmt::Result {
    let (cases, contestants) = (r.cases(suite), r.contestants(suite));
    if cases.is_empty() {
        return Ok(());
    }
    writeln!(out, "\n## {title}\n\n{what}\n\n| | {} |", cases.join(" | "))?;
    writeln!(out, "|---|{}", "---|".repeat(cases.len()))?;
    for contestant in contestants {
        write!(out, "| {contestant} |")?;
        for case in &cases {
            match r.find(suite, case, contestant) {
                Some(m) if suite == LATENCY => {
                    write!(
                        out,
                        " {} ({}, {}; {}) |",
                        time(m.ns.median),
                        time(m.ns.p5),
                        time(m.ns.p95),
                        time(m.ns.p99)
                    )?;
                }
                Some(m) => write!(out, " {} ({}, {}) |", time(m.ns.median), time(m.ns.p5), time(m.ns.p95))?,
                None => write!(out, " - |")?,
            }
        }
        writeln!(out)?;
    }
    Ok(())
}
