//! One frame of each chip from its bytes to codes and to volts, and frames to decode: shared by the benchmark and the instruction counts.
//!
//! The decoding itself is the product's; only the loop over frames is here.

use axismirror_boards::{ads131m0x, ads1256, ads1299, max111x, mcp320x};
use std::hint::black_box;

/// Frames of a batch.
pub const FRAMES: usize = 1000;
/// Volts of a code: any will do, as long as the compiler does not know it.
const LSB: f64 = 4.5 / 24.0 / 8_388_607.0;

/// A chip whose frames are decoded.
#[derive(Clone, Copy, Debug)]
pub struct Chip {
    /// Its name.
    pub name: &'static str,
    /// Bytes of a frame: all conversions of a scan for a chip that makes one at a time.
    pub frame_bytes: usize,
    /// Samples of a frame.
    pub channels: usize,
    encode: fn(&[i32]) -> Vec<u8>,
    codes: fn(&[u8], &mut [i32]) -> bool,
    bits: u32,
    signed: bool,
}

impl Chip {
    /// Every family, its largest member.
    pub const ALL: [Self; 5] = [
        Self {
            name: "ADS1299",
            frame_bytes: ads1299::frame::FRAME_BYTES,
            channels: 8,
            encode: encode_ads1299,
            codes: batch_ads1299,
            bits: 24,
            signed: true,
        },
        Self {
            name: "ADS131M08",
            frame_bytes: 30,
            channels: 8,
            encode: encode_ads131m08,
            codes: batch_ads131m08,
            bits: 24,
            signed: true,
        },
        Self {
            name: "ADS1256",
            frame_bytes: 24,
            channels: 8,
            encode: encode_ads1256,
            codes: batch_ads1256,
            bits: 24,
            signed: true,
        },
        Self {
            name: "MCP3208",
            frame_bytes: 24,
            channels: 8,
            encode: encode_mcp3208,
            codes: batch_mcp3208,
            bits: 12,
            signed: false,
        },
        Self {
            name: "MAX1111",
            frame_bytes: 12,
            channels: 4,
            encode: encode_max1111,
            codes: batch_max1111,
            bits: 8,
            signed: false,
        },
    ];
}

/// Frames to decode, and what must come out.
#[derive(Debug)]
pub struct Batch {
    chip: Chip,
    bytes: Vec<u8>,
    expected: Vec<i32>,
    codes: Vec<i32>,
    volts: Vec<f32>,
    whole: bool,
}

impl Batch {
    /// [`FRAMES`] frames of codes all over the range.
    #[must_use]
    pub fn new(chip: Chip) -> Self {
        let samples = FRAMES * chip.channels;
        let offset = if chip.signed { 1i64 << (chip.bits - 1) } else { 0 };
        // A multiplier that is odd visits every code.
        let code = |i: usize| ((i as i64 * 2_654_435_761) % (1 << chip.bits) - offset) as i32;
        let expected: Vec<i32> = (0..samples).map(code).collect();
        let bytes = expected.chunks_exact(chip.channels).flat_map(chip.encode).collect();
        Self { chip, bytes, expected, codes: vec![0; samples], volts: vec![0.0; samples], whole: true }
    }

    /// Decodes all frames to codes.
    pub fn to_codes(&mut self) {
        self.whole &= (self.chip.codes)(black_box(&self.bytes), black_box(&mut self.codes));
    }

    /// Decodes all frames to codes and those to volts, as the service does for a stream of f32.
    pub fn to_volts(&mut self) {
        self.to_codes();
        scale(black_box(&self.codes), black_box(LSB), black_box(&mut self.volts));
    }

    /// Whether all frames were whole and their codes and volts are what they were made of.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&mut self) -> Result<(), String> {
        self.codes.fill(i32::MAX);
        self.to_volts();
        if !self.whole || self.codes != self.expected {
            return Err(format!("{}: the codes are not those that were encoded", self.chip.name));
        }
        let volts = self.expected.iter().map(|c| (f64::from(*c) * LSB) as f32);
        if volts.eq(self.volts.iter().copied()) { Ok(()) } else { Err(format!("{}: wrong volts", self.chip.name)) }
    }
}

#[inline(never)]
fn scale(codes: &[i32], lsb: f64, volts: &mut [f32]) {
    for (volts, code) in volts.iter_mut().zip(codes) {
        *volts = (f64::from(*code) * lsb) as f32;
    }
}

fn encode_ads1299(codes: &[i32]) -> Vec<u8> {
    let mut all = [0; ads1299::CHANNELS];
    all.copy_from_slice(codes);
    ads1299::frame::encode(ads1299::frame::StatusWord::new(0, 0, 8), &all).to_vec()
}

#[inline(never)]
fn batch_ads1299(bytes: &[u8], codes: &mut [i32]) -> bool {
    let (frames, _) = bytes.as_chunks();
    let (codes, _) = codes.as_chunks_mut();
    let mark = |frame, codes: &mut [i32; ads1299::CHANNELS]| {
        ads1299::frame::decode(frame, codes).0 & ads1299::frame::StatusWord::MARK_MASK
    };
    frames
        .iter()
        .zip(codes)
        .fold(true, |whole, (frame, codes)| whole & (mark(frame, codes) == ads1299::frame::StatusWord::MARK))
}

fn encode_ads131m08(codes: &[i32]) -> Vec<u8> {
    let mut frame = ads131m0x::frame::word(0x0500).to_vec();
    frame.extend(codes.iter().flat_map(|c| ads131m0x::frame::encode_sample(*c)));
    frame.extend(ads131m0x::frame::word(ads131m0x::frame::checksum(&frame)));
    frame
}

#[inline(never)]
fn batch_ads131m08(bytes: &[u8], codes: &mut [i32]) -> bool {
    let frames = bytes.chunks_exact(30).zip(codes.chunks_exact_mut(8));
    frames.fold(true, |whole, (frame, codes)| whole & ads131m0x::frame::decode(frame, codes).is_ok())
}

fn encode_ads1256(codes: &[i32]) -> Vec<u8> {
    codes.iter().flat_map(|c| ads1256::frame::encode_sample(*c)).collect()
}

#[inline(never)]
fn batch_ads1256(bytes: &[u8], codes: &mut [i32]) -> bool {
    for (code, sample) in codes.iter_mut().zip(bytes.as_chunks().0) {
        *code = ads1256::frame::decode_sample(*sample);
    }
    true
}

fn encode_mcp3208(codes: &[i32]) -> Vec<u8> {
    codes.iter().flat_map(|c| [0xFF, (c >> 8) as u8 | 0xE0, *c as u8]).collect()
}

#[inline(never)]
fn batch_mcp3208(bytes: &[u8], codes: &mut [i32]) -> bool {
    codes.iter_mut().zip(bytes.as_chunks().0).fold(true, |whole, (code, sample)| {
        let (decoded, zero) = mcp320x::frame::decode(mcp320x::Part::Mcp3208, *sample);
        *code = decoded;
        whole & zero
    })
}

fn encode_max1111(codes: &[i32]) -> Vec<u8> {
    codes.iter().flat_map(|c| [[0].as_slice(), &max111x::frame::encode(*c).to_be_bytes()].concat()).collect()
}

#[inline(never)]
fn batch_max1111(bytes: &[u8], codes: &mut [i32]) -> bool {
    codes.iter_mut().zip(bytes.as_chunks().0).fold(true, |whole, (code, sample)| {
        let (decoded, zeros) = max111x::frame::decode(*sample, false);
        *code = decoded;
        whole & zeros
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_batch_comes_out_as_it_was_encoded() {
        for chip in Chip::ALL {
            let mut batch = Batch::new(chip);
            assert_eq!(batch.bytes.len(), FRAMES * chip.frame_bytes, "{}", chip.name);
            batch.check().unwrap();
            batch.expected[0] ^= 1;
            assert!(batch.check().is_err(), "{}", chip.name);
        }
    }
}
