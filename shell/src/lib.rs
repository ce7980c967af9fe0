//! axismirror on Linux.
#![deny(unsafe_code)]

pub mod config;
pub mod conn;
pub mod control;
pub mod nearest;
pub mod recording;
