//! GPIO: chips by their label, the board's lines by their name, and who has them.

use axismirror_boards::board::{Board, GpioLine};

use super::Finding;
use super::probe::{Access, Probe};
use crate::gpio::{GpioError, find};

const ABOUT: &str = "gpio";

/// Findings about the GPIO lines of a board.
pub(super) fn look(probe: &Probe, board: &Board) -> Vec<Finding> {
    let lines: Vec<(usize, &str, &GpioLine)> = board
        .chips
        .iter()
        .enumerate()
        .flat_map(|(chip, slot)| {
            [
                ("DRDY", slot.data_ready.as_ref()),
                ("reset", slot.reset.as_ref()),
                ("power-down", slot.power_down.as_ref()),
                ("chip-select", slot.select_line.as_ref()),
            ]
            .into_iter()
            .filter_map(move |(what, line)| Some((chip, what, line?)))
        })
        .collect();
    if lines.is_empty() {
        return vec![Finding::ok(ABOUT, "the board needs no GPIO line")];
    }
    if let Some(finding) = no_chips(probe) {
        return vec![finding];
    }
    lines.into_iter().map(|(chip, what, line)| one(probe, board, chip, what, line)).collect()
}

fn no_chips(probe: &Probe) -> Option<Finding> {
    if !probe.gpio.is_empty() {
        return None;
    }
    let nodes: Vec<String> = probe.names("/dev").into_iter().filter(|n| n.starts_with("gpiochip")).collect();
    let Some(node) = nodes.first() else {
        let what = "there is no GPIO chip (/dev/gpiochip*): this machine has no pins that a board could be on";
        return Some(Finding::problem(ABOUT, what, "axismirror run --simulate"));
    };
    let group = match probe.access(&format!("/dev/{node}")) {
        Access::No { group } => group,
        _ => None,
    };
    let group = group.unwrap_or_else(|| "gpio".to_owned());
    Some(Finding::problem(
        ABOUT,
        format!("{} are not open to this user, but to the group {group}", nodes.join(", ")),
        format!("sudo usermod -aG {group} \"$USER\"   # then log in again"),
    ))
}

fn one(probe: &Probe, board: &Board, chip: usize, what: &str, line: &GpioLine) -> Finding {
    let place = format!("{what} of chip {chip}, line {} (pin {})", line.name, line.header_pin);
    match find(&probe.gpio, line, board.gpio_chips) {
        Err(error) => Finding::problem(
            ABOUT,
            format!("{place}: {error}"),
            format!("gpiofind {}   # which chip has it", line.name),
        ),
        Ok(found) => match found.free() {
            Ok(()) => Finding::ok(ABOUT, format!("{place}: {} line {}", found.path.display(), found.offset)),
            // The kernel's SPI driver drives it then, which is as well.
            Err(GpioError::Busy { consumer, .. }) if what == "chip-select" && consumer.starts_with("spi") => {
                Finding::ok(ABOUT, format!("{place}: driven by the kernel ({consumer})"))
            }
            Err(GpioError::Busy { consumer, .. }) if consumer == "axismirror" => Finding::warning(
                ABOUT,
                format!("{place}: another axismirror has it"),
                "axismirror list   # which stream",
            ),
            Err(error) => {
                let mend =
                    format!("gpioinfo | grep {}   # end the program or remove the overlay that has it", line.name);
                Finding::problem(ABOUT, format!("{place}: {error}"), mend)
            }
        },
    }
}
