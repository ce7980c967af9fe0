//! A chunk as it goes over the network.
//!
//! ```text
//!    0  magic        u32  "AXMC"
//!    4  version      u16  1
//!    6  header_len   u16  bytes up to the times, a multiple of 8; more than 56 in later versions
//!    8  relay        u64  random: the run of the relay that sends
//!   16  instance     u64  the run of the stream that the frames are numbered in
//!   24  description  u64  which description the frames have (info.rs)
//!   32  first        u64  number of the first frame, counted over all generations of the instance
//!   40  generation   u32  buffer generation of the sender's ring
//!   44  frames       u32  how many, at least 1
//!   48  frame_len    u32  bytes of a frame
//!   52  flags        u32  bit 0 TIMES: there are times; bit 1 GONE: no frame follows, they cannot be had any more
//!   56  times        f64 x frames, seconds of the stream's clock; only with TIMES
//!    .  data         frames x frame_len bytes, C order
//!    .  end
//! ```
//!
//! All is little-endian. Box and stream are in the key. [`ChunkView`] is the bytes whose lengths were checked, [`Chunk`] what they say. Knows nothing
//! of zenoh, and trusts no byte.

/// Bytes of the header in this version.
pub const HEADER_LEN: usize = 56;
/// The longest message, whatever it says.
pub const MAX_LEN: usize = 4 << 20;
/// What a message has at the beginning.
const MAGIC: u32 = u32::from_le_bytes(*b"AXMC");
/// The version that is written. Readers take later ones that begin alike.
const VERSION: u16 = 1;

const TIMES: u32 = 1;
const GONE: u32 = 2;
/// Bytes of a time.
const TIME_LEN: usize = 8;

const VERSION_AT: usize = 4;
const HEADER_LEN_AT: usize = 6;
const RELAY: usize = 8;
const INSTANCE: usize = 16;
const DESCRIPTION: usize = 24;
const FIRST: usize = 32;
const GENERATION: usize = 40;
const FRAMES: usize = 44;
const FRAME_LEN: usize = 48;
const FLAGS: usize = 52;

/// Why bytes are no chunk.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChunkError {
    /// Too short for a header, or longer than any.
    #[error("a chunk has {HEADER_LEN} to {MAX_LEN} bytes; these are {len}")]
    Length {
        /// What there is.
        len: usize,
    },
    /// Something else.
    #[error("the bytes do not begin as a chunk does")]
    Magic,
    /// Of a version that did not exist, or with a header that cannot be.
    #[error("version {version} with a header of {header_len} bytes is unknown")]
    Version {
        /// What it says.
        version: u16,
        /// What it says.
        header_len: u16,
    },
    /// The frames' number or size says another length.
    #[error("{frames} frames of {frame_len} bytes do not make {len} bytes")]
    Content {
        /// What it says.
        frames: u32,
        /// What it says.
        frame_len: u32,
        /// What there is.
        len: usize,
    },
}

/// What a chunk says besides its frames.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chunk {
    /// The run of the relay.
    pub relay: u64,
    /// The run of the stream.
    pub instance: u64,
    /// Which description the frames have.
    pub description: u64,
    /// Number of the first frame.
    pub first: u64,
    /// Buffer generation of the sender's ring.
    pub generation: u32,
    /// How many frames, at least 1.
    pub frames: u32,
    /// Bytes of a frame.
    pub frame_len: u32,
    /// What follows.
    pub content: Content,
}

/// What a chunk holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Content {
    /// Frames.
    Frames,
    /// A time for each frame, and the frames.
    TimedFrames,
    /// Nothing: the frames cannot be had any more.
    Gone,
}

impl Chunk {
    /// Reads what a checked message says.
    #[must_use]
    pub fn parse(view: &ChunkView<'_>) -> Self {
        Self {
            relay: view.u64(RELAY),
            instance: view.u64(INSTANCE),
            description: view.u64(DESCRIPTION),
            first: view.u64(FIRST),
            generation: view.u32(GENERATION),
            frames: view.u32(FRAMES),
            frame_len: view.u32(FRAME_LEN),
            content: content(view.u32(FLAGS)),
        }
    }

    /// The number behind the last frame's.
    #[must_use]
    pub const fn end(&self) -> u64 {
        self.first.saturating_add(self.frames as u64)
    }

    /// The message, with as many times and bytes of frames as it says: what is too much is left out, what is missing is NaN and zeros.
    #[must_use]
    pub fn emit(&self, times: &[f64], data: &[u8]) -> Vec<u8> {
        let flags = match self.content {
            Content::Frames => 0,
            Content::TimedFrames => TIMES,
            Content::Gone => GONE,
        };
        let len = content_len(self.frames, self.frame_len, flags).unwrap_or(0);
        let mut out = Vec::with_capacity(HEADER_LEN + len);
        out.extend(MAGIC.to_le_bytes());
        out.extend(VERSION.to_le_bytes());
        out.extend((HEADER_LEN as u16).to_le_bytes());
        for field in [self.relay, self.instance, self.description, self.first] {
            out.extend(field.to_le_bytes());
        }
        for field in [self.generation, self.frames, self.frame_len, flags] {
            out.extend(field.to_le_bytes());
        }
        if self.content == Content::TimedFrames {
            let times = times.iter().copied().chain(std::iter::repeat(f64::NAN));
            times.take(self.frames as usize).for_each(|time| out.extend(time.to_le_bytes()));
        }
        let room = HEADER_LEN + len - out.len();
        out.extend(data.get(..room).unwrap_or(data));
        out.resize(HEADER_LEN + len, 0);
        out
    }
}

const fn content(flags: u32) -> Content {
    if flags & GONE != 0 {
        Content::Gone
    } else if flags & TIMES != 0 {
        Content::TimedFrames
    } else {
        Content::Frames
    }
}

/// Bytes behind the header.
fn content_len(frames: u32, frame_len: u32, flags: u32) -> Option<usize> {
    let slot = match content(flags) {
        Content::Gone => 0,
        Content::TimedFrames => (frame_len as usize).checked_add(TIME_LEN)?,
        Content::Frames => frame_len as usize,
    };
    (frames as usize).checked_mul(slot)
}

/// A message whose lengths were checked.
#[derive(Clone, Copy, Debug)]
pub struct ChunkView<'a> {
    bytes: &'a [u8],
}

impl<'a> ChunkView<'a> {
    /// Checks lengths and kind.
    ///
    /// # Errors
    /// [`ChunkError`].
    pub fn new(bytes: &'a [u8]) -> Result<Self, ChunkError> {
        let view = Self { bytes };
        let len = bytes.len();
        if !(HEADER_LEN..=MAX_LEN).contains(&len) {
            return Err(ChunkError::Length { len });
        }
        if view.u32(0) != MAGIC {
            return Err(ChunkError::Magic);
        }
        let (version, header_len) = (view.u16(VERSION_AT), view.u16(HEADER_LEN_AT));
        if version < VERSION || usize::from(header_len) < HEADER_LEN || !header_len.is_multiple_of(8) {
            return Err(ChunkError::Version { version, header_len });
        }
        let (frames, frame_len) = (view.u32(FRAMES), view.u32(FRAME_LEN));
        let needed = content_len(frames, frame_len, view.u32(FLAGS)).and_then(|n| n.checked_add(header_len.into()));
        let numbered = view.u64(FIRST).checked_add(frames.into()).is_some();
        if frames == 0 || frame_len == 0 || needed != Some(len) || !numbered {
            return Err(ChunkError::Content { frames, frame_len, len });
        }
        Ok(view)
    }

    /// The times as bytes, 8 a frame; none when the stream has none.
    #[must_use]
    pub fn time_bytes(&self) -> &'a [u8] {
        let start = self.header_len();
        self.bytes.get(start..start + self.times_len()).unwrap_or_default()
    }

    /// The time of each frame in seconds.
    pub fn times(&self) -> impl ExactSizeIterator<Item = f64> + use<'a> {
        self.time_bytes().as_chunks().0.iter().map(|b| f64::from_le_bytes(*b))
    }

    /// The frames' bytes.
    #[must_use]
    pub fn data(&self) -> &'a [u8] {
        self.bytes.get(self.header_len() + self.times_len()..).unwrap_or_default()
    }

    fn header_len(&self) -> usize {
        self.u16(HEADER_LEN_AT).into()
    }

    fn times_len(&self) -> usize {
        match content(self.u32(FLAGS)) {
            Content::TimedFrames => self.u32(FRAMES) as usize * TIME_LEN,
            Content::Frames | Content::Gone => 0,
        }
    }

    fn array<const N: usize>(&self, at: usize) -> [u8; N] {
        self.bytes.get(at..).and_then(|b| b.first_chunk()).copied().unwrap_or([0; N])
    }

    fn u16(&self, at: usize) -> u16 {
        u16::from_le_bytes(self.array(at))
    }

    fn u32(&self, at: usize) -> u32 {
        u32::from_le_bytes(self.array(at))
    }

    fn u64(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.array(at))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// By hand, from the table at the head of this file: two frames of three bytes with times 1.0 and -2.5.
    const BY_HAND: [u8; 78] = [
        b'A', b'X', b'M', b'C', 1, 0, 56, 0, // magic, version, header_len
        0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11, // relay
        2, 0, 0, 0, 0, 0, 0, 0x80, // instance
        3, 0, 0, 0, 0, 0, 0, 0, // description
        0xff, 0, 1, 0, 0, 0, 0, 0, // first
        7, 0, 0, 0, 2, 0, 0, 0, // generation, frames
        3, 0, 0, 0, 1, 0, 0, 0, // frame_len, flags
        0, 0, 0, 0, 0, 0, 0xf0, 0x3f, 0, 0, 0, 0, 0, 0, 4, 0xc0, // times: IEEE 754
        1, 2, 3, 4, 5, 6, // frames
    ];
    const SAID: Chunk = Chunk {
        relay: 0x1122_3344_5566_7788,
        instance: 0x8000_0000_0000_0002,
        description: 3,
        first: 0x1_00ff,
        generation: 7,
        frames: 2,
        frame_len: 3,
        content: Content::TimedFrames,
    };

    #[test]
    fn a_message_by_hand() {
        let view = ChunkView::new(&BY_HAND).unwrap();
        assert_eq!(Chunk::parse(&view), SAID);
        assert!(view.times().eq([1.0, -2.5]));
        assert_eq!(view.data(), [1, 2, 3, 4, 5, 6]);
        assert_eq!(SAID.emit(&[1.0, -2.5], &[1, 2, 3, 4, 5, 6]), BY_HAND);
        assert_eq!(SAID.end(), 0x1_0101);
        let gone = Chunk { content: Content::Gone, ..SAID };
        let bytes = gone.emit(&[], &[]);
        assert_eq!((bytes.len(), bytes[52]), (56, 2));
        let view = ChunkView::new(&bytes).unwrap();
        assert_eq!((Chunk::parse(&view), view.data().len(), view.times().len()), (gone, 0, 0));
    }

    #[test]
    fn what_a_later_version_has_more_is_skipped() {
        let mut later = BY_HAND.to_vec();
        later[4] = 2;
        later[6] = 64;
        later.splice(56..56, [9; 8]);
        let view = ChunkView::new(&later).unwrap();
        assert_eq!((Chunk::parse(&view), view.data()), (SAID, &[1, 2, 3, 4, 5, 6][..]));
        assert!(view.times().eq([1.0, -2.5]));
    }

    #[test]
    fn what_is_no_chunk_is_said() {
        let with = |at: usize, byte: u8| {
            let mut bytes = BY_HAND.to_vec();
            bytes[at] = byte;
            ChunkView::new(&bytes).unwrap_err()
        };
        assert_eq!(with(0, b'a'), ChunkError::Magic);
        assert_eq!(with(4, 0), ChunkError::Version { version: 0, header_len: 56 });
        assert_eq!(with(6, 48), ChunkError::Version { version: 1, header_len: 48 });
        assert_eq!(with(6, 60), ChunkError::Version { version: 1, header_len: 60 });
        assert!(matches!(with(7, 0xff), ChunkError::Content { .. }));
        assert!(matches!(with(44, 0), ChunkError::Content { frames: 0, .. }));
        assert!(matches!(with(47, 0xff), ChunkError::Content { .. }));
        assert!(matches!(with(51, 0xff), ChunkError::Content { .. }));
        assert!(matches!(with(52, 0), ChunkError::Content { .. }));
        assert_eq!(ChunkView::new(&BY_HAND[..55]).unwrap_err(), ChunkError::Length { len: 55 });
        assert!(matches!(ChunkView::new(&BY_HAND[..77]), Err(ChunkError::Content { len: 77, .. })));
        let mut last = BY_HAND;
        last[32..40].fill(0xff);
        assert!(matches!(ChunkView::new(&last), Err(ChunkError::Content { .. })), "numbers would run over");
    }

    proptest! {
        #[test]
        fn any_bytes_are_a_chunk_or_an_error(
            start in prop::sample::select(vec![0_usize, 4, 8, 56]),
            noise in prop::collection::vec(any::<u8>(), 0..200),
        ) {
            let mut bytes = BY_HAND[..start].to_vec();
            bytes.extend(noise);
            if let Ok(view) = ChunkView::new(&bytes) {
                let chunk = Chunk::parse(&view);
                let times: Vec<f64> = view.times().collect();
                prop_assert!(chunk.content == Content::Gone || view.data().len() == (chunk.frames * chunk.frame_len) as usize);
                prop_assert_eq!(times.len(), if chunk.content == Content::TimedFrames { chunk.frames as usize } else { 0 });
            }
        }

        #[test]
        fn what_was_emitted_is_read(ids in any::<[u64; 4]>(), generation: u32, frames in 1..50_u32, frame_len in 1..50_u32, kind in 0..3) {
            let [relay, instance, description, first] = ids;
            let content = [Content::Frames, Content::TimedFrames, Content::Gone][kind as usize];
            let chunk = Chunk { relay, instance, description, first: first >> 1, generation, frames, frame_len, content };
            let times: Vec<f64> = (0..frames).map(f64::from).collect();
            let data: Vec<u8> = (0..frames * frame_len).map(|i| i as u8).collect();
            let bytes = chunk.emit(&times, &data);
            let view = ChunkView::new(&bytes).unwrap();
            prop_assert_eq!(Chunk::parse(&view), chunk);
            if content != Content::Gone {
                prop_assert_eq!(view.data(), &data[..]);
            }
            if content == Content::TimedFrames {
                prop_assert!(view.times().eq(times));
            }
        }
    }
}
