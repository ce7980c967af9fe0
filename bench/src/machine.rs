//! The machine that is measured on: its cores, and which of them a thread runs on.

use std::fs;

use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::sys::utsname::uname;
use nix::unistd::Pid;

/// Which core the writer has, and which the reader.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cores {
    /// The writer's, and that of everything that is measured in one thread.
    pub writer: usize,
    /// The reader's; the writer's own on a machine with one core.
    pub reader: usize,
}

impl Cores {
    /// The last two of those that this process may use: interrupts mostly come to the first.
    ///
    /// # Errors
    /// What the kernel says.
    pub fn find() -> Result<Self, String> {
        let set = sched_getaffinity(Pid::from_raw(0)).map_err(|e| format!("sched_getaffinity: {e}"))?;
        let cores: Vec<usize> = (0..CpuSet::count()).filter(|&i| set.is_set(i).unwrap_or(false)).collect();
        match *cores.as_slice() {
            [.., reader, writer] => Ok(Self { writer, reader }),
            [only] => Ok(Self { writer: only, reader: only }),
            [] => Err("no core to run on".to_owned()),
        }
    }

    /// Whether writer and reader have one each.
    #[must_use]
    pub const fn are_two(&self) -> bool {
        self.writer != self.reader
    }
}

/// From here on this thread, and threads and processes that it starts, run on one core.
///
/// # Errors
/// What the kernel says.
pub fn pin(core: usize) -> Result<(), String> {
    let mut set = CpuSet::new();
    set.set(core)
        .and_then(|()| sched_setaffinity(Pid::from_raw(0), &set))
        .map_err(|e| format!("cannot run on core {core} alone: {e}"))
}

/// Processor, kernel and load, for the report.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Machine {
    /// As /proc/cpuinfo names it.
    pub processor: String,
    /// Cores that this process may use.
    pub cores: usize,
    /// Whether a hypervisor is under it.
    pub virtual_machine: bool,
    /// `Linux 6.1.0 x86_64`.
    pub kernel: String,
    /// Runnable tasks over the last minute, when the run began.
    pub load: String,
}

impl Machine {
    /// This one.
    #[must_use]
    pub fn this() -> Self {
        let cpuinfo = fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
        let field = |key: &str| {
            let line = cpuinfo.lines().find(|l| l.split(':').next().is_some_and(|k| k.trim() == key));
            line.and_then(|l| l.split_once(':')).map(|(_, v)| v.trim().to_owned())
        };
        let kernel = uname().map_or_else(
            |_| "unknown".to_owned(),
            |u| [u.sysname(), u.release(), u.machine()].map(|s| s.to_string_lossy().into_owned()).join(" "),
        );
        let load = fs::read_to_string("/proc/loadavg").unwrap_or_default();
        Self {
            processor: field("model name").or_else(|| field("Model")).unwrap_or_else(|| "unknown".to_owned()),
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            virtual_machine: field("flags").is_some_and(|f| f.split(' ').any(|f| f == "hypervisor")),
            kernel,
            load: load.split(' ').next().unwrap_or_default().to_owned(),
        }
    }
}
