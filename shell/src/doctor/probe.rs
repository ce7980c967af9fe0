//! A machine to look at: files under a root folder, its GPIO chips, and who asks.
//!
//! Knows nothing of what the files mean.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::gpio::{self, GpioChip};

/// Who asks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct User {
    /// User id; 0 may do everything.
    pub uid: u32,
    /// All groups.
    pub gids: Vec<u32>,
}

impl User {
    /// Whoever runs this process.
    #[must_use]
    pub fn this() -> Self {
        let mut gids: Vec<u32> = rustix::process::getgroups().unwrap_or_default().iter().map(|g| g.as_raw()).collect();
        gids.push(rustix::process::getegid().as_raw());
        Self { uid: rustix::process::geteuid().as_raw(), gids }
    }
}

/// Whether a file may be read and written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Access {
    /// It may.
    Yes,
    /// It may not; the group that may, where there is one.
    No {
        /// Name of the group.
        group: Option<String>,
    },
    /// There is no such file.
    Missing,
}

/// A machine.
#[derive(Clone, Debug)]
pub struct Probe {
    /// `/` for this one.
    pub root: PathBuf,
    /// Its GPIO chips.
    pub gpio: Vec<GpioChip>,
    /// Who asks.
    pub user: User,
}

impl Probe {
    /// This machine and this user.
    #[must_use]
    pub fn this() -> Self {
        Self { root: "/".into(), gpio: gpio::chips(), user: User::this() }
    }

    /// A path on the machine.
    #[must_use]
    pub fn path(&self, path: &str) -> PathBuf {
        self.root.join(path.trim_start_matches('/'))
    }

    /// A file's text without white space at its ends.
    #[must_use]
    pub fn text(&self, path: &str) -> Option<String> {
        let bytes = fs::read(self.path(path)).ok()?;
        Some(String::from_utf8_lossy(&bytes).trim_matches(['\0', '\n', ' ', '\t']).to_owned())
    }

    /// Names in a folder, in order.
    #[must_use]
    pub fn names(&self, folder: &str) -> Vec<String> {
        let Ok(entries) = fs::read_dir(self.path(folder)) else { return Vec::new() };
        let mut names: Vec<String> = entries.filter_map(|e| e.ok()?.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// Whether the user may read and write a file, by its mode. Access control lists are not looked at.
    #[must_use]
    pub fn access(&self, path: &str) -> Access {
        let Ok(meta) = fs::metadata(self.path(path)) else { return Access::Missing };
        const READ_WRITE: u32 = 0o6;
        let allows = |shift: u32| meta.mode() >> shift & READ_WRITE == READ_WRITE;
        let User { uid, gids } = &self.user;
        let may = *uid == 0
            || if meta.uid() == *uid {
                allows(6)
            } else if gids.contains(&meta.gid()) {
                allows(3)
            } else {
                allows(0)
            };
        if may {
            return Access::Yes;
        }
        let group = if meta.gid() != 0 && allows(3) { self.group(meta.gid()) } else { None };
        Access::No { group }
    }

    /// A group's name.
    fn group(&self, gid: u32) -> Option<String> {
        let groups = self.text("/etc/group")?;
        groups.lines().find_map(|line| {
            // name:password:gid:members (group(5))
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)?.parse() == Ok(gid)).then(|| name.to_owned())
        })
    }

    /// Whether this is the machine that the process runs on: only then do system calls tell of it.
    #[must_use]
    pub fn is_this(&self) -> bool {
        self.root == Path::new("/")
    }

    /// The machine's name for itself in the device tree.
    #[must_use]
    pub fn model(&self) -> Option<String> {
        self.text("/proc/device-tree/model").filter(|m| !m.is_empty())
    }

    /// Whether it is a Raspberry Pi.
    #[must_use]
    pub fn is_pi(&self) -> bool {
        self.model().is_some_and(|m| m.starts_with("Raspberry Pi"))
    }
}
