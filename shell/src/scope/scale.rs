//! How large things are drawn: steps of 1, 2 and 5, and ranges that follow the signal without trembling.

use super::history::Envelope;

/// Steps of a decade.
const STEPS: [f64; 3] = [1.0, 2.0, 5.0];
/// A range is made narrower when less than this part of it is used.
const USED: f64 = 0.3;
/// Space above and below a signal.
const ROOM: f64 = 1.05;

/// The least of 1, 2, 5 times a power of ten that is not below `x`; 1 for what is not positive and finite.
#[must_use]
pub fn step_above(x: f64) -> f64 {
    if !(x > 0.0 && x.is_finite()) {
        return 1.0;
    }
    let decade = x.log10().floor() as i32;
    // A step that is `x` but for rounding is not below it.
    let steps = (decade..=decade + 1).flat_map(|d| STEPS.map(|s| times_ten_to(s, d)));
    steps.into_iter().find(|step| *step >= x * (1.0 - 1e-9)).unwrap_or(x)
}

/// The step after `x`, which is one.
#[must_use]
pub fn step_up(x: f64) -> f64 {
    step_above(x * 1.5)
}

/// The step before `x`, which is one.
#[must_use]
pub fn step_down(x: f64) -> f64 {
    step_above(x / 3.0)
}

/// Nearest to a decimal number: 5e-5 and not 5.000000000000001e-5.
fn times_ten_to(x: f64, power: i32) -> f64 {
    if power < 0 { x / 10_f64.powi(-power) } else { x * 10_f64.powi(power) }
}

/// What a band shows: `span` around `center`.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Range {
    /// In the middle.
    pub center: f64,
    /// From the lower edge to the upper one.
    pub span: f64,
}

impl Range {
    /// Where a value is: 0 at the lower edge, 1 at the upper one.
    #[must_use]
    pub fn place(&self, value: f64) -> f64 {
        (value - self.center) / self.span + 0.5
    }

    /// For a signal that goes from least to greatest; the range before, if that still does.
    #[must_use]
    pub fn following(before: Option<Self>, seen: Envelope) -> Self {
        let height = (seen.max - seen.min) * ROOM;
        let keeps = |b: &Self| b.span * USED < height || height == 0.0;
        match before.filter(|b| height <= b.span && keeps(b)) {
            Some(range) => range.centered(seen),
            // A signal that does not move: any span shows it.
            None if height == 0.0 => Self { center: seen.min, span: step_above(seen.min.abs() / 10.0) },
            None => Self { center: f64::NAN, span: step_above(height) }.centered(seen),
        }
    }

    /// Of this span, with the signal in it as far as it fits; moved only when it has to be.
    #[must_use]
    pub fn centered(self, seen: Envelope) -> Self {
        let fits = |center: &f64| seen.min >= center - self.span / 2.0 && seen.max <= center + self.span / 2.0;
        let middle = seen.min + (seen.max - seen.min) / 2.0;
        let in_parts = |parts: f64| (middle / (self.span / parts)).round() * (self.span / parts);
        // Whole tenths, so that it moves seldom; smaller parts for a signal that takes nearly all of it.
        let tenths = in_parts(10.0);
        let center = [self.center, tenths, in_parts(50.0)].into_iter().find(fits).unwrap_or(tenths);
        Self { center, ..self }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_are_1_2_5() {
        for (x, step) in
            [(1.0, 1.0), (1.01, 2.0), (2.1, 5.0), (5.1, 10.0), (3e-5, 5e-5), (5e-5, 5e-5), (0.0, 1.0), (f64::NAN, 1.0)]
        {
            assert_eq!(step_above(x), step, "{x}");
        }
        let mut step = 1e-6;
        for expected in [2e-6, 5e-6, 1e-5, 2e-5, 5e-5, 1e-4] {
            step = step_up(step);
            assert_eq!(step, expected);
        }
        for expected in [5e-5, 2e-5, 1e-5, 5e-6, 2e-6, 1e-6] {
            step = step_down(step);
            assert_eq!(step, expected);
        }
        for extreme in [f64::MIN_POSITIVE, f64::MAX, f64::INFINITY, -1.0, 5e-324] {
            assert!(step_above(extreme) > 0.0);
        }
    }

    #[test]
    fn a_range_grows_at_once_and_shrinks_only_when_much_is_empty() {
        let first = Range::following(None, Envelope { min: -3.0, max: 3.0 });
        assert_eq!(first, Range { center: 0.0, span: 10.0 });
        let same = Range::following(Some(first), Envelope { min: -1.8, max: 1.5 });
        assert_eq!(same, first, "a third of it is used");
        assert_eq!(Range::following(Some(first), Envelope { min: -1.0, max: 1.0 }).span, 5.0);
        assert_eq!(Range::following(Some(first), Envelope { min: -30.0, max: 3.0 }).span, 50.0);
        // Moves when the signal leaves it, by whole tenths.
        let moved = Range::following(Some(first), Envelope { min: 2.03, max: 7.0 });
        assert_eq!(moved, Range { center: 5.0, span: 10.0 });
        assert_eq!((moved.place(0.0), moved.place(10.0), moved.place(5.0)), (0.0, 1.0, 0.5));
    }

    /// Whole tenths would be 6, and cut 0.25 off.
    #[test]
    fn a_signal_that_just_fits_is_all_in_it() {
        let seen = Envelope { min: 0.75, max: 10.25 };
        let range = Range::following(None, seen);
        assert!(range.span == 10.0 && range.place(seen.min) >= 0.0 && range.place(seen.max) <= 1.0, "{range:?}");
    }

    #[test]
    fn a_signal_that_does_not_move_is_in_the_middle() {
        for value in [0.0, 0.3, -7e9] {
            let range = Range::following(None, Envelope { min: value, max: value });
            assert_eq!(range.place(value), 0.5);
            assert_eq!(Range::following(Some(range), Envelope { min: value, max: value }), range);
        }
    }
}
