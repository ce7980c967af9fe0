//! What an ELF program says of itself: the machine it is for, whether it needs a dynamic linker, how much memory it takes.
//!
//! Reads headers only, and only of little-endian files (System V gABI, chapters 4 and 5: ELF header, sections, program header).

/// e_machine, which is at the same place in files of 32 and of 64 bits.
const MACHINE: usize = 18;
/// EI_CLASS and its value for 64 bits.
const CLASS: usize = 4;
const CLASS_64: u8 = 2;
/// PT_INTERP: names the dynamic linker.
const INTERPRETER: u32 = 3;

/// The machine that a program is for, and whether it runs without a dynamic linker; `None` for what is no such file.
pub(crate) fn machine(file: &[u8]) -> Option<(u16, bool)> {
    let u16_at = |at: usize| Some(u16::from_le_bytes(*file.get(at..)?.first_chunk()?));
    let u32_at = |at: usize| Some(u32::from_le_bytes(*file.get(at..)?.first_chunk()?));
    if !file.starts_with(&IDENTITY[..CLASS]) {
        return None;
    }
    // e_phoff (its lower half does), e_phentsize, e_phnum.
    let (table, size, count) = if *file.get(CLASS)? == CLASS_64 { (32, 54, 56) } else { (28, 42, 44) };
    let (table, size) = (usize::try_from(u32_at(table)?).ok()?, usize::from(u16_at(size)?));
    let mut is_static = true;
    for i in 0..usize::from(u16_at(count)?) {
        is_static &= u32_at(table.checked_add(i.checked_mul(size)?)?)? != INTERPRETER;
    }
    Some((u16_at(MACHINE)?, is_static))
}

/// Bytes by kind of memory, as `size` counts them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Sizes {
    /// Code and constants: in flash.
    pub(crate) text: u32,
    /// Variables with a first value: in flash and in RAM.
    pub(crate) data: u32,
    /// Variables that begin as zeros: in RAM.
    pub(crate) bss: u32,
}

const IDENTITY: &[u8] = b"\x7FELF\x01\x01";
/// e_shoff, e_shentsize, e_shnum.
const TABLE_AT: usize = 32;
const ENTRY_SIZE: usize = 46;
const ENTRIES: usize = 48;
/// sh_type, sh_flags, sh_size in a section header.
const TYPE: usize = 4;
const FLAGS: usize = 8;
const SIZE: usize = 20;
/// SHT_NOBITS: takes no room in the file.
const NOBITS: u32 = 8;
/// SHF_WRITE, SHF_ALLOC.
const WRITE: u32 = 1;
const ALLOC: u32 = 2;

/// Adds up the sections that are loaded; `None` for what is no such file.
pub(crate) fn sizes(file: &[u8]) -> Option<Sizes> {
    let u32_at = |at: usize| Some(u32::from_le_bytes(*file.get(at..)?.first_chunk()?));
    let u16_at = |at: usize| Some(u16::from_le_bytes(*file.get(at..)?.first_chunk()?));
    if !file.starts_with(IDENTITY) {
        return None;
    }
    let (table, size) = (usize::try_from(u32_at(TABLE_AT)?).ok()?, usize::from(u16_at(ENTRY_SIZE)?));
    let mut sum = Sizes::default();
    for i in 0..usize::from(u16_at(ENTRIES)?) {
        let section = table.checked_add(i.checked_mul(size)?)?;
        let (kind, flags) = (u32_at(section.checked_add(TYPE)?)?, u32_at(section.checked_add(FLAGS)?)?);
        let bytes = u32_at(section.checked_add(SIZE)?)?;
        let counter = match (flags & ALLOC != 0, kind == NOBITS, flags & WRITE != 0) {
            (false, ..) => continue,
            (_, true, _) => &mut sum.bss,
            (_, _, true) => &mut sum.data,
            _ => &mut sum.text,
        };
        *counter = counter.checked_add(bytes)?;
    }
    Some(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file of three sections, put together by the specification: header of 52 bytes, section headers of 40.
    fn file() -> Vec<u8> {
        let mut file = vec![0; 52];
        file[..6].copy_from_slice(IDENTITY);
        file[32] = 52;
        file[46] = 40;
        file[48] = 4;
        // type, flags, size: code (PROGBITS, ALLOC | EXECINSTR), data (PROGBITS, WRITE | ALLOC), bss, debug information (PROGBITS, none).
        for (kind, flags, size) in [(1, 6, 0x1234_u32), (1, 3, 8), (8, 3, 0x100), (1, 0, 0xFFFF)] {
            let mut section = [0; 40];
            section[4] = kind;
            section[8] = flags;
            section[20..24].copy_from_slice(&size.to_le_bytes());
            file.extend(section);
        }
        file
    }

    #[test]
    fn loaded_sections_are_added_up() {
        assert_eq!(sizes(&file()), Some(Sizes { text: 0x1234, data: 8, bss: 0x100 }));
    }

    #[test]
    fn a_program_header_of_an_interpreter_is_found() {
        for (class, table, size, count) in [(1, 28, 42, 44), (2, 32, 54, 56)] {
            let mut file = vec![0; 64];
            file[..5].copy_from_slice(&[0x7F, b'E', b'L', b'F', class]);
            file[18] = 183;
            (file[table], file[size], file[count]) = (64, 32, 2);
            // PT_LOAD, and another.
            file.extend([1; 1].iter().chain(&[0; 31]));
            file.extend([6; 1].iter().chain(&[0; 31]));
            assert_eq!(machine(&file), Some((183, true)));
            file[96] = 3;
            assert_eq!(machine(&file), Some((183, false)));
            assert_eq!(machine(&file[..90]), None);
        }
        assert_eq!(machine(b"#!/bin/sh"), None);
    }

    #[test]
    fn what_is_cut_off_or_no_elf_is_nothing() {
        let file = file();
        for len in 0..file.len() - 20 {
            assert_eq!(sizes(&file[..len]), None, "{len}");
        }
        assert_eq!(sizes(b"\x7FELF\x02\x01"), None);
    }
}
