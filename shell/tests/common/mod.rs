//! A running service and the commands that look at it, for tests.
#![allow(dead_code, unreachable_pub, reason = "each test file uses some of it")]

pub mod writes;

use std::io::Read;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use axismirror_core::header::Generation;
use axismirror_core::name::{SegmentName, StreamName};
use serde_json::Value;

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(20);
const LOOK_EVERY: Duration = Duration::from_millis(10);
/// Set where no test is to be skipped: `cargo xtask ci` does, where CI=true.
pub const COMPLETE: &str = "AXISMIRROR_COMPLETE";

/// To be called by a test that this machine cannot run. Where none is to be skipped that is a failure.
pub fn skipped(why: &str) {
    assert!(std::env::var_os(COMPLETE).is_none(), "{COMPLETE} is set, but: {why}");
    eprintln!("skipped: {why}");
}

/// A stream's name that no other test uses.
pub fn unique(test: &str) -> String {
    format!("{test}-{}", std::process::id())
}

/// A segment's public file, and the kept one, in the hidden folder of the user who writes the stream.
pub fn names(segment: &SegmentName, user: u32) -> [PathBuf; 2] {
    let dir = Path::new("/dev/shm");
    let (header, segment) = (segment.of_header(), segment.as_str());
    let kept = if header == segment { header.to_owned() } else { format!("{header}+{segment}") };
    [dir.join(segment), dir.join(format!(".axismirror-{user}")).join(kept)]
}

/// The user that tests run as, and the services they start.
pub fn user() -> u32 {
    std::fs::metadata("/proc/self").unwrap().uid()
}

/// Both files of each segment that a stream begins with: header, first ring, first static metadata.
pub fn files(name: &str, user: u32) -> Vec<PathBuf> {
    let name = StreamName::new(name).unwrap();
    [name.header(), name.data(Generation::from_number(0)), name.static_metadata(1)]
        .iter()
        .flat_map(|segment| names(segment, user))
        .collect()
}

/// The command, ready to run.
pub fn axismirror(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_axismirror"));
    command.args(args).env_remove("AXISMIRROR_LOG").stdin(Stdio::null());
    command
}

/// Exit status, standard output and standard error of a command.
pub fn run(args: &[&str]) -> (Option<i32>, String, String) {
    let output = axismirror(args).output().unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code(), text(output.stdout), text(output.stderr))
}

/// Asks again and again until there is an answer.
pub fn eventually<T>(what: &str, mut ask: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = ask() {
            return answer;
        }
        assert!(Instant::now() < end, "it does not happen: {what}");
        std::thread::sleep(LOOK_EVERY);
    }
}

/// `axismirror info --json`; `None` when there is no such stream.
pub fn info(name: &str) -> Option<Value> {
    let (status, out, _) = run(&["info", name, "--json"]);
    (status == Some(0)).then(|| serde_json::from_str(&out).unwrap())
}

/// Waits until the stream is valid and `holds` of what `info` says.
pub fn wait_for(name: &str, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    eventually(what, || info(name).filter(|i| i["valid"] == true && holds(i)))
}

/// `axismirror set`: what it says, and how long it took.
pub fn set(name: &str, changes: &[&str]) -> (Result<String, String>, Duration) {
    let begin = Instant::now();
    let (status, out, errors) = run(&[&["set", name], changes].concat());
    (if status == Some(0) { Ok(out) } else { Err(errors) }, begin.elapsed())
}

/// Asks a process to end, and kills one that does not.
pub fn end(child: &mut Child) {
    const WITHIN: Duration = Duration::from_secs(3);
    let asked = Instant::now();
    if matches!(child.try_wait(), Ok(None)) {
        // One that was stopped ends when it goes on.
        let pid = child.id().to_string();
        let _ = Command::new("sh").args(["-c", "kill -s TERM $0; kill -s CONT $0", &pid]).status();
    }
    while matches!(child.try_wait(), Ok(None)) {
        if asked.elapsed() > WITHIN {
            let _ = child.kill();
            let _ = child.wait();
            return;
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

/// A simulated stream; ends with the test, whatever becomes of it, and takes its segments along.
pub struct Service(pub Child);

impl Service {
    /// Starts one, and waits until it publishes. Its log can be read with [`Service::end`].
    pub fn start(name: &str, flags: &[&str]) -> Self {
        let mut service = axismirror(&[&["run", "--simulate", "--name", name], flags].concat());
        let mut service = Self(service.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap());
        eventually("the stream is valid", || {
            if let Some(status) = service.0.try_wait().unwrap() {
                panic!("the service ended: {status}: {}", service.log());
            }
            // What a killed one has left is valid until this one takes it over.
            info(name).filter(|i| i["valid"] == true && i["writer"]["pid"] == service.0.id())
        });
        service
    }

    /// Whether it still runs.
    pub fn lives(&mut self) -> bool {
        self.0.try_wait().unwrap().is_none()
    }

    /// Sends a signal by the name that kill(1) has for it. When this returns from STOP, no thread runs any more.
    pub fn signal(&self, signal: &str) {
        let sent = Command::new("kill").args(["-s", signal, &self.0.id().to_string()]).status().unwrap();
        assert!(sent.success());
        if signal == "STOP" {
            eventually("it stands still", || self.is_stopped().then_some(()));
        }
    }

    /// Whether each thread is (proc_pid_stat(5): the state comes behind the command in parentheses).
    fn is_stopped(&self) -> bool {
        let tasks = std::fs::read_dir(format!("/proc/{}/task", self.0.id())).unwrap().flatten();
        let stats = tasks.filter_map(|task| std::fs::read_to_string(task.path().join("stat")).ok());
        stats.into_iter().all(|stat| stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('T')))
    }

    /// As kill -9: its segments stay.
    pub fn kill(mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }

    /// Waits until it has ended by itself; its log.
    pub fn ends(mut self) -> (ExitStatus, String) {
        let status = eventually("the service ends", || self.0.try_wait().unwrap());
        (status, self.log())
    }

    /// Stops it; its log.
    pub fn stop(self) -> String {
        self.signal("TERM");
        let (status, log) = self.ends();
        assert!(status.success(), "{status}: {log}");
        log
    }

    /// What it has written, to its end.
    pub fn log(&mut self) -> String {
        let mut log = String::new();
        if let Some(mut from) = self.0.stderr.take() {
            from.read_to_string(&mut log).unwrap();
        }
        log
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        end(&mut self.0);
    }
}
