//! `axismirror info`: what is known of a stream.

use axismirror::sample::{fixed, number};
use clap::Args;

use super::columns::Rows;
use super::stream::{ElectrodeOff, Received, Stream};
use super::{Failure, output};

/// Show a stream's header, description, static metadata, health, and whether its writer lives
#[derive(Debug, Args)]
#[command(after_help = "Examples:\n  axismirror info\n  axismirror info lab --json | jq .health")]
pub(crate) struct InfoArgs {
    /// Name of the stream
    #[arg(value_name = "NAME", default_value = "axismirror")]
    pub(crate) name: String,
    /// Print JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// Prints what is known of the stream.
pub(crate) fn run(args: &InfoArgs) -> Result<(), Failure> {
    let stream = Stream::look(&args.name)?.ok_or_else(|| {
        Failure::failed(format!("there is no stream `{}`", args.name))
            .hint("`axismirror list` shows the streams that there are".to_owned())
    })?;
    let text = if args.json { output::json(&stream)? } else { text(&stream) };
    output::print(text)
}

fn text(stream: &Stream) -> String {
    let mut rows = Rows::new(16);
    let mut row = |name: &str, value: String| rows.add(name, &value);
    row("stream", format!("{} ({})", stream.name, stream.segment));
    row("state", if stream.valid { "valid" } else { "not valid: nothing is being published" }.to_owned());
    row("struct_version", stream.struct_version.to_string());
    row("writer", writer(stream));
    if let Some(d) = &stream.description {
        let seconds = stream.ring_seconds().map(|s| format!(", {} s", fixed(s, 3))).unwrap_or_default();
        row("generation", d.generation.to_string());
        row("samples", format!("{} ({}), frame shape {:?}", d.dtype, d.dtype_char, d.frame_shape));
        row("rate", if d.srate > 0.0 { format!("{} Hz nominal", number(d.srate)) } else { "irregular".to_owned() });
        row("ring", format!("{} frames{seconds}", d.n_frames));
        row("key", d.key.clone());
    }
    row("write_index", format!("{}, wrapped {} times", stream.write_index, stream.wrap_counter));
    match &stream.frames {
        Some(f) => {
            row("frames", format!("{} in this generation, {} ever", f.published, f.published_ever));
            row(
                "newest",
                if f.published > 0 { format!("{:.6} s, clock {}", f.newest_s, f.clock) } else { "none yet".to_owned() },
            );
        }
        None => row("reads", "torn reads cannot be excluded: the writer has no extension block".to_owned()),
    }
    if let Some(received) = &stream.received {
        row("received", received_text(received));
    }
    if let Some(adc) = &stream.adc {
        match (&stream.received, adc.silent_for_s) {
            (None, None) => row("ADC", "answers".to_owned()),
            (None, Some(s)) => row("ADC", format!("has not answered for {s:.3} s, and is tried again and again")),
            (Some(_), None) => row("sender", "is heard".to_owned()),
            (Some(_), Some(s)) => row("sender", format!("nothing was heard of it for {s:.3} s")),
        }
    }
    if let Some(h) = &stream.health {
        let rate = h.counts.measured_rate.map_or_else(|| "not known yet".to_owned(), |r| format!("{} Hz", fixed(r, 4)));
        row("measured rate", rate);
        let counts = [
            ("frames lost", h.counts.frames_lost),
            ("DRDY missed", h.counts.drdy_missed),
            ("bad frames", h.counts.bad_frames),
            ("bus errors", h.counts.bus_errors),
            ("overruns", h.counts.overruns),
            ("slips", h.counts.slips),
            ("ADC restarts", h.counts.restarts),
            ("frames cut", h.counts.frames_cut),
            ("ignored", h.counts.messages_ignored),
            ("names healed", h.names_healed),
        ];
        let bad: Vec<String> = counts.iter().filter(|(_, n)| *n > 0).map(|(name, n)| format!("{name} {n}")).collect();
        if !h.electrodes_off.is_empty() {
            let off: Vec<String> = h.electrodes_off.iter().map(ElectrodeOff::text).collect();
            row("electrode off", off.join(", "));
        }
        row("health", if bad.is_empty() { "nothing went wrong".to_owned() } else { bad.join(", ") });
    }
    if let Some(timing) = &stream.timing {
        if let (Some(ppm), Some(us)) = (timing.drift_ppm, timing.jitter_us) {
            let sign = if ppm >= 0.0 { "+" } else { "" };
            let (ppm, us) = (fixed(ppm, 1), fixed(us, 1));
            row("ADC's clock", format!("{sign}{ppm} ppm by this machine's, DRDY's jitter {us} us"));
        }
        if let Some(l) = &timing.latency {
            let text = format!(
                "50 % within {:.1} us, 99 % within {:.1} us, 99.9 % within {:.1} us, worst {:.1} us",
                l.p50_us, l.p99_us, l.p999_us, l.worst_us
            );
            row("DRDY to readers", text);
        }
    }
    if let Some(metadata) = &stream.static_metadata {
        let fields = metadata.as_object().into_iter().flatten();
        for (name, value) in fields {
            match (name.as_str(), value.as_object()) {
                ("axes", Some(axes)) => {
                    axes.iter().for_each(|(name, axis)| row("axis", format!("{name}: {}", axis_text(axis))))
                }
                ("attrs", Some(attrs)) => {
                    attrs.iter().for_each(|(name, value)| row("attr", format!("{name} = {value}")))
                }
                ("dims", _) => row("dims", value.to_string()),
                ("error", _) => row("static metadata", format!("cannot be read: {value}")),
                _ => {}
            }
        }
    }
    rows.text()
}

fn writer(stream: &Stream) -> String {
    let w = &stream.writer;
    match (w.alive, w.pid) {
        (None, _) => "of the published package, or an older one; whether it lives cannot be known".to_owned(),
        (Some(true), pid) => {
            let pid = pid.map(|p| format!("process {p}")).unwrap_or_default();
            let since =
                w.seconds_since_heartbeat.map(|s| format!(", last sign of life {s:.3} s ago")).unwrap_or_default();
            format!("alive, {pid}{since}")
        }
        (Some(false), _) => "gone; a new one would take over".to_owned(),
    }
}

fn received_text(received: &Received) -> String {
    let clock = match (received.clock_offset_s, received.clock_error_s, received.clock_measured_ago_s) {
        (Some(offset), Some(error), Some(ago)) => {
            let us = error * 1e6;
            format!("add {offset:+.6} s to its times for this machine's, within {us:.0} us, measured {ago:.0} s ago")
        }
        _ => "how its clock is off this machine's is not known yet".to_owned(),
    };
    format!("from another machine; {clock}")
}

fn axis_text(axis: &serde_json::Value) -> String {
    let labels = axis["labels"].as_array().map(|l| l.iter().filter_map(|t| t.as_str()).collect::<Vec<_>>().join(" "));
    match labels {
        Some(labels) => labels,
        None => axis.to_string(),
    }
}
