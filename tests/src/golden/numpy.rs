//! What numpy does with numbers when the recorder builds a message: element types by name, `arange`, `astype`.
//!
//! Knows element types. Must never know of messages or of shared memory.

use axismirror_core::dtype::DType;

/// A number as numpy holds it before the cast to an element type.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Number {
    /// Of an integer array.
    Int(i128),
    /// Of a float array.
    Float(f64),
}

/// From what `numpy.dtype` accepts as a name: `f4`, `<f4`, `float32`, and single characters (`?`, `q`).
pub(crate) fn dtype(name: &str) -> Option<DType> {
    const LONG_NAMES: [(&str, &str); 14] = [
        ("bool", "b1"),
        ("int8", "i1"),
        ("uint8", "u1"),
        ("int16", "i2"),
        ("uint16", "u2"),
        ("int32", "i4"),
        ("uint32", "u4"),
        ("int64", "i8"),
        ("uint64", "u8"),
        ("float16", "f2"),
        ("float32", "f4"),
        ("float64", "f8"),
        ("complex64", "c8"),
        ("complex128", "c16"),
    ];
    let code = LONG_NAMES.iter().find(|(long, _)| *long == name).map_or(name, |(_, code)| code);
    match code.as_bytes() {
        [c] => DType::from_char(*c),
        _ => DType::from_code(code),
    }
}

/// Appends one number as an element: `astype` from int64 (which wraps) or from float64.
pub(crate) fn push(out: &mut Vec<u8>, dtype: DType, n: Number) {
    // A float becomes an integer by truncation; an integer becomes a float by rounding once.
    let (int, f64_, f32_) = match n {
        Number::Int(i) => (i, i as f64, i as f32),
        Number::Float(f) => (f as i128, f, f as f32),
    };
    match dtype {
        DType::Bool => out.push(u8::from(n != Number::Int(0) && n != Number::Float(0.0))),
        DType::I8 | DType::U8 => out.push(int as u8),
        DType::I16 | DType::U16 => out.extend((int as u16).to_le_bytes()),
        DType::I32 | DType::U32 => out.extend((int as u32).to_le_bytes()),
        DType::I64 | DType::U64 | DType::LongLong | DType::ULongLong => out.extend((int as u64).to_le_bytes()),
        // numpy takes an integer to half precision by way of single precision.
        DType::F16 => out.extend(half(if matches!(n, Number::Int(_)) { f64::from(f32_) } else { f64_ }).to_le_bytes()),
        DType::F32 => out.extend(f32_.to_le_bytes()),
        DType::F64 => out.extend(f64_.to_le_bytes()),
        DType::C64 => {
            out.extend(f32_.to_le_bytes());
            out.extend(0f32.to_le_bytes());
        }
        DType::C128 => {
            out.extend(f64_.to_le_bytes());
            out.extend(0f64.to_le_bytes());
        }
    }
}

/// IEEE 754 half precision of a double, rounded to nearest, ties to even.
pub(crate) fn half(x: f64) -> u16 {
    /// Exponent of the smallest normal half, 2^-14; the spacing below it is 2^-24.
    const MIN_NORMAL_EXPONENT: i32 = -14;
    const MANTISSA_BITS: i32 = 10;
    const INFINITY: u16 = 0x7C00;
    let sign = if x.is_sign_negative() { 0x8000 } else { 0 };
    let magnitude = x.abs();
    if magnitude.is_nan() {
        return sign | INFINITY | 0x200;
    }
    if magnitude.is_infinite() {
        return sign | INFINITY;
    }
    // The biased f64 exponent; a subnormal double is far below half the smallest half and rounds to zero either way.
    let exponent = ((magnitude.to_bits() >> 52) as i32 - 1023).max(MIN_NORMAL_EXPONENT);
    if exponent > 15 {
        return sign | INFINITY;
    }
    // In units of the spacing of halves at this exponent. Powers of two: exact until the rounding.
    let units = (magnitude * 2f64.powi(MANTISSA_BITS - exponent)).round_ties_even() as u32;
    // Normal: 1024..=2048 units, where 2048 carries into the exponent by itself. Subnormal: below 1024, exponent field 0.
    let biased = (exponent - MIN_NORMAL_EXPONENT) as u32;
    sign | ((biased << MANTISSA_BITS) + units) as u16
}

#[cfg(test)]
mod tests {
    use super::{DType, Number, dtype, half, push};

    #[test]
    fn halves_as_ieee_754_has_them() {
        // Pairs from the standard's own table of binary16 examples, and numpy's astype for the ties.
        for (x, bits) in [
            (0.0, 0x0000),
            (-0.0, 0x8000),
            (1.0, 0x3C00),
            (-2.0, 0xC000),
            (65504.0, 0x7BFF),
            (65519.99, 0x7BFF),
            (65520.0, 0x7C00),
            (1e300, 0x7C00),
            (2049.0, 0x6800),
            (2051.0, 0x6802),
            (0.333_251_953_125, 0x3555),
            (2f64.powi(-14), 0x0400),
            (2f64.powi(-24), 0x0001),
            (2f64.powi(-25), 0x0000),
            (1.5 * 2f64.powi(-25), 0x0001),
            (2f64.powi(-14) - 2f64.powi(-24), 0x03FF),
            (f64::NEG_INFINITY, 0xFC00),
        ] {
            assert_eq!(half(x), bits, "{x}");
        }
    }

    #[test]
    fn integers_wrap_as_astype_does() {
        let mut out = Vec::new();
        push(&mut out, DType::I8, Number::Int(200));
        push(&mut out, DType::U16, Number::Int(-1));
        push(&mut out, DType::Bool, Number::Int(2));
        assert_eq!(out, [0xC8, 0xFF, 0xFF, 1]);
    }

    #[test]
    fn names_of_element_types() {
        assert_eq!(dtype("?"), Some(DType::Bool));
        assert_eq!(dtype("q"), Some(DType::LongLong));
        assert_eq!(dtype("i8"), Some(DType::I64));
        assert_eq!(dtype("float32"), Some(DType::F32));
        assert_eq!(dtype("<u2"), Some(DType::U16));
        assert_eq!(dtype("O"), None);
    }
}
