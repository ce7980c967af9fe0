//! Bytes that are read where one likes: a file, or memory.
//!
//! Nothing is held but what was asked for, so that a recording of many hours needs no more memory than a short one.

use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom};
use std::os::unix::fs::FileExt as _;

/// Bytes by offset.
pub(super) trait Source: Send + Sync {
    /// How many there are.
    fn len(&self) -> u64;

    /// Up to `out.len()` of them from `at` on; 0 at the end.
    fn read_some(&self, out: &mut [u8], at: u64) -> io::Result<usize>;

    /// Just `out.len()` of them from `at` on.
    fn read_all(&self, out: &mut [u8], at: u64) -> io::Result<()> {
        let mut done = 0;
        while let Some(rest) = out.get_mut(done..).filter(|rest| !rest.is_empty()) {
            match self.read_some(rest, at.saturating_add(done as u64)) {
                Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
                Ok(n) => done += n,
                Err(e) if e.kind() == ErrorKind::Interrupted => {}
                Err(e) => return Err(e),
            }
        }
        Ok(())
    }
}

/// A file, as long as it was when it was opened: one that is still being written ends there.
#[derive(Debug)]
pub(super) struct FileSource {
    file: File,
    len: u64,
}

impl FileSource {
    pub(super) fn new(file: File) -> io::Result<Self> {
        let len = file.metadata()?.len();
        Ok(Self { file, len })
    }
}

impl Source for FileSource {
    fn len(&self) -> u64 {
        self.len
    }

    fn read_some(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        let left = usize::try_from(self.len.saturating_sub(at)).unwrap_or(usize::MAX);
        let wanted = out.len().min(left);
        self.file.read_at(out.get_mut(..wanted).unwrap_or_default(), at)
    }
}

impl Source for Vec<u8> {
    fn len(&self) -> u64 {
        self.as_slice().len() as u64
    }

    fn read_some(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        let rest = usize::try_from(at).ok().and_then(|at| self.get(at..)).unwrap_or_default();
        let n = rest.len().min(out.len());
        for (to, from) in out.iter_mut().zip(rest) {
            *to = *from;
        }
        Ok(n)
    }
}

#[cfg(feature = "parquet")]
impl<S: Source> Source for std::sync::Arc<S> {
    fn len(&self) -> u64 {
        (**self).len()
    }

    fn read_some(&self, out: &mut [u8], at: u64) -> io::Result<usize> {
        (**self).read_some(out, at)
    }
}

/// A source that is read from one end to the other.
#[derive(Debug)]
pub(super) struct Sequential<S> {
    source: S,
    at: u64,
}

impl<S: Source> Sequential<S> {
    pub(super) const fn new(source: S) -> Self {
        Self { source, at: 0 }
    }

    /// From a place on.
    #[cfg(feature = "parquet")]
    pub(super) const fn starting(source: S, at: u64) -> Self {
        Self { source, at }
    }

    /// The bytes themselves.
    pub(super) const fn source(&self) -> &S {
        &self.source
    }
}

impl<S: Source> Read for Sequential<S> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let n = self.source.read_some(out, self.at)?;
        self.at += n as u64;
        Ok(n)
    }
}

impl<S: Source> Seek for Sequential<S> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let at = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.source.len().checked_add_signed(by),
            SeekFrom::Current(by) => self.at.checked_add_signed(by),
        };
        self.at = at.ok_or(ErrorKind::InvalidInput)?;
        Ok(self.at)
    }
}
