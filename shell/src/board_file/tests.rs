//! Board files that are right, that lead back, and that are wrong in every way a person can think of.

use std::path::Path;

use axismirror_boards::ads131m0x;
use axismirror_boards::ads1299::registers::{Gain, LeadOffCurrent, LeadOffFrequency};
use axismirror_boards::board::{Board, ChipKind, Pacing, Position};

use super::{find, load, parse, print};

fn path() -> &'static Path {
    Path::new("my.toml")
}

fn message(text: &str) -> String {
    parse(text, path()).unwrap_err().to_string()
}

const MCP: &str = "id = \"bench\"\nrates = [100, 50]\nvref = 3.3\n[spi]\nmode = 3\nspeed_hz = 500000\n[[chip]]\nkind = \"mcp3208\"\ninputs = [\"0\", \"3-2\"]\n";

#[test]
fn every_board_leads_back() {
    for board in Board::all() {
        let read = parse(&print(board), path()).unwrap_or_else(|e| panic!("{}: {e}", board.id));
        assert_eq!(read, board);
    }
}

#[test]
fn a_short_file_is_filled_in() {
    let board = parse(MCP, path()).unwrap();
    assert_eq!((board.id, board.title, board.channels(), board.pacing), ("bench", "bench", 2, Pacing::Clock));
    assert_eq!((board.rates, board.default_rate, board.gains), (&[50, 100][..], 50, &[1][..]));
    assert_eq!(board.labels, ["CH1", "CH2"]);
    assert_eq!((board.spi.mode, board.spi.max_speed_hz), (3, 2_000_000));
    // The same text is the same board.
    assert!(std::ptr::eq(board, parse(MCP, path()).unwrap()));
}

#[test]
fn lead_off_bias_and_gains_of_an_ads1299() {
    let text = print(Board::find("pieeg8").unwrap())
        .replace("channel_gains = [0, 0, 0, 0, 0, 0, 0, 0]", "channel_gains = [0, 24, 0, 0, 0, 0, 0, 6]")
        .replace("srb1 = true\nsrb2 = []", "srb1 = false\nsrb2 = [1, 3]")
        .replace("[chip.bias]\ndrive = true", "[chip.bias]\ndrive = false")
        .replace("[chip.lead_off]\nthreshold = \"95 %\"\ncurrent = \"6 nA\"\nfrequency = \"dc\"\npositive = []\nnegative = []",
            "[chip.lead_off]\nthreshold = \"70 %\"\ncurrent = \"24 uA\"\nfrequency = \"rate/4\"\npositive = [1, 2, 3, 4, 5, 6, 7, 8]\nnegative = [8]");
    let board = parse(&text, path()).unwrap();
    let ChipKind::Ads1299(settings) = board.chips[0].kind else { panic!("an ADS1299") };
    let settings = settings.with_gain(Gain::X2);
    let image = settings.image();
    // CH1SET to CH8SET: gains 2, 24, 2, ... 6; SRB2 on 1 and 3.
    assert_eq!(image[0x05..0x0D], [0x18, 0x60, 0x18, 0x10, 0x10, 0x10, 0x10, 0x30]);
    assert_eq!((image[0x04], image[0x0F], image[0x10], image[0x15], image[0x17]), (0xEF, 0xFF, 0x80, 0x00, 0x02));
    assert_eq!((image[0x03] & 0x04, settings.lead_off.current), (0, LeadOffCurrent::Ua24));
    assert_eq!(settings.lead_off.frequency, LeadOffFrequency::QuarterRate);
    assert_eq!(parse(&print(board), path()).unwrap(), board);
}

#[test]
fn channels_of_an_ads131m0x_may_have_gains_of_their_own() {
    let text = print(Board::find("ads131m04").unwrap());
    let none = "channel_gains = [0, 0, 0, 0]";
    let board = parse(&text.replace(none, "channel_gains = [0, 128, 0, 4]"), path()).unwrap();
    let ChipKind::Ads131m0x(settings) = board.chips[0].kind else { panic!("an ADS131M04") };
    let settings = settings.with_gain(ads131m0x::registers::Gain::X2);
    let gains: Vec<_> = (0..5).map(|channel| settings.gain(channel).map(|gain| gain.factor())).collect();
    assert_eq!(gains, [Some(2), Some(128), Some(2), Some(4), None]);
    assert_eq!(parse(&print(board), path()).unwrap(), board);
    for (wrong, given) in [("[0, 3, 0, 0]", "3"), ("[0, 1, 2]", "[0, 1, 2]"), ("[0, 24, 0, 0]", "24")] {
        let error = message(&text.replace(none, &format!("channel_gains = {wrong}")));
        let possible = "4 gains, one for each channel, of 0 (the stream's), 1, 2, 4, 8, 16, 32, 64, 128";
        assert!(error.ends_with(&format!("channel_gains = {given} is not possible; possible: {possible}")), "{error}");
    }
}

#[test]
fn lead_off_channels_want_labels_too() {
    let text = print(Board::find("pieeg8").unwrap()).replace("lead_off_channels = false", "lead_off_channels = true");
    assert!(message(&text).contains("10 different labels"), "{}", message(&text));
    let board = parse(&text.replace("\"Ch8\"]", "\"Ch8\", \"off+\", \"off-\"]"), path()).unwrap();
    assert_eq!(board.channels(), 10);
}

#[test]
fn positions_are_one_for_each_channel() {
    let text = format!("positions = [[0, 1.5], [-2, 3]]\n{MCP}");
    assert_eq!(parse(&text, path()).unwrap().positions, [Position { x: 0.0, y: 1.5 }, Position { x: -2.0, y: 3.0 }]);
    let error = message(&format!("positions = [[0, 1.5]]\n{MCP}"));
    assert_eq!(
        error,
        "my.toml, line 1: positions = [[0, 1.5]] is not possible; possible: 2 pairs of numbers [x, y], one for each channel"
    );
    assert!(message(&format!("positions = [[0, 1.5], [nan, 0]]\n{MCP}")).contains("pairs of numbers"));
}

#[test]
fn what_is_wrong_is_said_with_its_line_and_what_would_be_possible() {
    let eeg = print(Board::find("pieeg8").unwrap());
    let adda = print(Board::find("waveshare-adda").unwrap());
    let cases = [
        (MCP.replace("vref", "vreff"), "my.toml, line 1: `vref` is missing; possible: the reference in volts"),
        (format!("lables = []\n{MCP}"), "my.toml, line 1: a board has no `lables`; did you mean `labels`?"),
        (MCP.replace("mode = 3", "mode = 1"), "my.toml, line 5: spi.mode = 1 is not possible; possible: 0, 3"),
        (
            MCP.replace("speed_hz = 500000", "speed_hz = 9000000"),
            "my.toml, line 6: spi.speed_hz = 9000000 is not possible; possible: a whole number from 1 to 2000000",
        ),
        (
            MCP.replace("mode = 3", "mode = 3\nmoed = 1"),
            "my.toml, line 6: a board has no `spi.moed`; did you mean `mode`?",
        ),
        (
            MCP.replace("mcp3208", "mcp3280"),
            "my.toml, line 8: chip.kind = \"mcp3280\" is not possible; possible: ads1299, ads1256, ads131m04, ads131m08, mcp3008, mcp3208, max1110, max1111; did you mean `mcp3208`?",
        ),
        (
            MCP.replace("3-2", "3-4"),
            "my.toml, line 9: chip.inputs = [\"0\", \"3-4\"] is not possible; possible: 1 to 8 inputs from 0 to 7, each alone as \"0\" or as a pair of neighbours as \"0-1\"",
        ),
        (
            format!("pacing = \"data-ready\"\n{MCP}"),
            "my.toml, line 1: pacing = \"data-ready\" is not possible; possible: clock with MCP3208",
        ),
        (
            MCP.replace("rates = [100, 50]", "rates = []"),
            "my.toml, line 2: rates = [] is not possible; possible: at least one rate",
        ),
        (format!("default_rate = 7\n{MCP}"), "my.toml, line 1: default_rate = 7 is not possible; possible: 50, 100"),
        (format!("gains = [2]\n{MCP}"), "my.toml, line 1: gains = 2 is not possible; possible: 1"),
        (
            format!("labels = [\"a\"]\n{MCP}"),
            "my.toml, line 1: labels = [\"a\"] is not possible; possible: 2 different labels of at most 16 characters, one for each channel",
        ),
        (
            eeg.replace("rates = [250,", "rates = [300,"),
            "my.toml, line 5: rates = 300 is not possible; possible: 250, 500, 1000, 2000, 4000, 8000, 16000 Hz with ADS1299",
        ),
        (
            eeg.replace("vref = 4.5", "vref = 5.0"),
            "my.toml, line 9: vref = 5.0 is not possible; possible: 4.5, the chip's own",
        ),
        (
            eeg.replace("\"6 nA\"", "\"12 nA\""),
            "chip.lead_off.current = \"12 nA\" is not possible; possible: 6 nA, 24 nA, 6 uA, 24 uA",
        ),
        (
            eeg.replace("header_pin = 37", "header_pin = 41"),
            "chip.data_ready.header_pin = 41 is not possible; possible: a whole number from 1 to 40",
        ),
        (eeg.replace("header_pin = 37", "headr_pin = 37"), "`chip.data_ready.header_pin` is missing"),
        (eeg.replace("srb2 = []", "srb2 = [9]"), "chip.srb2 = 9 is not possible; possible: a whole number from 1 to 8"),
        (
            format!("{adda}{}", &adda[adda.find("[[chip]]").unwrap()..]),
            "possible: one chip, when it converts its inputs one behind the other",
        ),
        ("id = \"x\"\n".to_owned(), "my.toml, line 1: `chip` is missing; possible: 1 to 4 tables [[chip]]"),
        ("id = \n".to_owned(), "my.toml, line 1: "),
    ];
    for (text, expected) in cases {
        let message = message(&text);
        assert!(message.contains(expected), "{message}\n{expected}");
    }
}

#[test]
fn two_chips_are_not_selected_by_the_same_wire() {
    let text = print(Board::find("pieeg16").unwrap());
    let select = "select_line = { name = \"GPIO19\", offset = 19, header_pin = 35 }\n";
    assert!(text.contains(select) && text.contains("select = 1\n"));
    // Apart by their chip-selects still, then by nothing.
    let apart = text.replace(select, "");
    assert!(parse(&apart, path()).is_ok());
    let error = message(&apart.replace("select = 1\n", "select = 0\n"));
    assert!(error.contains("chips with different `bus`, `select` or `select_line`"), "{error}");
    assert!(error.starts_with("my.toml, line "), "{error}");
}

#[test]
fn nonsense_is_an_error_and_never_a_panic() {
    let whole = print(Board::find("pieeg16").unwrap());
    for end in 0..whole.len() {
        if whole.is_char_boundary(end) {
            let _ = parse(&whole[..end], path());
        }
    }
    for line in whole.lines().filter(|l| l.contains(" = ")) {
        let key = line.split(" = ").next().unwrap();
        for value in ["-1", "1e99", "nan", "\"\"", "[]", "[[]]", "{}", "true", "99999999999999999999", "[1, \"a\"]"] {
            let _ = parse(&whole.replace(line, &format!("{key} = {value}")), path());
        }
    }
}

#[test]
fn a_name_is_an_id_or_a_path() {
    assert_eq!(find("pieeg8").unwrap().id, "pieeg8");
    assert!(find("pieeg9").unwrap_err().to_string().contains("there is no board"));
    assert!(find("./no-such.toml").unwrap_err().to_string().contains("cannot be read"));
    let long = std::env::temp_dir().join(format!("axismirror-long-board-{}.toml", std::process::id()));
    std::fs::write(&long, " ".repeat((1 << 16) + 1)).unwrap();
    assert!(load(&long).unwrap_err().to_string().contains("longer than"));
    std::fs::remove_file(&long).unwrap();
    assert!(load(Path::new("/dev/zero")).unwrap_err().to_string().contains("cannot be read"));
}

#[test]
fn lines_of_files_that_are_no_boards_do_not_pile_up() {
    let text = print(Board::find("pieeg8").unwrap());
    let name = |id: &str| {
        let wrong = text.replace("vref = 4.5", &format!("vref = 5.0 # {id}"));
        assert!(parse(&wrong, path()).is_err());
        let board = parse(&text.replace("id = \"pieeg8\"", &format!("id = \"{id}\"")), path()).unwrap();
        board.chips[0].data_ready.unwrap().name
    };
    assert!(std::ptr::eq(name("lines-a"), name("lines-b")));
}
