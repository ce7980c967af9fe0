//! Every interleaving of a writer and a reader, by loom: the code that runs over /dev/shm, over loom's memory.
//!
//! `cargo xtask loom` runs it. Each file models one thing that readers rely on, and `fences.rs` takes out each fence of the protocol in turn: then
//! one of the models must find what that fence prevents.
//!
//! What such a proof does not say: loom's loads may see old values but never ones from the future (no load buffering), and a writer's death
//! is an end between two stores, in their order.
#![cfg(loom)]

mod adoption;
mod fences;
mod generation;
mod memory;
mod published;
mod ring;
mod segments;
mod sleeper;
mod stamps;
mod static_metadata;
mod stream;
