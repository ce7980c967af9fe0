//! Where the acquisition is: the newest frame's number and time, and from these the frame of an event and the time of a frame.
//!
//! The acquisition's thread shows it with each frame and waits for nobody: when a stamp is being made at that very instant, it leaves what was shown
//! before, which is as right. Knows no stream.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::marking::{AHEAD_S, Mark, MarkError, Stamped};
use super::{Given, Seconds};

const NS_PER_S: i64 = 1_000_000_000;
/// What of a period is jitter, and no reason to take the next frame.
const JITTER: f64 = 0.01;
/// How far the newest frame may lie back while the ADC answers, in seconds: a host that is that slow.
const SLOWEST_S: f64 = 1.0;

/// Where an acquisition is, as it showed it last.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct At {
    /// Number of the frame behind the newest.
    pub(crate) next: u64,
    /// Frames of this run of the service, once there are.
    pub(crate) frames: Option<Span>,
    /// From `CLOCK_MONOTONIC` to the stream's clock.
    pub(crate) offset_ns: i64,
    /// Frames per second, nominally.
    pub(crate) rate: f64,
    /// Whether the ADC does not answer.
    pub(crate) silent: bool,
    /// Whether frames come as fast as they can, at times that have nothing to do with the host's.
    pub(crate) free_running: bool,
}

/// Times in ns of the stream's clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Span {
    /// Of the first frame.
    pub(crate) first_ns: i64,
    /// Of the newest frame.
    pub(crate) newest_ns: i64,
}

/// Shown by one, looked at by others.
#[derive(Clone, Debug, Default)]
pub(crate) struct Position(Arc<Mutex<Option<At>>>);

impl Position {
    /// Shows where the acquisition is, unless somebody looks at this instant. Neither waits nor calls the system: nobody ever waits for this lock but
    /// [`Position::settle`].
    pub(crate) fn show(&self, at: At) {
        if let Ok(mut place) = self.0.try_lock() {
            *place = Some(at);
        }
    }

    /// Shows where it is, whoever looks: when frames are counted anew.
    pub(crate) fn settle(&self, at: At) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(at);
    }

    /// Where the acquisition is.
    pub(crate) fn look(&self) -> Option<At> {
        // Not `lock`: whoever unlocks a mutex that is waited for has to call the system.
        loop {
            if let Some(place) = self.try_look() {
                return *place;
            }
            std::thread::yield_now();
        }
    }

    fn try_look(&self) -> Option<MutexGuard<'_, Option<At>>> {
        match self.0.try_lock() {
            Ok(place) => Some(place),
            Err(std::sync::TryLockError::Poisoned(place)) => Some(place.into_inner()),
            Err(std::sync::TryLockError::WouldBlock) => None,
        }
    }
}

impl At {
    /// What a mark that arrived at `arrived_ns` of `CLOCK_MONOTONIC` is stamped with.
    pub(crate) fn stamp(&self, mark: &Mark, arrived_ns: i64) -> Result<(Stamped, Given), MarkError> {
        let host_ns = arrived_ns.saturating_add(self.offset_ns);
        let Some(span) = self.frames else {
            // Whatever happens before the first frame belongs to it.
            let now = (Stamped { frame: self.next, time_ns: host_ns }, Given::Nothing);
            return if mark.time_ns.is_none() && mark.frame.is_none() { Ok(now) } else { Err(MarkError::NoFrame) };
        };
        let now_ns = if self.free_running { span.newest_ns.saturating_add((1e9 / self.rate) as i64) } else { host_ns };
        let look = Look { at: self, span, now_ns };
        let (time_ns, given) = match (mark.time_ns, mark.frame) {
            (Some(time_ns), _) => (time_ns, Given::Time),
            (None, Some(frame)) => (look.time_of(frame), Given::Frame),
            (None, None) => (now_ns, Given::Nothing),
        };
        if given != Given::Nothing {
            look.check(time_ns)?;
        }
        let frame = mark.frame.unwrap_or_else(|| look.frame_at(time_ns));
        Ok((Stamped { frame, time_ns }, given))
    }
}

/// A look at where the acquisition is, at an instant.
struct Look<'a> {
    at: &'a At,
    span: Span,
    /// Of the stream's clock.
    now_ns: i64,
}

impl Look<'_> {
    fn check(&self, time_ns: i64) -> Result<(), MarkError> {
        let (given, now) = (Seconds(time_ns), Seconds(self.now_ns));
        // Whatever was converted for the first frame belongs to it.
        let first_ns = self.span.first_ns.saturating_sub((1e9 / self.at.rate) as i64);
        if time_ns < first_ns || -self.behind(time_ns) > self.at.next as f64 {
            return Err(MarkError::TooEarly { given, first: Seconds(self.span.first_ns), now });
        }
        if time_ns > self.now_ns.saturating_add(AHEAD_S * NS_PER_S) {
            return Err(MarkError::TooLate { given, now });
        }
        Ok(())
    }

    /// The first frame whose time is not before the event's.
    fn frame_at(&self, time_ns: i64) -> u64 {
        let behind = self.behind(time_ns);
        if behind <= 0.0 {
            // `as` makes 0 of what is negative.
            return self.at.next.saturating_sub(1).saturating_sub(-behind as u64);
        }
        self.at.next.saturating_add((behind - self.never()).max(1.0) as u64 - 1)
    }

    /// So many frames behind the newest one an event is, as if all came.
    fn behind(&self, time_ns: i64) -> f64 {
        let seconds = time_ns.saturating_sub(self.span.newest_ns) as f64 / 1e9;
        (seconds * self.at.rate - JITTER).ceil()
    }

    /// Frames that should have come by now and never will: the ADC does not answer.
    fn never(&self) -> f64 {
        let most = if self.at.silent { 1.0 } else { (SLOWEST_S * self.at.rate).ceil() };
        (self.behind(self.now_ns) - most).max(0.0)
    }

    /// When a frame comes, or came.
    fn time_of(&self, frame: u64) -> i64 {
        let ahead = i128::from(frame) - i128::from(self.at.next) + 1;
        let never = if ahead > 0 { self.never() } else { 0.0 };
        // `as` saturates.
        self.span.newest_ns.saturating_add(((ahead as f64 + never) / self.at.rate * 1e9).round() as i64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Frame 1000 was the newest, at 10 s; 250 Hz; the host's clock is 5 s behind the stream's.
    fn at() -> At {
        At {
            next: 1001,
            frames: Some(Span { first_ns: 6_000 * MS, newest_ns: 10_000 * MS }),
            offset_ns: 5_000_000_000,
            rate: 250.0,
            silent: false,
            free_running: false,
        }
    }

    const MS: i64 = 1_000_000;
    /// When frame 1000 was, by the host's clock.
    const NEWEST: i64 = 5_000 * MS;

    fn frame(at: &At, arrived: i64) -> u64 {
        at.stamp(&Mark::now("x"), arrived).unwrap().0.frame
    }

    #[test]
    fn an_event_belongs_to_the_frame_that_is_being_acquired() {
        let at = at();
        // Frame 1001 comes at 10.004 s, and converts what happens since 10 s.
        for (arrived, expected) in
            [(1, 1000), (MS, 1001), (4 * MS, 1001), (5 * MS, 1002), (8 * MS, 1002), (20 * MS, 1005)]
        {
            let (stamped, given) = at.stamp(&Mark::now("x"), NEWEST + arrived).unwrap();
            assert_eq!((stamped.frame, given), (expected, Given::Nothing), "{arrived}");
            assert_eq!(stamped.time_ns, 10_000 * MS + arrived);
        }
        // 30 us late by DRDY's jitter is not the next frame, and a nanosecond not either.
        assert_eq!(frame(&at, NEWEST + 4 * MS + 30_000), 1001);
    }

    #[test]
    fn times_and_frames_that_are_given_hold_within_reason() {
        let at = at();
        let time = |ms: i64| at.stamp(&Mark { time_ns: Some(ms * MS), ..Mark::now("x") }, NEWEST + 10 * MS);
        let by_frame = |frame| at.stamp(&Mark { frame: Some(frame), ..Mark::now("x") }, NEWEST + 10 * MS);
        let frame_of = |ms| time(ms).map(|(s, _)| s.frame);
        assert_eq!((frame_of(10_000), frame_of(9_998), frame_of(9_996)), (Ok(1000), Ok(1000), Ok(999)));
        assert_eq!((frame_of(6_000), frame_of(5_997)), (Ok(0), Ok(0)));
        assert_eq!(frame_of(11_000), Ok(1250));
        assert!(matches!(time(5_990), Err(MarkError::TooEarly { .. })), "{:?}", time(5_990));
        assert!(matches!(time(11_020), Err(MarkError::TooLate { .. })));
        // Another clock's.
        assert!(matches!(time(1_700_000_000_000), Err(MarkError::TooLate { .. })));
        assert!(matches!(time(i64::MIN / MS), Err(MarkError::TooEarly { .. })));
        let given = Stamped { frame: 990, time_ns: 9_960 * MS };
        assert_eq!(by_frame(990), Ok((given, Given::Frame)));
        assert_eq!(by_frame(1002).unwrap().0.time_ns, 10_008 * MS);
        assert!(matches!(by_frame(2000), Err(MarkError::TooLate { .. })));
        assert!(matches!(by_frame(u64::MAX), Err(MarkError::TooLate { .. })));
        assert!(by_frame(0).is_ok());
        // Frames of an earlier run of the service were counted too, but are not this run's to mark.
        let later = At { frames: Some(Span { first_ns: 9_900 * MS, newest_ns: 10_000 * MS }), ..at };
        let early = later.stamp(&Mark { frame: Some(900), ..Mark::now("x") }, NEWEST);
        assert!(matches!(early, Err(MarkError::TooEarly { .. })));
    }

    #[test]
    fn before_the_first_frame_it_is_the_first_frame() {
        let begins = At { frames: None, next: 77, ..at() };
        let (stamped, _) = begins.stamp(&Mark::now("x"), NEWEST).unwrap();
        assert_eq!(stamped, Stamped { frame: 77, time_ns: 10_000 * MS });
        let given = Mark { frame: Some(77), ..Mark::now("x") };
        assert_eq!(begins.stamp(&given, NEWEST), Err(MarkError::NoFrame));
    }

    #[test]
    fn while_the_adc_is_silent_it_is_the_first_frame_after_the_gap() {
        let silent = At { silent: true, ..at() };
        assert_eq!((frame(&silent, NEWEST + MS), frame(&silent, NEWEST + 60_000 * MS)), (1001, 1001));
        // Nobody has noticed yet: no more than a second ahead.
        assert_eq!(frame(&at(), NEWEST + 60_000 * MS), 1000 + 250);
    }

    #[test]
    fn frames_that_are_counted_anew_begin_at_zero() {
        let anew = At { next: 0, ..at() };
        assert_eq!((frame(&anew, NEWEST + MS), frame(&anew, NEWEST + 5 * MS)), (0, 1));
        let before = Mark { time_ns: Some(9_990 * MS), ..Mark::now("x") };
        assert!(matches!(anew.stamp(&before, NEWEST), Err(MarkError::TooEarly { .. })));
    }

    #[test]
    fn without_the_hosts_time_it_is_the_next_frame() {
        let free = At { free_running: true, ..at() };
        let (stamped, _) = free.stamp(&Mark::now("x"), 77).unwrap();
        assert_eq!(stamped, Stamped { frame: 1001, time_ns: 10_004 * MS });
    }

    #[test]
    fn whoever_looks_does_not_hold_up_whoever_shows() {
        let position = Position::default();
        assert_eq!(position.look(), None);
        position.show(at());
        let looking = position.try_look();
        position.show(At { next: 5, ..at() });
        drop(looking);
        assert_eq!(position.look(), Some(at()));
        position.settle(At { next: 5, ..at() });
        assert_eq!(position.look().map(|at| at.next), Some(5));
    }
}
