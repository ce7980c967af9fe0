//! Files that other people's programs wrote, files by hand, and broken files.

use std::path::{Path, PathBuf};

use super::*;
use crate::formats::edf::Kind;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/recording").join(name)
}

/// What pyedflib reads from the file, in the signals' own units.
fn expected(name: &str) -> Vec<Vec<f64>> {
    let text = std::fs::read_to_string(data(name)).unwrap();
    let rows: Vec<Vec<f64>> =
        text.lines().skip(1).map(|l| l.split(',').map(|f| f.parse().unwrap()).collect()).collect();
    (0..rows[0].len()).map(|c| rows.iter().map(|r| r[c]).collect()).collect()
}

fn compare(recording: &Recording, name: &str, units: &[f64]) {
    let expected = expected(name);
    assert_eq!(recording.channels.len(), expected.len());
    for ((channel, expected), unit) in recording.channels.iter().zip(&expected).zip(units) {
        assert_eq!(channel.volts.len(), expected.len(), "{}", channel.label);
        for (i, (volts, expected)) in channel.volts.iter().zip(expected).enumerate() {
            let expected = expected * unit;
            // Nine digits in the file, 24 bits in an f32.
            let tolerance = expected.abs() * 2e-7 + unit * 1e-7;
            assert!((f64::from(*volts) - expected).abs() <= tolerance, "{} {i}: {volts} {expected}", channel.label);
        }
    }
}

#[test]
fn reads_edf_plus_as_pyedflib_does() {
    let recording = Recording::open(&data("plus.edf")).unwrap();
    let labels: Vec<_> = recording.channels.iter().map(|c| c.label.as_str()).collect();
    // Not the temperature, not the slow one, not the annotations.
    assert_eq!(labels, ["EEG Fp1", "EEG Cz"]);
    assert_eq!(recording.rate, Some(50.0));
    compare(&recording, "expected_plus.csv", &[1e-6, 1e-3]);
}

#[test]
fn reads_bdf_plus_and_plain_edf_as_pyedflib_does() {
    let recording = Recording::open(&data("plus.bdf")).unwrap();
    assert_eq!(recording.rate, Some(50.0));
    compare(&recording, "expected_plus_bdf.csv", &[1e-6, 1.0]);
    let recording = Recording::open(&data("plain.edf")).unwrap();
    assert_eq!(recording.rate, Some(100.0));
    compare(&recording, "expected_plain.csv", &[1e-3]);
}

fn edf(bytes: &[u8]) -> Result<Recording, Problem> {
    let choice = Choice { signals: Signals::Voltages, stream: None };
    Recording::read(Reader::new(edf::open(bytes.to_vec(), Kind::Edf, &choice)?))
}

/// `plain.edf` (one signal, the offsets of its fields follow from the specification) with a field replaced.
fn patched(offset: usize, field: &[u8]) -> Vec<u8> {
    let mut bytes = std::fs::read(data("plain.edf")).unwrap();
    bytes[offset..offset + field.len()].copy_from_slice(field);
    bytes
}

#[test]
fn a_broken_edf_header_is_named_by_its_offset() {
    for (offset, field, part) in [
        (252, &b"0   "[..], "number of signals is `0`"),
        (252, b"abcd", "number of signals is `abcd`"),
        (252, b"9999", "1 to 4096"),
        (184, b"513     ", "512, for 1 signal"),
        (244, b"0       ", "duration"),
        (244, b"-1      ", "at least 1e-6"),
        (244, b"inf     ", "a number"),
        (244, b"1e30    ", "is `1e30`; possible: up to 1e8, so that its 100 samples of a signal"),
        (256 + 104, b"-9e307  ", "up to 1e30"),
        (236, b"-2      ", "number of data records is `-2`"),
        (256 + 120, b"40000   ", "-32768 to 32767"),
        (256 + 128, b"-32768  ", "more than the digital minimum"),
        (256 + 112, b"-5      ", "another number"),
        (256 + 216, b"1e3     ", "samples in a data record"),
    ] {
        let message = edf(&patched(offset, field)).unwrap_err().to_string();
        assert!(message.contains(part) && message.contains(&format!("offset {offset}:")), "{message}");
    }
    assert!(matches!(edf(&patched(236, b"99      ")), Err(Problem::Truncated { needed: 20312, given: 712 })));
    assert!(matches!(edf(&patched(236, b"99999999")), Err(Problem::Truncated { .. })));
    assert!(matches!(edf(&patched(236, b"0       ")), Err(Problem::Empty)));
    let whole = patched(0, b"0");
    assert!(matches!(edf(&whole[..300]), Err(Problem::NoHeader { needed: 512, given: 300 })));
    assert!(matches!(edf(&patched(256 + 96, b"degC    ")), Err(Problem::NoVoltage)));
    // While it is being written the number of records is -1: what is there counts.
    let recording = edf(&patched(236, b"-1      ")).unwrap();
    assert_eq!(recording.channels[0].volts.len(), 100);
}

#[test]
fn labels_are_utf_8_or_latin_1() {
    let label = |bytes: &[u8]| edf(&patched(256, bytes)).unwrap().channels[0].label.clone();
    assert_eq!(label("Übung µV 日  ".as_bytes()), "Übung µV 日");
    assert_eq!(label(b"\xdcbung \xb5V        "), "Übung µV");
}

#[test]
fn no_cut_and_no_flipped_byte_of_a_file_is_a_panic() {
    let whole = std::fs::read(data("plus.edf")).unwrap();
    for len in 0..whole.len() {
        assert!(edf(&whole[..len]).is_err(), "{len}");
    }
    for at in 0..whole.len().min(256 * 6) {
        for byte in [0, b' ', b'9', b'-', 0xff] {
            let mut bytes = whole.clone();
            bytes[at] = byte;
            let _ = edf(&bytes);
        }
    }
}

fn csv(text: &str) -> Result<Recording, Problem> {
    Recording::read(Reader::new(csv::open(text.as_bytes().to_vec(), &Choice::default())?))
}

fn volts(recording: &Recording) -> Vec<(&str, Vec<f32>)> {
    recording.channels.iter().map(|c| (c.label.as_str(), c.volts.clone())).collect()
}

#[test]
fn reads_csv_with_times_labels_and_units() {
    let r = csv("time,Fp1 (mV),Cz\r\n0,1,2\r\n0.004,-3,4\r\n0.008,5,6e1\r\n").unwrap();
    assert!((r.rate.unwrap() - 250.0).abs() < 1e-9);
    assert_eq!(volts(&r), [("Fp1", vec![1e-3, -3e-3, 5e-3]), ("Cz", vec![2e-6, 4e-6, 60e-6])]);
    let r = csv("Time [ms];\"A; B\"\n0;1,5\n2;-2,5\n").unwrap();
    assert_eq!((r.rate, volts(&r)), (Some(500.0), vec![("A; B", vec![1.5e-6, -2.5e-6])]));
}

#[test]
fn reads_bare_columns_and_comments() {
    let r = csv("# {\"sampling rate\": 1000, \"x\": 1}\n# unit: V\n\n1\t2\t\n3\t4\t\n").unwrap();
    assert_eq!((r.rate, volts(&r)), (Some(1000.0), vec![("", vec![1.0, 3.0]), ("", vec![2.0, 4.0])]));
    // A label in quotation marks is one, also when nothing is in them.
    let r = csv("a,\"\"\n1,2\n3,4\n").unwrap();
    assert_eq!(r.channels.iter().map(|c| c.label.as_str()).collect::<Vec<_>>(), ["a", ""]);
    let r = csv("\u{feff}7\n8 # the second\n9").unwrap();
    assert_eq!((r.rate, volts(&r)), (None, vec![("", vec![7e-6, 8e-6, 9e-6])]));
    let r = csv("# Generated at sampling rate (Hz): 128.5, units: mV\nC#1,C#2\n1,2").unwrap();
    assert_eq!((r.rate, volts(&r)), (Some(128.5), vec![("C#1", vec![1e-3]), ("C#2", vec![2e-3])]));
    // A single column is no column of times.
    assert_eq!(volts(&csv("t\n1\n").unwrap()), [("t", vec![1e-6])]);
}

#[test]
fn what_is_wrong_in_a_csv_is_named_by_line_and_field() {
    for (text, part) in [
        ("a,b\n1,2\n3,x\n", "line 3, field 2: `x` is not a number"),
        ("1,2\n,3\n", "line 2, field 1: `` is not a number"),
        ("1,2\nnan,3\n", "line 2, field 1: `nan`"),
        ("1\n1e300\n", "line 2, field 1: `1e300`"),
        ("1,2\n\n1,2,3\n", "line 3 has 3 fields, the lines before have 2"),
        ("t,a\n1,2\n1,2\n", "line 3, field 1: `1` is not a later time"),
        ("1,nan\n2,3\n", "line 1, field 2: `nan`"),
        ("", "no samples"),
        ("a,b\n# only a header\n", "no samples"),
        ("1\n\0\n", "line 2"),
    ] {
        let message = csv(text).expect_err(text).to_string();
        assert!(message.contains(part), "{text:?}: {message}");
    }
    let error = Recording::open(Path::new("/dev/zero")).unwrap_err();
    assert!(matches!(&error.problem, Problem::Io(e) if e.to_string().contains("a device")), "{error:?}");
    let endless = csv(&"\0".repeat(1 << 21)).unwrap_err();
    assert!(matches!(endless, Problem::Line { line: 1, .. }), "{endless:?}");
    let error = Recording::open(Path::new("no/such/file.edf")).unwrap_err();
    assert!(error.to_string().contains("no/such/file.edf"));
}
