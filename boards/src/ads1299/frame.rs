//! One frame of the ADS1299 in its 27 bytes: three of status, then three for each channel (SBAS499, data format).
//!
//! Pure decoding and encoding. Must never know of SPI or of what the samples mean.

use super::{CHANNELS, registers::Gpio};
use crate::adc::{Codes, FrameStatus};

/// Bytes of the status word.
pub const STATUS_BYTES: usize = 3;
/// Bytes of one sample.
pub const SAMPLE_BYTES: usize = 3;
/// Bytes of a frame.
pub const FRAME_BYTES: usize = STATUS_BYTES + CHANNELS * SAMPLE_BYTES;

/// The greatest code; everything above clips to it.
pub const CODE_MAX: i32 = 0x7F_FFFF;
/// The least code; everything below clips to it.
pub const CODE_MIN: i32 = -0x80_0000;

/// The 24 bits before the samples: `1100 | LOFF_STATP[7:0] | LOFF_STATN[7:0] | GPIO[4:1]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct StatusWord(pub u32);

impl StatusWord {
    /// The four bits that every frame begins with.
    pub const MARK: u32 = 0b1100 << Self::MARK_SHIFT;
    /// Where they are.
    pub const MARK_MASK: u32 = 0b1111 << Self::MARK_SHIFT;
    const MARK_SHIFT: u32 = 20;
    const POSITIVE_SHIFT: u32 = 12;
    const NEGATIVE_SHIFT: u32 = 4;

    /// From its parts.
    #[must_use]
    pub const fn new(lead_off_positive: u8, lead_off_negative: u8, gpio: u8) -> Self {
        Self(
            Self::MARK
                | (lead_off_positive as u32) << Self::POSITIVE_SHIFT
                | (lead_off_negative as u32) << Self::NEGATIVE_SHIFT
                | (gpio as u32 & 0b1111),
        )
    }

    /// From the first three bytes of a frame.
    #[must_use]
    pub const fn from_bytes(bytes: [u8; STATUS_BYTES]) -> Self {
        Self(u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]))
    }

    /// As it goes over the wire.
    #[must_use]
    pub const fn to_bytes(self) -> [u8; STATUS_BYTES] {
        let [_, high, middle, low] = self.0.to_be_bytes();
        [high, middle, low]
    }

    /// What it says.
    #[must_use]
    pub const fn status(self) -> FrameStatus {
        FrameStatus {
            lead_off_positive: (self.0 >> Self::POSITIVE_SHIFT) & 0xFF,
            lead_off_negative: (self.0 >> Self::NEGATIVE_SHIFT) & 0xFF,
            gpio: (self.0 & 0b1111) as u8,
            repeated: false,
        }
    }
}

/// Which bits of the status word are known beforehand, and what they are.
///
/// The chip has no checksum: the more of the status word is known, the more broken frames are found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct StatusCheck {
    mask: u32,
    value: u32,
}

impl StatusCheck {
    /// What is known of every frame of a chip: the mark, the level of the GPIO pins that are outputs, and, while the
    /// lead-off comparators are off, that no lead is off. (With GPIO = 80 that leaves `C0 00 08` alone.)
    #[must_use]
    pub const fn new(lead_off_comparators: bool, gpio: Gpio) -> Self {
        let outputs = !gpio.inputs & 0b1111;
        let lead_off = if lead_off_comparators { 0 } else { 0x0F_FFF0 };
        let mask = StatusWord::MARK_MASK | lead_off | outputs as u32;
        Self { mask, value: StatusWord::new(0, 0, gpio.data & outputs).0 }
    }

    /// Whether a status word can be this chip's.
    #[must_use]
    pub const fn accepts(self, word: StatusWord) -> bool {
        word.0 & self.mask == self.value
    }
}

/// A sample: big-endian two's complement of 24 bits, sign extended.
#[must_use]
pub const fn decode_sample(bytes: [u8; SAMPLE_BYTES]) -> i32 {
    // The sample goes into the upper three bytes; the arithmetic shift back brings the sign along.
    i32::from_be_bytes([bytes[0], bytes[1], bytes[2], 0]) >> 8
}

/// A code as the chip sends it. Codes outside 24 bits clip.
#[must_use]
pub fn encode_sample(code: i32) -> [u8; SAMPLE_BYTES] {
    let [_, high, middle, low] = code.clamp(CODE_MIN, CODE_MAX).to_be_bytes();
    [high, middle, low]
}

/// Decodes a frame into `codes` (channel 1 first) and returns its status word, unjudged.
#[must_use]
pub fn decode<C: Codes + ?Sized>(bytes: &[u8; FRAME_BYTES], codes: &mut C) -> StatusWord {
    let (status, samples) = bytes.split_at(STATUS_BYTES);
    for (channel, sample) in samples.as_chunks().0.iter().enumerate() {
        codes.set(channel, decode_sample(*sample));
    }
    StatusWord::from_bytes(status.first_chunk().copied().unwrap_or_default())
}

/// A frame as the chip sends it.
#[must_use]
pub fn encode(status: StatusWord, codes: &[i32; CHANNELS]) -> [u8; FRAME_BYTES] {
    let mut bytes = [0; FRAME_BYTES];
    let (word, samples) = bytes.split_at_mut(STATUS_BYTES);
    word.copy_from_slice(&status.to_bytes());
    for (sample, code) in samples.as_chunks_mut().0.iter_mut().zip(codes) {
        *sample = encode_sample(*code);
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    // Two's complement of 24 bits, worked out by hand.
    const SAMPLES: [([u8; 3], i32); 6] = [
        ([0x7F, 0xFF, 0xFF], 8_388_607),
        ([0x80, 0x00, 0x00], -8_388_608),
        ([0x00, 0x00, 0x01], 1),
        ([0xFF, 0xFF, 0xFF], -1),
        ([0x00, 0x00, 0x00], 0),
        ([0x01, 0x02, 0x03], 66_051),
    ];

    #[test]
    fn samples_are_sign_extended() {
        for (bytes, code) in SAMPLES {
            assert_eq!(decode_sample(bytes), code);
            assert_eq!(encode_sample(code), bytes);
        }
        assert_eq!(encode_sample(i32::MAX), [0x7F, 0xFF, 0xFF]);
        assert_eq!(encode_sample(i32::MIN), [0x80, 0x00, 0x00]);
    }

    #[test]
    fn a_frame_holds_its_channels_in_order() {
        let mut bytes = [0; FRAME_BYTES];
        bytes[..3].copy_from_slice(&[0xC0, 0x00, 0x08]);
        bytes[3..6].copy_from_slice(&[0x00, 0x00, 0x01]);
        bytes[24..27].copy_from_slice(&[0xFF, 0xFF, 0xFE]);
        let mut codes = [7; CHANNELS];
        let word = decode(&bytes, &mut codes);
        assert_eq!(codes, [1, 0, 0, 0, 0, 0, 0, -2]);
        assert_eq!(word.status(), FrameStatus { gpio: 8, ..FrameStatus::default() });
        assert_eq!(encode(word, &codes), bytes);
    }

    #[test]
    fn lead_off_bits_sit_between_the_mark_and_the_gpio_pins() {
        // b0 = C0 | P >> 4, b1 = P << 4 | N >> 4, b2 = N << 4 | GPIO
        let word = StatusWord::from_bytes([0xCA, 0x53, 0xC1]);
        assert_eq!(
            word.status(),
            FrameStatus { lead_off_positive: 0xA5, lead_off_negative: 0x3C, gpio: 1, repeated: false }
        );
        assert_eq!(StatusWord::new(0xA5, 0x3C, 1), word);
    }

    #[test]
    fn a_known_status_word_leaves_nothing_else() {
        let outputs = Gpio { data: 8, inputs: 0 };
        let strict = StatusCheck::new(false, outputs);
        for word in 0..1 << 24 {
            assert_eq!(strict.accepts(StatusWord(word)), word == 0xC0_0008);
        }
    }

    #[test]
    fn what_may_change_is_not_judged() {
        let inputs = Gpio { data: 0, inputs: 0b1111 };
        let loose = StatusCheck::new(true, inputs);
        assert!(loose.accepts(StatusWord(0xCF_FFFF)));
        assert!(loose.accepts(StatusWord(0xC0_0000)));
        assert!(!loose.accepts(StatusWord(0x00_0000)));
        assert!(!loose.accepts(StatusWord(0xFF_FFFF)));
        assert!(!StatusCheck::new(false, inputs).accepts(StatusWord(0xC0_0010)));
    }
}
