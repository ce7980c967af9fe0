//! Counts in sentences: `1 frame was`, `2 frames were`.

use std::fmt::Display;

/// A number and what is counted, named by its singular; all of these words have a plural with `s`.
#[must_use]
pub fn count(n: impl Display + PartialEq + From<u8>, what: &str) -> String {
    let s = if n == 1.into() { "" } else { "s" };
    format!("{n} {what}{s}")
}

/// `was` or `were`.
#[must_use]
pub const fn were(n: u64) -> &'static str {
    if n == 1 { "was" } else { "were" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_singular() {
        assert_eq!(
            [count(0_u64, "frame"), count(1_usize, "gap"), count(2_u64, "event")],
            ["0 frames", "1 gap", "2 events"]
        );
        assert_eq!([were(0), were(1)], ["were", "was"]);
    }
}
