//! Which pins a converter with a multiplexer measures, one pair behind the other: a frame is one scan of them.
//!
//! Pure data. Which pairs a chip can measure is for the chip to say.

/// Pairs that a scan can have.
pub const MAX_PAIRS: usize = 8;

/// What a conversion measures: one pin against another, or against the common one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Pair {
    /// The pin whose voltage counts, from 0.
    pub positive: u8,
    /// The pin that is subtracted, from 0. `None`: the common pin or ground, that is single-ended.
    pub negative: Option<u8>,
}

impl Pair {
    /// A pin against the common one.
    #[must_use]
    pub const fn single(positive: u8) -> Self {
        Self { positive, negative: None }
    }

    /// A pin against another one.
    #[must_use]
    pub const fn differential(positive: u8, negative: u8) -> Self {
        Self { positive, negative: Some(negative) }
    }
}

/// One to [`MAX_PAIRS`] pairs in the order of the frame's channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Scan {
    pairs: [Pair; MAX_PAIRS],
    count: u8,
}

impl Scan {
    /// Of these pairs; `None` when there are none or too many.
    ///
    /// ```
    /// use axismirror_boards::scan::{Pair, Scan};
    /// let scan = Scan::new(&[Pair::differential(0, 1), Pair::single(7)]).unwrap();
    /// assert_eq!(scan.pairs()[1], Pair::single(7));
    /// assert_eq!(Scan::new(&[]), None);
    /// ```
    #[must_use]
    pub fn new(pairs: &[Pair]) -> Option<Self> {
        let count = u8::try_from(pairs.len()).ok().filter(|c| *c > 0)?;
        let mut all = [Pair::default(); MAX_PAIRS];
        all.get_mut(..pairs.len())?.copy_from_slice(pairs);
        Some(Self { pairs: all, count })
    }

    /// The first `channels` pins (1 to [`MAX_PAIRS`]), each against the common one.
    #[must_use]
    pub const fn single_ended(channels: u8) -> Self {
        let count = if channels == 0 {
            1
        } else if channels as usize > MAX_PAIRS {
            MAX_PAIRS as u8
        } else {
            channels
        };
        let mut pairs = [Pair::single(0); MAX_PAIRS];
        let mut pin = 1;
        while pin < count {
            pairs[pin as usize] = Pair::single(pin);
            pin += 1;
        }
        Self { pairs, count }
    }

    /// The pairs.
    #[must_use]
    pub fn pairs(&self) -> &[Pair] {
        self.pairs.get(..usize::from(self.count)).unwrap_or_default()
    }

    /// How many there are: the channels of a frame.
    #[must_use]
    pub const fn channels(&self) -> usize {
        self.count as usize
    }
}
