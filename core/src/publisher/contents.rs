//! What static metadata are made of, and whether a segment holds them already.
//!
//! They are encoded as often as they are asked for, straight to where they go: there is no buffer that all of them would have to fit. Knows no
//! generations and announces nothing.

use core::convert::Infallible;

use super::PublishError;
use crate::axis_array::AxisArray;
use crate::memory::{Memory, MemoryMut, Word};
use crate::static_metadata::{Counter, EncodeError, Sink, encode};

/// Bytes of a segment that are looked at together.
const BLOCK: usize = 256;

/// What static metadata are made of.
#[derive(Clone, Copy)]
pub(super) enum Contents<'a> {
    Message(&'a AxisArray<'a>),
    /// They are made already; empty when there are none.
    Encoded(&'a [u8]),
}

/// A segment of static metadata that is written.
#[derive(Debug)]
pub(super) struct Written<M> {
    memory: M,
    len: usize,
}

impl Contents<'_> {
    /// How many bytes they are when they are others than those of a segment; `None` when they are the same, or when there are none.
    pub(super) fn changed<M: Memory, E>(
        &self,
        axis: &str,
        published: Option<&Written<M>>,
    ) -> Result<Option<usize>, PublishError<E>> {
        if matches!(self, Self::Encoded([])) || published.is_some_and(|p| p.holds(self, axis)) {
            return Ok(None);
        }
        let mut counter = Counter::default();
        self.encode(axis, &mut counter).map_err(PublishError::StaticMetadata)?;
        Ok(Some(counter.len()))
    }

    /// Writes them into a segment, which has room for them, as [`Contents::changed`] has said how much they need.
    pub(super) fn write<M: MemoryMut>(&self, axis: &str, memory: M, len: usize) -> Written<M> {
        let mut sink = Stores { memory: &memory, at: 0 };
        // Counting them has succeeded, and this sink takes all that fits in the segment's length.
        let written = self.encode(axis, &mut sink);
        debug_assert!(written.is_ok() && sink.at == len);
        Written { memory, len }
    }

    fn encode<K: Sink>(&self, axis: &str, sink: &mut K) -> Result<(), EncodeError<K::Error>> {
        match self {
            Self::Message(message) => encode(message, axis, sink),
            Self::Encoded(bytes) => sink.write(bytes).map_err(EncodeError::Sink),
        }
    }
}

impl<M: Memory> Written<M> {
    /// Whether the segment's bytes are these contents, to the last one. Not what was written once: who may write the segment may have changed it.
    fn holds(&self, contents: &Contents<'_>, axis: &str) -> bool {
        let mut compared = Compares { segment: self, loaded: 0, block: [0; BLOCK], at: 0, end: 0 };
        contents.encode(axis, &mut compared).is_ok() && compared.is_at_end()
    }
}

/// Encodes straight into a segment.
struct Stores<'m, M> {
    memory: &'m M,
    at: usize,
}

impl<M: MemoryMut> Sink for Stores<'_, M> {
    type Error = Infallible;

    fn write(&mut self, bytes: &[u8]) -> Result<(), Infallible> {
        self.memory.store_bytes(self.at, bytes, Word::B1);
        self.at += bytes.len();
        Ok(())
    }
}

/// Compares what is encoded with what a segment holds.
struct Compares<'m, M> {
    segment: &'m Written<M>,
    /// Bytes of the segment that are or were in the block.
    loaded: usize,
    block: [u8; BLOCK],
    /// The part of the block that was not compared yet.
    at: usize,
    end: usize,
}

/// Some byte is another one, or there are more of them.
#[derive(Debug, thiserror::Error)]
#[error("the segment holds something else")]
struct Different;

impl<M: Memory> Compares<'_, M> {
    const fn is_at_end(&self) -> bool {
        self.at == self.end && self.loaded == self.segment.len
    }

    /// What reaches over the block's end.
    #[cold]
    fn write_on(&mut self, mut bytes: &[u8]) -> Result<(), Different> {
        while !bytes.is_empty() {
            if self.at == self.end {
                self.load()?;
            }
            let (now, later) = bytes.split_at(bytes.len().min(self.end - self.at));
            self.write(now)?;
            bytes = later;
        }
        Ok(())
    }

    fn load(&mut self) -> Result<(), Different> {
        let len = BLOCK.min(self.segment.len - self.loaded);
        let block = self.block.get_mut(..len).filter(|b| !b.is_empty()).ok_or(Different)?;
        self.segment.memory.load_bytes(self.loaded, block, Word::B1);
        self.loaded += len;
        (self.at, self.end) = (0, len);
        Ok(())
    }
}

impl<M: Memory> Sink for Compares<'_, M> {
    type Error = Different;

    #[inline]
    fn write(&mut self, bytes: &[u8]) -> Result<(), Different> {
        let end = self.at + bytes.len();
        match self.block.get(self.at..end) {
            Some(there) if end <= self.end => {
                self.at = end;
                if there == bytes { Ok(()) } else { Err(Different) }
            }
            _ => self.write_on(bytes),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use proptest::prelude::*;

    use super::*;
    use crate::shared::SharedBytes;

    #[repr(align(8))]
    struct Segment([u8; 3 * BLOCK]);

    fn is_the_same(published: &[u8], contents: &[u8]) -> bool {
        let mut segment = Segment([0; 3 * BLOCK]);
        let memory = SharedBytes::from_slice(&mut segment.0).unwrap();
        let written = Contents::Encoded(published).write("time", memory, published.len());
        Contents::Encoded(contents).changed::<_, ()>("time", Some(&written)).unwrap().is_none()
    }

    proptest! {
        #[test]
        fn any_other_byte_or_length_is_seen(bytes in prop::collection::vec(any::<u8>(), 1..3 * BLOCK), at in any::<prop::sample::Index>()) {
            prop_assert!(is_the_same(&bytes, &bytes));
            let mut other = bytes.clone();
            other[at.index(bytes.len())] ^= 1;
            prop_assert!(!is_the_same(&bytes, &other));
            let longer: Vec<u8> = bytes.iter().copied().chain([0]).collect();
            prop_assert!(!is_the_same(&bytes, &longer));
            prop_assert!(!is_the_same(&longer, &bytes));
        }
    }
}
