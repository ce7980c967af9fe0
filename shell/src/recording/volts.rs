//! A recording as volts in memory, for a simulated ADC to measure.
//!
//! Takes the whole file, and so no more than fits: what is played block by block never comes here. Knows no ADC.

use std::path::Path;

use super::choice::{Choice, Signals};
use super::content::Block;
use super::convert::Converter;
use super::error::{Problem, RecordingError};
use super::reader::Reader;
use super::unit;

/// The most samples that are taken into memory, over all channels: 1 GiB of them.
pub(super) const MAX_SAMPLES: u64 = 1 << 28;
/// Frames that are read at once.
const FRAMES: usize = 4096;

/// A recording: all channels have the same rate and, at least one sample, the same length.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// Samples per second and channel, in Hz; `None` when the file does not say.
    pub rate: Option<f64>,
    /// At least one.
    pub channels: Vec<Channel>,
}

/// One channel of a recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Channel {
    /// As the file calls it; empty when it does not.
    pub label: String,
    /// Samples in volts, finite.
    pub volts: Vec<f32>,
}

impl Recording {
    /// Reads a file into memory.
    ///
    /// * EDF, EDF+, BDF, BDF+: the channels of the highest rate whose unit is a voltage; annotations and other channels are left
    ///   out, with a line in the log. Pauses of a discontinuous file are closed up.
    /// * XDF: the stream with the most samples; its channels whose unit is a voltage.
    /// * CSV: values between `,`, `;` or tabs, a channel a column; optional are a header line with labels, a column of times
    ///   (called `time` or the like; dates with times, or numbers with their unit in brackets, else seconds), and comments from `#`. A missing number is
    ///   NaN in a column with decimal points; a first column without a name that counts up is an index, and left out. A unit may stand in brackets behind a
    ///   label, or in a comment (`# unit: mV`), else it is uV. The rate is that of the times, else that of a comment (`# rate: 250`).
    ///
    /// Only a regular file: nothing else can be read to its end without waiting.
    ///
    /// # Errors
    /// [`RecordingError`] with the line and field, or the offset in the header.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        let choice = Choice { signals: Signals::Voltages, stream: None };
        let reader = Reader::open(path, &choice)?;
        Self::read(reader).map_err(|problem| RecordingError { path: path.to_owned(), problem })
    }

    pub(super) fn read(mut reader: Reader) -> Result<Self, Problem> {
        let content = reader.content().clone();
        for left in &content.left_out {
            tracing::info!(label = left.label, "recording: left out: {}", left.why);
        }
        let is_voltage = |&i: &usize| content.channels.get(i).is_some_and(|c| unit::volts(&c.unit).is_some());
        let (voltages, others): (Vec<usize>, Vec<usize>) = (0..content.channels.len()).partition(is_voltage);
        for channel in others.iter().filter_map(|&i| content.channels.get(i)) {
            tracing::info!(label = channel.label, unit = channel.unit, "recording: left out: its unit is no voltage");
        }
        if voltages.is_empty() {
            return Err(Problem::NoVoltage);
        }
        let too_long = |frames: u64| {
            let samples = frames.saturating_mul(voltages.len() as u64);
            if samples > MAX_SAMPLES { Err(Problem::TooLong { samples }) } else { Ok(()) }
        };
        too_long(content.frames.unwrap_or(0))?;
        let converter = Converter::scaled(&content, &voltages);
        let label = |&i: &usize| content.channels.get(i).map(|c| c.label.clone()).unwrap_or_default();
        let mut channels: Vec<Channel> =
            voltages.iter().map(|i| Channel { label: label(i), volts: Vec::new() }).collect();
        let (mut block, mut frames, mut span) = (Block::default(), 0_u64, None);
        let mut not_finite = 0;
        loop {
            block.clear();
            reader.read(FRAMES, &mut block)?;
            if block.frames == 0 {
                break;
            }
            frames += block.frames as u64;
            too_long(frames)?;
            for frame in converter.frames(&block.bytes) {
                for (channel, value) in channels.iter_mut().zip(frame) {
                    // What is not finite has no place on a wire.
                    let volts = value as f32;
                    not_finite += u64::from(!volts.is_finite());
                    channel.volts.push(if volts.is_finite() { volts } else { 0.0 });
                }
            }
            if let (Some(first), Some(last)) = (block.times.first(), block.times.last()) {
                span = Some((span.map_or(*first, |(first, _)| first), *last));
            }
        }
        if frames == 0 {
            return Err(Problem::Empty);
        }
        if not_finite > 0 {
            tracing::warn!("recording: of its samples {not_finite} are missing or not finite, and are taken as 0 V");
        }
        let measured = span.map(|(first, last)| (frames - 1) as f64 / (last - first));
        let measured = measured.filter(|r| content.rate_is_estimate && r.is_finite() && *r > 0.0);
        Ok(Self { rate: measured.or(content.rate), channels })
    }
}
