//! What is measured, suite by suite.

pub mod decode;
pub mod latency;
pub mod readers;
pub mod throughput;
