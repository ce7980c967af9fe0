//! The clock that a stream's times are of, by name.

/// The clock that a stream's times are of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Clock {
    /// Times count from the stream's start or from nowhere known.
    #[default]
    Unknown,
    /// `CLOCK_MONOTONIC`: seconds since boot, never set back.
    Monotonic,
    /// `CLOCK_REALTIME`: seconds since 1970 UTC.
    Realtime,
}

impl Clock {
    /// Its word: in settings, in recordings, on the network, in what is printed.
    ///
    /// ```
    /// use axismirror_core::extension::Clock;
    /// assert_eq!(Clock::Realtime.word(), "realtime");
    /// assert_eq!(Clock::from_word("realtime"), Clock::Realtime);
    /// assert_eq!(Clock::from_word("sundial"), Clock::Unknown);
    /// ```
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Monotonic => "monotonic",
            Self::Realtime => "realtime",
        }
    }

    /// The clock of a word; of one that says nothing, an unknown one.
    #[must_use]
    pub fn from_word(word: &str) -> Self {
        [Self::Monotonic, Self::Realtime].into_iter().find(|clock| clock.word() == word).unwrap_or(Self::Unknown)
    }
}
