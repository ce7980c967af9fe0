//! Which channels of a stream are wanted, as people count them: from 1, in the published order.
//!
//! The one place where numbers from 1 become places from 0.

use std::str::FromStr;

/// The highest channel number that is taken for a channel number.
pub const MAX_CHANNEL: usize = 1024;

/// Channels by number from 1, each once, at least one; in the order in which they are wanted.
///
/// ```
/// use axismirror::channels::Channels;
/// let channels: Channels = "1-3,8".parse()?;
/// assert_eq!(channels.numbers(), [1, 2, 3, 8]);
/// assert_eq!(channels.places_in(8), Ok(vec![0, 1, 2, 7]));
/// assert_eq!(channels.places_in(4).unwrap_err().to_string(), "the stream has 4 channels, and no channel 8");
/// assert!("0".parse::<Channels>().is_err());
/// # Ok::<(), axismirror::channels::NoChannels>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Channels(Vec<usize>);

/// A list that is none of channels.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("possible: channel numbers from 1 to {MAX_CHANNEL}, each once, as 1-4,8")]
pub struct NoChannels;

/// A channel that a stream has not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the stream has {}, and no channel {asked}", crate::count::count(*channels, "channel"))]
pub struct NoChannel {
    /// From 1.
    pub asked: usize,
    /// How many there are.
    pub channels: usize,
}

impl Channels {
    /// From numbers.
    ///
    /// # Errors
    /// [`NoChannels`] when one is 0, beyond [`MAX_CHANNEL`] or there twice, or when there is none.
    pub fn new(numbers: Vec<usize>) -> Result<Self, NoChannels> {
        let is_new = |(i, n): (usize, &usize)| !numbers.iter().take(i).any(|before| before == n);
        let possible = |(i, n): (usize, &usize)| (1..=MAX_CHANNEL).contains(n) && is_new((i, n));
        let all = !numbers.is_empty() && numbers.iter().enumerate().all(possible);
        if all { Ok(Self(numbers)) } else { Err(NoChannels) }
    }

    /// From 1.
    #[must_use]
    pub fn numbers(&self) -> &[usize] {
        &self.0
    }

    /// From 0, whether a stream has them or not.
    pub fn places(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.iter().filter_map(|n| n.checked_sub(1))
    }

    /// From 0, in a stream with so many channels.
    ///
    /// # Errors
    /// [`NoChannel`] for the first one that is not there.
    pub fn places_in(&self, channels: usize) -> Result<Vec<usize>, NoChannel> {
        let place = |place| if place < channels { Ok(place) } else { Err(NoChannel { asked: place + 1, channels }) };
        self.places().map(place).collect()
    }
}

/// As in `1-4,8`.
impl FromStr for Channels {
    type Err = NoChannels;

    fn from_str(text: &str) -> Result<Self, NoChannels> {
        let mut numbers = Vec::new();
        for part in text.split(',') {
            let (first, last) = part.split_once('-').unwrap_or((part, part));
            let number = |text: &str| text.trim().parse().map_err(|_| NoChannels);
            let (first, last): (usize, usize) = (number(first)?, number(last)?);
            // Before a list as long as that is made.
            if first > last || last > MAX_CHANNEL || numbers.len() > MAX_CHANNEL {
                return Err(NoChannels);
            }
            numbers.extend(first..=last);
        }
        Self::new(numbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_are_read_or_refused() {
        let numbers = |text: &str| text.parse::<Channels>().map(|c| c.numbers().to_vec());
        assert_eq!(numbers(" 3, 1-2,1024"), Ok(vec![3, 1, 2, 1024]));
        for wrong in ["", "0", "1,", "2-1", "1,1", "1-3,2", "1025", "-1", "1-", "a", "18446744073709551616", "0-2"] {
            assert_eq!(numbers(wrong), Err(NoChannels), "{wrong}");
        }
        assert_eq!(
            [Channels::new(vec![0]), Channels::new(vec![]), Channels::new(vec![usize::MAX])],
            [const { Err(NoChannels) }; 3]
        );
    }

    #[test]
    fn a_channel_that_is_not_there_is_named() {
        let channels = Channels::new(vec![2, 1, 5]).unwrap();
        assert_eq!(channels.places_in(5), Ok(vec![1, 0, 4]));
        assert_eq!(channels.places_in(4), Err(NoChannel { asked: 5, channels: 4 }));
        assert_eq!(NoChannel { asked: 2, channels: 1 }.to_string(), "the stream has 1 channel, and no channel 2");
    }
}
