//! Streams between machines, over zenoh.
//!
//! | for | see |
//! |---|---|
//! | names in zenoh's keys | [`key`] |
//! | a chunk as bytes | [`chunk`] |
//! | what frames are, and how their stream fares, as JSON | [`info`], [`state`] |
//! | lost frames: how they are asked for, kept, put in order | [`ask`], [`cache`], [`reorder`] |
//! | a stream as it is received | [`reception`] |
//! | static metadata that came, written anew | [`metadata`] |
//! | from the sender's clock to the receiver's | [`clocks`] |
#![cfg_attr(feature = "network", doc = "| sending streams of this machine | [`relay`] |")]
#![cfg_attr(feature = "network", doc = "| receiving those of others | [`receive`] |")]
#![cfg_attr(feature = "network", doc = "| which there are | [`discover`] |")]
//!
//! The modules named first are pure: they know neither zenoh nor shared memory. The feature `network-messages` has them alone; they are public for the
//! fuzzer, which builds no zenoh, and may change. What other programs use are `relay`, `receive` and `discover`, with the names and descriptions
//! that these take and give.
//!
//! # What goes over the network
//!
//! A relay is a mirror like any other; the acquisition never waits for it. For each stream it publishes under `axismirror/<box>/<stream>/`:
//!
//! - `data`: chunks as they come, congestion control DROP: what the network cannot take is left out and repaired later;
//! - `info`: what the frames are, with each change and for who asks (a queryable);
//! - `state`: about once a second how the stream fares and which frame comes next, so that the loss of the last ones is noticed;
//! - `repair`: a queryable for frames that a receiver lost;
//! - `clock`: a queryable for the times of the sender's clocks;
//! - `alive`: a liveliness token.
//!
//! Frames are numbered as in the sender's ring, over all generations of its header. As long as the header's segment is the same, so are instance and
//! numbers, whoever relays it: a relay that was killed and started again fills the gap from the ring. What the ring has no more is filled from recordings
//! of the stream, if the relay was given some.

pub mod ask;
pub mod cache;
pub mod chunk;
pub mod clocks;
mod hex;
pub mod info;
pub mod key;
pub mod metadata;
pub mod reception;
pub mod reorder;
pub mod state;

#[cfg(feature = "network")]
mod answers;
#[cfg(feature = "network")]
mod archive;
#[cfg(feature = "network")]
pub mod discover;
#[cfg(feature = "network")]
mod error;
#[cfg(feature = "network")]
mod outlet;
#[cfg(feature = "network")]
mod pace;
#[cfg(feature = "network")]
mod pieces;
#[cfg(feature = "network")]
mod queue;
#[cfg(feature = "network")]
pub mod receive;
#[cfg(feature = "network")]
mod receiving;
#[cfg(feature = "network")]
pub mod relay;
#[cfg(feature = "network")]
mod relayed;
#[cfg(feature = "network")]
mod sending;
#[cfg(feature = "network")]
mod session;

#[cfg(feature = "network")]
pub use error::NetworkError;
#[cfg(feature = "network")]
pub use session::{NetworkSettings, host_name};
