//! Chips beside each other: of one kind, each on wires of its own, and a bus that is fast enough for their frames.
//!
//! Never knows what a chip's settings mean.

use std::mem::discriminant;

use axismirror_boards::board::{ChipSlot, GpioLine, SpiSettings};

use super::error::BoardFileError;
use super::reader::{Field, Reader};
use super::whole::list;

type Result<T> = std::result::Result<T, BoardFileError>;

/// Whether the chips, which are in `field`, can be on one board.
pub(super) fn check(reader: &Reader<'_>, chips: &[ChipSlot], field: Field<'_>) -> Result<()> {
    let selected_by = |c: &ChipSlot| (c.bus, c.select, c.select_line.map(|line| line.name));
    let items = reader.items(field, "tables")?;
    for (i, (chip, item)) in chips.iter().zip(&items).enumerate() {
        let others = || chips.iter().take(i);
        if others().any(|other| discriminant(&other.kind) != discriminant(&chip.kind)) {
            return Err(reader.wrong(*item, "chips of one kind: they share rates, gains and reference"));
        }
        if others().any(|other| selected_by(other) == selected_by(chip)) {
            return Err(reader.wrong(*item, "chips with different `bus`, `select` or `select_line`"));
        }
    }
    let lines: Vec<(usize, &'static str, GpioLine)> =
        chips.iter().enumerate().flat_map(|(i, chip)| of(i, chip)).collect();
    for (i, (chip, key, line)) in lines.iter().enumerate() {
        let same = |a: &GpioLine| a.name == line.name || a.offset == line.offset || a.header_pin == line.header_pin;
        if let Some((other, first, there)) = lines.iter().take(i).find(|(_, _, a)| same(a)) {
            let GpioLine { name, offset, header_pin } = there;
            let possible = format!(
                "another pin than that of `{first}` of chip {other}, {name}, offset {offset}, header_pin {header_pin}"
            );
            let Some(item) = items.get(*chip) else { continue };
            let table = reader.table(*item)?;
            return Err(table.wrong(table.need(key, "a line")?, possible));
        }
    }
    Ok(())
}

fn of(place: usize, chip: &ChipSlot) -> impl Iterator<Item = (usize, &'static str, GpioLine)> {
    [
        ("select_line", chip.select_line),
        ("data_ready", chip.data_ready),
        ("reset", chip.reset),
        ("power_down", chip.power_down),
    ]
    .into_iter()
    .filter_map(move |(key, line)| Some((place, key, line?)))
}

/// Whether the frames of all chips of each bus fit into a second, at every rate. Pauses, which a host makes between bytes and commands, come on top.
pub(super) fn check_speed(reader: &Reader<'_>, chips: &[ChipSlot], rates: &[u32], spi: SpiSettings) -> Result<()> {
    let clocks_of = |bus: u8| chips.iter().filter(|c| c.bus == bus).map(|c| c.kind.frame_clocks()).sum::<usize>();
    let clocks = chips.iter().map(|c| clocks_of(c.bus)).max().unwrap_or(0) as u64;
    let fits = |rate: &u32| u64::from(*rate) * clocks <= u64::from(spi.speed_hz);
    let highest = rates.last().copied().unwrap_or(0);
    if fits(&highest) {
        return Ok(());
    }
    let table = reader.table(reader.need("spi", "a table")?)?;
    let field = table.need("speed_hz", "a frequency in Hz")?;
    let (frame, needed) = (format!("{clocks} bits a frame"), u64::from(highest) * clocks);
    let slower: Vec<u32> = rates.iter().copied().filter(fits).collect();
    let rates = match (slower.as_slice(), u64::from(spi.speed_hz) / clocks.max(1)) {
        // Not one frame a second.
        ([], 0) => None,
        ([], most) => Some(format!("rates of at most {most} Hz")),
        (slower, _) => Some(format!("at this speed the rates {} Hz alone", list(slower))),
    };
    let possible = match rates {
        Some(rates) if needed > spi.max_speed_hz.into() => {
            format!("{rates}: {frame} at {highest} Hz need {needed}, more than max_speed_hz")
        }
        Some(rates) => format!("at least {needed} for {frame} at {highest} Hz, or {rates}"),
        None if needed > spi.max_speed_hz.into() => {
            format!(
                "a higher one, and a higher max_speed_hz: {frame} need {clocks} at 1 Hz, and {needed} at {highest} Hz"
            )
        }
        None => format!("at least {needed} for {frame} at {highest} Hz: at {} Hz no rate is possible", spi.speed_hz),
    };
    Err(table.wrong(field, possible))
}
