//! Files that other people's programs wrote, files by hand, and broken files.

use std::path::{Path, PathBuf};

use axismirror_core::extension::Clock;

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

/// What a replay is given of a text: content, samples, times.
fn frames(text: &str) -> Result<(Content, Vec<f64>, Vec<f64>), Problem> {
    let mut reader = Reader::new(csv::open(text.as_bytes().to_vec(), &Choice::default())?);
    let mut block = Block::default();
    reader.read(100, &mut block)?;
    let samples = block.bytes.chunks_exact(8).map(|b| f64::from_le_bytes(b.try_into().unwrap())).collect();
    Ok((reader.content().clone(), samples, block.times))
}

fn labels(content: &Content) -> Vec<&str> {
    content.channels.iter().map(|c| c.label.as_str()).collect()
}

#[test]
fn missing_numbers_are_nan_where_there_is_one() {
    // df = pandas.DataFrame({"time": [0, .5, 1], "a": [1., nan, 3.], "b": [1., 2., nan], "c": [7, 8, 9]}); df.to_csv(index=False)
    let (content, samples, times) = frames("time,a,b,c\n0.0,1.0,1.0,7\n0.5,,2.0,8\n1.0,3.0,,9\n").unwrap();
    assert_eq!((labels(&content), times), (vec!["a", "b", "c"], vec![0.0, 0.5, 1.0]));
    let nan = f64::NAN;
    let expected = [1.0, 1.0, 7.0, nan, 2.0, 8.0, 3.0, nan, 9.0];
    assert!(samples.iter().zip(expected).all(|(a, b)| *a == b || a.is_nan() && b.is_nan()), "{samples:?}");
    // The last field of a row; R and numpy; one column, of which pandas writes two quotation marks.
    for (text, nans) in [("a,b\n1.5,\n,\n", 3), ("a,b\nNA,1.5\nnan,2.5\n", 2), ("a\n1.5\n\"\"\n", 1)] {
        let (_, samples, _) = frames(text).unwrap();
        assert_eq!(samples.iter().filter(|s| s.is_nan()).count(), nans, "{text:?}: {samples:?}");
    }
    let whole = frames("time,a\n0.0,7\n0.5,\n").unwrap_err().to_string();
    assert!(whole.contains("line 3, field 2 (a): `` is not a number, and a column of whole"), "{whole}");
    assert!(frames("time,a\n0.0,7.0\n,7.0\n").unwrap_err().to_string().contains("field 1 (time): ``"));
}

#[test]
fn times_may_be_dates() {
    // date -u -d '2026-11-29 01:02:03' +%s; 8 ns more than a whole second, which seconds since 1970 alone have no room for.
    let text = "time,a\n2026-11-29 01:02:03.000000008,1.0\n2026-11-29 01:02:03.004000008,2.0\n2026-11-29 01:02:03.008000008,3.0\n";
    let (content, samples, times) = frames(text).unwrap();
    assert_eq!((content.origin, content.clock, content.rate), (1_795_914_123.0, Clock::Realtime, Some(250.0)));
    assert_eq!((samples, times), (vec![1.0, 2.0, 3.0], vec![8e-9, 0.004_000_008, 0.008_000_008]));
    // As an index, which has no name, and without a header; with offsets.
    for text in [
        ",a\n2026-11-29T01:02:03.5Z,1.0\n2026-11-29T01:02:04Z,2.0\n",
        "2026-11-29T01:02:03.5+00:00,1.0\n2026-11-29T03:02:04+02:00,2.0\n",
    ] {
        let (content, samples, times) = frames(text).unwrap();
        assert_eq!((content.rate, content.channels.len(), samples.len(), times), (Some(2.0), 1, 2, vec![0.5, 1.0]));
    }
    let mixed = frames("time,a\n2026-11-29T01:02:03,1.0\n7,2.0\n").unwrap_err().to_string();
    assert!(mixed.contains("line 3, field 1 (time): `7` is not a date"), "{mixed}");
    let word = frames("time,a\nyesterday,1.0\n").unwrap_err().to_string();
    assert!(word.contains("`yesterday` is not a number, nor a time such as 2026"), "{word}");
}

#[test]
fn times_are_found_by_their_name_and_an_index_is_left_out() {
    let (content, samples, times) = frames(",a,time,b\n7,1.0,0.0,2.0\n8,3.0,0.1,4.0\n").unwrap();
    assert_eq!((labels(&content), samples, times), (vec!["a", "b"], vec![1.0, 2.0, 3.0, 4.0], vec![0.0, 0.1]));
    let [left] = &content.left_out[..] else { panic!("{:?}", content.left_out) };
    assert!(left.label == "the first column" && left.why.contains("index"), "{left:?}");
    // Neither what has a name nor what does not count up is an index; `T` may be a temperature.
    assert_eq!(labels(&frames("n,a\n7,1.0\n8,3.0\n").unwrap().0), ["n", "a"]);
    assert_eq!(labels(&frames(",a\n8,1.0\n7,3.0\n").unwrap().0), ["", "a"]);
    assert_eq!(labels(&frames("a,T\n8,1.0\n7,3.0\n").unwrap().0), ["a", "T"]);
}

#[test]
fn what_is_wrong_in_a_csv_is_named_by_line_and_field() {
    for (text, part) in [
        ("a,b\n1,2\n3,x\n", "line 3, field 2 (b): `x` is not a number"),
        ("1,2\n,3\n", "line 2, field 1: `` is not a number"),
        ("1,2\nnan,3\n", "line 2, field 1: `nan`"),
        ("1\n1e300\n", "line 2, field 1: `1e300`"),
        ("1,2\n\n1,2,3\n", "line 3 has 3 fields, the lines before have 2"),
        ("t,a\n1,2\n1,2\n", "line 3, field 1 (t): `1` is not a later time"),
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
