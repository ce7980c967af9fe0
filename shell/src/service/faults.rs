//! Faults of a simulated ADC, as text: `KIND[=VALUE][@FRAME][xFRAMES][:CHIP]`, and whether the board's chip can show them.
//!
//! `missed-edge@1000` is one edge at frame 1000, `bus-error@500x20` twenty frames of failing transfers, `data-bit=3@10:1` a flipped bit of
//! the second chip: chips are counted from 0. Must never know how a chip brings a fault about.

use axismirror_boards::board::{Board, ChipKind};
use axismirror_boards::sim::{Fault, ScheduledFault};

use super::ServiceError;

/// What can be written, for messages and help.
pub const FORM: &str = "KIND[=VALUE][@FRAME][xFRAMES][:CHIP] with KIND one of missed-edge, dropped-edge, status-bit=N, data-bit=N, \
                        wrong-id=N, bus-error, miso-low, miso-high, drdy-low, drdy-high, unplugged; CHIP counted from 0";

/// Reads one that the board can show.
///
/// # Errors
/// [`ServiceError::Fault`], [`ServiceError::FaultOfBoard`].
pub(super) fn on_board(text: &str, board: &Board) -> Result<ScheduledFault, ServiceError> {
    let fault = parse(text).ok_or_else(|| ServiceError::Fault { given: text.to_owned() })?;
    let refused = |possible| ServiceError::FaultOfBoard { given: text.to_owned(), possible };
    let kind = board.chips.get(fault.chip).map(|slot| slot.kind).ok_or_else(|| refused(chips(board)))?;
    if kind.shows(fault.fault) { Ok(fault) } else { Err(refused(shown_by(&kind))) }
}

fn chips(board: &Board) -> String {
    match board.chips.len() {
        0 | 1 => format!("{} has chip 0 alone", board.id),
        chips => {
            let numbers: Vec<_> = (0..chips).map(|n| n.to_string()).collect();
            format!("{} has the chips {}", board.id, numbers.join(" and "))
        }
    }
}

fn shown_by(kind: &ChipKind) -> String {
    let edges = if kind.has_data_ready() { "missed-edge, dropped-edge, drdy-low, drdy-high, " } else { "" };
    let bits = |count: usize| match count {
        1 => "0".to_owned(),
        _ => format!("0 to {}", count.saturating_sub(1)),
    };
    let (status, data) = (bits(kind.status_bits()), bits(kind.sample_bits()));
    let id = kind.id().map_or_else(String::new, |id| {
        format!("wrong-id=0 to {} (but not its own, {:#04x} in the bits {:#04x}), ", id.max, id.value, id.mask)
    });
    format!(
        "{} can show {edges}status-bit={status}, data-bit={data}, {id}bus-error, miso-low, miso-high, unplugged",
        kind.name()
    )
}

/// Reads one; `None` when it is none.
fn parse(text: &str) -> Option<ScheduledFault> {
    let (text, chip) = split(text.trim(), ':', 0)?;
    // An x belongs to the number of frames only behind the @.
    let (text, place) = text.split_once('@').map_or((text, None), |(t, p)| (t, Some(p)));
    let (place, frames) = match place {
        Some(place) => split(place, 'x', 1)?,
        None => ("0", 1),
    };
    let (kind, value) = text.split_once('=').map_or((text, None), |(k, v)| (k, Some(v)));
    let number = |v: &str| v.strip_prefix("0x").map_or_else(|| v.parse().ok(), |hex| u8::from_str_radix(hex, 16).ok());
    let fault = match (kind.replace('_', "-").as_str(), value) {
        ("missed-edge", None) => Fault::MissedEdge,
        ("dropped-edge", None) => Fault::DroppedEdge,
        ("status-bit", Some(bit)) => Fault::StatusBit(number(bit)?),
        ("data-bit", Some(bit)) => Fault::DataBit(number(bit)?),
        ("wrong-id", Some(id)) => Fault::WrongId(number(id)?),
        ("bus-error", None) => Fault::BusError,
        ("miso-low", None) => Fault::MisoLow,
        ("miso-high", None) => Fault::MisoHigh,
        ("drdy-low", None) => Fault::DrdyLow,
        ("drdy-high", None) => Fault::DrdyHigh,
        ("unplugged", None) => Fault::Unplugged,
        _ => return None,
    };
    let after_frame = place.parse().ok()?;
    (frames > 0).then_some(ScheduledFault { fault, chip: usize::try_from(chip).ok()?, after_frame, frames })
}

/// Cuts a number off the end.
fn split(text: &str, mark: char, default: u64) -> Option<(&str, u64)> {
    match text.rsplit_once(mark) {
        Some((text, number)) => Some((text, number.parse().ok()?)),
        None => Some((text, default)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_places_and_chips() {
        let fault = |fault, chip, after_frame, frames| Some(ScheduledFault { fault, chip, after_frame, frames });
        assert_eq!(parse("missed-edge@1000"), fault(Fault::MissedEdge, 0, 1000, 1));
        assert_eq!(parse("bus-error@500x20"), fault(Fault::BusError, 0, 500, 20));
        assert_eq!(parse("data-bit=3@10:1"), fault(Fault::DataBit(3), 1, 10, 1));
        assert_eq!(parse("wrong-id=0x3D"), fault(Fault::WrongId(0x3D), 0, 0, 1));
        for bad in [
            "",
            "missed",
            "status-bit",
            "status-bit=x",
            "bus-error@",
            "bus-error@1x",
            "bus-error@1x0",
            "bus-error@1:",
            "bus-error=3",
            "wrong-id=300",
        ] {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
