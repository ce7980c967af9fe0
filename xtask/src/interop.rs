//! Interoperability with the published Python package: which cases there are is in `cases`, how they are run is here.
//!
//! Must never look into shared memory itself: Python's code and our command line are the two sides that meet.

mod cases;
mod examples;
mod script;
pub(crate) mod service;
mod tail;

use std::path::PathBuf;
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use crate::python::{self, Release};
use crate::step::{Outcome, StepResult, Steps};
use crate::sys;

/// Cases at a time: each is a service and a reader that mostly sleep.
const AT_A_TIME: usize = 3;

/// What a case is run with.
pub(crate) struct Context {
    release: Release,
    python: PathBuf,
}

/// One case: a name, and what to do. The text of success says what was seen.
struct Case {
    name: String,
    work: Work,
}

/// Takes the stream's name.
type Work = Box<dyn Fn(&Context, &str) -> Result<String, String> + Send + Sync>;

/// Every case of every release, and the examples.
pub(crate) fn all(steps: &mut Steps) {
    run(steps, &Release::ALL, false, None);
}

/// A few cases of the newest release.
pub(crate) fn smoke(steps: &mut Steps) {
    run(steps, &[Release::NEWEST], true, None);
}

/// Builds the service, then runs the cases of each release.
pub(crate) fn run(steps: &mut Steps, releases: &[Release], quick: bool, filter: Option<&str>) {
    let mut built = Err("not built".to_owned());
    steps.run("build", || {
        built = service::build().map(|_| ());
        built.clone().map(|()| Outcome::Passed)
    });
    let mut examples = if !quick && releases.contains(&Release::NEWEST) { examples::all() } else { Vec::new() };
    examples.retain(|c| filter.is_none_or(|f| c.name.contains(f)));
    for release in releases {
        let mut cases = cases::of(*release, quick);
        cases.retain(|c| filter.is_none_or(|f| c.name.contains(f)));
        if cases.is_empty() && !examples.is_empty() {
            continue;
        }
        let kind = if quick { "interop (quick)" } else { "interop" };
        steps.run(&format!("{kind}: ezmsg-tools {}", release.version), || {
            built.clone()?;
            let python = match python::environment(*release) {
                Ok(python) => python,
                Err(why) if sys::in_ci() => return Err(why),
                Err(why) => return Ok(Outcome::Skipped(why)),
            };
            run_cases(&Context { release: *release, python }, cases)
        });
    }
    if !examples.is_empty() {
        steps.run("interop: examples", || {
            built?;
            match python::examples() {
                Ok(python) => run_cases(&Context { release: Release::NEWEST, python }, examples),
                Err(why) if sys::in_ci() => Err(why),
                Err(why) => Ok(Outcome::Skipped(why)),
            }
        });
    }
}

fn run_cases(context: &Context, cases: Vec<Case>) -> StepResult {
    let total = cases.len();
    let (queue, failed) = (Mutex::new(cases.into_iter()), Mutex::new(Vec::new()));
    thread::scope(|scope| {
        for _ in 0..AT_A_TIME {
            scope.spawn(|| {
                while let Some(case) = next(&queue) {
                    let stream = stream_name(context.release, &case.name);
                    let start = Instant::now();
                    let result = (case.work)(context, &stream);
                    let took = start.elapsed().as_secs_f64();
                    match result {
                        Ok(seen) => println!("    ok      {:<34} {took:>5.1} s  {seen}", case.name),
                        Err(why) => {
                            println!("    FAILED  {:<34} {took:>5.1} s  {why}", case.name);
                            if let Ok(mut failed) = failed.lock() {
                                failed.push(case.name);
                            }
                        }
                    }
                }
            });
        }
    });
    let failed = failed.into_inner().map_err(|e| e.to_string())?;
    if sys::interrupted() {
        return Err("interrupted".to_owned());
    }
    if total == 0 {
        return Err("no such case".to_owned());
    }
    if failed.is_empty() {
        Ok(Outcome::Passed)
    } else {
        Err(format!("{} of {total}: {}", failed.len(), failed.join(", ")))
    }
}

fn next(queue: &Mutex<std::vec::IntoIter<Case>>) -> Option<Case> {
    if sys::interrupted() { None } else { queue.lock().ok()?.next() }
}

/// A name that no other run uses.
fn stream_name(release: Release, case: &str) -> String {
    let case: String = case.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '-' }).collect();
    format!("axismirror-interop-{}-{}-{case}", std::process::id(), release.version)
}
