//! Memory for models: a few words that loom watches, the rest plain, and fences that can be left out by name.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::AtomicU64 as Plain;
use std::sync::atomic::Ordering::Relaxed;

use axismirror_core::extension::EXTENSION_AT;
use axismirror_core::fence::{Acquire, Release};
use axismirror_core::memory::{Memory, MemoryMut};
use loom::sync::atomic::{AtomicU64, Ordering, fence};

/// Which fence a model goes without, wherever the code comes to it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LeftOut {
    Nothing,
    Release(Release),
    Acquire(Acquire),
}

/// A segment. Only the words that a model is about are raced for; of all others everybody sees the newest value: that keeps the number of
/// interleavings in bounds. A word that says something about raced ones has to be raced for itself, or its fences order nothing here and the model
/// finds what cannot be.
#[derive(Clone, Debug)]
pub(crate) struct Words {
    len: usize,
    raced: Arc<BTreeMap<usize, AtomicU64>>,
    plain: Arc<Vec<Plain>>,
    left_out: LeftOut,
    writes: bool,
    shows_block: bool,
    life: Option<Arc<Plain>>,
}

impl Words {
    /// All zeros; made before the threads, since loom knows no memory that appears later.
    pub(crate) fn new(len: usize, raced: &[usize], left_out: LeftOut) -> Self {
        let raced = raced.iter().map(|at| (*at, AtomicU64::new(0))).collect();
        let plain = (0..len).map(|_| Plain::new(0)).collect();
        Self {
            len,
            raced: Arc::new(raced),
            plain: Arc::new(plain),
            left_out,
            writes: false,
            shows_block: true,
            life: None,
        }
    }

    /// Its first bytes.
    pub(crate) fn first(&self, len: usize) -> Self {
        assert!(len <= self.len, "a model's segment of {} bytes is to have {len}", self.len);
        Self { len, ..self.clone() }
    }

    /// As its one writer sees it, who finds what he stored. Loom need not watch those loads, and must not: of the loads before a store it
    /// remembers the last one only, and would never try that store before a reader's load.
    pub(crate) fn of_writer(&self) -> Self {
        Self { writes: true, ..self.clone() }
    }

    /// As a reader sees it that does not know our block.
    pub(crate) fn without_block(&self) -> Self {
        Self { shows_block: false, ..self.clone() }
    }

    /// For a writer that dies after so many stores.
    pub(crate) fn mortal(&self, life: &Arc<Plain>) -> Self {
        Self { life: Some(life.clone()), ..self.clone() }
    }

    fn load(&self, at: usize) -> u64 {
        if !self.shows_block && at >= EXTENSION_AT {
            return 0;
        }
        match self.raced.get(&at) {
            Some(word) if !self.writes => word.load(Ordering::Relaxed),
            _ => self.plain[at].load(Relaxed),
        }
    }

    fn store(&self, at: usize, value: u64) {
        if !self.life.as_deref().is_none_or(lives) {
            return;
        }
        self.plain[at].store(value, Relaxed);
        if let Some(word) = self.raced.get(&at) {
            word.store(value, Ordering::Relaxed);
        }
    }
}

/// Takes one operation off a life, if one is left.
pub(crate) fn lives(life: &Plain) -> bool {
    let left = life.load(Relaxed);
    life.store(left.saturating_sub(1), Relaxed);
    left > 0
}

impl Memory for Words {
    type First<'m>
        = &'m Self
    where
        Self: 'm;
    fn first(&self, len: usize) -> Option<&Self> {
        (len <= self.len()).then_some(self)
    }
    fn len(&self) -> usize {
        self.len
    }
    fn load_u8(&self, at: usize) -> u8 {
        self.load(at) as u8
    }
    fn load_u16(&self, at: usize) -> u16 {
        self.load(at) as u16
    }
    fn load_u32(&self, at: usize) -> u32 {
        self.load(at) as u32
    }
    fn load_u64(&self, at: usize) -> u64 {
        self.load(at)
    }
    fn fence_acquire(&self, which: Acquire) {
        if self.left_out != LeftOut::Acquire(which) {
            fence(Ordering::Acquire);
        }
    }
}

impl MemoryMut for Words {
    type FirstMut<'m>
        = &'m Self
    where
        Self: 'm;
    fn first_mut(&self, len: usize) -> Option<&Self> {
        (len <= self.len()).then_some(self)
    }
    fn store_u8(&self, at: usize, value: u8) {
        self.store(at, value.into());
    }
    fn store_u16(&self, at: usize, value: u16) {
        self.store(at, value.into());
    }
    fn store_u32(&self, at: usize, value: u32) {
        self.store(at, value.into());
    }
    fn store_u64(&self, at: usize, value: u64) {
        self.store(at, value);
    }
    fn fence_release(&self, which: Release) {
        if self.left_out != LeftOut::Release(which) {
            fence(Ordering::Release);
        }
    }
}
