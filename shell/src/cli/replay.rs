//! `axismirror replay`: a recording as a stream.

use std::io::{IsTerminal, Write, stderr};
use std::path::PathBuf;

use axismirror::config::{Key, Place, Sources, visible};
use axismirror::count::count;
use axismirror::recording::{Choice, Signals};
use axismirror::replay::{Options, Progress, Replay, ReplayError, Speed, Summary};
use axismirror::sample::number;
use clap::Args;

use super::record::time;
use super::{Failure, stop};

/// Publish a recording as a stream: EDF(+), BDF(+), XDF, CSV, and all that `axismirror record` writes
///
/// Samples, labels, units, rate, key and attributes are the recorded ones; gaps of the recording are gaps of the stream.
/// Times are the present ones with the recorded distances.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ReplayArgs {
    /// The recording; its format is found from its content
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,
    /// How many times as fast as it was recorded, or max: as fast as this machine can
    #[arg(long, value_name = "SPEED", default_value = "1", value_parser = speed, help_heading = PLAYING)]
    speed: Speed,
    /// At the end from the beginning again, until stopped
    #[arg(long = "loop", help_heading = PLAYING)]
    looped: bool,
    /// Keep the recorded times, instead of the present ones with the recorded distances
    #[arg(long, conflicts_with_all = ["looped", "clock"], help_heading = PLAYING)]
    original_times: bool,
    /// Play the first frame when a process has attached to the stream
    #[arg(long, help_heading = PLAYING)]
    wait: bool,
    /// At the end let the stream stand, with its last frames, until stopped
    #[arg(long, conflicts_with = "looped", help_heading = PLAYING)]
    stay: bool,
    /// Signals to play, by label or number from 1, of one rate: C3,C4 [default: all of the highest rate]
    #[arg(long, value_name = "LIST", value_delimiter = ',', help_heading = CHOICE)]
    signals: Vec<String>,
    /// Which stream of an XDF file, by name or number [default: the one with the most samples]
    #[arg(long, value_name = "STREAM", help_heading = CHOICE)]
    stream: Option<String>,
    /// Frames per second, in Hz, for a CSV file that says neither rate nor times
    #[arg(long, value_name = "HZ", help_heading = CHOICE)]
    rate: Option<f64>,
    /// Codes as the file has them, or scaled: volts where the unit is a voltage [default: as recorded by axismirror, else scaled; XDF as it is]
    #[arg(long, value_name = "UNITS", value_parser = ["codes", "volts"], help_heading = CHOICE)]
    units: Option<String>,
    /// Element type of scaled samples [default: f4]
    #[arg(long, value_name = "TYPE", value_parser = ["f4", "f8"], help_heading = CHOICE)]
    dtype: Option<String>,
    /// Name of the stream, by which readers find it [default: the recorded one, else that of the file]
    #[arg(long, value_name = "NAME", help_heading = STREAM)]
    name: Option<String>,
    /// Key of the messages [default: the recorded one, else the name]
    #[arg(long, value_name = "KEY", help_heading = STREAM)]
    key: Option<String>,
    /// Frames that are published at once [default: about 20 ms of them]
    #[arg(long, value_name = "FRAMES", help_heading = STREAM)]
    chunk: Option<String>,
    /// Length of the ring, in seconds: how far a reader may fall behind [default: 10]
    #[arg(long, alias = "buf_dur", value_name = "SECONDS", help_heading = STREAM)]
    buf_dur: Option<String>,
    /// Wire version: 2 for ezmsg-tools 0.10, 1 for 0.4 to 0.9, 0 for 0.1 to 0.3 [default: 2]
    #[arg(long, alias = "struct_version", value_name = "VERSION", value_parser = ["0", "1", "2"], help_heading = STREAM)]
    struct_version: Option<String>,
    /// Clock of the present times [default: monotonic]
    #[arg(long, value_name = "CLOCK", value_parser = ["monotonic", "realtime"], help_heading = STREAM)]
    clock: Option<String>,
    /// Who may open the segments: 0600 the owner alone, 0660 a group too [default: 0600]
    #[arg(long, value_name = "MODE", value_parser = ["0600", "0660"], help_heading = STREAM)]
    mode: Option<String>,
    /// That group, by name or number, for mode 0660 only [default: the group of the process]
    #[arg(long, value_name = "GROUP", help_heading = STREAM)]
    group: Option<String>,
}

const PLAYING: &str = "Playing";
const CHOICE: &str = "What is played";
const STREAM: &str = "Stream";

const EXAMPLES: &str = "\
Examples:
  axismirror replay night.bdf                             as it was recorded, under its recorded name
  axismirror replay night.edf --name lab --loop           another name, again and again
  axismirror replay night.edf --speed 4 --signals C3,C4   two signals, four times as fast
  axismirror replay night.xdf --speed max --wait --stay   every frame for one reader, as fast as can be; a long --buf-dur keeps them all

A stream that is live already is not replaced: stop it, or give another --name.";

fn speed(text: &str) -> Result<Speed, String> {
    if text == "max" {
        return Ok(Speed::Max);
    }
    let number = text.parse().ok().filter(|s: &f64| s.is_finite() && *s > 0.0);
    number.map(Speed::Times).ok_or_else(|| "a number greater than 0, such as 0.5 or 10, or max".to_owned())
}

impl ReplayArgs {
    fn options(&self) -> Result<Options, Failure> {
        let flag = |key: Key, text: &Option<String>| text.clone().map(|text| (key, vec![text]));
        // Scaled samples are asked for by their type alone.
        let units = self.units.clone().or(self.dtype.as_ref().map(|_| "volts".to_owned()));
        let flags = [
            flag(Key::Name, &self.name),
            flag(Key::Key, &self.key),
            flag(Key::Chunk, &self.chunk),
            flag(Key::BufDur, &self.buf_dur),
            flag(Key::StructVersion, &self.struct_version),
            flag(Key::Clock, &self.clock),
            flag(Key::Mode, &self.mode),
            flag(Key::Group, &self.group),
            flag(Key::Units, &units),
            flag(Key::Dtype, &self.dtype),
        ];
        let settings = Sources { file: None, flags: flags.into_iter().flatten().collect() }.load()?;
        let signals = match self.signals.is_empty() {
            true => Signals::Fastest,
            false => Signals::Named(self.signals.clone()),
        };
        Ok(Options {
            is_named: settings.origin(Key::Name) != Place::Default,
            units: self.units.is_some().then_some(settings.units),
            settings,
            choice: Choice { signals, stream: self.stream.clone() },
            rate: self.rate,
            speed: self.speed,
            looped: self.looped,
            original_times: self.original_times,
            waits: self.wait,
            stays: self.stay,
        })
    }
}

/// Plays the recording.
pub(crate) fn run(args: &ReplayArgs) -> Result<(), Failure> {
    let stop = stop::on_signals()?;
    let replay = Replay::open(&args.file, args.options()?)?;
    say(&replay);
    let line = Line { shown: stderr().is_terminal(), length: length(&replay) };
    let summary = replay.run(&stop, |progress| line.show(progress))?;
    line.end();
    tracing::info!("{}", ended(&summary));
    Ok(())
}

fn say(replay: &Replay) {
    let content = replay.content();
    let rate = replay.rate().map_or("irregular".to_owned(), |rate| format!("{} Hz", number(rate)));
    tracing::info!(
        stream = %visible(replay.name()),
        "playing {}: {}, {rate}, {}",
        content.format,
        count(content.channels.len(), "channel"),
        count(content.marks.len(), "event")
    );
    for left in &content.left_out {
        tracing::info!("left out: {}: {}", visible(&left.label), visible(&left.why));
    }
}

/// Seconds of a recording without its gaps.
fn length(replay: &Replay) -> Option<f64> {
    Some(replay.content().frames? as f64 / replay.rate()?)
}

fn ended(s: &Summary) -> String {
    let Summary { frames, gaps, frames_lost, frames_missing, marks, round, .. } = s;
    let rounds = if *round > 1 { format!(" in {round} rounds") } else { String::new() };
    let (frames, lost) = (count(*frames, "frame"), count(*frames_lost, "frame"));
    // Only some recorders say what was lost; of a pause, nobody has lost anything.
    let lost = match (*frames_lost, *frames_missing) {
        (_, 0) => format!("{lost} lost"),
        (0, missing) => {
            format!(
                "{} missing by the times (the recording does not say whether they were lost)",
                count(missing, "frame")
            )
        }
        (_, missing) => format!("{lost} lost, {missing} more missing by the times"),
    };
    let (gaps, events) = (count(*gaps, "gap"), count(*marks, "event"));
    format!("played {} with {frames}{rounds}, {gaps}, {lost}, {events}", time(s.seconds))
}

/// How far it is, in one line of a terminal that is written over.
struct Line {
    shown: bool,
    length: Option<f64>,
}

impl Line {
    fn show(&self, p: &Progress) {
        if !self.shown {
            return;
        }
        let of = self.length.filter(|_| p.round == 1).map_or(String::new(), |length| format!(" of {}", time(length)));
        let round = if p.round > 1 { format!(", round {}", p.round) } else { String::new() };
        let gaps = if p.gaps > 0 { format!(", {}", count(p.gaps, "gap")) } else { String::new() };
        let what = match (p.waits, p.stays) {
            (true, _) => "waits for a reader".to_owned(),
            (_, true) => format!("{} played; stays until it is stopped", time(p.seconds)),
            _ => format!("{}{of}, {}{round}{gaps}", time(p.seconds), count(p.frames, "frame")),
        };
        // To the end of the line: what was longer is cleared (ECMA-48, EL).
        let _ = write!(stderr(), "\r{what}\x1b[K");
    }

    fn end(&self) {
        if self.shown {
            let _ = write!(stderr(), "\r\x1b[K");
        }
    }
}

impl From<ReplayError> for Failure {
    fn from(error: ReplayError) -> Self {
        let usage = error.is_usage();
        Self::of_error(&error, usage)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_missing_was_lost_only_where_the_recording_says_so() {
        let of = |gaps, frames_lost, frames_missing| {
            ended(&Summary { frames: 20, gaps, frames_lost, frames_missing, ..Summary::default() })
        };
        assert!(of(0, 0, 0).ends_with("with 20 frames, 0 gaps, 0 frames lost, 0 events"));
        assert!(of(1, 84, 0).ends_with(", 1 gap, 84 frames lost, 0 events"));
        let not_said = "1 gap, 490 frames missing by the times (the recording does not say whether they were lost), ";
        assert!(of(1, 0, 490).contains(not_said));
        assert!(of(2, 1, 490).ends_with(", 2 gaps, 1 frame lost, 490 more missing by the times, 0 events"));
    }

    #[test]
    fn speeds() {
        assert_eq!(speed("max"), Ok(Speed::Max));
        assert_eq!(speed("0.5"), Ok(Speed::Times(0.5)));
        for wrong in ["0", "-1", "inf", "nan", "fast", ""] {
            assert!(speed(wrong).is_err(), "{wrong}");
        }
    }
}
