//! Real time: what the user may ask for, and how the processors run.

use axismirror_boards::board::Board;

use super::Finding;
use super::probe::Probe;
use crate::realtime::{DEFAULT_PRIORITY, effective, governor};

const ABOUT: &str = "real time";
/// Bits of `CAP_IPC_LOCK` and `CAP_SYS_NICE` (`linux/capability.h`).
const CAP_IPC_LOCK: u32 = 14;
const CAP_SYS_NICE: u32 = 23;
/// Bytes that have to be lockable: the service with a ring of usual length.
const LOCKED: u64 = 64 << 20;
const LIMITS: &str = "/etc/security/limits.d/axismirror.conf";

/// Findings about real time.
pub(super) fn look(probe: &Probe, _: &Board) -> Vec<Finding> {
    let status = probe.text("/proc/self/status").unwrap_or_default();
    let limits = probe.text("/proc/self/limits").unwrap_or_default();
    let capable = |bit: u32| effective(&status).is_some_and(|caps| caps >> bit & 1 == 1);
    let mut findings = Vec::new();
    if !limits.is_empty() {
        let priority = soft(&limits, "Max realtime priority");
        findings.push(if capable(CAP_SYS_NICE) || priority.is_none_or(|p| p >= DEFAULT_PRIORITY.into()) {
            Finding::ok(ABOUT, "SCHED_FIFO is allowed")
        } else {
            Finding::warning(
                ABOUT,
                format!("SCHED_FIFO is allowed up to priority {} only: wake-ups may be milliseconds late", priority.unwrap_or(0)),
                format!("echo \"$USER - rtprio 99\" | sudo tee -a {LIMITS}   # then log in again; a systemd unit: LimitRTPRIO=99"),
            )
        });
        let locked = soft(&limits, "Max locked memory");
        findings.push(if capable(CAP_IPC_LOCK) || locked.is_none_or(|l| l >= LOCKED) {
            Finding::ok(ABOUT, "memory may be locked")
        } else {
            Finding::warning(
                ABOUT,
                format!("only {} KiB of memory may be locked: a page that was swapped out is late", locked.unwrap_or(0) >> 10),
                format!(
                    "echo \"$USER - memlock unlimited\" | sudo tee -a {LIMITS}   # then log in again; a systemd unit: LimitMEMLOCK=infinity"
                ),
            )
        });
    }
    if let Some(governor) = governor(&probe.root, 0) {
        findings.push(if governor == "performance" {
            Finding::ok(ABOUT, "the processors' governor is performance")
        } else {
            Finding::warning(
                ABOUT,
                format!("the processors' governor is {governor}: wake-ups from low clocks are late"),
                "echo performance | sudo tee /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor",
            )
        });
    }
    // Without a share of it, a group of version 1 refuses SCHED_FIFO whatever the limits say (sched-rt-group.txt).
    if probe.text("/sys/fs/cgroup/cpu/cpu.rt_runtime_us").is_some()
        && let Some(group) = cpu_group(probe)
        && probe.text(&format!("/sys/fs/cgroup/cpu{group}/cpu.rt_runtime_us")).as_deref() == Some("0")
    {
        findings.push(Finding::warning(
            ABOUT,
            format!("the control group {group} has no real-time share: SCHED_FIFO fails in it"),
            format!("echo 950000 | sudo tee /sys/fs/cgroup/cpu{group}/cpu.rt_runtime_us"),
        ));
    }
    findings
}

/// A soft limit of /proc/PID/limits; `None` when there is none to it or it is not named.
fn soft(limits: &str, name: &str) -> Option<u64> {
    let rest = limits.lines().find_map(|l| l.strip_prefix(name))?;
    rest.split_ascii_whitespace().next()?.parse().ok()
}

/// The process' control group of version 1 for processors.
fn cpu_group(probe: &Probe) -> Option<String> {
    let groups = probe.text("/proc/self/cgroup")?;
    groups.lines().find_map(|line| {
        let mut fields = line.splitn(3, ':').skip(1);
        let controllers = fields.next()?;
        controllers.split(',').any(|c| c == "cpu").then(|| fields.next().map(str::to_owned))?
    })
}
