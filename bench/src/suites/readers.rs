//! What readers cost the writer: publishing with 0, 1, 4 and 16 mirrors that read on the other core all the time.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crate::contestants::axismirror::Stream;
use crate::harness::{Contestant, Measured, Round, compare, round, timed};
use crate::machine::{Cores, pin};
use crate::workload::Workload;

/// How many.
pub const COUNTS: [usize; 4] = [0, 1, 4, 16];
/// How often a reader that has nothing to do looks whether a round begins.
const LOOK_EVERY: Duration = Duration::from_micros(500);
/// How long all readers have to begin.
const PATIENCE: Duration = Duration::from_secs(10);

/// One publisher each with every number of readers.
///
/// # Errors
/// Of the first that fails.
pub fn readers(workload: Workload, cores: Cores, rounds: usize) -> Result<Vec<Measured>, String> {
    let mut contestants = COUNTS
        .map(|n| Watched::new(workload, cores, n).map(|w| Box::new(w) as Box<dyn Contestant>))
        .into_iter()
        .collect::<Result<Vec<_>, _>>()?;
    compare(&mut contestants, rounds)
}

struct Watched {
    name: String,
    workload: Workload,
    stream: Stream,
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
    fn new(workload: Workload, cores: Cores, readers: usize) -> Result<Self, String> {
        let stream = Stream::new(workload, &format!("readers-{readers}"))?;
        let read = (0..readers).map(|_| AtomicU64::new(0)).collect();
        let shared = Arc::new(Shared { reading: AtomicBool::new(false), stop: AtomicBool::new(false), read });
        let mut threads = Vec::new();
        for i in 0..readers {
            let (mut reader, shared) = (stream.reader()?, shared.clone());
            threads.push(std::thread::spawn(move || {
                if pin(cores.reader).is_err() {
                    return;
                }
                // Relaxed throughout: flags and counts alone, nothing is published with them.
                while !shared.stop.load(Ordering::Relaxed) {
                    if !shared.reading.load(Ordering::Relaxed) {
                        std::thread::sleep(LOOK_EVERY);
                    } else if reader.poll()
                        && let Some(read) = shared.read.get(i)
                    {
                        read.fetch_add(1, Ordering::Relaxed);
                    }
                }
            }));
        }
        let name = format!("{readers} readers");
        Ok(Self { name, workload, stream, shared, threads })
    }
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
            self.stream.publish(1)?;
            if start.elapsed() > PATIENCE {
                return Err("not every reader reads".to_owned());
            }
        }
        let chunks = self.workload.ring_chunks;
        let result = round(|| {
            let mut result = Ok(());
            let time = timed(|| result = self.stream.publish(chunks));
            result.map(|()| (time, chunks as u64))
        });
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
