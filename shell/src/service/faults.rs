//! Faults of a simulated ADC, as text: `KIND[=VALUE][@FRAME][xFRAMES][:CHIP]`.
//!
//! `missed-edge@1000` is one edge at frame 1000, `bus-error@500x20` twenty frames of failing transfers, `data-bit=3@10:1` a flipped bit of
//! the second chip.

use axismirror_boards::sim::{Fault, ScheduledFault};

/// What can be written, for messages and help.
pub const FORM: &str = "KIND[=VALUE][@FRAME][xFRAMES][:CHIP] with KIND one of missed-edge, dropped-edge, status-bit=N, data-bit=N, \
                        wrong-id=N, bus-error, miso-low, miso-high, drdy-low, drdy-high, unplugged";

/// Reads one; `None` when it is none.
pub(super) fn parse(text: &str) -> Option<ScheduledFault> {
    let (text, chip) = split(text.trim(), ':', 0)?;
    // An x belongs to the number of frames only behind the @: `xFRAMES` alone is possible too.
    let (text, place) = text.split_once('@').map_or((text, None), |(t, p)| (t, Some(p)));
    let (place, frames) = match place {
        Some(place) => split(place, 'x', 1)?,
        None => ("0", 1),
    };
    let (kind, value) = text.split_once('=').map_or((text, None), |(k, v)| (k, Some(v)));
    let value = || -> Option<u8> {
        let v = value?;
        v.strip_prefix("0x").map_or_else(|| v.parse().ok(), |hex| u8::from_str_radix(hex, 16).ok())
    };
    let fault = match kind.replace('_', "-").as_str() {
        "missed-edge" => Fault::MissedEdge,
        "dropped-edge" => Fault::DroppedEdge,
        "status-bit" => Fault::StatusBit(value()?),
        "data-bit" => Fault::DataBit(value()?),
        "wrong-id" => Fault::WrongId(value()?),
        "bus-error" => Fault::BusError,
        "miso-low" => Fault::MisoLow,
        "miso-high" => Fault::MisoHigh,
        "drdy-low" => Fault::DrdyLow,
        "drdy-high" => Fault::DrdyHigh,
        "unplugged" => Fault::Unplugged,
        _ => return None,
    };
    Some(ScheduledFault { fault, chip: usize::try_from(chip).ok()?, after_frame: place.parse().ok()?, frames })
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
        for bad in
            ["", "missed", "status-bit", "status-bit=x", "bus-error@", "bus-error@1x", "bus-error@1:", "wrong-id=300"]
        {
            assert_eq!(parse(bad), None, "{bad}");
        }
    }
}
