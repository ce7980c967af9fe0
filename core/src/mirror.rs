//! The reader's side: attach, follow, and hand out what is new.
//!
//! Generic over where segments come from. A stream with our extension block gives reads that are proven untorn and exact counts of what
//! was missed; one of a Python writer gives what can be had, and says so. Trusts no byte that it finds. Has no clock: who waits how
//! long is the caller's business.

mod answer;
mod blob;
mod buffer;
mod counts;
mod cut;
mod look;

pub use self::answer::{Changes, MirrorError, Proof, Read, Reading, Start, Status, Take};
pub use self::blob::Blob;
use self::buffer::{Buffer, Taken};
use self::counts::Counts;
use self::cut::Left;
use self::look::{Header, Look};
use crate::extension::{Extension, Writer};
use crate::header::{Description, Generation, HeaderView};
use crate::memory::Memory;
use crate::name::StreamName;
use crate::ring::{Geometry, RingReader};
use crate::store::{Presence, SegmentSource};

/// How often a read starts again when the writer overtakes it, and a look at the header when it changes meanwhile. Each try multiplies what the
/// models have to go through.
const TRIES: usize = if cfg!(loom) { 2 } else { 8 };

/// A local view of a stream that another process writes.
#[derive(Debug)]
pub struct Mirror<S: SegmentSource> {
    source: S,
    name: StreamName,
    start: Start,
    header: Option<Header<S::Memory>>,
    buffer: Option<Buffer<S::Memory>>,
    missed: u64,
    buffer_changed: bool,
    /// A header that was cut short and let go of; no other is looked for before its name leads elsewhere.
    cut: Option<S::Memory>,
    left: Option<Left>,
}

impl<S: SegmentSource> Mirror<S> {
    /// Of a stream by its long name, which need not exist yet.
    #[must_use]
    pub const fn new(source: S, name: StreamName, start: Start) -> Self {
        let (header, buffer, cut, left) = (None, None, None, None);
        Self { source, name, start, header, buffer, missed: 0, buffer_changed: false, cut, left }
    }

    /// The stream's long name.
    #[must_use]
    pub const fn name(&self) -> &StreamName {
        &self.name
    }

    /// The header, once it was found.
    #[must_use]
    pub fn header(&self) -> Option<&HeaderView<S::Memory>> {
        self.header.as_ref().map(|h| &h.view)
    }

    /// The extension block, if the stream has one.
    #[must_use]
    pub fn extension(&self) -> Option<&Extension<S::Memory>> {
        self.header.as_ref().and_then(|h| h.extension.as_ref())
    }

    /// What the buffer being read holds.
    #[must_use]
    pub fn description(&self) -> Option<&Description> {
        self.buffer.as_ref().map(|b| &b.description)
    }

    /// Generation of the buffer being read.
    #[must_use]
    pub fn generation(&self) -> Option<Generation> {
        self.buffer.as_ref().map(|b| b.generation)
    }

    /// Frames that a read would find now, as far as is known without a look at the description.
    #[must_use]
    pub fn available(&self) -> u64 {
        let (Some(header), Some(buffer)) = (&self.header, &self.buffer) else { return 0 };
        let committed = buffer.committed(header);
        let oldest = committed.saturating_sub(buffer.n_frames());
        committed.saturating_sub(buffer.position.unwrap_or(0).max(oldest))
    }

    /// Whether [`Mirror::changes`] would tell of any.
    #[must_use]
    pub fn has_changes(&self) -> bool {
        self.buffer_changed
            || self.header.as_ref().is_some_and(|h| h.static_metadata().is_some_and(|(now, _)| now != h.told_of))
    }

    /// What changed since this was last asked.
    pub fn changes(&mut self) -> Changes {
        let static_metadata = self.header.as_mut().is_some_and(|h| {
            let now = h.static_metadata().map_or(h.told_of, |(now, _)| now);
            core::mem::replace(&mut h.told_of, now) != now
        });
        Changes { buffer: core::mem::take(&mut self.buffer_changed), static_metadata }
    }

    /// Finds out whether the header's name leads to another segment by now (a Python writer that was started again, a change of version), and if
    /// so lets go of the old one. A name that leads nowhere is no reason: a Python reader may have unlinked it, or the next writer adopts the header. To be called now and then when nothing new comes; asks the system.
    pub fn revalidate(&mut self) {
        if let Some(header) = &self.header
            && self.source.presence(&self.name.header(), header.view.memory()) == Presence::Replaced
        {
            self.let_go();
        }
    }

    /// Attaches when needed and hands out new frames: their bytes one behind the other, and where the stream has times, the time of each.
    ///
    /// `frames` and `times` bound how many: `frames.len() / frame_bytes`, and in a stream with times `times.len()` unless `times` is empty.
    ///
    /// # Errors
    /// [`MirrorError`].
    // Always: as its first part.
    #[inline(always)]
    pub fn read(&mut self, take: Take, frames: &mut [u8], times: &mut [f64]) -> Result<Reading, MirrorError<S::Error>> {
        match self.read_current(take, frames, times) {
            Some(read) => Ok(Reading::Frames(read)),
            None => self.read_anew(take, frames, times),
        }
    }

    /// What a [`Mirror::read`] that asks for no exact number would find when that is nothing, and nothing else is to be told: the usual case of a
    /// reader that polls. `None`: ask it.
    #[inline(always)]
    #[must_use]
    pub fn nothing(&self) -> Option<Read> {
        let (Some(header), Some(buffer)) = (&self.header, &self.buffer) else { return None };
        let block = buffer.valid_block(header)?;
        if buffer.position != Some(block.committed(&buffer.ring)) {
            return None;
        }
        buffer.nothing(&block, self.missed)
    }

    /// As [`Mirror::read`], as long as the buffer is the latest of a writer with our extension block and no exact number is asked for: what nearly
    /// every read is. `None`: ask [`Mirror::read_anew`]; what is in `frames` and `times` then is nothing to be used, and what was found to be lost will be
    /// told with the next frames.
    // Always: a call takes as long as a small chunk, and its result would come through memory, to be loaded in other pieces than it was stored in.
    #[inline(always)]
    pub fn read_current(&mut self, take: Take, frames: &mut [u8], times: &mut [f64]) -> Option<Read> {
        let (Some(header), Some(buffer)) = (&self.header, &mut self.buffer) else { return None };
        if matches!(take, Take::Exactly(_)) {
            return None;
        }
        let block = buffer.valid_block(header)?;
        let committed = block.committed(&buffer.ring);
        if buffer.position == Some(committed) {
            return buffer.nothing(&block, self.missed);
        }
        let Taken { frames, first, skipped } =
            buffer.read_up_to(committed, &block, take, frames, times, &mut self.missed)?;
        // Why there are none is more than can be told here.
        let missed = if frames > 0 { core::mem::take(&mut self.missed) } else { return None };
        Some(Read { frames, first, missed, skipped, proof: Proof::Untorn })
    }

    /// As [`Mirror::read`], with a look at everything first, as often as something changes meanwhile: behind a [`Mirror::read_current`] that has no answer.
    ///
    /// # Errors
    /// [`MirrorError`].
    // A function of its own: what most reads go through has more registers without it.
    #[inline(never)]
    pub fn read_anew(
        &mut self,
        take: Take,
        frames: &mut [u8],
        times: &mut [f64],
    ) -> Result<Reading, MirrorError<S::Error>> {
        for _ in 0..TRIES {
            match self.follow()? {
                Status::Absent => return Ok(Reading::Absent),
                Status::NotValid => return Ok(Reading::NotValid),
                Status::Changed => return Ok(Reading::Changed),
                Status::Ready => {}
            }
            let (Some(header), Some(buffer)) = (&self.header, &mut self.buffer) else { return Ok(Reading::NotValid) };
            if let Take::Exactly(asked) = take {
                let possible = buffer.possible(frames.len(), times.len());
                if asked > possible {
                    return Err(MirrorError::TooMany { asked, possible });
                }
            }
            if let Some(taken) = buffer.read(header, take, frames, times, &mut self.missed) {
                return Ok(Self::reading(header, &mut self.missed, taken));
            }
            // The header changed under the read, or the writer laps us: look again.
        }
        let (Some(header), Some(buffer)) = (&self.header, &self.buffer) else { return Ok(Reading::NotValid) };
        Ok(Self::reading(header, &mut self.missed, Taken { frames: 0, first: buffer.next(), skipped: 0 }))
    }

    /// What a caller is told of an attempt that holds.
    fn reading(header: &Header<S::Memory>, missed: &mut u64, taken: Taken) -> Reading {
        let Taken { frames, first, skipped } = taken;
        if frames == 0 && !header.view.bvalid() {
            return Reading::NotValid;
        }
        Reading::Frames(Read { frames, first, missed: core::mem::take(missed), skipped, proof: header.proof() })
    }

    /// Brings header and buffer up to date, as every read does, and takes nothing. The usual case, nothing has changed, costs one load.
    ///
    /// # Errors
    /// [`MirrorError`].
    #[inline]
    pub fn follow(&mut self) -> Result<Status, MirrorError<S::Error>> {
        if let (Some(header), Some(buffer)) = (&self.header, &self.buffer)
            && buffer.is_current(header)
        {
            return Ok(Status::Ready);
        }
        self.catch_up()
    }

    /// There is no buffer yet, or something has changed.
    #[cold]
    fn catch_up(&mut self) -> Result<Status, MirrorError<S::Error>> {
        let status = self.look_again()?;
        if matches!(status, Status::Absent | Status::NotValid) {
            // Whatever is published from now on is new.
            self.start = Start::Oldest;
            if let Some(buffer) = &mut self.buffer {
                buffer.valid = false;
            }
        }
        Ok(status)
    }

    fn look_again(&mut self) -> Result<Status, MirrorError<S::Error>> {
        let header = match &self.header {
            Some(header) => header,
            None => {
                if let Some(cut) = &self.cut {
                    match self.source.presence(&self.name.header(), cut) {
                        Presence::Same => return Ok(Status::NotValid),
                        Presence::Gone => return Ok(Status::Absent),
                        Presence::Replaced => self.cut = None,
                    }
                }
                let Some(memory) = self.source.open(&self.name.header()).map_err(MirrorError::Source)? else {
                    return Ok(Status::Absent);
                };
                let view = HeaderView::detect(memory.clone())?;
                self.header.insert(Header { view, extension: Extension::find(memory), told_of: 0 })
            }
        };
        let Some(look) = header.look() else {
            // It is being changed right now. Nothing of it can be trusted, the old buffer's counters included.
            return Ok(Status::NotValid);
        };
        if let Some(buffer) = &mut self.buffer {
            if buffer.generation == look.generation {
                // One that has ended all the same was cut short.
                if !look.bvalid && !S::SURVIVES_REMOVAL || buffer.ended.is_some() {
                    return Ok(Status::NotValid);
                }
                // Invalidated, maybe: what is left in the buffer can still be read.
                (buffer.sequence, buffer.valid) = (look.sequence, look.bvalid);
                return Ok(Status::Ready);
            }
            buffer.end(&look, S::SURVIVES_REMOVAL && header.extension.is_some());
            if buffer.has_more() {
                return Ok(Status::Ready);
            }
        }
        if !look.bvalid {
            self.detect_again()?;
            return Ok(Status::NotValid);
        }
        self.switch(look)
    }

    /// A header that is not valid may be one that its writer has not finished: a published writer stamps magic and version into a segment that is
    /// visible already.
    fn detect_again(&mut self) -> Result<(), MirrorError<S::Error>> {
        if let Some(header) = &mut self.header
            && self.buffer.is_none()
        {
            let memory = header.view.memory().clone();
            header.view = HeaderView::detect(memory.clone())?;
            header.extension = Extension::find(memory);
        }
        Ok(())
    }

    /// Attaches to the generation that the header announces.
    fn switch(&mut self, look: Look) -> Result<Status, MirrorError<S::Error>> {
        let Some(header) = &self.header else { return Ok(Status::Absent) };
        let description = look.description?;
        let name = self.name.data(look.generation);
        let Some(data) = self.source.open(&name).map_err(MirrorError::Source)? else {
            // Gone already: a newer generation is on its way.
            return Ok(Status::NotValid);
        };
        let geometry = Geometry::of(&description, header.view.version());
        let len = data.len();
        let ring = RingReader::new(data, geometry).ok_or(MirrorError::DataTooShort { len, needed: geometry.len() })?;
        let writer = header.extension.as_ref().map_or(Writer::default(), Extension::writer);
        // Another header of the same writer, who goes on counting.
        let left = self.left.take().filter(|left| left.writer == writer && writer.pid != 0);
        let lost = match (&self.buffer, left) {
            // All that came between is lost to us: the old buffer has no more.
            (Some(old), _) => Some(old.missing_up_to(look.base)),
            (None, Some(left)) => look.base.checked_sub(left.next),
            (None, None) => None,
        };
        self.missed = self.missed.saturating_add(lost.unwrap_or(0));
        let position = match (lost, core::mem::take(&mut self.start)) {
            (Some(_), _) => Some(0),
            // In a ring that has wrapped, the oldest frame is gone at any moment: what is the first is settled by the first read.
            (None, Start::Oldest) => (look.committed <= u64::from(geometry.n_frames())).then_some(0),
            (None, Start::Next) => Some(look.committed),
        };
        let Look { bvalid: valid, generation, sequence, base, .. } = look;
        let ended = None;
        self.buffer = Some(Buffer { description, ring, generation, sequence, valid, base, position, ended, writer });
        self.buffer_changed = true;
        Ok(Status::Changed)
    }
}
