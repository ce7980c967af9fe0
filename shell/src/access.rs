//! Who may open what the service makes: segments and the socket of the life-cycle channel.
//!
//! Sets mode and group through an open file, never through a name, which somebody could have replaced. Knows nothing of what the file is for.

use std::fs;
use std::io;
use std::os::fd::AsFd;
use std::path::Path;

use rustix::fs::{Gid, Mode};
use rustix::io::Errno;

/// Where the names of groups are (group(5)). Groups that only a directory service knows can be given as numbers.
const GROUP_FILE: &str = "/etc/group";

/// Who may read and write.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Access {
    /// The owner alone: mode 0600.
    #[default]
    Owner,
    /// The owner and a group: mode 0660.
    Group {
        /// Number of the group; else that of the process.
        gid: Option<u32>,
    },
}

/// Why a group cannot be given access.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// No such name.
    #[error("there is no group `{name}` in {GROUP_FILE}; a number is taken too")]
    UnknownGroup {
        /// As written.
        name: String,
    },
    /// The names cannot be read.
    #[error("{GROUP_FILE} cannot be read; give the group as a number")]
    Groups(#[source] io::Error),
    /// Only root may give a file to a group that it is not a member of (chown(2)).
    #[error(
        "user {uid} is not a member of group {gid} and so cannot share the stream with it; add the user to the group and log in anew"
    )]
    NotAMember {
        /// Of this process.
        uid: u32,
        /// Of the group.
        gid: u32,
    },
    /// Anything else that the system says.
    #[error("mode and group cannot be set")]
    Refused(#[from] io::Error),
}

impl Access {
    /// Access for a group, by name or number; `None` is the group of the process.
    ///
    /// # Errors
    /// [`AccessError::UnknownGroup`], [`AccessError::Groups`].
    pub fn of_group(group: Option<&str>) -> Result<Self, AccessError> {
        let Some(group) = group else { return Ok(Self::Group { gid: None }) };
        // The highest number stands for "no change" (chown(2)).
        if let Some(gid) = group.parse().ok().filter(|gid| *gid != u32::MAX) {
            return Ok(Self::Group { gid: Some(gid) });
        }
        let groups = fs::read(Path::new(GROUP_FILE)).map_err(AccessError::Groups)?;
        match named(&String::from_utf8_lossy(&groups), group) {
            Some(gid) => Ok(Self::Group { gid: Some(gid) }),
            None => Err(AccessError::UnknownGroup { name: group.to_owned() }),
        }
    }

    /// Whether others than the owner have access.
    #[must_use]
    pub const fn is_shared(self) -> bool {
        matches!(self, Self::Group { .. })
    }

    pub(crate) const fn mode(self) -> Mode {
        let owner = Mode::RUSR.union(Mode::WUSR);
        match self {
            Self::Owner => owner,
            Self::Group { .. } => owner.union(Mode::RGRP).union(Mode::WGRP),
        }
    }

    /// Gives an open file of ours this mode and group, whatever the umask left of the mode.
    pub(crate) fn set(self, file: impl AsFd) -> Result<(), AccessError> {
        self.set_group(|gid| rustix::fs::fchown(&file, None, Some(gid)))?;
        Ok(rustix::fs::fchmod(&file, self.mode()).map_err(io::Error::from)?)
    }

    /// The group first, with `chown`: the one that the file has had must not get the mode for an instant.
    pub(crate) fn set_group(self, chown: impl FnOnce(Gid) -> rustix::io::Result<()>) -> Result<(), AccessError> {
        let Self::Group { gid } = self else { return Ok(()) };
        let gid = gid.map_or_else(rustix::process::getegid, Gid::from_raw);
        chown(gid).map_err(|errno| match errno {
            Errno::PERM => AccessError::NotAMember { uid: rustix::process::geteuid().as_raw(), gid: gid.as_raw() },
            errno => io::Error::from(errno).into(),
        })
    }
}

/// A group's name, or its number where it has none that is known here.
pub(crate) fn group_name(gid: u32) -> String {
    let groups = fs::read(GROUP_FILE).unwrap_or_default();
    numbered(&String::from_utf8_lossy(&groups), gid).unwrap_or_else(|| gid.to_string())
}

fn numbered(groups: &str, gid: u32) -> Option<String> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        let name = fields.next()?;
        (fields.nth(1)?.parse() == Ok(gid)).then(|| name.to_owned())
    })
}

/// Lines are `name:password:gid:members` (group(5)).
fn named(groups: &str, name: &str) -> Option<u32> {
    groups.lines().find_map(|line| {
        let mut fields = line.split(':');
        if fields.next() != Some(name) {
            return None;
        }
        fields.nth(1)?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_found_by_name_and_by_number() {
        assert_eq!(named("root:x:0:\nlab:x:1234:ann,bob\n", "lab"), Some(1234));
        assert_eq!(named("root:x:0:\nlab:x:1234:ann,bob\nbad\nworse:x:y:\n", "bob"), None);
        assert_eq!(named("bad\n", "bad"), None);
        assert_eq!(numbered("bad\nroot:x:0:\nlab:x:1234:ann,bob\n", 1234).as_deref(), Some("lab"));
        assert_eq!(numbered("lab:x:1234:ann,bob\n", 123), None);
        assert_eq!(Access::of_group(Some("4321")).unwrap(), Access::Group { gid: Some(4321) });
        assert_eq!(Access::of_group(None).unwrap(), Access::Group { gid: None });
        for wrong in ["no such group", "-1", "4294967295", ""] {
            let error = Access::of_group(Some(wrong)).unwrap_err();
            assert!(matches!(error, AccessError::UnknownGroup { .. }), "{wrong}: {error}");
        }
    }
}
