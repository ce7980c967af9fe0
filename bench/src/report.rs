//! What becomes of the figures: plots and BENCHMARKS.md.

pub mod histogram;
pub mod loads;
pub mod markdown;
pub mod plot;
