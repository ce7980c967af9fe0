//! What the reader of each format can do.

use super::content::Block;
use super::error::Problem;

/// A recording's samples in the order of time.
pub(super) trait Format: Send {
    /// Adds the next frames to a block, up to `most` in it; none at the end.
    fn read(&mut self, most: usize, block: &mut Block) -> Result<(), Problem>;

    /// Starts again with the first frame.
    fn rewind(&mut self) -> Result<(), Problem>;

    /// Goes on with the frame of a number, or the first one behind it. `false`: the file has no number of each frame.
    fn seek(&mut self, _frame: u64) -> Result<bool, Problem> {
        Ok(false)
    }
}
