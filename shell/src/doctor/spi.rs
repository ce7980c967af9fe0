//! SPI: device nodes, who may open them, and how much they take at once.

use axismirror_boards::board::Board;

use super::Finding;
use super::probe::{Access, Probe};
use crate::spi::kernel::DEFAULT_BUFSIZ;

const ABOUT: &str = "spi";
const BUFSIZ: &str = "/sys/module/spidev/parameters/bufsiz";

/// Findings about the SPI devices of a board.
pub(super) fn look(probe: &Probe, board: &Board) -> Vec<Finding> {
    let mut findings = Vec::new();
    let nodes: Vec<String> = probe.names("/dev").into_iter().filter(|n| n.starts_with("spidev")).collect();
    for slot in board.chips {
        let node = format!("spidev{}.{}", slot.bus, slot.select);
        let path = format!("/dev/{node}");
        findings.push(match probe.access(&path) {
            Access::Yes => Finding::ok(ABOUT, format!("{path} is there and may be used")),
            Access::No { group } => denied(&path, group.as_deref().unwrap_or("spi")),
            Access::Missing => missing(probe, &path, &nodes, slot.bus),
        });
    }
    if let Some(size) = probe.text(BUFSIZ).and_then(|t| t.parse::<usize>().ok())
        && size < DEFAULT_BUFSIZ
    {
        findings.push(Finding::warning(
            ABOUT,
            format!("spidev takes {size} bytes at once, less than its usual {DEFAULT_BUFSIZ}"),
            "in /boot/firmware/cmdline.txt: spidev.bufsiz=65536",
        ));
    }
    findings
}

fn missing(probe: &Probe, path: &str, nodes: &[String], bus: u8) -> Finding {
    let seen = if nodes.is_empty() { "no SPI device at all".to_owned() } else { nodes.join(", ") };
    let driver = "/sys/bus/platform/drivers/spi-bcm2835";
    let masters = probe.names("/sys/class/spi_master");
    let (why, mend) = if probe.is_pi() && masters.is_empty() {
        let unbound = !probe.names(driver).is_empty();
        let why = if unbound { "SPI is off, or its driver was unbound" } else { "SPI is off" };
        (why.to_owned(), "in /boot/firmware/config.txt: dtparam=spi=on".to_owned())
    } else if masters.is_empty() {
        let machine = probe.model().unwrap_or_else(|| "this machine".to_owned());
        (format!("{machine} has no SPI controller that the kernel knows"), "axismirror run --simulate".to_owned())
    } else if !nodes.is_empty() {
        let why = format!("the kernel has {}, but no device for this chip-select", masters.join(", "));
        (why, format!("in /boot/firmware/config.txt: dtoverlay=spi{bus}-2cs"))
    } else {
        (
            "the controller is there, the driver spidev is not loaded or has no device".to_owned(),
            "sudo modprobe spidev".to_owned(),
        )
    };
    Finding::problem(ABOUT, format!("there is no {path} ({seen}): {why}"), mend)
}

/// A device that belongs to a group.
pub(super) fn denied(path: &str, group: &str) -> Finding {
    let what = format!("{path} is not open to this user, but to the group {group}");
    Finding::problem(ABOUT, what, format!("sudo usermod -aG {group} \"$USER\"   # then log in again"))
}
