//! The library for analysis processes: attach to a stream in this machine's shared memory and read what is new.
//!
//! ```
//! # use axismirror_core::{axis_array::*, dtype::DType, extension::*, name::StreamName, publisher::Publisher, settings::Settings};
//! # let name = StreamName::new("doc-mirror")?;
//! # let settings = Settings { shmem_name: Some(name), buf_dur: 1.0, axis: None, version: Default::default() };
//! # let store = axismirror::shm::ShmStore::new("/dev/shm");
//! # let mut publisher = Publisher::open(store, (), settings, Writer::default(), Clock::Monotonic).unwrap();
//! # let samples = Samples { dtype: DType::I32, shape: &[3, 2], bytes: &[7; 24] };
//! # let axes = &[("time", Axis::Linear { unit: "s", gain: 0.004, offset: 0.0 })];
//! # let message = AxisArray { data: samples, dims: &["time", "ch"], axes, attrs: &[], key: "", stream_dim: None };
//! # publisher.publish(&message).unwrap();
//! use axismirror::mirror::Mirror;
//!
//! let mut mirror = Mirror::attach("doc-mirror")?;
//! let chunk = mirror.read()?;
//! let channels = chunk.frame_samples();
//! for (frame, time) in chunk.samples::<i32>()?.chunks(channels).zip(chunk.times()) {
//!     println!("{time:.3} s: {frame:?}");
//! }
//! println!("{} frames, {} missed", chunk.frames(), chunk.missed());
//! # assert_eq!((chunk.frames(), chunk.times()[1]), (3, 0.004));
//! # publisher.close();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A mirror maps read-only, holds nothing and costs the writer nothing. It may be opened before the stream is there ([`Mirror::open`]) and
//! carries on when the writer is started again. In a program that asks for it ([`survive_truncation`](crate::shm::survive_truncation)) it also carries
//! on when somebody cuts a segment short that it has mapped: with the one that the writer makes instead, and what was lost is counted as missed.

mod chunk;
mod follow;
mod idle;
mod info;
pub(crate) mod instance;
mod room;
mod stream_state;
pub mod value;
mod wait;

use std::time::{Duration, Instant};

use aligned_vec::{AVec, CACHELINE_ALIGN};
use axismirror_core::dtype::DType;
use axismirror_core::extension::Extension;
use axismirror_core::header::{Description, Generation, HeaderView, StructVersion};
use axismirror_core::mirror as core_mirror;
use axismirror_core::name::{NameError, StreamName};

pub use axismirror_core::mirror::{Changes, Proof, Start, Take};

use self::chunk::Found;
pub use self::chunk::{Chunk, Sample};
pub use self::follow::{Follower, Frames, News};
use self::idle::Idle;
pub use self::info::{StreamInfo, labels, metadata_json};
pub use self::stream_state::{StateFacts, StreamState};

use crate::clock;
use crate::shm::{self, FileId, ShmError, ShmSource, View};

/// How long nothing new may come before the mirror asks whether the stream's name leads elsewhere by now.
const REVALIDATE_AFTER: Duration = Duration::from_millis(200);
/// How long [`Mirror::attach`] waits for a stream that says that it is not valid yet.
const ATTACH_WITHIN: Duration = Duration::from_secs(2);
/// How long a stream that was read may be one that cannot be: its segments were cut short, and its writer replaces them.
const REPLACED_WITHIN: Duration = Duration::from_secs(2);
/// Pause between two looks while waiting for a stream.
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// Why a stream cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum MirrorError {
    /// Not a name.
    #[error(transparent)]
    Name(#[from] NameError),
    /// No writer has made it.
    #[error("there is no stream {name:?} (no {segment} in /dev/shm). `axismirror list` shows those that there are")]
    NoStream {
        /// Its long name.
        name: String,
        /// The header's file.
        segment: String,
    },
    /// The header is there, but the writer publishes nothing.
    #[error(
        "stream {name:?} is there, but publishes nothing at present. Is its writer alive? `axismirror info {name}` tells"
    )]
    NotValid {
        /// Its long name.
        name: String,
    },
    /// What is in shared memory cannot be read.
    #[error("stream {name:?} cannot be read")]
    Stream {
        /// Its long name.
        name: String,
        /// Why.
        source: core_mirror::MirrorError<ShmError>,
    },
    /// More memory than there is.
    #[error("{bytes} bytes of memory for one read cannot be had")]
    Memory {
        /// How much.
        bytes: usize,
    },
    /// Samples of another type than asked for.
    #[error("the samples are {is:?}, not {asked:?}")]
    Type {
        /// What they are.
        is: DType,
        /// What was asked for.
        asked: DType,
    },
}

/// A local view of a stream.
#[derive(Debug)]
pub struct Mirror {
    mirror: core_mirror::Mirror<ShmSource>,
    bytes: AVec<u8>,
    times: AVec<f64>,
    idle: Idle,
    /// By the last read.
    found: Found,
    /// The header, its buffer and its static metadata that a wait has told of.
    told: Option<(Option<FileId>, Option<Generation>, Option<u32>)>,
    /// Whether there was a buffer to read from.
    attached: bool,
    /// Since when it has been damaged.
    damaged: Option<Instant>,
}

/// What the stream is like at the time of a read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// There is no such stream (yet).
    Absent,
    /// It is there, but publishes nothing (yet): no message has come, its settings are being changed, or its writer is gone.
    NotValid,
    /// It publishes.
    Valid,
}

impl Mirror {
    /// Attaches to a stream that is there, with the oldest frame that it holds.
    ///
    /// # Errors
    /// [`MirrorError::NoStream`], [`MirrorError::NotValid`] when it publishes nothing within two seconds, and what [`Mirror::read`] says.
    pub fn attach(name: &str) -> Result<Self, MirrorError> {
        let mut mirror = Self::open(name, Start::Oldest)?;
        let deadline = Instant::now() + ATTACH_WITHIN;
        loop {
            match mirror.state()? {
                State::Valid => return Ok(mirror),
                State::Absent => {
                    let segment = mirror.mirror.name().header().to_string();
                    return Err(MirrorError::NoStream { name: name.to_owned(), segment });
                }
                State::NotValid if Instant::now() > deadline => {
                    return Err(MirrorError::NotValid { name: name.to_owned() });
                }
                State::NotValid => std::thread::sleep(LOOK_EVERY),
            }
        }
    }

    /// A mirror of a stream that need not be there yet.
    ///
    /// # Errors
    /// [`MirrorError::Name`].
    pub fn open(name: &str, start: Start) -> Result<Self, MirrorError> {
        Self::of(ShmSource::default(), name, start)
    }

    pub(crate) fn of(source: ShmSource, name: &str, start: Start) -> Result<Self, MirrorError> {
        let mirror = core_mirror::Mirror::new(source, StreamName::new(name)?, start);
        let (bytes, times, idle) = (AVec::new(CACHELINE_ALIGN), AVec::new(CACHELINE_ALIGN), Idle::default());
        let found = Found::nothing(State::Absent);
        Ok(Self { mirror, bytes, times, idle, found, told: None, attached: false, damaged: None })
    }

    /// What the stream is like now. Attaches when needed; takes no frame.
    ///
    /// # Errors
    /// [`MirrorError::Stream`].
    pub fn state(&mut self) -> Result<State, MirrorError> {
        self.revalidate();
        loop {
            let status = self.mirror.follow();
            if shm::was_truncated() && self.mirror.let_go_of_cut(None) {
                return Ok(State::NotValid);
            }
            match status {
                Ok(core_mirror::Status::Absent) => return Ok(State::Absent),
                Ok(core_mirror::Status::NotValid) => return Ok(State::NotValid),
                Ok(core_mirror::Status::Changed) => self.has_attached(),
                Ok(core_mirror::Status::Ready) => {
                    let valid = self.header().is_some_and(HeaderView::bvalid) || self.mirror.available() > 0;
                    return Ok(if valid { State::Valid } else { State::NotValid });
                }
                Err(source) => return self.damaged(source).map(|()| State::NotValid),
            }
        }
    }

    const fn has_attached(&mut self) {
        self.attached = true;
        self.damaged = None;
    }

    /// What is in shared memory cannot be read. No error as long as it may be a segment that was cut short, of a stream that was whole: its writer
    /// replaces it.
    #[cold]
    fn damaged(&mut self, source: core_mirror::MirrorError<ShmError>) -> Result<(), MirrorError> {
        use core_mirror::MirrorError as E;
        let is_damage = match source {
            E::Header(_) | E::Description(_) | E::DataTooShort { .. } | E::StaticMetadataTooShort { .. } => true,
            E::Source(_) | E::TooMany { .. } => false,
        };
        if is_damage && self.attached && self.damaged.get_or_insert_with(Instant::now).elapsed() < REPLACED_WITHIN {
            return Ok(());
        }
        Err(MirrorError::Stream { name: self.name().to_owned(), source })
    }

    /// Asks now and then whether the stream's name leads elsewhere by now, when nothing new comes.
    #[inline]
    fn revalidate(&mut self) {
        if self.idle.lasts(REVALIDATE_AFTER, clock::coarse_ns) {
            self.mirror.revalidate();
        }
    }

    /// All new frames, at most 64 MiB of them at once.
    ///
    /// # Errors
    /// [`MirrorError::Stream`].
    #[inline(always)]
    pub fn read(&mut self) -> Result<Chunk<'_>, MirrorError> {
        self.take(Take::UpTo(usize::MAX))
    }

    /// New frames as asked for; none when there are none.
    ///
    /// # Errors
    /// [`MirrorError::Stream`].
    // Always: as that of the core.
    #[inline(always)]
    pub fn take(&mut self, take: Take) -> Result<Chunk<'_>, MirrorError> {
        if self.found.read.frames == 0 {
            self.revalidate();
            // What a reader that polls mostly finds. A page that was lost reads as zeros, and may look like that, too.
            if !matches!(take, Take::Exactly(_))
                && let Some(read) = self.mirror.nothing()
                && (!shm::was_truncated() || self.is_header_whole())
            {
                self.found = Found { read, state: State::Valid, changed: false };
                return Ok(Chunk { mirror: self });
            }
        }
        self.take_new(take)?;
        Ok(Chunk { mirror: self })
    }

    /// Some segment of this process was cut short: whether it was another.
    #[cold]
    fn is_header_whole(&self) -> bool {
        self.header().is_some_and(|header| !header.memory().is_cut())
    }

    /// As [`Mirror::take`], whatever there is.
    fn take_new(&mut self, take: Take) -> Result<(), MirrorError> {
        self.make_room(take).inspect_err(|_| self.found = Found::nothing(State::NotValid))?;
        match self.mirror.read_current(take, &mut self.bytes, &mut self.times) {
            Some(read) => self.found = Found { read, state: State::Valid, changed: false },
            None => self.take_anew(take)?,
        }
        if shm::was_truncated() && self.mirror.let_go_of_cut(Some(&self.found.read)) {
            self.found = Found::nothing(State::NotValid);
        }
        if self.found.read.frames > 0 {
            self.idle.end();
        }
        Ok(())
    }

    /// As [`Mirror::take_new`], when something else than frames may have come.
    #[cold]
    fn take_anew(&mut self, take: Take) -> Result<(), MirrorError> {
        self.found = Found::nothing(State::NotValid);
        match self.mirror.read_anew(take, &mut self.bytes, &mut self.times) {
            Ok(core_mirror::Reading::Frames(read)) => (self.found.read, self.found.state) = (read, State::Valid),
            Ok(core_mirror::Reading::Absent) => self.found.state = State::Absent,
            Ok(core_mirror::Reading::NotValid) => {}
            Ok(core_mirror::Reading::Changed) => {
                self.has_attached();
                (self.found.changed, self.found.state) = (true, State::Valid);
            }
            Err(source) => {
                if !(shm::was_truncated() && self.mirror.let_go_of_cut(None)) {
                    self.damaged(source)?;
                }
            }
        }
        Ok(())
    }

    /// What changed since this was last asked: the buffer, the static metadata.
    pub fn changes(&mut self) -> Changes {
        self.mirror.changes()
    }

    /// The stream's long name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.mirror.name().as_str()
    }

    /// What the buffer being read holds, once there is one.
    #[must_use]
    pub fn description(&self) -> Option<&Description> {
        self.mirror.description()
    }

    /// Number of the buffer being read.
    #[must_use]
    pub fn generation(&self) -> Option<Generation> {
        self.mirror.generation()
    }

    /// Which releases of ezmsg-tools can read it, once it was found.
    #[must_use]
    pub fn version(&self) -> Option<StructVersion> {
        self.mirror.header().map(HeaderView::version)
    }

    /// The header's fields.
    #[must_use]
    pub fn header(&self) -> Option<&HeaderView<View>> {
        self.mirror.header()
    }

    /// Our block behind the header: counters, clock, writer, health. `None` for a Python writer's stream.
    #[must_use]
    pub fn extension(&self) -> Option<&Extension<View>> {
        self.mirror.extension()
    }

    /// The pickled static metadata, for [`axismirror_core::static_metadata::decode`]; `None` when there is none (yet).
    ///
    /// # Errors
    /// [`MirrorError::Stream`].
    pub fn static_metadata(&mut self) -> Result<Option<Vec<u8>>, MirrorError> {
        let found = match self.mirror.static_metadata() {
            Ok(found) => found,
            Err(source) => return self.damaged(source).map(|()| None),
        };
        self.damaged = None;
        Ok(found.and_then(|blob| {
            let mut bytes = vec![0; blob.len()];
            blob.copy_to(&mut bytes);
            // Of one that was cut short nobody knows what it said; another comes.
            (!blob.memory().is_cut()).then_some(bytes)
        }))
    }
}
