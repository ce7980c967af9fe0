//! The terminal scope behind `axismirror view`: what it keeps of a stream, what keys do, and how it is drawn into cells.
//!
//! | for | see |
//! |---|---|
//! | what was seen of a stream: samples, gaps, marks, through filters | [`Signals`] over [`history`] and [`filter`] |
//! | the unit in which samples are shown | [`Shown`] |
//! | what is looked at, and what keys change | [`View`], [`keys`] |
//! | the picture, in a ratatui buffer | [`draw`] |
//! | the spectrum | [`spectrum`] |
//! | how the stream and its writer are | [`Health`] |
//! | the terminal itself | [`terminal`] |
//!
//! All but [`terminal`] is pure: frames, times and keys go in, cells come out. The scope is a mirror like any other: no acquisition waits for it.

pub mod canvas;
pub mod draw;
pub mod filter;
mod health;
pub mod history;
pub mod keys;
pub mod scale;
mod shown;
pub(crate) mod signals;
pub mod spectrum;
pub mod terminal;
pub mod text;
mod view;

pub use health::{Arrivals, Health, Link};
pub use shown::Shown;
pub use signals::{Gap, MOST_CHANNELS, Mark, Missing, Signals, Source};
pub use view::{Seen, Sizes, View};
