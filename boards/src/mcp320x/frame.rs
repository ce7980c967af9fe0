//! One conversion of the MCP3008 and MCP3208 in its three bytes (DS21295 and DS21298, sections 5 and 6.1).
//!
//! Pure decoding and encoding. Must never know of SPI or of what the samples mean.
//!
//! The host sends a start bit, single-ended or differential, and three bits of channel; the chip takes one clock for the
//! sample, then sends a zero and the result. In whole bytes, with the result ending on the last bit (section 6.1):
//!
//! ```text
//! MCP3208  host  0 0 0 0 0 1 S D2 | D1 D0 x x  x   x   x  x  | x ...
//!          chip  . . . . . . . .  | .  .  . 0 B11 B10 B9 B8  | B7 ... B0
//! MCP3008  host  0 0 0 0 0 0 0 1  | S D2 D1 D0 x   x   x  x  | x ...
//!          chip  . . . . . . . .  | .  .  .  . .   0   B9 B8 | B7 ... B0
//! ```

use super::{INPUTS, Part};
use crate::scan::Pair;

/// Bytes of one conversion.
pub const BYTES: usize = 3;

/// Clocks from the start bit to the zero before the result: start, S, D2 to D0, sample.
const TO_NULL_BIT: u32 = 6;

/// The four bits behind the start bit, S and D2 to D0 (table of configuration bits, section 5). `None` when the chip cannot
/// measure that.
#[must_use]
pub fn select(pair: Pair) -> Option<u8> {
    if pair.positive >= INPUTS {
        return None;
    }
    match pair.negative {
        None => Some(0b1000 | pair.positive),
        Some(negative) if negative == pair.positive ^ 1 => Some(pair.positive),
        Some(_) => None,
    }
}

/// What four such bits ask for.
#[must_use]
pub const fn pair(select: u8) -> Pair {
    let positive = select & 0b111;
    if select & 0b1000 == 0 { Pair::differential(positive, positive ^ 1) } else { Pair::single(positive) }
}

/// What the host sends for a conversion.
#[must_use]
pub fn request(part: Part, select: u8) -> [u8; BYTES] {
    // Start bit and select end right before sample, zero and result.
    let asked = 0b1_0000 | u32::from(select & 0b1111);
    let [_, bytes @ ..] = (asked << (part.bits() + 2)).to_be_bytes();
    bytes
}

/// The code, and whether the bit before it was the zero that it must be. What comes before that nobody drives.
#[must_use]
pub fn decode(part: Part, bytes: [u8; BYTES]) -> (i32, bool) {
    let [high, middle, low] = bytes;
    let word = i32::from_be_bytes([0, high, middle, low]);
    (word & part.code_max(), word >> part.bits() & 1 == 0)
}

/// What the chip puts on DOUT, by clocks since the start bit (which is 0): `None` while nobody drives the line.
///
/// The zero, the result from its highest bit on, then once more from the lowest but one up, then zeros (figures 5-1, 5-2).
#[must_use]
pub fn bit(part: Part, code: u16, clock: u32) -> Option<bool> {
    let bits = u32::from(part.bits());
    let behind = clock.checked_sub(TO_NULL_BIT)?;
    let at = |position: u32| Some(code >> position & 1 == 1);
    match behind {
        0 => Some(false),
        n if n <= bits => at(bits - n),
        n if n < 2 * bits => at(n - bits),
        _ => Some(false),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The words that DS21298 and DS21295 show in section 6.1, and those of public drivers.
    #[test]
    fn requests_are_those_of_the_datasheets() {
        let at = |part, channel| request(part, select(Pair::single(channel)).unwrap());
        assert_eq!(at(Part::Mcp3208, 0), [0x06, 0x00, 0x00]);
        assert_eq!(at(Part::Mcp3208, 3), [0x06, 0xC0, 0x00]);
        assert_eq!(at(Part::Mcp3208, 7), [0x07, 0xC0, 0x00]);
        assert_eq!(at(Part::Mcp3008, 0), [0x01, 0x80, 0x00]);
        assert_eq!(at(Part::Mcp3008, 5), [0x01, 0xD0, 0x00]);
        let differential = select(Pair::differential(3, 2)).unwrap();
        assert_eq!(request(Part::Mcp3208, differential), [0x04, 0xC0, 0x00]);
        assert_eq!(request(Part::Mcp3008, differential), [0x01, 0x30, 0x00]);
    }

    #[test]
    fn only_neighbours_make_a_pair() {
        assert_eq!(select(Pair::differential(6, 7)), Some(6));
        assert_eq!(select(Pair::differential(7, 6)), Some(7));
        assert_eq!(select(Pair::differential(1, 2)), None);
        assert_eq!(select(Pair::differential(0, 0)), None);
        assert_eq!(select(Pair::single(8)), None);
        for bits in 0..16 {
            assert_eq!(select(pair(bits)), Some(bits));
        }
    }

    #[test]
    fn what_nobody_drives_is_not_read() {
        assert_eq!(decode(Part::Mcp3208, [0xFF, 0xEA, 0x5C]), (0xA5C, true));
        assert_eq!(decode(Part::Mcp3208, [0x00, 0x0A, 0x5C]), (0xA5C, true));
        assert_eq!(decode(Part::Mcp3008, [0xFF, 0xFA, 0x5C]), (0x25C, true));
        assert_eq!(decode(Part::Mcp3008, [0xFF, 0xFF, 0xFF]), (0x3FF, false));
        assert_eq!(decode(Part::Mcp3208, [0xFF, 0xFF, 0xFF]), (0xFFF, false));
    }

    #[test]
    fn bits_come_highest_first_then_lowest_first_then_zeros() {
        // 1010 0101 1100, a zero before it, and again backwards without its last bit.
        let expected = "......0101001011100011101001010000";
        let found: std::string::String = (0..expected.len() as u32)
            .map(|clock| bit(Part::Mcp3208, 0xA5C, clock).map_or('.', |b| if b { '1' } else { '0' }))
            .collect();
        assert_eq!(found, expected);
    }
}
