//! What readers cost the writer: publishing with 0, 1, 4 and 16 mirrors that read on the other core all the time.
//!
//! Twice: a frame each microsecond, which is faster than any converter here, and back to back, as nothing but a benchmark does. A plain ring beside
//! it tells what of that is the hardware's.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering, fence};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::clock::{ns_per_tick, ticks, ticks_in_order};
use crate::contestants::axismirror::Stream;
use crate::harness::{Contestant, Measured, Round, compare, preemptions, round, timed};
use crate::machine::{Cores, pin};
use crate::workload::Workload;

/// How many.
pub const COUNTS: [usize; 4] = [0, 1, 4, 16];
/// The plain ring has one.
const PLAIN: [usize; 2] = [0, 1];
/// How often a reader that has nothing to do looks whether a round begins.
const LOOK_EVERY: Duration = Duration::from_micros(500);
/// How long all readers have to begin.
const PATIENCE: Duration = Duration::from_secs(10);
/// From one frame to the next where they are paced, and how many chunks make a round.
const FRAME_NS: f64 = 1000.0;
const PACED: usize = 256;

/// How chunks follow each other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// A frame each microsecond.
    Frames,
    /// As fast as the writer can.
    BackToBack,
}

impl Pace {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Frames, Self::BackToBack];

    /// As it is called in tables, behind the workload.
    #[must_use]
    pub fn case(self, workload: &Workload) -> String {
        let pace = match self {
            Self::Frames => "a frame each µs",
            Self::BackToBack => "back to back",
        };
        format!("{}, {pace}", workload.label())
    }
}

type Publish = Box<dyn FnMut(usize) -> Result<(), String>>;
type Poll = Box<dyn FnMut() -> bool + Send>;

/// One publisher each with every number of readers.
///
/// # Errors
/// Of the first that fails.
pub fn readers(workload: Workload, pace: Pace, cores: Cores, rounds: usize) -> Result<Vec<Measured>, String> {
    let mut contestants: Vec<Box<dyn Contestant>> = Vec::new();
    for n in COUNTS {
        let mut stream = Stream::new(workload, &format!("readers-{n}"))?;
        let polls = (0..n).map(|_| stream.reader().map(|mut reader| Box::new(move || reader.poll()) as Poll));
        let polls = polls.collect::<Result<Vec<_>, _>>()?;
        let publish = Box::new(move |chunks| stream.publish(chunks));
        contestants.push(Box::new(Watched::new(format!("{n} readers"), workload, pace, cores, publish, polls)));
    }
    for n in PLAIN {
        let ring = Arc::new(Plain::new(&workload));
        let polls = (0..n).map(|_| Box::new(ring.clone().reader()) as Poll).collect();
        let name = format!("a plain ring, {n} readers");
        contestants.push(Box::new(Watched::new(name, workload, pace, cores, Box::new(ring.writer()), polls)));
    }
    compare(&mut contestants, rounds)
}

/// A publisher and those who read it.
struct Watched {
    name: String,
    workload: Workload,
    pace: Pace,
    publish: Publish,
    shared: Arc<Shared>,
    threads: Vec<JoinHandle<()>>,
}

struct Shared {
    reading: AtomicBool,
    stop: AtomicBool,
    /// Chunks that each reader has read since it was told to.
    read: Vec<AtomicU64>,
}

impl Watched {
    fn new(name: String, workload: Workload, pace: Pace, cores: Cores, publish: Publish, polls: Vec<Poll>) -> Self {
        let read = polls.iter().map(|_| AtomicU64::new(0)).collect();
        let shared = Arc::new(Shared { reading: AtomicBool::new(false), stop: AtomicBool::new(false), read });
        let thread = |(i, mut poll): (usize, Poll)| {
            let shared = shared.clone();
            std::thread::spawn(move || {
                if pin(cores.reader).is_err() {
                    return;
                }
                // Relaxed throughout: flags and counts alone, nothing is published with them.
                while !shared.stop.load(Ordering::Relaxed) {
                    if !shared.reading.load(Ordering::Relaxed) {
                        std::thread::sleep(LOOK_EVERY);
                    } else if poll()
                        && let Some(read) = shared.read.get(i)
                    {
                        read.fetch_add(1, Ordering::Relaxed);
                    }
                }
            })
        };
        let threads = polls.into_iter().enumerate().map(thread).collect();
        Self { name, workload, pace, publish, shared, threads }
    }

    fn back_to_back(&mut self) -> Result<Round, String> {
        let chunks = self.workload.ring_chunks;
        round(|| {
            let mut result = Ok(());
            let time = timed(|| result = (self.publish)(chunks));
            result.map(|()| (time, chunks as u64))
        })
    }

    /// What each publication takes of the writer's time, less what the clock takes: that is measured half-way between two of them.
    fn paced(&mut self) -> Result<Round, String> {
        let (before, ns) = (preemptions(), ns_per_tick());
        let (mut published, mut nothing) = (Vec::with_capacity(PACED), Vec::with_capacity(PACED));
        let half = (FRAME_NS * self.workload.frames as f64 / ns / 2.0) as u64;
        let mut next = ticks();
        let mut pause = || {
            next += half;
            while ticks() < next {
                std::hint::spin_loop();
            }
        };
        for _ in 0..PACED {
            pause();
            let begin = ticks_in_order();
            nothing.push(ticks_in_order() - begin);
            pause();
            let begin = ticks_in_order();
            (self.publish)(1)?;
            published.push(ticks_in_order() - begin);
        }
        let each = (middle(published) - middle(nothing)).max(0.0) * ns;
        let preempted = preemptions() != before;
        Ok(Round { ns: each * PACED as f64, operations: PACED as u64, preempted })
    }
}

/// Mean of all but the tenth at either end: the clock's steps are as long as what is measured, and an interrupt is not part of it.
fn middle(mut ticks: Vec<u64>) -> f64 {
    ticks.sort_unstable();
    let cut = ticks.len() / 10;
    let middle = ticks.get(cut..ticks.len() - cut).unwrap_or_default();
    middle.iter().sum::<u64>() as f64 / middle.len().max(1) as f64
}

impl Contestant for Watched {
    fn name(&self) -> &str {
        &self.name
    }

    fn round(&mut self) -> Result<Round, String> {
        self.shared.read.iter().for_each(|r| r.store(0, Ordering::Relaxed));
        self.shared.reading.store(true, Ordering::Relaxed);
        let start = Instant::now();
        // Begins once every one of them has read something.
        while self.shared.read.iter().any(|r| r.load(Ordering::Relaxed) == 0) {
            (self.publish)(1)?;
            if start.elapsed() > PATIENCE {
                return Err("not every reader reads".to_owned());
            }
        }
        let result = match self.pace {
            Pace::Frames => self.paced(),
            Pace::BackToBack => self.back_to_back(),
        };
        self.shared.reading.store(false, Ordering::Relaxed);
        result
    }

    fn check(&mut self) -> Result<(), String> {
        // That they read was checked in each round; that it arrives whole, by the suite that reads.
        Ok(())
    }
}

impl Drop for Watched {
    fn drop(&mut self) {
        self.shared.stop.store(true, Ordering::Relaxed);
        for thread in self.threads.drain(..) {
            // A thread that panicked has printed why.
            let _ = thread.join();
        }
    }
}

/// Words one behind the other and a counter in a cache line of its own: no times, no fields for others, no proof.
struct Plain {
    words: Vec<AtomicU64>,
    /// Words of a chunk.
    len: usize,
    published: Line,
}

#[derive(Default)]
#[repr(align(128))]
struct Line(AtomicU64);

impl Plain {
    fn new(workload: &Workload) -> Self {
        let words = (0..workload.ring_bytes() / 8).map(|_| AtomicU64::new(0)).collect();
        Self { words, len: workload.chunk_bytes() / 8, published: Line::default() }
    }

    /// The words of a chunk.
    fn chunk(&self, n: u64) -> &[AtomicU64] {
        let at = n as usize % (self.words.len() / self.len) * self.len;
        self.words.get(at..at + self.len).unwrap_or_default()
    }

    #[inline(never)]
    fn publish(&self, first: u64, chunks: u64) {
        for n in first..first + chunks {
            // Relaxed: ordered by the counter.
            self.chunk(n).iter().for_each(|word| word.store(n, Ordering::Relaxed));
            // Release, pairs with the reader's acquire: who sees the counter sees the words.
            self.published.0.store(n + 1, Ordering::Release);
        }
    }

    fn writer(self: Arc<Self>) -> impl FnMut(usize) -> Result<(), String> {
        let mut next = 0;
        move |chunks| {
            self.publish(next, chunks as u64);
            next += chunks as u64;
            Ok(())
        }
    }

    fn reader(self: Arc<Self>) -> impl FnMut() -> bool + Send {
        let (mut next, mut copy) = (0, vec![0; self.len]);
        let ring = (self.words.len() / self.len) as u64;
        move || {
            // Acquire, pairs with the writer's release.
            let published = self.published.0.load(Ordering::Acquire);
            if next == published {
                return false;
            }
            next = next.max(published.saturating_sub(ring));
            for (target, word) in copy.iter_mut().zip(self.chunk(next)) {
                // Relaxed: ordered by the counter; overwritten meanwhile it may be, nobody looks at it.
                *target = word.load(Ordering::Relaxed);
            }
            std::hint::black_box(&mut copy);
            // The next look at the counter comes after the copy, as a proof would.
            fence(Ordering::Acquire);
            next += 1;
            true
        }
    }
}
