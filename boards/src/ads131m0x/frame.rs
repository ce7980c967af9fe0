//! Frames of the ADS131M0x: words of 24 bits, of which commands, registers and checksums use the upper 16
//! (SBAS950, section 8.5.1).
//!
//! ```text
//! host   command | (registers) | checksum | 0 ...
//! chip   response to the frame before | CH0 | ... | CH7 | checksum
//! ```
//!
//! Pure decoding and encoding. Must never know of SPI or of what the samples mean.

use crate::adc::Codes;

use super::MAX_CHANNELS;

/// Bytes of a word, as the chip has it after a reset.
pub const WORD_BYTES: usize = 3;
/// Bytes of the longest frame.
pub const MAX_BYTES: usize = (MAX_CHANNELS + 2) * WORD_BYTES;

/// The greatest code; everything above clips to it.
pub const CODE_MAX: i32 = 0x7F_FFFF;
/// The least code; everything below clips to it.
pub const CODE_MIN: i32 = -0x80_0000;

/// The checksum after a reset: CCITT, polynomial 1021, seed FFFF, highest bit first (SBAS950, section 8.3.12; Linux has the same).
///
/// ```
/// use axismirror_boards::ads131m0x::frame::checksum;
/// let mut bytes = [0; 15];
/// bytes[..2].copy_from_slice(&[0x24, 0x05]);
/// assert_eq!(checksum(&bytes), 0xCEA1); // from a real ADS131M04's log
/// ```
#[must_use]
pub const fn checksum(bytes: &[u8]) -> u16 {
    const POLYNOMIAL: u16 = 0x1021;
    let mut crc = 0xFFFF;
    let mut at = 0;
    while at < bytes.len() {
        crc ^= (bytes[at] as u16) << 8;
        let mut bit = 0;
        while bit < 8 {
            crc = if crc & 0x8000 == 0 { crc << 1 } else { crc << 1 ^ POLYNOMIAL };
            bit += 1;
        }
        at += 1;
    }
    crc
}

/// 16 bits in a word.
#[must_use]
pub const fn word(value: u16) -> [u8; WORD_BYTES] {
    let [high, low] = value.to_be_bytes();
    [high, low, 0]
}

/// The 16 bits of the word that begins at `at`; 0 past the end.
#[must_use]
pub fn word_at(bytes: &[u8], at: usize) -> u16 {
    match bytes.get(at..at + 2) {
        Some([high, low]) => u16::from_be_bytes([*high, *low]),
        _ => 0,
    }
}

/// A sample from its bytes.
#[must_use]
pub const fn decode_sample(bytes: [u8; WORD_BYTES]) -> i32 {
    i32::from_be_bytes([bytes[0], bytes[1], bytes[2], 0]) >> 8
}

/// A sample as it goes over the wire; clips.
#[must_use]
pub fn encode_sample(code: i32) -> [u8; WORD_BYTES] {
    let [_, bytes @ ..] = code.clamp(CODE_MIN, CODE_MAX).to_be_bytes();
    bytes
}

/// A frame whose checksum does not fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Mismatch {
    /// The checksum in the frame.
    pub received: u16,
    /// The checksum of its bytes.
    pub computed: u16,
}

/// The response of a frame from the chip, and its samples into `codes`, of which there must be as many as the frame has.
///
/// # Errors
/// [`Mismatch`]; `codes` is then untouched.
pub fn decode<C: Codes + ?Sized>(bytes: &[u8], codes: &mut C) -> Result<u16, Mismatch> {
    let end = bytes.len().saturating_sub(WORD_BYTES);
    let (received, computed) = (word_at(bytes, end), checksum(bytes.get(..end).unwrap_or_default()));
    if received != computed {
        return Err(Mismatch { received, computed });
    }
    let samples = bytes.get(WORD_BYTES..end).unwrap_or_default();
    for (channel, sample) in samples.as_chunks().0.iter().enumerate() {
        codes.set(channel, decode_sample(*sample));
    }
    Ok(word_at(bytes, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_a_real_device() {
        let log = [
            0xFF, 0x24, 0x00, 0xF7, 0xA8, 0x66, 0x7F, 0xFF, 0xFF, 0x7F, 0xFF, 0xFF, 0xF2, 0x57, 0x68, 0x27, 0xC4, 0x00,
        ];
        let mut codes = [0; 4];
        assert_eq!(decode(&log, &mut codes), Ok(0xFF24));
        assert_eq!(codes, [-546_714, 8_388_607, 8_388_607, -895_128]);
        // And the check value of CRC-16/CCITT-FALSE.
        assert_eq!(checksum(b"123456789"), 0x29B1);
    }

    #[test]
    fn every_flipped_bit_is_found() {
        let mut good = [0; 18];
        good[..2].copy_from_slice(&[0x24, 0x05]);
        good[15..17].copy_from_slice(&[0xCE, 0xA1]);
        let mut codes = [7; 4];
        assert_eq!(decode(&good, &mut codes), Ok(0x2405));
        for bit in 0..17 * 8 {
            let mut bad = good;
            bad[bit / 8] ^= 0x80 >> (bit % 8);
            codes = [7; 4];
            assert!(decode(&bad, &mut codes).is_err(), "bit {bit}");
            assert_eq!(codes, [7; 4]);
        }
    }

    #[test]
    fn samples_lead_back() {
        for (bytes, code) in
            [([0x7F, 0xFF, 0xFF], CODE_MAX), ([0x80, 0, 0], CODE_MIN), ([0xFF, 0xFF, 0xFF], -1), ([0, 0, 1], 1)]
        {
            assert_eq!((decode_sample(bytes), encode_sample(code)), (code, bytes));
        }
        assert_eq!(encode_sample(i32::MIN), [0x80, 0, 0]);
    }

    #[test]
    fn no_length_panics() {
        for length in 0..8 {
            let _ = decode(&[0xFF; 8][..length], &mut [0; 8]);
        }
    }
}
