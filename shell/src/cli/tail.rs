//! `axismirror tail`: frames of a stream, as a mirror process sees them.

use std::io::{BufWriter, StdoutLock, Write, stdout};
use std::time::Duration;

use axismirror::mirror::{Chunk, Mirror, Start, State, Take};
use clap::{Args, ValueEnum};

use super::stream::labels;
use super::{Failure, output, sample};

/// Frames that are printed when nobody says how many.
const NEWEST: u64 = 10;
/// Between two looks for a stream.
const WAITING: Duration = Duration::from_millis(50);

/// Print the newest frames of a stream, and with --follow all that come; gaps are marked
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
    #[arg(long, value_name = "LIST", value_parser = channels)]
    pub(crate) channels: Option<Channels>,
    /// text: aligned columns; csv: a header line, then a line a frame, times in seconds; raw: the samples' bytes, little-endian
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub(crate) format: Format,
}

const EXAMPLES: &str = "\
Examples:
  axismirror tail --follow
  axismirror tail lab -n 1000 --format csv > lab.csv
  axismirror tail lab --follow --format raw --channels 1 | od -t d4";

/// Channels from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Channels(pub(crate) Vec<usize>);

/// How frames are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    Text,
    Csv,
    Raw,
}

fn channels(text: &str) -> Result<Channels, String> {
    axismirror::config::parse_channels(text).map(Channels)
}

/// Prints frames.
pub(crate) fn run(args: &TailArgs) -> Result<(), Failure> {
    if args.follow { follow(args) } else { newest(args) }
}

/// The newest frames that there are.
fn newest(args: &TailArgs) -> Result<(), Failure> {
    let mut mirror = Mirror::attach(&args.name)?;
    let n = usize::try_from(args.frames.unwrap_or(NEWEST)).unwrap_or(usize::MAX);
    let mut printer = Printer::new(args, &mut mirror)?;
    printer.chunk(&mirror.take(Take::Latest(n))?)?;
    printer.flush()
}

/// All frames from now on.
fn follow(args: &TailArgs) -> Result<(), Failure> {
    let mut mirror = Mirror::open(&args.name, Start::Next)?;
    let mut printer = None;
    let mut left = args.frames.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let mut said = None;
    while left > 0 {
        let state = mirror.state()?;
        if state != State::Valid {
            if said != Some(state) {
                // Not on standard output: that is the data's.
                eprintln!("{}", if state == State::Absent { "waiting for the stream" } else { "waiting for frames" });
                said = Some(state);
            }
            std::thread::sleep(WAITING);
            continue;
        }
        said = None;
        if mirror.changes().buffer || printer.is_none() {
            printer = Some(Printer::new(args, &mut mirror)?);
        }
        let Some(printer) = &mut printer else { continue };
        let chunk = mirror.take(Take::UpTo(left))?;
        if chunk.frames() == 0 {
            printer.flush()?;
            mirror.wait(WAITING)?;
            continue;
        }
        left -= chunk.frames();
        printer.chunk(&chunk)?;
    }
    Ok(())
}

/// Frames in one form on standard output.
struct Printer {
    out: BufWriter<StdoutLock<'static>>,
    format: Format,
    /// Which samples of a frame, from 0.
    samples: Vec<usize>,
    /// Time from one frame to the next, if it is regular.
    period: Option<f64>,
    last_time: Option<f64>,
}

impl Printer {
    /// With a header for what the stream is now.
    fn new(args: &TailArgs, mirror: &mut Mirror) -> Result<Self, Failure> {
        let blob = mirror.static_metadata()?;
        let labels = blob.as_deref().map(labels).unwrap_or_default();
        let Some(description) = mirror.description() else {
            return Err(Failure::failed("the stream has ended"));
        };
        let all = description.frame_samples();
        let samples = match &args.channels {
            None => (0..all).collect(),
            Some(Channels(numbers)) => match numbers.iter().find(|n| **n > all) {
                Some(n) => return Err(Failure::usage(format!("--channels {n}: the stream has {all} channels"))),
                None => numbers.iter().map(|n| n - 1).collect::<Vec<_>>(),
            },
        };
        let name = |&i: &usize| match labels.get(i) {
            Some(label) if labels.len() == all && !label.is_empty() => label.clone(),
            _ => format!("ch{}", i + 1),
        };
        let names: Vec<String> = samples.iter().map(name).collect();
        let period = (description.srate() > 0.0).then(|| 1.0 / description.srate());
        let out = BufWriter::new(stdout().lock());
        let mut printer = Self { out, format: args.format, samples, period, last_time: None };
        match args.format {
            Format::Text => printer.line(format_args!("{}", row("frame", "time/s", &names))),
            Format::Csv => printer.line(format_args!("frame,time,{}", names.join(","))),
            Format::Raw => Ok(()),
        }?;
        Ok(printer)
    }

    fn chunk(&mut self, chunk: &Chunk<'_>) -> Result<(), Failure> {
        let Some(description) = chunk.description() else { return Ok(()) };
        if chunk.missed() > 0 {
            self.gap(format_args!("{} frames were overwritten before they were read", chunk.missed()))?;
        }
        let size = description.dtype().size();
        for (i, frame) in chunk.bytes().chunks_exact(description.frame_bytes()).enumerate() {
            let time = chunk.times().get(i).copied();
            self.lost(time)?;
            let sample = |s: &usize| frame.get(s * size..(s + 1) * size).unwrap_or_default();
            if self.format == Format::Raw {
                for s in &self.samples {
                    self.out.write_all(sample(s)).map_err(output::broken)?;
                }
                continue;
            }
            let values: Vec<String> =
                self.samples.iter().map(|s| sample::text(description.dtype(), sample(s))).collect();
            let number = (chunk.first() + i as u64).to_string();
            let time = time.map(|t| format!("{t:.6}")).unwrap_or_default();
            match self.format {
                Format::Csv => self.line(format_args!("{number},{time},{}", values.join(","))),
                _ => self.line(format_args!("{}", row(&number, &time, &values))),
            }?;
        }
        Ok(())
    }

    /// Marks frames that were never acquired: their times are missing.
    fn lost(&mut self, time: Option<f64>) -> Result<(), Failure> {
        if let (Some(now), Some(before), Some(period)) = (time, self.last_time, self.period) {
            let steps = ((now - before) / period).round();
            if steps > 1.0 {
                self.gap(format_args!("{} frames were not acquired", steps - 1.0))?;
            }
        }
        self.last_time = time;
        Ok(())
    }

    /// A comment among the frames; for raw samples there is no such place.
    fn gap(&mut self, what: std::fmt::Arguments<'_>) -> Result<(), Failure> {
        match self.format {
            Format::Raw => {
                eprintln!("gap: {what}");
                Ok(())
            }
            _ => self.line(format_args!("# gap: {what}")),
        }
    }

    fn line(&mut self, line: std::fmt::Arguments<'_>) -> Result<(), Failure> {
        writeln!(self.out, "{line}").map_err(output::broken)
    }

    fn flush(&mut self) -> Result<(), Failure> {
        self.out.flush().map_err(output::broken)
    }
}

/// Columns of one width.
fn row(number: &str, time: &str, values: &[String]) -> String {
    let mut line = format!("{number:>10} {time:>16}");
    for value in values {
        line.push_str(&format!(" {value:>12}"));
    }
    line
}
