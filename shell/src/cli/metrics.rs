//! `axismirror metrics`: health of the streams, in Prometheus' text format (exposition formats, version 0.0.4).
//!
//! Names end in their base unit, and in `_total` where they only grow; each stream is a label. Looks at streams as `info` does. Names that others gave
//! their streams make no line that is not the format's, no two that are the same, and nothing that a terminal obeys.

mod listen;

use std::borrow::Cow;
use std::fmt::Write as _;
use std::net::SocketAddr;

use axismirror::causes;
use axismirror::config::{is_invisible, visible};
use axismirror::events;
use axismirror::mirror::StreamState;
use axismirror::sample::number;
use axismirror::shm::{self, SHM_DIR};
use axismirror_core::event_frame::EVENTS_KEY;
use axismirror_core::name::StreamName;
use clap::Args;

use super::stream::{Latency, Stream};
use super::{Failure, list, output};

/// Print the health of one or all streams in Prometheus' text format, for node_exporter's textfile collector or a scrape
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct MetricsArgs {
    /// Name of the stream [default: all, also those whose writer was killed; not those of another package, whose names nobody knows]
    #[arg(value_name = "NAME")]
    name: Option<String>,
    /// Serve them over HTTP at this address of the loopback interface, until stopped
    #[arg(long, value_name = "ADDRESS:PORT", value_parser = listen::loopback)]
    listen: Option<SocketAddr>,
}

const EXAMPLES: &str = "\
axismirror_up is 0 when a stream's writer was killed (`axismirror list` says `no writer`), stands still (`stopped`: no sign of life for 5 seconds) or publishes nothing (`not yet`); all else is then what the writer last said. A stream that was ended, or that `axismirror clean` removed, has no series any more: absent(axismirror_up{stream=\"lab\"}) is what tells of it. One that is asked for by its NAME and is not there has axismirror_up 0.

Examples:
  axismirror metrics > axismirror.prom.new && mv axismirror.prom.new axismirror.prom   in the textfile collector's folder
  axismirror metrics --listen 127.0.0.1:9464                                          for a scrape";

/// Prints or serves them.
pub(crate) fn run(args: &MetricsArgs) -> Result<(), Failure> {
    match args.listen {
        Some(address) => {
            tell_closed(args);
            listen::serve(address, || text(args.name.as_deref()))
        }
        None => {
            output::print(text(args.name.as_deref())?)?;
            tell_closed(args);
            Ok(())
        }
    }
}

/// Of the streams that are missing, where all were asked for.
fn tell_closed(args: &MetricsArgs) {
    if args.name.is_none() {
        list::tell_closed();
    }
}

/// All of it, as it is now.
fn text(name: Option<&str>) -> Result<String, Failure> {
    let names = match name {
        Some(name) => vec![name.to_owned(), events::name_of(name)],
        None => shm::streams(SHM_DIR)
            .map_err(|e| Failure::failed(format!("{SHM_DIR} cannot be looked into")).because(e))?
            .into_iter()
            // A copied header carries the name of another stream.
            .filter_map(|found| found.name.filter(|name| is_of(name, &found.segment)))
            .collect(),
    };
    // One that ends meanwhile is none; one that was asked for and is not there is down.
    let mut streams = Vec::new();
    for name_of_one in names {
        let seen = match Stream::look(&name_of_one) {
            // Whoever has spoilt one stream hides no other one.
            Err(error) if name != Some(name_of_one.as_str()) => {
                tracing::warn!("{}", visible(&causes::line(&error)));
                None
            }
            seen => seen?,
        };
        streams.push((name_of_one, seen));
    }
    let (events, streams): (Vec<_>, Vec<_>) = streams.into_iter().partition(|(name, s)| are_events(name, s.as_ref()));
    let mut out = render(&streams, &events);
    if name.is_none() {
        unreadable(&mut out, shm::closed(SHM_DIR).map_or(0, |closed| closed.len()));
    }
    Ok(out)
}

/// Whether a stream is that of another one's events, or would be.
fn are_events(name: &str, stream: Option<&Stream>) -> bool {
    let key = stream.and_then(|s| s.description.as_ref()).map(|d| d.key.as_str());
    events::stream_of(name).is_some() && key.is_none_or(|key| key == EVENTS_KEY)
}

fn is_of(name: &str, segment: &str) -> bool {
    StreamName::new(name).is_ok_and(|name| name.header().as_str() == segment)
}

/// One number of a stream; none where it is not known.
type Value = fn(&Stream) -> Option<f64>;

/// Counts of what went wrong and right.
const COUNTERS: [(&str, &str, Value); 11] = [
    ("frames_published", "Frames published, over all generations.", |s| Some(s.frames.as_ref()?.published_ever as f64)),
    ("frames_lost", "Frames that the ADC converted and nobody has.", |s| {
        Some(s.health.as_ref()?.counts.frames_lost as f64)
    }),
    ("drdy_missed", "Data-ready edges that did not come or were seen too late.", |s| {
        Some(s.health.as_ref()?.counts.drdy_missed as f64)
    }),
    ("bad_frames", "Frames with a wrong status word or checksum.", |s| {
        Some(s.health.as_ref()?.counts.bad_frames as f64)
    }),
    ("bus_errors", "SPI transfers that failed.", |s| Some(s.health.as_ref()?.counts.bus_errors as f64)),
    ("overruns", "Frames overwritten in the ADC before they were read.", |s| {
        Some(s.health.as_ref()?.counts.overruns as f64)
    }),
    ("slips", "Frames of a second converter repeated or skipped.", |s| Some(s.health.as_ref()?.counts.slips as f64)),
    ("adc_restarts", "Times that the ADC was initialised again.", |s| Some(s.health.as_ref()?.counts.restarts as f64)),
    ("messages_ignored", "Messages without the buffered axis.", |s| {
        Some(s.health.as_ref()?.counts.messages_ignored as f64)
    }),
    ("frames_cut", "Frames of chunks longer than the ring.", |s| Some(s.health.as_ref()?.counts.frames_cut as f64)),
    ("names_healed", "Names of segments that vanished and were linked again.", |s| {
        Some(s.health.as_ref()?.names_healed as f64)
    }),
];

/// Counts of a stream's events, of the stream that they are in.
const EVENTS: [(&str, &str, Value); 2] = [
    ("events_published", "Events stamped and published, over all generations.", |s| {
        Some(s.frames.as_ref()?.published_ever as f64)
    }),
    ("events_refused", "Marks that were refused.", |s| Some(s.health.as_ref()?.counts.bad_frames as f64)),
];

/// What it is like now.
const GAUGES: [(&str, &str, Value); 10] = [
    ("adc_answers", "1 when the ADC answers, 0 when it does not.", |s| {
        Some(f64::from(u8::from(s.adc.as_ref()?.answers)))
    }),
    ("adc_silent_seconds", "How long the ADC has not answered.", |s| Some(s.adc.as_ref()?.silent_for_s.unwrap_or(0.0))),
    ("heartbeat_age_seconds", "Time since the writer last showed that it lives.", |s| s.writer.seconds_since_heartbeat),
    ("nominal_rate_hertz", "Frames a second, as set.", |s| Some(s.description.as_ref()?.srate)),
    ("measured_rate_hertz", "Frames a second, as measured.", |s| s.health.as_ref()?.counts.measured_rate),
    ("ring_seconds", "Length of the ring.", Stream::ring_seconds),
    ("ring_frames", "Frames of the ring.", |s| Some(s.description.as_ref()?.n_frames.into())),
    ("generation", "Number of the present ring.", |s| Some(s.description.as_ref()?.generation.into())),
    ("clock_drift_ratio", "How much faster than nominal the ADC's clock is by this machine's.", |s| {
        Some(s.timing.as_ref()?.drift_ppm? * 1e-6)
    }),
    ("drdy_jitter_seconds", "Standard deviation of data-ready times about a line.", |s| {
        Some(s.timing.as_ref()?.jitter_us? * 1e-6)
    }),
];

/// The buckets that are shown: up to 2^10 - 1 ns, and so on to 2^33 - 1 ns (8.6 s). Those below and above are in the first and in `+Inf`.
const SHOWN: std::ops::RangeInclusive<usize> = 10..=33;

const UP: &str = "1 when the stream is valid and its writer lives and moves; 0 when the writer was killed, stands still or publishes nothing. \
    A stream that was ended has none.";

/// By the judgement of `list`. A silent ADC has a gauge of its own, and of another package's writer nobody knows more.
fn is_up(stream: &Stream) -> bool {
    stream.valid && matches!(stream.state(), StreamState::Live | StreamState::Silent | StreamState::Unknown)
}

fn render(streams: &[(String, Option<Stream>)], events: &[(String, Option<Stream>)]) -> String {
    let mut out = String::new();
    head(&mut out, "up", UP, "gauge");
    for (name, stream) in streams {
        let up = stream.as_ref().is_some_and(is_up);
        line(&mut out, "up", name, "", f64::from(u8::from(up)));
    }
    let there = || streams.iter().filter_map(|(name, s)| s.as_ref().map(|s| (name, s)));
    let counters = COUNTERS.iter().map(|(name, help, value)| (format!("{name}_total"), help, "counter", value));
    let gauges = GAUGES.iter().map(|(name, help, value)| ((*name).to_owned(), help, "gauge", value));
    for (metric, help, kind, value) in counters.chain(gauges) {
        let mut of_streams = there().filter_map(|(name, s)| value(s).map(|v| (name, v))).peekable();
        if of_streams.peek().is_some() {
            head(&mut out, &metric, help, kind);
        }
        of_streams.for_each(|(name, v)| line(&mut out, &metric, name, "", v));
    }
    for (metric, help, value) in EVENTS {
        let of_streams = events.iter().filter_map(|(name, s)| Some((events::stream_of(name)?, value(s.as_ref()?)?)));
        let mut of_streams = of_streams.peekable();
        let metric = format!("{metric}_total");
        if of_streams.peek().is_some() {
            head(&mut out, &metric, help, "counter");
        }
        of_streams.for_each(|(name, v)| line(&mut out, &metric, name, "", v));
    }
    let mut latencies = there().filter_map(|(name, s)| Some((name, s.timing.as_ref()?.latency.as_ref()?))).peekable();
    if latencies.peek().is_some() {
        head(&mut out, LATENCY, "From data-ready of a chunk's newest frame until readers can have it.", "histogram");
    }
    latencies.for_each(|(name, latency)| histogram(&mut out, name, latency));
    out
}

const LATENCY: &str = "latency_seconds";

/// Cumulative, as Prometheus has it. The sum of all times is not known, and so is left out.
fn histogram(out: &mut String, stream: &str, latency: &Latency) {
    let bucket = format!("{LATENCY}_bucket");
    let mut sum = 0_u64;
    for (k, count) in latency.buckets.iter().enumerate().take(SHOWN.end() + 1) {
        sum = sum.saturating_add(*count);
        if SHOWN.contains(&k) {
            // Whole nanoseconds: what is below 2^k is 2^k - 1 at most.
            let end = ((1_u64 << k) - 1) as f64 / 1e9;
            line(out, &bucket, stream, &format!(",le=\"{end}\""), sum as f64);
        }
    }
    line(out, &bucket, stream, ",le=\"+Inf\"", latency.count as f64);
    line(out, &format!("{LATENCY}_count"), stream, "", latency.count as f64);
}

/// So that a stream that is missing for want of permission is not missed in silence.
fn unreadable(out: &mut String, segments: usize) {
    head(out, "unreadable_segments", "Segments of streams that this process' user may not read.", "gauge");
    // Writing to a string does not fail.
    let _ = writeln!(out, "axismirror_unreadable_segments {segments}");
}

fn head(out: &mut String, metric: &str, help: &str, kind: &str) {
    // Writing to a string does not fail.
    let _ = write!(out, "# HELP axismirror_{metric} {help}\n# TYPE axismirror_{metric} {kind}\n");
}

fn line(out: &mut String, metric: &str, stream: &str, labels: &str, value: f64) {
    let stream = escaped(&shown(stream));
    let _ = writeln!(out, "axismirror_{metric}{{stream=\"{stream}\"{labels}}} {}", number(value));
}

/// The name as a label's value. One with a backslash, or with what nobody sees, has these escaped as in a string of Rust's: no two names are the
/// same.
fn shown(name: &str) -> Cow<'_, str> {
    if name.contains(|c| c == '\\' || is_invisible(c)) {
        Cow::Owned(visible(&name.replace('\\', r"\\")).into_owned())
    } else {
        name.into()
    }
}

/// A label's value as the format has it.
fn escaped(value: &str) -> String {
    value.replace('\\', r"\\").replace('"', r#"\""#).replace('\n', r"\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_names_are_the_same_label_and_none_is_seen_that_is_hidden() {
        let label = |name: &str| escaped(&shown(name));
        // Plain names are what they are, whatever their script.
        for name in ["lab", "EEG µV Ω", "日本", "a'b{c}=d"] {
            assert_eq!(label(name), name);
        }
        assert_eq!(label("a\"b"), r#"a\"b"#);
        // By the format `\\` is one backslash: the values are `a\u{202e}b`, `a\\u{202e}b`, `a\n`, `a\\n`.
        assert_eq!(label("a\u{202e}b"), r"a\\u{202e}b");
        assert_eq!(label(r"a\u{202e}b"), r"a\\\\u{202e}b");
        assert_eq!((label("a\n"), label(r"a\n")), (r"a\\n".to_owned(), r"a\\\\n".to_owned()));
    }

    #[test]
    fn buckets_are_cumulative_and_end_with_all() {
        let mut buckets = vec![0; 40];
        // 3 below a microsecond, 2 of about 2 us, 1 of minutes.
        (buckets[3], buckets[11], buckets[39]) = (3, 2, 1);
        let latency = Latency { count: 6, p50_us: 0.0, p99_us: 0.0, p999_us: 0.0, worst_us: 0.0, buckets };
        let mut out = String::new();
        histogram(&mut out, "a\"b", &latency);
        let lines: Vec<&str> = out.lines().collect();
        assert_eq!(lines[0], r#"axismirror_latency_seconds_bucket{stream="a\"b",le="0.000001023"} 3"#);
        assert_eq!(lines[1], r#"axismirror_latency_seconds_bucket{stream="a\"b",le="0.000002047"} 5"#);
        assert_eq!(lines[23], r#"axismirror_latency_seconds_bucket{stream="a\"b",le="8.589934591"} 5"#);
        assert_eq!(lines[24], r#"axismirror_latency_seconds_bucket{stream="a\"b",le="+Inf"} 6"#);
        assert_eq!(lines[25], r#"axismirror_latency_seconds_count{stream="a\"b"} 6"#);
        assert_eq!(lines.len(), 26);
    }

    #[test]
    fn a_stream_that_is_not_there_is_down() {
        let text = render(&[("gone".to_owned(), None)], &[("gone/events".to_owned(), None)]);
        assert_eq!(text.lines().last(), Some(r#"axismirror_up{stream="gone"} 0"#));
        assert_eq!(text.lines().count(), 3);
    }
}
