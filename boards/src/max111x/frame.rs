//! One conversion of the MAX1110 and MAX1111 in its three bytes (19-1194, control byte and external clock mode).
//!
//! Pure decoding and encoding. Must never know of SPI or of what the samples mean.
//!
//! ```text
//! host  1 SEL2 SEL1 SEL0 UNI SGL PD1 PD0 | 0 ...           | 0 ...
//! chip  . .    .    .    .   .   .   .   | 0 0 D7 ... D2   | D1 D0 0 0 0 0 0 0
//! ```
//!
//! SEL2 is the lowest bit of the input's number: the order of the bits is not that of the number. (Linux' max1111.c
//! shifts the number in as it is: its inputs 1 and 2 are CH2 and CH1 of the data sheet.)

use super::Part;
use crate::scan::Pair;

/// Bytes of one conversion.
pub const BYTES: usize = 3;

const START: u8 = 1 << 7;
const SEL2: u8 = 1 << 6;
const SEL1: u8 = 1 << 5;
const SEL0: u8 = 1 << 4;
const UNIPOLAR: u8 = 1 << 3;
const SINGLE_ENDED: u8 = 1 << 2;
/// Not powered down.
const POWER: u8 = 1 << 1;
/// SCLK is the converter's clock.
const EXTERNAL_CLOCK: u8 = 1;

/// Zeros before and behind the result, by byte.
const ZEROS: [u8; BYTES] = [0, 0b1100_0000, 0b0011_1111];

/// The control byte for a conversion. `None` when the chip cannot measure that.
#[must_use]
pub fn control(part: Part, pair: Pair, bipolar: bool) -> Option<u8> {
    let Pair { positive, negative } = pair;
    let possible = positive < part.inputs() && negative.is_none_or(|n| n == positive ^ 1);
    let high = match part {
        Part::Max1110 => bit(positive & 4 != 0, SEL1) | bit(positive & 2 != 0, SEL0),
        Part::Max1111 => bit(positive & 2 != 0, SEL1),
    };
    let select = bit(positive & 1 != 0, SEL2) | high;
    let mode = bit(!bipolar, UNIPOLAR) | bit(negative.is_none(), SINGLE_ENDED);
    possible.then_some(START | select | mode | POWER | EXTERNAL_CLOCK)
}

const fn bit(on: bool, mask: u8) -> u8 {
    if on { mask } else { 0 }
}

/// What a control byte asks for: the inputs, and whether it is bipolar. `None` when it is none, or powers the chip down.
#[must_use]
pub const fn asked(part: Part, control: u8) -> Option<(Pair, bool)> {
    if control & START == 0 || control & POWER == 0 {
        return None;
    }
    let low = (control & SEL2 != 0) as u8;
    let positive = match part {
        Part::Max1110 => ((control & SEL1 != 0) as u8) << 2 | ((control & SEL0 != 0) as u8) << 1 | low,
        Part::Max1111 => ((control & SEL1 != 0) as u8) << 1 | low,
    };
    let pair =
        if control & SINGLE_ENDED != 0 { Pair::single(positive) } else { Pair::differential(positive, positive ^ 1) };
    Some((pair, control & UNIPOLAR == 0))
}

/// The code, and whether there are zeros before and behind it.
#[must_use]
pub const fn decode(bytes: [u8; BYTES], bipolar: bool) -> (i32, bool) {
    let [_, high, low] = bytes;
    let byte = high << 2 | low >> 6;
    let code = if bipolar { byte as i8 as i32 } else { byte as i32 };
    (code, high & ZEROS[1] == 0 && low & ZEROS[2] == 0)
}

/// What the chip sends behind the control byte: 16 bits.
#[must_use]
pub const fn encode(code: i32) -> u16 {
    (code as u8 as u16) << 6
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inputs_are_those_of_the_data_sheets_table() {
        let select = |part, input| control(part, Pair::single(input), false).unwrap() >> 4 & 0b111;
        let max1110: std::vec::Vec<u8> = (0..8).map(|i| select(Part::Max1110, i)).collect();
        assert_eq!(max1110, [0b000, 0b100, 0b001, 0b101, 0b010, 0b110, 0b011, 0b111]);
        let max1111: std::vec::Vec<u8> = (0..4).map(|i| select(Part::Max1111, i)).collect();
        assert_eq!(max1111, [0b000, 0b100, 0b010, 0b110]);
        // Linux' max1111.c sends this for its input 0.
        assert_eq!(control(Part::Max1111, Pair::single(0), false), Some(0x8F));
        assert_eq!(control(Part::Max1111, Pair::differential(1, 0), true), Some(0xC3));
        assert_eq!(control(Part::Max1111, Pair::single(4), false), None);
        assert_eq!(control(Part::Max1110, Pair::differential(1, 2), false), None);
    }

    #[test]
    fn control_bytes_lead_back() {
        for part in [Part::Max1110, Part::Max1111] {
            for input in 0..part.inputs() {
                for pair in [Pair::single(input), Pair::differential(input, input ^ 1)] {
                    for bipolar in [false, true] {
                        let byte = control(part, pair, bipolar).unwrap();
                        assert_eq!(asked(part, byte), Some((pair, bipolar)));
                    }
                }
            }
        }
        assert_eq!(asked(Part::Max1110, 0x0F), None);
        assert_eq!(asked(Part::Max1110, 0x8D), None);
    }

    #[test]
    fn results_sit_between_zeros() {
        assert_eq!(decode([0xFF, 0b0010_1001, 0b0100_0000], false), (0b1010_0101, true));
        assert_eq!(decode([0xFF, 0b0010_1001, 0b0100_0000], true), (0b1010_0101 - 256, true));
        assert_eq!(encode(0b1010_0101).to_be_bytes(), [0b0010_1001, 0b0100_0000]);
        assert!(!decode([0, 0xFF, 0xFF], false).1 && !decode([0, 0x80, 0], false).1 && !decode([0, 0, 1], false).1);
    }
}
