//! Who else has to do with a segment, from /proc: which process holds the writer's lock, and whether anybody has it mapped.
//!
//! Only looks; disturbs nobody.

use std::cell::OnceCell;
use std::collections::HashSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use axismirror_core::extension::Writer;

use super::segment::FileId;

/// How long is waited for what a process holds that is dead or dying.
pub(crate) const DEATH_PATIENCE: Duration = Duration::from_secs(10);

/// The process that holds the writer's lock on a file, if one does (as far as /proc/locks shows it to this process).
#[must_use]
pub fn writer(file: FileId) -> Option<u32> {
    lock_holder(&fs::read_to_string("/proc/locks").ok()?, file)
}

/// When a process was started, in clock ticks after boot; `None` when it is gone, or is dying: what it holds goes with the last of its memory, and a
/// gigabyte of that takes a while.
pub(crate) fn started(pid: u32) -> Option<u64> {
    start_of_living(&fs::read_to_string(format!("/proc/{pid}/stat")).ok()?)
}

/// From /proc/PID/stat (proc_pid_stat(5)). The second field, the command in parentheses, may hold anything; the third is the state, the 9th are the
/// kernel's flags, the 22nd is the start time and the 31st the pending signals.
fn start_of_living(stat: &str) -> Option<u64> {
    /// In the kernel's flags: it is on its way out (`PF_EXITING`).
    const EXITING: u64 = 1 << 2;
    /// Among pending signals, the first of which is 1.
    const KILL: u64 = 1 << (9 - 1);
    let (_, rest) = stat.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<u64>().ok();
    let is_dead = fields.first()?.starts_with(['Z', 'X']);
    let is_dying = number(9)? & EXITING != 0 || number(31)? & KILL != 0;
    if is_dead || is_dying { None } else { number(22) }
}

/// Whether a process is there and is the one that a header names, should that name one with this number: a later process may have got it.
pub(super) fn lives(pid: u32, named: Writer) -> bool {
    started(pid).is_some_and(|start| named.pid != pid || named.start == 0 || named.start == start)
}

/// Lines are `1: FLOCK  ADVISORY  WRITE PID MAJOR:MINOR:INODE START END` (proc_locks(5)).
fn lock_holder(locks: &str, file: FileId) -> Option<u32> {
    let wanted = format!("{}:{}", device(file), file.inode);
    locks.lines().find_map(|line| {
        let fields: Vec<&str> = line.split_ascii_whitespace().collect();
        let [_, "FLOCK", _, "WRITE", pid, locked, ..] = fields[..] else { return None };
        (locked == wanted).then(|| pid.parse().ok())?
    })
}

/// As /proc has it.
fn device(file: FileId) -> String {
    format!("{:02x}:{:02x}", rustix::fs::major(file.device), rustix::fs::minor(file.device))
}

/// Whether another process maps this file of this folder. Processes of other users cannot be looked into, but by root; they count as
/// not having it, which is right for a segment of mode 0600. For one of mode 0660 the answer "no" says nothing.
pub(super) fn by_another_process(dir: &Path, file: FileId) -> bool {
    maps_of_others().any(|maps| mapped(&maps, dir).any(|f| f == file))
}

/// The files of a folder that other processes map, as far as [`by_another_process`] can tell: one look at all processes for any number of files.
#[derive(Debug)]
pub(super) struct Mapped<'d> {
    dir: &'d Path,
    files: OnceCell<HashSet<FileId>>,
}

impl<'d> Mapped<'d> {
    /// Looks when it is asked first.
    pub(super) const fn new(dir: &'d Path) -> Self {
        Self { dir, files: OnceCell::new() }
    }

    /// Whether another process had it mapped when the first one was asked for.
    pub(super) fn has(&self, file: FileId) -> bool {
        let look = || maps_of_others().flat_map(|maps| mapped(&maps, self.dir).collect::<Vec<_>>()).collect();
        self.files.get_or_init(look).contains(&file)
    }
}

/// The tables of mappings of all other processes, as far as they can be read.
fn maps_of_others() -> impl Iterator<Item = String> {
    let own = std::process::id();
    let entries = fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|e| e.file_name().to_str()?.parse::<u32>().ok())
        .filter(move |pid| *pid != own)
        .filter_map(|pid| fs::read_to_string(format!("/proc/{pid}/maps")).ok())
}

/// Files of a folder in such a table. Lines are `address perms offset dev inode path` (proc_pid_maps(5)); the path of an unlinked file ends in
/// ` (deleted)`. A process with a /dev/shm of its own may have another file of that number there.
fn mapped<'m>(maps: &'m str, dir: &'m Path) -> impl Iterator<Item = FileId> + use<'m> {
    let line = move |line: &str| {
        let mut fields = line.split_ascii_whitespace().skip(3);
        let (device, inode, path) = (fields.next()?, fields.next()?, fields.next()?);
        let (major, minor) = device.split_once(':')?;
        let number = |hex| u32::from_str_radix(hex, 16).ok();
        let device = rustix::fs::makedev(number(major)?, number(minor)?);
        path.starts_with(dir.to_str()?).then_some(FileId { device, inode: inode.parse().ok()? })
    };
    maps.lines().filter_map(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_lives_until_it_is_dead() {
        let mut child = std::process::Command::new("sleep").arg("100").spawn().unwrap();
        let lives = |pid| lives(pid, Writer::default());
        assert!(lives(std::process::id()) && lives(child.id()));
        child.kill().unwrap();
        // Not waited for yet: it becomes a zombie.
        while lives(child.id()) {
            std::thread::sleep(std::time::Duration::from_millis(1));
        }
        child.wait().unwrap();
        assert!(!lives(child.id()) && !lives(u32::MAX));
    }

    #[test]
    fn a_process_that_was_killed_or_ends_does_not_live() {
        // Fields 3 to 31 of a line of the kernel's, with the flags and pending signals of one that runs, was sent SIGKILL or SIGTERM, or exits.
        let stat = |state, flags, pending| {
            let rest = "20 0 1 0 4711 2703360 416 18446744073709551615 94 95 140 0 0";
            start_of_living(&format!("77 (a) b) {state} 1 77 77 0 -1 {flags} 116 0 0 0 0 0 0 0 {rest} {pending}"))
        };
        assert_eq!(stat("S", 0x40_0000, 0), Some(4711));
        assert_eq!(stat("S", 0x40_0000, 1 << 14), Some(4711), "it may end as it likes");
        for (state, flags, pending) in [("S", 0x40_0000, 256), ("R", 0x40_0004, 0), ("Z", 0x40_0000, 0), ("X", 0, 0)] {
            assert_eq!(stat(state, flags, pending), None, "{state} {flags:x} {pending}");
        }
    }

    #[test]
    fn a_later_process_with_the_number_of_a_writer_is_not_the_writer() {
        let pid = std::process::id();
        let start = started(pid).unwrap();
        assert!(lives(pid, Writer { pid, start }) && lives(pid, Writer { pid, start: 0 }));
        assert!(!lives(pid, Writer { pid, start: start - 1 }));
        // Who has the lock and has not written into the header yet.
        assert!(lives(pid, Writer { pid: 1, start: start - 1 }));
    }

    #[test]
    fn finds_the_inode_of_its_own_folder_and_device_only() {
        let maps = "7f10-7f20 r--p 00000000 08:01 4242 /usr/lib/x.so\n\
                    7f30-7f40 rw-s 00000000 00:19 77 /dev/shm/sm_abc (deleted)\n\
                    7ffd-7ffe rw-p 00000000 00:00 0 [stack]\n";
        let mentioned = |minor, inode| {
            let file = FileId { device: rustix::fs::makedev(0, minor), inode };
            mapped(maps, Path::new("/dev/shm")).any(|f| f == file)
        };
        assert!(mentioned(0x19, 77));
        assert!(!mentioned(0x1A, 77), "of another file system");
        assert!(!mentioned(0x19, 78));
        assert_eq!(mapped(maps, Path::new("/dev/shm")).count(), 1);
    }

    #[test]
    fn finds_the_holder_of_a_write_lock() {
        let locks = "1: POSIX  ADVISORY  WRITE 11 00:19:77 0 EOF\n\
                     2: FLOCK  ADVISORY  READ  12 00:19:77 0 EOF\n\
                     3: FLOCK  ADVISORY  WRITE 13 00:19:77 0 EOF\n";
        let file = |minor, inode| FileId { device: rustix::fs::makedev(0, minor), inode };
        assert_eq!(lock_holder(locks, file(0x19, 77)), Some(13));
        assert_eq!(lock_holder(locks, file(0x19, 7)), None);
        assert_eq!(lock_holder(locks, file(0x1A, 77)), None);
    }
}
