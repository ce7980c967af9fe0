//! Ours, through its public API over /dev/shm: times, the old header's fields and the extension block included.

mod library;
mod nothing_new;
mod publish;
mod read;
mod reader;
mod stream;

pub use library::LibraryRead;
pub use nothing_new::NothingNew;
pub use publish::{Message, Publish};
pub use read::Read;
pub use reader::Reader;
pub use stream::Stream;

use crate::harness::{Contestant, Round, round, timed};

/// A stream and its reader, which reads what was published before.
pub trait Reads: Contestant {
    /// Publishes chunks that are then new.
    ///
    /// # Errors
    /// What the publisher says.
    fn publish(&mut self, chunks: usize) -> Result<(), String>;

    /// Reads chunks one by one.
    ///
    /// # Errors
    /// When they are not all there, or not proven to be whole.
    fn read(&mut self, chunks: usize) -> Result<(), String>;

    /// Looks so and so often when there is nothing new.
    ///
    /// # Errors
    /// When there is something.
    fn poll(&mut self, times: usize) -> Result<(), String>;
}

/// A round in which so many chunks are published, and reading them is timed.
fn read_round(reads: &mut impl Reads, chunks: usize) -> Result<Round, String> {
    round(|| {
        reads.publish(chunks)?;
        let mut result = Ok(());
        let time = timed(|| result = reads.read(chunks));
        result.map(|()| (time, chunks as u64))
    })
}
