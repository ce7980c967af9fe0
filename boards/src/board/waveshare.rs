//! Waveshare's High-Precision AD/DA board: an ADS1256 on a hat for the Raspberry Pi. (Its DAC is not used.)
//!
//! Wires are those of the maker's own examples: chip-select on GPIO 22, DRDY on 17, reset on 18, power-down on 27, a crystal of
//! 7.68 MHz, a reference of 2.5 V. Nobody has tried them with this program.

use super::{Board, ChipKind, ChipSlot, GpioLine, PI_GPIO_CHIPS, Pacing, SpiSettings};
use crate::ads1256::{MAX_SPEED_HZ, Settings};

/// Eight inputs.
pub(super) const WAVESHARE_ADDA: Board = Board {
    id: "waveshare-adda",
    title: "Waveshare AD/DA",
    chips: &[ChipSlot {
        kind: ChipKind::Ads1256(Settings::DEFAULT),
        bus: 0,
        select: 0,
        select_line: Some(GpioLine { name: "GPIO22", offset: 22, header_pin: 15 }),
        data_ready: Some(GpioLine { name: "GPIO17", offset: 17, header_pin: 11 }),
        reset: Some(GpioLine { name: "GPIO18", offset: 18, header_pin: 12 }),
        power_down: Some(GpioLine { name: "GPIO27", offset: 27, header_pin: 13 }),
    }],
    spi: SpiSettings { mode: 1, speed_hz: 1_920_000, max_speed_hz: MAX_SPEED_HZ },
    pacing: Pacing::DataReady,
    rates: &[1, 3, 6, 7, 12, 55, 101, 169, 252, 341, 408, 469],
    default_rate: 101,
    gains: &[1, 2, 4, 8, 16, 32, 64],
    default_gain: 1,
    vref: 2.5,
    labels: &["AD0", "AD1", "AD2", "AD3", "AD4", "AD5", "AD6", "AD7"],
    positions: &[],
    gpio_chips: PI_GPIO_CHIPS,
    config_txt: &["dtparam=spi=on", "dtoverlay=spi0-1cs,cs0_pin=22", "core_freq_fixed=1"],
    notes: &[
        "The inputs are converted one behind the other: a frame is one scan of all of them.",
        "The rates are those of a host that is never late, rounded down; what holds is the measured one.",
    ],
};
