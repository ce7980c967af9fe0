//! Side by side with everybody: publishing, reading, latency, decoding, on one machine in one run.
//!
//! The library holds all but the command lines, so that the benchmark and the program whose instructions are counted share it. Nothing of the
//! product knows of it.
#![deny(unsafe_code)]

pub mod aims;
pub mod clock;
pub mod contestants;
pub mod counted;
pub mod decode;
pub mod harness;
pub mod machine;
pub mod process;
pub mod report;
pub mod results;
pub mod segment;
pub mod stats;
pub mod suites;
pub mod workload;
