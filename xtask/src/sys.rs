//! Child processes that never outlive this one, and Ctrl-C.
//!
//! Each child leads a process group of its own, which is ended as a whole when its `Child` is dropped, also after Ctrl-C.
//! Knows nothing of what is run.

use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{self, Command, ExitStatus, Output, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::{JoinHandle, sleep};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process_group};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

use crate::step::{Outcome, StepResult};

/// How often a child is looked at while something waits for it.
const POLL: Duration = Duration::from_millis(10);
/// How long a build without visible output may take.
const BUILD_LIMIT: Duration = Duration::from_secs(900);
/// How long a child has between SIGTERM and SIGKILL.
const GRACE: Duration = Duration::from_secs(5);

static INTERRUPTED: OnceLock<Arc<AtomicBool>> = OnceLock::new();

/// From here on SIGINT, SIGTERM and SIGHUP set a flag; whoever waits for a child ends it then.
pub(crate) fn catch_signals() -> io::Result<()> {
    let flag = INTERRUPTED.get_or_init(|| Arc::new(AtomicBool::new(false)));
    for signal in [SIGINT, SIGTERM, SIGHUP] {
        signal_hook::flag::register(signal, Arc::clone(flag))?;
    }
    Ok(())
}

/// Whether someone wants us to stop.
pub(crate) fn interrupted() -> bool {
    // A lone flag that publishes no other memory.
    INTERRUPTED.get().is_some_and(|f| f.load(Ordering::Relaxed))
}

/// The workspace's folder.
pub(crate) fn workspace() -> PathBuf {
    let here = Path::new(env!("CARGO_MANIFEST_DIR"));
    here.parent().unwrap_or(here).to_owned()
}

/// Where builds, environments and logs go.
pub(crate) fn target_dir() -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| workspace().join("target"), |d| workspace().join(d))
}

/// A command in the workspace's folder, without standard input.
pub(crate) fn command(program: impl AsRef<OsStr>) -> Command {
    let mut c = Command::new(program);
    c.current_dir(workspace()).stdin(Stdio::null());
    c
}

/// cargo, as it called us.
pub(crate) fn cargo() -> Command {
    command(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()))
}

/// cargo of another toolchain, through rustup.
pub(crate) fn cargo_of(toolchain: &str) -> Command {
    let mut c = command("rustup");
    // What cargo set for this process would bind the other toolchain to ours.
    c.args(["run", toolchain, "cargo"]).env_remove("CARGO").env_remove("RUSTC").env_remove("RUSTDOC");
    c
}

/// Whether `program args` runs and succeeds; its output is dropped.
pub(crate) fn succeeds(program: impl AsRef<OsStr>, args: &[&str]) -> bool {
    let mut c = command(program);
    c.args(args).stdout(Stdio::null()).stderr(Stdio::null());
    Child::spawn(&mut c).and_then(|mut child| child.wait(None)).is_ok_and(|s| s.is_some_and(|s| s.success()))
}

/// Runs a command to its end with its output passed through.
pub(crate) fn pass_through(c: &mut Command) -> StepResult {
    println!("    $ {}", line(c));
    let status = Child::spawn(c).and_then(|mut child| child.wait(None)).map_err(|e| format!("{}: {e}", line(c)))?;
    match status {
        Some(s) if s.success() => Ok(Outcome::Passed),
        Some(s) => Err(format!("{s}")),
        None => Err("interrupted".to_owned()),
    }
}

/// Runs `test -- FILTERS`, where no test at all is a failure: a filter that finds nothing would look like success.
pub(crate) fn some_tests(test: impl Fn() -> Command, filters: &[&str]) -> StepResult {
    let mut list = test();
    list.arg("--").args(filters).arg("--list");
    let listed = output(&mut list, BUILD_LIMIT)?;
    if !listed.status.success() {
        return Err(format!("{}: {}\n{}", line(&list), listed.status, String::from_utf8_lossy(&listed.stderr)));
    }
    if !String::from_utf8_lossy(&listed.stdout).lines().any(|l| l.ends_with(": test")) {
        return Err(format!("no test with {} in its name", filters.join(" or ")));
    }
    pass_through(test().arg("--").args(filters))
}

/// Runs a command to its end and keeps its output.
pub(crate) fn output(c: &mut Command, limit: Duration) -> Result<Output, String> {
    c.stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = Child::spawn(c).map_err(|e| format!("{}: {e}", line(c)))?;
    let pipes = child.pipes();
    let (stdout, stderr) = (read_to_end(pipes.stdout.take()), read_to_end(pipes.stderr.take()));
    let status = child.wait(Some(limit)).map_err(|e| format!("{}: {e}", line(c)))?;
    drop(child); // closes the pipes if it still runs
    let (stdout, stderr) = (stdout.join().unwrap_or_default(), stderr.join().unwrap_or_default());
    match status {
        Some(status) => Ok(Output { status, stdout, stderr }),
        None if interrupted() => Err("interrupted".to_owned()),
        None => Err(format!("{}: no end in {limit:?}: {}", line(c), String::from_utf8_lossy(&stderr).trim())),
    }
}

fn read_to_end(pipe: Option<impl Read + Send + 'static>) -> JoinHandle<Vec<u8>> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is still worth showing.
            let _ = pipe.read_to_end(&mut bytes);
        }
        bytes
    })
}

/// The command as one would type it.
pub(crate) fn line(c: &Command) -> String {
    let program = Path::new(c.get_program()).file_name().unwrap_or(c.get_program());
    std::iter::once(program).chain(c.get_args()).map(OsStr::to_string_lossy).collect::<Vec<_>>().join(" ")
}

/// A running child and all that it starts.
pub(crate) struct Child {
    inner: process::Child,
    status: Option<ExitStatus>,
}

impl Child {
    pub(crate) fn spawn(c: &mut Command) -> io::Result<Self> {
        Ok(Self { inner: c.process_group(0).spawn()?, status: None })
    }

    /// The child's standard input, output and error where they are pipes.
    pub(crate) fn pipes(&mut self) -> &mut process::Child {
        &mut self.inner
    }

    /// Whether it has ended by itself.
    pub(crate) fn try_wait(&mut self) -> io::Result<Option<ExitStatus>> {
        if self.status.is_none() {
            self.status = self.inner.try_wait()?;
        }
        Ok(self.status)
    }

    /// Waits for the end; `None` when `limit` passed or someone wants us to stop.
    pub(crate) fn wait(&mut self, limit: Option<Duration>) -> io::Result<Option<ExitStatus>> {
        let start = Instant::now();
        loop {
            if let Some(status) = self.try_wait()? {
                return Ok(Some(status));
            }
            if interrupted() || limit.is_some_and(|l| start.elapsed() > l) {
                return Ok(None);
            }
            sleep(POLL);
        }
    }

    /// Sends a signal to the child and all that it started.
    pub(crate) fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.inner.id()).ok().and_then(Pid::from_raw);
        if let (None, Some(pid)) = (self.status, pid) {
            // It may have ended meanwhile; that is as good.
            let _ = kill_process_group(pid, signal);
        }
    }

    /// Asks it to end; waits, also after Ctrl-C, for as long as `GRACE`; then kills it.
    pub(crate) fn stop(&mut self) -> io::Result<ExitStatus> {
        self.signal(Signal::TERM);
        let start = Instant::now();
        while start.elapsed() < GRACE {
            if let Some(status) = self.try_wait()? {
                return Ok(status);
            }
            sleep(POLL);
        }
        self.kill()
    }

    /// Kills it at once.
    pub(crate) fn kill(&mut self) -> io::Result<ExitStatus> {
        self.signal(Signal::KILL);
        let status = self.inner.wait()?;
        self.status = Some(status);
        Ok(status)
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        if !matches!(self.try_wait(), Ok(Some(_))) {
            let _ = self.stop();
        }
    }
}

/// Whether we run where a check that cannot be made is a failure.
pub(crate) fn in_ci() -> bool {
    std::env::var_os("CI").is_some_and(|v| v == "true")
}
