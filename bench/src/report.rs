//! What becomes of the figures: plots and BENCHMARKS.md.

pub mod histogram;
pub mod loads;
pub mod markdown;
pub mod plot;

/// A decade of times.
fn tick(ns: f64) -> String {
    match ns {
        n if n < 1e3 => format!("{n:.0} ns"),
        n if n < 1e6 => format!("{:.0} us", n / 1e3),
        n => format!("{:.0} ms", n / 1e6),
    }
}
