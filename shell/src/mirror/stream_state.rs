//! How a stream is, in one word: what `axismirror list`, relays and scopes say of it.
//!
//! Pure but for [`StateFacts::of`], which looks at a mirror.

use super::Mirror;
use crate::clock;
use crate::shm;

/// A writer that lives shows it many times a second. After so many without it stands still.
const STOPPED_S: f64 = 5.0;

/// How a stream is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StreamState {
    /// Its writer lives and its ADC answers.
    Live,
    /// Its writer lives, its ADC does not answer.
    Silent,
    /// Its writer is there and shows no sign of life.
    Stopped,
    /// Its writer lives and has not begun, or changes it.
    NotYet,
    /// Its writer went away without ending it: a stream that was ended has no name any more.
    NoWriter,
    /// A published package wrote a valid header: whether the writer lives cannot be known.
    Unknown,
    /// The same, with a header that is not valid.
    NotValid,
}

/// What the state of a stream follows from.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StateFacts {
    /// Whether the header says that it is valid.
    pub valid: bool,
    /// Whether it has our block behind the header.
    pub ours: bool,
    /// Whether a process holds the writer's lock.
    pub written: bool,
    /// Seconds since the writer's last sign of life; `None` of one that never gives any.
    pub sign_of_life_s: Option<f64>,
    /// Whether the ADC does not answer.
    pub silent: bool,
}

impl StateFacts {
    /// Of the stream that a mirror reads; `None` as long as it has found none.
    #[must_use]
    pub fn of(mirror: &Mirror) -> Option<Self> {
        let header = mirror.header()?;
        let extension = mirror.extension();
        let sign_of_life = extension.map(|e| e.heartbeat()).filter(|ns| *ns > 0);
        Some(Self {
            valid: header.bvalid(),
            ours: extension.is_some(),
            written: shm::writer_of(header.memory().file()).is_some(),
            sign_of_life_s: sign_of_life.map(|ns| clock::monotonic_ns().saturating_sub(ns) as f64 / 1e9),
            silent: extension.is_some_and(|e| e.silent_since() != 0),
        })
    }
}

impl StreamState {
    const ALL: [Self; 7] =
        [Self::Live, Self::Silent, Self::Stopped, Self::NotYet, Self::NoWriter, Self::Unknown, Self::NotValid];

    /// What follows from the facts.
    #[must_use]
    pub fn of(facts: &StateFacts) -> Self {
        match (facts.ours, facts.written) {
            (true, true) if facts.sign_of_life_s.is_some_and(|s| s > STOPPED_S) => Self::Stopped,
            (true, true) if facts.silent => Self::Silent,
            (true, true) if facts.valid => Self::Live,
            (true, true) => Self::NotYet,
            (true, false) => Self::NoWriter,
            (false, _) if facts.valid => Self::Unknown,
            (false, _) => Self::NotValid,
        }
    }

    /// As people read it, and as it goes over the network.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Silent => "silent",
            Self::Stopped => "stopped",
            Self::NotYet => "not yet",
            Self::NoWriter => "no writer",
            Self::Unknown => "unknown",
            Self::NotValid => "not valid",
        }
    }

    /// What a word means; `None` of one that only later versions know.
    #[must_use]
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.word() == word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_state_says_what_is_known_and_no_more() {
        let live = StateFacts { valid: true, ours: true, written: true, sign_of_life_s: Some(0.01), silent: false };
        let gone = StateFacts { written: false, sign_of_life_s: Some(100.0), ..live };
        let foreign = StateFacts { ours: false, sign_of_life_s: None, ..gone };
        for (facts, state) in [
            (StateFacts { silent: true, ..live }, StreamState::Silent),
            (StateFacts { silent: true, valid: false, ..live }, StreamState::Silent),
            (StateFacts { sign_of_life_s: Some(5.1), silent: true, ..live }, StreamState::Stopped),
            // A writer that never says so.
            (StateFacts { sign_of_life_s: None, ..live }, StreamState::Live),
            (StateFacts { valid: false, ..live }, StreamState::NotYet),
            (StateFacts { valid: false, ..gone }, StreamState::NoWriter),
            (StateFacts { valid: false, ..foreign }, StreamState::NotValid),
            (live, StreamState::Live),
            (gone, StreamState::NoWriter),
            (foreign, StreamState::Unknown),
        ] {
            assert_eq!(StreamState::of(&facts), state);
        }
    }

    #[test]
    fn words_lead_back() {
        // The words of `axismirror list --help`.
        let words = ["live", "silent", "stopped", "not yet", "no writer", "unknown", "not valid"];
        let states = words.map(|word| StreamState::from_word(word).unwrap());
        assert_eq!(states, StreamState::ALL);
        assert_eq!(states.map(StreamState::word), words);
        assert_eq!(StreamState::from_word("Live"), None);
    }
}
