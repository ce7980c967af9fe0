//! The hot functions whose instructions are counted, by name, each inside of one function that is never inlined: callgrind collects there.

use crate::contestants::axismirror::{LibraryRead, NothingNew, Read, Reads, Stream};
use crate::decode::{Batch, Chip, FRAMES};
use crate::workload::Workload;

/// Operations of a count: enough laps of the ring that its ends weigh as much as they do in the long run.
const OPERATIONS: usize = 8192;

/// Runs one of them, and returns how many operations it was.
///
/// # Errors
/// An unknown name, or what did not work.
pub fn run(name: &str) -> Result<usize, String> {
    let (what, which) = name.split_once('-').unwrap_or((name, ""));
    let workload =
        || Workload::ALL.into_iter().find(|w| w.name == which).ok_or_else(|| format!("no workload {which:?}"));
    let chip = || Chip::ALL.into_iter().find(|c| c.name == which).ok_or_else(|| format!("no chip {which:?}"));
    match what {
        "publish" => {
            let mut stream = Stream::new(workload()?, "counted")?;
            counted(|| stream.publish(OPERATIONS))?;
            Ok(OPERATIONS)
        }
        "message" => {
            let mut stream = Stream::new(workload()?, "counted")?;
            counted(|| (0..OPERATIONS).try_for_each(|_| stream.publish_message()))?;
            Ok(OPERATIONS)
        }
        "in_place" => {
            let mut stream = Stream::new(workload()?, "counted")?;
            counted(|| stream.commit_in_place(OPERATIONS))?;
            Ok(OPERATIONS)
        }
        "read" => backlog_of(Read::new(workload()?)?, workload()?),
        "nothing" => polls_of(NothingNew::new(Read::new)?),
        "library" if which == "nothing" => polls_of(NothingNew::new(LibraryRead::new)?),
        "library" => backlog_of(LibraryRead::new(workload()?)?, workload()?),
        "codes" | "volts" => {
            let mut batch = Batch::new(chip()?);
            counted(|| {
                if what == "codes" {
                    batch.to_codes()
                } else {
                    batch.to_volts()
                }
                Ok(())
            })?;
            batch.check()?;
            Ok(FRAMES)
        }
        _ => Err(format!("no hot function {name:?}")),
    }
}

/// All of them.
#[must_use]
pub fn names() -> Vec<String> {
    let of = |what: &str, which: &[&str]| which.iter().map(|w| format!("{what}-{w}")).collect::<Vec<_>>();
    let chips = Chip::ALL.map(|c| c.name);
    [
        of("publish", &["W1", "W2", "W3"]),
        of("message", &["W1", "W3"]),
        of("in_place", &["W1", "W3"]),
        of("read", &["W1", "W2", "W3"]),
        vec!["nothing".to_owned()],
        of("library", &["W1", "W2", "nothing"]),
        of("codes", &chips),
        of("volts", &chips),
    ]
    .concat()
}

fn backlog_of(mut reads: impl Reads, workload: Workload) -> Result<usize, String> {
    let backlog = workload.backlog();
    for _ in 0..OPERATIONS / backlog {
        reads.publish(backlog)?;
        counted(|| reads.read(backlog))?;
    }
    reads.check()?;
    Ok(OPERATIONS / backlog * backlog)
}

fn polls_of(mut idle: NothingNew<impl Reads>) -> Result<usize, String> {
    counted(|| idle.poll(OPERATIONS))?;
    Ok(OPERATIONS)
}

/// The function that callgrind collects in.
#[inline(never)]
fn counted(work: impl FnOnce() -> Result<(), String>) -> Result<(), String> {
    let result = work();
    // Something behind the call: a call in tail position would leave this function before the work is done.
    std::hint::black_box(&result);
    result
}
