//! Published releases of ezmsg-tools in a process of their own: `ring.py` publishes and reads with the unmodified classes, a round at a time.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use serde_json::Value;

use crate::harness::{Contestant, Round};
use crate::workload::Workload;

/// One release and the Python that has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Release {
    /// `0.3.2`.
    pub version: String,
    /// Its interpreter.
    pub python: PathBuf,
}

/// A Python process that answers a line of JSON to each line.
pub struct Process {
    child: Child,
    stdin: ChildStdin,
    stdout: BufReader<ChildStdout>,
}

impl Process {
    /// Starts a script of the folder `python` beside this package, with arguments.
    ///
    /// # Errors
    /// What the system says.
    pub fn start(python: &Path, script: &str, arguments: &[String]) -> Result<Self, String> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("python").join(script);
        let mut command = Command::new(python);
        command.arg("-u").arg(&script).args(arguments).stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().map_err(|e| format!("{}: {e}", python.display()))?;
        match (child.stdin.take(), child.stdout.take()) {
            (Some(stdin), Some(stdout)) => Ok(Self { child, stdin, stdout: BufReader::new(stdout) }),
            _ => Err("no pipe to the Python process".to_owned()),
        }
    }

    /// Asks for something.
    ///
    /// # Errors
    /// The process' own error, or that it is gone.
    pub fn ask(&mut self, what: &str) -> Result<Value, String> {
        writeln!(self.stdin, "{what}").map_err(|e| format!("the Python process is gone: {e}"))?;
        let mut line = String::new();
        self.stdout.read_line(&mut line).map_err(|e| format!("the Python process is gone: {e}"))?;
        let answer: Value =
            serde_json::from_str(&line).map_err(|e| format!("the Python process answered {line:?}: {e}"))?;
        match answer.get("error").and_then(Value::as_str) {
            Some(error) => Err(error.to_owned()),
            None => Ok(answer),
        }
    }

    /// Asks for a round.
    ///
    /// # Errors
    /// As [`Process::ask`].
    pub fn round(&mut self, what: &str) -> Result<Round, String> {
        let answer = self.ask(what)?;
        let number = |key: &str| answer.get(key).and_then(Value::as_f64).ok_or_else(|| format!("no {key} in {answer}"));
        Ok(Round {
            ns: number("ns")?,
            operations: number("operations")? as u64,
            preempted: number("preemptions")? > 0.0,
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It ends by itself when asked to; when it is gone already, that is as good.
        let _ = writeln!(self.stdin, "quit");
        let _ = self.child.wait();
    }
}

/// What a Python process does in each round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Work {
    /// `ShMemCircBuff.on_message`.
    Publish,
    /// `EZShmMirror.auto_view` and a copy.
    Read,
    /// `EZShmMirror.auto_view` when nothing is new.
    NothingNew,
}

impl Work {
    const fn command(self) -> &'static str {
        match self {
            Self::Publish => "publish",
            Self::Read => "read",
            Self::NothingNew => "nothing",
        }
    }
}

/// A release at work.
pub struct Ezmsg {
    name: String,
    process: Process,
    work: Work,
}

impl Ezmsg {
    /// For a workload.
    ///
    /// # Errors
    /// What Python says.
    pub fn new(release: &Release, workload: Workload, work: Work) -> Result<Self, String> {
        let arguments = [
            format!("axismirror-bench-{}-{}-{}-{}", std::process::id(), release.version, work.command(), workload.name),
            workload.channels.to_string(),
            workload.frames.to_string(),
            workload.ring_chunks.to_string(),
        ];
        let process = Process::start(&release.python, "ring.py", &arguments)?;
        Ok(Self { name: format!("ezmsg-tools {}", release.version), process, work })
    }
}

impl Contestant for Ezmsg {
    fn name(&self) -> &str {
        &self.name
    }

    fn round(&mut self) -> Result<Round, String> {
        self.process.round(self.work.command())
    }

    fn check(&mut self) -> Result<(), String> {
        self.process.ask("check").map(|_| ())
    }
}
