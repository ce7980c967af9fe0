//! A whole board of a board file, held against what its chips can do.

use std::path::Path;

use axismirror_boards::board::{Board, ChipSlot, MAX_CHIPS, Pacing, Position, SpiSettings};
use toml::de::{DeTable, DeValue};

use super::chip;
use super::error::BoardFileError;
use super::reader::{Field, Reader, place};
use super::wiring;
use super::words::PACINGS;
use crate::config::MAX_LABEL;
use crate::config::syntax::explained;

type Result<T> = std::result::Result<T, BoardFileError>;

/// The longest text of a board, in bytes.
const MAX_TEXT: usize = 400;
const MAX_ID: usize = 32;
/// No converter has a lower reference, in volts.
const MIN_VREF: f64 = 0.1;

/// The board in a text.
pub(super) fn board(text: &str, path: &Path) -> Result<Board> {
    let table = DeTable::parse(text).map_err(|error| {
        let (offset, message) = explained(text, &error);
        BoardFileError::Syntax { place: place(path, text, offset), message }
    })?;
    let reader = Reader::new(path, text, "", table.get_ref(), 0);
    let id = id(&reader)?;
    let title = match reader.get("title") {
        Some(field) => reader.text(field, MAX_TEXT)?,
        None => id.clone(),
    };
    let (chips, field) = chips(&reader)?;
    if chips.len() > 1 && chips.iter().any(|c| c.kind.scans()) {
        return Err(reader.wrong(field, "one chip, when it converts its inputs one behind the other"));
    }
    wiring::check(&reader, &chips, field)?;
    let pacing = pacing(&reader, &chips, field)?;
    let spi = spi(&reader, &chips)?;
    let (rates, default_rate) = rates(&reader, &chips, pacing)?;
    wiring::check_speed(&reader, &chips, &rates, spi)?;
    let (gains, default_gain) = gains(&reader, &chips)?;
    let vref = vref(&reader, &chips)?;
    let channels = chips.iter().map(|c| c.kind.channels()).sum();
    let labels = labels(&reader, channels)?;
    let positions = positions(&reader, channels)?;
    let gpio_chips = reader.texts("gpio_chips", MAX_TEXT)?;
    let has_lines = |c: &ChipSlot| [c.select_line, c.data_ready, c.reset, c.power_down].iter().any(Option::is_some);
    if gpio_chips.is_empty() && chips.iter().any(has_lines) {
        reader.need("gpio_chips", "labels of gpiochips, as [\"pinctrl-rp1\", \"pinctrl-bcm2711\"]")?;
    }
    let config_txt = reader.texts("config_txt", MAX_TEXT)?;
    let notes = reader.texts("notes", MAX_TEXT)?;
    reader.finish()?;
    Ok(Board {
        id: id.leak(),
        title: title.leak(),
        chips: chips.leak(),
        spi,
        pacing,
        rates: rates.leak(),
        default_rate,
        gains: gains.leak(),
        default_gain,
        vref,
        labels: kept(labels),
        positions: positions.leak(),
        gpio_chips: kept(gpio_chips),
        config_txt: kept(config_txt),
        notes: kept(notes),
    })
}

fn kept(texts: Vec<String>) -> &'static [&'static str] {
    texts.into_iter().map(|text| &*text.leak()).collect::<Vec<_>>().leak()
}

/// What settings, logs and messages call the board.
fn id(reader: &Reader<'_>) -> Result<String> {
    let possible = format!("1 to {MAX_ID} letters, digits, `-`, `_` and `.`, the first a letter or digit");
    let field = reader.need("id", &possible)?;
    let id = reader.text(field, MAX_ID).map_err(|_| reader.wrong(field, possible.clone()))?;
    let fits = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
    let begins = id.starts_with(|c: char| c.is_ascii_alphanumeric());
    if begins && id.chars().all(fits) { Ok(id) } else { Err(reader.wrong(field, possible)) }
}

fn chips<'a>(reader: &Reader<'a>) -> Result<(Vec<ChipSlot>, Field<'a>)> {
    let possible = format!("1 to {MAX_CHIPS} tables [[chip]]");
    let field = reader.need("chip", &possible)?;
    let items = reader.items(field, &possible)?;
    if items.is_empty() || items.len() > MAX_CHIPS {
        return Err(reader.wrong(field, possible));
    }
    let chips = items.into_iter().map(|item| chip::slot(&reader.table(item)?)).collect::<Result<_>>()?;
    Ok((chips, field))
}

fn pacing(reader: &Reader<'_>, chips: &[ChipSlot], field: Field<'_>) -> Result<Pacing> {
    let all_have = chips.iter().all(|c| c.kind.has_data_ready());
    let default = if all_have { Pacing::DataReady } else { Pacing::Clock };
    let pacing = reader.word("pacing", &PACINGS, default)?;
    if (pacing == Pacing::DataReady) != all_have {
        let written = reader.get("pacing").unwrap_or(field);
        let name = chips.first().map_or("", |c| c.kind.name());
        let possible = if all_have { "data-ready" } else { "clock" };
        return Err(reader.wrong(written, format!("{possible} with {name}")));
    }
    let missing = chips.first().is_some_and(|c| c.data_ready.is_none());
    if pacing == Pacing::DataReady && missing {
        return Err(reader.wrong(field, "a line `data_ready` on the first chip, which paces"));
    }
    Ok(pacing)
}

fn spi(reader: &Reader<'_>, chips: &[ChipSlot]) -> Result<SpiSettings> {
    let table = reader.table(reader.need("spi", "a table [spi] with mode and speed_hz")?)?;
    let modes: Vec<u8> = chips.first().map_or(Vec::new(), |c| c.kind.modes().to_vec());
    let named = list(&modes);
    let field = table.need("mode", &named)?;
    let mode = table.byte(field, 0, 3)?;
    if !chips.iter().all(|c| c.kind.modes().contains(&mode)) {
        return Err(table.wrong(field, named));
    }
    let fastest = chips.iter().map(|c| c.kind.max_speed_hz()).min().unwrap_or(u32::MAX);
    let max_speed_hz = match table.get("max_speed_hz") {
        Some(field) => table.whole(field, 1, fastest)?,
        None => fastest,
    };
    let speed_hz = table.whole(table.need("speed_hz", "a frequency in Hz")?, 1, max_speed_hz)?;
    table.finish()?;
    Ok(SpiSettings { mode, speed_hz, max_speed_hz })
}

/// Rates, the least first, and the default one.
fn rates(reader: &Reader<'_>, chips: &[ChipSlot], pacing: Pacing) -> Result<(Vec<u32>, u32)> {
    let field = reader.need("rates", "a list of rates in Hz")?;
    let mut rates = Vec::new();
    for item in reader.items(field, "a list of rates in Hz")? {
        let rate = reader.whole(item, 1, 1_000_000)?;
        for chip in chips.iter().filter(|_| pacing == Pacing::DataReady) {
            let possible = chip.kind.rates();
            if !possible.contains(&rate) {
                return Err(reader.wrong(item, format!("{} Hz with {}", list(&possible), chip.kind.name())));
            }
        }
        if rates.contains(&rate) {
            return Err(reader.wrong(item, "each rate once"));
        }
        rates.push(rate);
    }
    rates.sort_unstable();
    let first = rates.first().copied().ok_or_else(|| reader.wrong(field, "at least one rate"))?;
    let Some(default) = reader.get("default_rate") else { return Ok((rates, first)) };
    let rate = reader.whole(default, 1, 1_000_000)?;
    if rates.contains(&rate) { Ok((rates, rate)) } else { Err(reader.wrong(default, list(&rates))) }
}

/// Gains, the least first, and the default one.
fn gains(reader: &Reader<'_>, chips: &[ChipSlot]) -> Result<(Vec<u8>, u8)> {
    let possible: Vec<u8> = chips.first().map_or(Vec::new(), |c| c.kind.gains().to_vec());
    let mut gains = possible.clone();
    if let Some(field) = reader.get("gains") {
        gains.clear();
        for item in reader.items(field, "a list of gains")? {
            let gain = reader.byte(item, 1, u8::MAX)?;
            if !chips.iter().all(|c| c.kind.gains().contains(&gain)) {
                return Err(reader.wrong(item, list(&possible)));
            }
            if gains.contains(&gain) {
                return Err(reader.wrong(item, "each gain once"));
            }
            gains.push(gain);
        }
        gains.sort_unstable();
        if gains.is_empty() {
            return Err(reader.wrong(field, "at least one gain"));
        }
    }
    let first = gains.first().copied().unwrap_or(1);
    let Some(default) = reader.get("default_gain") else { return Ok((gains, first)) };
    let gain = reader.byte(default, 1, u8::MAX)?;
    if gains.contains(&gain) { Ok((gains, gain)) } else { Err(reader.wrong(default, list(&gains))) }
}

fn vref(reader: &Reader<'_>, chips: &[ChipSlot]) -> Result<f64> {
    let fixed = chips.iter().find_map(|c| c.kind.fixed_vref());
    let field = match (reader.get("vref"), fixed) {
        (Some(field), _) => field,
        (None, Some(volts)) => return Ok(volts),
        (None, None) => reader.need("vref", "the reference in volts")?,
    };
    let vref = reader.positive(field, "volts")?;
    let highest = chips.iter().map(|c| c.kind.max_vref()).fold(f64::INFINITY, f64::min);
    match fixed {
        Some(volts) if volts != vref => Err(reader.wrong(field, format!("{volts}, the chip's own"))),
        _ if !(MIN_VREF..=highest).contains(&vref) => Err(reader.wrong(field, format!("{MIN_VREF} to {highest} V"))),
        _ => Ok(vref),
    }
}

/// A label for each channel, all different.
fn labels(reader: &Reader<'_>, channels: usize) -> Result<Vec<String>> {
    let possible = format!("{channels} different labels of at most {MAX_LABEL} characters, one for each channel");
    let Some(field) = reader.get("labels") else { return Ok((1..=channels).map(|n| format!("CH{n}")).collect()) };
    let labels = field.given().labels().map_err(|_| reader.wrong(field, possible.clone()))?;
    if labels.len() == channels { Ok(labels) } else { Err(reader.wrong(field, possible)) }
}

/// `[x, y]` for each channel, or nothing.
fn positions(reader: &Reader<'_>, channels: usize) -> Result<Vec<Position>> {
    let possible = format!("{channels} pairs of numbers [x, y], one for each channel");
    let Some(field) = reader.get("positions") else { return Ok(Vec::new()) };
    let items = reader.items(field, &possible)?;
    if items.len() != channels {
        return Err(reader.wrong(field, possible));
    }
    let each = items.into_iter().map(|item| {
        let numbers = reader.items(item, &possible)?.into_iter().map(|n| number(n.value)).collect::<Option<Vec<_>>>();
        match numbers.as_deref() {
            Some([x, y]) => Ok(Position { x: *x, y: *y }),
            _ => Err(reader.wrong(item, possible.clone())),
        }
    });
    each.collect()
}

fn number(value: &DeValue<'_>) -> Option<f64> {
    let number = match value {
        DeValue::Float(f) => f.as_str().parse().ok(),
        DeValue::Integer(i) => i64::from_str_radix(i.as_str(), i.radix()).ok().map(|i| i as f64),
        _ => None,
    };
    // Readers get single precision.
    number.filter(|n: &f64| (*n as f32).is_finite())
}

pub(super) fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}
