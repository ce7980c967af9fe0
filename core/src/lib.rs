//! axismirror core.
#![no_std]
#![deny(unsafe_code)]

#[cfg(test)]
extern crate std;

pub mod axis_array;
pub mod dtype;
pub mod extension;
pub mod header;
pub mod health;
pub mod memory;
pub mod mirror;
pub mod name;
pub mod publisher;
pub mod ring;
pub mod settings;
pub mod shared;
pub mod slice_store;
pub mod static_metadata;
pub mod store;
