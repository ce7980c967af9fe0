//! The subcommands: one file each, with its arguments and its `run`.

pub(crate) mod bench;
pub(crate) mod ci;
pub(crate) mod clocks;
pub(crate) mod demo;
pub(crate) mod dist;
pub(crate) mod docs;
pub(crate) mod emulate;
pub(crate) mod firmware;
pub(crate) mod flood;
pub(crate) mod formats;
pub(crate) mod fuzz;
pub(crate) mod interop;
pub(crate) mod loom;
pub(crate) mod miri;
pub(crate) mod network;
pub(crate) mod soak;
pub(crate) mod test;
pub(crate) mod torture;
pub(crate) mod tsan;
