//! The writer's side: messages and settings in, segment work out.
//!
//! Generic over where segments live ([`SegmentStore`]) and who is told what happens to them ([`Observer`]). Each rule is one of the spec's page
//! on the wire. Has no clock and knows no device.

mod contents;
mod event;
mod needs;
mod open;

use heapless::String;

use self::contents::Contents;
pub use self::event::{Event, Observer};
pub use self::needs::Needs;
use self::open::Open;
use crate::axis_array::AxisArray;
use crate::extension::{Clock, Extension, Received, Timing, Writer};
use crate::header::Description;
use crate::health::Health;
use crate::name::{SegmentName, StreamName};
use crate::ring::{Reserved, WrongFrameSize};
use crate::settings::{Plan, PlanError, Settings};
use crate::static_metadata::EncodeError;
use crate::store::SegmentStore;

/// Why something could not be published. The stream is as it was before.
#[derive(Clone, Copy, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
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
    #[error(transparent)]
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
    /// Frames of another size than the ring's.
    #[error(transparent)]
    FrameSize(#[from] WrongFrameSize),
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

/// What of a stream nobody who comes now can find, because its segments' names are gone, or can use, because they were cut short.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Lost {
    /// The ring or the static metadata.
    Contents,
    /// The header.
    Header,
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

    /// Name of the segment that the next ring would have.
    pub fn next_ring(&self) -> SegmentName {
        self.open.name.data(self.open.next_generation(&self.store))
    }

    /// The extension block.
    #[must_use]
    pub const fn extension(&self) -> &Extension<S::Memory> {
        &self.open.extension
    }

    /// Frames that were published up to now, over all generations of the header and of those that it replaces: the number of the next one, as mirrors
    /// count.
    #[must_use]
    pub fn published(&self) -> u64 {
        self.open.published()
    }

    /// Publishes a message: a new ring when its description differs, new static metadata when that differs, then its frames. To find that out takes most of
    /// its time, of which [`Publisher::reserve`] and [`Publisher::commit`] need nothing.
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
        let cut = ring.writer.append(&plan.frames, &plan.times, newest)?;
        if cut > 0 {
            self.count_cut(cut);
        }
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
        self.bring_in_line(&plan.description, plan.axis, Contents::Message(message))?;
        Ok(Some(plan))
    }

    /// As [`Publisher::describe`], of a stream that is published again as it was: a description, the name of its buffered axis, and its static
    /// metadata as they were encoded, byte for byte (none when empty). Ring length and rate are the description's, not the settings'.
    ///
    /// Published readers unpickle what is given here: it has to be such that [`decode`](crate::static_metadata::decode) reads it, which the caller sees to.
    ///
    /// # Errors
    /// [`PublishError`]; the stream is as it was.
    pub fn describe_encoded(
        &mut self,
        description: &Description,
        axis: &str,
        static_metadata: &[u8],
    ) -> Result<(), PublishError<S::Error>> {
        self.bring_in_line(description, axis, Contents::Encoded(static_metadata))
    }

    fn bring_in_line(
        &mut self,
        description: &Description,
        axis: &str,
        contents: Contents<'_>,
    ) -> Result<(), PublishError<S::Error>> {
        let changed = if self.settings.version.has_static_metadata() {
            contents.changed(axis, self.open.static_metadata.as_ref())?
        } else {
            None
        };
        // All segments first: when one cannot be made, nothing has changed.
        let prepared =
            changed.map(|len| self.open.prepare_static_metadata(&mut self.store, &contents, axis, len)).transpose()?;
        let other_axis = self.open.axis.as_deref() != Some(axis);
        if other_axis || self.open.ring.as_ref().is_none_or(|r| r.description != *description) {
            let description = description.clone();
            let begun = self.open.begin_generation(&mut self.store, &mut self.observer, description, other_axis);
            if let Err(error) = begun {
                if let Some(prepared) = prepared {
                    self.store.remove(&self.open.name.static_metadata(prepared.generation));
                }
                return Err(error);
            }
        }
        if other_axis {
            self.open.axis = String::try_from(axis).ok();
        }
        if let Some(prepared) = prepared {
            self.open.announce_static_metadata(&mut self.store, prepared);
            self.observer.event(Event::AuxUpdated);
        }
        Ok(())
    }

    /// The next `frames` frames of the ring (at most all of it), to be filled where readers will find them, of a stream that
    /// [`Publisher::describe`] or [`Publisher::publish`] has described. Readers see none of it before [`Publisher::commit`], and from now on
    /// no longer the frames that were there. To be asked for again as often as one likes: what is reserved stays so.
    ///
    /// # Errors
    /// [`PublishError::NotDescribed`].
    #[inline]
    pub fn reserve(&mut self, frames: u32) -> Result<Reserved<'_, S::Memory>, PublishError<S::Error>> {
        Ok(self.open.ring.as_mut().ok_or(PublishError::NotDescribed)?.writer.reserve(frames))
    }

    /// Publishes the next `frames` frames, which were reserved and filled. `newest` is the last one's time in ns. More than are reserved are not published.
    ///
    /// # Errors
    /// [`PublishError::NotDescribed`].
    #[inline]
    pub fn commit(&mut self, frames: u32, newest: i64) -> Result<(), PublishError<S::Error>> {
        self.open.ring.as_mut().ok_or(PublishError::NotDescribed)?.writer.commit(frames, newest);
        Ok(())
    }

    /// Changes settings. A new `buf_dur` or axis ends the ring, and the next message makes another; a new name or version ends the
    /// header too, and one with placeholders appears. Under the same name frames are counted on.
    ///
    /// # Errors
    /// [`PublishError::Store`] when the new header cannot be made; the stream is as it was.
    pub fn apply(&mut self, settings: Settings) -> Result<(), PublishError<S::Error>> {
        if self.renames(&settings) {
            self.reopen(&settings)?;
        } else if settings.version != self.settings.version {
            self.reopen_counting_on(&settings)?;
        } else if self.ends_ring(&settings) {
            self.invalidate();
        }
        self.settings = settings;
        Ok(())
    }

    /// Replaces what is lost; the next message makes ring and static metadata anew. Under the same header readers go over by themselves. A lost
    /// header is replaced by a new one, in which frames are counted on: those that look whether the name still leads to theirs find it, others see a
    /// stream that is not valid.
    ///
    /// # Errors
    /// [`PublishError::Store`] when the new header cannot be made; the stream is as it was.
    pub fn replace(&mut self, lost: Lost) -> Result<(), PublishError<S::Error>> {
        match lost {
            Lost::Contents => {
                self.invalidate();
                self.open.static_metadata = None;
                Ok(())
            }
            Lost::Header => {
                let settings = Settings { shmem_name: Some(self.open.name.clone()), ..self.settings.clone() };
                self.reopen_counting_on(&settings)
            }
        }
    }

    /// Another header in the place of one that readers know.
    fn reopen_counting_on(&mut self, settings: &Settings) -> Result<(), PublishError<S::Error>> {
        let published = self.open.published();
        self.reopen(settings)?;
        self.open.base = published;
        Ok(())
    }

    /// Ends the header and what it announces; one with placeholders takes its place, maybe under another name.
    fn reopen(&mut self, settings: &Settings) -> Result<(), PublishError<S::Error>> {
        let fresh = Open::new(&mut self.store, settings, self.writer, self.clock)?;
        self.invalidate();
        self.observer.event(Event::MetaCleanup);
        // Under the same name the new header has already taken the old one's place.
        let remove = fresh.name != self.open.name;
        self.open.remove(&mut self.store, remove);
        self.observer.event(Event::MetaReset);
        self.open = fresh;
        self.store_health();
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

    /// Publishes what was measured of times.
    pub fn set_timing(&mut self, timing: &Timing) {
        self.open.extension.set_timing(timing);
    }

    /// Publishes how often a segment's public name was restored.
    pub fn set_heals(&mut self, heals: u64) {
        self.open.extension.set_heals(heals);
    }

    /// Shows readers since when the ADC has not answered, in ns of `CLOCK_MONOTONIC`; 0 = it answers.
    pub fn set_silent_since(&mut self, ns: i64) {
        self.open.extension.set_silent_since(ns);
    }

    /// Shows readers that the stream was received from another machine, and what is known of the clock there.
    pub fn set_received(&mut self, received: Option<Received>) {
        self.open.extension.set_received(received);
    }

    /// The clock of the times from now on.
    pub fn set_clock(&mut self, clock: Clock) {
        self.clock = clock;
        self.open.extension.set_clock(clock);
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

    #[cold]
    fn count_cut(&mut self, cut: u64) {
        self.health.frames_cut += cut;
        self.store_health();
    }

    fn store_health(&self) {
        self.open.extension.set_health(&self.health);
    }
}

/// Seconds as whole ns, saturating; 0 for NaN.
fn seconds_to_ns(seconds: f64) -> i64 {
    libm::round(seconds * 1e9) as i64
}
