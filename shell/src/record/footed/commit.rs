//! A file whose footer is at its end, longer by one piece: at every instant in between it has a whole footer at its end.
//!
//! ```text
//!      ... data | old footer | length magic                                          0  the file as it is
//!      ... data | old footer | length magic |   hole             | LENGTH magic      1  a far end, whose length reaches back to the old footer
//!      ... data | old footer | length magic |   hole  | old footer | LENGTH magic    2  a copy of it in front of the far end
//!      ... data | old footer | length magic |   hole  | old footer | length magic    3  the far end means the copy: the old one is free
//!      ... data | new data | new footer | length magic | ... | old footer | length magic    4
//!      ... data | new data | new footer | length magic                               5  cut
//! ```
//!
//! A reader of Parquet or Arrow takes `length` bytes in front of the end and decodes the footer at their beginning; what is behind it there, it
//! does not look at. Steps 1 and 3 write a few bytes within a page, which a signal cannot tear; step 5 is one call. Where power fails the order of
//! writes is the disk's own, and this is no help.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;

/// What the far end begins at a multiple of.
const PAGE: u64 = 4096;

/// What is done to a file.
pub(super) trait Disk {
    /// Writes all bytes.
    fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()>;
    /// Cuts.
    fn set_len(&mut self, len: u64) -> io::Result<()>;
}

impl Disk for &File {
    fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
        self.write_all_at(bytes, at)
    }

    fn set_len(&mut self, len: u64) -> io::Result<()> {
        File::set_len(self, len)
    }
}

/// Where the data end, and what comes behind them.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct End {
    /// Bytes of data.
    pub(super) data: u64,
    /// The footer behind them; empty as long as there is none.
    pub(super) footer: Vec<u8>,
}

/// How a format ends.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ending {
    /// Between data and footer; not part of its length.
    pub(super) lead: &'static [u8],
    /// The file's last bytes, behind the footer's length.
    pub(super) magic: &'static [u8],
}

impl Ending {
    const fn len(&self) -> u64 {
        4 + self.magic.len() as u64
    }

    fn of(&self, footer: u64) -> Vec<u8> {
        // A u32 for Parquet, an i32 for Arrow.
        let length = i32::try_from(footer).unwrap_or(i32::MAX);
        [&length.to_le_bytes(), self.magic].concat()
    }

    /// Bytes of the whole file.
    pub(super) fn file(&self, end: &End) -> u64 {
        end.data + self.lead.len() as u64 + end.footer.len() as u64 + self.len()
    }

    /// Puts data and a footer in the place of the old one. After an error the file is as it was, or has unused bytes in it, and is whole.
    pub(super) fn commit(&self, mut disk: impl Disk, old: &End, data: &[u8], footer: Vec<u8>) -> io::Result<End> {
        let new = End { data: old.data + data.len() as u64, footer };
        if !old.footer.is_empty() {
            let length = old.footer.len() as u64;
            let far = (self.file(old).max(self.file(&new)) + length).next_multiple_of(PAGE);
            if let Err(error) = disk.write_at(&self.of(far - old.data - self.lead.len() as u64), far) {
                // Not even so much: what there is of it goes again.
                disk.set_len(self.file(old))?;
                return Err(error);
            }
            disk.write_at(&old.footer, far - length)?;
            disk.write_at(self.of(length).get(..4).unwrap_or_default(), far)?;
        }
        disk.write_at(data, old.data)?;
        disk.write_at(&[self.lead, &new.footer, &self.of(new.footer.len() as u64)].concat(), new.data)?;
        disk.set_len(self.file(&new))?;
        Ok(new)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file in memory that keeps what it was after each write, every byte of them, and fails when it is full.
    #[derive(Default)]
    struct Memory {
        bytes: Vec<u8>,
        states: Vec<Vec<u8>>,
        room: Option<usize>,
    }

    impl Disk for &mut Memory {
        fn write_at(&mut self, bytes: &[u8], at: u64) -> io::Result<()> {
            let at = at as usize;
            let whole = bytes.len() <= 10;
            for (i, byte) in bytes.iter().enumerate() {
                if self.room.is_some_and(|room| at + i >= room) {
                    return Err(io::ErrorKind::StorageFull.into());
                }
                self.bytes.resize(self.bytes.len().max(at + i + 1), 0);
                self.bytes[at + i] = *byte;
                // A few bytes within a page come whole.
                if !whole || i + 1 == bytes.len() {
                    let state = self.bytes.clone();
                    self.states.push(state);
                }
            }
            assert!(!whole || at / 4096 == (at + bytes.len() - 1) / 4096 || bytes.is_empty());
            Ok(())
        }

        fn set_len(&mut self, len: u64) -> io::Result<()> {
            self.bytes.truncate(len as usize);
            let state = self.bytes.clone();
            self.states.push(state);
            Ok(())
        }
    }

    const ENDING: Ending = Ending { lead: b"<lead>", magic: b"MAGIC!" };

    /// As a reader does: the footer says how long it is itself, and how long the data are.
    fn read(bytes: &[u8]) -> Option<Vec<u8>> {
        let rest = bytes.strip_suffix(ENDING.magic)?;
        let (rest, length) = rest.split_last_chunk::<4>()?;
        let footer = &rest[rest.len().checked_sub(u32::from_le_bytes(*length) as usize)?..];
        let data = usize::from(*footer.first()?);
        let own = usize::from(*footer.get(1)?);
        footer.get(2..own)?.iter().all(|b| *b == b'f').then(|| bytes[..data].to_vec())
    }

    fn footer(data: usize, len: usize) -> Vec<u8> {
        let mut footer = vec![b'f'; len];
        (footer[0], footer[1]) = (data as u8, len as u8);
        footer
    }

    #[test]
    fn at_every_instant_there_is_a_whole_footer_with_the_data_before_or_after() {
        for (old_len, new_len, added) in [(30, 40, 50), (90, 20, 3), (20, 20, 0), (5, 200, 120)] {
            let mut memory = Memory::default();
            let first = ENDING.commit(&mut memory, &End::default(), b"0123456789", footer(10, old_len)).unwrap();
            assert_eq!(read(&memory.bytes).unwrap(), b"0123456789");
            memory.states.clear();
            let data = vec![b'd'; added];
            let second = ENDING.commit(&mut memory, &first, &data, footer(10 + added, new_len)).unwrap();
            let all = [b"0123456789", data.as_slice()].concat();
            for (i, state) in memory.states.iter().enumerate() {
                let read = read(state).unwrap_or_else(|| panic!("write {i} of {old_len} {new_len} {added}"));
                assert!(read == b"0123456789" || read == all);
            }
            assert_eq!(read(&memory.bytes).unwrap(), all);
            assert_eq!((memory.bytes.len() as u64, second.data), (ENDING.file(&second), 10 + added as u64));
        }
    }

    #[test]
    fn a_full_disk_leaves_the_file_whole() {
        let mut memory = Memory::default();
        let first = ENDING.commit(&mut memory, &End::default(), b"0123456789", footer(10, 30)).unwrap();
        let whole = memory.bytes.clone();
        for room in whole.len()..9000 {
            let mut memory = Memory { bytes: whole.clone(), states: Vec::new(), room: Some(room) };
            let result = ENDING.commit(&mut memory, &first, &[b'd'; 100], footer(110, 30));
            let read = read(&memory.bytes).unwrap_or_else(|| panic!("{room}: {result:?}"));
            assert_eq!(read.len(), if result.is_ok() { 110 } else { 10 });
        }
    }
}
