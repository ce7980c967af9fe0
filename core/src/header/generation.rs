//! Numbers of data segments, in the order in which a stream makes them.

/// `buffer_generation`: which data segment the header describes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Generation(u32);

impl Generation {
    /// Before the first data segment: -1, so that the first one is generation 0.
    pub const NONE: Self = Self(u32::MAX);

    /// From the header's field.
    #[must_use]
    pub const fn from_number(number: u32) -> Self {
        Self(number)
    }

    /// As the header holds it.
    #[must_use]
    pub const fn number(self) -> u32 {
        self.0
    }

    /// The one after it, which has the other parity. The last number is not used: it means that there is none.
    #[must_use]
    pub const fn next(self) -> Self {
        if self.0 == u32::MAX - 1 { Self(1) } else { Self(self.0.wrapping_add(1)) }
    }

    /// The one before it, or one that never was.
    #[must_use]
    pub const fn previous(self) -> Self {
        Self(self.0.wrapping_sub(1))
    }

    /// Whether `other` comes right after this one.
    #[must_use]
    pub const fn is_followed_by(self, other: Self) -> bool {
        self.next().0 == other.0
    }
}

impl core::fmt::Display for Generation {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_is_zero_and_neighbours_differ_in_parity() {
        assert_eq!(Generation::NONE.next().number(), 0);
        for number in [0, 1, 7, u32::MAX - 2, u32::MAX - 1] {
            let g = Generation::from_number(number);
            assert_ne!(g.next(), Generation::NONE);
            assert_ne!(g.next().number() % 2, number % 2);
            assert!(g.is_followed_by(g.next()));
        }
    }
}
