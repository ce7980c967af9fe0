//! Field access over the header's bytes.
//!
//! A view is made of memory that is long enough, and from then on no accessor can fail. Multi-byte fields lie at 2 modulo 4: each is
//! read and written as a fixed split into aligned pieces (u64 = u16, u32, u16; u32 = u16, u16), low piece last on writing, so that an
//! index that stays below 65,536 changes with one indivisible store. Judges nothing: any bytes are a header.

use super::generation::Generation;
use super::layout::{self, MAGIC, MAX_KEY, StructVersion};
use crate::axis_array::MAX_RANK;
use crate::fence::{Acquire, Release};
use crate::memory::{Memory, MemoryMut, Word};

/// Why a segment is not a header that we can read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum HeaderError {
    /// Shorter than any header.
    #[error("the header segment has {len} bytes; a header of struct_version {version} has {needed}")]
    TooShort {
        /// Its length.
        len: usize,
        /// What the version needs.
        needed: usize,
        /// The version it was taken for.
        version: u32,
    },
    /// It has the magic, but a version from the future.
    #[error("the header's struct_version is {version}; versions 0, 1 and 2 are known")]
    UnknownVersion {
        /// The version it names.
        version: u32,
    },
}

/// The header's fields over shared memory.
#[derive(Clone, Copy, Debug)]
pub struct HeaderView<M> {
    memory: M,
    version: StructVersion,
}

impl<M: Memory> HeaderView<M> {
    /// A view for a version that the caller knows.
    ///
    /// # Errors
    /// [`HeaderError::TooShort`].
    #[inline]
    pub fn new(memory: M, version: StructVersion) -> Result<Self, HeaderError> {
        let (len, needed) = (memory.len(), version.header_len());
        if len < needed {
            return Err(HeaderError::TooShort { len, needed, version: version.number() });
        }
        Ok(Self { memory, version })
    }

    /// Finds out the version: by the magic, and version 0 when there is none.
    ///
    /// # Errors
    /// [`HeaderError`].
    pub fn detect(memory: M) -> Result<Self, HeaderError> {
        if memory.len() < layout::VERSION_AT + 4 || memory.load_u32(layout::MAGIC_AT) != MAGIC.to_le() {
            return Self::new(memory, StructVersion::V0);
        }
        memory.fence_acquire(Acquire::Magic);
        let version = u32::from_le(memory.load_u32(layout::VERSION_AT));
        match StructVersion::from_number(version) {
            Some(v) if v.has_static_metadata() => Self::new(memory, v),
            _ => Err(HeaderError::UnknownVersion { version }),
        }
    }

    /// Which version this view reads.
    #[must_use]
    pub const fn version(&self) -> StructVersion {
        self.version
    }

    /// The memory under it.
    #[must_use]
    pub const fn memory(&self) -> &M {
        &self.memory
    }

    /// Whether the data segment matches the other fields.
    #[must_use]
    #[inline]
    pub fn bvalid(&self) -> bool {
        self.memory.load_u8(self.at(layout::BVALID)) != 0
    }

    /// numpy's `dtype.char`, whatever it is.
    #[must_use]
    pub fn dtype(&self) -> u8 {
        self.memory.load_u8(self.at(layout::DTYPE))
    }

    /// Sample rate in Hz; 0.0 when irregular.
    #[must_use]
    pub fn srate(&self) -> f64 {
        f64::from_bits(self.load_u64(self.at(layout::SRATE)))
    }

    /// Number of dimensions, the frames' one included.
    #[must_use]
    pub fn ndim(&self) -> u32 {
        self.load_u32(self.at(layout::NDIM))
    }

    /// Length of a dimension; 0 for one that the header has no room for.
    #[must_use]
    pub fn shape(&self, dimension: usize) -> u32 {
        if dimension < MAX_RANK { self.load_u32(self.at(layout::SHAPE + 4 * dimension)) } else { 0 }
    }

    /// Number of the data segment.
    #[must_use]
    pub fn buffer_generation(&self) -> Generation {
        Generation::from_number(self.load_u32(self.at(layout::BUFFER_GENERATION)))
    }

    /// How often the ring was filled.
    #[must_use]
    pub fn wrap_counter(&self) -> u64 {
        self.load_u64(self.at(layout::WRAP_COUNTER))
    }

    /// The frame of the ring that is written next.
    #[must_use]
    pub fn write_index(&self) -> u64 {
        self.load_u64(self.at(layout::WRITE_INDEX))
    }

    /// Length of the key as the header says it; may be more than there is room for.
    #[must_use]
    pub fn key_len(&self) -> u32 {
        self.load_u32(self.at(layout::KEY_LEN))
    }

    /// Copies the first bytes of the key's field.
    pub fn read_key(&self, target: &mut [u8]) {
        let len = target.len().min(MAX_KEY);
        if let Some(target) = target.get_mut(..len) {
            self.memory.load_bytes(self.at(layout::KEY), target, Word::B1);
        }
    }

    /// Number of the static metadata's segment; 0 when there is none (always in version 0).
    #[must_use]
    pub fn meta_generation(&self) -> u32 {
        if self.version.has_static_metadata() { self.load_u32(layout::META_GENERATION) } else { 0 }
    }

    /// Length of the static metadata in bytes.
    #[must_use]
    pub fn aux_nbytes(&self) -> u32 {
        if self.version.has_static_metadata() { self.load_u32(layout::AUX_NBYTES) } else { 0 }
    }

    #[inline]
    const fn at(&self, field: usize) -> usize {
        self.version.base() + field
    }

    fn load_u32(&self, at: usize) -> u32 {
        let low = u32::from(u16::from_le(self.memory.load_u16(at)));
        let high = u32::from(u16::from_le(self.memory.load_u16(at + 2)));
        low | high << 16
    }

    fn load_u64(&self, at: usize) -> u64 {
        let low = u64::from(u16::from_le(self.memory.load_u16(at)));
        let middle = u64::from(u32::from_le(self.memory.load_u32(at + 2)));
        let high = u64::from(u16::from_le(self.memory.load_u16(at + 6)));
        low | middle << 16 | high << 48
    }
}

impl<M: MemoryMut> HeaderView<M> {
    /// Writes magic and version where the version has them.
    pub fn set_magic(&self) {
        if self.version.has_static_metadata() {
            self.memory.store_u32(layout::VERSION_AT, self.version.number().to_le());
            self.memory.fence_release(Release::Magic);
            self.memory.store_u32(layout::MAGIC_AT, MAGIC.to_le());
        }
    }

    /// Sets `bvalid`.
    pub fn set_bvalid(&self, valid: bool) {
        self.memory.store_u8(self.at(layout::BVALID), u8::from(valid));
    }

    /// Sets `dtype`.
    pub fn set_dtype(&self, dtype: u8) {
        self.memory.store_u8(self.at(layout::DTYPE), dtype);
    }

    /// Sets `srate`.
    pub fn set_srate(&self, srate: f64) {
        self.store_u64(self.at(layout::SRATE), srate.to_bits());
    }

    /// Sets `ndim`.
    pub fn set_ndim(&self, ndim: u32) {
        self.store_u32(self.at(layout::NDIM), ndim);
    }

    /// Sets the length of a dimension.
    pub fn set_shape(&self, dimension: usize, len: u32) {
        if dimension < MAX_RANK {
            self.store_u32(self.at(layout::SHAPE + 4 * dimension), len);
        }
    }

    /// Sets `buffer_generation`.
    pub fn set_buffer_generation(&self, generation: Generation) {
        self.store_u32(self.at(layout::BUFFER_GENERATION), generation.number());
    }

    /// Sets `wrap_counter`.
    #[inline]
    pub fn set_wrap_counter(&self, wraps: u64) {
        self.store_u64(self.at(layout::WRAP_COUNTER), wraps);
    }

    /// Sets `write_index`.
    #[inline]
    pub fn set_write_index(&self, index: u64) {
        self.store_u64(self.at(layout::WRITE_INDEX), index);
    }

    /// Sets `write_index` where it was set to `before`: the pieces that stay as they are need no store.
    #[inline]
    pub(crate) fn advance_write_index(&self, before: u32, index: u32) {
        if before >> 16 == index >> 16 {
            self.memory.store_u16(self.at(layout::WRITE_INDEX), (index as u16).to_le());
        } else {
            self.set_write_index(u64::from(index));
        }
    }

    /// Sets the key to the first [`MAX_KEY`] bytes of `key`. Bytes of a longer one before it stay behind it, as the published writer leaves them.
    pub fn set_key(&self, key: &[u8]) {
        let key = key.get(..MAX_KEY).unwrap_or(key);
        self.store_u32(self.at(layout::KEY_LEN), u32::try_from(key.len()).unwrap_or(0));
        self.memory.store_bytes(self.at(layout::KEY), key, Word::B1);
    }

    /// Sets `meta_generation`; nothing in version 0.
    pub fn set_meta_generation(&self, generation: u32) {
        if self.version.has_static_metadata() {
            self.store_u32(layout::META_GENERATION, generation);
        }
    }

    /// Sets `aux_nbytes`; nothing in version 0.
    pub fn set_aux_nbytes(&self, nbytes: u32) {
        if self.version.has_static_metadata() {
            self.store_u32(layout::AUX_NBYTES, nbytes);
        }
    }

    fn store_u32(&self, at: usize, value: u32) {
        self.memory.store_u16(at + 2, ((value >> 16) as u16).to_le());
        self.memory.store_u16(at, (value as u16).to_le());
    }

    #[inline]
    fn store_u64(&self, at: usize, value: u64) {
        self.memory.store_u16(at + 6, ((value >> 48) as u16).to_le());
        self.memory.store_u32(at + 2, ((value >> 16) as u32).to_le());
        self.memory.store_u16(at, (value as u16).to_le());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::shared::SharedBytes;

    #[repr(align(8))]
    struct Page([u8; 1400]);

    #[test]
    fn fields_lie_where_ctypes_puts_them() {
        // Offsets and values from spec/wire.md's table, packed little-endian.
        let mut page = Page([0; 1400]);
        {
            let m = SharedBytes::from_slice(&mut page.0).unwrap();
            let h = HeaderView::new(m, StructVersion::V2).unwrap();
            h.set_magic();
            h.set_bvalid(true);
            h.set_dtype(b'f');
            h.set_srate(250.0);
            h.set_ndim(2);
            h.set_shape(0, 0x0102_0304);
            h.set_shape(63, 9);
            h.set_buffer_generation(Generation::from_number(0xA1B2_C3D4));
            h.set_wrap_counter(0x1122_3344_5566_7788);
            h.set_key("µV".as_bytes());
            h.set_write_index(0x0102_0304_0506_0708);
            h.set_meta_generation(5);
            h.set_aux_nbytes(77);
            assert_eq!(h.write_index(), 0x0102_0304_0506_0708);
            assert_eq!(h.srate(), 250.0);
            assert_eq!(h.shape(64), 0);
        }
        let b = &page.0;
        assert_eq!(&b[..10], b"SMZE\x02\0\0\0\x01f");
        assert_eq!(&b[10..18], &250.0f64.to_le_bytes());
        assert_eq!(&b[18..26], &[2, 0, 0, 0, 4, 3, 2, 1]);
        assert_eq!(&b[22 + 63 * 4..278], &[9, 0, 0, 0]);
        assert_eq!(&b[278..282], &[0xD4, 0xC3, 0xB2, 0xA1]);
        assert_eq!(&b[282..290], &[0x88, 0x77, 0x66, 0x55, 0x44, 0x33, 0x22, 0x11]);
        assert_eq!(&b[290..293], &[0xC2, 0xB5, b'V']);
        assert_eq!(&b[1314..1318], &[3, 0, 0, 0]);
        assert_eq!(&b[1318..1326], &[8, 7, 6, 5, 4, 3, 2, 1]);
        assert_eq!(&b[1326..1334], &[5, 0, 0, 0, 77, 0, 0, 0]);
    }

    #[test]
    fn version_zero_has_no_magic_and_no_static_metadata() {
        let mut page = Page([0; 1400]);
        {
            let m = SharedBytes::from_slice(&mut page.0).unwrap();
            let h = HeaderView::detect(m).unwrap();
            assert_eq!(h.version(), StructVersion::V0);
            h.set_magic();
            h.set_meta_generation(5);
            h.set_aux_nbytes(5);
            h.set_bvalid(true);
            h.set_write_index(7);
            assert_eq!(h.meta_generation(), 0);
        }
        assert_eq!(page.0[0], 1);
        assert_eq!(page.0[1310], 7);
        assert_eq!(page.0.iter().filter(|b| **b != 0).count(), 2);
    }

    #[test]
    fn short_segments_and_future_versions_are_refused() {
        let mut page = Page([0; 1400]);
        let m = SharedBytes::from_slice(&mut page.0).unwrap();
        let short = m.part(0, 1317).unwrap();
        assert_eq!(
            HeaderView::detect(short).err(),
            Some(HeaderError::TooShort { len: 1317, needed: 1318, version: 0 })
        );
        m.store_u32(0, MAGIC);
        m.store_u32(4, 3);
        assert_eq!(HeaderView::detect(m).err(), Some(HeaderError::UnknownVersion { version: 3 }));
        m.store_u32(4, 0);
        assert_eq!(HeaderView::detect(m).err(), Some(HeaderError::UnknownVersion { version: 0 }));
        m.store_u32(4, 1);
        assert_eq!(HeaderView::detect(m).unwrap().version(), StructVersion::V1);
    }
}
