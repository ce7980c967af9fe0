//! What becomes of the figures: plots and BENCHMARKS.md.

pub mod markdown;
pub mod plot;
