//! What can be set about a published stream, and what becomes of a message under these settings.
//!
//! Pure: a message and settings in, a [`Plan`] out. Touches no segment.

use heapless::String;

use crate::axis_array::{Axis, AxisArray, Element, MessageError};
use crate::dtype::DType;
use crate::header::{Description, DescriptionError, Key, StructVersion};
use crate::name::StreamName;
use crate::ring::{Frames, Times, value_at};

/// The longest axis name in bytes.
pub const MAX_AXIS: usize = 255;
/// The axis that is buffered when neither settings nor message name one.
const DEFAULT_AXIS: &str = "time";
/// Frames per second that are assumed for a coordinate axis of fewer than two values, from which no step can be told, and so for the ring of an
/// irregular stream (spec: wire, the writer's rules).
pub const ASSUMED_RATE: f64 = 100.0;

/// Settings of a stream; all can change while it runs.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Settings {
    /// The stream's long name; `None`: the store makes one that nobody uses.
    pub shmem_name: Option<StreamName>,
    /// Length of the ring in seconds (in the unit of the buffered axis).
    pub buf_dur: f64,
    /// The buffered axis; `None`: the message's `stream_dim`, else `time`.
    pub axis: Option<String<MAX_AXIS>>,
    /// Which readers the stream is for.
    pub version: StructVersion,
}

/// Why a message cannot be published under these settings. Nothing has changed.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum PlanError {
    /// The message contradicts itself.
    #[error("the message is inconsistent: {0}")]
    Message(#[from] MessageError),
    /// `axes` has no entry for the buffered dimension.
    #[error("the message has the buffered dimension, but no axis for it, so its rate is unknown")]
    NoAxis,
    /// A gain that is no step in time.
    #[error("the buffered axis has gain {gain}; it has to be positive and finite (1 / rate)")]
    Gain {
        /// The axis' gain.
        gain: f64,
    },
    /// Times that do not advance.
    #[error("the buffered axis' median step is {step}; it has to be positive and finite")]
    Step {
        /// The median of the steps between the axis' values.
        step: f64,
    },
    /// Values that are no real numbers, or not one for each frame.
    #[error("the buffered axis needs one real number a frame ({frames}); it has {given}")]
    AxisValues {
        /// Frames in the message.
        frames: usize,
        /// Real numbers in the axis, 0 when they are something else.
        given: usize,
    },
    /// A ring that is too short or too long.
    #[error("buf_dur {buf_dur} s at {rate} Hz makes a ring of {frames} frames; 1 to {max} are possible", max = u32::MAX)]
    RingLength {
        /// The setting.
        buf_dur: f64,
        /// Frames per second.
        rate: f64,
        /// What they make.
        frames: f64,
    },
    /// The description is impossible.
    #[error(transparent)]
    Description(#[from] DescriptionError),
}

/// What a message is under given settings: the description that its ring has to have, and what goes into it.
#[derive(Clone, Debug)]
pub struct Plan<'a> {
    /// Name of the buffered axis.
    pub axis: &'a str,
    /// What the ring has to be.
    pub description: Description,
    /// What goes into it.
    pub frames: Frames<'a>,
    /// When.
    pub times: Times<'a>,
}

impl Settings {
    /// Plans a message; `None` when it lacks the buffered axis and is to be ignored.
    ///
    /// # Errors
    /// [`PlanError`].
    pub fn plan<'a>(&self, message: &AxisArray<'a>) -> Result<Option<Plan<'a>>, PlanError> {
        message.check()?;
        let name = self.axis.as_deref().or(message.stream_dim).unwrap_or(DEFAULT_AXIS);
        let Some(dim) = message.dim(name) else { return Ok(None) };
        let (Some(&axis), Some(axis_name)) = (message.axis(name), message.dims.get(dim)) else {
            return Err(PlanError::NoAxis);
        };
        let shape = message.data.shape;
        let dtype = message.data.dtype;
        let frames = Frames::along(message.data.bytes, shape, dim, dtype.size())
            .ok_or(PlanError::Message(MessageError::ShapeTooLarge))?;
        let (rate, srate, times) = pace(&axis, frames.len())?;
        let n_frames = self.ring_frames(rate)?;
        let frame_shape = FrameShape { shape, dim, next: 0 };
        let description = Description::new(dtype, srate, n_frames, frame_shape, Key::cut(message.key))?;
        Ok(Some(Plan { axis: axis_name, description, frames, times }))
    }

    /// Frames of a ring at `rate` frames per second: `ceil(buf_dur * rate)`.
    ///
    /// # Errors
    /// [`PlanError::RingLength`].
    pub fn ring_frames(&self, rate: f64) -> Result<u32, PlanError> {
        let frames = libm::ceil(self.buf_dur * rate);
        if frames >= 1.0 && frames <= f64::from(u32::MAX) {
            return Ok(frames as u32);
        }
        Err(PlanError::RingLength { buf_dur: self.buf_dur, rate, frames })
    }
}

/// Rate that the ring's length follows from, rate that the header says, and the times.
fn pace<'a>(axis: &Axis<'a>, frames: usize) -> Result<(f64, f64, Times<'a>), PlanError> {
    match *axis {
        Axis::Linear { gain, offset, .. } => {
            let rate = 1.0 / gain;
            if !gain.is_finite() || gain <= 0.0 || !rate.is_finite() {
                return Err(PlanError::Gain { gain });
            }
            Ok((rate, rate, Times::Linear { offset, gain }))
        }
        Axis::Coordinate { data, .. } => {
            let real = matches!(data.element, Element::Plain(d) if !matches!(d, DType::C64 | DType::C128));
            let given = match *data.shape {
                [n] if real && n.checked_mul(data.element.size()) == Some(data.bytes.len()) => n,
                _ => 0,
            };
            if given != frames {
                return Err(PlanError::AxisValues { frames, given });
            }
            let times = Times::Values(data);
            if frames < 2 {
                return Ok((ASSUMED_RATE, 0.0, times));
            }
            let step = median(frames - 1, |i| {
                let at = |i| value_at(&data, i).unwrap_or(f64::NAN);
                at(i + 1) - at(i)
            });
            let rate = 1.0 / step;
            if !step.is_finite() || step <= 0.0 || !rate.is_finite() {
                return Err(PlanError::Step { step });
            }
            Ok((rate, 0.0, times))
        }
    }
}

/// The median of `n` values as numpy has it: the mean of the middle two when `n` is even, NaN when any is NaN or `n` is 0.
///
/// Needs no memory: the k-th smallest is found by halving the range of all f64, at most 64 passes over the values.
fn median(n: usize, value: impl Fn(usize) -> f64) -> f64 {
    if n == 0 || (0..n).any(|i| value(i).is_nan()) {
        return f64::NAN;
    }
    let smallest = |k: usize| {
        let (mut low, mut high) = (u64::MIN, u64::MAX);
        while low < high {
            let middle = low + (high - low) / 2;
            let below = (0..n).filter(|&i| ordered(value(i)) <= middle).count();
            if below > k { high = middle } else { low = middle + 1 }
        }
        unordered(low)
    };
    let upper = smallest(n / 2);
    if n % 2 == 1 { upper } else { (smallest(n / 2 - 1) + upper) / 2.0 }
}

/// The bits of an f64, such that their order is the numbers' order.
const fn ordered(x: f64) -> u64 {
    let bits = x.to_bits();
    if bits >> 63 == 0 { bits | 1 << 63 } else { !bits }
}

const fn unordered(bits: u64) -> f64 {
    f64::from_bits(if bits >> 63 == 1 { bits & !(1 << 63) } else { !bits })
}

/// The lengths of all dimensions but one.
struct FrameShape<'a> {
    shape: &'a [usize],
    dim: usize,
    next: usize,
}

impl Iterator for FrameShape<'_> {
    type Item = usize;

    fn next(&mut self) -> Option<usize> {
        if self.next == self.dim {
            self.next += 1;
        }
        let len = self.shape.get(self.next).copied();
        self.next += 1;
        len
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        let left = self.shape.len().saturating_sub(self.next) - usize::from(self.next <= self.dim);
        (left, Some(left))
    }
}

impl ExactSizeIterator for FrameShape<'_> {}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::vec::Vec;

    fn settings(buf_dur: f64) -> Settings {
        Settings { shmem_name: None, buf_dur, axis: None, version: StructVersion::V2 }
    }

    #[test]
    fn ring_length_rounds_up_as_the_published_writer_does() {
        // Recorded: 0.1 s at 333 Hz is 34 frames (golden ring_rounding).
        assert_eq!(settings(0.1).ring_frames(1.0 / (1.0 / 333.0)), Ok(34));
        assert_eq!(settings(0.003).ring_frames(1000.0), Ok(3));
        assert!(matches!(settings(0.0).ring_frames(1000.0), Err(PlanError::RingLength { .. })));
        assert!(matches!(settings(-1.0).ring_frames(1000.0), Err(PlanError::RingLength { .. })));
        assert!(matches!(settings(f64::NAN).ring_frames(1000.0), Err(PlanError::RingLength { .. })));
        assert!(matches!(settings(1e9).ring_frames(1000.0), Err(PlanError::RingLength { .. })));
    }

    #[test]
    fn frame_shape_leaves_out_the_buffered_dimension() {
        for (dim, left) in [(0, [3, 4]), (1, [2, 4]), (2, [2, 3])] {
            let s = FrameShape { shape: &[2, 3, 4], dim, next: 0 };
            assert_eq!(s.len(), 2);
            assert_eq!(s.collect::<Vec<_>>(), left);
        }
        assert_eq!(FrameShape { shape: &[5], dim: 0, next: 0 }.len(), 0);
    }

    proptest! {
        #[test]
        fn median_is_that_of_the_sorted_values(values in prop::collection::vec(-1e12f64..1e12, 1..40)) {
            let mut sorted = values.clone();
            sorted.sort_by(f64::total_cmp);
            let n = sorted.len();
            let expected = if n % 2 == 1 { sorted[n / 2] } else { (sorted[n / 2 - 1] + sorted[n / 2]) / 2.0 };
            prop_assert_eq!(median(n, |i| values[i]), expected);
        }
    }
}
