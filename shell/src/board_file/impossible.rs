//! Boards that cannot be, one wrong value each: which line it is that is named, and what would be possible.

use axismirror_boards::board::Board;

use super::{parse, print};

/// A built-in board, what is written in it, what is written instead, the line that the error names, and part of what it says.
type Case = (&'static str, &'static str, &'static str, usize, &'static str);

const CASES: &[Case] = &[
    // Identity.
    ("pieeg8", "id = \"pieeg8\"", "id = \"\"", 2, "letters, digits"),
    ("pieeg8", "id = \"pieeg8\"", "id = \"../mine\"", 2, "letters, digits"),
    ("pieeg8", "id = \"pieeg8\"", "id = \"my board\"", 2, "letters, digits"),
    ("pieeg8", "id = \"pieeg8\"", "id = \"caf\u{e9}\"", 2, "letters, digits"),
    ("pieeg8", "id = \"pieeg8\"", "id = \"-x\"", 2, "the first a letter or digit"),
    ("pieeg8", "id = \"pieeg8\"", "id = 8", 2, "letters, digits"),
    ("pieeg8", "id = \"pieeg8\"", "id = \"abcdefghijklmnopqrstuvwxyz0123456\"", 2, "1 to 32"),
    // Keys twice, missing, or in the wrong place.
    ("pieeg8", "vref = 4.5", "vref = 4.5\nvref = 4.5", 10, "`vref` is there twice; it is in line 9 too"),
    ("pieeg8", "[spi]\n", "[spi]\n[spi]\n", 16, "`spi` is there twice; it is in line 15 too"),
    (
        "pieeg16",
        "bus = 0\nselect = 1",
        "bus = 0\nbus = 0\nselect = 1",
        55,
        "`bus` is there twice; it is in line 54 too",
    ),
    ("pieeg8", "offset = 26", "offset = 26, offset = 26", 24, "`offset` is there twice; it is in line 24 too"),
    ("pieeg8", "kind = \"ads1299\"\n", "", 20, "`chip.kind` is missing"),
    ("pieeg8", "mode = 1\n", "", 15, "`spi.mode` is missing"),
    ("pieeg8", "speed_hz = 4000000\n", "", 15, "`spi.speed_hz` is missing"),
    ("pieeg8", "offset = 26, ", "", 24, "`chip.data_ready.offset` is missing"),
    ("mcp3008", "vref = 3.3\n", "", 2, "`vref` is missing"),
    ("mcp3008", "select = 0\n", "select = 0\nvref = 3.3\n", 24, "`chip.vref`; it belongs above the first table"),
    // The bus.
    (
        "pieeg8",
        "speed_hz = 4000000",
        "speed_hz = 600000",
        17,
        "at least 3456000 for 216 bits a frame at 16000 Hz, or at this speed the rates 250, 500, 1000, 2000 Hz alone",
    ),
    ("pieeg16", "speed_hz = 4000000", "speed_hz = 3000000", 17, "at least 3456000 for 432 bits a frame at 8000 Hz"),
    ("pieeg16", "4000, 8000]", "4000, 8000, 16000]", 17, "at least 6912000"),
    ("pieeg8", "speed_hz = 4000000", "speed_hz = 1000", 17, "or rates of at most 4 Hz"),
    (
        "pieeg8",
        "speed_hz = 4000000",
        "speed_hz = 1",
        17,
        "at least 3456000 for 216 bits a frame at 16000 Hz: at 1 Hz no rate is possible",
    ),
    (
        "max1111",
        "speed_hz = 500000\nmax_speed_hz = 500000",
        "speed_hz = 9\nmax_speed_hz = 9",
        17,
        "a higher one, and a higher max_speed_hz: 96 bits a frame need 96 at 1 Hz, and 96000 at 1000 Hz",
    ),
    ("ads131m08", "max_speed_hz = 25000000", "max_speed_hz = 7000000", 17, "from 1 to 7000000"),
    (
        "ads131m08",
        "speed_hz = 8000000\nmax_speed_hz = 25000000",
        "speed_hz = 7000000\nmax_speed_hz = 7000000",
        17,
        "240 bits a frame at 32000 Hz need 7680000, more than max_speed_hz",
    ),
    ("max1111", "1000]", "1000, 6000]", 17, "96 bits a frame at 6000 Hz need 576000, more than max_speed_hz"),
    ("mcp3008", "speed_hz = 1350000", "speed_hz = 0", 17, "from 1 to"),
    ("mcp3008", "max_speed_hz = ", "max_speed_hz = 9", 18, "from 1 to 3600000"),
    ("mcp3008", "mode = 0", "mode = 4", 16, "from 0 to 3"),
    ("mcp3008", "mode = 0", "mode = 2", 16, "0, 3"),
    ("pieeg8", "mode = 1", "mode = 0", 16, "possible: 1"),
    ("pieeg8", "bus = 0", "bus = 256", 22, "from 0 to 255"),
    ("pieeg8", "select = 0", "select = -1", 23, "from 0 to 255"),
    // Pins.
    ("pieeg8", "gpio_high = [4]", "gpio_high = [4, 4]", 35, "each once"),
    ("pieeg8", "gpio_outputs = [1, 2, 3, 4]", "gpio_outputs = [1, 2]", 35, "pins of gpio_outputs: 1, 2"),
    ("pieeg8", "gpio_outputs = [1, 2, 3, 4]", "gpio_outputs = []", 35, "pins of gpio_outputs: none"),
    ("pieeg8", "header_pin = 37", "header_pin = 0", 24, "from 1 to 40"),
    ("pieeg8", "header_pin = 37", "header_pin = 39", 24, "not power or ground"),
    (
        "waveshare-adda",
        "GPIO18",
        "GPIO17",
        26,
        "another pin than that of `data_ready` of chip 0, GPIO17, offset 17, header_pin 11",
    ),
    (
        "waveshare-adda",
        "offset = 27",
        "offset = 22",
        27,
        "another pin than that of `select_line` of chip 0, GPIO22, offset 22, header_pin 15",
    ),
    (
        "pieeg16",
        "name = \"GPIO13\", offset = 13, header_pin = 33",
        "name = \"GPIO26\", offset = 26, header_pin = 37",
        57,
        "another pin than that of `data_ready` of chip 0",
    ),
    (
        "mcp3008",
        "select = 0",
        "select = 0\ndata_ready = { name = \"GPIO17\", offset = 17, header_pin = 11 }",
        24,
        "MCP3008 has no pin for it",
    ),
    (
        "mcp3208",
        "select = 0",
        "select = 0\nreset = { name = \"GPIO17\", offset = 17, header_pin = 11 }",
        24,
        "MCP3208 has no pin for it",
    ),
    (
        "ads131m04",
        "select = 0",
        "select = 0\npower_down = { name = \"GPIO27\", offset = 27, header_pin = 13 }",
        24,
        "ADS131M04 has no pin for it",
    ),
    (
        "pieeg8",
        "data_ready = { name = \"GPIO26\", offset = 26, header_pin = 37 }\n",
        "",
        20,
        "a line `data_ready` on the first chip",
    ),
    (
        "pieeg8",
        "gpio_chips = [\"pinctrl-rp1\", \"pinctrl-bcm2711\", \"pinctrl-bcm2835\"]",
        "",
        2,
        "`gpio_chips` is missing",
    ),
    // Chips.
    ("pieeg8", "kind = \"ads1299\"", "kind = \"ADS1299\"", 21, "did you mean `ads1299`?"),
    ("pieeg8", "off = []", "off = [1, 2, 3, 4, 5, 6, 7, 8]", 27, "at most 7 of the 8 channels"),
    ("pieeg8", "off = []", "off = [1, 1]", 27, "each once"),
    ("pieeg8", "off = []", "off = [0]", 27, "from 1 to 8"),
    ("pieeg8", "\n[[chip]]", "\n[[chip]]\nkind = \"mcp3008\"\nbus = 1\n[[chip]]", 23, "chips of one kind"),
    (
        "pieeg16",
        "\n[[chip]]",
        "\n[[chip]]\nkind = \"ads1299\"\nbus = 1\n[[chip]]\nkind = \"ads1299\"\nbus = 1\n[[chip]]\nkind = \"ads1299\"\nbus = 1\n[[chip]]",
        20,
        "1 to 4 tables",
    ),
    ("pieeg8", "channel_gains = [0, 0,", "channel_gains = [3, 0,", 26, "1, 2, 4, 6, 8, 12, 24"),
    ("pieeg8", "inputs = [\"normal\",", "inputs = [\"open\",", 25, "normal, shorted"),
    ("mcp3008", "inputs = [\"0\",", "inputs = [\"8\",", 24, "inputs from 0 to 7"),
    ("mcp3008", "inputs = [\"0\",", "inputs = [\"0\", \"0-2\",", 24, "a pair of neighbours"),
    // Rates, gains, reference.
    ("pieeg8", "rates = [250,", "rates = [250, 250,", 5, "each rate once"),
    ("pieeg8", "rates = [250,", "rates = [0,", 5, "from 1 to"),
    ("pieeg8", "rates = [250,", "rates = [250.5,", 5, "a whole number"),
    ("pieeg8", "default_rate = 250", "default_rate = 300", 6, "250, 500"),
    ("pieeg8", "gains = [1,", "gains = [3,", 7, "1, 2, 4, 6, 8, 12, 24"),
    ("pieeg8", "gains = [1,", "gains = [1, 1,", 7, "each gain once"),
    ("pieeg8", "default_gain = 1", "default_gain = 5", 8, "1, 2, 4, 6, 8, 12, 24"),
    ("mcp3008", "vref = 3.3", "vref = 0", 9, "greater than 0"),
    ("mcp3008", "vref = 3.3", "vref = -3.3", 9, "greater than 0"),
    ("mcp3008", "vref = 3.3", "vref = nan", 9, "finite"),
    ("mcp3008", "vref = 3.3", "vref = inf", 9, "finite"),
    ("mcp3008", "vref = 3.3", "vref = 1e-9", 9, "0.1 to 5.5 V"),
    ("mcp3008", "vref = 3.3", "vref = 5.6", 9, "0.1 to 5.5 V"),
    ("waveshare-adda", "vref = 2.5", "vref = 5.3", 9, "0.1 to 5.25 V"),
    // Channels.
    ("pieeg8", "\"Ch1\", \"Ch2\"", "\"Ch1\", \"Ch1\"", 10, "8 different labels"),
    ("pieeg8", "\"Ch1\", \"Ch2\"", "\"Ch1\"", 10, "8 different labels"),
    ("pieeg8", "\"Ch1\"", "\" \"", 10, "8 different labels"),
    ("mcp3008", "vref = 3.3", "vref = 3.3\npositions = [[0, inf]]", 10, "8 pairs of numbers"),
    ("max1111", "notes", "positions = [[1, 2], [1e39, 0], [1, 1], [0, 0]]\nnotes", 13, "pairs of numbers"),
    ("max1111", "notes", "positions = [[1, 2, 3], [1, 0], [1, 1], [0, 0]]\nnotes", 13, "pairs of numbers"),
    ("pieeg8", "notes = [", "notes = [1, ", 13, "a text"),
];

#[test]
fn each_is_named_with_its_line_and_with_what_would_be_possible() {
    let mut wrong = String::new();
    for (board, old, new, line, part) in CASES {
        let text = print(Board::find(board).unwrap());
        assert!(text.contains(old), "{board} has no {old}");
        let said = match parse(&text.replacen(old, new, 1), "my.toml".as_ref()) {
            Ok(_) => "a board".to_owned(),
            Err(error) => error.to_string(),
        };
        if !said.starts_with(&format!("my.toml, line {line}: ")) || !said.contains(part) {
            wrong += &format!("{board}: {new:?} is to be line {line}, {part:?}, and is\n    {said}\n");
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}
