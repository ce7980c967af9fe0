//! How a frame gets into the ring: decoded in its place there, and published when its chunk is full.
//!
//! Which change is under way, and what the counts mean, is the outlet's own business.

use std::convert::Infallible;

use axismirror_boards::acquisition::{Frame, Sink};
use axismirror_boards::adc::Codes;
use axismirror_core::extension::Timing;
use axismirror_core::header::Description;

use super::Outlet;
use crate::clock;
use crate::service::place::Place;
use crate::shm::Segment;

impl Outlet {
    /// Publishes what there is of a chunk, unless a change is under way.
    pub(in crate::service) fn flush(&mut self) {
        if !self.is_changing() {
            self.publish_held();
            self.commit();
        }
    }

    /// Publishes the frames that were held back, now that it is settled what they mean.
    pub(super) fn publish_held(&mut self) {
        let (mut codes, mut times_ns) = (std::mem::take(&mut self.codes), std::mem::take(&mut self.times_ns));
        // A board has the same channels before and after a change.
        let channels = self.now.as_ref().map_or(0, |now| now.slots.len());
        for (frame, time_ns) in codes.chunks(channels.max(1)).zip(&times_ns) {
            if let Some(mut place) = self.place() {
                frame.iter().enumerate().for_each(|(channel, code)| place.set(channel, *code));
            }
            self.fill(*time_ns);
        }
        // Their room is kept for the next time.
        codes.clear();
        times_ns.clear();
        (self.codes, self.times_ns) = (codes, times_ns);
    }

    /// The next frame of the chunk, in the ring; none before the stream is described.
    fn place(&mut self) -> Option<Place<'_, Segment>> {
        let now = self.now.as_ref()?;
        // One after the other, so that readers have the whole ring but for the frames that there are already.
        let reserved = self.publisher.reserve(self.filled + 1).ok()?;
        Place::in_ring(&reserved, self.filled, now.template.dtype(), &now.slots)
    }

    /// The next frame of the chunk has its codes. Says whether it was the chunk's last.
    fn fill(&mut self, time_ns: i64) -> bool {
        let Some(chunk) = self.now.as_ref().map(|now| now.chunk) else { return false };
        let seconds = (time_ns + self.clock_offset_ns) as f64 / 1e9;
        let Ok(reserved) = self.publisher.reserve(self.filled + 1) else {
            // There is no ring, after a change that could be neither carried out nor undone.
            self.lose_taken(1);
            return false;
        };
        reserved.set_time(self.filled, seconds);
        let room = self.publisher.description().map_or(1, Description::n_frames);
        self.filled += 1;
        self.filled_ns = Some(time_ns);
        let full = self.filled >= room || self.filled as usize >= chunk;
        if full {
            self.commit();
        }
        full
    }

    /// Publishes the frames of the chunk that there are.
    fn commit(&mut self) {
        let (filled @ 1.., Some(newest)) = (std::mem::take(&mut self.filled), self.filled_ns) else { return };
        if self.publisher.commit(filled, newest + self.clock_offset_ns).is_err() {
            self.lose_taken(filled.into());
        }
        self.show_health();
        let heals = self.publisher.store().heals();
        self.publisher.set_heals(heals);
    }

    /// How long it took until readers had a chunk, and how the ADC's clock runs.
    fn show_timing(&mut self, newest_ns: i64) {
        self.latency.add(clock::monotonic_ns().saturating_sub(newest_ns));
        let fitted = self.clock.fitted();
        self.publisher.set_timing(&Timing {
            latency: self.latency,
            drift_ppm: fitted.map_or(0.0, |f| f.drift_ppm),
            jitter_ns: fitted.map_or(0.0, |f| f.jitter_ns),
        });
    }
}

impl Sink for Outlet {
    type Error = Infallible;

    fn codes(&mut self) -> impl Codes + '_ {
        let channels = self.now.as_ref().map_or(0, |now| now.slots.len());
        let held = self.times_ns.len() * channels;
        if self.is_changing() || self.publisher.description().is_none() {
            self.codes.resize(held + channels, 0);
            return Place::Aside(self.codes.get_mut(held..).unwrap_or_default());
        }
        self.place().unwrap_or(Place::Aside(&mut []))
    }

    fn frame(&mut self, frame: &Frame<'_>) -> Result<(), Infallible> {
        let time_ns = frame.time_ns;
        self.current = *frame.health;
        self.end_gap(time_ns);
        self.span = Some((self.span.map_or(time_ns, |(first, _)| first), time_ns));
        self.frames += 1;
        self.clock.push(frame.number, time_ns);
        if self.is_changing() {
            self.times_ns.push(time_ns);
            return Ok(());
        }
        if self.fill(time_ns) {
            self.show_timing(time_ns);
        }
        if let Some(at) = self.place_in_time() {
            self.position.show(at);
        }
        Ok(())
    }
}
