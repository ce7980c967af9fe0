//! Where the codes of a frame go while it is read: into the ring, scaled and in the element type that was asked for, or aside while a
//! change of settings is under way.
//!
//! Knows neither drivers nor what becomes of the frame.

use axismirror_boards::adc::Codes;
use axismirror_core::dtype::DType;
use axismirror_core::memory::MemoryMut;
use axismirror_core::ring::{Frame, Reserved};

/// A published channel.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Channel {
    /// Its place among all of the board's channels.
    pub(super) index: usize,
    /// Volts for one step of its code.
    pub(super) volts_per_code: f64,
}

/// What becomes of one of the board's channels.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Slot {
    /// Its sample's place in the published frame; none when it is not published.
    sample: Option<usize>,
    volts_per_code: f64,
}

/// For each of a board's `all` channels, what becomes of it when `channels` are published in this order.
pub(super) fn slots(all: usize, channels: &[Channel]) -> Vec<Slot> {
    let mut slots = vec![Slot { sample: None, volts_per_code: f64::NAN }; all];
    for (sample, channel) in channels.iter().enumerate() {
        if let Some(slot) = slots.get_mut(channel.index) {
            *slot = Slot { sample: Some(sample), volts_per_code: channel.volts_per_code };
        }
    }
    slots
}

/// A frame that is being read.
pub(super) enum Place<'o, M> {
    /// In the ring as codes.
    I32(Frame<'o, M, i32>, &'o [Slot]),
    /// In the ring as volts.
    F32(Frame<'o, M, f32>, &'o [Slot]),
    /// In the ring as volts.
    F64(Frame<'o, M, f64>, &'o [Slot]),
    /// Aside: all of the board's channels.
    Aside(&'o mut [i32]),
}

impl<'o, M: MemoryMut> Place<'o, M> {
    /// Frame `i` of the reserved ones. `None` when there is no such frame, or when samples are not of the type.
    pub(super) fn in_ring(reserved: &Reserved<'o, M>, i: u32, dtype: DType, slots: &'o [Slot]) -> Option<Self> {
        match dtype {
            DType::I32 => reserved.frame(i).map(|f| Self::I32(f, slots)),
            DType::F32 => reserved.frame(i).map(|f| Self::F32(f, slots)),
            DType::F64 => reserved.frame(i).map(|f| Self::F64(f, slots)),
            _ => None,
        }
    }
}

impl<M: MemoryMut> Codes for Place<'_, M> {
    fn channels(&self) -> usize {
        match self {
            Self::I32(_, slots) | Self::F32(_, slots) | Self::F64(_, slots) => slots.len(),
            Self::Aside(codes) => codes.len(),
        }
    }

    #[inline]
    fn set(&mut self, channel: usize, code: i32) {
        let slot = |slots: &[Slot]| slots.get(channel).and_then(|s| Some((s.sample?, s.volts_per_code)));
        match self {
            Self::I32(frame, slots) => {
                if let Some((sample, _)) = slot(slots) {
                    frame.set(sample, code);
                }
            }
            Self::F32(frame, slots) => {
                if let Some((sample, lsb)) = slot(slots) {
                    frame.set(sample, (f64::from(code) * lsb) as f32);
                }
            }
            Self::F64(frame, slots) => {
                if let Some((sample, lsb)) = slot(slots) {
                    frame.set(sample, f64::from(code) * lsb);
                }
            }
            Self::Aside(codes) => codes.set(channel, code),
        }
    }
}

#[cfg(test)]
mod tests {
    use axismirror_core::axis_array::{Axis, AxisArray, Samples};
    use axismirror_core::extension::{Clock, Writer};
    use axismirror_core::header::StructVersion;
    use axismirror_core::mirror::{Mirror, Reading, Start, Take};
    use axismirror_core::name::StreamName;
    use axismirror_core::publisher::Publisher;
    use axismirror_core::settings::Settings;
    use axismirror_core::shared::SharedBytes;
    use axismirror_core::slice_store::SliceStore;

    use super::*;

    const CHANNELS: [Channel; 2] =
        [Channel { index: 2, volts_per_code: 0.5 }, Channel { index: 0, volts_per_code: 0.25 }];

    #[repr(align(8))]
    struct Bytes([u8; 4096]);

    /// The bytes of a frame with the codes 4, 5, -6 as a mirror reads them.
    fn published(dtype: DType) -> Vec<u8> {
        let mut segments = [Bytes([0; 4096]), Bytes([0; 4096]), Bytes([0; 4096])];
        let [header, data, meta] = &mut segments;
        let store = SliceStore::new([
            SharedBytes::from_slice(&mut header.0).unwrap(),
            SharedBytes::from_slice(&mut data.0).unwrap(),
            SharedBytes::from_slice(&mut meta.0).unwrap(),
        ]);
        let name = StreamName::new("place").unwrap();
        let settings =
            Settings { shmem_name: Some(name.clone()), buf_dur: 4.0, axis: None, version: StructVersion::default() };
        let writer = Writer { pid: 1, start: 1 };
        let mut publisher = Publisher::open(&store, (), settings, writer, Clock::Monotonic).unwrap();
        let message = AxisArray {
            data: Samples { dtype, shape: &[0, 2], bytes: &[] },
            dims: &["time", "ch"],
            axes: &[("time", Axis::Linear { unit: "s", gain: 1.0, offset: 0.0 })],
            attrs: &[],
            key: "",
            stream_dim: Some("time"),
        };
        publisher.describe(&message).unwrap();
        let slots = slots(3, &CHANNELS);
        let reserved = publisher.reserve(1).unwrap();
        let mut place = Place::in_ring(&reserved, 0, dtype, &slots).unwrap();
        assert_eq!(place.channels(), 3);
        for (channel, code) in [4, 5, -6, 7].into_iter().enumerate() {
            place.set(channel, code);
        }
        publisher.commit(1, 0).unwrap();
        let mut mirror = Mirror::new(&store, name, Start::Oldest);
        let mut bytes = vec![0; 2 * dtype.size()];
        assert_eq!(mirror.read(Take::UpTo(1), &mut bytes, &mut []), Ok(Reading::Changed));
        assert!(matches!(mirror.read(Take::UpTo(1), &mut bytes, &mut []), Ok(Reading::Frames(r)) if r.frames == 1));
        bytes
    }

    #[test]
    fn channels_are_chosen_and_scaled() {
        let i4 = published(DType::I32);
        assert_eq!(i4.as_chunks().0.iter().map(|b| i32::from_le_bytes(*b)).collect::<Vec<_>>(), [-6, 4]);
        let f4 = published(DType::F32);
        assert_eq!(f4.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect::<Vec<_>>(), [-3.0, 1.0]);
        let f8 = published(DType::F64);
        assert_eq!(f8.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b)).collect::<Vec<_>>(), [-3.0, 1.0]);
    }
}
