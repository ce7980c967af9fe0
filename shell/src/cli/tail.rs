//! `axismirror tail`: frames of a stream, as a mirror process sees them.

use std::borrow::Cow;
use std::io::{BufWriter, StdoutLock, Write, stdout};
use std::time::Duration;

use axismirror::config::visible;
use axismirror::mirror::{Chunk, Mirror, Start, State, Take};
use axismirror_core::dtype::DType;
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
    /// text: aligned columns, rounded to six digits; csv: a header line, then a line a frame, times in seconds; raw: the samples' bytes, little-endian
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
    if let Some(rows) = Rows::of(&mirror.take(Take::Latest(n))?) {
        printer.rows(&rows)?;
    }
    printer.flush()
}

/// All frames from now on.
fn follow(args: &TailArgs) -> Result<(), Failure> {
    let mut mirror = Mirror::open(&args.name, Start::Next)?;
    let mut printer: Option<Printer> = None;
    let mut left = args.frames.map_or(usize::MAX, |n| usize::try_from(n).unwrap_or(usize::MAX));
    let mut said = None;
    let mut new_layout = false;
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
        let rows = Rows::of(&mirror.take(Take::UpTo(left))?);
        // Asked behind the read, which may itself have met a new buffer: its frames come under a header of their own.
        new_layout |= mirror.changes().buffer;
        let Some(rows) = rows.filter(|r| r.frames > 0) else {
            printer.as_mut().map_or(Ok(()), Printer::flush)?;
            mirror.wait(WAITING)?;
            continue;
        };
        // Not before there are frames: only then is the static metadata sure to be theirs.
        let printer = match &mut printer {
            Some(printer) if !new_layout => printer,
            printer => {
                printer.as_mut().map_or(Ok(()), Printer::flush)?;
                let last_time = printer.as_ref().and_then(|p| p.last_time);
                printer.insert(Printer { last_time, ..Printer::new(args, &mut mirror)? })
            }
        };
        new_layout = false;
        left -= rows.frames;
        printer.rows(&rows)?;
    }
    Ok(())
}

/// Frames that were read, apart from the mirror.
struct Rows {
    frames: usize,
    first: u64,
    missed: u64,
    dtype: DType,
    frame_bytes: usize,
    bytes: Vec<u8>,
    times: Vec<f64>,
}

impl Rows {
    /// `None` as long as there is no buffer.
    fn of(chunk: &Chunk<'_>) -> Option<Self> {
        let description = chunk.description()?;
        Some(Self {
            frames: chunk.frames(),
            first: chunk.first(),
            missed: chunk.missed(),
            dtype: description.dtype(),
            frame_bytes: description.frame_bytes(),
            bytes: chunk.bytes().to_vec(),
            times: chunk.times().to_vec(),
        })
    }
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
            // A foreign stream's, and a header is a line.
            Some(label) if labels.len() == all && !label.is_empty() => visible(label).into_owned(),
            _ => format!("ch{}", i + 1),
        };
        let names: Vec<String> = samples.iter().map(name).collect();
        let period = (description.srate() > 0.0).then(|| 1.0 / description.srate());
        let out = BufWriter::new(stdout().lock());
        let mut printer = Self { out, format: args.format, samples, period, last_time: None };
        match args.format {
            Format::Text => printer.line(format_args!("{}", row("frame", "time/s", &names))),
            Format::Csv => {
                let names: Vec<_> = names.iter().map(|name| quoted(name)).collect();
                printer.line(format_args!("frame,time,{}", names.join(",")))
            }
            Format::Raw => Ok(()),
        }?;
        Ok(printer)
    }

    fn rows(&mut self, rows: &Rows) -> Result<(), Failure> {
        if rows.missed > 0 {
            self.gap(format_args!("{} frames were overwritten before they were read", rows.missed))?;
        }
        let size = rows.dtype.size();
        for (i, frame) in rows.bytes.chunks_exact(rows.frame_bytes.max(1)).enumerate() {
            let time = rows.times.get(i).copied();
            self.lost(time, if i == 0 { rows.missed } else { 0 })?;
            let sample = |s: &usize| frame.get(s * size..(s + 1) * size).unwrap_or_default();
            if self.format == Format::Raw {
                for s in &self.samples {
                    self.out.write_all(sample(s)).map_err(output::broken)?;
                }
                continue;
            }
            let written = if self.format == Format::Text { sample::short } else { sample::text };
            let values: Vec<String> = self.samples.iter().map(|s| written(rows.dtype, sample(s))).collect();
            let number = (rows.first + i as u64).to_string();
            let time = time.map(|t| format!("{t:.6}")).unwrap_or_default();
            match self.format {
                Format::Csv => self.line(format_args!("{number},{time},{}", values.join(","))),
                _ => self.line(format_args!("{}", row(&number, &time, &values))),
            }?;
        }
        Ok(())
    }

    /// Marks frames that were never acquired: their times are missing. The `missed` ones before this frame were acquired, and not read.
    fn lost(&mut self, time: Option<f64>, missed: u64) -> Result<(), Failure> {
        if let (Some(now), Some(before), Some(period)) = (time, self.last_time, self.period) {
            let lost = not_acquired(now - before, period, missed);
            if lost > 0 {
                self.gap(format_args!("{lost} frames were not acquired"))?;
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

/// Frames that do not exist between two that do, of which `missed` are known to exist.
fn not_acquired(seconds: f64, period: f64, missed: u64) -> u64 {
    // `as` makes 0 of what is negative.
    (((seconds / period).round() - 1.0) as u64).saturating_sub(missed)
}

/// A field of a CSV line (RFC 4180): in quotes where it has to be.
fn quoted(field: &str) -> Cow<'_, str> {
    if field.contains([',', '"', '\n', '\r']) {
        format!("\"{}\"", field.replace('"', "\"\"")).into()
    } else {
        field.into()
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

#[cfg(test)]
mod tests {
    use super::not_acquired;

    #[test]
    fn frames_that_were_overwritten_were_acquired() {
        // 10 periods from one frame to the next: 9 are between them.
        assert_eq!(not_acquired(0.0401, 0.004, 0), 9);
        assert_eq!(not_acquired(0.0401, 0.004, 9), 0);
        assert_eq!(not_acquired(0.0401, 0.004, 7), 2);
        assert_eq!(not_acquired(0.004, 0.004, 0), 0);
        assert_eq!(not_acquired(-1.0, 0.004, 3), 0);
    }
}
