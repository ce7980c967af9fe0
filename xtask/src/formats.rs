//! Recordings in every format, and what other people's programs read from them.
//!
//! A reference is what `axismirror tail` printed of the same stream meanwhile; comparing is the work of tests/python/recordings.py. Must never look
//! into a recording itself.

mod cases;
mod session;

use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use crate::interop::service;
use crate::python;
use crate::step::{Outcome, StepResult, Steps};
use crate::sys;

/// Cases at a time: most of each is waiting for a stream.
const AT_A_TIME: usize = 3;

/// What became of the cases.
#[derive(Default)]
struct Results {
    total: usize,
    failed: Vec<&'static str>,
    skipped: Vec<&'static str>,
}

/// What a case is run with.
pub(crate) struct Context {
    python: PathBuf,
    /// For the case's files; empty.
    folder: PathBuf,
    /// A name that no other run uses.
    stream: String,
}

/// One case: a name, and what to do. The text of success says what was seen.
struct Case {
    name: &'static str,
    work: fn(&Context) -> StepResult,
}

/// Builds the command, then runs the cases.
pub(crate) fn run(steps: &mut Steps, filter: Option<&str>) {
    let mut built = Err("not built".to_owned());
    steps.run("build", || {
        built = service::build().map(|_| ());
        built.clone().map(|()| Outcome::Passed)
    });
    steps.run("formats: recordings in other people's programs", || {
        built.clone()?;
        let python = match python::readers() {
            Ok(python) => python,
            Err(why) if sys::in_ci() => return Err(why),
            Err(why) => return Ok(Outcome::Skipped(why)),
        };
        run_cases(&python, cases::ALL.iter().filter(|c| filter.is_none_or(|f| c.name.contains(f))))
    });
}

fn run_cases(python: &std::path::Path, cases: impl Iterator<Item = &'static Case> + Send) -> StepResult {
    let (queue, results) = (Mutex::new(cases), Mutex::new(Results::default()));
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(case) = next(&queue) {
                    let start = Instant::now();
                    let result = context(python, case.name).and_then(|context| (case.work)(&context));
                    let took = start.elapsed().as_secs_f64();
                    let Ok(mut results) = results.lock() else { return };
                    results.total += 1;
                    match result {
                        Ok(Outcome::Passed) => println!("    ok      {:<12} {took:>5.1} s", case.name),
                        Ok(Outcome::Checked(seen)) => println!("    ok      {:<12} {took:>5.1} s  {seen}", case.name),
                        Ok(Outcome::Skipped(why)) if !sys::in_ci() => {
                            println!("    SKIPPED {:<12} {took:>5.1} s  {why}", case.name);
                            results.skipped.push(case.name);
                        }
                        Ok(Outcome::Skipped(why)) | Err(why) => {
                            println!("    FAILED  {:<12} {took:>5.1} s  {why}", case.name);
                            results.failed.push(case.name);
                        }
                    }
                }
            });
        }
    });
    let Results { total, failed, skipped } = results.into_inner().map_err(|e| e.to_string())?;
    match (sys::interrupted(), total, failed.len()) {
        (true, ..) => Err("interrupted".to_owned()),
        (_, 0, _) => Err("no such case".to_owned()),
        (_, _, 0) if skipped.is_empty() => Ok(Outcome::Passed),
        (_, total, 0) => {
            Ok(Outcome::Checked(format!("{} of {total}; SKIPPED: {}", total - skipped.len(), skipped.join(", "))))
        }
        _ => Err(format!("{} of {total}: {}", failed.len(), failed.join(", "))),
    }
}

fn next(queue: &Mutex<impl Iterator<Item = &'static Case>>) -> Option<&'static Case> {
    if sys::interrupted() { None } else { queue.lock().ok()?.next() }
}

fn context(python: &std::path::Path, case: &str) -> Result<Context, String> {
    let folder = sys::target_dir().join("formats").join(case);
    // What a run before has left.
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).map_err(|e| format!("{}: {e}", folder.display()))?;
    let stream = format!("axismirror-formats-{}-{case}", std::process::id());
    Ok(Context { python: python.to_owned(), folder, stream })
}
