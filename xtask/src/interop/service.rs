//! A running `axismirror run` or `replay`: start, wait until it publishes, change, stop.
//!
//! Speaks to it through its command line and signals alone.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Output, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use serde_json::Value;

use crate::step::StepResult;
use crate::sys::{self, Child};

/// How long a service may take until it publishes.
const READY_LIMIT: Duration = Duration::from_secs(20);
/// How often it is asked.
const READY_POLL: Duration = Duration::from_millis(50);
/// How long any other subcommand may take.
const COMMAND_LIMIT: Duration = Duration::from_secs(30);
/// How long a service may take to end.
const STOP_LIMIT: Duration = Duration::from_secs(10);

/// Builds the command in release mode.
pub(crate) fn build() -> StepResult {
    sys::pass_through(sys::cargo().args(["build", "--release", "--package", "axismirror"]))
}

/// The built command.
pub(crate) fn binary() -> PathBuf {
    sys::target_dir().join("release").join("axismirror")
}

/// Runs `axismirror ARGS` to its end.
pub(crate) fn axismirror(args: &[&str]) -> Result<Output, String> {
    sys::output(sys::command(binary()).args(args), COMMAND_LIMIT)
}

/// Where a process' standard error goes.
pub(crate) fn log_file(name: &str) -> Result<(PathBuf, File), String> {
    let folder = sys::target_dir().join("interop").join("logs");
    let path = folder.join(format!("{name}.log"));
    let file = std::fs::create_dir_all(&folder).and_then(|()| File::options().create(true).append(true).open(&path));
    file.map(|f| (path.clone(), f)).map_err(|e| format!("{}: {e}", path.display()))
}

/// The last lines of a log, for an error's text.
pub(crate) fn last_lines(path: &Path) -> String {
    const LINES: usize = 6;
    let text = std::fs::read_to_string(path).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    format!("\n      | {}", lines[lines.len().saturating_sub(LINES)..].join("\n      | "))
}

/// A running service.
pub(crate) struct Service {
    name: String,
    args: Vec<String>,
    child: Child,
    log: PathBuf,
}

impl Service {
    /// Starts a stream; returns before it publishes.
    pub(crate) fn start(name: &str, flags: &[&str]) -> Result<Self, String> {
        Self::begin(name, &[&["run"], flags].concat())
    }

    /// Plays a recording as a stream; returns before it publishes.
    pub(crate) fn replay(name: &str, recording: &Path, flags: &[&str]) -> Result<Self, String> {
        Self::begin(name, &[&["replay", &recording.to_string_lossy()], flags].concat())
    }

    fn begin(name: &str, args: &[&str]) -> Result<Self, String> {
        let args: Vec<String> = args.iter().map(|&a| a.to_owned()).collect();
        let (child, log) = spawn(name, &args)?;
        Ok(Self { name: name.to_owned(), args, child, log })
    }

    /// Waits until the stream is valid.
    pub(crate) fn wait_ready(&mut self) -> Result<(), String> {
        let start = Instant::now();
        while start.elapsed() < READY_LIMIT {
            if let Some(status) = self.child.try_wait().map_err(|e| e.to_string())? {
                return Err(format!("the service ended: {status}{}", last_lines(&self.log)));
            }
            if self.info().is_some_and(|i| i.get("valid") == Some(&Value::Bool(true))) {
                return Ok(());
            }
            if sys::interrupted() {
                return Err("interrupted".to_owned());
            }
            sleep(READY_POLL);
        }
        Err(format!("the service published nothing valid in {READY_LIMIT:?}{}", last_lines(&self.log)))
    }

    /// What `axismirror info --json` says, when it says anything.
    pub(crate) fn info(&self) -> Option<Value> {
        let out = axismirror(&["info", &self.name, "--json"]).ok()?;
        out.status.success().then(|| serde_json::from_slice(&out.stdout).ok()).flatten()
    }

    /// Changes settings as a user does.
    pub(crate) fn set(&self, assignment: &str) -> Result<(), String> {
        let out = axismirror(&["set", &self.name, assignment])?;
        if out.status.success() {
            Ok(())
        } else {
            Err(format!("set {assignment}: {}: {}", out.status, String::from_utf8_lossy(&out.stderr).trim()))
        }
    }

    /// SIGTERM; the service must end by itself and well.
    pub(crate) fn stop_cleanly(&mut self) -> Result<(), String> {
        self.child.signal(rustix::process::Signal::TERM);
        self.wait_ended()
    }

    /// The service must end by itself and well.
    pub(crate) fn wait_ended(&mut self) -> Result<(), String> {
        let start = Instant::now();
        while start.elapsed() < STOP_LIMIT {
            if let Some(status) = self.child.try_wait().map_err(|e| e.to_string())? {
                return if status.success() {
                    Ok(())
                } else {
                    Err(format!("the service ended with {status}{}", last_lines(&self.log)))
                };
            }
            sleep(Duration::from_millis(10));
        }
        Err(format!("the service did not end in {STOP_LIMIT:?}{}", last_lines(&self.log)))
    }

    /// SIGKILL.
    pub(crate) fn kill(&mut self) -> Result<(), String> {
        self.child.kill().map(|_| ()).map_err(|e| format!("kill: {e}"))
    }

    /// Starts again after an end.
    pub(crate) fn start_again(&mut self) -> Result<(), String> {
        (self.child, self.log) = spawn(&self.name, &self.args)?;
        Ok(())
    }
}

fn spawn(name: &str, args: &[String]) -> Result<(Child, PathBuf), String> {
    let (log, file) = log_file(&format!("{name}.service"))?;
    let mut c = sys::command(binary());
    c.args(args).args(["--name", name]).stdout(Stdio::null()).stderr(file);
    let child = Child::spawn(&mut c).map_err(|e| format!("{}: {e}", sys::line(&c)))?;
    Ok((child, log))
}
