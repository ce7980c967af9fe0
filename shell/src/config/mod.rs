//! The settings of a stream: a TOML file and flags, checked, printed, and changed while the stream runs.
//!
//! Flags win over the file, the file over the defaults. An unknown key is an error that names the nearest known one; an
//! impossible value is an error that says where it was written and what would be possible. Never starts or touches a stream.
//!
//! ```
//! use axismirror::config::{Change, Key, Settings, Sources};
//!
//! let sources = Sources { file: None, flags: vec![(Key::Rate, vec!["250".into()])] };
//! let settings = sources.load()?;
//! let settings = settings.with_changes(&[Change::parse("buf_dur=5")?])?;
//! assert_eq!((settings.rate, settings.buf_dur), (Some(250.0), 5.0));
//! # Ok::<(), axismirror::config::ConfigError>(())
//! ```

mod change;
mod error;
pub(crate) mod given;
mod invisible;
mod key;
mod on_board;
pub(crate) mod regular;
mod settings;
mod sources;
pub(crate) mod syntax;
#[cfg(test)]
mod tests;
mod text;

pub use change::Change;
pub use error::{ConfigError, Place};
pub use given::MAX_LABEL;
pub use invisible::{is_invisible, visible, visible_json};
pub use key::{Key, Reach, SIMULATE_TABLE};
pub use on_board::{BoardFacts, OnBoard, PossibleRates};
pub use settings::{MAX_CHUNK, MAX_NAME, Mode, Origins, Settings, SignalKind, Simulate, SpiAccess, Units};
pub use sources::Sources;
