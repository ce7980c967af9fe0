//! The writing end: the event stream that a service publishes beside its data stream.
//!
//! Whoever marks stamps in its own thread, one after the other; the acquisition's thread never comes here but to say that the stream has another
//! name. Knows no socket.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axismirror_core::axis_array::{Array, Axis, AxisArray, Element, Samples};
use axismirror_core::dtype::DType;
use axismirror_core::event_frame::{EVENT_LEN, EVENTS_KEY, EventFrame};
use axismirror_core::extension::{Clock, Writer};
use axismirror_core::header::{HEADER_SEGMENT_LEN, StructVersion};
use axismirror_core::health::Health;
use axismirror_core::name::StreamName;
use axismirror_core::publisher::{PublishError, Publisher};
use axismirror_core::settings::{ASSUMED_RATE, Settings};

use super::socket::Stamper;
use super::{Mark, MarkError, Position, Stamped, name_of};
use crate::causes;
use crate::clock;
use crate::publication::{REST, Replacing};
use crate::said::Said;
use crate::shm::{ShmError, ShmStore, wake_all};

/// A ring of 256 events.
const BUF_DUR: f64 = 256.0 / ASSUMED_RATE;
/// How long a mark waits for the data stream's new name, and how often it looks; without the ADC being set up anew it takes 55 ms.
const RENAMED_WITHIN: Duration = Duration::from_millis(500);
const LOOK_EVERY: Duration = Duration::from_millis(1);

/// What an event stream has in common with its data stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Like {
    /// Name of the data stream.
    pub(crate) name: String,
    /// Wire version.
    pub(crate) version: StructVersion,
}

/// The event stream of a data stream.
#[derive(Debug)]
pub(crate) struct EventStream {
    position: Position,
    /// What the data stream is by now, until the event stream is the same.
    wanted: Mutex<Option<Like>>,
    /// Whether the data stream is on the way to become another.
    held: AtomicBool,
    /// None before it was opened, and when it was closed.
    publishing: Mutex<Option<Publishing>>,
}

#[derive(Debug)]
struct Publishing {
    publisher: Publisher<ShmStore>,
    /// Marks that were refused.
    refused: u64,
    said: Said,
    replacing: Replacing,
}

impl EventStream {
    /// One that is not open yet, and is stamped by what is shown in `position`.
    pub(crate) fn new(position: Position) -> Self {
        Self { position, wanted: Mutex::default(), held: AtomicBool::new(false), publishing: Mutex::default() }
    }

    /// Makes its segments, or adopts what an earlier service left.
    pub(crate) fn open(
        &self,
        like: &Like,
        store: ShmStore,
        writer: Writer,
        clock: Clock,
    ) -> Result<(), PublishError<ShmError>> {
        let mut publisher = Publisher::open(store, (), settings(like), writer, clock)?;
        if let Err(error) = with_message(&[], |m| publisher.describe(m).map(|_| ())) {
            publisher.close();
            return Err(error);
        }
        publisher.set_heartbeat(clock::monotonic_ns());
        *self.lock() =
            Some(Publishing { publisher, refused: 0, said: Said::default(), replacing: Replacing::default() });
        Ok(())
    }

    /// Stamps an event that was asked for at `arrived_ns` of `CLOCK_MONOTONIC`, and publishes it.
    pub(crate) fn stamp(&self, mark: &Mark, arrived_ns: i64) -> Result<Stamped, MarkError> {
        let settled = self.wait_until_settled();
        let mut publishing = self.lock();
        let publishing = publishing.as_mut().ok_or(MarkError::NoFrame)?;
        let followed = settled.and_then(|()| self.catch_up(publishing));
        let stamped = followed.and_then(|()| self.stamped(mark, arrived_ns, publishing));
        if stamped.is_err() {
            publishing.refused += 1;
            publishing.show_health();
        }
        stamped
    }

    fn stamped(&self, mark: &Mark, arrived_ns: i64, publishing: &mut Publishing) -> Result<Stamped, MarkError> {
        mark.check()?;
        let at = self.position.look().ok_or(MarkError::NoFrame)?;
        let (stamped, given) = at.stamp(mark, arrived_ns)?;
        let event = EventFrame::new(stamped.frame, stamped.time_ns, given, &mark.text);
        // The text was checked.
        publishing.publish(&event.map_err(|_| MarkError::TooLong { len: mark.text.len() })?)?;
        Ok(stamped)
    }

    /// Counts a mark that was refused before it came here.
    fn count(&self) {
        if let Some(publishing) = self.lock().as_mut() {
            publishing.refused += 1;
            publishing.show_health();
        }
    }

    /// The data stream is about to get another name or version. Frames that come from now on may be the first ones of the new count: marks wait.
    pub(crate) fn hold(&self) {
        // Release: pairs with the Acquire of `wait_until_settled`.
        self.held.store(true, Ordering::Release);
    }

    /// That is over, whatever became of it.
    pub(crate) fn release(&self) {
        // Release: who sees it sees what is wanted.
        self.held.store(false, Ordering::Release);
    }

    /// The data stream has another name, or is of another version. Waits for nothing; the next stamp or tick carries it out.
    pub(crate) fn follow(&self, like: Like) {
        *self.wanted.lock().unwrap_or_else(PoisonError::into_inner) = Some(like);
    }

    fn wait_until_settled(&self) -> Result<(), MarkError> {
        let begin = Instant::now();
        // Acquire: pairs with the Release of `hold` and `release`.
        while self.held.load(Ordering::Acquire) {
            if begin.elapsed() >= RENAMED_WITHIN {
                return Err(MarkError::Renaming);
            }
            std::thread::sleep(LOOK_EVERY);
        }
        Ok(())
    }

    /// Whether the event stream of a data stream of this name could be made, beside the one that there is.
    pub(crate) fn check_free(&self, name: &str) -> Result<(), ShmError> {
        let (Ok(name), Some(publishing)) = (StreamName::new(&name_of(name)), &mut *self.lock()) else { return Ok(()) };
        let version = publishing.publisher.settings().version;
        let ring = publishing.publisher.description().map_or(0, |d| d.data_len(version));
        let store = publishing.publisher.store();
        // Its static metadata have less than a page.
        store.check_room(ring + 2 * HEADER_SEGMENT_LEN).and_then(|()| store.check_free(&name.header()))
    }

    /// Shows that the writer lives, follows the data stream, and replaces what somebody has removed. To be called now and then.
    pub(crate) fn tick(&self) {
        let mut publishing = self.lock();
        let Some(publishing) = publishing.as_mut() else { return };
        publishing.publisher.set_heartbeat(clock::monotonic_ns());
        // It has said what is wrong; the next tick tries again.
        let _ = self.catch_up(publishing);
        publishing.replace_lost();
        publishing.show_heals();
    }

    /// Ends it and removes its segments.
    pub(crate) fn close(&self) {
        if let Some(Publishing { publisher, .. }) = self.lock().take() {
            wake_all(publisher.extension().memory());
            publisher.close();
        }
    }

    /// Becomes what the data stream is. An event that would be of another stream than its data is none.
    fn catch_up(&self, publishing: &mut Publishing) -> Result<(), MarkError> {
        let mut wanted = self.wanted.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(like) = &*wanted {
            if !publishing.become_like(like) {
                return Err(MarkError::Publish { why: publishing.said.last().unwrap_or_default().to_owned() });
            }
            *wanted = None;
        }
        Ok(())
    }

    fn lock(&self) -> MutexGuard<'_, Option<Publishing>> {
        self.publishing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Stamper for EventStream {
    fn stamp(&self, mark: &Mark, arrived_ns: i64) -> Result<Stamped, MarkError> {
        Self::stamp(self, mark, arrived_ns)
    }

    fn count_refused(&self) {
        self.count();
    }
}

impl Publishing {
    fn publish(&mut self, event: &EventFrame<'_>) -> Result<(), MarkError> {
        let mut bytes = [0; EVENT_LEN];
        event.emit(&mut bytes);
        let published =
            with_message(&[(event.time_ns() as f64 / 1e9, bytes)], |m| self.publisher.publish(m).map(|_| ()));
        self.publisher.set_heartbeat(clock::monotonic_ns());
        wake_all(self.publisher.extension().memory());
        published.map_err(|error| MarkError::Publish { why: causes::line(&error) })
    }

    /// Whether it could, or why not is said.
    fn become_like(&mut self, like: &Like) -> bool {
        let renamed = self.publisher.apply(settings(like)).and_then(|()| self.describe());
        if let Some(text) = self.said.news(renamed.err().map(|error| causes::line(&error))) {
            tracing::error!(
                stream = self.publisher.name().as_str(),
                "the event stream cannot follow the data stream's settings: {text}"
            );
        }
        self.said.last().is_none()
    }

    fn replace_lost(&mut self) {
        let Some(lost) = self.replacing.due(&mut self.publisher) else { return };
        let replaced = self.publisher.replace(lost).and_then(|()| {
            std::thread::sleep(REST);
            self.describe()
        });
        self.replacing.tried(&mut self.publisher, lost, replaced);
    }

    /// Describes the stream where its ring is gone, and wakes those who wait for it.
    fn describe(&mut self) -> Result<(), PublishError<ShmError>> {
        with_message(&[], |m| self.publisher.describe(m).map(|_| ()))?;
        self.publisher.set_heartbeat(clock::monotonic_ns());
        self.show_health();
        wake_all(self.publisher.extension().memory());
        Ok(())
    }

    fn show_health(&mut self) {
        self.publisher.set_health(&Health { bad_frames: self.refused, ..Health::default() });
        self.show_heals();
    }

    fn show_heals(&mut self) {
        let heals = self.publisher.store().heals();
        self.publisher.set_heals(heals);
    }
}

fn settings(like: &Like) -> Settings {
    // A name that is too long for a stream is refused long before: the settings know a shorter limit.
    let shmem_name = StreamName::new(&name_of(&like.name)).ok();
    Settings { shmem_name, buf_dur: BUF_DUR, axis: None, version: like.version }
}

/// Lends the message of these events, each with its time in seconds.
fn with_message<T>(events: &[(f64, [u8; EVENT_LEN])], f: impl FnOnce(&AxisArray<'_>) -> T) -> T {
    let bytes: Vec<u8> = events.iter().flat_map(|(_, bytes)| *bytes).collect();
    let times: Vec<u8> = events.iter().flat_map(|(time, _)| time.to_le_bytes()).collect();
    let shape = [events.len()];
    let times = Array { element: Element::Plain(DType::F64), shape: &shape, bytes: &times };
    f(&AxisArray {
        data: Samples { dtype: DType::U8, shape: &[events.len(), EVENT_LEN], bytes: &bytes },
        dims: &["time", "byte"],
        axes: &[("time", Axis::Coordinate { unit: "s", dims: &["time"], data: times })],
        attrs: &[],
        key: EVENTS_KEY,
        stream_dim: Some("time"),
    })
}
