//! The events of a stream among its frames: each comes before the frame that was being acquired when it was marked.
//!
//! Knows the order alone, and not how it is printed.

use std::collections::VecDeque;

use axismirror::causes;
use axismirror::config::visible;
use axismirror::count::{count, were};
use axismirror::events::{Event, EventReader, NewEvents, stream_of};
use axismirror::mirror::Start;

/// Events that wait for their frames.
#[derive(Debug, Default)]
pub(super) struct Marks {
    /// None where there can be none, or none can be read any more.
    reader: Option<EventReader>,
    /// By frame.
    waiting: VecDeque<Event>,
    missed: u64,
}

impl Marks {
    /// Those of a stream; an event stream has none.
    pub(super) fn of(name: &str, start: Start) -> Self {
        let reader = if stream_of(name).is_some() { None } else { EventReader::open(name, start).ok() };
        Self { reader, ..Self::default() }
    }

    /// Takes what has come.
    pub(super) fn look(&mut self) {
        let Some(reader) = &mut self.reader else { return };
        match reader.take() {
            Ok(new) => self.add(new),
            Err(error) => {
                eprintln!("events cannot be read: {}", causes::line(&error));
                self.reader = None;
            }
        }
    }

    fn add(&mut self, new: NewEvents) {
        self.missed = self.missed.saturating_add(new.missed);
        for event in new.events {
            // Behind those of the same frame.
            let place = self.waiting.partition_point(|e| e.frame <= event.frame);
            self.waiting.insert(place, event);
        }
    }

    /// Events that come before those of these frames are of frames that are not shown.
    pub(super) fn skip_before(&mut self, first: u64) {
        self.waiting.retain(|e| e.frame >= first);
    }

    /// The next line in front of a frame, if there is one.
    pub(super) fn before(&mut self, frame: u64) -> Option<String> {
        let missed = std::mem::take(&mut self.missed);
        if missed > 0 {
            return Some(format!("{} {} overwritten before being read", count(missed, "event"), were(missed)));
        }
        let event = self.waiting.pop_front_if(|e| e.frame <= frame)?;
        Some(format!("frame={} time={:.6} {}", event.frame, event.time(), visible(&event.text)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use axismirror::events::Given;

    #[test]
    fn events_come_before_their_frames_in_the_order_of_frames() {
        let event = |frame, text: &str| Event { frame, time_ns: 0, given: Given::Nothing, text: text.to_owned() };
        let mut marks = Marks::default();
        let events = vec![event(7, "b"), event(5, "a\u{1b}"), event(7, "c"), event(9, "d")];
        marks.add(NewEvents { events, missed: 2, unreadable: 0 });
        let mut lines = Vec::new();
        for frame in 4..9 {
            while let Some(line) = marks.before(frame) {
                lines.push((frame, line));
            }
        }
        let lines: Vec<(u64, &str)> = lines.iter().map(|(f, l)| (*f, l.as_str())).collect();
        let expected = [
            (4, "2 events were overwritten before being read"),
            (5, "frame=5 time=0.000000 a\\u{1b}"),
            (7, "frame=7 time=0.000000 b"),
            (7, "frame=7 time=0.000000 c"),
        ];
        assert_eq!(lines, expected);
    }
}
