//! What files of samples look like: the constants and layouts that those who write them ([`record`](crate::record)) and those who read them
//! ([`recording`](crate::recording)) have to agree on, each stated once.
//!
//! Knows no stream, no file and no policy: how long a data record is, or what is done with a broken header, is said elsewhere.

pub(crate) mod edf;
pub(crate) mod own;
pub(crate) mod xdf;
pub(crate) mod xml;
