//! Faults as text: `KIND[=VALUE][@FRAME][xFRAMES]`, in the words of the service's settings.
//!
//! Faults of the host (a bus that fails, a queue that drops edges) are not here: on an emulated board the host is real.

use axismirror_boards::sim::{Fault, ScheduledFault};

/// Reads one.
pub(crate) fn parse(text: &str) -> Result<ScheduledFault, String> {
    let (kind, place) = text.split_once('@').unwrap_or((text, "0"));
    let (after, frames) = place.split_once('x').unwrap_or((place, "1"));
    let (kind, value) = kind.split_once('=').unwrap_or((kind, ""));
    let number = |text: &str| text.parse::<u64>().map_err(|e| format!("{text:?}: {e}"));
    let byte = || u8::try_from(number(value)?).map_err(|e| format!("{value:?}: {e}"));
    let fault = match kind {
        "missed-edge" => Fault::MissedEdge,
        "status-bit" => Fault::StatusBit(byte()?),
        "data-bit" => Fault::DataBit(byte()?),
        "wrong-id" => Fault::WrongId(byte()?),
        "miso-low" => Fault::MisoLow,
        "miso-high" => Fault::MisoHigh,
        "drdy-high" => Fault::DrdyHigh,
        _ => return Err(format!("no fault is called {kind:?}")),
    };
    Ok(ScheduledFault { fault, chip: 0, after_frame: number(after)?, frames: number(frames)? })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_places() {
        let fault = |fault, after_frame, frames| Ok(ScheduledFault { fault, chip: 0, after_frame, frames });
        assert_eq!(parse("missed-edge@1000"), fault(Fault::MissedEdge, 1000, 1));
        assert_eq!(parse("data-bit=3@10x20"), fault(Fault::DataBit(3), 10, 20));
        assert_eq!(parse("miso-high"), fault(Fault::MisoHigh, 0, 1));
        assert!(parse("bus-error@3").is_err());
        assert!(parse("status-bit@3").is_err());
        assert!(parse("status-bit=300@3").is_err());
        assert!(parse("missed-edge@x").is_err());
    }
}
