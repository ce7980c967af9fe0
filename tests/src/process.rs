//! A process under test: that it does not outlive us, and what the kernel says of it (proc_pid_smaps(5), proc_pid_fd(5)).
//!
//! Knows nothing of streams.

use std::fs;
use std::io;
use std::process::{Child, Command, ExitCode};

/// A child that does not outlive us.
#[derive(Debug)]
pub struct Running(pub Child);

impl Running {
    /// Starts it.
    ///
    /// # Errors
    /// Which program could not be started, and why.
    pub fn start(command: &mut Command) -> Result<Self, String> {
        let program = command.get_program().to_string_lossy().into_owned();
        command.spawn().map(Self).map_err(|e| format!("{program}: {e}"))
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// What a test's program ends with, after it has said what was wrong.
#[must_use]
pub fn conclude(result: Result<(), String>) -> ExitCode {
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

/// What a process holds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    /// Memory that belongs to no file, in KiB: heap and stacks, and nothing of a ring in /dev/shm.
    pub anonymous_kib: u64,
    /// Open descriptors.
    pub descriptors: u64,
    /// Threads.
    pub threads: u64,
}

/// What a process holds now.
///
/// # Errors
/// [`io::Error`] when it is gone.
pub fn holdings(pid: u32) -> io::Result<Holdings> {
    let of = |file: &str| format!("/proc/{pid}/{file}");
    let smaps = fs::read_to_string(of("smaps_rollup"))?;
    let anonymous = smaps.lines().find_map(|l| l.strip_prefix("Anonymous:")?.trim().strip_suffix(" kB")?.parse().ok());
    let anonymous_kib = anonymous.ok_or_else(|| io::Error::other("smaps_rollup without Anonymous"))?;
    let entries = |folder: &str| fs::read_dir(of(folder)).map(|d| d.count() as u64);
    Ok(Holdings { anonymous_kib, descriptors: entries("fd")?, threads: entries("task")? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_taken_is_seen() {
        let own = std::process::id();
        let before = holdings(own).unwrap();
        let memory = vec![1_u8; 64 << 20];
        let files: Vec<_> = (0..50).map(|_| fs::File::open("/proc/self/stat").unwrap()).collect();
        let after = holdings(own).unwrap();
        // Other tests run beside this one.
        assert!(after.anonymous_kib >= before.anonymous_kib + (60 << 10), "{before:?} {after:?}");
        assert!(after.descriptors >= before.descriptors + 40, "{before:?} {after:?}");
        drop((memory, files));
        assert!(holdings(u32::MAX).is_err());
    }
}
