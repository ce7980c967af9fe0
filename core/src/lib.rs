//! axismirror core.
#![no_std]
#![deny(unsafe_code)]

pub mod axis_array;
pub mod dtype;
pub mod health;
pub mod static_metadata;
