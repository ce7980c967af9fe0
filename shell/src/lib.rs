//! axismirror on Linux.
#![deny(unsafe_code)]

pub mod shm;
