//! What files of samples look like: the constants, layouts and words that those who write them ([`record`](crate::record)) and those who read them
//! ([`recording`](crate::recording)) have to agree on, each stated once.
//!
//! | in | is |
//! |---|---|
//! | `edf`, `xdf` | the layouts of those formats |
//! | `columns` | Parquet and Arrow: magic, names of columns, keys of the footer |
//! | `csv` | comments among the rows |
//! | `own` | what our recorder says in any of them: the description, gaps, events, sums |
//! | `xml` | text within XML |
//!
//! Names of XML elements are XDF's own and stand where they are used. Knows no stream, no file and no policy: how long a data record is, or what is
//! done with a broken header, is said elsewhere.

pub(crate) mod columns;
pub(crate) mod csv;
pub(crate) mod edf;
pub(crate) mod own;
pub(crate) mod xdf;
pub(crate) mod xml;
