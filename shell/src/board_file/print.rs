//! A board as a board file, which reads back as the same board.

use axismirror_boards::ads1299;
use axismirror_boards::board::{Board, ChipKind, ChipSlot, GpioLine};
use axismirror_boards::scan::Scan;
use toml::Value;

use super::words::{ADS131M0X_INPUTS, ADS1299_INPUTS, CURRENTS, FREQUENCIES, PACINGS, THRESHOLDS, word};

/// The text of a board file with this board.
#[must_use]
pub fn print(board: &Board) -> String {
    let mut out = String::from("# A board of axismirror. Copy it, change it, and give its path as the board.\n");
    let mut row = |key: &str, value: Value| out.push_str(&format!("{key} = {value}\n"));
    row("id", text(board.id));
    row("title", text(board.title));
    row("pacing", text(word(&PACINGS, &board.pacing)));
    row("rates", board.rates.iter().map(|r| Value::from(i64::from(*r))).collect::<Vec<_>>().into());
    row("default_rate", i64::from(board.default_rate).into());
    row("gains", board.gains.iter().map(|g| Value::from(i64::from(*g))).collect::<Vec<_>>().into());
    row("default_gain", i64::from(board.default_gain).into());
    row("vref", board.vref.into());
    row("labels", texts(board.labels));
    if !board.positions.is_empty() {
        let pairs = board.positions.iter().map(|p| Value::from(vec![p.x, p.y]));
        row("positions", pairs.collect::<Vec<_>>().into());
    }
    row("gpio_chips", texts(board.gpio_chips));
    row("config_txt", texts(board.config_txt));
    row("notes", texts(board.notes));
    out += "\n[spi]\n";
    for (key, value) in [
        ("mode", u32::from(board.spi.mode)),
        ("speed_hz", board.spi.speed_hz),
        ("max_speed_hz", board.spi.max_speed_hz),
    ] {
        out += &format!("{key} = {value}\n");
    }
    for chip in board.chips {
        out += &slot(chip);
    }
    out
}

fn text(text: &str) -> Value {
    text.into()
}

fn texts(texts: &[&str]) -> Value {
    texts.iter().map(|t| text(t)).collect::<Vec<_>>().into()
}

fn slot(chip: &ChipSlot) -> String {
    let mut rows = Rows(String::from("\n[[chip]]\n"));
    rows.row("kind", text(&chip.kind.name().to_lowercase()));
    rows.row("bus", i64::from(chip.bus).into());
    rows.row("select", i64::from(chip.select).into());
    let lines = [
        ("select_line", chip.select_line),
        ("data_ready", chip.data_ready),
        ("reset", chip.reset),
        ("power_down", chip.power_down),
    ];
    for (key, line) in lines {
        if let Some(GpioLine { name, offset, header_pin }) = line {
            let name = text(name);
            rows.0 += &format!("{key} = {{ name = {name}, offset = {offset}, header_pin = {header_pin} }}\n");
        }
    }
    match &chip.kind {
        ChipKind::Ads1299(settings) => ads1299(&mut rows, settings),
        ChipKind::Ads1256(settings) => {
            rows.flag("buffer", settings.buffer);
            rows.scan(settings.scan());
        }
        ChipKind::Ads131m0x(settings) => {
            rows.flag("external_clock", settings.external_clock);
            rows.flag("input_crc", settings.input_crc);
            let inputs = settings.inputs.iter().take(settings.part.channels());
            rows.row("inputs", inputs.map(|mux| text(word(&ADS131M0X_INPUTS, mux))).collect::<Vec<_>>().into());
            let gains = settings.gains.iter().take(settings.part.channels());
            rows.own_gains(settings.own_gain, gains.map(|gain| gain.factor()));
        }
        ChipKind::Mcp320x(settings) => rows.scan(settings.scan()),
        ChipKind::Max111x(settings) => {
            rows.flag("bipolar", settings.bipolar);
            rows.scan(settings.scan());
        }
    }
    rows.0
}

struct Rows(String);

impl Rows {
    fn row(&mut self, key: &str, value: Value) {
        self.0 += &format!("{key} = {value}\n");
    }

    fn flag(&mut self, key: &str, on: bool) {
        self.row(key, on.into());
    }

    /// The numbers from 1 of the bits that are set.
    fn bits(&mut self, key: &str, mask: u8) {
        let set = (1..=8_i64).zip(0..8).filter(|(_, bit)| mask >> bit & 1 == 1);
        self.row(key, set.map(|(number, _)| Value::from(number)).collect::<Vec<_>>().into());
    }

    /// The gains of channels that have their own, 0 for the others.
    fn own_gains(&mut self, own: u8, gains: impl Iterator<Item = u8>) {
        let each = gains.enumerate().map(|(place, gain)| i64::from(gain) * i64::from(own >> place & 1));
        self.row("channel_gains", each.map(Value::from).collect::<Vec<_>>().into());
    }

    fn scan(&mut self, scan: &Scan) {
        let pairs = scan.pairs().iter().map(|pair| match pair.negative {
            None => pair.positive.to_string(),
            Some(negative) => format!("{}-{negative}", pair.positive),
        });
        self.row("inputs", pairs.map(Value::from).collect::<Vec<_>>().into());
    }
}

fn ads1299(rows: &mut Rows, settings: &ads1299::Settings) {
    let mask = |is: fn(&ads1299::registers::Channel) -> bool| {
        settings.channels.iter().rev().fold(0, |mask, channel| mask << 1 | u8::from(is(channel)))
    };
    let inputs = settings.channels.iter().map(|c| text(word(&ADS1299_INPUTS, &c.mux)));
    rows.row("inputs", inputs.collect::<Vec<_>>().into());
    rows.own_gains(settings.own_gain, settings.channels.iter().map(|channel| channel.gain.factor()));
    rows.bits("off", mask(|c| c.power_down));
    rows.flag("srb1", settings.misc1.srb1);
    rows.bits("srb2", mask(|c| c.srb2));
    rows.flag("multiple_readback", settings.config1.multiple_readback);
    rows.flag("clock_output", settings.config1.clock_output);
    rows.flag("internal_test", settings.config2.internal_test);
    rows.flag("double_test_amplitude", settings.config2.double_amplitude);
    rows.bits("gpio_outputs", !settings.gpio.inputs & 0b1111);
    rows.bits("gpio_high", settings.gpio.data);
    rows.flag("lead_off_channels", settings.lead_off_channels);
    rows.0 += "[chip.bias]\n";
    rows.flag("drive", settings.config3.bias);
    rows.flag("internal_reference", settings.config3.bias_reference_internal);
    rows.flag("measurement", settings.config3.bias_measurement);
    rows.flag("lead_off", settings.config3.bias_lead_off);
    rows.bits("positive", settings.bias_positive);
    rows.bits("negative", settings.bias_negative);
    rows.0 += "[chip.lead_off]\n";
    rows.row("threshold", text(word(&THRESHOLDS, &settings.lead_off.threshold)));
    rows.row("current", text(word(&CURRENTS, &settings.lead_off.current)));
    rows.row("frequency", text(word(&FREQUENCIES, &settings.lead_off.frequency)));
    rows.bits("positive", settings.lead_off_positive);
    rows.bits("negative", settings.lead_off_negative);
    rows.bits("flip", settings.lead_off_flip);
}
