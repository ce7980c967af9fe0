//! A stream in static slices: the publisher as an acquisition's sink, and a reader that verifies the counter signal.
//!
//! Must never know of drivers or of what goes wrong in them.

use axismirror_boards::acquisition::{self, Sink};
use axismirror_boards::adc::Codes;
use axismirror_core::axis_array::{Axis, AxisArray, Samples};
use axismirror_core::dtype::DType;
use axismirror_core::extension::{Clock, Writer};
use axismirror_core::header::{HEADER_SEGMENT_LEN, StructVersion};
use axismirror_core::mirror::{Mirror, Proof, Reading, Start, Take};
use axismirror_core::name::StreamName;
use axismirror_core::publisher::{PublishError, Publisher};
use axismirror_core::ring::Frame;
use axismirror_core::settings::Settings;
use axismirror_core::shared::SharedBytes;
use axismirror_core::slice_store::{NoSlice, SliceStore};

use crate::checks::Failure;

/// Frames per second, the ADS1299's slowest rate.
pub(crate) const RATE: u32 = 250;
/// Channels of the ADS1299.
pub(crate) const CHANNELS: usize = 8;
/// Frames of a chunk.
pub(crate) const CHUNK: u32 = 10;
/// Frames of the ring: one second.
pub(crate) const RING: usize = RATE as usize;
/// Header, ring, static metadata.
const SEGMENTS: usize = 3;

const FRAME_BYTES: usize = CHANNELS * size_of::<i32>();
/// Frames and times, and some more: the layout is the core's business.
const DATA_LEN: usize = RING * (FRAME_BYTES + size_of::<f64>()) + 256;
const STATIC_METADATA_LEN: usize = 1024;
const NAME: &str = "firmware";

/// Memory of the alignment that the core asks for.
#[repr(align(8))]
struct Aligned<const N: usize>([u8; N]);

/// The memory of one stream's segments.
pub(crate) struct Slices {
    header: Aligned<HEADER_SEGMENT_LEN>,
    data: Aligned<DATA_LEN>,
    static_metadata: Aligned<STATIC_METADATA_LEN>,
}

/// Segments in those slices.
pub(crate) type Store<'m> = SliceStore<'m, SEGMENTS>;

impl Slices {
    /// Zeros.
    pub(crate) const fn new() -> Self {
        Self { header: Aligned([0; _]), data: Aligned([0; _]), static_metadata: Aligned([0; _]) }
    }

    /// A store without a segment yet.
    pub(crate) fn store(&mut self) -> Result<Store<'_>, Failure> {
        Ok(SliceStore::new([
            SharedBytes::from_slice(&mut self.header.0)?,
            SharedBytes::from_slice(&mut self.data.0)?,
            SharedBytes::from_slice(&mut self.static_metadata.0)?,
        ]))
    }
}

/// An acquisition decodes into the ring; what is filled is published chunk by chunk.
pub(crate) struct Outlet<'s, 'm> {
    publisher: Publisher<&'s Store<'m>>,
    /// Frames of the chunk that is being filled, and the last one's time.
    filled: u32,
    newest_ns: i64,
}

impl<'s, 'm> Outlet<'s, 'm> {
    /// Makes the stream; its ring is described and empty.
    pub(crate) fn new(store: &'s Store<'m>) -> Result<Self, Failure> {
        let settings = Settings {
            shmem_name: Some(StreamName::new(NAME)?),
            buf_dur: 1.0,
            axis: None,
            version: StructVersion::default(),
        };
        let mut publisher = Publisher::open(store, (), settings, Writer { pid: 1, start: 1 }, Clock::Monotonic)?;
        publisher.describe(&AxisArray {
            data: Samples { dtype: DType::I32, shape: &[0, CHANNELS], bytes: &[] },
            dims: &["time", "ch"],
            axes: &[("time", Axis::Linear { unit: "s", gain: 1.0 / f64::from(RATE), offset: 0.0 })],
            attrs: &[],
            key: NAME,
            stream_dim: Some("time"),
        })?;
        Ok(Self { publisher, filled: 0, newest_ns: 0 })
    }

    /// Publishes what there is of a chunk.
    pub(crate) fn flush(&mut self) -> Result<(), PublishError<NoSlice>> {
        self.publisher.commit(core::mem::take(&mut self.filled), self.newest_ns)
    }

    /// Ends the stream.
    pub(crate) fn close(self) {
        self.publisher.close();
    }
}

impl Sink for Outlet<'_, '_> {
    type Error = PublishError<NoSlice>;

    fn codes(&mut self) -> impl Codes + '_ {
        Place(self.publisher.reserve(self.filled + 1).ok().and_then(|r| r.frame(self.filled)))
    }

    fn frame(&mut self, frame: &acquisition::Frame<'_>) -> Result<(), Self::Error> {
        self.publisher.reserve(self.filled + 1)?.set_time(self.filled, frame.time_ns as f64 / 1e9);
        self.filled += 1;
        self.newest_ns = frame.time_ns;
        self.publisher.set_health(frame.health);
        if self.filled >= CHUNK { self.flush() } else { Ok(()) }
    }
}

/// The next frame of the ring, as codes.
struct Place<'r, 'm>(Option<Frame<'r, SharedBytes<'m>, i32>>);

impl Codes for Place<'_, '_> {
    fn channels(&self) -> usize {
        self.0.as_ref().map_or(0, Frame::len)
    }

    fn set(&mut self, channel: usize, code: i32) {
        if let Some(frame) = &mut self.0 {
            frame.set(channel, code);
        }
    }
}

/// A mirror that verifies the counter signal: channel c of frame k has the code 8 k + c.
pub(crate) struct Verifier<'s, 'm> {
    mirror: Mirror<&'s Store<'m>>,
    bytes: [u8; RING * FRAME_BYTES],
    times: [f64; RING],
    /// Frames read.
    pub(crate) frames: u64,
    /// Frames that were overwritten before they were read.
    pub(crate) missed: u64,
    /// Frames that the ADC counted and that were not in the stream, and how often such a gap was seen.
    pub(crate) absent: u64,
    pub(crate) gaps: u64,
    /// Code and time of the first frame, from which the others follow.
    first: Option<(u64, f64)>,
    next: u64,
}

impl<'s, 'm> Verifier<'s, 'm> {
    /// From the oldest frame on.
    pub(crate) fn new(store: &'s Store<'m>) -> Result<Self, Failure> {
        let mirror = Mirror::new(store, StreamName::new(NAME)?, Start::Oldest);
        Ok(Self {
            mirror,
            bytes: [0; _],
            times: [0.0; _],
            frames: 0,
            missed: 0,
            absent: 0,
            gaps: 0,
            first: None,
            next: 0,
        })
    }

    /// Reads what is new and verifies each frame. `true` once the stream is there.
    pub(crate) fn read(&mut self) -> Result<bool, Failure> {
        let read = match self.mirror.read(Take::UpTo(RING), &mut self.bytes, &mut self.times)? {
            Reading::Frames(read) => read,
            Reading::Changed | Reading::NotValid | Reading::Absent => return Ok(false),
        };
        if read.proof != Proof::Untorn {
            return Err(Failure::new("a read without proof"));
        }
        self.missed += read.missed;
        self.next += read.missed;
        for i in 0..read.frames {
            self.frame(i)?;
        }
        Ok(true)
    }

    fn frame(&mut self, i: usize) -> Result<(), Failure> {
        let (samples, _) = self.bytes.as_chunks::<{ size_of::<i32>() }>();
        let codes = samples.get(i * CHANNELS..(i + 1) * CHANNELS).unwrap_or_default();
        let code = |c: usize| codes.get(c).map_or(-1, |b| i32::from_le_bytes(*b));
        let number = u64::try_from(code(0)).unwrap_or(u64::MAX) / CHANNELS as u64;
        for c in 0..CHANNELS {
            if i64::from(code(c)) != (number as i64) * CHANNELS as i64 + c as i64 {
                return Err(Failure::of(format_args!("channel {c} of frame {number} has the code {}", code(c))));
            }
        }
        let absent = number.checked_sub(self.next);
        let absent = absent.ok_or_else(|| Failure::of(format_args!("frame {number} after {}", self.next)))?;
        self.absent += absent;
        self.gaps += u64::from(absent > 0);
        self.next = number + 1;
        self.frames += 1;
        // A frame's time is that of its DRDY: 4 ms a frame, by the simulated chip's own clock.
        let time = self.times.get(i).copied().unwrap_or(f64::NAN);
        let (first, first_time) = *self.first.get_or_insert((number, time));
        let expected = first_time + (number - first) as f64 / f64::from(RATE);
        let off = time - expected;
        if !(-1e-6..=1e-6).contains(&off) {
            return Err(Failure::of(format_args!("frame {number} is {off} s from its time")));
        }
        Ok(())
    }

    /// The counters that the stream carries.
    pub(crate) fn health(&self) -> Option<axismirror_core::health::Health> {
        self.mirror.extension().map(|e| e.health())
    }
}
