//! Who is compared: each publishes and reads the same chunks in its own way.

pub mod axismirror;
pub mod iceoryx;
pub mod in_place;
pub mod memcpy;
pub mod python;
pub mod ringfire;
