//! The one unsafe room of core: bytes that another process, core or interrupt reads or writes while we do.
//!
//! Rules that every `SAFETY` comment below argues from:
//!
//! 1. *Valid*: a [`SharedBytes`] is made from memory that stays mapped for `'a` ([`SharedBytes::from_slice`] by the borrow,
//!    [`SharedBytes::from_raw`] by its contract).
//! 2. *Atomic only*: for `'a` this memory is accessed through atomics alone on our side. No `&` or `&mut` to it exists.
//! 3. *In range and aligned*: `SharedBytes::pointer` returns an address only after it has checked both.
//! 4. *One size*: a location is always accessed in words of one size; the layouts fix which. (Other processes are outside of Rust's
//!    memory model; the hardware's rule for them is single-copy atomicity of aligned words.)
//!
//! Whole copies are relaxed atomic words, or the processor's own moves where those are written down in assembly.
#![allow(unsafe_code)]

#[allow(dead_code, reason = "where there are moves, only the tests use the words")]
mod words;

cfg_select! {
    all(any(target_arch = "x86_64", target_arch = "aarch64"), not(miri), not(portable_copy)) => {
        mod moves;
        use self::moves as copy;
    }
    _ => {
        use self::words as copy;
    }
}

use core::marker::PhantomData;
use core::sync::atomic::Ordering;

use portable_atomic::{AtomicU8, AtomicU16, AtomicU32, AtomicU64, fence};

use crate::fence::{Acquire, Release};
use crate::memory::{Memory, MemoryMut, Word};

/// The alignment that the first byte of shared memory needs.
pub const ALIGNMENT: usize = 8;

/// A span of memory that others share. A copy is a second handle on the same memory.
#[derive(Clone, Copy, Debug)]
pub struct SharedBytes<'a> {
    base: *mut u8,
    len: usize,
    // The memory is borrowed for 'a and mutable through any copy.
    _memory: PhantomData<&'a AtomicU8>,
}

// SAFETY: rules 1 and 2: the memory outlives 'a and is accessed with atomics only, which any thread may do.
unsafe impl Send for SharedBytes<'_> {}
// SAFETY: as for Send.
unsafe impl Sync for SharedBytes<'_> {}

/// Memory that does not start at a multiple of [`ALIGNMENT`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[error("shared memory starts {by} bytes behind a multiple of {ALIGNMENT}")]
pub struct Misaligned {
    /// Address modulo [`ALIGNMENT`].
    pub by: usize,
}

impl<'a> SharedBytes<'a> {
    /// Shares a slice: a static one on a microcontroller, a plain one in a test.
    ///
    /// # Errors
    /// [`Misaligned`] when it does not start at a multiple of [`ALIGNMENT`].
    pub fn from_slice(slice: &'a mut [u8]) -> Result<Self, Misaligned> {
        let by = slice.as_ptr().addr() % ALIGNMENT;
        if by != 0 {
            return Err(Misaligned { by });
        }
        Ok(Self { base: slice.as_mut_ptr(), len: slice.len(), _memory: PhantomData })
    }

    /// Shares memory that was mapped.
    ///
    /// # Safety
    /// - `base` is a multiple of [`ALIGNMENT`], and `len` bytes from it are mapped for all of `'a`.
    /// - They are mapped writable.
    /// - For all of `'a` this process accesses them in atomic words of the layouts' sizes only (rule 4 of this file): through [`SharedBytes`] and
    ///   [`SharedView`], or as what the kernel takes for a futex.
    #[must_use]
    pub unsafe fn from_raw(base: *mut u8, len: usize) -> Self {
        debug_assert!(base.addr().is_multiple_of(ALIGNMENT));
        Self { base, len, _memory: PhantomData }
    }

    /// A part of this memory, whose start has to be aligned too; `None` when it is out of range or not aligned.
    #[must_use]
    pub fn part(&self, start: usize, len: usize) -> Option<Self> {
        if !start.is_multiple_of(ALIGNMENT) || start.checked_add(len)? > self.len {
            return None;
        }
        Some(Self { base: self.base.wrapping_add(start), len, _memory: PhantomData })
    }

    /// Whether both are handles on the same bytes.
    #[must_use]
    pub fn is_same(&self, other: &Self) -> bool {
        self.base == other.base && self.len == other.len
    }

    /// The address of `size` bytes at `at`, when they are in range and aligned to `size` (a power of two up to 8).
    #[inline]
    fn pointer(&self, at: usize, size: usize) -> Option<*mut u8> {
        let end = at.checked_add(size)?;
        (end <= self.len && at & (size - 1) == 0).then(|| self.base.wrapping_add(at))
    }
}

/// As [`SharedBytes`], but only to be read: a mapping without write permission, or a reader's handle on memory that somebody else writes.
#[derive(Clone, Copy, Debug)]
pub struct SharedView<'a>(SharedBytes<'a>);

impl<'a> SharedView<'a> {
    /// Shares memory that was mapped, maybe read-only.
    ///
    /// # Safety
    /// - `base` is a multiple of [`ALIGNMENT`], and `len` bytes from it are mapped readable for all of `'a`.
    /// - For all of `'a` this process accesses them as [`SharedBytes::from_raw`] says.
    #[must_use]
    pub unsafe fn from_raw(base: *const u8, len: usize) -> Self {
        debug_assert!(base.addr().is_multiple_of(ALIGNMENT));
        // Never stored to: this type has no such method and does not hand out the inner one.
        Self(SharedBytes { base: base.cast_mut(), len, _memory: PhantomData })
    }
}

impl<'a> From<SharedBytes<'a>> for SharedView<'a> {
    fn from(bytes: SharedBytes<'a>) -> Self {
        Self(bytes)
    }
}

macro_rules! load {
    ($name:ident, $value:ty, $atomic:ty) => {
        #[inline]
        fn $name(&self, at: usize) -> $value {
            let Some(p) = self.pointer(at, size_of::<$value>()) else { return 0 };
            // SAFETY: valid and atomic only by rules 1 and 2, in range and aligned by `pointer` (rule 3), of one size by the layouts (rule 4).
            let atomic = unsafe { <$atomic>::from_ptr(p.cast()) };
            // Relaxed: ordering comes from the fences, each of which names its pair where it is called.
            atomic.load(Ordering::Relaxed)
        }
    };
}

macro_rules! store {
    ($name:ident, $value:ty, $atomic:ty) => {
        #[inline]
        fn $name(&self, at: usize, value: $value) {
            let Some(p) = self.pointer(at, size_of::<$value>()) else { return };
            // SAFETY: as for loads; writable by the contract of `from_raw` or the borrow of `from_slice`.
            let atomic = unsafe { <$atomic>::from_ptr(p.cast()) };
            // Relaxed: as for loads.
            atomic.store(value, Ordering::Relaxed);
        }
    };
}

impl SharedBytes<'_> {
    #[inline]
    fn copyable(&self, at: usize, len: usize, word: Word) -> bool {
        let mask = word.size() - 1;
        (at | len) & mask == 0 && len <= self.len && at <= self.len - len
    }
}

impl<'a> Memory for SharedBytes<'a> {
    type First<'m>
        = SharedBytes<'m>
    where
        'a: 'm;

    #[inline]
    fn len(&self) -> usize {
        self.len
    }

    #[inline]
    fn first(&self, len: usize) -> Option<SharedBytes<'_>> {
        (len <= self.len).then_some(SharedBytes { len, ..*self })
    }

    load!(load_u8, u8, AtomicU8);
    load!(load_u16, u16, AtomicU16);
    load!(load_u32, u32, AtomicU32);
    load!(load_u64, u64, AtomicU64);

    #[inline]
    fn fence_acquire(&self, _: Acquire) {
        fence(Ordering::Acquire);
    }

    #[inline]
    fn load_bytes(&self, at: usize, target: &mut [u8], word: Word) {
        if !self.copyable(at, target.len(), word) {
            return;
        }
        // SAFETY: valid and atomic only by rules 1 and 2; `copyable` has checked range and alignment (rule 3); of one size by the layouts (rule 4).
        unsafe { copy::load(self.base.wrapping_add(at), target, word) }
    }

    #[cfg(target_endian = "little")]
    #[inline]
    fn load_f64s(&self, at: usize, target: &mut [f64]) {
        let len = size_of_val(target);
        // SAFETY: eight bytes of any value are a number, and bytes need no alignment; the borrow of `target` lasts as long.
        let bytes = unsafe { core::slice::from_raw_parts_mut(target.as_mut_ptr().cast(), len) };
        self.load_bytes(at, bytes, Word::B8);
    }
}

impl<'a> MemoryMut for SharedBytes<'a> {
    type FirstMut<'m>
        = SharedBytes<'m>
    where
        'a: 'm;

    #[inline]
    fn first_mut(&self, len: usize) -> Option<SharedBytes<'_>> {
        self.first(len)
    }

    store!(store_u8, u8, AtomicU8);
    store!(store_u16, u16, AtomicU16);
    store!(store_u32, u32, AtomicU32);
    store!(store_u64, u64, AtomicU64);

    #[inline]
    fn fence_release(&self, _: Release) {
        fence(Ordering::Release);
    }

    #[inline]
    fn store_bytes(&self, at: usize, source: &[u8], word: Word) {
        if !self.copyable(at, source.len(), word) {
            return;
        }
        // SAFETY: as for loads; writable by the contract of `from_raw` or the borrow of `from_slice`.
        unsafe { copy::store(source, self.base.wrapping_add(at), word) }
    }

    #[cfg(target_endian = "little")]
    #[inline]
    fn store_f64s(&self, at: usize, source: &[f64]) {
        // SAFETY: numbers are initialised bytes without gaps; the borrow of `source` lasts as long.
        let bytes = unsafe { core::slice::from_raw_parts(source.as_ptr().cast(), size_of_val(source)) };
        self.store_bytes(at, bytes, Word::B8);
    }
}

impl<'a> Memory for SharedView<'a> {
    type First<'m>
        = SharedView<'m>
    where
        'a: 'm;

    #[inline]
    fn len(&self) -> usize {
        self.0.len()
    }
    #[inline]
    fn first(&self, len: usize) -> Option<SharedView<'_>> {
        self.0.first(len).map(SharedView)
    }
    #[inline]
    fn load_u8(&self, at: usize) -> u8 {
        self.0.load_u8(at)
    }
    #[inline]
    fn load_u16(&self, at: usize) -> u16 {
        self.0.load_u16(at)
    }
    #[inline]
    fn load_u32(&self, at: usize) -> u32 {
        self.0.load_u32(at)
    }
    #[inline]
    fn load_u64(&self, at: usize) -> u64 {
        self.0.load_u64(at)
    }
    #[inline]
    fn fence_acquire(&self, which: Acquire) {
        self.0.fence_acquire(which);
    }
    #[inline]
    fn load_bytes(&self, at: usize, target: &mut [u8], word: Word) {
        self.0.load_bytes(at, target, word);
    }
    #[inline]
    fn load_f64s(&self, at: usize, target: &mut [f64]) {
        self.0.load_f64s(at, target);
    }
}

#[cfg(test)]
mod tests;
