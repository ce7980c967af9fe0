//! Ours, through its public API over /dev/shm: times, the old header's fields and the extension block included.

mod library;
mod publish;
mod read;
mod reader;
mod stream;

pub use library::LibraryRead;
pub use publish::{Message, Publish};
pub use read::{NothingNew, Read};
pub use reader::Reader;
pub use stream::Stream;

/// Polls of a batch in which nothing is new.
const POLLS: usize = 4096;
