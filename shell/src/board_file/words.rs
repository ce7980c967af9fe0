//! The words that board files have for what chips can be told, for reading and printing alike.

use axismirror_boards::ads131m0x::{self, registers};
use axismirror_boards::ads1299::registers::{LeadOffCurrent, LeadOffFrequency, Mux};
use axismirror_boards::board::Pacing;
use axismirror_boards::{max111x, mcp320x};

/// A word and what it stands for.
pub(super) type Words<T> = [(&'static str, T)];

/// The keys that are not in a table.
pub(super) const TOP: [&str; 13] = [
    "id",
    "title",
    "pacing",
    "rates",
    "default_rate",
    "gains",
    "default_gain",
    "vref",
    "labels",
    "positions",
    "gpio_chips",
    "config_txt",
    "notes",
];

/// The word for a value.
pub(super) fn word<T: PartialEq>(known: &Words<T>, value: &T) -> &'static str {
    known.iter().find(|(_, v)| v == value).map_or("", |(word, _)| word)
}

/// A chip, still without its settings.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Kind {
    Ads1299,
    Ads1256,
    Ads131m0x(ads131m0x::Part),
    Mcp320x(mcp320x::Part),
    Max111x(max111x::Part),
}

pub(super) const KINDS: [(&str, Kind); 8] = [
    ("ads1299", Kind::Ads1299),
    ("ads1256", Kind::Ads1256),
    ("ads131m04", Kind::Ads131m0x(ads131m0x::Part::M04)),
    ("ads131m08", Kind::Ads131m0x(ads131m0x::Part::M08)),
    ("mcp3008", Kind::Mcp320x(mcp320x::Part::Mcp3008)),
    ("mcp3208", Kind::Mcp320x(mcp320x::Part::Mcp3208)),
    ("max1110", Kind::Max111x(max111x::Part::Max1110)),
    ("max1111", Kind::Max111x(max111x::Part::Max1111)),
];

pub(super) const PACINGS: [(&str, Pacing); 2] = [("data-ready", Pacing::DataReady), ("clock", Pacing::Clock)];

pub(super) const ADS1299_INPUTS: [(&str, Mux); 8] = [
    ("normal", Mux::Normal),
    ("shorted", Mux::Shorted),
    ("bias-measurement", Mux::BiasMeasurement),
    ("supply", Mux::Supply),
    ("temperature", Mux::Temperature),
    ("test", Mux::TestSignal),
    ("bias-positive", Mux::BiasPositive),
    ("bias-negative", Mux::BiasNegative),
];

pub(super) const ADS131M0X_INPUTS: [(&str, registers::Mux); 4] = [
    ("normal", registers::Mux::Normal),
    ("shorted", registers::Mux::Shorted),
    ("test-positive", registers::Mux::TestPositive),
    ("test-negative", registers::Mux::TestNegative),
];

pub(super) const CURRENTS: [(&str, LeadOffCurrent); 4] = [
    ("6 nA", LeadOffCurrent::Na6),
    ("24 nA", LeadOffCurrent::Na24),
    ("6 uA", LeadOffCurrent::Ua6),
    ("24 uA", LeadOffCurrent::Ua24),
];

pub(super) const FREQUENCIES: [(&str, LeadOffFrequency); 4] = [
    ("dc", LeadOffFrequency::Dc),
    ("7.8 Hz", LeadOffFrequency::Hz7_8),
    ("31.2 Hz", LeadOffFrequency::Hz31_2),
    ("rate/4", LeadOffFrequency::QuarterRate),
];

/// Thresholds of the comparators by their codes: per cent on the positive side, the rest to 100 on the negative one
/// (ADS1299, SBAS499, LOFF register).
pub(super) const THRESHOLDS: [(&str, u8); 8] =
    [("95 %", 0), ("92.5 %", 1), ("90 %", 2), ("87.5 %", 3), ("85 %", 4), ("80 %", 5), ("75 %", 6), ("70 %", 7)];
