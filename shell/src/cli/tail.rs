//! `axismirror tail`: frames of a stream, as a mirror process sees them, and its events among them.

mod marks;

use std::io::{BufWriter, StdoutLock, Write, stdout};
use std::sync::atomic::Ordering;
use std::time::Duration;

use axismirror::channels::{Channels, NoChannel};
use axismirror::config::visible;
use axismirror::events::Event;
use axismirror::mirror::{Follower, Frames, Mirror, News, Start, State, StreamInfo};
use axismirror::record::Gap;
use axismirror::sample;
use clap::{Args, ValueEnum};

use self::marks::Marks;
use super::{Failure, output, stop};

/// Frames that are printed when nobody says how many.
const NEWEST: u64 = 10;
/// Between two looks for a stream.
const WAITING: Duration = Duration::from_millis(50);

/// Print the newest frames of a stream, and with --follow all that come, with the stream's gaps and events among them
///
/// An event is a line `# event: frame=N time=SECONDS TEXT` before the frame that was being acquired. Of a stream of events (NAME/events) each line is one.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct TailArgs {
    /// Name of the stream
    #[arg(value_name = "NAME", default_value = "axismirror")]
    pub(crate) name: String,
    /// Go on with each new frame until stopped or until -n frames were printed
    #[arg(short, long)]
    pub(crate) follow: bool,
    /// How many frames; with --follow without end when not given [default: 10]
    #[arg(short = 'n', long, value_name = "N")]
    pub(crate) frames: Option<u64>,
    /// Channels to print, counted from 1 in the published order: 1-4,8 [default: all]
    #[arg(long, value_name = "LIST")]
    pub(crate) channels: Option<Channels>,
    /// text: aligned columns, rounded to six digits; csv: a header line, then a line a frame, times in seconds; raw: the samples' bytes, little-endian
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

const EXAMPLES: &str = "\
Examples:
  axismirror tail --follow
  axismirror tail lab -n 1000 --format csv > lab.csv
  axismirror tail lab --follow --format raw --channels 1 | od -t d4
  axismirror tail lab/events --follow           the events alone";

/// How frames are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Csv,
    Raw,
}

/// The stream has fewer than were asked for.
pub(crate) fn no_channel(error: NoChannel) -> Failure {
    Failure::usage(format!("--channels: {error}"))
}

/// Prints frames.
pub(crate) fn run(args: &TailArgs) -> Result<(), Failure> {
    if args.follow { follow(args) } else { newest(args) }
}

/// The newest frames that there are.
fn newest(args: &TailArgs) -> Result<(), Failure> {
    let n = usize::try_from(args.frames.unwrap_or(NEWEST)).unwrap_or(usize::MAX);
    let mut mirror = Mirror::attach(&args.name)?;
    let mut printer = Printer::new(args, Start::Oldest);
    // What the stream is, also when it has no frame yet.
    let known = StreamInfo::of(&mut mirror)?;
    known.as_ref().map_or(Ok(()), |info| printer.begin(info))?;
    let mut follower = Follower::of(mirror).from_latest(n);
    let mut left = n;
    while left > 0 {
        match follower.next(Duration::ZERO)? {
            News::Stream(info) if known.as_ref() == Some(info) => {}
            News::Stream(info) => printer.begin(info)?,
            News::Frames(frames) => left -= printer.frames(&frames.truncated(left))?,
            News::Nothing | News::Waiting(_) => break,
        }
    }
    printer.flush()
}

/// All frames from now on, until a signal ends it.
fn follow(args: &TailArgs) -> Result<(), Failure> {
    let stop = stop::on_signals_or_at_once()?;
    let mut follower = Follower::open(&args.name, Start::Next)?;
    let mut printer = Printer::new(args, Start::Next);
    let mut left = args.frames.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let mut said = None;
    let mut longest = WAITING;
    // Relaxed: a flag alone, nothing is published with it.
    while left > 0 && !stop.load(Ordering::Relaxed) {
        // What is printed is shown before anything is waited for.
        match follower.next(std::mem::replace(&mut longest, WAITING))? {
            News::Waiting(state) if said == Some(state) => {}
            News::Waiting(state) => {
                printer.flush()?;
                // Not on standard output: that is the data's.
                eprintln!("{}", if state == State::Absent { "waiting for the stream" } else { "waiting for frames" });
                said = Some(state);
            }
            News::Nothing => printer.flush()?,
            News::Stream(info) => printer.begin(info)?,
            News::Frames(frames) => {
                left -= printer.frames(&frames.truncated(left))?;
                (said, longest) = (None, Duration::ZERO);
            }
        }
    }
    printer.flush()
}

/// Frames in one form on standard output.
struct Printer<'a> {
    out: BufWriter<StdoutLock<'static>>,
    args: &'a TailArgs,
    /// Which samples of a frame, from 0.
    samples: Vec<usize>,
    /// Whether the frames are events.
    events: bool,
    marks: Marks,
    /// Whether a frame was printed.
    begun: bool,
}

impl<'a> Printer<'a> {
    /// With the stream's events from `start` on.
    fn new(args: &'a TailArgs, start: Start) -> Self {
        let out = BufWriter::new(stdout().lock());
        Self { out, args, samples: Vec::new(), events: false, marks: Marks::of(&args.name, start), begun: false }
    }

    /// A header for what the frames are from here on.
    fn begin(&mut self, info: &StreamInfo) -> Result<(), Failure> {
        let all = info.channels;
        self.events = info.is_events();
        if self.events {
            return match self.args.format {
                Format::Text => self.line(format_args!("{}", event_row("frame", "time/s", "event"))),
                Format::Csv => self.line(format_args!("frame,time,event")),
                Format::Raw => Ok(()),
            };
        }
        self.samples = match &self.args.channels {
            None => (0..all).collect(),
            Some(channels) => channels.places_in(all).map_err(no_channel)?,
        };
        // A foreign stream's, and a header is a line.
        let name = |i: &usize| info.labels.get(*i).map(|label| visible(label).into_owned()).unwrap_or_default();
        let names: Vec<String> = self.samples.iter().map(name).collect();
        match self.args.format {
            Format::Text => self.line(format_args!("{}", row("frame", "time/s", &names))),
            Format::Csv => {
                let names: Vec<_> = names.iter().map(|name| sample::quoted(name)).collect();
                self.line(format_args!("frame,time,{}", names.join(",")))
            }
            Format::Raw => Ok(()),
        }
    }

    /// Prints them, and says how many they were.
    fn frames(&mut self, frames: &Frames<'_>) -> Result<usize, Failure> {
        for line in Gap::before(frames).lines() {
            self.comment("gap", format_args!("{line}"))?;
        }
        if self.events {
            frames.frames().try_for_each(|bytes| self.event(bytes))?;
            return Ok(frames.len());
        }
        self.marks.look();
        if !std::mem::replace(&mut self.begun, true) {
            self.marks.skip_before(frames.first);
        }
        for i in 0..frames.len() {
            while let Some(event) = self.marks.before(frames.number(i)) {
                self.comment("event", format_args!("{event}"))?;
            }
            if self.args.format == Format::Raw {
                for s in &self.samples {
                    self.out.write_all(frames.sample(i, *s)).map_err(output::broken)?;
                }
                continue;
            }
            let written = if self.args.format == Format::Text { sample::short } else { sample::text };
            let values: Vec<String> =
                self.samples.iter().map(|s| written(frames.dtype, frames.sample(i, *s))).collect();
            let number = frames.number(i).to_string();
            let time = frames.times.get(i).map(|t| sample::fixed(*t, 6)).unwrap_or_default();
            match self.args.format {
                Format::Csv => self.line(format_args!("{number},{time},{}", values.join(","))),
                _ => self.line(format_args!("{}", row(&number, &time, &values))),
            }?;
        }
        Ok(frames.len())
    }

    /// A frame of an event stream.
    fn event(&mut self, bytes: &[u8]) -> Result<(), Failure> {
        if self.args.format == Format::Raw {
            return self.out.write_all(bytes).map_err(output::broken);
        }
        let Some(event) = Event::from_bytes(bytes) else {
            return self.comment("event", format_args!("an event of a later version"));
        };
        // A stranger's, and an event is a line.
        let (text, time) = (visible(&event.text), format!("{:.6}", event.time()));
        match self.args.format {
            Format::Csv => self.line(format_args!("{},{time},{}", event.frame, sample::quoted(&text))),
            _ => self.line(format_args!("{}", event_row(&event.frame.to_string(), &time, &text))),
        }
    }

    /// A comment among the frames; for raw samples there is no such place.
    fn comment(&mut self, kind: &str, what: std::fmt::Arguments<'_>) -> Result<(), Failure> {
        match self.args.format {
            Format::Raw => {
                eprintln!("{kind}: {what}");
                Ok(())
            }
            _ => self.line(format_args!("# {kind}: {what}")),
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) -> Result<(), Failure> {
        writeln!(self.out, "{line}").map_err(output::broken)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(output::broken)
    }
}

/// As [`row`], with a text in place of samples.
fn event_row(number: &str, time: &str, text: &str) -> String {
    format!("{number:>10} {time:>16} {text}")
}

/// Columns of one width.
fn row(number: &str, time: &str, values: &[String]) -> String {
    let mut line = format!("{number:>10} {time:>16}");
    for value in values {
        line.push_str(&format!(" {value:>12}"));
    }
    line
}
