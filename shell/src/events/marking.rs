//! What is asked for and what comes of it: a mark, what was stamped, and why one is refused.
//!
//! Both ends use it: whoever marks checks before asking, the service before stamping.

use axismirror_core::event_frame::MAX_EVENT_TEXT;
use serde::{Deserialize, Serialize};

use super::Seconds;
use crate::config::is_invisible;

/// How far a given time may lie ahead, in seconds: a stimulus that is about to be shown.
pub(crate) const AHEAD_S: i64 = 1;

/// An event that is to be stamped.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mark {
    /// What happened: 1 to 224 bytes of UTF-8 without characters that nobody sees.
    pub text: String,
    /// When, in ns of the data stream's clock, from whoever knows better than the request's arrival: not before the stream's first frame, and at most
    /// one second ahead.
    pub time_ns: Option<i64>,
    /// At which frame, counted over all generations, instead of a time; the same limits.
    pub frame: Option<u64>,
}

impl Mark {
    /// One that happens now.
    #[must_use]
    pub fn now(text: impl Into<String>) -> Self {
        Self { text: text.into(), ..Self::default() }
    }

    /// Whether it can be stamped, as far as it says so itself.
    ///
    /// # Errors
    /// [`MarkError::Empty`], [`MarkError::TooLong`], [`MarkError::Invisible`], [`MarkError::TimeAndFrame`].
    pub fn check(&self) -> Result<(), MarkError> {
        let len = self.text.len();
        if self.text.trim().is_empty() {
            return Err(MarkError::Empty);
        }
        if let Some((at, c)) = self.text.chars().enumerate().find(|(_, c)| is_invisible(*c)) {
            return Err(MarkError::Invisible { character: c.escape_default().to_string(), at: at + 1 });
        }
        if len > MAX_EVENT_TEXT {
            return Err(MarkError::TooLong { len });
        }
        if self.time_ns.is_some() && self.frame.is_some() {
            return Err(MarkError::TimeAndFrame);
        }
        Ok(())
    }
}

/// What an event was stamped with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stamped {
    /// Number of the data stream's frame, counted over all generations.
    pub frame: u64,
    /// Time in ns of the data stream's clock.
    pub time_ns: i64,
}

impl Stamped {
    /// Time in seconds of the data stream's clock, to the nanosecond.
    #[must_use]
    pub const fn time(&self) -> Seconds {
        Seconds(self.time_ns)
    }
}

/// Why an event is not stamped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MarkError {
    /// No text.
    #[error("an event needs a text; this one is empty")]
    Empty,
    /// Too much text.
    #[error("the event's text has {len} bytes; at most {MAX_EVENT_TEXT} are possible")]
    TooLong {
        /// Its length in bytes of UTF-8.
        len: usize,
    },
    /// A control character, or one that turns or hides text.
    #[error("character {at} of the event's text is {character}, which nobody sees; leave it out")]
    Invisible {
        /// The character, escaped.
        character: String,
        /// Its place, from 1.
        at: usize,
    },
    /// Either says it all.
    #[error("an event is given a time or a frame, not both")]
    TimeAndFrame,
    /// Nothing to stamp it with.
    #[error("the stream has no frame yet by which the event could be stamped; try again when it publishes")]
    NoFrame,
    /// Nobody can tell by which count of frames to stamp it.
    #[error("the stream is being given another name or version; try again when that is done")]
    Renaming,
    /// Before all that there is.
    #[error("time {given} s lies before the stream's first frame ({first} s); it is {now} s now by the stream's clock")]
    TooEarly {
        /// What was given, or follows from the frame that was.
        given: Seconds,
        /// Time of the first frame.
        first: Seconds,
        /// The time now.
        now: Seconds,
    },
    /// Too far ahead.
    #[error("time {given} s lies more than {AHEAD_S} s ahead; it is {now} s now by the stream's clock")]
    TooLate {
        /// What was given, or follows from the frame that was.
        given: Seconds,
        /// The time now.
        now: Seconds,
    },
    /// The event stream cannot take it.
    #[error("the event stream fails: {why}")]
    Publish {
        /// What is wrong with it.
        why: String,
    },
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_a_text_is_refused_by_what_is_wrong() {
        let check = |text: &str| Mark::now(text).check();
        assert_eq!(check("eyes closed, µV, 日本"), Ok(()));
        assert_eq!(check(""), Err(MarkError::Empty));
        assert_eq!(check("  "), Err(MarkError::Empty));
        assert_eq!(check(&"x".repeat(224)), Ok(()));
        assert_eq!(check(&"é".repeat(113)), Err(MarkError::TooLong { len: 226 }));
        for (text, at) in [("a\nb", 2), ("\u{1b}[2J", 1), ("ab\u{202e}", 3), ("é\u{200b}", 2)] {
            assert!(matches!(check(text), Err(MarkError::Invisible { at: found, .. }) if found == at), "{text:?}");
        }
        let both = Mark { time_ns: Some(1), frame: Some(1), ..Mark::now("x") };
        assert_eq!(both.check(), Err(MarkError::TimeAndFrame));
    }
}
