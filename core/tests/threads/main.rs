//! Writers and readers in threads of their own, over the memory that /dev/shm gives: plain bytes behind `SharedBytes`.
//!
//! `cargo xtask miri` runs it with many seeds: the interpreter's weak memory delays stores as the memory model allows, understands fences, and
//! reports any access that is not atomic or of another size. There the fences are taken out as well. `cargo xtask tsan` runs it at full speed.

mod pair;
mod ring;

use axismirror_core::fence::{Acquire, Release};
use axismirror_core::memory::{Memory, MemoryMut, Word};
use axismirror_core::shared::SharedBytes;

/// Shared memory, maybe with its fences taken out.
#[derive(Clone, Copy)]
struct Bytes<'a> {
    shared: SharedBytes<'a>,
    fences: Fences,
}

#[derive(Clone, Copy)]
struct Fences {
    acquire: bool,
    release: bool,
}

const ALL: Fences = Fences { acquire: true, release: true };

macro_rules! pass_on {
    ($($name:ident($($arg:ident: $type:ty),*) $(-> $value:ty)?;)*) => {
        $(fn $name(&self, $($arg: $type),*) $(-> $value)? { self.shared.$name($($arg),*) })*
    };
}

impl Memory for Bytes<'_> {
    type First<'m>
        = &'m Self
    where
        Self: 'm;
    fn first(&self, len: usize) -> Option<&Self> {
        (len <= self.len()).then_some(self)
    }
    pass_on! {
        len() -> usize;
        load_u8(at: usize) -> u8;
        load_u16(at: usize) -> u16;
        load_u32(at: usize) -> u32;
        load_u64(at: usize) -> u64;
        load_bytes(at: usize, target: &mut [u8], word: Word);
    }
    fn fence_acquire(&self, which: Acquire) {
        if self.fences.acquire {
            self.shared.fence_acquire(which);
        }
    }
}

impl MemoryMut for Bytes<'_> {
    type FirstMut<'m>
        = &'m Self
    where
        Self: 'm;
    fn first_mut(&self, len: usize) -> Option<&Self> {
        (len <= self.len()).then_some(self)
    }
    pass_on! {
        store_u8(at: usize, value: u8);
        store_u16(at: usize, value: u16);
        store_u32(at: usize, value: u32);
        store_u64(at: usize, value: u64);
        store_bytes(at: usize, source: &[u8], word: Word);
    }
    fn fence_release(&self, which: Release) {
        if self.fences.release {
            self.shared.fence_release(which);
        }
    }
}

#[repr(align(8))]
struct Aligned<const N: usize>([u8; N]);
