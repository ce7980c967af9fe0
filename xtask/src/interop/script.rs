//! A running Python script of `tests/python`: its lines of JSON as they come, and what it ended with.

use std::io::{BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::service::{last_lines, log_file};
use crate::sys::{self, Child};

/// Beyond every limit that the scripts have themselves.
const LIMIT: Duration = Duration::from_secs(90);
/// How often a wait looks for Ctrl-C.
const POLL: Duration = Duration::from_millis(100);

/// A running script. Lines that are no JSON objects (other people's logs) are dropped.
pub(crate) struct Script {
    child: Child,
    lines: Receiver<Value>,
    log: PathBuf,
}

impl Script {
    /// Starts `tests/python/FILE ARGS`.
    pub(crate) fn start(python: &Path, file: &str, name: &str, args: &[&str]) -> Result<Self, String> {
        let (log, errors) = log_file(&format!("{name}.{file}"))?;
        let mut c = sys::command(python);
        c.arg(sys::workspace().join("tests").join("python").join(file)).args(args);
        c.env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONUNBUFFERED", "1");
        c.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(errors);
        let mut child = Child::spawn(&mut c).map_err(|e| format!("{}: {e}", sys::line(&c)))?;
        let out = child.pipes().stdout.take().ok_or("no standard output")?;
        let (sender, lines) = mpsc::channel();
        // Ends with the script, whose end of the pipe closes.
        thread::spawn(move || {
            for line in BufReader::new(out).lines().map_while(Result::ok) {
                if let Ok(value @ Value::Object(_)) = serde_json::from_str(&line)
                    && sender.send(value).is_err()
                {
                    break;
                }
            }
        });
        Ok(Self { child, lines, log })
    }

    /// Waits for a line `{"event": EVENT, ...}`.
    pub(crate) fn wait_event(&mut self, event: &str) -> Result<(), String> {
        loop {
            match self.next()? {
                Some(line) if line.get("event").and_then(Value::as_str) == Some(event) => return Ok(()),
                Some(line) if line.get("event").is_none() => return Err(format!("ended before `{event}`: {line}")),
                Some(_) => {}
                None => return Err(format!("ended before `{event}`{}", last_lines(&self.log))),
            }
        }
    }

    /// Writes a line to the script's standard input.
    pub(crate) fn say(&mut self, line: &str) -> Result<(), String> {
        let stdin = self.child.pipes().stdin.as_mut().ok_or("no standard input")?;
        writeln!(stdin, "{line}").map_err(|e| format!("script's standard input: {e}"))
    }

    /// The last line and whether the script ended well.
    pub(crate) fn finish(mut self) -> Result<(Value, bool), String> {
        let mut last = None;
        while let Some(line) = self.next()? {
            last = Some(line);
        }
        let status = self.child.wait(Some(LIMIT)).map_err(|e| e.to_string())?.ok_or("the script does not end")?;
        let last = last.ok_or_else(|| format!("no result, {status}{}", last_lines(&self.log)))?;
        Ok((last, status.success()))
    }

    /// As `finish`, where anything but a good end is an error.
    pub(crate) fn finish_well(self) -> Result<Value, String> {
        match self.finish()? {
            (result, true) => Ok(result),
            (result, false) => Err(result.to_string()),
        }
    }

    /// The next line; `None` at the end of the script.
    fn next(&mut self) -> Result<Option<Value>, String> {
        let start = Instant::now();
        loop {
            match self.lines.recv_timeout(POLL) {
                Ok(line) => return Ok(Some(line)),
                Err(RecvTimeoutError::Disconnected) => return Ok(None),
                Err(RecvTimeoutError::Timeout) if sys::interrupted() => return Err("interrupted".to_owned()),
                Err(RecvTimeoutError::Timeout) if start.elapsed() > LIMIT => {
                    return Err(format!("no word from the script in {LIMIT:?}{}", last_lines(&self.log)));
                }
                Err(RecvTimeoutError::Timeout) => {}
            }
        }
    }
}
