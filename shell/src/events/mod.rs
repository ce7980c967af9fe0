//! Events: what happened, stamped with a data stream's clock and frame number, in a second small stream beside it.
//!
//! The service that publishes `lab` also publishes `lab/events`, a stream like any other: [`EventReader`] follows it, every mirror can read its bytes
//! ([`axismirror_core::event_frame`] draws them), and it comes, survives and goes as `lab` does. [`mark`] asks the service to stamp one.
//!
//! ```no_run
//! use axismirror::events::{EventReader, Mark, mark};
//! use axismirror::mirror::Start;
//! use std::time::Duration;
//!
//! let mut events = EventReader::open("lab", Start::Next)?;
//! let stamped = mark("lab", &Mark::now("eyes closed"))?;
//! println!("frame {}, {} s", stamped.frame, stamped.time());
//! while events.wait(Duration::from_secs(1))? {
//!     let new = events.take()?;
//!     for event in &new.events {
//!         println!("{} at frame {}", event.text, event.frame);
//!     }
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Programs
//!
//! With the setting `events = "PATH"` the service listens at a Unix socket for programs in any language: [`Lines`] says what a line is.
//!
//! # Which frame
//!
//! An event's time is that at which it was asked for ([`mark`]'s call, or a line's arrival at the service), by the clock of the data stream; or one that is
//! given with it. Its frame is the
//! first one whose time (of DRDY) is not before that: the one that was being acquired. At the time of the mark that frame is not there yet, so its
//! number follows from the newest frame that was acquired and the nominal rate:
//!
//! ```text
//! frame = newest + ceil((time - time of newest) * rate - 0.01)
//! ```
//!
//! Frames are counted over all generations, as [`Chunk::first`](crate::mirror::Chunk::first) counts them. A hundredth of a period, the jitter of
//! DRDY, does not make it the next one. While the ADC does not answer there is no frame to come yet: then it is the first one after the gap; and
//! before the first frame of all it is that one. Frames that are
//! lost between the newest frame and the event have no number: they make it wrong by as many. The time is always right: a reader that wants the last
//! word on a frame looks for the event's time among the data's.

mod line;
mod marking;
mod position;
mod reader;
mod seconds;
mod socket;
mod stream;

use axismirror_core::dtype::DType;
use axismirror_core::event_frame::{EVENT_LEN, EVENTS_KEY, EVENTS_SUFFIX};
use axismirror_core::header::Description;

pub use axismirror_core::event_frame::Given;

pub use self::line::{LineError, Lines, answer};
pub use self::marking::{Mark, MarkError, Stamped};
pub(crate) use self::position::{At, Position, Span};
pub use self::reader::{Event, EventReader, NewEvents};
pub use self::seconds::{Seconds, parse_seconds};
pub(crate) use self::socket::MarkSocket;
pub(crate) use self::stream::{EventStream, Like};
pub use crate::control::mark;

/// Name of a data stream's event stream.
///
/// ```
/// assert_eq!(axismirror::events::name_of("lab"), "lab/events");
/// ```
#[must_use]
pub fn name_of(stream: &str) -> String {
    format!("{stream}{EVENTS_SUFFIX}")
}

/// Name of the data stream that an event stream belongs to; `None` when the name is none of an event stream.
///
/// ```
/// use axismirror::events::stream_of;
/// assert_eq!((stream_of("lab/events"), stream_of("lab"), stream_of("/events")), (Some("lab"), None, None));
/// ```
#[must_use]
pub fn stream_of(name: &str) -> Option<&str> {
    name.strip_suffix(EVENTS_SUFFIX).filter(|stream| !stream.is_empty())
}

/// Whether the frames of a stream are events ([`StreamInfo::is_events`](crate::mirror::StreamInfo::is_events) says the same).
#[must_use]
pub fn are_events(description: &Description) -> bool {
    is_of_events(description.key().as_str(), description.dtype(), description.frame_samples())
}

/// Whether frames of so many samples are events.
pub(crate) fn is_of_events(key: &str, dtype: DType, samples: usize) -> bool {
    key == EVENTS_KEY && dtype.code() == DType::U8.code() && samples == EVENT_LEN
}
