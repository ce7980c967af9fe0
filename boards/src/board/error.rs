//! What can be wrong with a wish for a board, a rate or a gain, and what is nearest to it.
//!
//! Must never know which boards there are.

use heapless::String;

/// Longest name that an error repeats.
pub const MAX_NAME: usize = 32;

/// What is wrong with a wish.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum BoardError {
    /// There is no such board.
    #[error("there is no board {given:?}; the nearest is {nearest:?}")]
    UnknownBoard {
        /// What was asked for, cut at [`MAX_NAME`] bytes.
        given: String<MAX_NAME>,
        /// The board whose id is most like it.
        nearest: &'static str,
    },
    /// The board has no such rate.
    #[error("{board} has no rate of {given} Hz; the nearest is {nearest} Hz, and there are {all:?}")]
    Rate {
        /// The board's id.
        board: &'static str,
        /// What was asked for.
        given: f64,
        /// The nearest that there is.
        nearest: u32,
        /// All that there are.
        all: &'static [u32],
    },
    /// The board has no such gain.
    #[error("{board} has no gain of {given}; the nearest is {nearest}, and there are {all:?}")]
    Gain {
        /// The board's id.
        board: &'static str,
        /// What was asked for.
        given: u8,
        /// The nearest that there is.
        nearest: u8,
        /// All that there are.
        all: &'static [u8],
    },
    /// The board has fewer chips.
    #[error("{board} has {chips} chips, counted from 0; there is no chip {given}")]
    Chip {
        /// The board's id.
        board: &'static str,
        /// What was asked for, from 0.
        given: usize,
        /// How many there are.
        chips: usize,
    },
}

/// Letters to change, add or leave out to get from one name to the other (Levenshtein), of their first bytes.
pub(super) fn distance(a: &str, b: &str) -> usize {
    let b = b.as_bytes().get(..MAX_NAME.min(b.len())).unwrap_or_default();
    let mut row: [usize; MAX_NAME + 1] = core::array::from_fn(|i| i);
    for (i, letter) in a.bytes().enumerate() {
        let mut diagonal = i;
        let mut left = i + 1;
        if let Some(first) = row.first_mut() {
            *first = left;
        }
        for (cell, other) in row.iter_mut().skip(1).zip(b) {
            let above = *cell;
            let change = diagonal + usize::from(!letter.eq_ignore_ascii_case(other));
            left = change.min(above + 1).min(left + 1);
            *cell = left;
            diagonal = above;
        }
    }
    row.get(b.len()).copied().unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_are_levenshteins() {
        assert_eq!(distance("kitten", "sitting"), 3);
        assert_eq!(distance("pieeg8", "pieeg8"), 0);
        assert_eq!(distance("pieeg8", ""), 6);
        assert_eq!(distance("", "abc"), 3);
    }
}
