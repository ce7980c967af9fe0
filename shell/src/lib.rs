//! axismirror on Linux.
#![deny(unsafe_code)]
