//! Frames between the mirror and a file: the chosen channels alone, and whether they still belong into the same file.

use super::Gap;
use crate::channels::Channels;
use crate::mirror::{Frames, StreamInfo};

/// Frames that are on their way into a file.
#[derive(Debug, Default)]
pub(super) struct Batch {
    pub(super) first: u64,
    pub(super) frames: usize,
    pub(super) bytes: Vec<u8>,
    pub(super) times: Vec<f64>,
}

impl Batch {
    /// Takes at most `most` frames, of the chosen channels alone. Says what is missing before them.
    pub(super) fn fill(&mut self, frames: &Frames<'_>, most: usize, channels: Option<&Channels>) -> Gap {
        let frames = frames.truncated(most);
        self.first = frames.first;
        self.frames = frames.len();
        self.times.clear();
        self.times.extend_from_slice(frames.times);
        self.bytes.clear();
        match channels {
            None => self.bytes.extend_from_slice(frames.bytes),
            Some(channels) => {
                for frame in 0..self.frames {
                    channels.places().for_each(|place| self.bytes.extend_from_slice(frames.sample(frame, place)));
                }
            }
        }
        Gap::before(&frames)
    }
}

/// Whether frames of the one can follow those of the other in a file: nothing that it says of them is different, and what is missing between them
/// can be known.
pub(super) fn goes_on(before: &StreamInfo, now: &StreamInfo) -> bool {
    let has_times = now.rate.is_none() || now.struct_version.has_times();
    let same = before.name == now.name
        && before.key == now.key
        && before.dtype == now.dtype
        && before.rate == now.rate
        && before.frame_shape == now.frame_shape
        && before.labels == now.labels
        && before.unit == now.unit
        && before.attrs == now.attrs
        && before.clock == now.clock
        && before.struct_version == now.struct_version;
    same && (has_times || before.generation == now.generation)
}
