//! A block of hardware registers that is mapped into this process: the unsafe room of SPI without the kernel.
//!
//! 32-bit volatile accesses at checked, aligned offsets, and nothing else. Must never know what a register means.
#![allow(unsafe_code, reason = "one of the rooms that DESIGN.md names: registers are memory that the hardware changes")]

use std::fs::File;
use std::io;

use memmap2::{MmapOptions, MmapRaw};

use super::protocol::Registers;

/// Mapped registers.
#[derive(Debug)]
pub struct Block {
    map: MmapRaw,
}

impl Block {
    /// Maps `len` bytes of physical memory at `at`, a multiple of the page size.
    ///
    /// `memory` is `/dev/mem`, whose mappings of device registers are uncached (`phys_mem_access_prot` of the kernel's arm ports).
    ///
    /// # Errors
    /// When the kernel does not allow it.
    pub fn map(memory: &File, at: u64, len: usize) -> io::Result<Self> {
        Ok(Self { map: MmapOptions::new().offset(at).len(len).map_raw(memory)? })
    }

    /// The register at a byte offset, if it is one.
    fn register(&self, offset: usize) -> Option<*mut u32> {
        let fits = offset.is_multiple_of(4) && offset.checked_add(4)? <= self.map.len();
        // `wrapping_add` is a safe operation; the offset was checked to stay inside the map.
        fits.then(|| self.map.as_mut_ptr().wrapping_add(offset).cast())
    }
}

impl Registers for Block {
    fn read(&self, offset: usize) -> u32 {
        let Some(register) = self.register(offset) else { return 0 };
        // SAFETY: `register` points to 4 bytes inside a mapping that lives as long as `self`, aligned to 4 because the mapping begins at a
        // page and the offset is a multiple of 4. No reference to this memory exists: the hardware changes it, and a volatile access is
        // made for that.
        unsafe { register.read_volatile() }
    }

    fn write(&mut self, offset: usize, value: u32) {
        let Some(register) = self.register(offset) else { return };
        // SAFETY: as in `read`; `map_raw` maps for writing.
        unsafe { register.write_volatile(value) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_outside_or_askew_reach_nothing() {
        let path = std::env::temp_dir().join(format!("axismirror-block-{}", std::process::id()));
        std::fs::write(&path, vec![0xA5; 4096]).unwrap();
        let file = File::options().read(true).write(true).open(&path).unwrap();
        let mut block = Block::map(&file, 0, 4096).unwrap();
        block.write(4, 0x0102_0304);
        for outside in [1, 2, 4093, 4096, usize::MAX - 3, usize::MAX] {
            block.write(outside, 0);
            assert_eq!(block.read(outside), 0);
        }
        assert_eq!((block.read(0), block.read(4), block.read(4092)), (0xA5A5_A5A5, 0x0102_0304, 0xA5A5_A5A5));
        drop(block);
        assert_eq!(std::fs::read(&path).unwrap()[4..8], 0x0102_0304_u32.to_ne_bytes());
        std::fs::remove_file(&path).unwrap();
    }
}
