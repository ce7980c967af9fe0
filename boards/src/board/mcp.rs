//! MCP3008 and MCP3208 on the first chip-select of a Raspberry Pi, wired as teaching material does it.
//!
//! CLK on SCLK (pin 23), DOUT on MISO (pin 21), DIN on MOSI (pin 19), CS on CE0 (pin 24), supply and reference 3.3 V. Nobody
//! has tried them with this program.

use super::{Board, ChipKind, ChipSlot, PI_GPIO_CHIPS, Pacing, SpiSettings};
use crate::mcp320x::{Part, Settings};

const fn slot(part: Part) -> ChipSlot {
    ChipSlot {
        kind: ChipKind::Mcp320x(Settings::new(part)),
        bus: 0,
        select: 0,
        select_line: None,
        data_ready: None,
        reset: None,
        power_down: None,
    }
}

const NOTE: &str = "The inputs take 0 to 3.3 V. Nothing tells a line that is stuck low from 0 V.";

/// Eight channels of ten bits.
pub(super) const MCP3008: Board = Board {
    id: "mcp3008",
    title: "MCP3008",
    chips: &[slot(Part::Mcp3008)],
    spi: SpiSettings { mode: 0, speed_hz: 1_350_000, max_speed_hz: Part::Mcp3008.max_speed_hz(3.3) },
    pacing: Pacing::Clock,
    rates: &[1, 10, 50, 100, 125, 200, 250, 500, 1000, 2000],
    default_rate: 100,
    gains: &[1],
    default_gain: 1,
    vref: 3.3,
    labels: &["CH0", "CH1", "CH2", "CH3", "CH4", "CH5", "CH6", "CH7"],
    positions: &[],
    gpio_chips: PI_GPIO_CHIPS,
    config_txt: &["dtparam=spi=on", "core_freq_fixed=1"],
    notes: &[NOTE],
};

/// Eight channels of twelve bits.
pub(super) const MCP3208: Board = Board {
    id: "mcp3208",
    title: "MCP3208",
    chips: &[slot(Part::Mcp3208)],
    spi: SpiSettings { mode: 0, speed_hz: 1_000_000, max_speed_hz: Part::Mcp3208.max_speed_hz(3.3) },
    ..MCP3008
};
