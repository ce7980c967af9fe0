//! All that can be known of a stream from outside, gathered once for `info` and `list`.
//!
//! Reads; attaches as any mirror does, and takes no frame.

use axismirror::health::Counts;
use axismirror::mirror::{Mirror, MirrorError, Start, State, StateFacts, StreamState, labels, metadata_json};
use axismirror_core::extension;
use axismirror_core::header::Generation;
use axismirror_core::health::LeadOff;
use serde::Serialize;
use serde_json::Value;

/// A stream as it is now.
#[derive(Debug, Serialize)]
pub(crate) struct Stream {
    pub(crate) name: String,
    pub(crate) segment: String,
    pub(crate) struct_version: u32,
    pub(crate) valid: bool,
    pub(crate) writer: Writer,
    pub(crate) description: Option<Description>,
    pub(crate) write_index: u64,
    pub(crate) wrap_counter: u64,
    pub(crate) meta_generation: u32,
    /// Only of a stream with our extension block.
    pub(crate) frames: Option<Frames>,
    pub(crate) adc: Option<Adc>,
    pub(crate) health: Option<Health>,
    pub(crate) timing: Option<Timing>,
    /// Only of a stream that was received from another machine.
    pub(crate) received: Option<Received>,
    pub(crate) static_metadata: Option<Value>,
}

/// Who writes it.
#[derive(Debug, Serialize)]
pub(crate) struct Writer {
    /// As the stream says; absent for a Python writer.
    pub(crate) pid: Option<u32>,
    /// Whether a process holds the writer's lock; absent for a Python writer, which takes none.
    pub(crate) alive: Option<bool>,
    /// Seconds since its last sign of life.
    pub(crate) seconds_since_heartbeat: Option<f64>,
}

/// What the ring holds.
#[derive(Debug, Serialize)]
pub(crate) struct Description {
    pub(crate) generation: u32,
    pub(crate) dtype: String,
    pub(crate) dtype_char: char,
    pub(crate) srate: f64,
    pub(crate) n_frames: u32,
    pub(crate) frame_shape: Vec<u32>,
    pub(crate) key: String,
}

/// Counters that only our block has.
#[derive(Debug, Serialize)]
pub(crate) struct Frames {
    /// Published in this generation.
    pub(crate) published: u64,
    /// Published over all generations of this header.
    pub(crate) published_ever: u64,
    pub(crate) newest_s: f64,
    pub(crate) clock: &'static str,
}

/// What is known of the clock of the machine that sends a stream.
#[derive(Debug, Serialize)]
pub(crate) struct Received {
    /// To be added to the stream's times for this machine's clock of the same kind; absent until it was measured.
    pub(crate) clock_offset_s: Option<f64>,
    /// How far that may be off.
    pub(crate) clock_error_s: Option<f64>,
    /// How long ago it was measured.
    pub(crate) clock_measured_ago_s: Option<f64>,
}

impl Received {
    fn of(received: extension::Received) -> Self {
        let clock = received.clock;
        Self {
            clock_offset_s: clock.map(|c| c.offset_ns as f64 / 1e9),
            clock_error_s: clock.map(|c| c.error_ns as f64 / 1e9),
            clock_measured_ago_s: clock.map(|c| (axismirror::clock::monotonic_ns() - c.measured_ns) as f64 / 1e9),
        }
    }
}

/// Whether the ADC answers.
#[derive(Debug, Serialize)]
pub(crate) struct Adc {
    pub(crate) answers: bool,
    /// Since when it has not, in seconds of `CLOCK_MONOTONIC`, and for how long.
    pub(crate) silent_since_s: Option<f64>,
    pub(crate) silent_for_s: Option<f64>,
}

/// The acquisition's counters.
#[derive(Debug, Serialize)]
pub(crate) struct Health {
    #[serde(flatten)]
    pub(crate) counts: Counts,
    pub(crate) names_healed: u64,
    /// Absent when none is off, or nobody looks.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) electrodes_off: Vec<ElectrodeOff>,
}

/// A channel with an electrode that is off.
#[derive(Debug, PartialEq, Serialize)]
pub(crate) struct ElectrodeOff {
    /// Its label, or its place in the frame from 0 where it has none.
    pub(crate) channel: String,
    pub(crate) positive: bool,
    pub(crate) negative: bool,
}

impl ElectrodeOff {
    /// Those of a stream with these labels.
    fn all(lead_off: LeadOff, labels: &[String]) -> Vec<Self> {
        let is = |bits: u64, channel: usize| bits >> channel & 1 == 1;
        let each = (0..64).map(|channel| Self {
            channel: labels.get(channel).cloned().unwrap_or_else(|| channel.to_string()),
            positive: is(lead_off.positive, channel),
            negative: is(lead_off.negative, channel),
        });
        each.filter(|e| e.positive || e.negative).collect()
    }

    /// `Fp1 (P, N)`
    pub(crate) fn text(&self) -> String {
        let sides = match (self.positive, self.negative) {
            (true, true) => "P, N",
            (true, false) => "P",
            _ => "N",
        };
        format!("{} ({sides})", self.channel)
    }
}

/// What the acquisition measured of its own times.
#[derive(Debug, Serialize)]
pub(crate) struct Timing {
    /// Of the ADC's clock against the host's, in parts in a million; absent until it is known.
    pub(crate) drift_ppm: Option<f64>,
    /// Standard deviation of DRDY's times about a line.
    pub(crate) jitter_us: Option<f64>,
    /// From DRDY until a reader could have the frame; absent before the first.
    pub(crate) latency: Option<Latency>,
}

/// Times from DRDY to readers, in us; percentiles are ends of power-of-two buckets.
#[derive(Debug, Serialize)]
pub(crate) struct Latency {
    pub(crate) count: u64,
    pub(crate) p50_us: f64,
    pub(crate) p99_us: f64,
    pub(crate) p999_us: f64,
    pub(crate) worst_us: f64,
    /// Bucket k counts 2^(k-1) to 2^k - 1 ns.
    pub(crate) buckets: Vec<u64>,
}

impl Timing {
    fn of(t: &extension::Timing) -> Self {
        let us = |ns: u64| ns as f64 / 1000.0;
        let percentile = |p| t.latency.percentile_ns(p).map(us);
        let latency = match (percentile(50.0), percentile(99.0), percentile(99.9)) {
            (Some(p50_us), Some(p99_us), Some(p999_us)) => Some(Latency {
                count: t.latency.count(),
                p50_us,
                p99_us,
                p999_us,
                worst_us: us(t.latency.worst_ns()),
                buckets: t.latency.buckets().to_vec(),
            }),
            _ => None,
        };
        let known = t.jitter_ns != 0.0 || t.drift_ppm != 0.0;
        Self { drift_ppm: known.then_some(t.drift_ppm), jitter_us: known.then_some(t.jitter_ns / 1000.0), latency }
    }
}

/// How often a stream is looked at whose writer changes meanwhile.
const TRIES: usize = 3;

/// The writer that a stream's header names.
fn named(mirror: &Mirror) -> Option<extension::Writer> {
    mirror.extension().map(extension::Extension::writer)
}

impl Stream {
    /// Looks at a stream; `None` when there is none of that name.
    pub(crate) fn look(name: &str) -> Result<Option<Self>, MirrorError> {
        let mut mirror = Mirror::open(name, Start::Next)?;
        let mut state = mirror.state()?;
        // Who begins with a header ends what the last writer has left, and then gives its name: what is looked at after the name is no older than it.
        let mut writer = named(&mirror);
        for _ in 0..TRIES {
            state = mirror.state()?;
            let before = std::mem::replace(&mut writer, named(&mirror));
            if before == writer {
                break;
            }
        }
        let blob = mirror.static_metadata()?;
        let labels = blob.as_deref().map(labels).unwrap_or_default();
        let static_metadata = blob.map(|blob| metadata_json(&blob));
        let Some(header) = mirror.header() else { return Ok(None) };
        let extension = mirror.extension();
        let description = mirror.description().map(|d| Description {
            generation: mirror.generation().map_or(0, Generation::number),
            dtype: d.dtype().code().to_owned(),
            dtype_char: char::from(d.dtype().char()),
            srate: d.srate(),
            n_frames: d.n_frames(),
            frame_shape: d.frame_shape().to_vec(),
            key: d.key().as_str().to_owned(),
        });
        let alive = extension.map(|_| axismirror::shm::writer_of(header.memory().file()).is_some());
        let heartbeat = extension.map(extension::Extension::heartbeat).filter(|t| *t > 0);
        let since = |t: i64| axismirror::clock::monotonic_ns().saturating_sub(t) as f64 / 1e9;
        Ok(Some(Self {
            name: name.to_owned(),
            segment: axismirror_core::name::StreamName::new(name).map(|n| n.header().to_string()).unwrap_or_default(),
            struct_version: header.version().number(),
            valid: state == State::Valid,
            writer: Writer {
                pid: writer.map(|w| w.pid).filter(|p| *p > 0),
                alive,
                seconds_since_heartbeat: heartbeat.map(since),
            },
            description,
            write_index: header.write_index(),
            wrap_counter: header.wrap_counter(),
            meta_generation: header.meta_generation(),
            frames: extension.map(|e| {
                let counters = e.counters(header.buffer_generation());
                Frames {
                    published: counters.committed(),
                    published_ever: counters.base().saturating_add(counters.committed()),
                    newest_s: counters.newest() as f64 / 1e9,
                    clock: e.clock().word(),
                }
            }),
            // Of a writer that is gone nobody knows.
            adc: extension.filter(|_| alive == Some(true)).map(|e| {
                let since = Some(e.silent_since()).filter(|ns| *ns != 0);
                Adc {
                    answers: since.is_none(),
                    silent_since_s: since.map(|ns| ns as f64 / 1e9),
                    silent_for_s: since.map(|ns| axismirror::clock::monotonic_ns().saturating_sub(ns) as f64 / 1e9),
                }
            }),
            health: extension.map(|e| {
                let h = e.health();
                Health {
                    counts: h.into(),
                    names_healed: e.heals(),
                    electrodes_off: ElectrodeOff::all(h.lead_off, &labels),
                }
            }),
            timing: extension.map(|e| Timing::of(&e.timing())),
            received: extension.and_then(extension::Extension::received).map(Received::of),
            static_metadata,
        }))
    }

    /// How it is, judged as everywhere else.
    pub(crate) fn state(&self) -> StreamState {
        StreamState::of(&StateFacts {
            valid: self.valid,
            ours: self.writer.alive.is_some(),
            written: self.writer.alive == Some(true),
            sign_of_life_s: self.writer.seconds_since_heartbeat,
            silent: self.adc.as_ref().is_some_and(|adc| adc.silent_for_s.is_some()),
        })
    }

    /// Seconds that the ring holds, when the rate is regular.
    pub(crate) fn ring_seconds(&self) -> Option<f64> {
        self.description.as_ref().filter(|d| d.srate > 0.0).map(|d| f64::from(d.n_frames) / d.srate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn electrodes_that_are_off_are_called_by_their_labels() {
        let labels = ["Fp1", "Cz", "O2"].map(str::to_owned);
        let lead_off = LeadOff { positive: 0b0101, negative: 0b1100 };
        let texts: Vec<_> = ElectrodeOff::all(lead_off, &labels).iter().map(ElectrodeOff::text).collect();
        assert_eq!(texts, ["Fp1 (P)", "O2 (P, N)", "3 (N)"]);
        assert_eq!(ElectrodeOff::all(LeadOff { positive: 1 << 63, negative: 0 }, &labels)[0].channel, "63");
        assert_eq!(ElectrodeOff::all(LeadOff::default(), &labels), []);
    }
}
