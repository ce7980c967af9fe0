//! A service of the product in a process of its own: started until it is ready, and what the kernel says that it takes
//! (proc_pid_schedstat in the kernel's scheduler/sched-stats, proc_pid_status(5)).
//!
//! Knows nothing of frames.

use std::fs;
use std::io;
use std::os::unix::net::UnixDatagram;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// How long a service has until it publishes.
const PATIENCE: Duration = Duration::from_secs(20);

/// A running `axismirror run`. It is stopped when this is dropped.
#[derive(Debug)]
pub struct Service {
    child: Child,
    name: String,
    started_in: Duration,
}

/// Memory of a process, in KiB.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Heap and stacks.
    pub anonymous: u64,
    /// Its program and libraries, as far as they were touched.
    pub files: u64,
    /// Shared memory: the ring.
    pub shared: u64,
}

impl Service {
    /// Starts `PROGRAM run --name ... FLAGS` on the core that this thread is on, and waits until it says that it publishes (`sd_notify(3)`).
    ///
    /// # Errors
    /// Why it does not.
    pub fn start(program: &Path, flags: &[&str]) -> Result<Self, String> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        // Relaxed: a number that is nobody else's, no more.
        let name = format!("axismirror-bench-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let socket = Socket::new(&name).map_err(|e| format!("a socket to be notified at: {e}"))?;
        let mut command = Command::new(program);
        command.args(["run", "--quiet", "--name", &name]).args(flags).env("NOTIFY_SOCKET", &socket.path);
        let begin = Instant::now();
        let child = command.stdin(Stdio::null()).spawn().map_err(|e| format!("{}: {e}", program.display()))?;
        let mut service = Self { child, name, started_in: Duration::ZERO };
        let mut message = [0; 256];
        loop {
            let n = socket.socket.recv(&mut message).map_err(|e| format!("{flags:?} is not ready: {e}"))?;
            let ready = message.get(..n).is_some_and(|m| m.split(|b| *b == b'\n').any(|line| line == b"READY=1"));
            if ready {
                service.started_in = begin.elapsed();
                return Ok(service);
            }
        }
    }

    /// The stream's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// From its start until it was ready.
    #[must_use]
    pub const fn started_in(&self) -> Duration {
        self.started_in
    }

    /// Time on a core so far, of all threads.
    ///
    /// # Errors
    /// When it is gone.
    pub fn cpu(&self) -> io::Result<Duration> {
        let mut ns = 0;
        for thread in fs::read_dir(format!("/proc/{}/task", self.child.id()))? {
            let text = fs::read_to_string(thread?.path().join("schedstat"))?;
            let first = text.split(' ').next().and_then(|word| word.parse::<u64>().ok());
            ns += first.ok_or_else(|| io::Error::other("schedstat without a number"))?;
        }
        Ok(Duration::from_nanos(ns))
    }

    /// What it holds now.
    ///
    /// # Errors
    /// When it is gone.
    pub fn memory(&self) -> io::Result<Memory> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let of = |key: &str| {
            let line = status.lines().find_map(|l| l.strip_prefix(key)?.strip_prefix(':'));
            let kib = line.and_then(|l| l.trim().strip_suffix(" kB")?.parse().ok());
            kib.ok_or_else(|| io::Error::other(format!("status without {key}")))
        };
        Ok(Memory { anonymous: of("RssAnon")?, files: of("RssFile")?, shared: of("RssShmem")? })
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        // A clean end, so that nothing of it stays in /dev/shm.
        let pid = nix::unistd::Pid::from_raw(self.child.id().cast_signed());
        if nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGTERM).is_err() {
            let _ = self.child.kill();
        }
        let _ = self.child.wait();
    }
}

/// Where a service says that it is ready.
struct Socket {
    socket: UnixDatagram,
    path: PathBuf,
}

impl Socket {
    fn new(name: &str) -> io::Result<Self> {
        let path = std::env::temp_dir().join(format!("{name}.notify"));
        let socket = UnixDatagram::bind(&path)?;
        socket.set_read_timeout(Some(PATIENCE))?;
        Ok(Self { socket, path })
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.path);
    }
}
