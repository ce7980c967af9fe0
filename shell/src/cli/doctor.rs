//! `axismirror doctor`: what keeps this machine from running a board, and the lines that mend it.

use axismirror::board_file;
use axismirror::doctor::{self, Finding, Probe, Severity};
use clap::Args;
use serde_json::json;

use super::columns::Rows;
use super::{Failure, output};

/// Look for what keeps this machine from running a board: SPI, GPIO, permissions, memory, real time
#[derive(Debug, Args)]
#[command(
    after_help = "Examples:\n  axismirror doctor --board pieeg16\n  axismirror doctor --json | jq '.findings[] | select(.severity != \"ok\")'\n\n\
                        Exit status: 0 with nothing but warnings, 1 with a problem. Nothing is changed."
)]
pub(crate) struct DoctorArgs {
    /// Board id; `axismirror boards` lists them
    #[arg(long, value_name = "BOARD", default_value = "pieeg8")]
    board: String,
    /// Print JSON
    #[arg(long)]
    json: bool,
}

/// Examines this machine.
pub(crate) fn run(args: &DoctorArgs) -> Result<(), Failure> {
    let board = board_file::find(&args.board)
        .map_err(|e| Failure::usage(e).hint("`axismirror boards` lists them".to_owned()))?;
    let findings = doctor::examine(&Probe::this(), board);
    let count = |severity| findings.iter().filter(|f| f.severity == severity).count();
    let (problems, warnings) = (count(Severity::Problem), count(Severity::Warning));
    let text = if args.json {
        let report = json!({ "board": board.id, "problems": problems, "warnings": warnings, "findings": findings });
        serde_json::to_string_pretty(&report).map_err(Failure::failed)? + "\n"
    } else {
        let mut rows = Rows::folding(19, 40);
        findings.iter().for_each(|finding| add(&mut rows, finding));
        rows.line("");
        rows.line(&format!("{}: {}, {}", board.id, some(problems, "problem"), some(warnings, "warning")));
        rows.text()
    };
    output::print(text)?;
    match problems {
        0 => Ok(()),
        n => Err(Failure::failed(format!("{} cannot run here: {}", board.id, some(n, "problem")))),
    }
}

fn some(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}

fn add(rows: &mut Rows, finding: &Finding) {
    let mark = match finding.severity {
        Severity::Ok => "ok",
        Severity::Warning => "warning",
        Severity::Problem => "PROBLEM",
    };
    rows.add(&format!("{mark:<8} {:<10}", finding.about), &finding.what);
    if let Some(mend) = &finding.mend {
        rows.add("", &format!("mend: {mend}"));
    }
}
