//! A result of the ADS1256 in its three bytes, and what proves that a scan is sound (SBAS288, data format).
//!
//! Pure decoding and encoding. Must never know of SPI or of what the samples mean.

use super::registers::Status;

/// Bytes of a result.
pub const SAMPLE_BYTES: usize = 3;

/// The greatest code; everything above clips to it.
pub const CODE_MAX: i32 = 0x7F_FFFF;
/// The least code; everything below clips to it.
pub const CODE_MIN: i32 = -0x80_0000;

/// A sample from its bytes: 24 bits, big-endian, two's complement.
#[must_use]
pub const fn decode_sample(bytes: [u8; SAMPLE_BYTES]) -> i32 {
    i32::from_be_bytes([bytes[0], bytes[1], bytes[2], 0]) >> 8
}

/// A sample as it goes over the wire; clips.
#[must_use]
pub fn encode_sample(code: i32) -> [u8; SAMPLE_BYTES] {
    let [_, bytes @ ..] = code.clamp(CODE_MIN, CODE_MAX).to_be_bytes();
    bytes
}

/// Whether STATUS and MUX, as read at the end of a scan, can be this chip's: its ID, the highest bit first, and the input that
/// was switched to.
///
/// Results have neither status nor checksum: this is what finds a chip that was reset, a line that is stuck, and a command
/// that did not arrive. It says nothing of a bit that flipped in a result.
#[must_use]
pub const fn is_sound(status: u8, mux: u8, expected_mux: u8) -> bool {
    let status = Status::from_byte(status);
    status.id == Status::ID && !status.least_first && mux == expected_mux
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn samples_lead_back() {
        for (bytes, code) in
            [([0x7F, 0xFF, 0xFF], CODE_MAX), ([0x80, 0, 0], CODE_MIN), ([0xFF, 0xFF, 0xFF], -1), ([0, 0, 1], 1)]
        {
            assert_eq!((decode_sample(bytes), encode_sample(code)), (code, bytes));
        }
    }

    #[test]
    fn stuck_lines_and_lost_commands_are_not_sound() {
        assert!(is_sound(0x30, 0x08, 0x08) && is_sound(0x31, 0x78, 0x78));
        assert!(!is_sound(0x00, 0x00, 0x08) && !is_sound(0xFF, 0xFF, 0x08));
        assert!(!is_sound(0x30, 0x18, 0x08) && !is_sound(0x38, 0x08, 0x08));
    }
}
