//! axismirror on Linux: the acquisition service, the mirror library, and what the command line is made of.
//!
//! | for | see |
//! |---|---|
//! | reading a stream from Rust | [`mirror`] |
//! | running the service | [`service`], with the settings of [`config`] |
//! | boards as files | [`board_file`] |
//! | segments in /dev/shm | [`shm`], and who may open them: [`access`] |
//! | the life-cycle channel of Python's `multiprocessing.connection` | [`conn`] |
//! | a real board: SPI, GPIO, real time | [`hardware`], [`spi`], [`gpio`], [`realtime`] |
//! | what is wrong with a machine or a board | [`doctor`], [`service::self_test`] |
//! | a stream's counters as JSON | [`health`] |
//! | changing a running stream | [`control`] |
//! | what happened, stamped beside a stream | [`events`] |
//! | a scope in the terminal, and pictures of a stream | [`scope`], [`plot`] |
//! | a stream into files that other programs open | [`record`] |
//! | files of samples, and playing them as a stream | [`recording`], [`replay`] |
#![cfg_attr(feature = "network", doc = "| streams between machines | [`network`] |")]
#![deny(unsafe_code)]

pub mod access;
pub mod board_file;
pub mod causes;
pub mod channels;
pub mod clock;
pub mod config;
pub mod conn;
pub mod control;
pub mod count;
pub mod doctor;
pub mod events;
mod formats;
pub mod gpio;
pub mod hardware;
pub mod health;
pub mod mirror;
pub mod nearest;
#[cfg(feature = "network-messages")]
pub mod network;
pub mod plot;
mod publication;
pub mod realtime;
pub mod record;
pub mod recording;
pub mod replay;
mod said;
pub mod sample;
pub mod scope;
pub mod service;
pub mod shm;
pub mod spi;
