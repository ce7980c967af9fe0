//! The arm64 package on a running system: Debian with systemd and udev on an emulated board that has an ADC, where it is installed, started, killed
//! and removed.
//!
//! What is checked is in `packaging/installed/checks`; here that is run and counted. The board is one of `emulate`. Must never know of a check.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::emulate::{self, Ground, Machine};
use crate::host::{self, Missing, Tool};
use crate::sys::{self, Child};

/// Packages, and what is laid over them.
const SETUP_LIMIT: Duration = Duration::from_secs(600);
/// Start, checks and end take two minutes of an idle machine's processor.
const LIMIT: Duration = Duration::from_secs(900);
/// How long the simulated ADC may take to listen, and to end when QEMU has ended.
const PEER_LIMIT: Duration = Duration::from_secs(20);
/// The ADC that the package's default settings are for.
const ADC: &[&str] = &["--board", "pieeg8", "--rate", "250"];
/// Which of the board's device trees: its SPI for spidev, DRDY by name.
const TREE: &str = "spidev";
/// Fewer checks than there are means that some were not run: a part that is not found, or a script that ends early.
const LEAST: u32 = 83;

const TOOLS: &[Tool] = &[
    Tool { probe: &["fakeroot", "--version"], package: "fakeroot" },
    Tool { probe: &["cpio", "--version"], package: "cpio" },
];

/// Installs a package and checks it; what was checked, a line each, is printed. What cannot be had is [`Missing`].
pub(crate) fn check(package: &Path) -> Result<Result<String, Missing>, String> {
    if let Err(missing) = host::tools(TOOLS) {
        return Ok(Err(missing));
    }
    let ground = match emulate::prepare()? {
        Ok(ground) => ground,
        Err(missing) => return Ok(Err(missing)),
    };
    let folder = sys::target_dir().join("installed");
    let mut c = sys::command("packaging/installed/root.sh");
    if let Err(missing) = host::fetching(c.arg(&folder).arg(ground.folder.join("apt")), SETUP_LIMIT)? {
        return Ok(Err(missing));
    }
    super::succeed(sys::command("packaging/installed/over.sh").args([&folder, &ground.folder]).arg(package))?;
    let output = board(&ground, &folder)?;
    judge(&output).map(Ok)
}

/// Runs the board with its ADC until it ends itself; all that it said.
fn board(ground: &Ground, folder: &Path) -> Result<String, String> {
    // The name of a socket has at most 107 bytes; a deep target folder leaves too few.
    let socket = std::env::temp_dir().join(format!("axismirror-installed-{}", std::process::id()));
    let log = folder.join("peer.log");
    let io = |e: io::Error| format!("{}: {e}", log.display());
    let file = fs::File::create(&log).map_err(io)?;
    let _ = fs::remove_file(&socket);
    let mut c = sys::command(&ground.peer);
    c.arg(&socket).args(ADC).stdout(Stdio::from(file.try_clone().map_err(io)?)).stderr(Stdio::from(file));
    let mut peer = Child::spawn(&mut c).map_err(|e| format!("{}: {e}", sys::line(&c)))?;
    let start = Instant::now();
    while !socket.exists() {
        if start.elapsed() > PEER_LIMIT || sys::interrupted() {
            return Err(format!("the simulated ADC does not listen: {}", fs::read_to_string(&log).unwrap_or_default()));
        }
        sleep(Duration::from_millis(5));
    }
    let out = sys::output(&mut qemu(ground, &folder.join("initrd.cpio"), &socket), LIMIT);
    let _ = peer.wait(Some(PEER_LIMIT));
    let _ = fs::remove_file(&socket);
    let out = out?;
    let text = format!("{}{}", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    fs::write(folder.join("board.log"), &text).map_err(|e| format!("{}: {e}", folder.display()))?;
    Ok(text)
}

fn qemu(ground: &Ground, initrd: &Path, socket: &Path) -> Command {
    let machine = Machine::IMX8MP;
    let tree: PathBuf = ground.folder.join("trees").join(format!("{}-{TREE}.dtb", machine.name));
    let mut c = sys::command("qemu-system-aarch64");
    c.args(machine.qemu).args(["-m", "1G", "-display", "none", "-monitor", "none", "-no-reboot"]);
    // The guest's clock counts its instructions: no limit of systemd's is missed on a busy host, and where all wait, nobody does.
    c.args(["-icount", "shift=0,sleep=off"]);
    c.arg("-kernel").arg(ground.folder.join("kernel")).arg("-dtb").arg(tree).arg("-initrd").arg(initrd);
    c.arg("-append").arg(format!(
        "console={} panic=-1 quiet {} rdinit=/usr/lib/systemd/systemd systemd.show_status=no loglevel=1 \
         systemd.mask=serial-getty@ttymxc1.service",
        machine.console, machine.kernel
    ));
    c.arg("-plugin").arg(ground.folder.join("bridge").join("ssi-bridge.so"));
    if let Some(wires) = &machine.place {
        c.arg("-chardev").arg(format!("socket,id=peer0,path={}", socket.display()));
        c.arg("-device").arg(machine.bridge(0, wires));
    }
    c
}

/// Every check passed, and all of them were run.
fn judge(output: &str) -> Result<String, String> {
    let lines = || output.lines().map(|l| l.trim_end_matches('\r'));
    for line in lines().filter_map(|l| l.strip_prefix("CHECK ")) {
        println!("    {line}");
    }
    let counts = lines().find_map(|l| l.strip_prefix("CHECKS "));
    let counts: Option<(u32, u32)> =
        counts.and_then(|c| c.split_once(' ')).and_then(|(a, b)| Some((a.parse().ok()?, b.parse().ok()?)));
    let seen = |what: &str| lines().filter(|l| l.starts_with(what)).count();
    let counted = || u32::try_from(seen("CHECK ok ")).unwrap_or(0);
    match counts {
        Some((passed, 0)) if passed >= LEAST && passed == counted() => {
            Ok(format!("{passed} checks on the installed package"))
        }
        Some((passed, 0)) => {
            Err(format!("{passed} checks passed and {} were seen: there are at least {LEAST}", counted()))
        }
        Some((passed, failed)) => {
            Err(format!("{failed} of {} checks failed; target/installed/board.log has the journal", passed + failed))
        }
        None => Err(format!("the board ended before its checks did: {}", tail(output))),
    }
}

/// The last lines, for an error's text.
fn tail(output: &str) -> String {
    const LINES: usize = 8;
    let lines: Vec<&str> = output.lines().filter(|l| !l.trim().is_empty()).collect();
    format!("\n      | {}", lines[lines.len().saturating_sub(LINES)..].join("\n      | "))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn output(passed: u32, failed: u32, said: u32) -> String {
        let lines: String = (0..passed).map(|i| format!("CHECK ok {i}\r\n")).collect();
        format!("noise\r\n{lines}CHECKS {said} {failed}\r\n")
    }

    #[test]
    fn all_checks_have_to_be_run_and_to_pass() {
        assert!(judge(&output(LEAST, 0, LEAST)).is_ok());
        assert!(judge(&output(LEAST, 1, LEAST)).is_err());
        assert!(judge(&output(LEAST - 1, 0, LEAST - 1)).is_err());
        assert!(judge(&output(LEAST, 0, LEAST + 1)).is_err());
        assert!(judge("CHECK ok one\nKernel panic").is_err());
    }
}
