//! ADS131M04 and ADS131M08 on the first chip-select of a Raspberry Pi: no hat, wires to an evaluation board.
//!
//! SCLK, MISO, MOSI and CE0 as the controller has them, DRDY on GPIO 17 (pin 11), SYNC/RESET on GPIO 18 (pin 12), a clock of
//! 8.192 MHz on the board. Nobody has tried them with this program.

use super::{Board, ChipKind, ChipSlot, GpioLine, PI_GPIO_CHIPS, Pacing, SpiSettings};
use crate::ads131m0x::{MAX_SPEED_HZ, Part, Settings, VREF};

const fn slot(part: Part) -> ChipSlot {
    ChipSlot {
        kind: ChipKind::Ads131m0x(Settings::new(part)),
        bus: 0,
        select: 0,
        select_line: None,
        data_ready: Some(GpioLine { name: "GPIO17", offset: 17, header_pin: 11 }),
        reset: Some(GpioLine { name: "GPIO18", offset: 18, header_pin: 12 }),
        power_down: None,
    }
}

const LABELS: [&str; 8] = ["CH0", "CH1", "CH2", "CH3", "CH4", "CH5", "CH6", "CH7"];

/// Four channels.
pub(super) const ADS131M04: Board = Board {
    id: "ads131m04",
    title: "ADS131M04",
    chips: &[slot(Part::M04)],
    spi: SpiSettings { mode: 1, speed_hz: 8_000_000, max_speed_hz: MAX_SPEED_HZ },
    pacing: Pacing::DataReady,
    rates: &[500, 1000, 2000, 4000, 8000, 16000, 32000],
    default_rate: 1000,
    gains: &[1, 2, 4, 8, 16, 32, 64, 128],
    default_gain: 1,
    vref: VREF,
    labels: LABELS.split_at(4).0,
    positions: &[],
    gpio_chips: PI_GPIO_CHIPS,
    config_txt: &["dtparam=spi=on", "core_freq_fixed=1"],
    notes: &["The rates are those of a clock of 8.192 MHz."],
};

/// Eight channels.
pub(super) const ADS131M08: Board =
    Board { id: "ads131m08", title: "ADS131M08", chips: &[slot(Part::M08)], labels: &LABELS, ..ADS131M04 };
