//! `axismirror record`: a stream into a file that other programs open.

use std::io::{IsTerminal as _, Write as _, stderr};
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use axismirror::channels::Channels;
use axismirror::config::visible;
use axismirror::count::count;
use axismirror::mirror::State;
use axismirror::record::{Format, Options, Progress, RecordError, Recorder, Step, Summary};
use clap::Args;

use super::{Failure, output, stop};

/// The longest wait for frames: how long a signal may go unnoticed.
const WAIT: Duration = Duration::from_millis(50);
/// How often progress is shown on a terminal, and in a log.
const SHOW_EVERY: Duration = Duration::from_secs(1);
const LOG_EVERY: Duration = Duration::from_secs(60);

/// Record a stream into a file: BDF+, EDF+, Parquet, Arrow, XDF or CSV, by the file's ending
///
/// Without loss, or it says so: samples, times, frame numbers, labels, units, gaps and the stream's description are in the file. What does not fit
/// into 24 bits (.bdf) or 16 bits (.edf) ends the recording, unless --lossy. The file opens in other programs while it is being written, and after
/// any end. When the stream changes (rate, channels, gain), FILE-2 and so on hold what follows.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct RecordArgs {
    /// Name of the stream; when there is none yet, waits for it
    #[arg(value_name = "NAME", default_value = "axismirror")]
    pub(crate) name: String,
    /// File to write: .bdf, .edf, .parquet, .arrow, .feather, .xdf or .csv
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: PathBuf,
    /// End after so many seconds of frames [default: when stopped]
    #[arg(long, value_name = "SECONDS", value_parser = seconds)]
    pub(crate) seconds: Option<f64>,
    /// Channels to record, counted from 1 in the published order: 1-4,8 [default: all]
    #[arg(long, value_name = "LIST")]
    pub(crate) channels: Option<Channels>,
    /// Replace a file that is there
    #[arg(long)]
    pub(crate) overwrite: bool,
    /// Begin with the oldest frame that the ring holds, not with the next one
    #[arg(long)]
    pub(crate) oldest: bool,
    /// .bdf and .edf: round and clip samples that do not fit, and count them
    #[arg(long)]
    pub(crate) lossy: bool,
}

const EXAMPLES: &str = "\
Examples:
  axismirror record -o night.bdf                    until Ctrl-C, for EDFbrowser and MNE
  axismirror record lab -o lab.parquet --seconds 60
  axismirror record lab -o lab.csv --channels 1-4 --oldest";

fn seconds(text: &str) -> Result<f64, String> {
    let seconds: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if seconds.is_finite() && seconds > 0.0 { Ok(seconds) } else { Err("not more than 0".to_owned()) }
}

/// Records.
pub(crate) fn run(args: &RecordArgs) -> Result<(), Failure> {
    let stop = stop::on_signals()?;
    let mut recorder = Recorder::open(Options {
        name: args.name.clone(),
        path: args.output.clone(),
        format: Format::of(&args.output)?,
        channels: args.channels.clone(),
        seconds: args.seconds,
        overwrite: args.overwrite,
        oldest: args.oldest,
        lossy: args.lossy,
    })?;
    let result = record(&mut recorder, &stop);
    let summary = recorder.summary();
    let failure = result.err();
    if !summary.files.is_empty() || failure.is_none() {
        let printed = output::print(text(&args.name, &summary, failure.is_some()));
        // The file is there, whoever reads of it.
        failure.map_or(printed, Err)
    } else {
        failure.map_or(Ok(()), Err)
    }
}

fn record(recorder: &mut Recorder, stop: &AtomicBool) -> Result<(), Failure> {
    let mut shown = Shown::new();
    let mut said = None;
    // Relaxed: a flag alone.
    let why = loop {
        if stop.load(Ordering::Relaxed) {
            break "it was stopped";
        }
        match recorder.step(WAIT).inspect_err(|_| shown.clear())? {
            Step::Done => break "it is as long as asked for",
            Step::Recording => said = None,
            Step::Waiting(state) => {
                if said != Some(state) {
                    shown.clear();
                    shown.line(if state == State::Absent { "waiting for the stream" } else { "waiting for frames" });
                    said = Some(state);
                }
                continue;
            }
        }
        shown.progress(&recorder.progress());
    };
    shown.clear();
    recorder.finish(why).map_err(Failure::from)
}

/// Progress on standard error: a line that changes on a terminal, now and then a line elsewhere.
struct Shown {
    is_terminal: bool,
    last: Instant,
    /// Whether there is something to clear.
    is_dirty: bool,
    before: Option<(Instant, u64, u64)>,
}

impl Shown {
    fn new() -> Self {
        Self { is_terminal: stderr().is_terminal(), last: Instant::now(), is_dirty: false, before: None }
    }

    fn progress(&mut self, progress: &Progress) {
        let every = if self.is_terminal { SHOW_EVERY } else { LOG_EVERY };
        if self.last.elapsed() < every || progress.file.is_none() {
            return;
        }
        self.last = Instant::now();
        let (frames, bytes) = (progress.frames, progress.bytes);
        let speed = self.before.map(|(then, old_frames, old_bytes)| {
            let seconds = then.elapsed().as_secs_f64();
            let a_second = |now: u64, old: u64| now.saturating_sub(old) as f64 / seconds;
            (a_second(frames, old_frames), a_second(bytes, old_bytes))
        });
        self.before = Some((Instant::now(), frames, bytes));
        let length = if progress.seconds > 0.0 { time(progress.seconds) } else { String::new() };
        let rate = speed.map(|(hz, _)| format!("  {hz:.1} Hz")).unwrap_or_default();
        let speed = speed.map(|(_, speed)| format!(" ({}/s)", size(speed as u64))).unwrap_or_default();
        let line = format!(
            "{length}  {}{rate}  {}{speed}  {} free{}",
            count(frames, "frame"),
            size(bytes),
            size(progress.free),
            missing(progress)
        );
        if self.is_terminal {
            let _ = write!(stderr(), "\r\x1b[K{line}").and_then(|()| stderr().flush());
            self.is_dirty = true;
        } else {
            self.line(&line);
        }
    }

    fn line(&self, text: &str) {
        // Where standard error is gone there is nobody to tell.
        let _ = writeln!(stderr(), "{text}");
    }

    fn clear(&mut self) {
        if std::mem::take(&mut self.is_dirty) {
            let _ = write!(stderr(), "\r\x1b[K").and_then(|()| stderr().flush());
        }
    }
}

/// What can be said of a stream that was there all the time.
const NOTHING: &str = "  nothing is missing\n";
/// Of what was recorded before something went wrong, or went away.
const NOTHING_UP_TO_THERE: &str = "  nothing is missing up to there\n";
/// What can be said of a stream in which gaps of the acquisition are not seen.
const WITHOUT_TIMES: &str = "  nothing that was published is missing; what the ADC lost is not seen in a stream without times (struct_version 0 and 1):\n  \
    `axismirror info` counts it\n";

/// What is not in the recording, if anything.
fn missing(p: &Progress) -> String {
    let mut text = String::new();
    for (n, what, became) in [
        (p.gaps, "gap", ""),
        (p.not_acquired, "frame", " not acquired"),
        (p.overwritten, "frame", " missed by the recorder"),
        (p.unsaved, "frame", " not written"),
        (p.lossy, "sample", " changed"),
        (p.events_missed, "event", " missed by the recorder"),
    ] {
        if n > 0 {
            text.push_str(&format!("  {}{became}", count(n, what)));
        }
    }
    text
}

/// Of a recording that has come to its end, or was `cut_off` by a failure.
fn text(name: &str, summary: &Summary, cut_off: bool) -> String {
    let p = &summary.progress;
    let length = if p.seconds > 0.0 { format!(", {}", time(p.seconds)) } else { String::new() };
    let events = if p.events > 0 { format!(", {}", count(p.events, "event")) } else { String::new() };
    let mut text = format!("{}: {}{length}{events}\n", visible(name), count(p.frames, "frame"));
    for (path, bytes) in &summary.files {
        text += &format!("  {}  {}\n", visible(&path.to_string_lossy()), size(*bytes));
    }
    let missing = missing(p);
    match (missing.as_str(), &summary.events_failure) {
        // There is nothing of which something could be missing.
        ("", None) if p.frames == 0 => {}
        ("", None) if summary.without_times => text += WITHOUT_TIMES,
        ("", None) if cut_off || summary.away.is_some() => text += NOTHING_UP_TO_THERE,
        ("", None) => text += NOTHING,
        ("", Some(_)) => {}
        (missing, _) => text += &format!("{missing}\n"),
    }
    if let Some(away) = summary.away {
        let away = time(away.as_secs_f64());
        text += &format!(
            "  the stream was not there for the last {away}: it has ended, stands still, or has another name (`axismirror list`)\n"
        );
    }
    if let Some(why) = &summary.events_failure {
        text += &format!("  events could not be read: {}\n", visible(why));
    }
    for remark in &summary.remarks {
        text += &format!("  {remark}\n");
    }
    text
}

/// `12.3 s`, `1:02:03`
pub(super) fn time(seconds: f64) -> String {
    if seconds < 60.0 {
        return format!("{seconds:.3} s");
    }
    let whole = seconds as u64;
    format!("{}:{:02}:{:02}", whole / 3600, whole / 60 % 60, whole % 60)
}

/// Bytes with a unit.
fn size(bytes: u64) -> String {
    let units = ["KB", "MB", "GB", "TB"];
    let (mut n, mut unit) = (bytes as f64, "bytes");
    for next in units {
        if n < 1000.0 {
            break;
        }
        (n, unit) = (n / 1000.0, next);
    }
    if unit == "bytes" { format!("{bytes} bytes") } else { format!("{n:.1} {unit}") }
}

impl From<RecordError> for Failure {
    fn from(error: RecordError) -> Self {
        match error {
            RecordError::Mirror(error) => error.into(),
            error => {
                let is_usage = matches!(
                    error,
                    RecordError::Ending { .. }
                        | RecordError::NotBuilt { .. }
                        | RecordError::Type { .. }
                        | RecordError::Irregular { .. }
                        | RecordError::Rate { .. }
                        | RecordError::Channels { .. }
                        | RecordError::Channel(_)
                        | RecordError::Events { .. }
                );
                let hint = error.hint();
                let failure = Self::of(&error, is_usage);
                failure.hint(hint)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_sizes_are_for_people() {
        assert_eq!([time(2.5), time(59.9), time(3723.9)], ["2.500 s", "59.900 s", "1:02:03"]);
        assert_eq!([size(999), size(1000), size(12_345_678)], ["999 bytes", "1.0 KB", "12.3 MB"]);
    }

    #[test]
    fn the_summary_says_what_is_missing() {
        let mut summary = Summary { files: vec![("a\u{1b}.bdf".into(), 7)], ..Summary::default() };
        summary.progress.frames = 1;
        assert!(text("x", &summary, false).ends_with("a\\u{1b}.bdf  7 bytes\n  nothing is missing\n"));
        assert!(text("x", &summary, true).ends_with("  7 bytes\n  nothing is missing up to there\n"));
        summary.away = Some(Duration::from_millis(2500));
        let said = text("x", &summary, false);
        assert!(
            said.contains("  nothing is missing up to there\n  the stream was not there for the last 2.500 s"),
            "{said}"
        );
        summary.away = None;
        summary.without_times = true;
        assert!(
            text("x", &summary, false)
                .contains("7 bytes\n  nothing that was published is missing; what the ADC lost is not seen")
        );
        summary.events_failure = Some("why".to_owned());
        assert!(text("x", &summary, false).ends_with("  7 bytes\n  events could not be read: why\n"));
        summary.events_failure = None;
        summary.progress.overwritten = 3;
        assert!(text("x", &summary, false).ends_with("  3 frames missed by the recorder\n"));
    }
}
