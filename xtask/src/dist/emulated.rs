//! A binary for another machine, started on this one: what it says, a stream that it publishes, and who reads that.
//!
//! QEMU translates its instructions and its system calls; /dev/shm is this machine's own, so that programs of both machines read the same stream.
//! Must never know how the binary was made.

use std::path::Path;
use std::process::{Command, Stdio};

use super::{LIMIT, succeed, version};
use crate::host::{self, Missing, Tool};
use crate::sys::{self, Child};

/// Frames that each reader takes.
const FRAMES: usize = 100;
/// Channels of the board that is simulated unless told otherwise.
const CHANNELS: usize = 8;

/// Starts the binary through `emulator`, and lets `host`, the command for this machine, read what it publishes. Says what was checked; what cannot be
/// had is [`Missing`].
pub(super) fn check(emulator: Tool, binary: &Path, host: &Path) -> Result<Result<String, Missing>, String> {
    if let Err(missing) = host::tools(&[emulator]) {
        return Ok(Err(missing));
    }
    let emulated = || {
        let mut c = sys::command(emulator.probe.first().copied().unwrap_or_default());
        c.arg(binary);
        c
    };
    let said = String::from_utf8_lossy(&succeed(emulated().arg("--version"))?).trim().to_owned();
    if said != format!("axismirror {}", version()) {
        return Err(format!("{} says that it is `{said}`", binary.display()));
    }
    let name = format!("dist-{}", std::process::id());
    succeed(emulated().args(["run", "--simulate", "--duration", "1", "--name", &name]))?;
    let mut c = emulated();
    c.args(["run", "--simulate", "--signal", "counter", "--name", &name]).stdout(Stdio::null()).stderr(Stdio::null());
    let mut service = Child::spawn(&mut c).map_err(|e| format!("{}: {e}", sys::line(&c)))?;
    for reader in [emulated(), sys::command(host)] {
        read(reader, &name)?;
    }
    let status = service.stop().map_err(|e| e.to_string())?;
    if !status.success() {
        return Err(format!("{}: {status}", sys::line(&c)));
    }
    Ok(Ok(format!(
        "in user emulation its version, a simulated second, and {FRAMES} frames each in a mirror of its own and one of this machine's"
    )))
}

/// Lets a command take frames of the counter, and looks at each. It waits for the stream.
fn read(mut c: Command, name: &str) -> Result<(), String> {
    c.args(["tail", name, "--follow", "--format", "csv", "--frames", &FRAMES.to_string()]);
    let out = sys::output(&mut c, LIMIT)?;
    let (text, errors) = (String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    if !out.status.success() {
        return Err(format!("{}: {}: {}", sys::line(&c), out.status, errors.trim()));
    }
    counted(&text).map_err(|why| format!("{}: {why}", sys::line(&c)))
}

/// Whether a table in CSV has that many frames of the counter, one behind the other: code of channel c in frame k is 8k + c.
fn counted(text: &str) -> Result<(), String> {
    let mut expected = None;
    let rows = text.lines().filter(|l| l.starts_with(|c: char| c.is_ascii_digit()));
    let mut count = 0;
    for row in rows {
        let codes: Option<Vec<usize>> = row.split(',').skip(2).map(|code| code.parse().ok()).collect();
        let codes = codes.filter(|c| c.len() == CHANNELS).ok_or_else(|| format!("no codes in `{row}`"))?;
        let first = expected.or(codes.first().copied()).unwrap_or(0);
        if first % CHANNELS != 0 || !codes.iter().copied().eq(first..first + CHANNELS) {
            return Err(format!("not the counter from {first} on: `{row}`"));
        }
        expected = Some(first + CHANNELS);
        count += 1;
    }
    if count == FRAMES { Ok(()) } else { Err(format!("{count} frames instead of {FRAMES}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table(frames: usize, change: impl Fn(usize) -> usize) -> String {
        let row = |k: usize| {
            let codes: String = (0..CHANNELS).map(|c| format!(",{}", change(CHANNELS * (k + 7) + c))).collect();
            format!("{k},1.5{codes}\n")
        };
        format!("# a stream\nframe,time,Ch1\n{}", (0..frames).map(row).collect::<String>())
    }

    #[test]
    fn the_counter_has_to_be_whole() {
        assert_eq!(counted(&table(FRAMES, |code| code)), Ok(()));
        assert!(counted(&table(FRAMES - 1, |code| code)).is_err());
        assert!(counted(&table(FRAMES, |code| code + usize::from(code == 200))).is_err());
        assert!(counted(&table(FRAMES, |code| if code < 400 { code } else { code + CHANNELS })).is_err(), "a gap");
        assert!(counted(&table(FRAMES, |code| code + 1)).is_err());
        assert!(counted("").is_err());
    }
}
