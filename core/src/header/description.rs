//! The description of a stream: what a reader has to know to make sense of the data segment.
//!
//! A [`Description`] cannot hold an invalid state: it is checked when it is made of a message or parsed from a header that anybody may
//! have written. Knows no segments and no clocks.

use heapless::Vec;

use super::layout::{MAX_KEY, StructVersion};
use super::view::HeaderView;
use crate::axis_array::MAX_RANK;
use crate::dtype::DType;
use crate::memory::{Memory, MemoryMut};

/// Size of one f64 time.
const TIME_BYTES: usize = 8;

/// A stream's key as the header holds it: UTF-8 of the sender, cut to [`MAX_KEY`] bytes (maybe within a character).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Key(Vec<u8, MAX_KEY>);

impl Key {
    /// The first [`MAX_KEY`] bytes of a key.
    #[must_use]
    pub fn cut(key: &str) -> Self {
        let bytes = key.as_bytes();
        Self(Vec::from_slice(bytes.get(..MAX_KEY).unwrap_or(bytes)).unwrap_or_default())
    }

    /// Its bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The longest beginning that is valid UTF-8.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match core::str::from_utf8(&self.0) {
            Ok(s) => s,
            Err(e) => self.0.get(..e.valid_up_to()).and_then(|b| core::str::from_utf8(b).ok()).unwrap_or(""),
        }
    }
}

/// What is wrong with a description, of a message or in a header.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum DescriptionError {
    /// An element type that the ring does not carry.
    #[error("dtype character 0x{char:02x} is none of ? b B h H i I l L q Q e f d F D")]
    UnknownDType {
        /// What the header holds.
        char: u8,
    },
    /// Negative, NaN or infinite.
    #[error("the sample rate is {srate} Hz; it has to be finite and not negative")]
    Rate {
        /// What was given.
        srate: f64,
    },
    /// No dimension, or more than there is room for.
    #[error("the header names {ndim} dimensions; 1 to {MAX_RANK} are possible")]
    Rank {
        /// What was given.
        ndim: u32,
    },
    /// A ring without frames.
    #[error("the ring would have no frames")]
    NoFrames,
    /// A frame without samples.
    #[error("dimension {dimension} has length 0, so a frame would hold no samples")]
    EmptyFrame {
        /// Index of the first such dimension, the buffered one being 0.
        dimension: usize,
    },
    /// A dimension beyond u32.
    #[error("dimension {dimension} has length {len}; the header holds at most {max}", max = u32::MAX)]
    DimensionTooLong {
        /// Its index, the buffered one being 0.
        dimension: usize,
        /// Its length.
        len: usize,
    },
    /// More bytes than this machine can address.
    #[error("the ring's size in bytes does not fit in this machine's address space")]
    TooLarge,
    /// A key length beyond its field.
    #[error("the key's length is {len}; its field has {MAX_KEY} bytes")]
    KeyLength {
        /// What the header holds.
        len: u32,
    },
}

/// What makes two messages part of the same buffer: element type, rate, ring length, frame shape, key.
#[derive(Clone, Debug, PartialEq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Description {
    dtype: DType,
    srate: f64,
    n_frames: u32,
    frame_shape: Vec<u32, { MAX_RANK - 1 }>,
    key: Key,
    frame_bytes: usize,
}

impl Description {
    /// Checks and makes one.
    ///
    /// `srate` in Hz, 0.0 when irregular; `frame_shape` is the shape of one frame, empty when a frame is a single sample.
    ///
    /// # Errors
    /// [`DescriptionError`].
    pub fn new(
        dtype: DType,
        srate: f64,
        n_frames: u32,
        frame_shape: impl ExactSizeIterator<Item = usize>,
        key: Key,
    ) -> Result<Self, DescriptionError> {
        if !srate.is_finite() || srate < 0.0 {
            return Err(DescriptionError::Rate { srate });
        }
        if n_frames == 0 {
            return Err(DescriptionError::NoFrames);
        }
        let ndim = u32::try_from(frame_shape.len().saturating_add(1)).unwrap_or(u32::MAX);
        let mut shape = Vec::new();
        let mut frame_bytes = dtype.size();
        for (i, len) in frame_shape.enumerate() {
            let dimension = i + 1;
            if len == 0 {
                return Err(DescriptionError::EmptyFrame { dimension });
            }
            let short = u32::try_from(len).map_err(|_| DescriptionError::DimensionTooLong { dimension, len })?;
            shape.push(short).map_err(|_| DescriptionError::Rank { ndim })?;
            frame_bytes = frame_bytes.checked_mul(len).ok_or(DescriptionError::TooLarge)?;
        }
        // Times included, whatever the version: so every length that follows from a description can be computed without a check.
        let slot = frame_bytes.checked_add(TIME_BYTES).ok_or(DescriptionError::TooLarge)?;
        let total = usize::try_from(n_frames).ok().and_then(|n| n.checked_mul(slot));
        if total.is_none_or(|t| isize::try_from(t).is_err()) {
            return Err(DescriptionError::TooLarge);
        }
        Ok(Self { dtype, srate, n_frames, frame_shape: shape, key, frame_bytes })
    }

    /// Parses the header's fields. Says nothing about `bvalid`.
    ///
    /// # Errors
    /// [`DescriptionError`] for anything that no writer of this layout leaves.
    pub fn parse<M: Memory>(header: &HeaderView<M>) -> Result<Self, DescriptionError> {
        let char = header.dtype();
        let dtype = DType::from_char(char).ok_or(DescriptionError::UnknownDType { char })?;
        let ndim = header.ndim();
        let rank = usize::try_from(ndim).unwrap_or(usize::MAX);
        if rank == 0 || rank > MAX_RANK {
            return Err(DescriptionError::Rank { ndim });
        }
        let len = header.key_len();
        let mut key = Key::default();
        let wanted = usize::try_from(len).unwrap_or(usize::MAX);
        key.0.resize(wanted, 0).map_err(|_| DescriptionError::KeyLength { len })?;
        header.read_key(&mut key.0);
        let frame_shape = (1..rank).map(|d| usize::try_from(header.shape(d)).unwrap_or(usize::MAX));
        Self::new(dtype, header.srate(), header.shape(0), frame_shape, key)
    }

    /// Writes the header's fields. Leaves `bvalid`, the generations and the counters alone, and entries of `shape` and bytes of the
    /// key behind the new ones as they were (as the published writer does).
    pub fn emit<M: MemoryMut>(&self, header: &HeaderView<M>) {
        header.set_dtype(self.dtype.char());
        header.set_srate(self.srate);
        header.set_ndim(u32::try_from(self.frame_shape.len()).unwrap_or(0) + 1);
        header.set_shape(0, self.n_frames);
        for (i, len) in self.frame_shape.iter().enumerate() {
            header.set_shape(i + 1, *len);
        }
        header.set_key(self.key.as_bytes());
    }

    /// Type of each sample.
    #[must_use]
    pub const fn dtype(&self) -> DType {
        self.dtype
    }

    /// Nominal frames per second; 0.0 when irregular.
    #[must_use]
    pub const fn srate(&self) -> f64 {
        self.srate
    }

    /// Frames in the ring.
    #[must_use]
    pub const fn n_frames(&self) -> u32 {
        self.n_frames
    }

    /// Shape of one frame; empty when a frame is a single sample.
    #[must_use]
    pub fn frame_shape(&self) -> &[u32] {
        &self.frame_shape
    }

    /// Samples in one frame.
    #[must_use]
    pub const fn frame_samples(&self) -> usize {
        self.frame_bytes / self.dtype.size()
    }

    /// Where the stream comes from.
    #[must_use]
    pub const fn key(&self) -> &Key {
        &self.key
    }

    /// Bytes of one frame.
    #[must_use]
    pub const fn frame_bytes(&self) -> usize {
        self.frame_bytes
    }

    /// Bytes of the data segment that readers of this version expect.
    #[must_use]
    pub const fn data_len(&self, version: StructVersion) -> usize {
        self.frames_at(version) + self.n_frames as usize * self.frame_bytes
    }

    /// Where the first frame lies in the data segment: behind the times, if there are any.
    #[must_use]
    pub const fn frames_at(&self, version: StructVersion) -> usize {
        if version.has_times() { self.n_frames as usize * TIME_BYTES } else { 0 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::SharedBytes;

    #[repr(align(8))]
    struct Page([u8; 1400]);

    fn description(shape: &[usize]) -> Result<Description, DescriptionError> {
        Description::new(DType::F32, 250.0, 10, shape.iter().copied(), Key::cut("eeg"))
    }

    #[test]
    fn what_is_emitted_parses_to_the_same() {
        let mut page = Page([0; 1400]);
        let m = SharedBytes::from_slice(&mut page.0).unwrap();
        for version in StructVersion::ALL {
            let h = HeaderView::new(m, version).unwrap();
            let d = description(&[2, 3]).unwrap();
            d.emit(&h);
            assert_eq!(Description::parse(&h), Ok(d));
        }
    }

    #[test]
    fn sizes() {
        let d = description(&[2, 3]).unwrap();
        assert_eq!((d.frame_bytes(), d.frame_samples()), (24, 6));
        assert_eq!((d.frames_at(StructVersion::V1), d.data_len(StructVersion::V1)), (0, 240));
        assert_eq!((d.frames_at(StructVersion::V2), d.data_len(StructVersion::V2)), (80, 320));
        assert_eq!(description(&[]).unwrap().frame_bytes(), 4);
    }

    #[test]
    fn impossible_ones_cannot_be_made() {
        assert_eq!(description(&[2, 0]).err(), Some(DescriptionError::EmptyFrame { dimension: 2 }));
        assert_eq!(description(&[1; 64]).err(), Some(DescriptionError::Rank { ndim: 65 }));
        assert_eq!(
            description(&[usize::MAX / 2, 2]).err().map(|e| matches!(e, DescriptionError::DimensionTooLong { .. })),
            Some(true)
        );
        assert_eq!(description(&[1 << 30, 1 << 30, 1 << 30]).err(), Some(DescriptionError::TooLarge));
        for srate in [-1.0, f64::NAN, f64::INFINITY] {
            let d = Description::new(DType::F32, srate, 1, [].into_iter(), Key::default());
            assert!(matches!(d, Err(DescriptionError::Rate { .. })));
        }
    }

    #[test]
    fn any_header_bytes_parse_or_are_refused() {
        let mut page = Page([0xFF; 1400]);
        let m = SharedBytes::from_slice(&mut page.0).unwrap();
        let h = HeaderView::new(m, StructVersion::V2).unwrap();
        assert_eq!(Description::parse(&h), Err(DescriptionError::UnknownDType { char: 0xFF }));
        h.set_dtype(b'f');
        assert_eq!(Description::parse(&h), Err(DescriptionError::Rank { ndim: u32::MAX }));
        h.set_ndim(64);
        assert_eq!(Description::parse(&h), Err(DescriptionError::KeyLength { len: u32::MAX }));
        h.set_key(b"");
        h.set_srate(1.0);
        assert!(matches!(Description::parse(&h), Err(DescriptionError::TooLarge)));
    }

    #[test]
    fn a_key_cut_within_a_character_keeps_its_bytes() {
        let mut long = heapless::String::<2000>::new();
        for _ in 0..400 {
            long.push('✓').unwrap();
        }
        let key = Key::cut(&long);
        assert_eq!(key.as_bytes().len(), 1024);
        assert_eq!(key.as_str().len(), 1023);
    }
}
