//! A stream, a reference of it, and recorders beside it.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Context;
use crate::interop::service::{Service, axismirror, binary, last_lines};
use crate::sys::{self, Child};

/// How long anything that is waited for may take.
const LIMIT: Duration = Duration::from_secs(60);
const POLL: Duration = Duration::from_millis(20);

/// A running stream with a reference.
pub(super) struct Session<'a> {
    context: &'a Context,
    pub(super) service: Service,
    reference: Child,
    recorders: Vec<Recorder>,
}

struct Recorder {
    file: PathBuf,
    log: PathBuf,
    child: Child,
}

impl<'a> Session<'a> {
    /// Starts a simulated board and waits until the reference has frames.
    pub(super) fn start(context: &'a Context, flags: &[&str]) -> Result<Self, String> {
        // The ring holds all of it: on a loaded machine nobody is too late.
        let common = ["--simulate", "--buf-dur", "120", "--duration", "120"];
        let mut service = Service::start(&context.stream, &[&common, flags].concat())?;
        service.wait_ready()?;
        let path = context.folder.join("reference.csv");
        let out = File::create(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let mut tail = sys::command(binary());
        tail.args(["tail", &context.stream, "--follow", "--format", "csv"]).stdout(out).stderr(Stdio::null());
        let reference = Child::spawn(&mut tail).map_err(|e| format!("tail: {e}"))?;
        let session = Self { context, service, reference, recorders: Vec::new() };
        wait_for("frames in the reference", || size(&path) > 1000)?;
        Ok(session)
    }

    fn reference_path(&self) -> PathBuf {
        self.context.folder.join("reference.csv")
    }

    /// Starts a recorder for each ending; returns when each has made its file.
    pub(super) fn record(&mut self, endings: &[&str], flags: &[&str]) -> Result<(), String> {
        for ending in endings {
            let file = self.context.folder.join(format!("recording.{ending}"));
            let mut c = sys::command(binary());
            c.args(["record", &self.context.stream, "-o"]).arg(&file).args(flags);
            self.spawn(file, &mut c)?;
        }
        let all = || self.recorders.iter().all(|r| size(&r.file) > 0);
        wait_for("files", all).map_err(|why| format!("{why}{}", self.logs()))
    }

    /// Marks an event.
    pub(super) fn mark(&self, text: &str) -> Result<(), String> {
        let out = axismirror(&["mark", &self.context.stream, text])?;
        let why = || format!("mark: {}: {}", out.status, String::from_utf8_lossy(&out.stderr).trim());
        if out.status.success() { Ok(()) } else { Err(why()) }
    }

    /// Starts a command as the recorder of a file.
    pub(super) fn spawn(&mut self, file: PathBuf, c: &mut std::process::Command) -> Result<(), String> {
        let log = file.with_extension(format!("{}.log", file.extension().unwrap_or_default().to_string_lossy()));
        let out = File::create(&log).map_err(|e| format!("{}: {e}", log.display()))?;
        let both = out.try_clone().map_err(|e| e.to_string())?;
        let child = Child::spawn(c.stdout(out).stderr(both)).map_err(|e| format!("{}: {e}", sys::line(c)))?;
        self.recorders.push(Recorder { file, log, child });
        Ok(())
    }

    fn logs(&self) -> String {
        self.recorders.iter().map(|r| last_lines(&r.log)).collect()
    }

    /// Waits until each file has grown so many times since now.
    pub(super) fn wait_grown(&self, times: usize) -> Result<(), String> {
        let mut seen: Vec<(u64, usize)> = self.recorders.iter().map(|r| (size(&r.file), 0)).collect();
        wait_for("files that grow", || {
            for (recorder, (last, grown)) in self.recorders.iter().zip(&mut seen) {
                let now = size(&recorder.file);
                if now > *last {
                    (*last, *grown) = (now, *grown + 1);
                }
            }
            seen.iter().all(|(_, grown)| *grown >= times)
        })
    }

    /// kill -9 of all recorders.
    pub(super) fn kill(&mut self) -> Result<(), String> {
        self.recorders.iter_mut().try_for_each(|r| r.child.kill().map(|_| ()).map_err(|e| format!("kill: {e}")))
    }

    /// Asks all recorders to end.
    pub(super) fn stop(&mut self) -> Result<(), String> {
        self.recorders.iter().for_each(|r| r.child.signal(rustix::process::Signal::TERM));
        self.wait_ended(0)
    }

    /// Waits until all recorders have ended, with this exit status.
    pub(super) fn wait_ended(&mut self, expected: i32) -> Result<(), String> {
        for recorder in &mut self.recorders {
            let status = recorder.child.wait(Some(LIMIT)).map_err(|e| format!("record: {e}"))?;
            if status.and_then(|s| s.code()) != Some(expected) {
                let status = status.map_or("no end".to_owned(), |s| s.to_string());
                return Err(format!("{}: {status}{}", recorder.file.display(), last_lines(&recorder.log)));
            }
        }
        Ok(())
    }

    /// What a recorder said.
    pub(super) fn said(&self, text: &str) -> Result<(), String> {
        let silent =
            self.recorders.iter().find(|r| !std::fs::read_to_string(&r.log).unwrap_or_default().contains(text));
        silent.map_or(Ok(()), |r| Err(format!("{} was not said of {}{}", text, r.file.display(), last_lines(&r.log))))
    }

    /// Compares what other people's programs read with the reference. `part`: of the first file, or of a later one.
    pub(super) fn check(&mut self, part: &str, flags: &[&str]) -> Result<String, String> {
        // What the recorders took, tail has before anything newer; but where the stream is gone nothing newer comes.
        let before = size(&self.reference_path());
        let start = Instant::now();
        while size(&self.reference_path()) == before && start.elapsed() < Duration::from_secs(2) {
            sleep(POLL);
        }
        let mut c = sys::command(&self.context.python);
        c.arg("tests/python/recordings.py").args(flags).arg("--reference").arg(self.reference_path());
        for recorder in &self.recorders {
            let ending = recorder.file.extension().unwrap_or_default().to_string_lossy().into_owned();
            c.arg(self.context.folder.join(format!("recording{part}.{ending}")));
        }
        let out = sys::output(&mut c, LIMIT)?;
        if out.status.success() {
            return Ok(String::from_utf8_lossy(&out.stdout).trim().to_owned());
        }
        Err(format!("{}: {}", out.status, String::from_utf8_lossy(&out.stderr).trim_end().replace('\n', "\n      | ")))
    }

    /// What `examples/python/recording.py` says last of a recording has to be what `check` has seen of it.
    pub(super) fn example(&self, seen: &str) -> Result<(), String> {
        for file in self.recorders.iter().map(|r| &r.file) {
            if file.extension().is_some_and(|e| e == "xdf" || e == "csv") {
                continue;
            }
            let name = format!("{}: ", file.file_name().unwrap_or_default().to_string_lossy());
            let expected = seen.split("; ").find_map(|s| s.strip_prefix(&name)).unwrap_or("nothing");
            let mut c = sys::command(&self.context.python);
            let out = sys::output(c.arg("examples/python/recording.py").arg(file), LIMIT)?;
            let text = String::from_utf8_lossy(&out.stdout).into_owned();
            if !out.status.success() || text.lines().last() != Some(expected) {
                let errors = String::from_utf8_lossy(&out.stderr).into_owned();
                return Err(format!("recording.py on {name}not {expected}, but {text}{errors}"));
            }
        }
        Ok(())
    }

    /// No longer looks after the recorders, which have ended.
    pub(super) fn forget(&mut self) {
        self.recorders.clear();
    }

    /// Ends the stream and the reference.
    pub(super) fn end(mut self) -> Result<(), String> {
        self.reference.stop().map_err(|e| format!("tail: {e}"))?;
        self.service.stop_cleanly()
    }
}

fn size(path: &Path) -> u64 {
    std::fs::metadata(path).map_or(0, |m| m.len())
}

/// Waits for a condition.
pub(super) fn wait_for(what: &str, mut is: impl FnMut() -> bool) -> Result<(), String> {
    let start = Instant::now();
    while !is() {
        if sys::interrupted() {
            return Err("interrupted".to_owned());
        }
        if start.elapsed() > LIMIT {
            return Err(format!("no {what} in {LIMIT:?}"));
        }
        sleep(POLL);
    }
    Ok(())
}
