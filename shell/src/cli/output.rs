//! Standard output that may go away: `axismirror tail | head` ends quietly.

use std::io::{self, Write, stdout};

use axismirror::config::visible_json;
use serde::Serialize;

use super::Failure;

/// Writes all of it to standard output.
pub(crate) fn print(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = stdout().lock();
    out.write_all(text.as_ref()).and_then(|()| out.flush()).map_err(broken)
}

/// JSON, a value a line, in which what nobody sees is escaped: texts in it may be a stranger's.
pub(crate) fn json(value: &impl Serialize) -> Result<String, Failure> {
    let json = serde_json::to_string_pretty(value).map_err(Failure::failed)? + "\n";
    Ok(visible_json(&json).into_owned())
}

/// What an error of standard output means: nothing when the reader went away.
pub(crate) fn broken(error: io::Error) -> Failure {
    match error.kind() {
        io::ErrorKind::BrokenPipe => Failure::quiet(),
        _ => Failure::failed("standard output cannot be written").because(error),
    }
}
