//! The marks of a recording, stamped into the event stream beside the replayed one when the frames reach them; and a person's own, from
//! `axismirror mark`, as with any stream.
//!
//! A mark's frame is the first one whose recorded time is not before the mark's. Knows nothing of when frames are due.

use std::sync::Arc;

use axismirror_core::event_frame::MAX_EVENT_TEXT;
use axismirror_core::extension::Clock;
use axismirror_core::name::StreamName;

use super::ReplayError;
use super::stream::Plan;
use crate::clock;
use crate::config::{Settings, visible};
use crate::control::{ControlServer, Refusal};
use crate::events::{At, EventStream, Mark as Stamp, Position, Span};
use crate::service::{Events, ServiceError, marker};

/// What of a period is rounding, and no reason to take the next frame.
const ROUNDING: f64 = 0.01;
/// Who wants to change a replay is told so.
const NO_SETTINGS: &str = "a replay has no settings that can change while it runs; stop it and start it with others";

/// The event stream, and where the data stream is.
#[derive(Debug)]
pub(super) struct Marks {
    events: Arc<EventStream>,
    /// Looks after it, and ends it.
    _looks_after: Events,
    control: ControlServer,
    position: Position,
    /// Of the published times.
    clock: Clock,
    /// Whether the published times have to do with the host's.
    free_running: bool,
    /// Of the first frame.
    first_ns: Option<i64>,
    rate: f64,
}

/// Frames that were just published.
#[derive(Clone, Copy, Debug)]
pub(super) struct Published<'a> {
    /// Their times in seconds, without a gap between them. At least one.
    pub(super) times: &'a [f64],
    /// Number of the frame behind them.
    pub(super) next: u64,
}

impl Marks {
    /// Makes the event stream of a plan's stream.
    pub(super) fn start(plan: &Plan, settings: &Settings, free_running: bool, rate: f64) -> Result<Self, ReplayError> {
        let position = Position::default();
        let settings = Settings {
            name: plan.name().to_owned(),
            clock: plan.clock,
            struct_version: plan.ring.version,
            ..settings.clone()
        };
        let events = Arc::new(EventStream::new(position.clone()));
        let segment = StreamName::new(plan.name())?.header();
        let control = ControlServer::start(segment.as_str(), marker(&events)).map_err(ServiceError::from)?;
        let looks_after = Events::start(events.clone(), &settings, plan.access)?;
        Ok(Self {
            events,
            _looks_after: looks_after,
            control,
            position,
            clock: plan.clock,
            free_running,
            first_ns: None,
            rate,
        })
    }

    /// Shows where the stream is: by that a person's marks are stamped.
    pub(super) fn show(&mut self, published: &Published<'_>) {
        if let Some(newest) = published.times.last() {
            let at = self.at(published.next, ns(*newest), published.times.first().copied());
            self.position.show(at);
        }
    }

    fn at(&mut self, next: u64, newest_ns: i64, first: Option<f64>) -> At {
        let first_ns = *self.first_ns.get_or_insert(first.map_or(newest_ns, ns));
        let offset_ns = match self.clock {
            Clock::Realtime if !self.free_running => clock::realtime_ns() - clock::monotonic_ns(),
            _ => 0,
        };
        let frames = Some(Span { first_ns, newest_ns });
        At { next, frames, offset_ns, rate: self.rate, silent: false, free_running: self.free_running }
    }

    /// Stamps a recorded mark at a published time, within the frames that were just published or before them. Says whether it could be.
    pub(super) fn stamp(&mut self, text: &str, time: f64, published: &Published<'_>) -> bool {
        let (Some(first), Some(newest)) = (published.times.first(), published.times.last()) else { return false };
        let soon = ROUNDING / self.rate;
        let before = published.times.partition_point(|t| *t < time - soon);
        let before = u64::try_from(before.min(published.times.len() - 1)).unwrap_or(0);
        let frame = published.next.saturating_sub(published.times.len() as u64).saturating_add(before);
        // What was marked before the first frame or behind the last one belongs to it.
        let first_of_all = self.first_ns.unwrap_or(ns(*first));
        let time_ns = ns(time).clamp(first_of_all.min(ns(*newest)), ns(*newest));
        // The frame is known, not to be guessed from the newest one.
        let at = self.at(frame + 1, time_ns, Some(*first));
        let offset_ns = at.offset_ns;
        self.position.settle(at);
        let mark = Stamp { text: fitting(text), time_ns: Some(time_ns), frame: None };
        // It happens now, by the recording.
        let stamped = self.events.stamp(&mark, time_ns.saturating_sub(offset_ns));
        let at = self.at(published.next, ns(*newest), Some(*first));
        self.position.settle(at);
        if let Err(error) = &stamped {
            tracing::warn!("a mark of the recording is left out: {error}: {}", visible(text));
        }
        stamped.is_ok()
    }

    /// Answers who asks for changes.
    pub(super) fn answer(&self) {
        while let Some(order) = self.control.next_order() {
            order.answer(Err(Refusal { why: NO_SETTINGS.to_owned(), hint: None }));
        }
    }
}

/// Seconds as whole nanoseconds; `as` saturates.
fn ns(seconds: f64) -> i64 {
    (seconds * 1e9).round() as i64
}

/// A text as an event has it: seen by everybody, and no longer than there is room for.
fn fitting(text: &str) -> String {
    let mut fitting = visible(text.trim()).into_owned();
    while fitting.len() > MAX_EVENT_TEXT {
        fitting.pop();
    }
    fitting
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_are_made_to_fit() {
        assert_eq!(fitting(" eyes closed "), "eyes closed");
        assert_eq!(fitting(&"µ".repeat(200)).len(), 224);
        assert!(Stamp::now(fitting("a\u{1b}[2J\u{202e}b")).check().is_ok());
    }
}
