//! One way between two cores: from before the writer publishes a chunk of W1 until a spinning reader has copied it.
//!
//! One chunk at a time: the writer waits until the reader has it, then a little longer, so that each is measured alone.

use std::sync::Barrier;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use crate::clock::{ns_per_tick, ticks};
use crate::contestants::{axismirror, iceoryx, ringfire};
use crate::harness::{Measured, preemptions};
use crate::machine::{Cores, pin};
use crate::stats::Summary;
use crate::workload::Workload;

/// How chunks follow each other.
#[derive(Clone, Copy, Debug)]
pub(super) struct Pace {
    /// Chunks between two looks at the context switches; all of them are thrown away when there was one.
    pub block: usize,
    /// Chunks at the beginning of a block that do not count: the looks themselves disturb them.
    pub warm_up: usize,
    /// Least and greatest pause between a chunk's arrival and the next, in ticks.
    pub pauses: (u64, u64),
}

/// For readers that spin.
const CLOSE: Pace = Pace { block: 256, warm_up: 16, pauses: (500, 4000) };
/// A chunk that has not arrived by then never will.
const LOST: Duration = Duration::from_secs(5);

/// A cache line of its own for what both threads touch.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Line<T>(T);

pub(super) type Send<'a> = Box<dyn FnMut() -> Result<(), String> + 'a>;
pub(super) type Poll = Box<dyn FnMut() -> bool>;

/// Everybody, in turn, `blocks` blocks each.
///
/// # Errors
/// Of the first contestant that fails.
pub fn latency(cores: Cores, blocks: usize) -> Result<Vec<Measured>, String> {
    let [w1, ..] = Workload::ALL;
    let mut runs: [Run; 4] =
        ["one cache line", "axismirror", "ringfire 0.5", "iceoryx2 0.10"].map(|name| Run::new(name, CLOSE));
    let passes = blocks.clamp(1, 10);
    for _ in 0..passes {
        let [line, ours, ring, ice] = &mut runs;
        let blocks = blocks / passes;
        bare(line, cores, blocks)?;
        let mut stream = axismirror::Stream::new(w1, "latency")?;
        let mut reader = Some(stream.reader()?);
        if let Some(reader) = &mut reader {
            while reader.poll() || reader.poll() {}
        }
        let make = move || Ok(reader.take().map(|mut r| Box::new(move || r.poll()) as Poll));
        ours.one_way(cores, blocks, Box::new(|| stream.publish(1)), make)?;
        let mut producer = ringfire::Ring::<32>::new(w1, "latency")?;
        let mut reader = Some(producer.reader()?);
        let make = move || Ok(reader.take().map(|mut r| Box::new(move || r.poll()) as Poll));
        let send = Box::new(|| {
            producer.push(1);
            Ok(())
        });
        ring.one_way(cores, blocks, send, make)?;
        // Its ports stay in the thread that made them: each side has its own node, as in another process.
        let mut sender = iceoryx::Sender::new(w1, "latency")?;
        let name = sender.name().to_owned();
        let make = move || iceoryx::Receiver::new(&name, w1).map(|mut r| Some(Box::new(move || r.poll()) as Poll));
        ice.one_way(cores, blocks, Box::new(|| sender.send()), make)?;
    }
    runs.into_iter().map(Run::finish).collect()
}

/// The limit: four words and a counter in one cache line.
fn bare(run: &mut Run, cores: Cores, blocks: usize) -> Result<(), String> {
    static LINE: Line<[AtomicU64; 5]> = Line([const { AtomicU64::new(0) }; 5]);
    let [counter, words @ ..] = &LINE.0;
    let mut sent = counter.load(Ordering::Relaxed);
    let mut seen = sent;
    let send = Box::new(move || {
        sent += 1;
        words.iter().for_each(|w| w.store(sent, Ordering::Relaxed));
        // Release, pairs with the acquire of the poll: who sees the counter sees the words.
        counter.store(sent, Ordering::Release);
        Ok(())
    });
    let poll = move || {
        // Acquire, pairs with the release of the send.
        let now = counter.load(Ordering::Acquire);
        let new = now != seen && words.iter().all(|w| w.load(Ordering::Relaxed) == now);
        seen = now;
        new
    };
    let mut poll = Some(poll);
    run.one_way(cores, blocks, send, move || Ok(poll.take().map(|p| Box::new(p) as Poll)))
}

/// One contestant's chunks so far.
pub(super) struct Run {
    name: &'static str,
    pace: Pace,
    ns: Vec<f64>,
    blocks: usize,
    discarded: usize,
}

impl Run {
    pub(super) const fn new(name: &'static str, pace: Pace) -> Self {
        Self { name, pace, ns: Vec::new(), blocks: 0, discarded: 0 }
    }

    /// Sends blocks of chunks from this thread, on the writer's core, to a reader that `make` makes on the reader's.
    pub(super) fn one_way(
        &mut self,
        cores: Cores,
        blocks: usize,
        mut send: Send<'_>,
        make: impl FnOnce() -> Result<Option<Poll>, String> + std::marker::Send,
    ) -> Result<(), String> {
        let Pace { block: len, warm_up, pauses } = self.pace;
        let received = Line(AtomicU64::new(0));
        let failed = AtomicBool::new(false);
        let ready = Barrier::new(2);
        let chunks = blocks * len;
        let mut sent = Vec::with_capacity(chunks);
        let mut switches = Vec::with_capacity(blocks + 1);
        let reader = || -> Result<(Vec<u64>, Vec<i64>), String> {
            let made = pin(cores.reader).and_then(|()| make()).and_then(|p| p.ok_or("no reader".to_owned()));
            failed.store(made.is_err(), Ordering::SeqCst);
            ready.wait();
            let mut poll = made?;
            let mut arrived = Vec::with_capacity(chunks);
            let mut switches = Vec::with_capacity(blocks + 1);
            while arrived.len() < chunks {
                if arrived.len().is_multiple_of(len) && switches.len() == arrived.len() / len {
                    switches.push(preemptions());
                }
                if poll() {
                    arrived.push(ticks());
                    // Release: the writer's next stamp comes after ours.
                    received.0.store(arrived.len() as u64, Ordering::Release);
                } else if failed.load(Ordering::Relaxed) {
                    return Err("the writer gave up".to_owned());
                }
            }
            switches.push(preemptions());
            Ok((arrived, switches))
        };
        let (arrived, reader_switches) = std::thread::scope(|scope| {
            let reader = scope.spawn(reader);
            ready.wait();
            let (least, greatest) = pauses;
            let mut pause = least;
            for n in 0..chunks {
                if failed.load(Ordering::Relaxed) {
                    break;
                }
                if n.is_multiple_of(len) {
                    switches.push(preemptions());
                }
                sent.push(ticks());
                let result = send();
                let start = Instant::now();
                // Acquire, pairs with the reader's release.
                while result.is_ok() && received.0.load(Ordering::Acquire) <= n as u64 {
                    std::hint::spin_loop();
                    if start.elapsed() > LOST {
                        failed.store(true, Ordering::Relaxed);
                        break;
                    }
                }
                if result.is_err() {
                    failed.store(true, Ordering::Relaxed);
                    let _ = reader.join();
                    return Err(result.err().unwrap_or_default());
                }
                // A sequence that visits its whole range: no rhythm for the reader to fall into.
                pause = (pause * 5 + 1) % (greatest - least);
                let until = ticks() + least + pause;
                while ticks() < until {
                    std::hint::spin_loop();
                }
            }
            switches.push(preemptions());
            reader.join().map_err(|_| "the reader's thread panicked".to_owned())?
        })
        .map_err(|e| format!("{}: {e}", self.name))?;

        let ns = ns_per_tick();
        for block in 0..blocks {
            let quiet = |s: &[i64]| s.get(block) == s.get(block + 1);
            self.blocks += 1;
            if !quiet(&switches) || !quiet(&reader_switches) {
                self.discarded += 1;
                continue;
            }
            let range = block * len + warm_up..(block + 1) * len;
            let pairs = sent.get(range.clone()).into_iter().flatten().zip(arrived.get(range).into_iter().flatten());
            self.ns.extend(pairs.map(|(sent, arrived)| arrived.saturating_sub(*sent) as f64 * ns));
        }
        Ok(())
    }

    pub(super) fn finish(self) -> Result<Measured, String> {
        let ns = Summary::of(self.ns).ok_or_else(|| {
            format!("{}: all {} blocks were preempted: the machine is too busy", self.name, self.blocks)
        })?;
        let rounds = self.blocks - self.discarded;
        Ok(Measured { contestant: self.name.to_owned(), ns, rounds, discarded: self.discarded })
    }
}
