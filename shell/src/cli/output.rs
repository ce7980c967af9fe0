//! Standard output that may go away, `axismirror tail | head` ends quietly, and files that are whole or not there.

use std::fs::{self, OpenOptions};
use std::io::{self, Write, stdout};
use std::path::Path;

use axismirror::config::visible_json;
use serde::Serialize;

use super::Failure;

/// Writes all of it to standard output.
pub(crate) fn print(text: impl AsRef<[u8]>) -> Result<(), Failure> {
    let mut out = stdout().lock();
    out.write_all(text.as_ref()).and_then(|()| out.flush()).map_err(broken)
}

/// Writes a file that is whole as soon as it has its name: what has had the name stays until then, and stays where it cannot be written.
pub(crate) fn file(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let before = fs::metadata(path).ok();
    if before.as_ref().is_some_and(|file| !file.is_file()) {
        // A FIFO, a device: nothing takes its place.
        return fs::write(path, bytes);
    }
    // A link stays one.
    let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
    let beside = path.with_file_name(format!(".axismirror-{}.new", std::process::id()));
    let written = OpenOptions::new().write(true).create_new(true).open(&beside).and_then(|mut file| {
        if let Some(before) = &before {
            file.set_permissions(before.permissions())?;
        }
        file.write_all(bytes)?;
        // Some file systems find out only now that they are full.
        file.sync_all()?;
        fs::rename(&beside, &path)
    });
    // What was there already was not made here.
    if written.as_ref().is_err_and(|error| error.kind() != io::ErrorKind::AlreadyExists) {
        let _ = fs::remove_file(&beside);
    }
    written
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

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_file_takes_the_place_of_another_with_its_mode_and_behind_its_link() {
        let folder = std::env::temp_dir().join(format!("axismirror-output-{}", std::process::id()));
        fs::create_dir(&folder).unwrap();
        let (path, link) = (folder.join("a"), folder.join("link"));
        file(&path, b"1").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o604)).unwrap();
        symlink(&path, &link).unwrap();
        file(&link, b"22").unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert!(fs::read(&path).unwrap() == b"22" && mode == 0o604 && link.is_symlink());
        // A folder is not written, and nothing is left beside it.
        assert!(file(&folder, b"3").is_err());
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 2);
        fs::remove_dir_all(folder).unwrap();
    }
}
