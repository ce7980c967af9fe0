//! The Raspberry Pi's config.txt against the lines that the board wants, and the kernel.

use axismirror_boards::board::Board;

use super::Finding;
use super::probe::Probe;

const ABOUT: &str = "boot";
/// Where config.txt is: since Debian 12, and before.
const CONFIGS: [&str; 2] = ["/boot/firmware/config.txt", "/boot/config.txt"];
/// The kernel that GPIO's uAPI v2 came with.
const OLDEST_KERNEL: (u32, u32) = (5, 10);

/// Findings about the machine's start and its kernel.
pub(super) fn look(probe: &Probe, board: &Board) -> Vec<Finding> {
    let mut findings = vec![machine(probe)];
    findings.extend(kernel(probe));
    findings.extend(config(probe, board));
    findings
}

fn machine(probe: &Probe) -> Finding {
    match probe.model() {
        Some(model) if probe.is_pi() => Finding::ok(ABOUT, model),
        Some(model) => Finding::ok(
            ABOUT,
            format!("{model}: no Raspberry Pi; the board's wires have to be given by a board of your own"),
        ),
        None => Finding::warning(
            ABOUT,
            "this machine has no device tree: it is no single-board computer",
            "axismirror run --simulate   # works on any machine",
        ),
    }
}

fn kernel(probe: &Probe) -> Vec<Finding> {
    let Some(release) = probe.text("/proc/sys/kernel/osrelease") else { return Vec::new() };
    let mut numbers = release.split(|c: char| !c.is_ascii_digit()).filter_map(|n| n.parse::<u32>().ok());
    let version = (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0));
    let mut findings = Vec::new();
    findings.push(if version >= OLDEST_KERNEL {
        Finding::ok(ABOUT, format!("kernel {release}"))
    } else {
        let what = format!("kernel {release} has no GPIO uAPI v2, which came with 5.10: edges would have no times");
        Finding::problem(ABOUT, what, "sudo apt full-upgrade")
    });
    // Written by PREEMPT_RT kernels only.
    let real_time = probe.text("/sys/kernel/realtime").as_deref() == Some("1")
        || probe.text("/proc/version").is_some_and(|v| v.contains("PREEMPT_RT"));
    findings.push(if real_time {
        Finding::ok(ABOUT, "the kernel is PREEMPT_RT")
    } else {
        Finding::ok(ABOUT, "the kernel is not PREEMPT_RT: right for most; with heavy load beside it, PREEMPT_RT (linux-image-rt-arm64) wakes up sooner")
    });
    findings
}

fn config(probe: &Probe, board: &Board) -> Vec<Finding> {
    if board.config_txt.is_empty() || !probe.is_pi() {
        return Vec::new();
    }
    let Some((path, text)) = CONFIGS.iter().find_map(|path| Some((*path, probe.text(path)?))) else {
        let what = "config.txt cannot be read";
        return vec![Finding::warning(ABOUT, what, format!("ls {}", CONFIGS.join(" ")))];
    };
    let has = |wanted: &str| text.lines().any(|line| same(line, wanted));
    let missing: Vec<&str> = board.config_txt.iter().copied().filter(|line| !has(line)).collect();
    if missing.is_empty() {
        return vec![Finding::ok(ABOUT, format!("{path} has all lines that the board wants"))];
    }
    let add = |line: &str| format!("echo '{line}' | sudo tee -a {path}   # then reboot");
    missing.iter().map(|line| Finding::warning(ABOUT, format!("{path} lacks `{line}`"), add(line))).collect()
}

/// Whether a line of config.txt says what is wanted: spaces and what follows a `#` say nothing.
fn same(line: &str, wanted: &str) -> bool {
    let bare =
        |l: &str| l.split('#').next().unwrap_or_default().chars().filter(|c| !c.is_whitespace()).collect::<String>();
    bare(line) == bare(wanted)
}
