//! A place for a model's segments, which publisher and mirror share. Unlike the kernel's, its names order no memory.

use std::collections::BTreeMap;
use std::convert::Infallible;
use std::sync::atomic::AtomicU64 as Plain;
use std::sync::{Arc, Mutex, MutexGuard};

use axismirror_core::extension::EXTENSION_AT;
use axismirror_core::header::{Generation, HEADER_SEGMENT_LEN};
use axismirror_core::name::{SegmentName, StreamName};
use axismirror_core::store::{HeaderSegment, Presence, SegmentSource, SegmentStore};

use super::memory::{LeftOut, Words, lives};

/// Bytes of the longest data segment and static metadata in a model.
const LONGEST: usize = 512;
/// Generations in a model.
const GENERATIONS: u32 = 4;

/// Words that a model races for, by their places: in the header, in every data segment, in every static metadata.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Raced<'a> {
    pub(crate) header: &'a [usize],
    pub(crate) data: &'a [usize],
    pub(crate) static_metadata: &'a [usize],
}

// Places in a header of struct_version 1 (spec: wire), of values below 65,536 the low piece.
pub(crate) const BVALID: usize = 8;
pub(crate) const CHANNELS: usize = 26;
pub(crate) const BUFFER_GENERATION: usize = 278;
pub(crate) const WRAP_COUNTER: usize = 282;
pub(crate) const WRITE_INDEX: usize = 1318;
pub(crate) const META_GENERATION: usize = 1326;
pub(crate) const AUX_NBYTES: usize = 1330;
// And in our block.
pub(crate) const SEQUENCE: usize = EXTENSION_AT + 16;
pub(crate) const BASES: [usize; 2] = [EXTENSION_AT + 64, EXTENSION_AT + 128];
pub(crate) const RESERVED: [usize; 2] = [EXTENSION_AT + 72, EXTENSION_AT + 136];
pub(crate) const COMMITTED: [usize; 2] = [EXTENSION_AT + 80, EXTENSION_AT + 144];
pub(crate) const NEWEST: usize = EXTENSION_AT + 88;
pub(crate) const WAKE: usize = EXTENSION_AT + 192;

/// Segments by name. A clone is the same place.
#[derive(Clone, Debug)]
pub(crate) struct Segments {
    made: Arc<BTreeMap<String, Words>>,
    /// With their lengths.
    names: Arc<Mutex<BTreeMap<String, usize>>>,
    shows_block: bool,
    life: Option<Arc<Plain>>,
}

impl Segments {
    /// Room for all segments that a stream's model needs.
    pub(crate) fn new(name: &StreamName, raced: Raced<'_>, left_out: LeftOut) -> Self {
        let mut made = BTreeMap::new();
        let mut make =
            |name: SegmentName, len, raced| made.insert(name.as_str().to_owned(), Words::new(len, raced, left_out));
        make(name.header(), HEADER_SEGMENT_LEN, raced.header);
        for number in 0..GENERATIONS {
            make(name.data(Generation::from_number(number)), LONGEST, raced.data);
            make(name.static_metadata(number + 1), LONGEST, raced.static_metadata);
        }
        Self { made: Arc::new(made), names: Arc::default(), shows_block: true, life: None }
    }

    /// As a mirror sees it that does not know our block.
    pub(crate) fn without_block(&self) -> Self {
        Self { shows_block: false, ..self.clone() }
    }

    /// For a writer that dies after so many operations.
    pub(crate) fn mortal(&self, life: &Arc<Plain>) -> Self {
        Self { life: Some(life.clone()), ..self.clone() }
    }

    fn words(&self, name: &SegmentName) -> Words {
        let words = &self.made[name.as_str()];
        let words = if self.shows_block { words.clone() } else { words.without_block() };
        self.life.iter().fold(words, |words, life| words.mortal(life))
    }

    fn names(&self) -> MutexGuard<'_, BTreeMap<String, usize>> {
        // Held for no longer than one call, between two of loom's steps.
        self.names.lock().unwrap()
    }

    fn has(&self, name: &SegmentName) -> bool {
        self.names().contains_key(name.as_str())
    }

    fn give(&self, name: &SegmentName, len: usize) {
        if self.lives() {
            self.names().insert(name.as_str().to_owned(), len);
        }
    }

    fn lives(&self) -> bool {
        self.life.as_deref().is_none_or(lives)
    }
}

impl SegmentStore for Segments {
    type Memory = Words;
    type Error = Infallible;

    fn header(&mut self, name: &SegmentName, _: usize, fresh: bool) -> Result<HeaderSegment<Words>, Infallible> {
        assert!(!fresh, "no model has a header anew");
        Ok(HeaderSegment { memory: self.words(name).of_writer(), adopted: self.has(name) })
    }

    fn announce(&mut self, name: &SegmentName) -> Result<(), Infallible> {
        self.give(name, HEADER_SEGMENT_LEN);
        Ok(())
    }

    /// Zeros, if the model makes a segment of this name for the first time.
    fn create(&mut self, name: &SegmentName, len: usize) -> Result<Words, Infallible> {
        self.give(name, len);
        Ok(self.words(name).of_writer().first(len))
    }

    /// Names stay: nobody may rely on how soon a segment is gone.
    fn remove(&mut self, _: &SegmentName) {
        self.lives();
    }

    fn remove_header(&mut self, name: &SegmentName) {
        self.remove(name);
    }

    fn unique_name(&mut self) -> StreamName {
        StreamName::default()
    }
}

impl SegmentSource for Segments {
    type Memory = Words;
    type Error = Infallible;

    fn open(&mut self, name: &SegmentName) -> Result<Option<Words>, Infallible> {
        let len = self.names().get(name.as_str()).copied();
        Ok(len.map(|len| self.words(name).first(len)))
    }

    fn presence(&mut self, name: &SegmentName, _: &Words) -> Presence {
        if self.has(name) { Presence::Same } else { Presence::Gone }
    }
}
