//! The settings file, flags, changes and their error messages.

use std::path::Path;
use std::time::Duration;

use axismirror_core::extension::Clock;
use axismirror_core::header::StructVersion;

use super::*;
use crate::channels::Channels;

const PIEEG8: BoardFacts<'_> = BoardFacts {
    id: "pieeg8",
    rates: PossibleRates::Steps(&[250.0, 500.0, 1000.0]),
    default_rate: 250.0,
    gains: &[1, 2, 24],
    default_gain: 24,
    channels: 8,
    labels: &["CH1", "CH2", "CH3", "CH4", "CH5", "CH6", "CH7", "CH8"],
};

fn parse(text: &str) -> Result<Settings, ConfigError> {
    Settings::from_toml(text, Path::new("dir/stream.toml"))
}

fn message(text: &str) -> String {
    parse(text).expect_err(text).to_string()
}

#[test]
fn an_empty_file_gives_the_defaults() {
    let s = parse("").unwrap();
    assert_eq!(s, Settings::default());
    assert_eq!((s.name.as_str(), s.board.as_str(), s.struct_version), ("axismirror", "pieeg8", StructVersion::V2));
    assert_eq!((s.buf_dur, s.clock, s.units, s.dtype().code()), (10.0, Clock::Monotonic, Units::Codes, "i4"));
    assert!(!s.simulate.enabled);
    assert_eq!(s.message_key(), "pieeg8");
}

#[test]
fn every_key_arrives() {
    let s = parse(
        r#"
name = "lab"
board = "pieeg16"
rate = 500
gain = 24
channels = [1, 2, 5]
labels = ["Fp1", "Fp2", "Cz"]
units = "volts"
dtype = "f8"
chunk = 32
buf_dur = 2.5
axis = "time"
struct_version = 1
key = "left"
clock = "realtime"
duration = 60
conn = "/run/conn.sock"
mode = "0660"
group = 1234
[simulate]
signal = "recording"
file = "ecg.csv"
frequency_hz = 7.5
amplitude_uv = 50
fast = true
faults = ["miss-drdy@100"]
"#,
    )
    .unwrap();
    assert_eq!((s.name.as_str(), s.board.as_str(), s.rate, s.gain), ("lab", "pieeg16", Some(500.0), Some(24)));
    assert_eq!(s.channels, Some(Channels::new(vec![1, 2, 5]).unwrap()));
    assert_eq!(s.labels.as_deref(), Some(&["Fp1".to_owned(), "Fp2".into(), "Cz".into()][..]));
    assert_eq!((s.units, s.dtype().code(), s.chunk_frames(500.0), s.buf_dur), (Units::Volts, "f8", 32, 2.5));
    assert_eq!((s.axis.as_deref(), s.struct_version, s.message_key()), (Some("time"), StructVersion::V1, "left"));
    assert_eq!((s.clock, s.duration), (Clock::Realtime, Some(Duration::from_secs(60))));
    assert_eq!(s.conn.as_deref(), Some(Path::new("/run/conn.sock")));
    assert!(s.simulate.enabled && s.simulate.fast);
    assert_eq!(s.simulate.kind(), SignalKind::Recording);
    assert_eq!(s.access().unwrap(), crate::access::Access::Group { gid: Some(1234) });
    // A relative path starts at the file's folder.
    assert_eq!(s.simulate.file.as_deref(), Some(Path::new("dir/ecg.csv")));
    assert_eq!((s.simulate.frequency_hz, s.simulate.amplitude_uv), (7.5, 50.0));
    assert_eq!(s.simulate.faults, ["miss-drdy@100"]);
}

#[test]
fn simulate_is_a_switch_or_a_table() {
    assert!(parse("simulate = true").unwrap().simulate.enabled);
    assert!(!parse("simulate = false").unwrap().simulate.enabled);
    assert!(parse("[simulate]").unwrap().simulate.enabled);
    let off = parse("[simulate]\nenabled = false\nsignal = \"eeg\"").unwrap();
    assert!(!off.simulate.enabled);
    assert_eq!(parse("simulate = true").unwrap().simulate.kind(), SignalKind::Sine);
    assert_eq!(parse("[simulate]\nfile = \"a\"").unwrap().simulate.kind(), SignalKind::Recording);
}

#[test]
fn unknown_keys_name_line_and_nearest() {
    let m = message("name = \"a\"\n\nbufdur = 3\n");
    assert!(m.contains("dir/stream.toml, line 3") && m.contains("`bufdur`") && m.contains("`buf_dur`"), "{m}");
    let m = message("[simulate]\nsignl = \"eeg\"");
    assert!(m.contains("line 2") && m.contains("`simulate.signl`") && m.contains("`signal`"), "{m}");
    let m = message("signal = \"eeg\"");
    assert!(m.contains("line 1") && m.contains("[simulate]"), "{m}");
    let m = message("[simulate]\nrate = 250");
    assert!(m.contains("line 2") && m.contains("above"), "{m}");
    let m = message("[simulat]\nfast = true");
    assert!(m.contains("`simulat`") && m.contains("`simulate`"), "{m}");
}

#[test]
fn impossible_values_name_line_key_given_and_possible() {
    for (text, parts) in [
        ("\nrate = \"250\"", ["line 2", "rate", "\"250\"", "Hz"]),
        ("rate = -1", ["line 1", "rate", "-1", "greater than 0"]),
        ("rate = nan", ["line 1", "rate", "nan", "finite"]),
        ("buf_dur = inf", ["line 1", "buf_dur", "inf", "seconds"]),
        ("buf_dur = 0", ["line 1", "buf_dur", "0", "greater than 0"]),
        ("gain = 1.5", ["line 1", "gain", "1.5", "whole number"]),
        ("chunk = 0", ["line 1", "chunk", "0", "from 1"]),
        ("struct_version = 3", ["line 1", "struct_version", "3", "0 to 2"]),
        ("name = \"\"", ["line 1", "name", "\"\"", "1 to 255"]),
        ("name = \"a\\u0000b\"", ["line 1", "name", "a", "control"]),
        ("channels = [0]", ["line 1", "channels", "[0]", "from 1"]),
        ("channels = [2, 2]", ["line 1", "channels", "[2, 2]", "each once"]),
        ("channels = []", ["line 1", "channels", "[]", "[1, 2, 5]"]),
        ("channels = [1.0]", ["line 1", "channels", "[1.0]", "[1, 2, 5]"]),
        ("labels = [\"12345678901234567\"]", ["line 1", "labels", "1234567", "16 characters"]),
        ("labels = [\"a\", \"a\"]", ["line 1", "labels", "\"a\"", "each once"]),
        ("units = \"volt\"", ["line 1", "units", "volt", "`volts`"]),
        ("mode = \"0666\"", ["line 1", "mode", "0666", "0600, 0660"]),
        ("mode = 0o660", ["line 1", "mode", "0o660", "0600, 0660"]),
        ("group = \"lab\"", ["line 1", "group", "lab", "0660"]),
        ("mode = \"0660\"\ngroup = -1", ["line 2", "group", "-1", "number"]),
        ("clock = 5", ["line 1", "clock", "5", "monotonic, realtime"]),
        ("duration = 1e300", ["line 1", "duration", "1e300", "seconds"]),
        ("dtype = \"f8\"", ["line 1", "dtype", "f8", "units = \"volts\""]),
        ("units = \"volts\"\ndtype = \"i4\"", ["line 2", "dtype", "i4", "f4 or f8"]),
        ("[simulate]\nsignal = \"sinus\"", ["line 2", "simulate.signal", "sinus", "`sine`"]),
        (
            "[simulate]\nfaults = \"x\"",
            ["line 2", "simulate.faults", "\"x\"", "list of texts, none of them empty, or none (auto)"],
        ),
        ("[simulate]\nfaults = [\"a\", \" \"]", ["line 2", "simulate.faults", "[\"a\", \" \"]", "or none (auto)"]),
        ("simulate = 1", ["line 1", "simulate", "1", "true or false"]),
        ("board = { id = 1 }", ["line 1", "board", "(a table)", "text"]),
    ] {
        let m = message(text);
        for part in parts {
            assert!(m.contains(part), "{text:?}: {m:?} lacks {part:?}");
        }
    }
    assert!(message(&format!("name = \"{}\"", "x".repeat(256))).len() < 250);
    assert!(message("[simulate]\nsignal = \"recording\"").contains("line 2"));
}

/// Wherever a name enters: file, flag, change.
#[test]
fn a_stream_is_not_called_as_a_part_of_another_is() {
    for (name, what) in [
        ("lab/buffer0", "a ring of a stream `lab` is called"),
        ("lab/meta1", "the static metadata of a stream `lab` is called"),
        ("a/b/buffer4294967295", "a ring of a stream `a/b` is called"),
        ("/meta0", "`meta0` would do"),
        ("lab/events", "the stream of events of a stream `lab` is called"),
    ] {
        let as_flag = flags(&[(Key::Name, name)]).load().unwrap_err().to_string();
        let as_change = Change::parse(&format!("name={name}")).unwrap_err().to_string();
        for m in [message(&format!("name = \"{name}\"")), as_flag, as_change] {
            assert!(m.contains("name = ") && m.contains(name) && m.contains(what) && m.contains("would do"), "{m}");
        }
    }
    for name in [
        "lab/buffer",
        "lab/meta",
        "buffer0",
        "lab-buffer0",
        "lab/buffer0a",
        "lab/buffer0/x",
        "lab/xmeta1",
        "lab/meta+1",
        "events",
        "lab/events0",
    ] {
        assert_eq!(flags(&[(Key::Name, name)]).load().unwrap().name, name);
    }
}

#[test]
fn what_nobody_sees_is_refused_and_shown() {
    for (key, value) in
        [("name", "a\u{202e}b"), ("labels", "a,b\u{200b}"), ("key", "\u{feff}a"), ("axis", "ti\u{ad}me")]
    {
        let as_flag = flags(&[(Key::from_word(key).unwrap(), value)]).load().unwrap_err().to_string();
        let as_change = Change::parse(&format!("{key}={value}")).unwrap_err().to_string();
        for m in [message(&format!("{key} = \"{value}\"")), as_flag, as_change] {
            assert!(m.contains("invisible characters") && m.contains("\\u{") && !m.contains(is_invisible), "{m:?}");
        }
    }
    assert_eq!(parse("labels = ['µ', 'שלום', 'é']").unwrap().labels.unwrap().len(), 3);
}

#[test]
fn broken_files_name_line_and_column() {
    let m = message("name = \"a\"\nrate = = 3");
    assert!(m.contains("line 2, column 8"), "{m}");
    assert!(message("rate = 1\nrate = 2").contains("line 2"));
    for bad in ["[", "\"", "a = [1,", "\0", "name = \"\\uD800\""] {
        assert!(parse(bad).is_err(), "{bad:?}");
    }
    let missing = Sources { file: Some("no/such/file.toml".into()), flags: vec![] };
    assert!(missing.load().unwrap_err().to_string().contains("no/such/file.toml"));
    let device = Sources { file: Some("/dev/zero".into()), flags: vec![] };
    assert!(matches!(device.load(), Err(ConfigError::Read { source, .. }) if source.to_string().contains("a device")));
    let long = std::env::temp_dir().join(format!("axismirror-long-{}.toml", std::process::id()));
    std::fs::write(&long, " ".repeat((1 << 20) + 1)).unwrap();
    let endless = Sources { file: Some(long.clone()), flags: vec![] };
    assert!(matches!(endless.load(), Err(ConfigError::FileTooLong { .. })));
    std::fs::remove_file(&long).unwrap();
}

fn flags(given: &[(Key, &str)]) -> Sources {
    Sources { file: None, flags: given.iter().map(|(k, v)| (*k, vec![(*v).to_owned()])).collect() }
}

#[test]
fn flags_win_over_the_file_and_the_file_can_be_read_again() {
    let path = std::env::temp_dir().join(format!("axismirror-config-{}.toml", std::process::id()));
    std::fs::write(&path, "rate = 250\nchunk = 8\n").unwrap();
    let sources = Sources { file: Some(path.clone()), flags: flags(&[(Key::Rate, "500")]).flags };
    let first = sources.load().unwrap();
    assert_eq!((first.rate, first.chunk_frames(500.0)), (Some(500.0), 8));
    std::fs::write(&path, "rate = 1000\nchunk = 9\nbuf_dur = 3").unwrap();
    let second = sources.load().unwrap();
    assert_eq!((second.rate, second.chunk_frames(500.0)), (Some(500.0), 9));
    assert_eq!(first.differences(&second), [Key::Chunk, Key::BufDur]);
    assert_eq!(second.origin(Key::Rate), Place::Flag);
    assert_eq!(second.origin(Key::BufDur), Place::File { path: path.clone(), line: 3 });
    std::fs::write(&path, b"name = \"\xff\"").unwrap();
    assert!(sources.load().unwrap_err().to_string().contains("line 1, column 9"));
    std::fs::remove_file(&path).unwrap();
}

#[test]
fn flags_are_read_as_text() {
    let given = flags(&[
        (Key::Channels, "1-3, 8"),
        (Key::Labels, "Fp1, Fp2,C3,C4"),
        (Key::BufDur, "0.5"),
        (Key::Chunk, "auto"),
        (Key::Simulate, "true"),
        (Key::Signal, "counter"),
    ]);
    let s = given.load().unwrap();
    assert_eq!(s.channels, Some("1-3,8".parse().unwrap()));
    assert_eq!(s.labels.unwrap(), ["Fp1", "Fp2", "C3", "C4"]);
    assert_eq!((s.buf_dur, s.chunk), (0.5, None));
    assert_eq!(s.simulate.kind(), SignalKind::Counter);
    for bad in ["1-4294967295", "4-1", "1,,2", "-3", "1-", "x"] {
        assert!(flags(&[(Key::Channels, bad)]).load().is_err(), "{bad}");
    }
}

#[test]
fn a_simulators_flag_without_a_simulator_is_an_error() {
    let error = flags(&[(Key::Signal, "eeg")]).load().unwrap_err();
    assert!(matches!(error, ConfigError::NeedsSimulate { key: Key::Signal, .. }));
    assert!(error.hint().unwrap().contains("--simulate"));
}

#[test]
fn printed_settings_read_back_as_the_same() {
    let with = r#"
name = "tab\tquote\"" # refused below
"#;
    assert!(parse(with).is_err());
    let s = parse(
        "name = 'a \"b\" \\ c'\nrate = 250\nchannels = [3, 1]\nlabels = ['ä', 'b']\nunits = 'volts'\ndtype = 'f8'\nchunk = 7\n\
         axis = 'time'\nkey = ''\nmode = '0660'\ngroup = 'lab'\nduration = 0.25\nconn = '/c'\n[simulate]\nsignal = 'eeg'\nfile = '/f'\nfast = true\nfaults = ['a', 'b']",
    )
    .unwrap();
    for settings in [s, Settings::default()] {
        let printed = settings.to_toml();
        assert_eq!(parse(&printed).unwrap(), settings, "{printed}");
        for key in Key::all() {
            assert!(printed.contains(&format!("{} =", key.name())), "{key}");
        }
    }
}

#[test]
fn the_example_file_is_right() {
    let example = include_str!("../../settings.example.toml");
    let s = parse(example).unwrap();
    s.on_board(&PIEEG8).unwrap();
    // Switched on line by line, its comments are settings too.
    let all: String =
        example.lines().map(|l| l.strip_prefix("#: ").unwrap_or(l)).fold(String::new(), |out, line| out + line + "\n");
    let s = parse(&all).unwrap();
    for key in Key::all() {
        assert!(s.value_text(key).is_some(), "the example does not show {key}");
    }
}

#[test]
fn changes_are_checked_as_the_file_is() {
    let running = Settings::default();
    let change = |texts: &[&str]| -> Result<Settings, ConfigError> {
        let changes: Result<Vec<_>, _> = texts.iter().map(|t| Change::parse(t)).collect();
        running.with_changes(&changes?)
    };
    let s = change(&["buf_dur=5", "chunk=32", "name=other", "units=volts", "dtype=f8", "simulate.signal=eeg"]).unwrap();
    assert_eq!((s.buf_dur, s.chunk_frames(1.0), s.name.as_str(), s.dtype().code()), (5.0, 32, "other", "f8"));
    assert_eq!(running.differences(&s), [Key::Name, Key::Units, Key::Dtype, Key::Chunk, Key::BufDur, Key::Signal]);
    // Together or not at all: f8 goes with volts only.
    assert!(matches!(change(&["dtype=f8"]), Err(ConfigError::Value { key: Key::Dtype, .. })));
    assert!(
        matches!(change(&["bufdur=5"]), Err(ConfigError::UnknownKey { suggestion, .. }) if suggestion.contains("buf_dur"))
    );
    assert!(matches!(change(&["buf_dur=-5"]), Err(ConfigError::Value { key: Key::BufDur, .. })));
    assert!(matches!(change(&["buf_dur"]), Err(ConfigError::NotKeyValue { .. })));
    assert!(matches!(change(&["board=pieeg16"]), Err(ConfigError::Fixed { key: Key::Board })));
    for empty in ["faults=", "faults=a,"] {
        assert!(change(&[empty]).unwrap_err().to_string().contains("or none (auto)"), "{empty}");
    }
    for none in ["faults=none", "faults=auto"] {
        assert!(change(&["faults=a,b", none]).unwrap().simulate.faults.is_empty(), "{none}");
    }
    assert!(matches!(change(&["simulate=true"]), Err(ConfigError::Fixed { key: Key::Simulate })));
    assert!(change(&["key=a=b"]).unwrap().message_key() == "a=b");
    assert_eq!(Change::parse("signal = eeg").unwrap().to_string(), "simulate.signal=eeg");
}

#[test]
fn a_board_fills_in_what_is_left_open() {
    let s = Settings::default().on_board(&PIEEG8).unwrap();
    assert_eq!((s.rate, s.gain, s.channels.len(), s.labels[7].as_str()), (250.0, 24, 8, "CH8"));
    // 20 ms at 250 Hz are 5 frames.
    assert_eq!(s.chunk, 5);
    let s = parse("channels = [8, 1]\nrate = 1000\nbuf_dur = 0.0015\n").unwrap().on_board(&PIEEG8).unwrap();
    assert_eq!((s.channels, s.labels), (vec![7, 0], vec!["CH8".to_owned(), "CH1".into()]));
    // The automatic chunk (20) is cut to the ring of ceil(1.5) frames.
    assert_eq!(s.chunk, 2);
}

#[test]
fn what_a_board_cannot_do_is_refused_with_line_and_choices() {
    for (text, parts) in [
        ("\nrate = 300", ["line 2", "rate = 300", "250, 500, 1000 Hz", "pieeg8"]),
        ("gain = 3", ["line 1", "gain = 3", "1, 2, 24", "pieeg8"]),
        ("channels = [1, 9]", ["line 1", "channels = 1, 9", "1 to 8", "pieeg8"]),
        ("labels = ['a']", ["line 1", "labels = a", "8 labels", "given are 1"]),
        ("buf_dur = 1e12", ["line 1", "buf_dur = 1000000000000", "seconds at 250 Hz", "4294967295"]),
        ("chunk = 11\nbuf_dur = 0.04", ["line 1", "chunk = 11", "up to 10 frames", "0.04 s"]),
    ] {
        let m = parse(text).unwrap().on_board(&PIEEG8).expect_err(text).to_string();
        for part in parts {
            assert!(m.contains(part), "{text:?}: {m:?} lacks {part:?}");
        }
    }
    let paced = BoardFacts { id: "mcp3208", rates: PossibleRates::UpTo(1000.0), gains: &[], ..PIEEG8 };
    assert_eq!(parse("rate = 333.3").unwrap().on_board(&paced).unwrap().rate, 333.3);
    assert!(parse("rate = 1001").unwrap().on_board(&paced).unwrap_err().to_string().contains("up to 1000 Hz"));
    assert_eq!(Settings::default().on_board(&paced).unwrap().gain, 1);
}

#[test]
fn long_numbers_are_printed_with_an_exponent_and_read_back() {
    for (given, printed) in [("1e300", "1e300"), ("0.000000001", "1e-9"), ("12.5", "12.5"), ("10", "10.0")] {
        let sources = Sources { file: None, flags: vec![(Key::BufDur, vec![given.to_owned()])] };
        let settings = sources.load().unwrap();
        assert!(settings.to_toml().contains(&format!("\nbuf_dur = {printed}\n")), "{given}");
        assert_eq!(Settings::from_toml(&settings.to_toml(), Path::new("s.toml")).unwrap().buf_dur, settings.buf_dur);
    }
}
