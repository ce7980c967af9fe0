//! Recordings as streams, from the file to what a mirror reads: every value, times, gaps, rounds, marks.
//!
//! Time is the tests' own: it passes as soon as somebody waits for it.

mod command;
#[path = "../common/mod.rs"]
mod common;
mod others;
mod ours;
mod play;
