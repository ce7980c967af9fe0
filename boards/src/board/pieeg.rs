//! PiEEG: one or two ADS1299 on a hat for the Raspberry Pi.
//!
//! Wires and registers are those that the maker's own start-up scripts use; nobody has tried them with this program.

use super::{Board, ChipKind, ChipSlot, GpioLine, PI_GPIO_CHIPS, Pacing, SpiSettings};
use crate::ads1299::registers::{Channel, Config2, Config3, Gain, Gpio, Misc1, Mux, TestFrequency};
use crate::ads1299::{Settings, VREF};

/// The maker's register set: 01 = 96, 02 = D4, 03 = FF (whose bit 0 is read-only), 05 to 0C = 00, 14 = 80, 15 = 20, all others 00.
const REGISTERS: Settings = Settings {
    config2: Config2 { internal_test: true, double_amplitude: true, frequency: TestFrequency::Slow },
    config3: Config3 {
        reference: true,
        bias_measurement: true,
        bias_reference_internal: true,
        bias: true,
        bias_lead_off: true,
    },
    channels: [Channel { power_down: false, gain: Gain::X1, srb2: false, mux: Mux::Normal }; 8],
    gpio: Gpio { data: 0b1000, inputs: 0 },
    misc1: Misc1 { srb1: true },
    ..Settings::DEFAULT
};

const SPI: SpiSettings = SpiSettings { mode: 1, speed_hz: 4_000_000, max_speed_hz: 20_000_000 };
const GAINS: &[u8] = &[1, 2, 4, 6, 8, 12, 24];

const fn chip(select: u8, select_line: Option<GpioLine>, data_ready: GpioLine) -> ChipSlot {
    ChipSlot {
        kind: ChipKind::Ads1299(REGISTERS),
        bus: 0,
        select,
        select_line,
        data_ready: Some(data_ready),
        reset: None,
        power_down: None,
    }
}

const FIRST: ChipSlot = chip(0, None, GpioLine { name: "GPIO26", offset: 26, header_pin: 37 });
const SECOND: ChipSlot = chip(
    1,
    Some(GpioLine { name: "GPIO19", offset: 19, header_pin: 35 }),
    GpioLine { name: "GPIO13", offset: 13, header_pin: 33 },
);

/// The maker numbers the inputs and says nothing of places on the head: so do we.
const LABELS: [&str; 16] = [
    "Ch1", "Ch2", "Ch3", "Ch4", "Ch5", "Ch6", "Ch7", "Ch8", "Ch9", "Ch10", "Ch11", "Ch12", "Ch13", "Ch14", "Ch15",
    "Ch16",
];

const BATTERY: &str =
    "Power the Raspberry Pi from a battery, and connect nothing that is on mains, while electrodes are on a person.";

/// Eight channels.
pub(super) const PIEEG8: Board = Board {
    id: "pieeg8",
    title: "PiEEG-8",
    chips: &[FIRST],
    spi: SPI,
    pacing: Pacing::DataReady,
    rates: &[250, 500, 1000, 2000, 4000, 8000, 16000],
    default_rate: 250,
    gains: GAINS,
    default_gain: 1,
    vref: VREF,
    labels: LABELS.split_at(8).0,
    positions: &[],
    gpio_chips: PI_GPIO_CHIPS,
    config_txt: &["dtparam=spi=on", "core_freq_fixed=1"],
    notes: &[BATTERY, "All channels are measured against the SRB1 electrode."],
};

/// Sixteen channels: two chips, each with a clock and a DRDY of its own.
pub(super) const PIEEG16: Board = Board {
    id: "pieeg16",
    title: "PiEEG-16",
    chips: &[FIRST, SECOND],
    // 16000 Hz of two frames are more than the 4 MHz of the bus.
    rates: &[250, 500, 1000, 2000, 4000, 8000],
    labels: &LABELS,
    config_txt: &["dtparam=spi=on", "dtoverlay=spi0-2cs,cs1_pin=19", "core_freq_fixed=1"],
    notes: &[
        BATTERY,
        "All channels are measured against the SRB1 electrode.",
        "The chips' clocks drift apart. The first one paces; a sample of the second that is repeated or left out is counted as a slip.",
    ],
    ..PIEEG8
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_register_set_is_the_makers() {
        let mut expected = [0; 24];
        expected[0x00] = 0x3E;
        expected[0x01] = 0x96;
        expected[0x02] = 0xD4;
        expected[0x03] = 0xFE;
        expected[0x14] = 0x80;
        expected[0x15] = 0x20;
        assert_eq!(REGISTERS.image(), expected);
    }
}
