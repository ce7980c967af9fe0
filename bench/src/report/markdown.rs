//! BENCHMARKS.md: the last full run, what was measured, where, and how sure it is.

use std::fmt::Write as _;

use crate::aims::aims;
use crate::results::{DECODE, END_TO_END, LATENCY, NOTHING, PUBLISH, READ, READERS, Results, START, WAKE_UP, time};

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
metadata with those published. memcpy copies the frames into a ring and does nothing else. iceoryx2's subscriber takes all between \
two rounds, and the same pieces of memory are used again, half as many as the rings hold and just read; *as long a history*, which late \
subscribers get, goes through as many as a ring. ringfire's slots are values of a fixed size, which a \
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
        WAKE_UP,
        "A sleeping reader's wake-up",
        "From before the writer publishes 8 samples until a reader that slept has copied them: the writer publishes and wakes at once, \
which the service leaves to a thread of its own, 50th percentile (5th, 95th; 99th behind the bar). *a futex alone* is a counter and the wake, \
between two threads: what the kernel takes. The reader's core is idle meanwhile, and what its own sleep costs a virtual machine is in all of them.",
    )?;
    table(
        r,
        out,
        READERS,
        "What readers cost the writer",
        "Publishing while so many mirrors on the other core read all the time, without a pause between two looks. \
*a frame each µs*: what a publication takes of the writer's time at a pace that no converter here reaches, until the writer goes on; that is what \
readers can take from an acquisition. *back to back*: chunk upon chunk as fast as the writer can, which no acquisition does; there is then no time in which \
a cache line that a reader has taken can come back, and the writer waits for it. The plain ring is nothing but words and a counter, \
and waits as well: that is the price of the lines' way between two cores, whoever writes them.",
    )?;
    table(
        r,
        out,
        DECODE,
        "Decoding one frame",
        "From its bytes to codes (i32) and to volts (f32), checksum included where there is one. numpy works on batches of 1000 \
frames, we frame by frame. Chips with one conversion at a time: a scan of all their inputs.",
    )?;
    table(
        r,
        out,
        END_TO_END,
        "From DRDY to a reader",
        "The whole service with a simulated ADC in real time, frame by frame (`--chunk 1`), and a reader in another process that spins \
or sleeps: how old each frame is when the reader has it, 50th percentile (5th, 95th; 99th behind the bar). The kernel's timer that wakes the \
service for a simulated edge is part of it, real-time priority is not. The sleeping reader is woken by a thread that looks when \
the next chunk is due; at chunks that come faster than once in a millisecond it looks once in a millisecond. ezmsg-tools: a Python process that sleeps until a frame is due and publishes it, with no ADC to read, and a Python process \
that calls `auto_view` all the time.",
    )?;
    service(r, out)
}

fn service(r: &Results, out: &mut String) -> std::fmt::Result {
    if r.loads.is_empty() {
        return Ok(());
    }
    writeln!(
        out,
        "\n## The whole service\n\nTime on a core over seconds, from the scheduler. The simulated ADC runs inside of the service. What it \
takes was measured beside it and taken off: its answers through the same driver in virtual time, its edges as a loop that does nothing but sleep \
until each of them. What is left is a small difference of larger figures that were not measured at the same time: its spread over the lines \
of 8 channels at 16 kHz says how much it is worth, and below 0 it is worth nothing (a service that is busy sleeps less often than the loop \
does). *in all* is what was measured, simulated ADC and all, and so what the service takes at most. Memory: what belongs to the process alone, beside the ring. Readers are \
sleeping mirrors on the other core.\n"
    )?;
    if let Some(bytes) = r.program_bytes {
        writeln!(out, "The program without symbols has {:.1} MiB.", bytes as f64 / f64::from(1 << 20))?;
    }
    if let Some(start) = r.rows.iter().find(|row| row.suite == START) {
        let ns = start.measured.ns;
        writeln!(
            out,
            "It is ready to publish {} ({}, {}) after its start, with a converter that needs no time to power up.",
            time(ns.median),
            time(ns.p5),
            time(ns.p95)
        )?;
    }
    writeln!(
        out,
        "\n| channels | rate | ring | readers | in all | of a core | the ADC's answers | its edges | heap and stacks | program | ring |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|---|---|---|---|---|")?;
    for l in &r.loads {
        writeln!(
            out,
            "| {} | {} Hz | {} s | {} | {:.1} % | {:.1} % | {:.1} % | {:.1} % | {} KiB | {} KiB | {} KiB |",
            l.channels,
            l.rate,
            l.ring_s,
            l.readers,
            l.core * 100.0,
            l.own() * 100.0,
            l.device * 100.0,
            l.edges * 100.0,
            l.anonymous_kib,
            l.files_kib,
            l.ring_kib
        )?;
    }
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
                Some(m) if [LATENCY, WAKE_UP, END_TO_END].contains(&suite) => {
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
