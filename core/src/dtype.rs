//! Element types of samples, by the character that numpy calls `dtype.char`.
//!
//! Knows sizes and names. Never looks at data.

/// The type of one sample (element of an array).
///
/// `l`, `L` and `q`, `Q` are both 64-bit (numpy on Linux); they stay apart because the header carries the character itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[repr(u8)]
pub enum DType {
    /// `?`, one byte, 0 or 1.
    Bool = b'?',
    /// `b`
    I8 = b'b',
    /// `B`
    U8 = b'B',
    /// `h`
    I16 = b'h',
    /// `H`
    U16 = b'H',
    /// `i`
    I32 = b'i',
    /// `I`
    U32 = b'I',
    /// `l`, 64-bit: what numpy calls `int64` on Linux.
    I64 = b'l',
    /// `L`, 64-bit: what numpy calls `uint64` on Linux.
    U64 = b'L',
    /// `q`, 64-bit (numpy's `longlong`).
    LongLong = b'q',
    /// `Q`, 64-bit (numpy's `ulonglong`).
    ULongLong = b'Q',
    /// `e`, IEEE 754 half precision.
    F16 = b'e',
    /// `f`
    F32 = b'f',
    /// `d`
    F64 = b'd',
    /// `F`, two `f32`.
    C64 = b'F',
    /// `D`, two `f64`.
    C128 = b'D',
}

impl DType {
    /// All of them, in the order of the contract with readers.
    pub const ALL: [Self; 16] = [
        Self::Bool,
        Self::I8,
        Self::U8,
        Self::I16,
        Self::U16,
        Self::I32,
        Self::U32,
        Self::I64,
        Self::U64,
        Self::LongLong,
        Self::ULongLong,
        Self::F16,
        Self::F32,
        Self::F64,
        Self::C64,
        Self::C128,
    ];

    /// From numpy's `dtype.char`; `None` for a character that the ring does not carry (`O`, `S`, `U`, `V`, `g`, ...).
    #[must_use]
    pub fn from_char(c: u8) -> Option<Self> {
        Self::ALL.into_iter().find(|d| d.char() == c)
    }

    /// numpy's `dtype.char`.
    #[must_use]
    pub const fn char(self) -> u8 {
        self as u8
    }

    /// Size of one sample in bytes.
    #[must_use]
    pub const fn size(self) -> usize {
        match self {
            Self::Bool | Self::I8 | Self::U8 => 1,
            Self::I16 | Self::U16 | Self::F16 => 2,
            Self::I32 | Self::U32 | Self::F32 => 4,
            Self::I64 | Self::U64 | Self::LongLong | Self::ULongLong | Self::F64 | Self::C64 => 8,
            Self::C128 => 16,
        }
    }

    /// numpy's name of the little-endian type as in `dtype.str`, without the byte order: `i4`, `f8`, `b1`.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Bool => "b1",
            Self::I8 => "i1",
            Self::U8 => "u1",
            Self::I16 => "i2",
            Self::U16 => "u2",
            Self::I32 => "i4",
            Self::U32 => "u4",
            Self::I64 | Self::LongLong => "i8",
            Self::U64 | Self::ULongLong => "u8",
            Self::F16 => "f2",
            Self::F32 => "f4",
            Self::F64 => "f8",
            Self::C64 => "c8",
            Self::C128 => "c16",
        }
    }

    /// From a name as in numpy's `dtype.str`, with or without byte order: `i4`, `<f8`, `|u1`. Big-endian (`>`) is `None`.
    #[must_use]
    pub fn from_code(code: &str) -> Option<Self> {
        let code = code.strip_prefix(['<', '|', '=']).unwrap_or(code);
        Self::ALL.into_iter().find(|d| d.code() == code)
    }
}

#[cfg(test)]
mod tests {
    use super::DType;

    #[test]
    fn characters_and_codes_lead_back() {
        for d in DType::ALL {
            assert_eq!(DType::from_char(d.char()), Some(d));
            assert_eq!(DType::from_code(d.code()).map(DType::size), Some(d.size()));
        }
        assert_eq!(DType::from_char(b'O'), None);
        assert_eq!(DType::from_code(">i4"), None);
    }

    #[test]
    fn int64_is_l_as_numpy_on_linux() {
        assert_eq!(DType::from_code("i8"), Some(DType::I64));
        assert_eq!(DType::I64.char(), b'l');
    }
}
