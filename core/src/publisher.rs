//! The writer's side: messages and settings in, segment work out.
//!
//! Generic over where segments live ([`SegmentStore`]) and who is told what happens to them ([`Observer`]). Each rule is one of the spec's page
//! on the wire. Has no clock and knows no device.

use heapless::String;

use crate::axis_array::AxisArray;
use crate::extension::{Clock, Extension, Writer};
use crate::header::{Description, HEADER_SEGMENT_LEN, HeaderView, NO_GENERATION};
use crate::health::Health;
use crate::memory::{Memory, Word};
use crate::name::StreamName;
use crate::ring::{Frames, Geometry, RingWriter, Times};
use crate::settings::{MAX_AXIS, Plan, PlanError, Settings};
use crate::static_metadata::{Digest, EncodeError, Sink, encode};
use crate::store::{HeaderSegment, SegmentStore};

/// `srate` before the first message: the published documentation's placeholder.
const PLACEHOLDER_SRATE: f64 = -1.0;

/// What happens to a stream's segments, in the words of the life-cycle channel (spec: wire, conn).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event {
    /// The header goes away (or would, were it there).
    MetaCleanup,
    /// A header with placeholders is about to be made.
    MetaReset,
    /// The data segment goes away (or would, were it there).
    BufferCleanup,
    /// The description is about to change.
    BeginUpdate,
    /// The description has changed.
    MetaUpdated,
    /// A new data segment is in place.
    BufferReset,
    /// New static metadata is in place.
    AuxUpdated,
    /// The stream has ended.
    Close,
}

impl Event {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::MetaCleanup,
        Self::MetaReset,
        Self::BufferCleanup,
        Self::BeginUpdate,
        Self::MetaUpdated,
        Self::BufferReset,
        Self::AuxUpdated,
        Self::Close,
    ];

    /// The published sink's word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::MetaCleanup => "meta cleanup",
            Self::MetaReset => "meta reset",
            Self::BufferCleanup => "buffer cleanup",
            Self::BeginUpdate => "begin update",
            Self::MetaUpdated => "meta updated",
            Self::BufferReset => "buffer reset",
            Self::AuxUpdated => "aux updated",
            Self::Close => "close",
        }
    }
}

/// Is told of events as they happen. Must not wait.
pub trait Observer {
    /// One of them.
    fn event(&mut self, event: Event);
}

/// Nobody listens.
impl Observer for () {
    fn event(&mut self, _: Event) {}
}

impl<F: FnMut(Event)> Observer for F {
    fn event(&mut self, event: Event) {
        self(event);
    }
}

/// Why something could not be published. The stream is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
pub enum PublishError<E> {
    /// A segment could not be made.
    #[error("{0}")]
    Store(E),
    /// The store gave less memory than it was asked for.
    #[error("a segment has {len} bytes where {needed} were asked for")]
    SegmentTooShort {
        /// What was asked for.
        needed: usize,
        /// What there is.
        len: usize,
    },
    /// The message does not fit the settings.
    #[error("{0}")]
    Plan(#[from] PlanError),
    /// The static metadata cannot be written.
    #[error("{0}")]
    StaticMetadata(EncodeError<core::convert::Infallible>),
    /// Larger than its field in the header can say.
    #[error("the static metadata has {len} bytes; the header can say at most {max}", max = u32::MAX)]
    StaticMetadataTooLong {
        /// Its length.
        len: usize,
    },
    /// Frames without a description.
    #[error("no message has described the stream yet")]
    NotDescribed,
    /// Bytes that are no whole number of frames, or not one time for each.
    #[error("{bytes} bytes and {times} times are not the same whole number of frames of {frame_bytes} bytes")]
    ChunkLength {
        /// Bytes given.
        bytes: usize,
        /// Times given.
        times: usize,
        /// Bytes of one frame.
        frame_bytes: usize,
    },
}

/// What became of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Published {
    /// Its frames are in the ring, but for the `cut` first ones of a chunk longer than the ring.
    Frames {
        /// Frames that did not fit.
        cut: u64,
    },
    /// It has no buffered axis and was ignored.
    Ignored,
}

/// The one writer of a stream.
///
/// Dropping it leaves the segments as a killed process would; [`Publisher::close`] removes them.
#[derive(Debug)]
pub struct Publisher<S: SegmentStore, O = ()> {
    store: S,
    observer: O,
    settings: Settings,
    writer: Writer,
    clock: Clock,
    open: Open<S::Memory>,
    health: Health,
}

/// The header segment and what it announces.
#[derive(Debug)]
struct Open<M> {
    name: StreamName,
    header: HeaderView<M>,
    extension: Extension<M>,
    ring: Option<Ring<M>>,
    axis: Option<String<MAX_AXIS>>,
    static_metadata: Option<[u8; 32]>,
}

#[derive(Debug)]
struct Ring<M> {
    description: Description,
    writer: RingWriter<M>,
}

impl<S: SegmentStore, O: Observer> Publisher<S, O> {
    /// Opens the header with placeholders, or adopts that of a writer that is gone, whose readers then carry on.
    ///
    /// # Errors
    /// [`PublishError::Store`], for one when a live writer has the name.
    pub fn open(
        mut store: S,
        mut observer: O,
        settings: Settings,
        writer: Writer,
        clock: Clock,
    ) -> Result<Self, PublishError<S::Error>> {
        observer.event(Event::BufferCleanup);
        observer.event(Event::MetaCleanup);
        observer.event(Event::MetaReset);
        let open = Open::new(&mut store, &settings, writer, clock)?;
        Ok(Self { store, observer, settings, writer, clock, open, health: Health::default() })
    }

    /// The stream's name: as set, or as the store made it.
    #[must_use]
    pub const fn name(&self) -> &StreamName {
        &self.open.name
    }

    /// The settings in effect.
    #[must_use]
    pub const fn settings(&self) -> &Settings {
        &self.settings
    }

    /// What the ring is, once a message has said so.
    #[must_use]
    pub fn description(&self) -> Option<&Description> {
        self.open.ring.as_ref().map(|r| &r.description)
    }

    /// The store.
    pub const fn store(&mut self) -> &mut S {
        &mut self.store
    }

    /// The extension block.
    #[must_use]
    pub const fn extension(&self) -> &Extension<S::Memory> {
        &self.open.extension
    }

    /// Publishes a message: a new ring when its description differs, new static metadata when that differs, then its frames.
    ///
    /// # Errors
    /// [`PublishError`]; the stream is as it was.
    pub fn publish(&mut self, message: &AxisArray<'_>) -> Result<Published, PublishError<S::Error>> {
        let Some(plan) = self.describe(message)? else { return Ok(Published::Ignored) };
        if plan.frames.is_empty() {
            return Ok(Published::Frames { cut: 0 });
        }
        let newest = seconds_to_ns(plan.times.at(plan.frames.len() - 1));
        let ring = self.open.ring.as_mut().ok_or(PublishError::NotDescribed)?;
        let cut = ring.writer.append(&plan.frames, &plan.times, newest);
        self.count_cut(cut);
        Ok(Published::Frames { cut })
    }

    /// Brings ring and static metadata in line with a message without writing its frames; `None` when the message is ignored.
    ///
    /// # Errors
    /// [`PublishError`]; the stream is as it was.
    pub fn describe<'a>(&mut self, message: &AxisArray<'a>) -> Result<Option<Plan<'a>>, PublishError<S::Error>> {
        let Some(plan) = self.settings.plan(message)? else {
            self.health.messages_ignored += 1;
            self.store_health();
            return Ok(None);
        };
        let version = self.settings.version;
        let static_metadata = if version.has_static_metadata() { Some(digest(message, plan.axis)?) } else { None };
        let other_axis = self.open.axis.as_deref() != Some(plan.axis);
        if other_axis || self.open.ring.as_ref().is_none_or(|r| r.description != plan.description) {
            self.open.begin_generation(&mut self.store, &mut self.observer, plan.description.clone(), other_axis)?;
        }
        self.open.axis = String::try_from(plan.axis).ok();
        if let Some((digest, len)) = static_metadata
            && self.open.static_metadata != Some(digest)
        {
            self.open.publish_static_metadata(&mut self.store, message, plan.axis, len)?;
            self.open.static_metadata = Some(digest);
            self.observer.event(Event::AuxUpdated);
        }
        Ok(Some(plan))
    }

    /// Publishes frames of a stream that [`Publisher::describe`] or [`Publisher::publish`] has described: whole frames one behind the other, and the
    /// time of each in the unit of the buffered axis. `newest` is the last one's time in ns. The way without any look at names and axes.
    ///
    /// # Errors
    /// [`PublishError::NotDescribed`], [`PublishError::ChunkLength`].
    pub fn append(&mut self, frames: &[u8], times: &[f64], newest: i64) -> Result<u64, PublishError<S::Error>> {
        let ring = self.open.ring.as_mut().ok_or(PublishError::NotDescribed)?;
        let frame_bytes = ring.description.frame_bytes();
        let chunk = Frames::contiguous(frames, frame_bytes)
            .filter(|f| f.len() == times.len())
            .ok_or(PublishError::ChunkLength { bytes: frames.len(), times: times.len(), frame_bytes })?;
        if chunk.is_empty() {
            return Ok(0);
        }
        let cut = ring.writer.append(&chunk, &Times::Each(times), newest);
        self.count_cut(cut);
        Ok(cut)
    }

    /// Changes settings. A new `buf_dur` or axis ends the ring, and the next message makes another; a new name or version ends the
    /// header too, and one with placeholders appears.
    ///
    /// # Errors
    /// [`PublishError::Store`] when the new header cannot be made; the stream is as it was.
    pub fn apply(&mut self, settings: Settings) -> Result<(), PublishError<S::Error>> {
        let renamed = match &settings.shmem_name {
            Some(name) => *name != self.open.name,
            None => self.settings.shmem_name.is_some(),
        };
        if renamed || settings.version != self.settings.version {
            let fresh = Open::new(&mut self.store, &settings, self.writer, self.clock)?;
            self.invalidate();
            self.observer.event(Event::MetaCleanup);
            // Under the same name the new header has already taken the old one's place.
            let remove = fresh.name != self.open.name;
            self.open.remove(&mut self.store, remove);
            self.observer.event(Event::MetaReset);
            self.open = fresh;
        } else if settings.buf_dur.to_bits() != self.settings.buf_dur.to_bits() || settings.axis != self.settings.axis {
            self.invalidate();
        }
        self.settings = settings;
        Ok(())
    }

    /// Ends the ring: readers see that nothing is valid until the next message makes another.
    pub fn invalidate(&mut self) {
        self.observer.event(Event::BufferCleanup);
        self.open.invalidate(&mut self.store);
    }

    /// Publishes the acquisition's counters. `messages_ignored` and `frames_cut` are the publisher's own and not taken from here.
    pub fn set_health(&mut self, health: &Health) {
        let (messages_ignored, frames_cut) = (self.health.messages_ignored, self.health.frames_cut);
        self.health = Health { messages_ignored, frames_cut, ..*health };
        self.store_health();
    }

    /// Shows readers that the writer lives. `now` in ns of `CLOCK_MONOTONIC`.
    pub fn set_heartbeat(&mut self, now: i64) {
        self.open.extension.set_heartbeat(now);
    }

    /// Ends the stream and removes its segments.
    pub fn close(mut self) {
        self.invalidate();
        self.observer.event(Event::MetaCleanup);
        self.open.remove(&mut self.store, true);
        self.observer.event(Event::Close);
    }

    fn count_cut(&mut self, cut: u64) {
        if cut > 0 {
            self.health.frames_cut += cut;
            self.store_health();
        }
    }

    fn store_health(&self) {
        self.open.extension.set_health(&self.health);
    }
}

impl<M: Memory + Clone> Open<M> {
    fn new<S: SegmentStore<Memory = M>>(
        store: &mut S,
        settings: &Settings,
        writer: Writer,
        clock: Clock,
    ) -> Result<Self, PublishError<S::Error>> {
        let name = settings.shmem_name.clone().unwrap_or_else(|| store.unique_name());
        let found = store.header(&name.header(), HEADER_SEGMENT_LEN, false).map_err(PublishError::Store)?;
        let open = match Self::adopt(store, &name, &found, settings) {
            Some(open) => open,
            None if !found.adopted => Self::placeholders(name, found.memory, settings)?,
            None => {
                let fresh = store.header(&name.header(), HEADER_SEGMENT_LEN, true).map_err(PublishError::Store)?;
                Self::placeholders(name, fresh.memory, settings)?
            }
        };
        open.extension.set_name(&open.name);
        open.extension.set_writer(writer);
        open.extension.set_clock(clock);
        open.extension.set_health(&Health::default());
        store.announce(&open.name.header()).map_err(PublishError::Store)?;
        Ok(open)
    }

    /// Takes over a header of the same version, in whatever state its writer left it; `None` when it is new or of another kind.
    fn adopt<S: SegmentStore<Memory = M>>(
        store: &mut S,
        name: &StreamName,
        found: &HeaderSegment<M>,
        settings: &Settings,
    ) -> Option<Self> {
        let header = HeaderView::detect(found.memory.clone()).ok().filter(|h| h.version() == settings.version)?;
        let extension = Extension::find(found.memory.clone()).filter(|_| found.adopted)?;
        let mut open = Self { name: name.clone(), header, extension, ring: None, axis: None, static_metadata: None };
        open.invalidate(store);
        open.remove_static_metadata(store);
        Some(open)
    }

    fn placeholders<E>(name: StreamName, memory: M, settings: &Settings) -> Result<Self, PublishError<E>> {
        let short = PublishError::SegmentTooShort { needed: HEADER_SEGMENT_LEN, len: memory.len() };
        let (Ok(header), Some(extension)) =
            (HeaderView::new(memory.clone(), settings.version), Extension::create(memory))
        else {
            return Err(short);
        };
        header.set_bvalid(false);
        header.set_srate(PLACEHOLDER_SRATE);
        header.set_buffer_generation(NO_GENERATION);
        header.set_magic();
        Ok(Self { name, header, extension, ring: None, axis: None, static_metadata: None })
    }

    /// `bvalid = 0`, and the data segment is gone. Counters stay, so that an attached reader can take what it has not read yet.
    fn invalidate<S: SegmentStore<Memory = M>>(&mut self, store: &mut S) {
        self.change(|open| open.header.set_bvalid(false));
        self.ring = None;
        store.remove(&self.name.data(self.header.buffer_generation()));
    }

    fn remove<S: SegmentStore<Memory = M>>(&mut self, store: &mut S, header: bool) {
        self.remove_static_metadata(store);
        self.extension.set_writer(Writer::default());
        if header {
            store.remove_header(&self.name.header());
        }
    }

    fn remove_static_metadata<S: SegmentStore<Memory = M>>(&self, store: &mut S) {
        if self.header.meta_generation() != 0 {
            store.remove(&self.name.static_metadata(self.header.meta_generation()));
        }
    }

    /// Makes the ring for a description. The new segment comes first: when it cannot be made, nothing has changed.
    fn begin_generation<S: SegmentStore<Memory = M>, O: Observer>(
        &mut self,
        store: &mut S,
        observer: &mut O,
        description: Description,
        other_axis: bool,
    ) -> Result<(), PublishError<S::Error>> {
        let version = self.header.version();
        let old = self.header.buffer_generation();
        let generation = match old.wrapping_add(1) {
            NO_GENERATION => 0,
            next => next,
        };
        let needed = description.data_len(version);
        let data = store.create(&self.name.data(generation), needed).map_err(PublishError::Store)?;
        let len = data.len();
        let (header, extension) = (self.header.clone(), self.extension.clone());
        let writer = RingWriter::new(data, header, extension, Geometry::of(&description, version))
            .ok_or(PublishError::SegmentTooShort { needed, len })?;
        if other_axis && version.has_static_metadata() {
            // The published sink's place for this event: it forgets the buffer whenever the axis is another one, also the first time.
            observer.event(Event::BufferCleanup);
        }
        observer.event(Event::BeginUpdate);
        self.change(|open| {
            let (header, extension) = (&open.header, &open.extension);
            header.set_bvalid(false);
            description.emit(header);
            header.set_write_index(0);
            header.set_wrap_counter(0);
            observer.event(Event::MetaUpdated);
            extension.set_history(extension.base().wrapping_add(extension.committed()), extension.reserved());
            extension.set_reserved(0);
            extension.set_committed(0);
            header.set_buffer_generation(generation);
            // Release: whoever sees bvalid = 1 sees the rest (published readers check nothing else; ours check the sequence).
            extension.fence_release();
            header.set_bvalid(true);
        });
        self.ring = Some(Ring { description, writer });
        observer.event(Event::BufferReset);
        store.remove(&self.name.data(old));
        Ok(())
    }

    /// Lets readers with our block see whether what they read of the description belongs together (a sequence lock).
    fn change(&mut self, f: impl FnOnce(&mut Self)) {
        let odd = self.extension.sequence() | 1;
        self.extension.set_sequence(odd);
        // Release, pairs with the mirror's acquire behind its reads: who sees a changed field sees the odd sequence too.
        self.extension.fence_release();
        f(self);
        // Release, pairs with the mirror's acquire behind its first load of the sequence: who sees the even one sees all fields.
        self.extension.fence_release();
        self.extension.set_sequence(odd.wrapping_add(1));
        self.extension.set_wake(self.extension.wake().wrapping_add(1));
    }

    /// Writes the whole segment before the header names it.
    fn publish_static_metadata<S: SegmentStore<Memory = M>>(
        &mut self,
        store: &mut S,
        message: &AxisArray<'_>,
        axis: &str,
        len: usize,
    ) -> Result<(), PublishError<S::Error>> {
        let nbytes = u32::try_from(len).map_err(|_| PublishError::StaticMetadataTooLong { len })?;
        let old = self.header.meta_generation();
        // 0 means that there is none.
        let generation = old.checked_add(1).unwrap_or(1);
        let memory = store.create(&self.name.static_metadata(generation), len).map_err(PublishError::Store)?;
        let mut sink = MemorySink { memory: &memory, at: 0 };
        // The digest's pass over the same message has succeeded, and this sink takes all that fits in the segment's length.
        let written = encode(message, axis, &mut sink);
        debug_assert!(written.is_ok() && sink.at == len);
        // Release: the segment's bytes before the fields that lead to it; nbytes before the generation that readers compare.
        self.extension.fence_release();
        self.header.set_aux_nbytes(nbytes);
        self.extension.fence_release();
        self.header.set_meta_generation(generation);
        if old != 0 {
            store.remove(&self.name.static_metadata(old));
        }
        Ok(())
    }
}

fn digest<E>(message: &AxisArray<'_>, axis: &str) -> Result<([u8; 32], usize), PublishError<E>> {
    let mut sink = Digest::default();
    encode(message, axis, &mut sink).map_err(PublishError::StaticMetadata)?;
    Ok(sink.finish())
}

/// Encodes straight into a segment.
struct MemorySink<'m, M> {
    memory: &'m M,
    at: usize,
}

impl<M: Memory> Sink for MemorySink<'_, M> {
    type Error = core::convert::Infallible;

    fn write(&mut self, bytes: &[u8]) -> Result<(), Self::Error> {
        self.memory.store_bytes(self.at, bytes, Word::B1);
        self.at += bytes.len();
        Ok(())
    }
}

/// Seconds as whole ns, saturating; 0 for NaN.
fn seconds_to_ns(seconds: f64) -> i64 {
    libm::round(seconds * 1e9) as i64
}
