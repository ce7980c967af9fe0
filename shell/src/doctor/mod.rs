//! What keeps a machine from running a board well: looks, names what is wrong, and says the line that mends it.
//!
//! Each room looks at one thing and gives findings: `spi`, `pins`, `boot`, `memory`, `schedule`. All of them look through a
//! [`Probe`], under a root folder, so that tests can make a machine. Must never change anything.

mod boot;
mod memory;
mod pins;
mod probe;
mod schedule;
mod spi;
#[cfg(test)]
mod tests;

use axismirror_boards::board::Board;
use serde::Serialize;

pub use probe::{Access, Probe, User};

/// How bad a finding is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// As it should be.
    Ok,
    /// It runs, but less well than it could.
    Warning,
    /// The board cannot run.
    Problem,
}

/// One thing that was looked at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// What was looked at: `spi`, `gpio`, `memory` and so on.
    pub about: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What was found, and what is wrong with it.
    pub what: String,
    /// The line that mends it: a command, or a line of a file that is named.
    pub mend: Option<String>,
}

impl Finding {
    fn ok(about: &'static str, what: impl Into<String>) -> Self {
        Self { about, severity: Severity::Ok, what: what.into(), mend: None }
    }

    fn warning(about: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { about, severity: Severity::Warning, what: what.into(), mend: Some(mend.into()) }
    }

    fn problem(about: &'static str, what: impl Into<String>, mend: impl Into<String>) -> Self {
        Self { about, severity: Severity::Problem, what: what.into(), mend: Some(mend.into()) }
    }
}

/// Looks at everything that `board` needs.
#[must_use]
pub fn examine(probe: &Probe, board: &Board) -> Vec<Finding> {
    let rooms = [spi::look, pins::look, boot::look, memory::look, schedule::look];
    rooms.iter().flat_map(|look| look(probe, board)).collect()
}

/// The worst of the findings.
#[must_use]
pub fn worst(findings: &[Finding]) -> Severity {
    findings.iter().map(|f| f.severity).max().unwrap_or(Severity::Ok)
}
