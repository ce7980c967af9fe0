//! Files that a person names, opened without waiting for anybody.
//!
//! A FIFO without a writer, a socket or a terminal would hold up the thread that reads it, for ever. Knows nothing of what is in a file.

use std::fs::{File, FileType, OpenOptions};
use std::io::{self, ErrorKind};
use std::os::unix::fs::{FileTypeExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a regular file for reading.
///
/// # Errors
/// Those of the operating system, and one that says what the path leads to instead.
pub(crate) fn open(path: &Path) -> io::Result<File> {
    let flags = OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
    let opened = OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path);
    let kind = match &opened {
        Ok(file) => Some(file.metadata()?.file_type()),
        // A socket cannot be opened at all (open(2): ENXIO).
        Err(_) => std::fs::metadata(path).ok().map(|m| m.file_type()).filter(FileType::is_socket),
    };
    match kind {
        Some(kind) if !kind.is_file() => Err(not_regular(kind)),
        _ => opened,
    }
}

fn not_regular(kind: FileType) -> io::Error {
    let what = if kind.is_dir() {
        "a folder"
    } else if kind.is_fifo() {
        "a FIFO, which is read as long as somebody writes; write it into a file first"
    } else if kind.is_socket() {
        "a socket"
    } else {
        "a device"
    };
    io::Error::new(ErrorKind::InvalidInput, format!("only a regular file is read, and this is {what}"))
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn what_is_no_regular_file_is_named_and_never_waited_for() {
        let folder = std::env::temp_dir().join(format!("axismirror-regular-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let (fifo, socket, file) = (folder.join("fifo"), folder.join("socket"), folder.join("file"));
        mknodat(CWD, &fifo, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        let _listener = UnixListener::bind(&socket).unwrap();
        std::fs::write(&file, "").unwrap();
        let link = folder.join("link");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        for (path, what) in [
            (fifo.as_path(), "a FIFO"),
            (&socket, "a socket"),
            (&folder, "a folder"),
            ("/dev/zero".as_ref(), "a device"),
            ("/dev/null".as_ref(), "a device"),
            (&folder.join("none"), "No such file"),
        ] {
            let error = open(path).unwrap_err().to_string();
            assert!(error.contains(what), "{}: {error}", path.display());
        }
        assert!(open(&file).is_ok() && open(&link).is_ok());
        std::fs::remove_dir_all(&folder).unwrap();
    }
}
