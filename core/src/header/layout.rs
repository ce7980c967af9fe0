//! Where each header field lies, for each `struct_version` (spec: wire, header).
//!
//! ```text
//!  v0   v1,v2            bytes
//!        0   magic         4   0x455A4D53, "SMZE" in memory
//!        4   struct_version 4
//!   0    8   bvalid        1   1 when the data segment matches the rest
//!   1    9   dtype         1   numpy's dtype.char
//!   2   10   srate         8   f64, Hz; 0 when irregular
//!  10   18   ndim          4
//!  14   22   shape       256   u32 x 64; shape[0] = frames in the ring
//! 270  278   buffer_generation 4
//! 274  282   wrap_counter  8
//! 282  290   key        1024   UTF-8
//! 1306 1314  key_len       4
//! 1310 1318  write_index   8   frames
//!      1326  meta_generation 4 0 = no static metadata yet
//!      1330  aux_nbytes    4   length of the static metadata
//! 1318 1334  end
//! ...
//! 2048 2048  extension block (see `extension`), which old readers never look at
//! 4096 4096  end of our header segment
//! ```
//!
//! All is packed and little-endian. Every multi-byte field behind the magic lies at 2 modulo 4. Knows no memory: numbers only.

use crate::axis_array::MAX_RANK;

/// First word of the header in versions 1 and 2.
pub const MAGIC: u32 = 0x455A_4D53;
/// Bytes of the key that the header holds.
pub const MAX_KEY: usize = 1024;
/// Length of the header segment as we make it: one page, with the extension block in its second half. Readers ignore what lies
/// behind their header.
pub const HEADER_SEGMENT_LEN: usize = 4096;

/// Which releases of ezmsg-tools can read a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum StructVersion {
    /// 0.1.0 to 0.3.2: no magic, no static metadata.
    V0,
    /// 0.4.0 to 0.9.0: magic, static metadata.
    V1,
    /// 0.10.0: and one time a frame.
    #[default]
    V2,
}

impl StructVersion {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::V0, Self::V1, Self::V2];

    /// The number in the header and in the settings.
    #[must_use]
    pub const fn number(self) -> u32 {
        match self {
            Self::V0 => 0,
            Self::V1 => 1,
            Self::V2 => 2,
        }
    }

    /// From its number; `None` for one that we do not know.
    #[must_use]
    pub fn from_number(number: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|v| v.number() == number)
    }

    /// Whether there is a magic, and with it a version number and static metadata.
    #[must_use]
    pub const fn has_static_metadata(self) -> bool {
        !matches!(self, Self::V0)
    }

    /// Whether the data segment starts with one f64 time a frame.
    #[must_use]
    pub const fn has_times(self) -> bool {
        matches!(self, Self::V2)
    }

    /// Length of the header in bytes.
    #[must_use]
    pub const fn header_len(self) -> usize {
        match self {
            Self::V0 => V0_LEN,
            Self::V1 | Self::V2 => AUX_NBYTES + 4,
        }
    }

    /// Where the fields that all versions share begin.
    pub(super) const fn base(self) -> usize {
        match self {
            Self::V0 => 0,
            Self::V1 | Self::V2 => 8,
        }
    }
}

// In versions 1 and 2 only.
pub(super) const MAGIC_AT: usize = 0;
pub(super) const VERSION_AT: usize = 4;

// Relative to `StructVersion::base`.
pub(super) const BVALID: usize = 0;
pub(super) const DTYPE: usize = 1;
pub(super) const SRATE: usize = 2;
pub(super) const NDIM: usize = 10;
pub(super) const SHAPE: usize = 14;
pub(super) const BUFFER_GENERATION: usize = SHAPE + 4 * MAX_RANK;
pub(super) const WRAP_COUNTER: usize = BUFFER_GENERATION + 4;
pub(super) const KEY: usize = WRAP_COUNTER + 8;
pub(super) const KEY_LEN: usize = KEY + MAX_KEY;
pub(super) const WRITE_INDEX: usize = KEY_LEN + 4;
const V0_LEN: usize = WRITE_INDEX + 8;

// Absolute, in versions 1 and 2 only.
pub(super) const META_GENERATION: usize = 8 + V0_LEN;
pub(super) const AUX_NBYTES: usize = META_GENERATION + 4;

const _: () = {
    assert!(BUFFER_GENERATION == 270 && WRAP_COUNTER == 274 && KEY == 282 && KEY_LEN == 1306 && WRITE_INDEX == 1310);
    assert!(StructVersion::V0.header_len() == 1318);
    assert!(StructVersion::V1.header_len() == 1334 && StructVersion::V2.header_len() == 1334);
    assert!(META_GENERATION == 1326 && AUX_NBYTES == 1330);
    // The view's split into aligned pieces rests on this.
    assert!(SRATE % 4 == 2 && NDIM % 4 == 2 && SHAPE % 4 == 2 && BUFFER_GENERATION % 4 == 2 && WRAP_COUNTER % 4 == 2);
    assert!(KEY_LEN % 4 == 2 && WRITE_INDEX % 4 == 2 && META_GENERATION % 4 == 2 && AUX_NBYTES % 4 == 2);
    assert!(StructVersion::V2.base().is_multiple_of(4) && StructVersion::V0.base().is_multiple_of(4));
};
