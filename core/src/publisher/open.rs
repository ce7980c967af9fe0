//! A stream's segments as its publisher holds them: the header, the ring, the static metadata, and how each comes and goes.
//!
//! The order of every store here is what a mirror, an adopting writer and the published readers rely on.

use core::iter::successors;

use heapless::String;

use super::contents::{Contents, Written};
use super::{Event, Observer, PublishError};
use crate::extension::{Clock, Extension, Writer};
use crate::fence::Release;
use crate::header::{Description, Generation, HEADER_SEGMENT_LEN, HeaderView};
use crate::health::Health;
use crate::memory::MemoryMut;
use crate::name::StreamName;
use crate::ring::{Geometry, RingWriter};
use crate::settings::{MAX_AXIS, Settings};
use crate::store::{HeaderSegment, SegmentStore};

/// `srate` before the first message: the published documentation's placeholder.
const PLACEHOLDER_SRATE: f64 = -1.0;

/// Names that are tried for a segment before it is given up.
const NAMES: usize = 1024;

/// The header segment and what it announces.
#[derive(Debug)]
pub(super) struct Open<M> {
    pub(super) name: StreamName,
    pub(super) header: HeaderView<M>,
    pub(super) extension: Extension<M>,
    pub(super) ring: Option<Ring<M>>,
    /// Of the ring and of the static metadata, as the header says them too. Who cuts the header short or writes into it changes nothing of what is
    /// removed, nor of how frames are counted.
    generation: Generation,
    meta_generation: u32,
    /// Frames of the generations that have ended, as the extension block says them too.
    pub(super) base: u64,
    pub(super) axis: Option<String<MAX_AXIS>>,
    pub(super) static_metadata: Option<Written<M>>,
}

#[derive(Debug)]
pub(super) struct Ring<M> {
    pub(super) description: Description,
    pub(super) writer: RingWriter<M>,
}

impl<M: MemoryMut + Clone> Open<M> {
    pub(super) fn new<S: SegmentStore<Memory = M>>(
        store: &mut S,
        settings: &Settings,
        writer: Writer,
        clock: Clock,
    ) -> Result<Self, PublishError<S::Error>> {
        let name = settings.shmem_name.clone().unwrap_or_else(|| store.unique_name());
        let found = store.header(&name.header(), HEADER_SEGMENT_LEN, false).map_err(PublishError::Store)?;
        let mut left = None;
        let open = match Self::adopt(store, &name, &found, settings) {
            Some(open) => open,
            None if !found.adopted => Self::placeholders(name, found.memory, settings)?,
            None => {
                // Before a new header takes the place of what says it.
                left = HeaderView::detect(found.memory).ok().map(|h| (h.buffer_generation(), h.meta_generation()));
                let fresh = store.header(&name.header(), HEADER_SEGMENT_LEN, true).map_err(PublishError::Store)?;
                Self::placeholders(name, fresh.memory, settings)?
            }
        };
        open.extension.set_name(&open.name);
        open.extension.set_writer(writer);
        open.extension.set_clock(clock);
        open.extension.set_health(&Health::default());
        open.extension.set_silent_since(0);
        open.extension.set_received(None);
        store.announce(&open.name.header()).map_err(PublishError::Store)?;
        if let Some((generation, static_metadata)) = left {
            Self::remove_what_is_left(store, &open.name, generation, static_metadata);
        }
        Ok(open)
    }

    /// Removes the segments that a header of another version named, now that there is another: what could not be replaced is still whole. A newer
    /// version is not known to us, and what it names not touched.
    fn remove_what_is_left<S: SegmentStore<Memory = M>>(
        store: &mut S,
        name: &StreamName,
        generation: Generation,
        static_metadata: u32,
    ) {
        for generation in [generation.previous(), generation, generation.next()] {
            store.remove(&name.data(generation));
        }
        for generation in [static_metadata.wrapping_sub(1), static_metadata, static_metadata.wrapping_add(1)] {
            store.remove(&name.static_metadata(generation));
        }
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
        let (generation, meta_generation) = (header.buffer_generation(), header.meta_generation());
        let counters = extension.counters(generation);
        let base = counters.base().wrapping_add(counters.committed());
        let mut open = Self {
            name: name.clone(),
            header,
            extension,
            ring: None,
            generation,
            meta_generation,
            base,
            axis: None,
            static_metadata: None,
        };
        open.invalidate(store);
        open.remove_static_metadata(store);
        // What the last writer had not removed yet when it died.
        store.remove(&name.data(generation.previous()));
        store.remove(&name.static_metadata(meta_generation.wrapping_sub(1)));
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
        header.set_buffer_generation(Generation::NONE);
        header.set_magic();
        let (generation, meta_generation) = (header.buffer_generation(), header.meta_generation());
        let (ring, base, axis, static_metadata) = (None, 0, None, None);
        Ok(Self { name, header, extension, ring, generation, meta_generation, base, axis, static_metadata })
    }

    /// Frames of the generations up to this one.
    pub(super) fn published(&self) -> u64 {
        self.base.wrapping_add(self.ring.as_ref().map_or(0, |ring| ring.writer.position()))
    }

    /// `bvalid = 0`, and the data segment is gone. Counters stay, so that an attached reader can take what it has not read yet.
    pub(super) fn invalidate<S: SegmentStore<Memory = M>>(&mut self, store: &mut S) {
        self.change(|open| open.header.set_bvalid(false));
        self.base = self.published();
        self.ring = None;
        store.remove(&self.name.data(self.generation));
    }

    pub(super) fn remove<S: SegmentStore<Memory = M>>(&mut self, store: &mut S, header: bool) {
        self.remove_static_metadata(store);
        self.extension.set_writer(Writer::default());
        if header {
            store.remove_header(&self.name.header());
        }
    }

    fn remove_static_metadata<S: SegmentStore<Memory = M>>(&self, store: &mut S) {
        if self.meta_generation != 0 {
            store.remove(&self.name.static_metadata(self.meta_generation));
        }
    }

    /// The generation to come: the next one, or a later one of the same parity when somebody else has taken that one's name, which anybody can compute.
    pub(super) fn next_generation<S: SegmentStore>(&self, store: &S) -> Generation {
        let next = self.generation.next();
        let free = |generation: &Generation| !store.is_taken(&self.name.data(*generation));
        successors(Some(next), |g| Some(g.next().next())).take(NAMES).find(free).unwrap_or(next)
    }

    /// The same of the static metadata; 0 means that there are none.
    fn next_static_metadata<S: SegmentStore>(&self, store: &S) -> u32 {
        let after = |generation: u32| generation.checked_add(1).unwrap_or(1);
        let next = after(self.meta_generation);
        let free = |generation: &u32| !store.is_taken(&self.name.static_metadata(*generation));
        successors(Some(next), |g| Some(after(*g))).take(NAMES).find(free).unwrap_or(next)
    }

    /// Makes the ring for a description. The new segment comes first: when it cannot be made, nothing has changed.
    pub(super) fn begin_generation<S: SegmentStore<Memory = M>, O: Observer>(
        &mut self,
        store: &mut S,
        observer: &mut O,
        description: Description,
        other_axis: bool,
    ) -> Result<(), PublishError<S::Error>> {
        let version = self.header.version();
        let old = self.generation;
        let generation = self.next_generation(store);
        let needed = description.data_len(version);
        let data = store.create(&self.name.data(generation), needed).map_err(PublishError::Store)?;
        let len = data.len();
        let geometry = Geometry::of(&description, version);
        let writer = RingWriter::new(data, version, self.extension.clone(), generation, geometry)
            .ok_or(PublishError::SegmentTooShort { needed, len })?;
        if other_axis && version.has_static_metadata() {
            // The published sink's place for this event: it forgets the buffer whenever the axis is another one, also the first time.
            observer.event(Event::BufferCleanup);
        }
        observer.event(Event::BeginUpdate);
        let base = self.published();
        self.change(|open| {
            let (header, extension) = (&open.header, &open.extension);
            header.set_bvalid(false);
            header.memory().fence_release(Release::Invalid);
            description.emit(header);
            header.set_write_index(0);
            header.set_wrap_counter(0);
            observer.event(Event::MetaUpdated);
            extension.counters(generation).begin(base);
            // The next store makes the new counters the valid ones: a writer that adopts the header after our death, and every reader, finds
            // those of one generation or of the other, whole.
            header.memory().fence_release(Release::Counters);
            header.set_buffer_generation(generation);
            header.memory().fence_release(Release::Generation);
            header.set_bvalid(true);
        });
        self.generation = generation;
        self.base = base;
        self.ring = Some(Ring { description, writer });
        observer.event(Event::BufferReset);
        store.remove(&self.name.data(old));
        Ok(())
    }

    /// Lets readers with our block see whether what they read of the description belongs together (a sequence lock).
    fn change(&mut self, f: impl FnOnce(&mut Self)) {
        let odd = self.extension.sequence() | 1;
        self.extension.set_sequence(odd);
        self.header.memory().fence_release(Release::Change);
        f(self);
        self.header.memory().fence_release(Release::Changed);
        self.extension.set_sequence(odd.wrapping_add(1));
        self.extension.announce();
    }

    /// Writes the whole segment before the header names it.
    pub(super) fn prepare_static_metadata<S: SegmentStore<Memory = M>>(
        &self,
        store: &mut S,
        contents: &Contents<'_>,
        axis: &str,
        len: usize,
    ) -> Result<Prepared<M>, PublishError<S::Error>> {
        let nbytes = u32::try_from(len).map_err(|_| PublishError::StaticMetadataTooLong { len })?;
        let generation = self.next_static_metadata(store);
        let memory = store.create(&self.name.static_metadata(generation), len).map_err(PublishError::Store)?;
        Ok(Prepared { generation, nbytes, written: contents.write(axis, memory, len) })
    }

    /// Generation and length change together for mirrors that know our block; for others the generation comes last.
    pub(super) fn announce_static_metadata<S: SegmentStore<Memory = M>>(
        &mut self,
        store: &mut S,
        prepared: Prepared<M>,
    ) {
        let old = self.meta_generation;
        self.change(|open| {
            open.header.set_aux_nbytes(prepared.nbytes);
            open.header.memory().fence_release(Release::StaticMetadata);
            open.header.set_meta_generation(prepared.generation);
        });
        self.meta_generation = prepared.generation;
        self.static_metadata = Some(prepared.written);
        if old != 0 {
            store.remove(&self.name.static_metadata(old));
        }
    }
}

/// A static metadata's segment that is written and that no header names yet.
#[derive(Debug)]
pub(super) struct Prepared<M> {
    pub(super) generation: u32,
    nbytes: u32,
    written: Written<M>,
}
