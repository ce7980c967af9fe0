//! Steps: named pieces of work that are timed, go on after a failure, and end in a table.
//!
//! Knows nothing of what a step does.

use std::process::ExitCode;
use std::time::{Duration, Instant};

use crate::sys;

/// What came of a step. A failure's text is for a person.
pub(crate) enum Outcome {
    Passed,
    /// With what was checked, for the table.
    Checked(String),
    Skipped(String),
}

/// What a step returns.
pub(crate) type StepResult = Result<Outcome, String>;

struct Row {
    name: String,
    result: StepResult,
    took: Duration,
}

/// The steps so far.
#[derive(Default)]
pub(crate) struct Steps {
    rows: Vec<Row>,
}

impl Steps {
    /// Runs a step, whatever became of those before it; after Ctrl-C none is run any more.
    pub(crate) fn run(&mut self, name: &str, work: impl FnOnce() -> StepResult) {
        if sys::interrupted() {
            return;
        }
        println!("==> {name}");
        let start = Instant::now();
        let result = work();
        let row = Row { name: name.to_owned(), result, took: start.elapsed() };
        println!("<== {name}: {} ({:.1} s)", row.verdict(), row.took.as_secs_f64());
        self.rows.push(row);
    }

    /// Whether no step failed so far.
    pub(crate) fn all_well(&self) -> bool {
        !sys::interrupted() && self.rows.iter().all(|r| r.result.is_ok())
    }

    /// Steps that failed so far.
    pub(crate) fn failures(&self) -> usize {
        self.rows.iter().filter(|r| r.result.is_err()).count()
    }

    /// Prints the table and says how the process should end.
    pub(crate) fn finish(self) -> ExitCode {
        let width = self.rows.iter().map(|r| r.name.chars().count()).max().unwrap_or(0);
        println!("\nsummary");
        for row in &self.rows {
            println!("  {:width$}  {:>7.1} s  {}", row.name, row.took.as_secs_f64(), row.verdict());
        }
        let failed = self.failures();
        let total: f64 = self.rows.iter().map(|r| r.took.as_secs_f64()).sum();
        println!("  {} steps, {failed} failed, {total:.1} s", self.rows.len());
        if sys::interrupted() {
            println!("  interrupted");
        }
        if failed > 0 || sys::interrupted() { ExitCode::FAILURE } else { ExitCode::SUCCESS }
    }
}

impl Row {
    fn verdict(&self) -> String {
        match &self.result {
            Ok(Outcome::Passed) => "passed".to_owned(),
            Ok(Outcome::Checked(what)) => format!("passed: {what}"),
            Ok(Outcome::Skipped(why)) => format!("SKIPPED: {why}"),
            Err(why) => format!("FAILED: {why}"),
        }
    }
}
