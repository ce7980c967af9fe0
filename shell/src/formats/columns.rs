//! Files of columns, Parquet and Arrow IPC (Feather 2): what both begin and end with, and what our recorder calls its columns and texts.
//!
//! Frames are rows: `frame`, `time`, then a column a channel under its label. The containers themselves are other people's libraries' matter.
//!
//! Source: parquet.apache.org, "File Format"; arrow.apache.org, "IPC File Format".

/// What a Parquet file begins with, and ends with.
pub(crate) const PARQUET: &[u8] = b"PAR1";
/// The same of an Arrow file.
pub(crate) const ARROW: &[u8] = b"ARROW1";

/// Name of the column of the frames' numbers, in CSV, too.
pub(crate) const FRAME: &str = "frame";
/// Of that of their times in seconds.
pub(crate) const TIME: &str = "time";

// Texts of the footer, by their keys.
/// The description.
#[cfg(feature = "parquet")]
pub(crate) const DESCRIPTION: &str = super::own::DESCRIPTION;
/// A list of gaps.
#[cfg(feature = "parquet")]
pub(crate) const GAPS: &str = "axismirror.gaps";
/// A list of events.
#[cfg(feature = "parquet")]
pub(crate) const EVENTS: &str = "axismirror.events";
/// The sums.
#[cfg(feature = "parquet")]
pub(crate) const END: &str = "axismirror.end";
