//! The reading end: follows the events of a data stream.
//!
//! An ordinary mirror of the event stream, with its frames as what they mean.

use std::time::Duration;

use axismirror_core::event_frame::{EVENT_LEN, EventFrame, EventView, Given};
use axismirror_core::mirror::Start;

use super::{are_events, name_of};
use crate::mirror::{Mirror, MirrorError, State};

/// Reads of one [`EventReader::take`]: a generation's rest, the change, and the next one's events, twice over.
const READS: usize = 8;

/// An event, as it was stamped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// Number of the data stream's frame, counted over all generations as [`Chunk::first`](crate::mirror::Chunk::first) counts.
    pub frame: u64,
    /// Time in ns of the data stream's clock.
    pub time_ns: i64,
    /// What of it was given by whoever marked.
    pub given: Given,
    /// What happened. A stranger may have written it: [`visible`](crate::config::visible) makes it fit for a terminal.
    pub text: String,
}

impl Event {
    /// From a frame of an event stream; `None` when it is none, or of a later version.
    #[must_use]
    pub fn from_bytes(bytes: &[u8]) -> Option<Self> {
        EventView::new(bytes).and_then(EventFrame::parse).ok().map(Self::from)
    }

    /// Time in seconds of the data stream's clock, as its times are.
    #[must_use]
    pub fn time(&self) -> f64 {
        self.time_ns as f64 / 1e9
    }
}

impl From<EventFrame<'_>> for Event {
    fn from(frame: EventFrame<'_>) -> Self {
        Self { frame: frame.frame(), time_ns: frame.time_ns(), given: frame.given(), text: frame.text().to_owned() }
    }
}

/// What has come since the last read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NewEvents {
    /// In the order in which they were marked. Their times need not rise: some may have been given.
    pub events: Vec<Event>,
    /// Events that this reader has lost before these, because it came too late.
    pub missed: u64,
    /// Frames that are no events: of a later version, or of a stream that only has the name.
    pub unreadable: u64,
}

impl NewEvents {
    /// Whether nothing has come and nothing was lost.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// Follows the events of a data stream, through the end of its service and its next start too.
#[derive(Debug)]
pub struct EventReader {
    mirror: Mirror,
}

impl EventReader {
    /// The events of the data stream `stream`, which need not be there yet: [`Start::Oldest`] hands out what the ring still holds (the last 256 events of
    /// this run of the service), [`Start::Next`] what comes from now on. A stream of another package has no events, and this is no error.
    ///
    /// # Errors
    /// [`MirrorError::Name`].
    pub fn open(stream: &str, start: Start) -> Result<Self, MirrorError> {
        Ok(Self { mirror: Mirror::open(&name_of(stream), start)? })
    }

    /// New events: all that there are, but of a writer who writes faster than they are taken; none when there are none, or no event stream (yet). Never waits.
    ///
    /// # Errors
    /// [`MirrorError`].
    pub fn take(&mut self) -> Result<NewEvents, MirrorError> {
        let mut new = NewEvents::default();
        for _ in 0..READS {
            let chunk = self.mirror.read()?;
            new.missed = new.missed.saturating_add(chunk.missed());
            if chunk.changed() {
                continue;
            }
            let frames = chunk.frames();
            if frames == 0 {
                break;
            }
            if !chunk.description().is_some_and(are_events) {
                new.unreadable += frames as u64;
                continue;
            }
            for bytes in chunk.bytes().chunks_exact(EVENT_LEN) {
                match Event::from_bytes(bytes) {
                    Some(event) => new.events.push(event),
                    None => new.unreadable += 1,
                }
            }
        }
        Ok(new)
    }

    /// Sleeps until there may be something new, or until the time is up. Says whether there may be.
    ///
    /// # Errors
    /// [`MirrorError`].
    pub fn wait(&mut self, longest: Duration) -> Result<bool, MirrorError> {
        self.mirror.wait(longest)
    }

    /// Whether there is an event stream now.
    ///
    /// # Errors
    /// [`MirrorError`].
    pub fn state(&mut self) -> Result<State, MirrorError> {
        self.mirror.state()
    }

    /// The mirror of the event stream, for its clock, writer and counters.
    #[must_use]
    pub const fn mirror(&self) -> &Mirror {
        &self.mirror
    }
}
