//! What a client that connects late is told of the stream's life so far.
//!
//! Knows events (core's [`Event`]), no sockets.

pub use axismirror_core::publisher::Event;

/// The events that led to what is there now, without those that later ones have undone.
///
/// A published sink has its pipe before it makes its first segment, so its other end sees every event. A client of a socket
/// may come later; it is sent these first, and then knows as much as if it had been there from the start.
#[derive(Debug, Default)]
pub(super) struct Replay {
    events: Vec<Event>,
}

impl Replay {
    /// Takes note of an event.
    pub(super) fn note(&mut self, event: Event) {
        match event {
            Event::MetaCleanup | Event::Close => self.events.clear(),
            Event::BufferCleanup => self.forget(&[Event::BeginUpdate, Event::MetaUpdated, Event::BufferReset]),
            Event::BeginUpdate => {
                self.forget(&[Event::BeginUpdate, Event::MetaUpdated, Event::BufferReset]);
                self.events.push(event);
            }
            Event::MetaReset | Event::MetaUpdated | Event::BufferReset | Event::AuxUpdated => {
                self.forget(&[event]);
                self.events.push(event);
            }
        }
    }

    fn forget(&mut self, undone: &[Event]) {
        self.events.retain(|e| !undone.contains(e));
    }

    /// At most five.
    pub(super) fn events(&self) -> &[Event] {
        &self.events
    }
}

#[cfg(test)]
mod tests {
    use super::{Event::*, Replay};

    #[test]
    fn a_late_client_hears_of_what_is_there_only() {
        let mut replay = Replay::default();
        let mut after = |events: &[super::Event]| {
            events.iter().for_each(|e| replay.note(*e));
            replay.events().to_vec()
        };
        assert_eq!(after(&[MetaCleanup, MetaReset]), [MetaReset]);
        let full = [MetaReset, BeginUpdate, MetaUpdated, BufferReset, AuxUpdated];
        assert_eq!(after(&[BufferCleanup, BeginUpdate, MetaUpdated, BufferReset, AuxUpdated]), full);
        // A new ring under the same static metadata.
        assert_eq!(after(&[BufferCleanup]), [MetaReset, AuxUpdated]);
        let again = after(&[BeginUpdate, MetaUpdated, BufferReset]);
        assert_eq!(again, [MetaReset, AuxUpdated, BeginUpdate, MetaUpdated, BufferReset]);
        assert_eq!(after(&[BufferCleanup, MetaCleanup]), []);
    }
}
