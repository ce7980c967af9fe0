//! Half precision (IEEE 754 binary16), which Rust's stable types lack: its bits to an `f32`, and back. Knows no bytes and no types of streams.

/// The value of a binary16 from its bits: exact.
#[must_use]
pub fn f16_to_f32(bits: u16) -> f32 {
    let sign = if bits & 0x8000 == 0 { 1.0 } else { -1.0 };
    let fraction = f32::from(bits & 0x3FF);
    sign * match bits >> 10 & 0x1F {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        e => (fraction + 1024.0) * 2f32.powi(i32::from(e) - 25),
    }
}

/// The bits of the binary16 with a value that is one's exactly; any other is cut towards zero.
#[must_use]
pub const fn f32_to_f16(value: f32) -> u16 {
    let bits = value.to_bits();
    let sign = (bits >> 16 & 0x8000) as u16;
    let (exponent, fraction) = ((bits >> 23 & 0xff) as i32 - 127, bits & 0x7f_ffff);
    let magnitude = match exponent {
        128 if fraction != 0 => 0x7e00 | (fraction >> 13) as u16,
        16.. => 0x7c00,
        -14..=15 => ((exponent + 15) as u16) << 10 | (fraction >> 13) as u16,
        -25..=-15 => ((fraction | 0x80_0000) >> (-1 - exponent)) as u16,
        _ => 0,
    };
    sign | magnitude
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By IEEE 754: 1/3 is 0x3555, the smallest positive number 2^-24, the largest 65504.
    #[test]
    fn values_are_those_of_the_standard() {
        for (bits, value) in [(0x3555, 0.333_251_95), (1, 5.960_464_5e-8), (0x7BFF, 65504.0), (0xC000, -2.0)] {
            assert_eq!((f16_to_f32(bits), f32_to_f16(value)), (value, bits));
        }
    }

    #[test]
    fn both_ways_lead_back() {
        for bits in 0..=u16::MAX {
            let value = f16_to_f32(bits);
            // NaNs of one kind or another.
            assert!(f32_to_f16(value) == bits || value.is_nan() && f32_to_f16(value) & 0x7c00 == 0x7c00, "{bits:x}");
        }
    }
}
