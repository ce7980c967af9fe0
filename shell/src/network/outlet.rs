//! A received stream in this machine's shared memory.
//!
//! Carries out what the reception says. Whatever a stranger announces, no more memory is taken than is allowed.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axismirror_core::extension::{Clock, ClockMapping, Received};
use axismirror_core::header::{Description, StructVersion};
use axismirror_core::health::Health;
use axismirror_core::name::StreamName;
use axismirror_core::publisher::PublishError;
use axismirror_core::settings::{ASSUMED_RATE, Settings as RingSettings};

use super::chunk::{Chunk, ChunkView, Content};
use super::clocks::Mapping;
use super::info::Announced;
use super::metadata::{Rewritten, rewrite};
use super::pace::Pace;
use crate::access::Access;
use crate::causes;
use crate::clock;
use crate::publication::{Described, Publication};
use crate::said::Said;
use crate::shm::ShmError;

/// Pause after a stream that could not be published.
const TRY_AGAIN: Duration = Duration::from_secs(1);
/// Losses are told no more often.
const TELL_EVERY: Duration = Duration::from_secs(5);

/// Where a received stream goes.
#[derive(Debug)]
pub(super) struct Outlet {
    name: StreamName,
    access: Access,
    max_ring_bytes: usize,
    open: Option<Open>,
    /// The sender's counters, and what was lost on the way.
    sent: Health,
    lost: u64,
    mapping: Option<Mapping>,
    pace: Pace,
    /// What could not be published, and when it is tried again: somebody else may have the name, or the memory, for a while.
    failed: Option<(Arc<Announced>, Instant)>,
    /// What was said of failures, by what they are about.
    said: BTreeMap<&'static str, Said>,
    /// Frames that were lost since that was last said, and when it was.
    untold: u64,
    told: Option<Instant>,
}

#[derive(Debug)]
struct Open {
    publication: Publication,
    described: Described,
    version: StructVersion,
    clock: Clock,
}

impl Outlet {
    pub(super) fn new(name: StreamName, access: Access, max_ring_bytes: usize) -> Self {
        Self {
            name,
            access,
            max_ring_bytes,
            open: None,
            sent: Health::default(),
            lost: 0,
            mapping: None,
            pace: Pace::default(),
            failed: None,
            said: BTreeMap::new(),
            untold: 0,
            told: None,
        }
    }

    /// What the frames from here on are.
    pub(super) fn describe(&mut self, announced: &Arc<Announced>) {
        let outcome = self.try_describe(announced);
        self.failed = None;
        let name = self.name.as_str();
        match outcome {
            Ok(()) => {
                self.said.remove("describe");
                let i = &announced.info;
                tracing::info!(stream = name, key = i.key, rate = i.rate, shape = ?i.frame_shape, "receiving");
            }
            Err(error) => {
                // Frames are counted as lost until there is a ring for them.
                if let Some(open) = self.open.take() {
                    open.publication.close();
                }
                self.failed = Some((announced.clone(), Instant::now() + TRY_AGAIN));
                self.say_once("describe", format!("the stream cannot be published: {}", causes::line(&error)));
            }
        }
    }

    fn try_describe(&mut self, announced: &Announced) -> Result<(), PublishError<ShmError>> {
        let description = self.within_limits(&announced.description, announced.version)?;
        let rank = description.frame_shape().len();
        let blob = announced.static_metadata.as_deref().filter(|_| announced.version.has_static_metadata());
        let Rewritten { axis, bytes, left_out } = rewrite(blob, rank);
        if !left_out.is_empty() {
            self.say_once("metadata", format!("not taken over: {}", left_out.join(", ")));
        }
        let described = Described { description, axis, static_metadata: bytes };
        let (version, clock) = (announced.version, announced.clock);
        match &mut self.open {
            Some(open) if open.version == version => {
                if open.described.description != described.description
                    || open.described.axis != described.axis
                    || open.described.static_metadata != described.static_metadata
                {
                    open.publication.change(described.clone())?;
                    open.described = described;
                }
                if open.clock != clock {
                    open.publication.set_clock(clock);
                    open.clock = clock;
                }
            }
            open => {
                if let Some(open) = open.take() {
                    open.publication.close();
                }
                let ring = RingSettings {
                    shmem_name: Some(self.name.clone()),
                    buf_dur: seconds(&described.description),
                    axis: None,
                    version,
                };
                let mut publication = Publication::open(ring, self.access, clock, described.clone())?;
                publication.set_received(Some(received(self.mapping, clock)));
                *open = Some(Open { publication, described, version, clock });
            }
        }
        self.show_health();
        Ok(())
    }

    /// The description, with a shorter ring when the sender's is longer than is allowed.
    fn within_limits(
        &mut self,
        description: &Description,
        version: StructVersion,
    ) -> Result<Description, PublishError<ShmError>> {
        let frame = description.data_len(version) / usize::try_from(description.n_frames()).unwrap_or(1).max(1);
        let most = u32::try_from(self.max_ring_bytes / frame.max(1)).unwrap_or(u32::MAX).max(1);
        if description.n_frames() <= most {
            return Ok(description.clone());
        }
        self.say_once(
            "ring",
            format!("the sender's ring has {} frames; it is cut to {most} (--max-ring-bytes)", description.n_frames()),
        );
        let shape = description.frame_shape().iter().map(|n| usize::try_from(*n).unwrap_or(usize::MAX));
        let key = description.key().clone();
        Description::new(description.dtype(), description.srate(), most, shape, key)
            .map_err(|e| PublishError::Plan(e.into()))
    }

    /// The frames of a message but for the first ones.
    pub(super) fn frames(&mut self, message: &[u8], skip: u64) {
        let Ok(view) = ChunkView::new(message) else { return };
        let chunk = Chunk::parse(&view);
        let frames = usize::try_from(chunk.frames).unwrap_or(0);
        let skip = usize::try_from(skip).unwrap_or(usize::MAX).min(frames);
        let fits = self.open.as_ref().is_some_and(|open| {
            usize::try_from(chunk.frame_len) == Ok(open.described.description.frame_bytes())
                && (chunk.content == Content::TimedFrames) == open.version.has_times()
        });
        let Some(open) = self.open.as_mut().filter(|_| fits) else {
            return self.lose((frames - skip) as u64);
        };
        self.pace.spend(frames - skip);
        let frame_len = open.described.description.frame_bytes();
        // Of more than the ring has room for the first ones are nobody's.
        let room = usize::try_from(open.described.description.n_frames()).unwrap_or(usize::MAX);
        let cut = (frames - skip).saturating_sub(room);
        let bytes = view.data().get(skip * frame_len..).unwrap_or_default();
        let mut times: Vec<f64> = view.times().skip(skip).collect();
        let newest = times.last().map_or(0, |s| (s * 1e9).round() as i64);
        // A stream without times has none in its ring.
        times.resize(frames - skip, 0.0);
        if let Err(error) = open.publication.publish(bytes, &times, newest) {
            self.lose((frames - skip) as u64);
            self.say_once("publish", format!("frames cannot be published: {}", causes::line(&error)));
        } else if cut > 0 {
            self.lose(cut as u64);
        }
    }

    /// Whether frames may go into the ring now: they go no faster than its readers can follow.
    pub(super) fn has_room(&mut self, now_ns: i64) -> bool {
        let Some(open) = &self.open else { return true };
        let description = &open.described.description;
        self.pace.has_room(description.n_frames(), description.srate(), now_ns)
    }

    /// Frames that nobody will send any more.
    pub(super) fn lose(&mut self, frames: u64) {
        self.lost = self.lost.saturating_add(frames);
        self.untold = self.untold.saturating_add(frames);
        self.show_health();
    }

    /// How many frames were lost, not for each gap: on a bad network there are many.
    fn tell_losses(&mut self) {
        if self.untold > 0 && self.open.is_some() && self.told.is_none_or(|at| at.elapsed() >= TELL_EVERY) {
            tracing::warn!(stream = self.name.as_str(), "{} frames are lost on the way", self.untold);
            self.untold = 0;
            self.told = Some(Instant::now());
        }
    }

    /// The sender's counters.
    pub(super) fn set_sent_health(&mut self, health: Health) {
        self.sent = health;
        self.show_health();
    }

    /// From the sender's clock to this machine's.
    pub(super) fn set_mapping(&mut self, mapping: Option<Mapping>) {
        self.mapping = mapping;
        if let Some(open) = &mut self.open {
            open.publication.set_received(Some(received(mapping, open.clock)));
        }
    }

    /// The clock that the stream's times are of, at the sender.
    pub(super) fn clock(&self) -> Option<Clock> {
        self.open.as_ref().map(|open| open.clock)
    }

    /// Since when nothing is heard of the sender, in ns of `CLOCK_MONOTONIC`; 0: it is heard.
    pub(super) fn set_silent_since(&mut self, ns: i64) {
        if let Some(open) = &mut self.open {
            open.publication.set_silent_since(ns);
        }
    }

    /// Shows that we live. To be called often.
    pub(super) fn look_after(&mut self) {
        if let Some((announced, _)) = self.failed.take_if(|(_, at)| Instant::now() >= *at) {
            self.describe(&announced);
        }
        self.tell_losses();
        if let Some(open) = &mut self.open {
            open.publication.look_after();
        }
    }

    /// Ends the stream.
    pub(super) fn close(self) {
        if let Some(open) = self.open {
            open.publication.close();
        }
    }

    fn show_health(&mut self) {
        let Some(open) = &mut self.open else { return };
        *open.publication.health() =
            Health { frames_lost: self.sent.frames_lost.saturating_add(self.lost), ..self.sent };
        open.publication.show_health();
    }

    fn say_once(&mut self, about: &'static str, text: String) {
        if let Some(text) = self.said.entry(about).or_default().news(Some(text)) {
            tracing::warn!(stream = self.name.as_str(), "{text}");
        }
    }
}

/// What readers learn of the sender's clock. Of an unknown one nothing can be said.
fn received(mapping: Option<Mapping>, clock: Clock) -> Received {
    let now = |clock| if clock == Clock::Realtime { clock::realtime_ns() } else { clock::monotonic_ns() };
    let mapping = mapping.filter(|_| clock != Clock::Unknown).map(|m| ClockMapping {
        offset_ns: m.offset_ns,
        error_ns: m.error_ns.max(0).unsigned_abs(),
        // By the clock that is never set.
        measured_ns: clock::monotonic_ns().saturating_sub(now(clock).saturating_sub(m.measured_ns)).max(1),
    });
    Received { clock: mapping }
}

/// Seconds that a ring holds, as the publisher measures it.
fn seconds(description: &Description) -> f64 {
    let rate = if description.srate() > 0.0 { description.srate() } else { ASSUMED_RATE };
    f64::from(description.n_frames()) / rate
}
