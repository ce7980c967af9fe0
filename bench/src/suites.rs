//! What is measured, suite by suite.

pub mod decode;
pub mod end_to_end;
pub mod latency;
pub mod readers;
pub mod service;
pub mod throughput;
pub mod wake_up;
