//! Where encoded bytes go: a counter, a slice, or whatever the caller implements.
//!
//! A publisher encodes into what compares with the published segment; when that differs, once to count the bytes and once into a new segment,
//! without a buffer in between. Knows nothing of what the bytes mean.

use core::convert::Infallible;

/// Takes bytes in order.
pub trait Sink {
    /// Why it could not take them.
    type Error: core::fmt::Display;

    /// Takes all of `bytes`.
    ///
    /// # Errors
    /// What the sink says; encoding ends there.
    fn write(&mut self, bytes: &[u8]) -> Result<(), Self::Error>;
}

/// Counts bytes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Counter {
    len: usize,
}

impl Counter {
    /// Bytes so far.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing has come yet.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }
}

impl Sink for Counter {
    type Error = Infallible;

    fn write(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        // More bytes than an address space can hold are counted as the largest number.
        self.len = self.len.saturating_add(bytes.len());
        Ok(())
    }
}

/// Fills a slice from its start.
#[derive(Debug)]
pub struct SliceSink<'m> {
    room: &'m mut [u8],
    len: usize,
}

/// A [`SliceSink`]'s slice is full.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[error("the slice holds {room} bytes, of which {used} are used; {more} more do not fit")]
pub struct SliceFull {
    /// Length of the slice.
    pub room: usize,
    /// Bytes already in it.
    pub used: usize,
    /// Bytes that should have followed.
    pub more: usize,
}

impl<'m> SliceSink<'m> {
    /// Starts at the slice's first byte.
    #[must_use]
    pub const fn new(room: &'m mut [u8]) -> Self {
        Self { room, len: 0 }
    }

    /// What has been written.
    #[must_use]
    pub fn written(&self) -> &[u8] {
        self.room.get(..self.len).unwrap_or_default()
    }
}

impl Sink for SliceSink<'_> {
    type Error = SliceFull;

    fn write(&mut self, bytes: &[u8]) -> Result<(), SliceFull> {
        let full = SliceFull { room: self.room.len(), used: self.len, more: bytes.len() };
        let end = self.len.checked_add(bytes.len()).ok_or(full)?;
        self.room.get_mut(self.len..end).ok_or(full)?.copy_from_slice(bytes);
        self.len = end;
        Ok(())
    }
}
