//! Board files: a board as TOML that a user can copy and change, and every board printed as such a file.
//!
//! Must never open a device. A file that was read once is kept for the life of the process, since a process has a board
//! or two: that makes a board from a file as good as a built-in one everywhere else.
//!
//! ```
//! use axismirror::board_file;
//! use axismirror_boards::board::Board;
//! let board = Board::find("pieeg8")?;
//! let text = board_file::print(board).replace("id = \"pieeg8\"", "id = \"mine\"");
//! let mine = board_file::parse(&text, "mine.toml".as_ref())?;
//! assert_eq!((mine.id, mine.chips), ("mine", board.chips));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod chip;
mod error;
#[cfg(test)]
mod impossible;
mod print;
mod reader;
#[cfg(test)]
mod tests;
mod whole;
mod wiring;
mod words;

use std::collections::BTreeMap;
use std::io::Read;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use axismirror_boards::board::{Board, BoardError};

use crate::config::regular;

pub use error::BoardFileError;
pub use print::print;

/// The longest board file, in bytes.
const MAX_FILE: u64 = 1 << 16;

/// The boards that were read, by the text of their files.
static READ: Mutex<BTreeMap<String, &'static Board>> = Mutex::new(BTreeMap::new());

/// Why there is no board.
#[derive(Debug, thiserror::Error)]
pub enum FindError {
    /// No built-in board has that id.
    #[error(transparent)]
    Id(#[from] BoardError),
    /// The file is no board.
    #[error(transparent)]
    File(#[from] BoardFileError),
}

/// A board by its id, or by the path of its file: what has a `/` in it or ends in `.toml` is a path.
///
/// # Errors
/// [`FindError`].
pub fn find(name: &str) -> Result<&'static Board, FindError> {
    if name.contains('/') || name.ends_with(".toml") { Ok(load(Path::new(name))?) } else { Ok(Board::find(name)?) }
}

/// The board in a file.
///
/// # Errors
/// [`BoardFileError`]: the first thing that is wrong, with its line and what would be possible.
pub fn load(path: &Path) -> Result<&'static Board, BoardFileError> {
    let failed = |source| BoardFileError::Read { path: path.to_owned(), source };
    let mut text = String::new();
    let file = regular::open(path).map_err(failed)?;
    file.take(MAX_FILE + 1).read_to_string(&mut text).map_err(failed)?;
    if text.len() as u64 > MAX_FILE {
        return Err(BoardFileError::TooLong { path: path.to_owned(), limit: MAX_FILE });
    }
    parse(&text, path)
}

/// The board in a text. `path` is its name in messages.
///
/// # Errors
/// [`BoardFileError`], as [`load`].
pub fn parse(text: &str, path: &Path) -> Result<&'static Board, BoardFileError> {
    let known = || READ.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(board) = known().get(text) {
        return Ok(board);
    }
    let board: &'static Board = Box::leak(Box::new(whole::board(text, path)?));
    known().insert(text.to_owned(), board);
    Ok(board)
}
