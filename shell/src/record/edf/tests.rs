//! Files held against the specification, field by field and byte by byte.

use axismirror_core::dtype::DType;
use serde_json::{Value, json};

use super::*;
use crate::record::tests::{bytes_of, head, temp};

/// Two channels at 4 Hz: a data record has four frames.
fn slow(dtype: DType) -> Head {
    let mut head = Head { rate: Some(4.0), ..head(dtype, 2) };
    head.labels = vec!["Fp1".to_owned(), "a label of 20 µetters".to_owned()];
    head.attrs =
        serde_json::from_value(json!({ "adc": "ADS1299", "volts_per_code": 4.5 / 24.0 / 8_388_607.0 })).unwrap();
    head
}

fn block<'a>(first: u64, bytes: &'a [u8], frame_bytes: usize, times: &'a [f64]) -> Block<'a> {
    Block { first, frames: bytes.len() / frame_bytes, bytes, times }
}

fn text(file: &[u8], at: usize, len: usize) -> &str {
    std::str::from_utf8(&file[at..at + len]).unwrap().trim_end()
}

/// The annotations of a data record, as EDF+ separates them.
fn lists(file: &[u8], record: usize, data: usize) -> Vec<String> {
    let start = 256 * 4 + record * (data + 540) + data;
    let lists = &file[start..start + 540];
    let lists = lists.split(|b| *b == 0).filter(|l| !l.is_empty());
    lists.map(|l| String::from_utf8(l.to_vec()).unwrap().replace('\x14', "|").replace('\x15', "~")).collect()
}

#[test]
fn a_bdf_file_is_what_the_specification_says() {
    let path = temp("spec.bdf");
    let mut edf = Edf::create(&path, false, Kind::Bdf, &slow(DType::I32)).unwrap();
    let codes = [1, -1, 0x7F_FFFF, -0x80_0000, 258, 3, 4, 5, 6, 7i32];
    edf.append(&block(7, &bytes_of(&codes, i32::to_le_bytes), 8, &[1.25, 1.5, 1.75, 2.0, 2.25])).unwrap();
    edf.flush().unwrap();
    let file = std::fs::read(&path).unwrap();
    // Header record, by the offsets of the specification.
    assert_eq!(&file[..8], b"\xffBIOSEMI");
    assert_eq!(text(&file, 8, 80), "X X X X");
    assert_eq!(text(&file, 88, 80), "Startdate 28-NOV-2026 X X axismirror:lab");
    assert_eq!(text(&file, 168, 8), "28.11.26");
    assert_eq!(text(&file, 176, 8), "17.38.05");
    assert_eq!(text(&file, 184, 8), "1024");
    assert_eq!(text(&file, 192, 44), "BDF+C");
    assert_eq!(text(&file, 236, 8), "1", "one whole record of the five frames");
    assert_eq!(text(&file, 244, 8), "1");
    assert_eq!(text(&file, 252, 4), "3");
    // The signals' part: each field for all three signals.
    let fields = |offset: usize, len: usize| -> Vec<&str> {
        (0..3).map(|s| text(&file, 256 + offset * 3 + s * len, len)).collect()
    };
    assert_eq!(fields(0, 16), ["Fp1", "a label of 20 ue", "BDF Annotations"]);
    assert_eq!(
        fields(16, 80),
        ["ADS1299, 1 code = 2.235174445530706e-8 V"; 2].iter().chain(&[""]).copied().collect::<Vec<_>>()
    );
    assert_eq!(fields(96, 8), ["uV", "uV", ""]);
    assert_eq!(fields(104, 8), ["-187500", "-187500", "-1"]);
    assert_eq!(fields(112, 8), ["187500", "187500", "1"]);
    assert_eq!(fields(120, 8), ["-8388607", "-8388607", "-8388608"]);
    assert_eq!(fields(128, 8), ["8388607", "8388607", "8388607"]);
    assert_eq!(fields(216, 8), ["4", "4", "180"]);
    // Samples of three bytes, little-endian, a signal after the other.
    let data = &file[1024..1024 + 24];
    assert_eq!(data, [1, 0, 0, 255, 255, 127, 2, 1, 0, 4, 0, 0, 255, 255, 255, 0, 0, 128, 3, 0, 0, 5, 0, 0]);
    assert_eq!(file.len(), 1024 + 24 + 540);
    let said = lists(&file, 0, 24);
    assert_eq!(said[0], "+0.25||");
    assert!(said[1].starts_with("+0.25|axismirror 1/") && said[1].ends_with('|'), "{said:?}");

    edf.finish(&End { frames: 5, why: "test".to_owned(), ..End::default() }).unwrap();
    let file = std::fs::read(&path).unwrap();
    let records: usize = text(&file, 236, 8).parse().unwrap();
    assert_eq!(file.len(), 1024 + records * (24 + 540));
    // The last frame goes on to the record's end.
    let second = 1024 + 24 + 540;
    assert_eq!(file[second..second + 24], [[6, 0, 0].repeat(4), [7, 0, 0].repeat(4)].concat());
    let all: Vec<String> = (0..records).flat_map(|r| lists(&file, r, 24)).collect();
    assert!(all.iter().any(|l| l == "+1.5~0.75|BAD_padding: 3 frames|"), "{all:#?}");
    assert!(all.iter().any(|l| l == "+0.25|axismirror time: frame=7 t=1.25|"), "{all:#?}");
    assert!(all.iter().any(|l| l == "+1.25|axismirror time: frame=11 t=2.25|"), "{all:#?}");
    // What is long is in pieces, which are whole together.
    let whole = |name: &str| -> Value {
        let is_named = |t: &&str| t.starts_with(|c: char| c.is_ascii_digit());
        let texts =
            all.iter().filter_map(|l| l.split_once('|')?.1.strip_prefix(name)?.strip_suffix('|')).filter(is_named);
        let pieces: Vec<(&str, &str)> = texts.filter_map(|t| t.split_once(' ')).collect();
        let numbers: Vec<String> = (1..=pieces.len()).map(|n| format!("{n}/{}", pieces.len())).collect();
        assert_eq!(pieces.iter().map(|(n, _)| *n).collect::<Vec<_>>(), numbers);
        serde_json::from_str(&pieces.iter().map(|(_, text)| *text).collect::<String>()).unwrap()
    };
    let description = whole("axismirror ");
    assert_eq!(description["labels"][1], "a label of 20 µetters");
    assert_eq!((&description["first_frame"], &description["dtype"]), (&json!(7), &json!("i4")));
    assert_eq!(whole("axismirror end ")["why"], "test");
}

/// Annotations are short: what the header says, and what nobody knows, is not said again; what it cannot say is.
#[test]
fn the_description_leaves_out_what_the_header_says() {
    let has = |head: &Head| {
        let json = description(head);
        ["labels", "shape", "channels", "static_metadata", "health", "positions", "name"].map(|f| json.get(f).is_some())
    };
    let labelled = |labels: [&str; 2]| Head { labels: labels.map(str::to_owned).to_vec(), ..slow(DType::I32) };
    let short = [false, false, false, false, false, false, true];
    assert_eq!(has(&labelled(["Fp1", "sixteen letters."])), short);
    for not_said in ["a label of 17 let", "\u{b5}V", " x", "x\ty"] {
        assert_eq!(has(&labelled(["Fp1", not_said])), [true, false, false, false, false, false, true], "{not_said}");
    }
    // The second channel before the first one.
    let turned = Head { channels: vec![1, 0], ..labelled(["a", "b"]) };
    assert_eq!(has(&turned), [false, true, true, false, false, false, true]);
    let square = Head { shape: vec![1, 2], ..labelled(["a", "b"]) };
    assert_eq!(has(&square), [false, true, true, false, false, false, true]);
}

#[test]
fn gaps_are_filled_up_and_long_ones_begin_a_new_part() {
    let path = temp("gap.bdf");
    let mut edf = Edf::create(&path, false, Kind::Bdf, &slow(DType::I32)).unwrap();
    edf.append(&block(7, &bytes_of(&[10, 20i32], i32::to_le_bytes), 8, &[1.25])).unwrap();
    let gap = Gap { frame: 10, time: Some(2.5), overwritten: 2, not_acquired: 2 };
    assert_eq!(edf.gap(&gap).unwrap(), Goes::On);
    edf.append(&block(10, &bytes_of(&[11, 21, 12, 22, 13, 23i32], i32::to_le_bytes), 8, &[2.5, 2.75, 3.0])).unwrap();
    // Frame 11 is the seventh of the file: 1.5 s behind its beginning, which is 0.25 s behind the second in the header.
    edf.event(&Event { frame: 11, time: 2.75, text: "eyes\x14closed".to_owned() }).unwrap();
    let long = Gap { frame: 300, time: Some(80.0), overwritten: 0, not_acquired: 241 };
    assert_eq!(edf.gap(&long).unwrap(), Goes::NewPart, "more than a minute at 4 Hz");
    edf.finish(&End::default()).unwrap();
    let file = std::fs::read(&path).unwrap();
    let first: Vec<u8> = (0..4).map(|i| file[1024 + 3 * i]).collect();
    let second: Vec<u8> = (0..4).map(|i| file[1024 + 24 + 540 + 3 * i]).collect();
    assert_eq!((first, second), (vec![10, 10, 10, 10], vec![10, 11, 12, 13]));
    let records: usize = text(&file, 236, 8).parse().unwrap();
    let all: Vec<String> = (0..records).flat_map(|r| lists(&file, r, 24)).collect();
    for expected in [
        "+0.5~0.5|BAD_gap: 2 frames were overwritten before they were read|",
        "+1~0.5|BAD_gap: 2 frames were not acquired|",
        "+1.75|eyes\u{fffd}closed|",
    ] {
        assert!(all.iter().any(|l| l == expected), "{expected}: {all:#?}");
    }
}

/// A recording that ends within a second has no record with room for everything; no annotation is lost for it.
#[test]
fn every_annotation_finds_a_place() {
    let path = temp("many.edf");
    let mut edf = Edf::create(&path, false, Kind::Edf, &slow(DType::I16)).unwrap();
    edf.append(&block(7, &bytes_of(&[1, 2i16], i16::to_le_bytes), 4, &[1.25])).unwrap();
    for n in 0..40 {
        edf.event(&Event { frame: 7, time: 1.25, text: format!("event {n} {}", "x".repeat(100)) }).unwrap();
    }
    edf.event(&Event { frame: 7, time: 1.25, text: "long ".repeat(300) }).unwrap();
    edf.finish(&End::default()).unwrap();
    let file = std::fs::read(&path).unwrap();
    let records: usize = text(&file, 236, 8).parse().unwrap();
    let all: Vec<String> = (0..records).flat_map(|r| lists(&file, r, 16)).collect();
    let events = all.iter().filter(|l| l.starts_with("+0.25|event ")).count();
    assert_eq!(events, 40);
    let long: String =
        all.iter().filter_map(|l| l.strip_prefix("+0.25|")?.strip_suffix('|')).filter(|t| t.contains("long")).collect();
    assert_eq!(long, "long ".repeat(300));
}

/// What the service makes of a code: `(f64::from(code) * volts_per_code) as f32`.
fn volts(codes: &[i32]) -> Vec<u8> {
    let lsb = 4.5 / 24.0 / 8_388_607.0;
    codes.iter().flat_map(|c| ((f64::from(*c) * lsb) as f32).to_le_bytes()).collect()
}

#[test]
fn volts_become_the_codes_that_they_were() {
    let head = Head { unit: "V".to_owned(), ..slow(DType::F32) };
    let codes = Codes::new(&head, "BDF", -0x80_0000, 0x7F_FFFF).unwrap();
    let mut some: Vec<i32> = (0..24).flat_map(|bit| [(1 << bit) - 1, -(1 << bit), 1 << bit >> 1]).collect();
    some.extend((-0x80_0000..=0x7F_FFFF).step_by(104_729));
    for (code, bytes) in some.iter().zip(volts(&some).chunks(4)) {
        let found = codes.of(bytes).unwrap();
        assert_eq!((found.code, found.changed), (*code, false));
    }
    // Half a code more, more than there are codes, a zero with a sign, no number.
    let lsb = 4.5 / 24.0 / 8_388_607.0;
    let lossy = Codes::new(&Head { lossy: true, ..head }, "BDF", -0x80_0000, 0x7F_FFFF).unwrap();
    for (value, becomes) in [(1.6 * lsb, 2), (1.0, 0x7F_FFFF), (-1.0, -0x80_0000), (-0.0, 0), (f64::NAN, 0)] {
        let bytes = (value as f32).to_le_bytes();
        assert!(codes.of(&bytes).is_err(), "{value}");
        let found = lossy.of(&bytes).unwrap();
        assert_eq!((found.code, found.changed), (becomes, true), "{value}");
    }
}

#[test]
fn what_does_not_fit_is_refused_by_its_name() {
    let path = temp("fit.edf");
    let mut edf = Edf::create(&path, false, Kind::Edf, &slow(DType::I32)).unwrap();
    let error = edf.append(&block(7, &bytes_of(&[1, 2, 3, 32_768i32], i32::to_le_bytes), 8, &[1.25, 1.5])).unwrap_err();
    assert_eq!(error.to_string(), "frame 8, channel 2 is 32768, which is no whole code from -32768 to 32767");
    assert!(error.hint().unwrap().contains("--lossy"));
    for (dtype, unit, part) in [(DType::C64, "V", "complex"), (DType::F32, "mmHg", "unknown unit")] {
        let head = Head { unit: unit.to_owned(), ..slow(dtype) };
        let error = Edf::create(&temp("no.bdf"), false, Kind::Bdf, &head).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }
    let head = Head { rate: None, ..slow(DType::I32) };
    assert!(matches!(Edf::create(&temp("no.bdf"), false, Kind::Bdf, &head), Err(RecordError::Irregular { .. })));
}
