//! MAX1111: the ADC that some emulated boards carry, so that the real kernel's SPI can be tested against it.
//!
//! On the first chip-select of a Raspberry Pi like the MCP3008; nobody has tried it with this program.

use super::{Board, ChipKind, ChipSlot, PI_GPIO_CHIPS, Pacing, SpiSettings};
use crate::max111x::{MAX_SPEED_HZ, Part, Settings, VREF};

/// Four inputs of eight bits.
pub(super) const MAX1111: Board = Board {
    id: "max1111",
    title: "MAX1111",
    chips: &[ChipSlot {
        kind: ChipKind::Max111x(Settings::new(Part::Max1111)),
        bus: 0,
        select: 0,
        select_line: None,
        data_ready: None,
        reset: None,
        power_down: None,
    }],
    spi: SpiSettings { mode: 0, speed_hz: 500_000, max_speed_hz: MAX_SPEED_HZ },
    pacing: Pacing::Clock,
    rates: &[1, 10, 50, 100, 125, 200, 250, 500, 1000],
    default_rate: 100,
    gains: &[1],
    default_gain: 1,
    vref: VREF,
    labels: &["CH0", "CH1", "CH2", "CH3"],
    positions: &[],
    gpio_chips: PI_GPIO_CHIPS,
    config_txt: &["dtparam=spi=on", "core_freq_fixed=1"],
    notes: &["The inputs take 0 to 2.048 V. Nothing tells a line that is stuck low from 0 V."],
};
