//! Every chip's frame of any bytes, without its driver: what is decoded is a possible code, and is the frame that was read.
#![no_main]

use axismirror_boards::{ads131m0x, ads1256, ads1299, max111x, mcp320x};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    if let Some(frame) = bytes.first_chunk() {
        let mut codes = [0; ads1299::CHANNELS];
        let status = ads1299::frame::decode(frame, &mut codes);
        assert_eq!(ads1299::frame::encode(status, &codes), *frame);
        assert!(codes.iter().all(|c| (ads1299::frame::CODE_MIN..=ads1299::frame::CODE_MAX).contains(c)));
        let _ = status.status();
    }
    // One whose checksum is right, of any number of words.
    let mut frame = bytes.to_vec();
    let mut codes = [i32::MAX; 8];
    let _ = ads131m0x::frame::decode(&frame, &mut codes);
    frame.extend(ads131m0x::frame::word(ads131m0x::frame::checksum(bytes)));
    assert!(ads131m0x::frame::decode(&frame, &mut codes).is_ok());
    let samples = bytes.get(3..).unwrap_or_default().as_chunks().0;
    for (code, sample) in codes.iter().zip(samples) {
        assert_eq!(ads131m0x::frame::encode_sample(*code), *sample);
    }
    let &[a, b, c, ..] = bytes else { return };
    assert_eq!(ads1256::frame::encode_sample(ads1256::frame::decode_sample([a, b, c])), [a, b, c]);
    let _ = ads1256::frame::is_sound(a, b, c);
    for part in [mcp320x::Part::Mcp3008, mcp320x::Part::Mcp3208] {
        let (code, _) = mcp320x::frame::decode(part, [a, b, c]);
        assert!((0..=part.code_max()).contains(&code));
        let select = a & 0b1111;
        assert_eq!(mcp320x::frame::select(mcp320x::frame::pair(select)), Some(select));
    }
    for bipolar in [false, true] {
        let (code, good) = max111x::frame::decode([a, b, c], bipolar);
        assert!(!good || max111x::frame::encode(code).to_be_bytes() == [b, c]);
    }
    for part in [max111x::Part::Max1110, max111x::Part::Max1111] {
        let asked = max111x::frame::asked(part, a);
        assert!(asked.is_none_or(|(pair, bipolar)| max111x::frame::control(part, pair, bipolar).is_some()));
    }
});
