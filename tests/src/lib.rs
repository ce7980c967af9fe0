//! What the integration tests share.
//!
//! Recordings of the published writer and how to hold ours against them, the counter signal, processes under test. Knows core's message types;
//! must never contain a second implementation of what is under test (layout, ring arithmetic, names): expectations come from the recordings.
#![forbid(unsafe_code)]

pub mod counter;
pub mod golden;
pub mod heap;
pub mod interference;
pub mod process;
