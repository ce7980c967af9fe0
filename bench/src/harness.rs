//! Rounds of about a millisecond, in turn over all contestants; rounds in which the thread was preempted are thrown away.
//!
//! Knows nothing of what a contestant does.

use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};

use crate::stats::Summary;

/// How long the timed part of a round is.
const ROUND: Duration = Duration::from_millis(1);
/// How often a round is run again, on average, when it was preempted.
const TRIES: usize = 8;
/// The longest that a whole round may take before it counts as stuck.
const STUCK: Duration = Duration::from_secs(20);

/// One contestant of a comparison, ready to run.
pub trait Contestant {
    /// As it is called in tables.
    fn name(&self) -> &str;

    /// One round: about a millisecond of timed work, on a warm ring.
    ///
    /// # Errors
    /// What went wrong, also when data did not arrive.
    fn round(&mut self) -> Result<Round, String>;

    /// Whether what was done in the rounds has really been done. Outside the timed part.
    ///
    /// # Errors
    /// What did not arrive.
    fn check(&mut self) -> Result<(), String>;
}

/// What a round took.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Round {
    /// Of all operations together.
    pub ns: f64,
    /// How many.
    pub operations: u64,
    /// Whether something else ran on the core meanwhile.
    pub preempted: bool,
}

/// What all rounds of a contestant gave.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// The contestant.
    pub contestant: String,
    /// Nanoseconds for one operation.
    pub ns: Summary,
    /// Rounds that count.
    pub rounds: usize,
    /// Rounds that were thrown away.
    pub discarded: usize,
}

/// Runs all contestants in turn until each has `rounds` rounds that count, and checks each at the end. On a busy machine
/// a contestant may get fewer, or, with none at all, no figure.
///
/// # Errors
/// Of the first contestant that fails; no figure is given for a run in which data did not arrive.
pub fn compare(contestants: &mut [Box<dyn Contestant>], rounds: usize) -> Result<Vec<Measured>, String> {
    let mut samples = vec![Vec::with_capacity(rounds); contestants.len()];
    let mut discarded = vec![0; contestants.len()];
    let named = |c: &dyn Contestant, error: String| format!("{}: {error}", c.name());
    for contestant in contestants.iter_mut() {
        // The first one warms up caches, pages and branch predictors.
        contestant.round().map_err(|e| named(contestant.as_ref(), e))?;
    }
    for _ in 0..rounds * TRIES {
        for (contestant, (samples, discarded)) in contestants.iter_mut().zip(samples.iter_mut().zip(&mut discarded)) {
            if samples.len() >= rounds {
                continue;
            }
            let round = contestant.round().map_err(|e| named(contestant.as_ref(), e))?;
            if round.preempted {
                *discarded += 1;
            } else {
                samples.push(round.ns / round.operations.max(1) as f64);
            }
        }
        if samples.iter().all(|s| s.len() >= rounds) {
            break;
        }
    }
    let mut measured = Vec::new();
    for (contestant, (samples, discarded)) in contestants.iter_mut().zip(samples.into_iter().zip(discarded)) {
        contestant.check().map_err(|e| named(contestant.as_ref(), e))?;
        let rounds = samples.len();
        let Some(ns) = Summary::of(samples) else {
            eprintln!(
                "no figure for {}: all {discarded} rounds were preempted, the machine is too busy",
                contestant.name()
            );
            continue;
        };
        measured.push(Measured { contestant: contestant.name().to_owned(), ns, rounds, discarded });
    }
    Ok(measured)
}

/// Involuntary context switches of this thread so far.
#[must_use]
pub fn preemptions() -> i64 {
    getrusage(UsageWho::RUSAGE_THREAD).map_or(0, |usage| usage.involuntary_context_switches())
}

/// A round of this thread: `batch` is run again and again, and returns what its own timed part took. The first one is not counted.
///
/// # Errors
/// Of the batch.
pub fn round(mut batch: impl FnMut() -> Result<(Duration, u64), String>) -> Result<Round, String> {
    batch()?;
    let clock = clock_cost();
    let (start, before) = (Instant::now(), preemptions());
    let mut round = Round::default();
    while round.ns < ROUND.as_nanos() as f64 {
        let (time, operations) = batch()?;
        round.ns += (time.as_nanos() as f64 - clock).max(0.0);
        round.operations += operations;
        if start.elapsed() > STUCK {
            return Err("a round of a millisecond takes longer than 20 s".to_owned());
        }
    }
    round.preempted = preemptions() != before;
    Ok(round)
}

/// What reading the clock twice takes of itself; taken off each timed part.
fn clock_cost() -> f64 {
    let least = (0..8).map(|_| {
        let start = Instant::now();
        start.elapsed()
    });
    least.min().unwrap_or_default().as_nanos() as f64
}

/// Times a piece of work.
#[inline(never)]
pub fn timed(work: impl FnOnce()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}
