//! From the samples of a file to those that are wanted: other channels, another type, another unit.
//!
//! Knows no format, and no stream that they are for: bytes of frames come in, numbers or bytes go out.

use axismirror_core::dtype::DType;

use super::content::{Content, Scaling};
use super::unit;
use crate::mirror::value::value;

/// What becomes of frames.
#[derive(Clone, Debug)]
pub struct Converter {
    from: DType,
    frame_bytes: usize,
    picks: Vec<Pick>,
}

/// One channel that is wanted.
#[derive(Clone, Copy, Debug)]
struct Pick {
    /// Where its sample begins in a frame, in bytes.
    at: usize,
    scaling: Scaling,
}

impl Converter {
    /// Channels of a recording in volts where they are voltages, else in their own unit.
    #[must_use]
    pub fn scaled(content: &Content, channels: &[usize]) -> Self {
        Self::new(content, channels, |index| {
            let Some(channel) = content.channels.get(index) else { return Scaling::default() };
            let volts = unit::volts(&channel.unit).unwrap_or(1.0);
            let Scaling { scale, zero } = channel.scaling;
            Scaling { scale: scale * volts, zero: zero * volts }
        })
    }

    fn new(content: &Content, channels: &[usize], scaling: impl Fn(usize) -> Scaling) -> Self {
        let size = content.dtype.size();
        let pick = |&i: &usize| Pick { at: i * size, scaling: scaling(i) };
        let picks = channels.iter().map(pick).collect();
        Self { from: content.dtype, frame_bytes: content.channels.len() * size, picks }
    }

    /// Each frame's values.
    pub fn frames<'a>(&'a self, bytes: &'a [u8]) -> impl Iterator<Item = impl Iterator<Item = f64> + 'a> + 'a {
        let size = self.from.size();
        bytes.chunks_exact(self.frame_bytes.max(1)).map(move |frame| {
            self.picks.iter().map(move |pick| {
                let sample = frame.get(pick.at..pick.at + size).unwrap_or_default();
                value(self.from, sample) * pick.scaling.scale + pick.scaling.zero
            })
        })
    }

    /// Adds frames as samples of another type, [`DType::F32`] or [`DType::F64`].
    pub fn scale(&self, bytes: &[u8], to: DType, out: &mut Vec<u8>) {
        for value in self.frames(bytes).flatten() {
            if to == DType::F64 {
                out.extend_from_slice(&value.to_le_bytes());
            } else {
                out.extend_from_slice(&(value as f32).to_le_bytes());
            }
        }
    }
}
