//! Chunks held against the specification, byte by byte.

use super::*;
use crate::record::tests::{bytes_of, head, temp};

/// Chunks of a file: tag and content.
fn chunks(file: &[u8]) -> Vec<(u16, Vec<u8>)> {
    let mut rest = file.strip_prefix(b"XDF:").unwrap();
    let mut chunks = Vec::new();
    while let [width, behind @ ..] = rest {
        let (length, behind) = behind.split_at((*width).into());
        let mut bytes = [0; 8];
        bytes[..length.len()].copy_from_slice(length);
        let (chunk, next) = behind.split_at(u64::from_le_bytes(bytes) as usize);
        chunks.push((u16::from_le_bytes([chunk[0], chunk[1]]), chunk[2..].to_vec()));
        rest = next;
    }
    chunks
}

#[test]
fn a_file_is_what_the_specification_says() {
    let path = temp("spec.xdf");
    let mut head = head(DType::I32, 2);
    head.unit = "code".to_owned();
    head.labels[1] = "<2>".to_owned();
    let mut xdf = Xdf::create(&path, false, &head).unwrap();
    let samples = bytes_of(&[1, -2, 3, 4i32], i32::to_le_bytes);
    xdf.append(&Block { first: 7, frames: 2, bytes: &samples, times: &[1.25, 1.5] }).unwrap();
    xdf.gap(&Gap { frame: 9, time: Some(2.0), overwritten: 0, not_acquired: 3 }).unwrap();
    xdf.event(&Event { frame: 8, time: 1.5, text: "µ".to_owned() }).unwrap();
    xdf.flush().unwrap();
    let written = chunks(&std::fs::read(&path).unwrap());
    let tags: Vec<u16> = written.iter().map(|(tag, _)| *tag).collect();
    assert_eq!(tags, [1, 2, 2, 2, 5, 4, 4, 4, 3, 3, 3]);
    let xml = |i: usize, skip: usize| String::from_utf8(written[i].1[skip..].to_vec()).unwrap();
    assert!(xml(0, 0).contains("<version>1.0</version><datetime>2026-11-28T17:38:05.250000000Z</datetime>"));
    let data = xml(1, 4);
    for part in [
        "<name>lab</name>",
        "<channel_count>2</channel_count>",
        "<nominal_srate>250</nominal_srate>",
        "<channel_format>int32</channel_format>",
        "<channel><label>&lt;2&gt;</label><unit>code</unit>",
    ] {
        assert!(data.contains(part), "{part}: {data}");
    }
    assert_eq!(
        written[4].1,
        [0x43, 0xA5, 0x46, 0xDC, 0xCB, 0xF5, 0x41, 0x0F, 0xB3, 0x0E, 0xD5, 0x46, 0x73, 0x83, 0xCB, 0xE4]
    );
    // Stream 1, two samples: 8 bytes of time (1.25 is 0x3FF4..., 1.5 is 0x3FF8...), then 1 and -2, 3 and 4.
    let mut expected = vec![1, 0, 0, 0, 1, 2];
    expected.extend([8, 0, 0, 0, 0, 0, 0, 0xF4, 0x3F, 1, 0, 0, 0, 0xFE, 0xFF, 0xFF, 0xFF]);
    expected.extend([8, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 3, 0, 0, 0, 4, 0, 0, 0]);
    assert_eq!(written[8].1, expected);
    // Stream 3 at 2.0, stream 2 at 1.5: strings with their lengths.
    assert_eq!(written[9].1[..17], [3, 0, 0, 0, 1, 1, 8, 0, 0, 0, 0, 0, 0, 0, 0x40, 1, 26]);
    assert_eq!(&written[9].1[17..], b"3 frames were not acquired");
    assert_eq!(written[10].1, [2, 0, 0, 0, 1, 1, 8, 0, 0, 0, 0, 0, 0, 0xF8, 0x3F, 1, 2, 0xC2, 0xB5]);

    xdf.finish(&End { frames: 2, ..End::default() }).unwrap();
    let footer = chunks(&std::fs::read(&path).unwrap()).into_iter().find(|(tag, c)| *tag == 6 && c[0] == 1).unwrap();
    let footer = String::from_utf8(footer.1[4..].to_vec()).unwrap();
    assert!(
        footer.contains("<first_timestamp>1.25</first_timestamp><last_timestamp>1.5</last_timestamp><sample_count>2<"),
        "{footer}"
    );
}

#[test]
fn every_type_keeps_its_values() {
    let of = |dtype, bytes: &[u8]| {
        let (mut out, stored) = (Vec::new(), stored(dtype).unwrap());
        Number::of(dtype, bytes).unwrap().put(stored, &mut out);
        (format_of(stored).unwrap(), out)
    };
    assert_eq!(of(DType::Bool, &[1]), ("int8", vec![1]));
    assert_eq!(of(DType::U8, &[200]), ("int16", vec![200, 0]));
    assert_eq!(of(DType::U16, &[0xFF, 0xFF]), ("int32", vec![0xFF, 0xFF, 0, 0]));
    assert_eq!(of(DType::U32, &[0xFF; 4]), ("int64", vec![0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]));
    assert_eq!(of(DType::F16, &[0, 0xC0]), ("float32", (-2f32).to_le_bytes().to_vec()));
    assert_eq!(of(DType::F64, &1e300f64.to_le_bytes()), ("double64", 1e300f64.to_le_bytes().to_vec()));
    for dtype in [DType::U64, DType::C64] {
        assert!(matches!(stored(dtype), Err(RecordError::Type { .. })));
    }
}
