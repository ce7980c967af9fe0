//! A chip of a board file: which one, on which wires, and how it is set up.

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use axismirror_boards::ads1299::registers::{Channel, Gain, LeadOff};
use axismirror_boards::board::{ChipKind, ChipSlot, GpioLine};
use axismirror_boards::scan::{MAX_PAIRS, Pair, Scan};
use axismirror_boards::{ads131m0x, ads1256, ads1299, max111x, mcp320x};

use super::error::BoardFileError;
use super::reader::{Field, Reader};
use super::words::{ADS131M0X_INPUTS, ADS1299_INPUTS, CURRENTS, FREQUENCIES, KINDS, Kind, THRESHOLDS};

type Result<T> = std::result::Result<T, BoardFileError>;

/// Pins of the 40-pin header that are 3.3 V, 5 V or ground.
const POWER_PINS: [u8; 12] = [1, 2, 4, 6, 9, 14, 17, 20, 25, 30, 34, 39];

/// The longest name of a line, in bytes: the kernel's limit.
const MAX_LINE: usize = 31;

/// Every name of a line that was read, once: boards have them for ever, and a file that turns out to be no board has left its own here for the
/// next one.
static LINES: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

/// A chip and its wires.
pub(super) fn slot(reader: &Reader<'_>) -> Result<ChipSlot> {
    let kind = match reader.needed_word("kind", &KINDS)? {
        Kind::Ads1299 => ChipKind::Ads1299(ads1299(reader)?),
        Kind::Ads1256 => ChipKind::Ads1256(ads1256(reader)?),
        Kind::Ads131m0x(part) => ChipKind::Ads131m0x(ads131m0x(reader, part)?),
        Kind::Mcp320x(part) => {
            let settings = mcp320x::Settings::new(part);
            ChipKind::Mcp320x(scanned(reader, 8, settings, mcp320x::Settings::with_scan)?)
        }
        Kind::Max111x(part) => {
            let mut settings = max111x::Settings::new(part);
            settings.bipolar = reader.flag("bipolar", false)?;
            ChipKind::Max111x(scanned(reader, part.inputs(), settings, max111x::Settings::with_scan)?)
        }
    };
    let number = |key| match reader.get(key) {
        Some(field) => reader.byte(field, 0, u8::MAX),
        None => Ok(0),
    };
    let slot = ChipSlot {
        kind,
        bus: number("bus")?,
        select: number("select")?,
        select_line: line(reader, "select_line")?,
        data_ready: line_of(reader, "data_ready", kind.has_data_ready(), &kind)?,
        reset: line_of(reader, "reset", kind.has_reset(), &kind)?,
        power_down: line_of(reader, "power_down", kind.has_power_down(), &kind)?,
    };
    reader.finish()?;
    Ok(slot)
}

/// A pin that not all chips have.
fn line_of(reader: &Reader<'_>, key: &'static str, has: bool, kind: &ChipKind) -> Result<Option<GpioLine>> {
    match reader.get(key) {
        Some(field) if !has => Err(reader.wrong(field, format!("no such line: {} has no pin for it", kind.name()))),
        _ => line(reader, key),
    }
}

/// A pin: by its name; offset and place on the header for those who need them.
fn line(reader: &Reader<'_>, key: &'static str) -> Result<Option<GpioLine>> {
    let Some(field) = reader.get(key) else { return Ok(None) };
    let pin = reader.table(field)?;
    let name = pin.text(pin.need("name", "the line's name in the device tree, as \"GPIO26\"")?, MAX_LINE)?;
    let offset = pin.whole(pin.need("offset", "the line's offset on its gpiochip")?, 0, 1023)?;
    let header = pin.need("header_pin", "its place on the header, 1 to 40")?;
    let header_pin = pin.byte(header, 1, 40)?;
    if POWER_PINS.contains(&header_pin) {
        return Err(pin.wrong(header, "a pin that is not power or ground"));
    }
    pin.finish()?;
    Ok(Some(GpioLine { name: kept(&name), offset, header_pin }))
}

/// The name as it is kept.
fn kept(name: &str) -> &'static str {
    let mut lines = LINES.lock().unwrap_or_else(PoisonError::into_inner);
    lines.get(name).copied().unwrap_or_else(|| {
        let new: &'static str = name.to_owned().leak();
        lines.insert(new);
        new
    })
}

/// Inputs of a chip that converts them one behind the other: `["0", "2-3"]`.
fn scanned<T: Copy>(reader: &Reader<'_>, inputs: u8, settings: T, with: fn(T, Scan) -> Option<T>) -> Result<T> {
    let Some(field) = reader.get("inputs") else { return Ok(settings) };
    let possible = format!(
        "1 to {MAX_PAIRS} inputs from 0 to {}, each alone as \"0\" or as a pair of neighbours as \"0-1\"",
        inputs - 1
    );
    let items = reader.items(field, &possible)?;
    let pairs: Option<Vec<Pair>> = items.iter().map(|item| pair(item.value.as_str()?)).collect();
    let scan = pairs.and_then(|pairs| Scan::new(&pairs)).and_then(|scan| with(settings, scan));
    scan.ok_or_else(|| reader.wrong(field, possible))
}

fn pair(text: &str) -> Option<Pair> {
    match text.split_once('-') {
        None => Some(Pair::single(text.parse().ok()?)),
        Some((positive, negative)) => Some(Pair::differential(positive.parse().ok()?, negative.parse().ok()?)),
    }
}

fn ads1256(reader: &Reader<'_>) -> Result<ads1256::Settings> {
    let mut settings = ads1256::Settings::DEFAULT;
    settings.buffer = reader.flag("buffer", false)?;
    scanned(reader, ads1256::INPUTS, settings, ads1256::Settings::with_scan)
}

fn ads131m0x(reader: &Reader<'_>, part: ads131m0x::Part) -> Result<ads131m0x::Settings> {
    let mut settings = ads131m0x::Settings::new(part);
    settings.external_clock = reader.flag("external_clock", settings.external_clock)?;
    settings.input_crc = reader.flag("input_crc", settings.input_crc)?;
    words(reader, "inputs", &ADS131M0X_INPUTS, settings.inputs.get_mut(..part.channels()).unwrap_or_default())?;
    let known = ads131m0x::registers::Gain::ALL.map(|gain| (gain.factor(), gain));
    settings.own_gain = own_gains(reader, &known, settings.gains.get_mut(..part.channels()).unwrap_or_default())?;
    Ok(settings)
}

/// A word for each channel.
fn words<T: Copy>(reader: &Reader<'_>, key: &'static str, known: &[(&'static str, T)], all: &mut [T]) -> Result<()> {
    let Some(field) = reader.get(key) else { return Ok(()) };
    let names: Vec<_> = known.iter().map(|(word, _)| *word).collect();
    let possible = format!("{} words, one for each channel, of {}", all.len(), names.join(", "));
    let items = reader.items(field, &possible)?;
    if items.len() != all.len() {
        return Err(reader.wrong(field, possible));
    }
    for (place, item) in all.iter_mut().zip(items) {
        let value = known.iter().find(|(word, _)| item.value.as_str() == Some(word));
        *place = value.map(|(_, value)| *value).ok_or_else(|| reader.wrong(item, names.join(", ")))?;
    }
    Ok(())
}

fn ads1299(reader: &Reader<'_>) -> Result<ads1299::Settings> {
    let mut settings = ads1299::Settings::DEFAULT;
    let mut inputs = settings.channels.map(|c| c.mux);
    words(reader, "inputs", &ADS1299_INPUTS, &mut inputs)?;
    let off = channels(reader, "off")?;
    if let Some(field) = reader.get("off").filter(|_| off == u8::MAX) {
        return Err(reader.wrong(field, "at most 7 of the 8 channels: a chip that measures nothing is left out"));
    }
    let srb2 = channels(reader, "srb2")?;
    for (place, (channel, mux)) in settings.channels.iter_mut().zip(inputs).enumerate() {
        let is = |mask: u8| mask >> place & 1 == 1;
        // A gain is put in when the stream's is known.
        *channel = Channel { power_down: is(off), gain: Gain::X1, srb2: is(srb2), mux };
    }
    let mut gains = settings.channels.map(|c| c.gain);
    settings.own_gain = own_gains(reader, &Gain::ALL.map(|gain| (gain.factor(), gain)), &mut gains)?;
    for (channel, gain) in settings.channels.iter_mut().zip(gains) {
        channel.gain = gain;
    }
    settings.misc1.srb1 = reader.flag("srb1", false)?;
    settings.config1.multiple_readback = reader.flag("multiple_readback", false)?;
    settings.config1.clock_output = reader.flag("clock_output", false)?;
    settings.config2.internal_test = reader.flag("internal_test", false)?;
    settings.config2.double_amplitude = reader.flag("double_test_amplitude", false)?;
    settings.lead_off_channels = reader.flag("lead_off_channels", false)?;
    let (outputs, high) = (pins(reader, "gpio_outputs")?, pins(reader, "gpio_high")?);
    if let Some(field) = reader.get("gpio_high").filter(|_| high & !outputs != 0) {
        let numbers: Vec<_> =
            (1..=4_u8).filter(|pin| outputs >> (pin - 1) & 1 == 1).map(|pin| pin.to_string()).collect();
        let possible = if numbers.is_empty() { "none".to_owned() } else { numbers.join(", ") };
        return Err(reader.wrong(field, format!("pins of gpio_outputs: {possible}")));
    }
    settings.gpio.inputs = !outputs & 0b1111;
    settings.gpio.data = high;
    if let Some(field) = reader.get("bias") {
        let bias = reader.table(field)?;
        settings.config3.bias = bias.flag("drive", true)?;
        settings.config3.bias_reference_internal = bias.flag("internal_reference", true)?;
        settings.config3.bias_measurement = bias.flag("measurement", false)?;
        settings.config3.bias_lead_off = bias.flag("lead_off", false)?;
        settings.bias_positive = channels(&bias, "positive")?;
        settings.bias_negative = channels(&bias, "negative")?;
        bias.finish()?;
    }
    if let Some(field) = reader.get("lead_off") {
        let table = reader.table(field)?;
        let none = settings.lead_off;
        let how = LeadOff {
            threshold: table.word("threshold", &THRESHOLDS, none.threshold)?,
            current: table.word("current", &CURRENTS, none.current)?,
            frequency: table.word("frequency", &FREQUENCIES, none.frequency)?,
        };
        let (positive, negative) = (channels(&table, "positive")?, channels(&table, "negative")?);
        settings = settings.with_lead_off(how, positive, negative);
        settings.lead_off_flip = channels(&table, "flip")?;
        table.finish()?;
    }
    Ok(settings)
}

/// `channel_gains`: a gain for each channel, 0 for the stream's. Which channels have their own, a bit each.
fn own_gains<G: Copy>(reader: &Reader<'_>, known: &[(u8, G)], all: &mut [G]) -> Result<u8> {
    let Some(field) = reader.get("channel_gains") else { return Ok(0) };
    let factors: Vec<_> = known.iter().map(|(factor, _)| factor.to_string()).collect();
    let possible = format!("{} gains, one for each channel, of 0 (the stream's), {}", all.len(), factors.join(", "));
    let items = reader.items(field, &possible)?;
    if items.len() != all.len() {
        return Err(reader.wrong(field, possible));
    }
    let mut own = 0;
    for (place, (gain, item)) in all.iter_mut().zip(items).enumerate() {
        let factor = reader.byte(item, 0, u8::MAX)?;
        if factor > 0 {
            let found = known.iter().find(|(f, _)| *f == factor);
            *gain = found.map(|(_, gain)| *gain).ok_or_else(|| reader.wrong(item, possible.clone()))?;
            own |= 1 << place;
        }
    }
    Ok(own)
}

/// Channels of the chip, from 1, as bits.
fn channels(reader: &Reader<'_>, key: &'static str) -> Result<u8> {
    bits(reader, key, 8)
}

/// Pins of the chip, from 1, as bits.
fn pins(reader: &Reader<'_>, key: &'static str) -> Result<u8> {
    bits(reader, key, 4)
}

fn bits(reader: &Reader<'_>, key: &'static str, highest: u8) -> Result<u8> {
    let possible = format!("a list of numbers from 1 to {highest}, each once");
    let Some(field) = reader.get(key) else { return Ok(0) };
    let set = |mask: u8, item: Field<'_>| {
        let bit = 1 << (reader.byte(item, 1, highest)? - 1);
        if mask & bit == 0 { Ok(mask | bit) } else { Err(reader.wrong(item, possible.clone())) }
    };
    reader.items(field, &possible)?.into_iter().try_fold(0, set)
}
