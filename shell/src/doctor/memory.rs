//! /dev/shm: whether it is there, how large, and what may take segments away.

use axismirror_boards::board::Board;

use super::Finding;
use super::probe::{Access, Probe};
use crate::shm::SHM_DIR;

const ABOUT: &str = "memory";
/// Free bytes under which a ring of usual length may not fit.
const LITTLE: u64 = 16 << 20;
/// Users below this are the system's (`SYS_UID_MAX` of login.defs + 1).
const FIRST_PERSON: u32 = 1000;

/// Findings about shared memory.
pub(super) fn look(probe: &Probe, _: &Board) -> Vec<Finding> {
    let mut findings = vec![mount(probe)];
    findings.extend(room(probe));
    findings.extend(remove_ipc(probe));
    findings
}

fn mount(probe: &Probe) -> Finding {
    let mend = "sudo mount -t tmpfs -o rw,nosuid,nodev,mode=1777 tmpfs /dev/shm";
    match probe.access(SHM_DIR) {
        Access::Missing => return Finding::problem(ABOUT, format!("there is no {SHM_DIR}"), mend),
        Access::No { .. } => {
            return Finding::problem(ABOUT, format!("{SHM_DIR} is not open to this user"), "sudo chmod 1777 /dev/shm");
        }
        Access::Yes => {}
    }
    // device, mount point, type, options, two numbers (fstab(5)); the last mount over a place wins
    let mounts = probe.text("/proc/mounts").unwrap_or_default();
    let line = mounts.lines().map(|l| l.split(' ').collect::<Vec<_>>()).rfind(|f| f.get(1) == Some(&SHM_DIR));
    match line.as_deref() {
        Some([_, _, kind, options, ..]) => {
            if options.split(',').any(|o| o == "ro") {
                return Finding::problem(
                    ABOUT,
                    format!("{SHM_DIR} is mounted read-only"),
                    "sudo mount -o remount,rw /dev/shm",
                );
            }
            if *kind != "tmpfs" {
                let what = format!("{SHM_DIR} is on {kind}, not on tmpfs: every chunk may go to a disk");
                return Finding::warning(ABOUT, what, mend);
            }
            Finding::ok(ABOUT, format!("{SHM_DIR} is tmpfs ({options})"))
        }
        _ => Finding::warning(ABOUT, format!("{SHM_DIR} is a folder of the root file system, not tmpfs"), mend),
    }
}

fn room(probe: &Probe) -> Option<Finding> {
    if !probe.is_this() {
        return None;
    }
    let stat = rustix::fs::statvfs(SHM_DIR).ok()?;
    let (total, free) = (stat.f_blocks * stat.f_frsize, stat.f_bavail * stat.f_frsize);
    let mib = |bytes: u64| bytes >> 20;
    let what = format!("{SHM_DIR} has {} MiB, {} MiB free", mib(total), mib(free));
    Some(if free < LITTLE {
        Finding::warning(ABOUT, what + ": a long ring may not fit", "sudo mount -o remount,size=256M /dev/shm")
    } else {
        Finding::ok(ABOUT, what)
    })
}

/// systemd removes what a person owns in /dev/shm when the last login ends (logind.conf(5), RemoveIPC).
fn remove_ipc(probe: &Probe) -> Option<Finding> {
    if probe.access("/run/systemd/system") == Access::Missing || probe.user.uid < FIRST_PERSON {
        return None;
    }
    let folder = "/etc/systemd/logind.conf.d";
    let files = probe.names(folder).into_iter().map(|n| format!("{folder}/{n}"));
    let mut set = std::iter::once("/etc/systemd/logind.conf".to_owned()).chain(files).filter_map(|path| {
        let text = probe.text(&path)?;
        text.lines().filter_map(|l| l.trim().strip_prefix("RemoveIPC=")).next_back().map(str::to_owned)
    });
    let kept = set.next_back().is_some_and(|v| matches!(v.as_str(), "no" | "false" | "0" | "off"));
    if kept {
        return Some(Finding::ok(ABOUT, "logind leaves /dev/shm alone (RemoveIPC=no)"));
    }
    Some(Finding::warning(
        ABOUT,
        "when this user's last login ends, systemd removes what the user has in /dev/shm: a stream would go with it (a service of a system \
         user is safe)",
        "in /etc/systemd/logind.conf: RemoveIPC=no",
    ))
}
