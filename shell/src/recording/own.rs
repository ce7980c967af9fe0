//! What becomes of the description that our own recordings keep, each format in its own way.
//!
//! Which field is what is said at [`Description`]. One that is no JSON, or of another version, is passed over: then the file is read like anybody's.
//! Must never know where in a file it stood.

use axismirror_core::dtype::DType;
use axismirror_core::extension::Clock;
use axismirror_core::header::{Generation, StructVersion};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::content::{ChannelInfo, Content, Recorded, Scaling};
use crate::formats::own::{CODE, Description, VOLTS, volts_per_code};
use crate::mirror::StreamInfo;

impl Description {
    /// From its text; `None` when it is of no use.
    pub(super) fn known(text: &str) -> Option<Self> {
        Self::parse(text).filter(|known| DType::from_code(&known.dtype).is_some())
    }

    /// The same, with a word in the log about what is passed over.
    pub(super) fn known_or_told(text: &str) -> Option<Self> {
        let known = Self::known(text);
        if known.is_none() {
            tracing::warn!("recording: its description cannot be read; it is played like any file of its format");
        }
        known
    }

    /// Type of the recorded samples.
    pub(super) fn samples(&self) -> DType {
        DType::from_code(&self.dtype).unwrap_or(DType::F64)
    }

    /// What one code is in the samples' unit, of floating-point samples that are kept as codes.
    pub(super) fn step(&self) -> f64 {
        if self.unit == VOLTS { volts_per_code(&self.attrs).unwrap_or(1.0) } else { 1.0 }
    }

    /// What the file holds, where the description knows better than the format. Samples are of the recorded type. `picks`: the played samples' places
    /// among the recorded ones, from 0.
    pub(super) fn apply(&self, content: &mut Content, picks: &[usize]) {
        let recorded = self.channels.as_deref().unwrap_or_default();
        let shape = self.shape.as_deref().unwrap_or_default();
        let channels = recorded.len();
        content.name = Some(self.name.clone()).filter(|n| !n.is_empty());
        content.key = Some(self.key.clone());
        content.dtype = self.samples();
        content.rate = self.rate.filter(|r| r.is_finite() && *r > 0.0);
        content.rate_is_estimate = false;
        content.clock = Clock::from_word(&self.clock);
        content.origin = 0.0;
        content.is_raw = true;
        content.attrs.clone_from(&self.attrs);
        // Of a frame of which some samples alone were recorded or are played, or in another order, neither shape nor static metadata are true any more.
        let is_whole = recorded.iter().copied().eq(1..=channels) && picks.iter().copied().eq(0..channels);
        if is_whole && shape.iter().try_fold(1_usize, |n, len| n.checked_mul(*len)) == Some(channels) {
            content.frame_shape = shape.to_vec();
            let blob = self.static_metadata.as_ref().and_then(|text| STANDARD.decode(text).ok());
            content.static_metadata = blob.filter(|blob| !blob.is_empty());
            content.recorded = self.recorded(content, shape);
        }
        let (unit, scaling) = match (self.unit.as_str(), volts_per_code(&self.attrs)) {
            (CODE, Some(scale)) => (VOLTS, Scaling { scale, zero: 0.0 }),
            (unit, _) => (unit, Scaling::default()),
        };
        for (channel, pick) in content.channels.iter_mut().zip(picks) {
            let label = self.labels.as_ref().and_then(|labels| labels.get(*pick)).unwrap_or(&channel.label).clone();
            let position = self.positions.as_ref().and_then(|all| all.get(*pick)).map(|at| at.map(|x| x as f32));
            *channel = ChannelInfo { label, position, unit: unit.to_owned(), scaling };
        }
    }
}

impl Description {
    /// The stream as it was; `None` when there is no such wire version.
    fn recorded(&self, content: &Content, shape: &[usize]) -> Option<Recorded> {
        let frame_shape = shape.iter().map(|n| u32::try_from(*n)).collect::<Result<Vec<u32>, _>>().ok()?;
        let stream = StreamInfo {
            name: self.name.clone(),
            key: self.key.clone(),
            dtype: content.dtype,
            rate: content.rate,
            n_frames: self.n_frames,
            frame_shape,
            channels: content.channels.len(),
            labels: self.labels.clone().unwrap_or_default(),
            unit: self.unit.clone(),
            attrs: self.attrs.clone(),
            clock: content.clock,
            struct_version: StructVersion::from_number(self.struct_version)?,
            generation: Generation::from_number(self.generation),
            static_metadata: content.static_metadata.clone(),
        };
        let instance = self.instance.as_deref().and_then(|hex| u64::from_str_radix(hex, 16).ok());
        Some(Recorded { instance, first_frame: self.first_frame, stream })
    }
}
