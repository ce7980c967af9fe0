//! What keeps the acquisition's thread in time: SCHED_FIFO, a processor of its own, memory that stays.
//!
//! Each is tried, reported and, where it is not allowed, left out with a warning: a stream without real time is better than none. SCHED_FIFO
//! goes through `thread-priority`, since rustix and nix have no call for it; all else through rustix.

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::sync::OnceLock;

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{Resource, getrlimit};
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};
use thread_priority::{
    NormalThreadSchedulePolicy, RealtimeThreadSchedulePolicy, ThreadPriority, ThreadPriorityValue,
    ThreadSchedulePolicy, set_thread_priority_and_policy, thread_native_id,
};

use crate::config::Settings;

/// Priority of the acquisition unless told otherwise: one below that of the kernel's interrupt threads (50), which report DRDY's edges.
pub const DEFAULT_PRIORITY: u8 = 49;
/// Stack that is touched before it is needed.
const STACK: usize = 256 * 1024;

/// What is asked for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RealTime {
    /// SCHED_FIFO priority 1 to 99; 0 leaves the thread with the ordinary scheduler.
    pub priority: u8,
    /// The processor that the thread is to stay on.
    pub cpu: Option<usize>,
    /// Whether all memory is to stay in RAM.
    pub lock_memory: bool,
}

impl RealTime {
    /// As the settings say; what they leave open is on for a real board and off for a simulated one.
    #[must_use]
    pub fn of(settings: &Settings) -> Self {
        let real = !settings.simulate.enabled;
        Self {
            priority: settings.priority.unwrap_or(if real { DEFAULT_PRIORITY } else { 0 }),
            cpu: settings.cpu,
            lock_memory: settings.lock_memory.unwrap_or(real),
        }
    }
}

/// What became of one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// Nobody asked for it.
    NotAsked,
    /// It holds.
    Applied,
    /// It does not: why, and how to mend it.
    Refused {
        /// What the kernel says.
        why: String,
        /// What to do.
        hint: String,
    },
}

/// What became of all of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    /// SCHED_FIFO.
    pub priority: Outcome,
    /// CPU affinity.
    pub cpu: Outcome,
    /// `mlockall`.
    pub memory: Outcome,
    /// A processor that saves power: its governor, where it is not `performance`.
    pub governor: Option<String>,
}

/// The processors that threads may use which are not the acquisition's. Set once real time is asked for.
static PROCESSORS: OnceLock<CpuSet> = OnceLock::new();
/// What `thread-priority` makes a nice value of 0.
const ORDINARY: u8 = 49;

/// Back to the ordinary scheduler and all processors: a thread inherits what the one that started it has, and what waits on files or sockets
/// for the acquisition must not stand in its way. To be called first in such a thread.
pub fn leave() {
    let Some(all) = PROCESSORS.get() else { return };
    let _ = sched_setaffinity(None, all);
    if let Ok(value) = ThreadPriorityValue::try_from(ORDINARY) {
        let policy = ThreadSchedulePolicy::Normal(NormalThreadSchedulePolicy::Other);
        // What can fail behind the change of policy is the nice value, which nobody needs.
        let _ = set_thread_priority_and_policy(thread_native_id(), ThreadPriority::Crossplatform(value), policy);
    }
}

/// Applies what is asked for to the calling thread and, for memory, to the process; logs what came of it.
pub fn apply(wanted: RealTime) -> Report {
    if (wanted.priority > 0 || wanted.cpu.is_some())
        && let Ok(all) = sched_getaffinity(None)
    {
        let _ = PROCESSORS.set(all);
    }
    let report = Report {
        memory: if wanted.lock_memory { lock_memory() } else { Outcome::NotAsked },
        cpu: wanted.cpu.map_or(Outcome::NotAsked, stay_on),
        priority: if wanted.priority > 0 { fifo(wanted.priority) } else { Outcome::NotAsked },
        governor: governor(Path::new("/"), wanted.cpu.unwrap_or(0)).filter(|g| g != "performance"),
    };
    if wanted.lock_memory {
        touch_stack();
    }
    report.log(wanted);
    report
}

impl Report {
    fn log(&self, wanted: RealTime) {
        let cpu = wanted.cpu.map_or_else(String::new, |c| c.to_string());
        for (what, outcome) in [
            (format!("SCHED_FIFO priority {}", wanted.priority), &self.priority),
            (format!("processor {cpu}"), &self.cpu),
            ("locked memory".to_owned(), &self.memory),
        ] {
            match outcome {
                Outcome::NotAsked => {}
                Outcome::Applied => tracing::info!("real time: {what}"),
                Outcome::Refused { why, hint } => tracing::warn!("real time: no {what}: {why}; {hint}"),
            }
        }
        if wanted.priority > 0
            && let Some(governor) = &self.governor
        {
            tracing::warn!(
                "real time: the processor's governor is {governor}, which makes wake-ups late; echo performance | sudo tee \
                 /sys/devices/system/cpu/cpu*/cpufreq/scaling_governor"
            );
        }
    }
}

/// What gives a service and a login the right to real time.
fn limits(systemd: &str, limits_conf: &str) -> String {
    format!(
        "in a systemd unit {systemd}; for a login the line `@realtime - {limits_conf}` in /etc/security/limits.d/axismirror.conf"
    )
}

fn fifo(priority: u8) -> Outcome {
    let policy = ThreadSchedulePolicy::Realtime(RealtimeThreadSchedulePolicy::Fifo);
    let value = match ThreadPriorityValue::try_from(priority) {
        Ok(value) => ThreadPriority::Crossplatform(value),
        Err(why) => return Outcome::Refused { why: why.to_owned(), hint: "1 to 99 are possible".to_owned() },
    };
    match set_thread_priority_and_policy(thread_native_id(), value, policy) {
        Ok(()) => Outcome::Applied,
        Err(thread_priority::Error::OS(errno)) => Outcome::Refused {
            why: std::io::Error::from_raw_os_error(errno).to_string(),
            hint: limits("LimitRTPRIO=99", "rtprio 99"),
        },
        Err(error) => Outcome::Refused { why: format!("{error:?}"), hint: "1 to 99 are possible".to_owned() },
    }
}

fn stay_on(cpu: usize) -> Outcome {
    if cpu >= CpuSet::MAX_CPU {
        return Outcome::Refused {
            why: format!("there is no processor {cpu}"),
            hint: "nproc says how many there are".to_owned(),
        };
    }
    let mut set = CpuSet::new();
    set.set(cpu);
    match sched_setaffinity(None, &set) {
        Ok(()) => Outcome::Applied,
        Err(error) => {
            Outcome::Refused { why: error.to_string(), hint: "nproc says how many processors there are".to_owned() }
        }
    }
}

/// Everything that is mapped now and, where no limit could be hit later, everything to come: past the limit a mapping would fail
/// in the middle of a stream.
fn lock_memory() -> Outcome {
    let boundless = getrlimit(Resource::Memlock).current.is_none() || capable(CAP_IPC_LOCK);
    let flags = if boundless { MlockAllFlags::CURRENT | MlockAllFlags::FUTURE } else { MlockAllFlags::CURRENT };
    let hint = || limits("LimitMEMLOCK=infinity", "memlock unlimited");
    match mlockall(flags) {
        Ok(()) if boundless => Outcome::Applied,
        Ok(()) => Outcome::Refused {
            why: "only what is mapped now is locked, since there is a limit".to_owned(),
            hint: hint(),
        },
        Err(error) => Outcome::Refused { why: error.to_string(), hint: hint() },
    }
}

/// Bit of `CAP_IPC_LOCK` (`linux/capability.h`).
const CAP_IPC_LOCK: u32 = 14;

fn capable(bit: u32) -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    effective(&status).is_some_and(|caps| caps >> bit & 1 == 1)
}

/// The effective capabilities of `/proc/PID/status`.
pub(crate) fn effective(status: &str) -> Option<u64> {
    let hex = status.lines().find_map(|l| l.strip_prefix("CapEff:"))?;
    u64::from_str_radix(hex.trim(), 16).ok()
}

/// The governor of a processor's frequency, where it has one.
pub(crate) fn governor(root: &Path, cpu: usize) -> Option<String> {
    let path = root.join(format!("sys/devices/system/cpu/cpu{cpu}/cpufreq/scaling_governor"));
    Some(fs::read_to_string(path).ok()?.trim().to_owned())
}

/// Writes to the stack that the acquisition may come to need, so that no page of it is missing then.
#[inline(never)]
fn touch_stack() {
    let mut stack = [0_u8; STACK];
    for byte in stack.iter_mut().step_by(1024) {
        *byte = 1;
    }
    black_box(&stack);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_asked_is_nothing_done() {
        let report = apply(RealTime::default());
        assert_eq!(
            (report.priority, report.cpu, report.memory),
            (Outcome::NotAsked, Outcome::NotAsked, Outcome::NotAsked)
        );
    }

    #[test]
    fn what_is_impossible_is_refused_with_advice() {
        for cpu in [1023, usize::MAX] {
            let outcome = stay_on(cpu);
            assert!(matches!(&outcome, Outcome::Refused { hint, .. } if hint.contains("nproc")), "{outcome:?}");
        }
        assert!(matches!(fifo(200), Outcome::Refused { .. }));
    }

    /// Where it is allowed, the kernel has to agree that it holds.
    #[test]
    fn a_priority_that_is_applied_is_the_threads() {
        std::thread::spawn(|| {
            let outcome = fifo(1);
            let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
            // proc_pid_stat(5): rt_priority and policy are fields 40 and 41; the second one may hold anything.
            let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_ascii_whitespace().collect();
            let expected = if outcome == Outcome::Applied { ("1", "1") } else { ("0", "0") };
            assert_eq!((fields[37], fields[38]), expected, "{outcome:?}");
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_thread_stays_on_the_processor_that_it_is_given() {
        std::thread::spawn(|| {
            let allowed = rustix::thread::sched_getaffinity(None).unwrap();
            let cpu = (0..CpuSet::MAX_CPU).rfind(|c| allowed.is_set(*c)).unwrap();
            assert_eq!(stay_on(cpu), Outcome::Applied);
            assert_eq!(rustix::thread::sched_getcpu(), cpu);
        })
        .join()
        .unwrap();
    }

    #[test]
    fn a_helper_of_a_real_time_thread_is_an_ordinary_one() {
        let before = sched_getaffinity(None).unwrap();
        let cpu = (0..CpuSet::MAX_CPU).rfind(|c| before.is_set(*c));
        std::thread::spawn(move || {
            apply(RealTime { priority: 1, cpu, lock_memory: false });
            std::thread::spawn(move || {
                leave();
                assert_eq!(sched_getaffinity(None).unwrap(), before);
                let stat = fs::read_to_string("/proc/thread-self/stat").unwrap();
                let fields: Vec<&str> = stat.rsplit_once(')').unwrap().1.split_ascii_whitespace().collect();
                assert_eq!((fields[37], fields[38]), ("0", "0"));
            })
            .join()
            .unwrap();
        })
        .join()
        .unwrap();
    }

    #[test]
    fn defaults_follow_the_board() {
        let mut settings = Settings::default();
        assert_eq!(RealTime::of(&settings), RealTime { priority: DEFAULT_PRIORITY, cpu: None, lock_memory: true });
        settings.simulate.enabled = true;
        assert_eq!(RealTime::of(&settings), RealTime::default());
        settings.priority = Some(7);
        assert_eq!(RealTime::of(&settings).priority, 7);
    }

    #[test]
    fn capabilities_are_read_from_status() {
        assert_eq!(effective("Name:\tx\nCapEff:\t000001ffffffffff\n"), Some(0x1ff_ffff_ffff));
        assert_eq!(effective("CapEff:\tx"), None);
    }
}
