//! One case: the peer, QEMU, and what both said.
//!
//! Bounded in time whatever happens: a kernel that panics does not end by itself. Must never judge.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::case::{Reader, Spi};
use super::{Case, Ground};
use crate::sys::{self, Child};

/// A run takes 5 to 10 s; a loaded machine many times that.
const LIMIT: Duration = Duration::from_secs(400);
/// How long the peer may take to listen, and to end when QEMU has ended.
const PEER_LIMIT: Duration = Duration::from_secs(10);
/// The process reads for so long before it is stopped.
const BEFORE_STALL_S: &str = "1";
/// Name of the service's stream.
const STREAM: &str = "emulated";
/// The guest's board file.
const BOARD: &str = "/board.toml";
/// How often the kernel's driver is asked for all channels: more often than a counter of 12 bits has frames.
const SWEEPS: u32 = 520;

/// Runs a case; returns all that guest and peer said.
pub(super) fn run(ground: &Ground, case: &Case) -> Result<String, String> {
    let folder = ground.folder.join("runs").join(format!("{}-{}-{}", case.machine.name, case.chip.name, case.name));
    let made = fs::remove_dir_all(&folder).or(Ok(())).and_then(|()| fs::create_dir_all(&folder));
    made.map_err(|e| format!("{}: {e}", folder.display()))?;
    let root = root_file_system(ground, case, &folder)?;
    // The name of a socket has at most 107 bytes; a deep target folder leaves too few.
    let socket = |chip| std::env::temp_dir().join(format!("axismirror-peer-{}-{chip}", std::process::id()));
    let sockets: Vec<PathBuf> = (0..case.machine.wires(case.chip).len()).map(socket).collect();
    let remove = || sockets.iter().for_each(|socket| drop(fs::remove_file(socket)));
    remove();
    let result = with_peers(ground, case, &folder, &root, &sockets);
    remove();
    result
}

fn with_peers(ground: &Ground, case: &Case, folder: &Path, root: &Path, sockets: &[PathBuf]) -> Result<String, String> {
    let said = |chip: usize| folder.join(format!("peer-{chip}.log"));
    let mut peers = Vec::new();
    for (chip, socket) in sockets.iter().enumerate() {
        peers.push(peer(ground, case, chip, socket, &said(chip))?);
    }
    let out = sys::output(&mut qemu(ground, case, root, sockets), LIMIT)?;
    let mut text = format!("{}{}\n", String::from_utf8_lossy(&out.stdout), String::from_utf8_lossy(&out.stderr));
    let _ = fs::write(folder.join("guest.log"), &text);
    for (chip, peer) in peers.iter_mut().enumerate() {
        match peer.wait(Some(PEER_LIMIT)) {
            Ok(Some(status)) if status.success() => text.push_str(&read(&said(chip))),
            _ => return Err(format!("the peer did not end well: {}", read(&said(chip)))),
        }
    }
    Ok(text)
}

/// The device at the other end of a bridge, listening.
fn peer(ground: &Ground, case: &Case, chip: usize, socket: &Path, said: &Path) -> Result<Child, String> {
    let log = fs::File::create(said).map_err(|e| format!("{}: {e}", said.display()))?;
    let errors = log.try_clone().map_err(|e| e.to_string())?;
    let mut c = sys::command(&ground.peer);
    c.arg(socket).args(["--board", case.chip.board, "--chip", &chip.to_string()]);
    c.stdout(Stdio::from(log)).stderr(Stdio::from(errors));
    if case.reader != Reader::Iio {
        // The kernel's driver converts when it is asked, at no rate.
        c.args(["--rate", &case.rate.to_string()]);
    }
    // What goes wrong goes wrong with the first one.
    for fault in case.faults.iter().filter(|_| chip == 0) {
        c.args(["--fault", fault]);
    }
    let mut peer = Child::spawn(&mut c).map_err(|e| format!("{}: {e}", sys::line(&c)))?;
    let start = Instant::now();
    while !socket.exists() {
        if start.elapsed() > PEER_LIMIT || peer.try_wait().is_ok_and(|s| s.is_some()) {
            return Err(format!("the peer does not listen: {}", read(said)));
        }
        sleep(Duration::from_millis(5));
    }
    Ok(peer)
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

/// The guest's files, with what its first process is to run.
fn root_file_system(ground: &Ground, case: &Case, folder: &Path) -> Result<PathBuf, String> {
    let (script, archive) = (folder.join("case.sh"), folder.join("root.cpio.gz"));
    fs::write(&script, guest_script(case)).map_err(|e| format!("{}: {e}", script.display()))?;
    let mut c = sys::command("emulate/initramfs.sh");
    c.args([&ground.folder, &archive, &script]).arg(modules(case, " ")).args([&ground.guest, &ground.service]);
    let out = sys::output(&mut c, LIMIT)?;
    if out.status.success() { Ok(archive) } else { Err(String::from_utf8_lossy(&out.stderr).trim().to_owned()) }
}

fn modules(case: &Case, between: &str) -> String {
    let spi = if case.spi == Spi::Mapped { &[] } else { case.machine.spi };
    [spi, case.machine.modules, case.chip.modules].concat().join(between)
}

fn guest_script(case: &Case) -> String {
    if case.reader == Reader::Iio {
        return iio_script();
    }
    let (rate, code_max, seconds) = (case.rate, case.chip.code_max, f64::from(case.duration_ms) / 1000.0);
    let compared = format!(" --digest-frames {}", case.due() as u64);
    let mut script = String::new();
    let rewired = case.chip.rewired.filter(|_| !case.machine.has_header());
    let board = rewired.map_or(case.chip.board, |file| {
        let _ = write!(script, "cat > {BOARD} << 'END'\n{file}END\n");
        BOARD
    });
    if case.spi == Spi::Spidev {
        let _ = writeln!(script, "axismirror-emulate-guest anchor {board}");
    }
    let _ = match case.reader {
        // A ring for all of it: what a mirror misses is not what this is about.
        Reader::Service => write!(
            script,
            "axismirror run --name {STREAM} --board {board} --rate {rate} --duration {seconds} --chunk 10 --buf-dur 30 --units codes"
        ),
        _ => write!(
            script,
            "axismirror-emulate-guest acquire --board {board} --rate {rate} --code-max {code_max}{compared} --duration {seconds}"
        ),
    };
    if case.spi == Spi::Mapped {
        script.push_str(" --spi mapped");
    }
    script.push_str(" &\nreader=$!\n");
    if let Some(ms) = case.stall_ms {
        let us = ms * 1000;
        let _ = writeln!(script, "(sleep {BEFORE_STALL_S}; kill -STOP $reader; usleep {us}; kill -CONT $reader) &");
    }
    if case.reader == Reader::Service {
        let _ =
            writeln!(script, "axismirror-emulate-guest mirror {STREAM} --rate {rate} --code-max {code_max}{compared}");
    }
    script.push_str("wait $reader\n");
    script
}

/// All channels by the kernel's driver, one behind the other, a line each time; and what it makes of a step.
fn iio_script() -> String {
    format!(
        "cd /sys/bus/iio/devices/iio:device0 || exit 1\n\
         echo IIO-NAME $(cat name)\n\
         files=$(for c in 0 1 2 3 4 5 6 7; do echo in_voltage${{c}}_raw; done)\n\
         for i in $(seq {SWEEPS}); do echo IIO $(cat $files); done\n\
         echo IIO-SCALE $(cat in_voltage_scale)\n"
    )
}

fn qemu(ground: &Ground, case: &Case, root: &Path, sockets: &[PathBuf]) -> std::process::Command {
    let machine = case.machine;
    let folder = &ground.folder;
    let tree = folder.join("trees").join(format!("{}.dtb", machine.tree(case.chip)));
    let command_line = format!(
        "console={} panic=-1 quiet {} rdinit=/init mods={}",
        machine.console,
        machine.kernel,
        modules(case, ",")
    );
    let mut c = sys::command("qemu-system-aarch64");
    c.args(machine.qemu).args(["-display", "none", "-monitor", "none", "-no-reboot"]);
    // The guest's clock counts its instructions, so that a run is the same on any host.
    c.arg("-icount").arg(format!("shift={},sleep=off", case.shift));
    c.arg("-kernel").arg(folder.join("kernel")).arg("-dtb").arg(tree).arg("-initrd").arg(root);
    c.args(["-append", &command_line]).arg("-plugin").arg(folder.join("bridge").join("ssi-bridge.so"));
    for device in machine.devices {
        c.args(["-device", device]);
    }
    for (chip, (wires, socket)) in machine.wires(case.chip).iter().zip(sockets).enumerate() {
        c.arg("-chardev").arg(format!("socket,id=peer{chip},path={}", socket.display()));
        c.arg("-device").arg(machine.bridge(chip, wires));
    }
    c
}
